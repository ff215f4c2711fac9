/** How many updates a shared counter loses: against the number of CPUs, and against the work between two increments. */
import type { AxisOptions } from "./axes.ts";
import type { Figure } from "./figure.ts";
import { lines } from "./lines.ts";
import { percent } from "./numbers.ts";
import { beyondMeasured, gather, kindOf, type Origin, type Sample, type Series, seriesName } from "./series.ts";
import type { Technique } from "./style.ts";
import { type SourceKind, texts } from "./texts.ts";
import { workPlace } from "./work_axis.ts";

interface LostSample extends Origin {
  readonly name?: string;
  /** Default: racy, where anything is lost. */
  readonly technique?: Technique;
  /** Share of the updates that is gone, 0 to 1. */
  readonly lost: number;
  /** Least and greatest share seen. */
  readonly low?: number;
  readonly high?: number;
  /** As a {@link Result} has it: says whether the run was simulated or measured. */
  readonly machine?: "simulator" | "threads" | "linux";
  readonly invocations?: number;
  readonly seed?: number;
}

/** A run on a number of CPUs; a `Result` will do as it is. */
export interface LostAgainstCpus extends LostSample {
  readonly cpus: number;
}

/** A run with some private instructions between two increments. */
export interface LostAgainstWork extends LostSample {
  readonly work: number;
}

export interface LostOptions {
  readonly title?: string;
  readonly finding?: string;
  readonly sources?: readonly Origin[];
}

const kindOfMachine = (machine: LostSample["machine"]): SourceKind =>
  machine === undefined || machine === "simulator" ? "simulated" : "measured";

/** What a result says of its own origin. */
function originOf(point: LostSample): string | undefined {
  if (point.machine === "threads" || point.machine === "linux") return texts.machine[point.machine];
  return point.invocations === undefined ? undefined : texts.runs(point.invocations, point.seed);
}

/** @param ownWords whether a result's own words for its origin do: not where they name the CPUs, which the axis has */
function samples(points: readonly LostSample[], placeOf: (index: number) => number, ownWords: boolean): Sample[] {
  const bare = points.filter(({ name, technique }) => name === undefined && technique === undefined);
  const loses = bare.some(({ lost }) => lost > 0);
  const own = (point: LostSample): Pick<LostSample, "name" | "technique"> =>
    !bare.includes(point) ? point : loses ? { technique: "racy" } : { name: texts.exactCounter };
  return points.map((point, i) => ({
    name: own(point).name,
    technique: own(point).technique,
    kind: point.kind ?? kindOfMachine(point.machine),
    on: point.machine !== undefined && !ownWords ? originOf(point) : point.on ?? originOf(point),
    x: placeOf(i),
    y: point.lost,
    low: point.low,
    high: point.high,
  }));
}

const isNothing = (series: Series): boolean => series.y.every((lost) => lost === 0);

/** The first series that loses anything (a simulated one before others), and those that lose nothing. */
function parts(series: readonly Series[]): { losing?: Series; exact: string[] } {
  const losing = series.filter((one) => !isNothing(one));
  return {
    losing: losing.find((one) => kindOf(one) === "simulated") ?? losing[0],
    exact: [...new Set(series.filter(isNothing).map(seriesName))],
  };
}

/** The axis of lost shares: from 0 to the next ten percent above the greatest. */
function lostAxis(series: readonly Series[]): AxisOptions {
  const greatest = Math.max(...series.flatMap((one) => [...one.y, ...(one.high ?? [])]).map((lost) => lost ?? 0));
  const top = Math.min(1, Math.max(0.1, Math.ceil(greatest * 10 + 0.01) / 10));
  return { title: texts.lostAxis, unit: "%", range: [-0.015 * top, top * 1.03], format: percentTick, read: percent };
}

const percentTick = (share: number): string => `${Number((share * 100).toFixed(6))}`;

/**
 * Lost updates against the number of CPUs. Several points with the same number of CPUs become their median and range.
 *
 * @param points shares from 0 to 1; results of `simulate` will do.
 */
export function lostAgainstCpus(points: readonly LostAgainstCpus[], options: LostOptions = {}): Figure {
  const series = gather(samples(points, (i) => points[i].cpus, false));
  const { losing, exact } = parts(series);
  const said = losing === undefined ? [] : [...new Set([losing.x.find((n) => n > 1) ?? losing.x[0], losing.x.at(-1)!])]
    .map((n) => texts.lostAtOneCount(n, losing.y[losing.x.indexOf(n)] ?? 0));
  return lines({
    title: options.title ?? texts.lostAgainstCpus,
    finding: options.finding ?? texts.commas([...said, ...(exact.length > 0 ? [texts.lostNothing(exact)] : [])]),
    series,
    sources: options.sources,
    beyond: beyondMeasured(series),
    x: { title: texts.cpusAxis, log: 2 },
    y: lostAxis(series),
  });
}

/** Lost updates against the private instructions between two increments, on a logarithmic axis. */
export function lostAgainstWork(points: readonly LostAgainstWork[], options: LostOptions = {}): Figure {
  const { place, axis } = workPlace(points.map((point) => point.work));
  const series = gather(samples(points, (i) => place(points[i].work), true));
  const { losing } = parts(series);
  const works = points.map((point) => point.work).sort((a, b) => a - b);
  const said = losing === undefined ? [] : [...new Set([works[0], works.at(-1)!])].flatMap((work) => {
    const lost = losing.y[losing.x.indexOf(place(work))];
    return lost === undefined || lost === null ? [] : [texts.lostAtWork(lost, work)];
  });
  return lines({
    title: options.title ?? texts.lostAgainstWork,
    finding: options.finding ?? (said.length > 0 ? texts.lostByWork(said) : undefined),
    series,
    sources: options.sources,
    x: axis,
    y: lostAxis(series),
  });
}
