/** The chapters' own figures: data in, figure out, so that a cell shows the listing and the experiment. */
import {
  recordedCall,
  recordedCosts,
  recordedLosses,
  recordedSkews,
  recordedTimes,
} from "../backends/recorded/points.ts";
import { type Figure, plot } from "../plot/mod.ts";
import { texts as plotTexts } from "../plot/texts.ts";
import { type Ledger, ledger } from "./claims/claim.ts";
import { nesting, tears, tornByLock, weakEndings } from "./anomaly_figures.ts";
import { SECTIONS } from "./claims/ledger.ts";
import {
  choosing,
  lostByCpus,
  memory,
  predictedAndMeasured,
  published,
  readAndWrite,
  throughput,
  waiting,
} from "./cost_figures.ts";
import { texts } from "./texts.ts";

/** A simulated run with so many private instructions, between load and store or after the store. */
export interface WorkRun {
  readonly place: "between" | "after";
  readonly work: number;
  /** Share of the updates that is gone, 0 to 1. */
  readonly lost: number;
  /** Which runs, for the line under the figure. */
  readonly on: string;
}

/** Lost updates against private work, by where the work stands; recorded points lie over the simulated lines. */
function lostByWork(runs: readonly WorkRun[]): Figure {
  const simulated = runs.map(({ place, ...run }) => ({ ...run, ...look(place) }));
  const measured = (placement: Parameters<typeof recordedLosses>[0], place: WorkRun["place"]) =>
    recordedLosses(placement).map((run) => ({ ...run, on: texts.lostByWork.recorded(run.on), ...look(place) }));
  const recorded = [
    ...measured("between load and store", "between"),
    ...measured("after the store, one per callback", "after"),
  ];
  const most = (place: WorkRun["place"]) =>
    runs.filter((run) => run.place === place).reduce((a, b) => b.work > a.work ? b : a);
  const between = most("between"), after = most("after");
  return plot.lostAgainstWork([...simulated, ...recorded], {
    finding: texts.lostByWork.finding(between.work, between.lost, after.work, after.lost),
  });
}

const look = (place: WorkRun["place"]) =>
  ({ name: texts.lostByWork[place], technique: place === "between" ? "racy" : "other" }) as const;

/** The simulated time of an increment, plain or atomic, and of so many private instructions after it. */
export interface WorkTime {
  readonly technique: "racy" | "atomic";
  readonly work: number;
  readonly ns: number;
  /** The profile. */
  readonly on: string;
}

/** Time of an exact and of a plain increment against the private work after it, 2 CPUs: simulated, and as recorded. */
function timeByWork(simulated: readonly WorkTime[] = []): Figure {
  const racy = recordedTimes("after the store, one per callback"), atomic = recordedTimes("after an atomic add");
  const ratio = (work: number) => at(atomic, work) / at(racy, work);
  const at = (times: typeof racy, work: number) => times.find((time) => time.work === work)!.ns;
  const works = atomic.map(({ work }) => work);
  return plot.costAgainstWork([
    ...simulated,
    ...racy.filter(({ work }) => works.includes(work)).map((time) => ({ technique: "racy" as const, ...time })),
    ...atomic.map((time) => ({ technique: "atomic" as const, ...time })),
  ], {
    title: texts.timeByWork.title,
    finding: texts.timeByWork.finding(ratio(works[0]), ratio(works.at(-1)!), works.at(-1)!),
  });
}

/** What is tried as a barrier, by the recorded operation that is the same. */
const BARRIERS = { racy: "racy_global", atomic: "atomic_add", fetch: "atomic_fetch_add", xchg: "xchg" } as const;

/** The simulated time of one of them on one CPU. */
export interface BarrierCost {
  readonly way: keyof typeof BARRIERS;
  readonly ns: number;
  /** The profile. */
  readonly on: string;
}

/** What a full barrier costs on one CPU, beside what is none: simulated, and as recorded. */
function barriers(simulated: readonly BarrierCost[] = []): Figure {
  const looks = { racy: "racy", atomic: "cmpxchg", fetch: "atomic", xchg: "xchg" } as const;
  const ways = Object.keys(BARRIERS) as BarrierCost["way"][];
  const recorded = (way: BarrierCost["way"]) =>
    recordedCosts({ [BARRIERS[way]]: looks[way] }).find(({ cpus }) => cpus === 1)!;
  return plot.bars({
    title: texts.barriers.title,
    finding: texts.barriers.finding(recorded("racy").ns, recorded("fetch").ns),
    bars: ways.flatMap((way) => {
      const row = { name: texts.barriers.ways[way], technique: looks[way] }, { ns, ...measured } = recorded(way);
      const own = simulated.filter((one) => one.way === way).map(({ ns, on }) => ({ ...row, value: ns, on }));
      return [...own, { ...measured, ...row, value: ns }];
    }),
    axis: { title: texts.barriers.axis, unit: "ns" },
  });
}

/**
 * How far apart a reader saw counters that never differ by more than one: simulated, and as recorded of more keys.
 *
 * @param readers names begin with how they read: `walk`, `batch`, `swap`
 */
function skew(
  readers: readonly { readonly name: string; readonly skew: number; readonly keys: number; readonly on: string }[],
): Figure {
  const recorded = recordedSkews(), { where, title, axis } = texts.skew;
  return plot.bars({
    title,
    finding: plotTexts.clauses(readers.map(({ name, skew }) => `${name}: ${skew}`)),
    bars: readers.flatMap(({ name, skew, keys, on }) => {
      const row = { name, technique: name.startsWith("swap") ? "map_in_map" : "user" } as const;
      return [
        { ...row, value: skew, on, where: where.simulated(keys) },
        ...recorded.filter(({ how }) => name.startsWith(how)).map(({ skew, ...one }) => ({
          ...one,
          ...row,
          value: skew,
          where: where.recorded(one.keys),
        })),
      ];
    }),
    axis: { title: axis },
  });
}

const UNITS = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]] as const;

/** Nanoseconds in the largest unit that leaves a whole number before the point: `9.59 ms`. */
function time(ns: number): string {
  const [size, unit] = UNITS.find(([size]) => ns >= size) ?? UNITS[3];
  return `${Number((ns / size).toPrecision(3))} ${unit}`;
}

/**
 * A look-up more for the program, a wait for user space: as recorded, and of the look-ups as simulated.
 *
 * @param simulated look-ups in an array (`user`) and in an array of maps (`map_in_map`)
 */
function mapInMapCost(simulated: readonly { technique?: string; ns: number; on: string }[] = []): Figure {
  const [array] = recordedCosts({ array_lookup_only: "user" }),
    [nested] = recordedCosts({ aom_lookup_only: "map_in_map" });
  const swap = recordedCall("update array-of-maps");
  const names = { user: texts.mapInMap.lookup, map_in_map: texts.mapInMap.nested } as const;
  const looked = (technique: keyof typeof names) =>
    simulated.filter((one) => one.technique === technique)
      .map(({ ns, on }) => ({ name: names[technique], technique, value: ns, on }));
  return plot.bars({
    title: texts.mapInMap.title,
    finding: texts.mapInMap.finding(time(nested.ns - array.ns), time(swap.ns)),
    bars: [
      ...looked("user"),
      { ...array, name: names.user, technique: "user", value: array.ns },
      ...looked("map_in_map"),
      { ...nested, name: names.map_in_map, technique: "map_in_map", value: nested.ns },
      { ...swap, name: texts.mapInMap.swap, technique: "map_in_map", value: swap.ns },
    ],
    note: simulated.length > 0 ? texts.mapInMap.note : undefined,
    axis: { title: texts.mapInMap.axis, log: true, format: time, read: time },
  });
}

/** Claims of the document by chapter and verdict. */
function verdicts({ lines }: Ledger = ledger()): Figure {
  const count = (section: string, verdict: string) =>
    lines.filter(({ claim }) => claim.id.startsWith(`${section}.`) && claim.verdict === verdict).length;
  const { on } = recordedCall("lookup array 64B");
  return plot.verdicts(
    Object.entries(SECTIONS).map(([section, name]) => ({
      name,
      true: count(section, "true"),
      conditional: count(section, "true if"),
      wrong: count(section, "wrong"),
    })),
    { sources: [{ kind: "simulated" }, { kind: "recorded", on }] },
  );
}

/**
 * The chapters' figures by name.
 *
 * @example
 * ```ts
 * import { figures } from "interleave";
 * const figure = figures.tears(64);
 * if (!figure.caption.startsWith("Mixed values were read in 8 of 8 cases")) throw new Error(figure.caption);
 * ```
 */
export const figures = {
  lostByWork,
  timeByWork,
  tornByLock,
  nesting,
  barriers,
  tears,
  weakEndings,
  skew,
  mapInMapCost,
  lostByCpus,
  predictedAndMeasured,
  published,
  readAndWrite,
  memory,
  throughput,
  waiting,
  choosing,
  verdicts,
} as const;
