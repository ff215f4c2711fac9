/** Axes: ranges, ticks and the pixel that a value lies at, so that labels can be placed before plotly draws. */
import { scaleLinear, scaleLog } from "d3-scale";
import { textWidth } from "./fonts.ts";
import { count } from "./numbers.ts";
import { colours, fonts, markup, plotlyFont } from "./style.ts";
import { texts } from "./texts.ts";

export interface AxisOptions {
  readonly title: string;
  readonly unit?: string;
  /** A logarithmic axis; 2 puts its ticks at powers of two. */
  readonly log?: boolean | 2 | 10;
  /** First and last value shown; computed from the data where left out. */
  readonly range?: readonly [number, number];
  /** How a tick reads; default: digits in groups of three. */
  readonly format?: (value: number) => string;
  /** How a value reads in the text twin; default: three significant digits. */
  readonly read?: (value: number) => string;
  /** Where to put ticks; computed where left out. */
  readonly ticks?: readonly number[];
}

export interface Axis {
  readonly options: AxisOptions;
  readonly log: boolean;
  /** First and last value. */
  readonly domain: readonly [number, number];
  readonly ticks: readonly number[];
  readonly labels: readonly string[];
  /** Where a value lies between the axis' ends, 0 to 1. */
  place(value: number): number;
}

const exponentOf = (value: number, base: 2 | 10): number => (base === 2 ? Math.log2 : Math.log10)(value);

/** Powers of a base within a range, all or every second, third ...; of 10, where they are few, with 2 and 5 between. */
function logTicks(from: number, to: number, base: 2 | 10): number[] {
  const ends = [exponentOf(from, base), exponentOf(to, base)];
  const exponents = scaleLinear(ends, [0, 1]).ticks(8).filter(Number.isInteger);
  if (base === 2) return exponents.map((n) => 2 ** n);
  if (exponents.length >= 3) return exponents.map((n) => Number(`1e${n}`));
  return scaleLog([from, to], [0, 1]).ticks().filter((tick) => /^[125](e|$)/.test(tick.toExponential()));
}

/** The values themselves, where they are few and far enough apart to be ticks of a logarithmic axis of base 2. */
function ownTicks(values: readonly number[]): number[] | undefined {
  const ticks = [...new Set(values)].sort((a, b) => a - b);
  const apart = Math.log(ticks[ticks.length - 1] / ticks[0]) / 18;
  const far = ticks.every((tick, i) => i === 0 || Math.log(tick / ticks[i - 1]) > apart);
  return ticks.length > 2 && ticks.length <= 10 && far ? ticks : undefined;
}

/** Places along a figure, values upward, or values along the bottom of a figure of bars. */
export type AxisUse = "x" | "y" | "bars";

interface Scale {
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly number[];
}

function logScale(values: readonly number[], options: AxisOptions, use: AxisUse): Scale {
  const base = options.log === 2 ? 2 : 10;
  let [from, to] = options.range ?? [Math.min(...values), Math.max(...values)];
  if (from === to) [from, to] = [from / base, to * base];
  if (!options.range && logTicks(from, to, base).length < 2) {
    from = base ** Math.floor(exponentOf(from, base));
    to = base ** Math.ceil(exponentOf(to, base));
  }
  const own = use === "x" && base === 2 ? ownTicks(values) : undefined;
  const even = logTicks(from, to, base), isNarrow = base === 10 && even.length < 3;
  const ticks = own ?? (isNarrow ? scaleLinear([from, to], [0, 1]).ticks(4) : even);
  const pad = options.range ? 1 : (to / from) ** 0.04;
  return { from: from / pad, to: to * pad, ticks };
}

/** Values, unlike places, begin at 0 where none is below it. */
function linearScale(values: readonly number[], options: AxisOptions, use: AxisUse): Scale {
  let [from, to] = options.range ?? [Math.min(...values), Math.max(...values)];
  const fromZero = use !== "x" && from >= 0 && !options.range;
  if (fromZero) from = 0;
  if (from === to) [from, to] = [Math.min(0, from), from === 0 ? 1 : Math.max(to, 0)];
  const pad = options.range ? 0 : (to - from) * 0.04;
  return { from: fromZero ? from : from - pad, to: to + pad, ticks: scaleLinear([from, to], [0, 1]).ticks(5) };
}

/** Pixels that an axis along the bottom has for its labels, at least. */
const BOTTOM_PX = 440;

/** Every first, second, third ... of some ticks, until their labels stand free of each other. */
function apart(
  ticks: readonly number[],
  place: (value: number) => number,
  format: (value: number) => string,
): number[] {
  for (let every = 1;; every++) {
    const kept = ticks.filter((_, i) => i % every === 0);
    const spans = kept.map((tick) => {
      const half = textWidth(format(tick), fonts.tick) / 2 + 5;
      return [place(tick) * BOTTOM_PX - half, place(tick) * BOTTOM_PX + half];
    });
    if (spans.every(([left], i) => i === 0 || left >= spans[i - 1][1])) return kept;
  }
}

/**
 * Chooses range and ticks of an axis over some values.
 *
 * @throws RangeError when a logarithmic axis has no value above 0, or when there is no value at all.
 */
export function makeAxis(options: AxisOptions, values: readonly number[], use: AxisUse): Axis {
  const log = Boolean(options.log);
  const usable = values.filter((value) => Number.isFinite(value) && (!log || value > 0));
  if (usable.length === 0 && !options.range) {
    throw new RangeError(`axis "${options.title}": no value${log ? " above 0" : ""} to show`);
  }
  const scale = (log ? logScale : linearScale)(usable, options, use);
  const { from, to } = scale;
  const place = (log ? scaleLog : scaleLinear)([from, to], [0, 1]);
  const format = options.format ?? count;
  const wanted = options.ticks ?? scale.ticks;
  const ticks = use === "y" ? wanted : apart(wanted, place, format);
  return { options, log, domain: [from, to], ticks, labels: ticks.map(format), place };
}

/** The axis in plotly's form. */
export function plotlyAxis(axis: Axis, side: "x" | "y"): Record<string, unknown> {
  const [from, to] = axis.domain;
  return {
    type: axis.log ? "log" : "linear",
    range: axis.log ? [Math.log10(from), Math.log10(to)] : [from, to],
    tickmode: "array",
    tickvals: axis.ticks,
    ticktext: axis.labels,
    tickangle: 0,
    tickfont: plotlyFont(fonts.tick, colours.quiet),
    title: {
      text: markup(texts.axis(axis.options.title, axis.options.unit), fonts.text),
      font: plotlyFont(fonts.text, colours.ink),
      standoff: side === "x" ? 10 : 8,
    },
    showgrid: true,
    gridcolor: colours.grid,
    gridwidth: 1,
    zeroline: false,
    showline: true,
    linecolor: colours.axis,
    linewidth: 1,
    ticks: "outside",
    ticklen: 4,
    tickcolor: colours.axis,
    automargin: false,
  };
}
