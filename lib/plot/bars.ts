/** Bars for names instead of numbers: one row each, with its value written at its end. */
import { textTable } from "../report/text_table.ts";
import { type Axis, type AxisOptions, makeAxis, plotlyAxis } from "./axes.ts";
import { Figure, type Trace } from "./figure.ts";
import { type Frame, frame, textAt, widest } from "./frame.ts";
import { significant } from "./numbers.ts";
import { kindOf, type Origin, seriesName, sourcesOf } from "./series.ts";
import { colours, fonts, kinds, type Look, lookOf, markup, type Technique } from "./style.ts";
import { texts } from "./texts.ts";

export interface Bar extends Origin {
  readonly technique?: Technique;
  /** Default: the technique's name. Bars of one name share a row. */
  readonly name?: string;
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
  /** Where the value is from, in a word beside it. Default: its kind, where a figure has several. */
  readonly where?: string;
}

export interface BarsOptions {
  readonly title: string;
  readonly bars: readonly Bar[];
  /** The axis of values. Logarithmic: marks instead of bars, since a bar has no honest length there. */
  readonly axis: AxisOptions;
  readonly finding?: string;
  readonly sources?: readonly Origin[];
  /** What one side of the figure cannot know, or why it lacks a bar: a sentence beside the sources. */
  readonly note?: string;
  readonly width?: number;
}

const BAR = 17;
const PAD = 11;
const EDGE = 20;

interface Row {
  readonly name: string;
  readonly look: Look;
  readonly bars: readonly Bar[];
  /** Top of the row in pixels. */
  readonly top: number;
}

function rowsOf(bars: readonly Bar[]): Row[] {
  const names = [...new Set(bars.map(seriesName))];
  let top = 0, others = 0;
  return names.map((name) => {
    const own = bars.filter((bar) => seriesName(bar) === name);
    const technique = own.find((bar) => bar.technique)?.technique;
    const row = { name, look: technique ? lookOf(technique) : lookOf(undefined, others++), bars: own, top };
    top += own.length * BAR + PAD;
    return row;
  });
}

/**
 * Draws a bar per value, rows from top to bottom. Simulated bars are filled, all others open.
 *
 * @throws RangeError when there is no bar.
 */
export function bars(options: BarsOptions): Figure {
  if (options.bars.length === 0) throw new RangeError("bars: nothing to draw");
  const rows = rowsOf(options.bars);
  const read = options.axis.read ?? significant;
  const severalKinds = new Set(options.bars.map(kindOf)).size > 1;
  const whereOf = (bar: Bar) => bar.where ?? (severalKinds ? texts.kind[kindOf(bar)] : "");
  const named = options.bars.some((bar) => whereOf(bar) !== "");
  const label = (bar: Bar) => `${read(bar.value)} ${whereOf(bar)}`.trimEnd();
  const values = options.bars.flatMap((bar) => [bar.value, bar.low ?? bar.value, bar.high ?? bar.value]);
  const axis = makeAxis(options.axis, values, "bars");
  const height = rows.at(-1)!.top + rows.at(-1)!.bars.length * BAR + PAD;
  const framed = frame({
    title: options.title,
    finding: options.finding,
    sources: [
      ...sourcesOf([...options.bars, ...(options.sources ?? [])]),
      ...(options.note === undefined ? [] : [options.note]),
    ],
    width: options.width,
    plotHeight: height,
    left: EDGE + Math.ceil(widest(rows.map((row) => row.name), fonts.label)) + 12,
    right: EDGE + Math.ceil(widest(options.bars.map(label), fonts.tick)) + 10,
  });
  return new Figure({
    data: rows.flatMap((row) => row.bars.map((bar, i) => traceOf(row, bar, i, axis, label(bar)))),
    layout: {
      ...framed.layout,
      barmode: "overlay",
      xaxis: { ...plotlyAxis(axis, "x"), showline: false, ticks: "" },
      yaxis: { range: [height, 0], visible: false, fixedrange: true },
      shapes: baseline(axis),
      annotations: [...framed.annotations, ...rowTexts(rows, framed.plot, axis, label)],
      meta: { caption: framed.caption },
    },
    caption: framed.caption,
    text: textTable(
      ["", texts.axis(options.axis.title, options.axis.unit), ...(named ? [""] : [])],
      options.bars.map((bar) => [
        seriesName(bar),
        read(bar.value) +
        (bar.low !== undefined && bar.high !== undefined ? ` [${read(bar.low)}..${read(bar.high)}]` : ""),
        ...(named ? [whereOf(bar)] : []),
      ]),
      ["left", "right", "left"],
    ),
  });
}

const middleOf = (row: Row, i: number): number => row.top + PAD / 2 + BAR * (i + 0.5);

function traceOf(row: Row, bar: Bar, i: number, axis: Axis, label: string): Trace {
  const kind = kinds[kindOf(bar)], y = middleOf(row, i);
  const range = bar.low !== undefined && bar.high !== undefined && {
    error_x: {
      type: "data",
      symmetric: false,
      array: [bar.high - bar.value],
      arrayminus: [bar.value - bar.low],
      color: colours.ink,
      thickness: 1.2,
      width: 4,
    },
  };
  const common = {
    name: row.name,
    x: [bar.value],
    y: [y],
    text: [`${row.name}: ${label}`],
    hoverinfo: "text",
    ...range,
  };
  const fill = kind.open ? colours.paper : row.look.colour;
  if (axis.log) {
    const marker = { color: fill, symbol: row.look.symbol, size: 11, line: { color: row.look.colour, width: 2 } };
    return { ...common, type: "scatter", mode: "markers", marker };
  }
  return {
    ...common,
    type: "bar",
    orientation: "h",
    width: [BAR - 4],
    textposition: "none",
    marker: { color: fill, line: { color: row.look.colour, width: 1.5 } },
  };
}

/** Names at the left, and each value where its bar (or its range) ends. */
function rowTexts(
  rows: readonly Row[],
  plot: Frame["plot"],
  axis: Axis,
  label: (bar: Bar) => string,
): Record<string, unknown>[] {
  return rows.flatMap((row) => {
    const centre = plot.top + row.top + PAD / 2 + BAR * row.bars.length / 2;
    const name = textAt(
      plot,
      plot.left - 12,
      centre,
      markup(row.name, fonts.label),
      fonts.label,
      row.look.ink,
      "right",
    );
    return [
      { ...name, yanchor: "middle" },
      ...row.bars.map((bar, i) => {
        const end = axis.place(Math.max(bar.value, bar.high ?? bar.value)) * plot.width;
        const x = plot.left + Math.max(0, end) + (axis.log ? 11 : 7);
        const text = markup(label(bar), fonts.tick);
        const at = textAt(plot, x, plot.top + middleOf(row, i), text, fonts.tick, colours.ink);
        return { ...at, yanchor: "middle", bgcolor: colours.paper };
      }),
    ];
  });
}

function baseline(axis: Axis): Record<string, unknown>[] {
  const at = axis.log ? 0 : axis.place(0);
  const line = { color: colours.axis, width: 1 };
  return [{ type: "line", xref: "paper", yref: "paper", x0: at, x1: at, y0: 0, y1: 1, line }];
}
