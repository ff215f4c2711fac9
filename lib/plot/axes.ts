/** Axes: ranges, ticks and the pixel that a value lies at, so that labels can be placed before plotly draws. */
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

const STEPS = [1, 2, 2.5, 5, 10];

/** Round numbers that divide a linear range into about `parts`. */
function linearTicks(from: number, to: number, parts: number): number[] {
  const raw = (to - from) / parts;
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = size * STEPS.find((candidate) => candidate * size >= raw * 0.8)!;
  const first = Math.ceil(from / step - 1e-9), last = Math.floor(to / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Digits at which a logarithmic axis of base 10 may have ticks, the sparsest first. */
const DIGITS = [[1], [1, 2, 5], [1, 2, 3, 5, 7], [1, 2, 3, 4, 5, 6, 7, 8, 9]];

/** Powers of two within a range; for base 10 powers of ten, with digits in between until there are three ticks. */
function logTicks(from: number, to: number, base: number): number[] {
  const within = (tick: number) => tick >= from * (1 - 1e-9) && tick <= to * (1 + 1e-9);
  const first = Math.floor(Math.log(from) / Math.log(base)), last = Math.ceil(Math.log(to) / Math.log(base));
  const exponents = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  if (base === 2) return thinned(exponents.map((n) => 2 ** n).filter(within));
  let ticks: number[] = [];
  for (const digits of DIGITS) {
    ticks = exponents.flatMap((n) => digits.map((digit) => Number((digit * 10 ** n).toPrecision(6)))).filter(within);
    if (ticks.length >= 3) break;
  }
  return thinned(ticks);
}

/** The values themselves, where they are few and far enough apart to be ticks of a logarithmic axis of base 2. */
function ownTicks(values: readonly number[]): number[] | undefined {
  const ticks = [...new Set(values)].sort((a, b) => a - b);
  const apart = Math.log(ticks[ticks.length - 1] / ticks[0]) / 18;
  const far = ticks.every((tick, i) => i === 0 || Math.log(tick / ticks[i - 1]) > apart);
  return ticks.length > 2 && ticks.length <= 10 && far ? ticks : undefined;
}

/** At most nine ticks, evenly left out. */
function thinned(ticks: readonly number[]): number[] {
  const every = Math.ceil(ticks.length / 9);
  return ticks.filter((_, i) => i % every === 0);
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
    from = base ** Math.floor(Math.log(from) / Math.log(base));
    to = base ** Math.ceil(Math.log(to) / Math.log(base));
  }
  const ticks = (use === "x" && base === 2 && ownTicks(values)) || logTicks(from, to, base);
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
  return { from: fromZero ? from : from - pad, to: to + pad, ticks: linearTicks(from, to, 5) };
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
  const warp = log ? Math.log10 : (value: number) => value;
  const place = (value: number) => (warp(value) - warp(from)) / (warp(to) - warp(from));
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
