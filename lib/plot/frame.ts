/** The paper around every figure: headline with the finding, title, room for axes, and the line that says where from. */
import { type FontStyle, textWidth, wrapText } from "./fonts.ts";
import type { Layout } from "./figure.ts";
import { colours, fonts, markup, plotlyFont, SIZE } from "./style.ts";
import { texts } from "./texts.ts";

export interface Heading {
  /** What the figure shows, without a full stop. */
  readonly title: string;
  /** What it says, in one sentence with its numbers. */
  readonly finding?: string;
  /** Where it comes from, one part per origin (`simulated: seed 1`, `measured here: ...`). */
  readonly sources: readonly string[];
}

export interface FrameOptions extends Heading {
  readonly width?: number;
  /** Height of the whole picture, or of the plot area alone. */
  readonly height?: number;
  readonly plotHeight?: number;
  /** Room for tick labels and the axis title at the left, for labels at the right, for ticks below. */
  readonly left?: number;
  readonly right?: number;
  readonly bottom?: number;
  /** Room between the title and the plot area, for a key. */
  readonly above?: number;
}

/** Lines of one look, under one another; `x` and `top` are the upper left corner in pixels of the picture. */
export interface TextBlock {
  readonly x: number;
  readonly top: number;
  readonly lines: readonly string[];
  readonly style: FontStyle;
  readonly colour: string;
}

/** An empty figure and where its plot area lies. */
export interface Frame {
  readonly layout: Layout;
  /** Finding, title and sources, and the same in plotly's form. */
  readonly headings: readonly TextBlock[];
  readonly annotations: readonly Record<string, unknown>[];
  readonly plot: { readonly left: number; readonly top: number; readonly width: number; readonly height: number };
  readonly caption: string;
}

const EDGE = 20;
const LINE = { headline: 21, title: 18, source: 16 };

/** A sentence: capital first letter, one full stop. */
export function sentence(text: string): string {
  const trimmed = text.trim().replace(/[.。]$/, "");
  return trimmed === "" ? "" : texts.sentence(`${trimmed[0].toUpperCase()}${trimmed.slice(1)}`);
}

/**
 * A text at a place of the picture given in pixels from its top left corner. Plotly counts from the plot area, so that
 * the shifts undo its margins.
 */
export function textAt(
  plot: Frame["plot"],
  x: number,
  y: number,
  text: string,
  style: { readonly family: string; readonly sizePx: number; readonly bold?: boolean },
  colour: string,
  anchor: "left" | "center" | "right" = "left",
): Record<string, unknown> {
  return {
    text,
    showarrow: false,
    xref: "paper",
    yref: "paper",
    x: 0,
    y: 1,
    xanchor: anchor,
    yanchor: "top",
    xshift: x - plot.left,
    yshift: plot.top - y,
    align: anchor,
    borderpad: 0,
    font: plotlyFont(style, colour),
  };
}

/** The layout of a figure with its texts and margins; traces, axes and labels are the caller's. */
export function frame(options: FrameOptions): Frame {
  const width = options.width ?? SIZE.width;
  const room = width - 2 * EDGE;
  const headline = options.finding ? sentence(options.finding) : options.title;
  const headlines = wrapText(headline, room * 0.97, fonts.headline);
  const titles = options.finding ? wrapText(options.title, room * 0.97, fonts.title) : [];
  const sources = wrapText(texts.sources(options.sources.map(upperFirst)), room * 0.97, fonts.source);

  const headingHeight = 14 + headlines.length * LINE.headline + titles.length * LINE.title;
  const top = headingHeight + 14 + (options.above ?? 0);
  const footer = sources.length * LINE.source + 12;
  const bottom = (options.bottom ?? 58) + footer;
  const height = options.plotHeight === undefined ? options.height ?? SIZE.height : top + options.plotHeight + bottom;
  const left = options.left ?? 72, right = options.right ?? EDGE;
  const plot = { left, top, width: width - left - right, height: height - top - bottom };

  const belowHeadline = 14 + headlines.length * LINE.headline;
  const headings: TextBlock[] = [
    { x: EDGE, top: 12, lines: headlines, style: fonts.headline, colour: colours.ink },
    { x: EDGE, top: belowHeadline, lines: titles, style: fonts.title, colour: colours.quiet },
    { x: EDGE, top: height - footer, lines: sources, style: fonts.source, colour: colours.quiet },
  ].filter(({ lines }) => lines.length > 0);
  const annotations = headings.map(({ x, top, lines, style, colour }) =>
    textAt(plot, x, top, lines.map((line) => markup(line, style)).join("<br>"), style, colour)
  );

  return {
    layout: {
      width,
      height,
      autosize: false,
      margin: { l: left, r: right, t: top, b: bottom, pad: 0, autoexpand: false },
      paper_bgcolor: colours.paper,
      plot_bgcolor: colours.paper,
      font: plotlyFont(fonts.text),
      hoverlabel: { font: plotlyFont(fonts.code) },
      separators: ".,",
      showlegend: false,
    },
    headings,
    annotations,
    plot,
    caption: [options.finding ?? "", options.title, texts.clauses(options.sources)].map(sentence)
      .filter((part) => part !== "").join(" "),
  };
}

const upperFirst = (text: string): string => text === "" ? "" : text[0].toUpperCase() + text.slice(1);

/** Pixels that the widest of some labels takes. */
export const widest = (labels: readonly string[], style: Parameters<typeof textWidth>[1]): number =>
  Math.max(0, ...labels.map((label) => textWidth(label, style)));
