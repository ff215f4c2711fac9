/** Lines against a number: the figure behind lost updates, cost, memory and waiting times. */
import { type Axis, type AxisOptions, makeAxis, plotlyAxis } from "./axes.ts";
import { Figure, type Trace } from "./figure.ts";
import { wrapText } from "./fonts.ts";
import { frame, textAt, widest } from "./frame.ts";
import { spread } from "./labels.ts";
import { count, significant } from "./numbers.ts";
import { checkSeries, kindOf, type Origin, type Series, seriesName, seriesTable, sourcesOf } from "./series.ts";
import { colours, fonts, kinds, type Look, lookOf, markup, plotlyFont } from "./style.ts";
import { type SourceKind, texts } from "./texts.ts";

export interface LinesOptions {
  /** What the figure shows. */
  readonly title: string;
  readonly series: readonly Series[];
  readonly x: AxisOptions;
  readonly y: AxisOptions;
  /** What it says, in one sentence with its numbers. */
  readonly finding?: string;
  /** Origins beside those that the series name. */
  readonly sources?: readonly Origin[];
  /** `hv`: steps, as a distribution has. Default: straight lines. */
  readonly shape?: "linear" | "hv";
  /** Names at the ends of the lines (the default), or in a key above: for curves that end at one height. */
  readonly labels?: "ends" | "key";
  /** A level that the figure speaks of. */
  readonly level?: { readonly y: number; readonly text: string };
  /** From where on, to the right, the figure shows something else: the ground is shaded there, and says so. */
  readonly beyond?: { readonly x: number; readonly text: string };
  readonly width?: number;
  readonly height?: number;
}

const LABEL_GAP = 10;
const LABEL_WIDTH = 150;
const LABEL_LINE = 15;

/** A label at the right edge: one per name, at the last point of the series that reaches furthest. */
interface EndLabel {
  readonly lines: readonly string[];
  readonly look: Look;
  readonly x: number;
  readonly y: number;
}

function endLabels(series: readonly Series[], looks: readonly Look[]): EndLabel[] {
  const labels = new Map<string, EndLabel & { kind: SourceKind }>();
  series.forEach((one, n) => {
    const last = one.y.findLastIndex((y) => y !== null);
    if (last < 0) return;
    const name = seriesName(one);
    const before = labels.get(name);
    // The simulated line carries the label where both reach as far.
    const further = !before || one.x[last] > before.x || (one.x[last] === before.x && kindOf(one) === "simulated");
    if (!further) return;
    const lines = wrapText(name, LABEL_WIDTH, fonts.label);
    labels.set(name, { lines, look: looks[n], x: one.x[last], y: one.y[last]!, kind: kindOf(one) });
  });
  return [...labels.values()];
}

/** Too many points for markers. */
const isDense = (one: Series): boolean => one.x.length > 40;

const dashOf = (one: Series, look: Look): string =>
  kinds[kindOf(one)].open ? kinds[kindOf(one)].dash : look.dash ?? "solid";

function traceOf(one: Series, look: Look, options: LinesOptions): Trace {
  const kind = kinds[kindOf(one)];
  const name = seriesName(one);
  const readX = options.x.read ?? options.x.format ?? count, readY = options.y.read ?? significant;
  const ranged = one.low !== undefined && one.high !== undefined;
  return {
    type: "scatter",
    mode: isDense(one) ? "lines" : "lines+markers",
    name: `${name} (${texts.kind[kindOf(one)]})`,
    x: one.x,
    y: one.y,
    line: { color: look.colour, width: kind.width, dash: dashOf(one, look), shape: options.shape ?? "linear" },
    marker: {
      color: kind.open ? colours.paper : look.colour,
      symbol: look.symbol,
      size: kind.open ? 9 : 8,
      line: { color: look.colour, width: kind.open ? 1.8 : 1 },
    },
    ...(ranged && {
      error_y: {
        type: "data",
        symmetric: false,
        array: one.y.map((y, i) => y === null ? 0 : Math.max(0, (one.high![i] ?? y) - y)),
        arrayminus: one.y.map((y, i) => y === null ? 0 : Math.max(0, y - (one.low![i] ?? y))),
        color: look.colour,
        thickness: 1.2,
        width: 4,
      },
    }),
    text: one.x.map((x, i) => {
      const y = one.y[i];
      return `${name}: ${y === null ? "" : readY(y)} (${readX(x)} ${options.x.unit ?? options.x.title})`;
    }),
    hoverinfo: "text",
    showlegend: false,
  };
}

/** An entry of the key above the plot: a trace without points. */
const keyTrace = (name: string, look: { colour: string; dash: string; symbol?: string; open: boolean }): Trace => ({
  type: "scatter",
  mode: look.symbol === undefined ? "lines" : "lines+markers",
  name,
  x: [null],
  y: [null],
  line: { color: look.colour, width: look.open ? 1.5 : 2, dash: look.dash },
  marker: {
    color: look.open ? colours.paper : look.colour,
    symbol: look.symbol,
    size: 8,
    line: { color: look.colour, width: look.open ? 1.8 : 1 },
  },
  showlegend: true,
  hoverinfo: "skip",
});

/** The key of origins, in grey, where a figure mixes them; and of names, where they are not at the lines' ends. */
function keyTraces(options: LinesOptions, looks: readonly Look[]): Trace[] {
  const { series } = options;
  const names = options.labels !== "key" ? [] : series.map((one, n) => {
    const symbol = isDense(one) ? undefined : looks[n].symbol;
    const { open } = kinds[kindOf(one)];
    return keyTrace(seriesName(one), { colour: looks[n].colour, dash: dashOf(one, looks[n]), symbol, open });
  });
  const used = (Object.keys(kinds) as SourceKind[]).filter((kind) => series.some((one) => kindOf(one) === kind));
  const origins = used.length < 2
    ? []
    : used.map((kind) => keyTrace(texts.kind[kind], { ...kinds[kind], colour: colours.quiet, symbol: "circle" }));
  return [...names, ...origins];
}

/** Values of y with their ranges, for the axis. */
const valuesOf = (series: readonly Series[]): number[] =>
  series.flatMap((one) => [...one.y, ...(one.low ?? []), ...(one.high ?? [])]).filter((y) => y !== null);

/**
 * Draws series of points against a number, each in its technique's colour and marker and labelled at its end.
 *
 * @throws RangeError when a series has not as many values as places, or nothing can be shown on a logarithmic axis.
 * @example
 * ```ts
 * import { lines } from "./lines.ts";
 * const figure = lines({
 *   title: "Time per increment",
 *   series: [{ technique: "atomic", x: [1, 2], y: [7.2, 42] }],
 *   x: { title: "CPUs", log: 2 },
 *   y: { title: "time per increment", unit: "ns", log: true },
 * });
 * if (!figure.text.includes("atomic add")) throw new Error(figure.text);
 * ```
 */
export function lines(options: LinesOptions): Figure {
  const { series } = options;
  checkSeries(series);
  const levels = options.level ? [options.level.y] : [];
  const x = makeAxis(options.x, series.flatMap((one) => one.x), "x");
  const y = makeAxis(options.y, [...valuesOf(series), ...levels], "y");
  let others = 0;
  const byName = new Map<string, Look>();
  const looks = series.map((one) => {
    const name = seriesName(one);
    const look = byName.get(name) ?? (one.technique ? lookOf(one.technique) : lookOf(undefined, others++));
    byName.set(name, look);
    return look;
  });
  const labels = options.labels === "key" ? [] : endLabels(series, looks);
  const labelWidth = Math.max(0, ...labels.map((label) => widest(label.lines, fonts.label)));
  const key = keyTraces(options, looks);
  const framed = frame({
    title: options.title,
    finding: options.finding,
    sources: sourcesOf([...series, ...(options.sources ?? [])]),
    width: options.width,
    height: options.height,
    left: 20 + 18 + 16 + Math.ceil(widest(y.labels, fonts.tick)),
    right: Math.ceil(labelWidth) + LABEL_GAP + 22,
    above: key.length > 0 ? 24 : 0,
  });
  const { plot } = framed;

  return new Figure({
    data: [...series.map((one, n) => traceOf(one, looks[n], options)), ...key],
    layout: {
      ...framed.layout,
      xaxis: plotlyAxis(x, "x"),
      yaxis: plotlyAxis(y, "y"),
      showlegend: key.length > 0,
      legend: {
        orientation: "h",
        x: 0,
        xanchor: "left",
        y: 1,
        yanchor: "bottom",
        font: plotlyFont(fonts.tick, colours.quiet),
        bgcolor: colours.paper,
        itemclick: false,
        itemdoubleclick: false,
      },
      shapes: [...beyondShade(options, x), ...leaders(labels, x, y, plot), ...levelLine(options, y)],
      annotations: [
        ...framed.annotations,
        ...labelTexts(labels, y, plot),
        ...levelText(options, y, plot),
        ...beyondText(options, x, plot),
      ],
      meta: { caption: framed.caption },
    },
    caption: framed.caption,
    text: seriesTable(
      series,
      texts.axis(options.x.title, options.x.unit),
      options.x.read ?? options.x.format ?? count,
      options.y.read ?? significant,
    ),
  });
}

type Plot = ReturnType<typeof frame>["plot"];

/** Pixels from the top of the plot area to each label's centre. */
function labelCentres(labels: readonly EndLabel[], y: Axis, plot: Plot): number[] {
  const wanted = labels.map((label) => (1 - Math.max(0, Math.min(1, y.place(label.y)))) * plot.height);
  const heights = labels.map((label) => label.lines.length * LABEL_LINE + 3);
  return spread(wanted, heights, -8, plot.height + 8);
}

function labelTexts(labels: readonly EndLabel[], y: Axis, plot: Plot): Record<string, unknown>[] {
  const centres = labelCentres(labels, y, plot);
  return labels.map((label, i) => ({
    ...textAt(
      plot,
      plot.left + plot.width + LABEL_GAP,
      plot.top + centres[i],
      label.lines.map((line) => markup(line, fonts.label)).join("<br>"),
      fonts.label,
      label.look.ink,
    ),
    yanchor: "middle",
  }));
}

/** Thin lines from series that end early, or whose label had to move, to their labels. */
function leaders(labels: readonly EndLabel[], x: Axis, y: Axis, plot: Plot): Record<string, unknown>[] {
  const centres = labelCentres(labels, y, plot);
  return labels.flatMap((label, i) => {
    const from = { x: x.place(label.x) * plot.width, y: (1 - y.place(label.y)) * plot.height };
    if (plot.width - from.x < 30 && Math.abs(from.y - centres[i]) < 10) return [];
    return [{
      type: "line",
      xref: "paper",
      yref: "paper",
      x0: (from.x + 7) / plot.width,
      x1: (plot.width + LABEL_GAP - 3) / plot.width,
      y0: 1 - from.y / plot.height,
      y1: 1 - centres[i] / plot.height,
      line: { color: label.look.colour, width: 0.8, dash: "dot" },
      layer: "below",
    }];
  });
}

function levelLine(options: LinesOptions, y: Axis): Record<string, unknown>[] {
  if (!options.level) return [];
  const at = y.place(options.level.y);
  const line = { color: colours.quiet, width: 1, dash: "dash" };
  return [{ type: "line", xref: "paper", yref: "paper", x0: 0, x1: 1, y0: at, y1: at, line, layer: "below" }];
}

function levelText(options: LinesOptions, y: Axis, plot: Plot): Record<string, unknown>[] {
  if (!options.level) return [];
  const top = plot.top + (1 - y.place(options.level.y)) * plot.height - 17;
  const text = markup(options.level.text, fonts.tick);
  return [textAt(plot, plot.left + 6, top, text, fonts.tick, colours.quiet)];
}

/** A little to the right of the last place that belongs to the left part. */
const beyondFrom = (from: number, x: Axis): number => Math.min(1, x.place(from) + 0.012);

function beyondShade(options: LinesOptions, x: Axis): Record<string, unknown>[] {
  if (!options.beyond) return [];
  return [{
    type: "rect",
    xref: "paper",
    yref: "paper",
    x0: beyondFrom(options.beyond.x, x),
    x1: 1,
    y0: 0,
    y1: 1,
    fillcolor: colours.faint,
    line: { width: 0 },
    layer: "below",
  }];
}

function beyondText(options: LinesOptions, x: Axis, plot: Plot): Record<string, unknown>[] {
  if (!options.beyond) return [];
  const left = plot.left + beyondFrom(options.beyond.x, x) * plot.width + 6;
  const text = markup(options.beyond.text, fonts.tick);
  return [textAt(plot, left, plot.top + 4, text, fonts.tick, colours.quiet)];
}
