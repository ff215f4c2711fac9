/** What techniques cost: against CPUs, against the size of a value, in memory, and how long they wait. */
import { textTable } from "../report/text_table.ts";
import type { AxisOptions } from "./axes.ts";
import type { Figure } from "./figure.ts";
import { lines } from "./lines.ts";
import { bytes, count, median, nanoseconds, significant } from "./numbers.ts";
import { beyondMeasured, gather, kindOf, type Origin, type Sample, type Series, seriesName } from "./series.ts";
import type { Technique } from "./style.ts";
import { texts } from "./texts.ts";
import { workPlace } from "./work_axis.ts";

interface CostSample extends Origin {
  readonly technique?: Technique;
  readonly name?: string;
  /** Least and greatest value seen. */
  readonly low?: number;
  readonly high?: number;
}

export interface CostAgainstCpus extends CostSample {
  readonly cpus: number;
  /** Nanoseconds per operation. */
  readonly ns: number;
  /** Of a measured point: the profile that stands for its machine. Lines of other profiles are not judged by it. */
  readonly profile?: string;
}

export interface CostAgainstSize extends CostSample {
  /** Bytes of the value. */
  readonly bytes: number;
  readonly ns: number;
}

export interface CostAgainstWork extends CostSample {
  /** Private instructions between two operations. */
  readonly work: number;
  /** Nanoseconds of one operation and the work that belongs to it. */
  readonly ns: number;
}

export interface MemoryAgainstCpus extends CostSample {
  readonly cpus: number;
  /** Bytes that the map takes. */
  readonly bytes: number;
}

export interface CostOptions {
  readonly title?: string;
  readonly finding?: string;
  readonly sources?: readonly Origin[];
}

const nsAxis: AxisOptions = { title: texts.costAxis, unit: "ns", log: true };

const toSamples = <P extends CostSample>(points: readonly P[], x: (p: P) => number, y: (p: P) => number): Sample[] =>
  points.map((point) => ({ ...point, x: x(point), y: y(point) }));

/** A figure's own series: the simulated ones, or all where nothing is simulated. */
function leading(series: readonly Series[]): readonly Series[] {
  const simulated = series.filter((one) => kindOf(one) === "simulated");
  return simulated.length > 0 ? simulated : series;
}

/** How far simulated points are from the others of the same name at the same place, as shares of the latter. */
function modelErrors(series: readonly Series[]): number[] {
  const simulated = series.filter((one) => kindOf(one) === "simulated");
  return series.filter((one) => kindOf(one) !== "simulated").flatMap((real) => {
    const model = simulated.find((one) => seriesName(one) === seriesName(real));
    return real.x.flatMap((x, i) => {
      const predicted = model?.y[model.x.indexOf(x)], measured = real.y[i];
      return predicted == null || !measured ? [] : [Math.abs(predicted - measured) / measured];
    });
  });
}

function errorText(series: readonly Series[]): string[] {
  const errors = modelErrors(series);
  return errors.length === 0 ? [] : [texts.error(median(errors), Math.max(...errors), errors.length)];
}

/** Cheapest and dearest series at the last place that all of them reach. */
function extremes(
  series: readonly Series[],
): { at: number; low: [string, number]; high: [string, number] } | undefined {
  const shared = series[0].x.filter((x) => series.every((one) => one.x.includes(x)));
  const at = shared.at(-1);
  if (at === undefined) return undefined;
  const here = series.map((one): [string, number] => [seriesName(one), one.y[one.x.indexOf(at)] ?? NaN])
    .filter(([, y]) => y > 0).sort((a, b) => a[1] - b[1]);
  return here.length === 0 ? undefined : { at, low: here[0], high: here[here.length - 1] };
}

function costFinding(series: readonly Series[], elsewhere?: string): string {
  const own = leading(series);
  const found = extremes(own);
  const sentences = elsewhere === undefined ? errorText(series) : [texts.otherMachine(elsewhere)];
  if (found && own.length > 1) {
    sentences.unshift(texts.costSpread(found.at, found.low[0], found.low[1], found.high[0], found.high[1]));
  } else if (own[0].x.length > 1) {
    const { x, y } = own[0];
    sentences.unshift(texts.costOne(seriesName(own[0]), x[0], y[0] ?? NaN, x.at(-1)!, y.at(-1) ?? NaN));
  }
  return sentences.join(". ");
}

/** The profile of the measured points, where the lines are of another one. */
function otherProfile(points: readonly CostAgainstCpus[]): string | undefined {
  const drawn = points.filter((point) => kindOf(point) === "simulated").map(({ on }) => on);
  return drawn.length === 0 ? undefined : points.find(({ profile }) => profile && !drawn.includes(profile))?.profile;
}

/**
 * Cost of one operation against the number of CPUs, both logarithmic. Measured, recorded and published points lie over
 * the simulated curve of the same technique, and the caption says how far off the model is; where nothing was measured
 * any more, the ground is shaded.
 */
export function costAgainstCpus(points: readonly CostAgainstCpus[], options: CostOptions = {}): Figure {
  const series = gather(toSamples(points, (point) => point.cpus, (point) => point.ns));
  return lines({
    title: options.title ?? texts.costAgainstCpus,
    finding: options.finding ?? costFinding(series, otherProfile(points)),
    series,
    sources: options.sources,
    beyond: beyondMeasured(series),
    x: { title: texts.cpusAxis, log: 2 },
    y: nsAxis,
  });
}

/** Cost of one operation, with the private work that belongs to it, against that work; both axes logarithmic. */
export function costAgainstWork(points: readonly CostAgainstWork[], options: CostOptions = {}): Figure {
  const { place, axis } = workPlace(points.map((point) => point.work));
  return lines({
    title: options.title ?? texts.costAgainstWork,
    finding: options.finding,
    series: gather(toSamples(points, (point) => place(point.work), (point) => point.ns)),
    sources: options.sources,
    x: axis,
    y: nsAxis,
  });
}

/** Whether the ranges that were seen of two techniques overlap at a place. */
function rangesMeet(a: Series, b: Series, x: number): boolean {
  const [[lowA, highA], [lowB, highB]] = [a, b].map((one) => {
    const i = one.x.indexOf(x);
    return [one.low?.[i], one.high?.[i]];
  });
  if (lowA == null || highA == null || lowB == null || highB == null) return false;
  return lowA <= highB && lowB <= highA;
}

/** Between two techniques: where the cheaper one changes; where their ranges overlap, neither is. */
function crossoverText(a: Series, b: Series): string | undefined {
  const shared = a.x.filter((x) => b.x.includes(x));
  const cheaper = shared.map((x) => (a.y[a.x.indexOf(x)] ?? NaN) <= (b.y[b.x.indexOf(x)] ?? NaN) ? 0 : 1);
  if (shared.length === 0) return undefined;
  const equal = shared.filter((x) => rangesMeet(a, b, x)), apart = shared.filter((x) => !equal.includes(x));
  if (equal.length > 0) {
    const cheaperAt = (winner: number) => apart.filter((x) => cheaper[shared.indexOf(x)] === winner).map(bytes);
    return texts.withinRange(seriesName(a), cheaperAt(0), seriesName(b), cheaperAt(1), equal.map(bytes));
  }
  const names = [seriesName(a), seriesName(b)];
  const changes = cheaper.flatMap((winner, i) => i > 0 && winner !== cheaper[i - 1] ? [i] : []);
  if (changes.length === 0) return texts.noCrossover(names[cheaper[0]], names[1 - cheaper[0]]);
  if (changes.length === 1) {
    const winner = cheaper[changes[0]];
    return texts.crossover(names[winner], names[1 - winner], bytes(shared[changes[0]]));
  }
  const at = (winner: number) => shared.filter((_, i) => cheaper[i] === winner).map(bytes);
  return texts.crossovers(names[0], at(0), names[1], at(1));
}

/** Which is cheaper is for the measured points to say, where there are any: the model is judged by them. */
function sizeFinding(series: readonly Series[]): string {
  const measured = series.filter((one) => kindOf(one) !== "simulated"), own = measured.length > 0 ? measured : series;
  const crossover = own.length === 2 ? crossoverText(own[0], own[1]) : undefined;
  return [...(crossover ? [crossover] : []), ...errorText(series)].join(". ");
}

/** Cost of changing one value against its size, both logarithmic; between two techniques the caption names the crossover. */
export function costAgainstSize(points: readonly CostAgainstSize[], options: CostOptions = {}): Figure {
  const series = gather(toSamples(points, (point) => point.bytes, (point) => point.ns));
  return lines({
    title: options.title ?? texts.costAgainstSize,
    finding: options.finding ?? (sizeFinding(series) || undefined),
    series,
    sources: options.sources,
    x: { title: texts.sizeAxis, unit: "bytes", log: 2, format: count },
    y: nsAxis,
  });
}

/** Memory of a map against the number of CPUs, both logarithmic. */
export function memoryAgainstCpus(points: readonly MemoryAgainstCpus[], options: CostOptions = {}): Figure {
  const series = gather(toSamples(points, (point) => point.cpus, (point) => point.bytes));
  const found = extremes(leading(series));
  const finding = found && found.low[0] !== found.high[0]
    ? texts.memorySpread(found.at, found.high[0], bytes(found.high[1]), found.low[0], bytes(found.low[1]))
    : undefined;
  return lines({
    title: options.title ?? texts.memoryAgainstCpus,
    finding: options.finding ?? finding,
    series,
    sources: options.sources,
    x: { title: texts.cpusAxis, log: 2 },
    y: { title: texts.memoryAxis, log: 2, format: bytes, read: bytes },
  });
}

export interface WaitingTimes extends Origin {
  readonly technique?: Technique;
  readonly name?: string;
  /** WaitingTimes times in nanoseconds, in any order. */
  readonly samples: readonly number[];
}

/** Points of a distribution that a picture can show. */
const MAX_POINTS = 200;

/** Share of the operations that waited at most so long, on a logarithmic axis of time. */
export function distribution(waiting: readonly WaitingTimes[], options: CostOptions = {}): Figure {
  const sorted = waiting.map(({ samples }) => samples.filter((ns) => ns > 0).sort((a, b) => a - b));
  sorted.forEach((samples, i) => {
    if (samples.length === 0) throw new RangeError(`distribution of "${seriesName(waiting[i])}": no time above 0`);
  });
  const quantile = (samples: readonly number[], q: number) =>
    samples[Math.min(samples.length - 1, Math.ceil(q * samples.length) - 1)];
  const series = waiting.map(({ technique, name, kind, on }, i) => {
    const samples = sorted[i], n = Math.min(MAX_POINTS, samples.length);
    // A tie would draw several points at one place; the last of them is the share.
    const shares = Array.from({ length: n }, (_, k) => (k + 1) / n);
    return { technique, name, kind, on, x: shares.map((q) => quantile(samples, q)), y: shares };
  });
  const waits = waiting.map((one, i) => ({
    name: seriesName(one),
    median: quantile(sorted[i], 0.5),
    p99: quantile(sorted[i], 0.99),
  }));
  const percentOf = (share: number) => String(Number((share * 100).toFixed(4)));
  const figure = lines({
    title: options.title ?? texts.distribution,
    finding: options.finding ?? texts.quantiles(waits.slice(0, 3)),
    series,
    shape: "hv",
    labels: "key",
    sources: options.sources,
    x: { title: texts.waitAxis, unit: "ns", log: true, read: significant },
    y: { title: texts.shareBelowAxis, unit: "%", range: [-0.02, 1.03], format: percentOf, read: percentOf },
  });
  return figure.withText(quantileTable(waiting.map(seriesName), sorted, quantile));
}

const SHARES = [0.01, 0.1, 0.5, 0.9, 0.99, 0.999];

function quantileTable(
  names: readonly string[],
  sorted: readonly (readonly number[])[],
  quantile: (samples: readonly number[], q: number) => number,
): string {
  const header = [`${texts.shareBelowAxis} ${texts.waitAxis}`, ...names];
  const rows = SHARES.map((q) => [
    `${Number((q * 100).toFixed(1))} %`,
    ...sorted.map((samples) => nanoseconds(quantile(samples, q))),
  ]);
  return textTable(header, rows, header.map(() => "right"));
}
