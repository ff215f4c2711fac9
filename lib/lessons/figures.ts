/** The chapters' own figures: data in, figure out, so that a cell shows the listing and the experiment. */
import { modelAccuracy } from "../cost/accuracy.ts";
import {
  recordedCall,
  recordedCosts,
  recordedLosses,
  recordedNesting,
  recordedTears,
  recordedTimes,
} from "../backends/recorded/points.ts";
import { mapMemoryBytes } from "../maps/memory_use.ts";
import { type Figure, plot, type Technique } from "../plot/mod.ts";
import type { CostCurvePoint } from "../sweeps/cost_curve.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import { type Ledger, ledger } from "./claims/claim.ts";
import { SECTIONS } from "./claims/ledger.ts";
import { texts } from "./texts.ts";

type Point = CostCurvePoint<Technique>;

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
  const recorded = [
    ...recordedLosses("between load and store").map((run) => ({ ...run, ...look("between") })),
    ...recordedLosses("after the store, one per callback").map((run) => ({ ...run, ...look("after") })),
  ];
  const last = (place: WorkRun["place"]) => runs.filter((run) => run.place === place).at(-1)!;
  return plot.lostAgainstWork([...simulated, ...recorded], {
    finding: texts.lostByWork.finding(last("between").work, last("between").lost, last("after").lost),
  });
}

const look = (place: WorkRun["place"]) =>
  ({ name: texts.lostByWork[place], technique: place === "between" ? "racy" : "other" }) as const;

/** Time of an exact and of a plain increment against the private work after it, as recorded on 2 CPUs. */
function timeByWork(): Figure {
  const racy = recordedTimes("after the store, one per callback"), atomic = recordedTimes("after an atomic add");
  const ratio = (work: number) => at(atomic, work) / at(racy, work);
  const at = (times: typeof racy, work: number) => times.find((time) => time.work === work)!.ns;
  const works = atomic.map(({ work }) => work);
  return plot.costAgainstWork([
    ...racy.filter(({ work }) => works.includes(work)).map((time) => ({ technique: "racy" as const, ...time })),
    ...atomic.map((time) => ({ technique: "atomic" as const, ...time })),
  ], {
    title: texts.timeByWork.title,
    finding: texts.timeByWork.finding(ratio(works[0]), ratio(works.at(-1)!), works.at(-1)!),
  });
}

/** Torn reads of a writer and a reader, of whom none, one or both take the lock. */
export interface LockRun {
  readonly writer: string;
  readonly reader: string;
  readonly reads: number;
  readonly torn: number;
  /** Which runs, for the line under the figure. */
  readonly on: string;
}

/** Torn reads by who takes the lock; programs that take it have names that end with "locked". */
function tornByLock(runs: readonly LockRun[]): Figure {
  const locks = (program: string) => program.endsWith("locked");
  const share = ({ torn, reads }: LockRun) => torn / reads;
  const both = runs.find(({ writer, reader }) => locks(writer) && locks(reader));
  const one = runs.filter(({ writer, reader }) => locks(writer) !== locks(reader));
  return plot.bars({
    title: texts.tornByLock.title,
    finding: both && texts.tornByLock.finding(share(both), one.map(share)),
    bars: runs.map((run) => ({
      name: `${run.writer}, ${run.reader}`,
      technique: run === both ? "spin_lock" : "racy",
      value: share(run),
      on: run.on,
    })),
    axis: {
      title: texts.tornByLock.axis,
      unit: "%",
      format: (value) => `${Math.round(100 * value)}`,
      read: (value) => `${(100 * value).toFixed(1)} %`,
    },
  });
}

/** Updates of one CPU's copy that interrupts on this CPU lose, as recorded. */
function nesting(): Figure {
  const runs = recordedNesting();
  const nameOf = (window: number | undefined) =>
    window === undefined ? texts.nesting.atomic : window === 0 ? texts.nesting.bare : texts.nesting.window(window);
  const lost = (window: number | undefined) => runs.find((run) => run.window === window)!.lostPerThousand;
  const widest = Math.max(...runs.map((run) => run.window ?? 0));
  return plot.bars({
    title: texts.nesting.title,
    finding: texts.nesting.finding(lost(0), widest, lost(widest), lost(undefined)),
    bars: runs.map((run) => ({
      ...run,
      name: nameOf(run.window),
      technique: run.window === undefined ? "atomic" : "racy",
      value: run.lostPerThousand,
    })),
    axis: { title: texts.nesting.axis },
  });
}

/** What a full barrier costs on one CPU, beside what is none, as recorded. */
function barriers(): Figure {
  const one = (id: string, technique: Technique) => recordedCosts({ [id]: technique }).find(({ cpus }) => cpus === 1)!;
  const plain = one("racy_global", "racy"), fetch = one("atomic_fetch_add", "atomic");
  const bar = (name: string, cost: typeof plain) => ({ ...cost, name, value: cost.ns });
  return plot.bars({
    title: texts.barriers.title,
    finding: texts.barriers.finding(plain.ns, fetch.ns),
    bars: [
      bar(texts.barriers.plain, plain),
      bar(texts.barriers.atomic, one("atomic_add", "cmpxchg")),
      bar(texts.barriers.fetch, fetch),
      bar(texts.barriers.xchg, one("xchg", "xchg")),
    ],
    axis: { title: texts.barriers.axis, unit: "ns" },
  });
}

/**
 * Torn reads of a value that another CPU updates, by kind of map, as recorded.
 *
 * @param bytes size of the value: 64, 256, 1024 or 4096
 */
function tears(bytes: number): Figure {
  const runs = recordedTears(bytes);
  return plot.bars({
    title: texts.tears.title(bytes),
    finding: texts.tears.finding(runs.filter(({ perMillion }) => perMillion > 0).length, runs.length),
    bars: runs.filter(({ perMillion }) => perMillion > 0).map((run) => ({
      ...run,
      name: run.held ? texts.tears.held(run.map) : run.map,
      technique: "copy_update",
      value: run.perMillion,
      low: run.low > 0 ? run.low : undefined,
      high: run.low > 0 ? run.high : undefined,
    })),
    axis: { title: texts.tears.axis, log: true },
  });
}

/** How far apart a reader saw counters that never differ by more than one. */
function skew(readers: readonly { readonly name: string; readonly skew: number; readonly on: string }[]): Figure {
  return plot.bars({
    title: texts.skew.title,
    finding: readers.map(({ name, skew }) => `${name}: ${skew}`).join("; "),
    bars: readers.map(({ name, skew, on }) => ({
      name,
      technique: name.startsWith("swap") ? "map_in_map" : "user",
      value: skew,
      on,
    })),
    axis: { title: texts.skew.axis },
  });
}

const UNITS = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]] as const;

/** Nanoseconds in the largest unit that leaves a whole number before the point: `9.59 ms`. */
function time(ns: number): string {
  const [size, unit] = UNITS.find(([size]) => ns >= size) ?? UNITS[3];
  return `${Number((ns / size).toPrecision(3))} ${unit}`;
}

/** A look-up more for the program, a wait for user space, as recorded. */
function mapInMapCost(): Figure {
  const [array] = recordedCosts({ array_lookup_only: "user" }),
    [nested] = recordedCosts({ aom_lookup_only: "map_in_map" });
  const swap = recordedCall("update array-of-maps");
  return plot.bars({
    title: texts.mapInMap.title,
    finding: texts.mapInMap.finding(time(nested.ns - array.ns), time(swap.ns)),
    bars: [
      { ...array, name: texts.mapInMap.lookup, technique: "user", value: array.ns },
      { ...nested, name: texts.mapInMap.nested, technique: "map_in_map", value: nested.ns },
      { ...swap, name: texts.mapInMap.swap, technique: "map_in_map", value: swap.ns },
    ],
    axis: { title: texts.mapInMap.axis, log: true, format: time, read: time },
  });
}

const pointAt = (points: readonly Point[], technique: string, cpus: number): Point =>
  points.find((point) => point.technique === technique && point.cpus === cpus)!;
const techniquesOf = (points: readonly Point[]) => [...new Set(points.map(({ technique }) => technique!))];
const cpusOf = (points: readonly Point[]) => [...new Set(points.map(({ cpus }) => cpus))].sort((a, b) => a - b);

/** Lost updates against CPUs; the techniques that lose nothing anywhere share one line. */
function lostByCpus(points: readonly Point[]): Figure {
  const all = techniquesOf(points), most = cpusOf(points).at(-1)!;
  const exact = all.filter((technique) => points.every((one) => one.technique !== technique || one.lost === 0));
  const series = all.filter((technique) => !exact.includes(technique)).map((technique) => ({
    technique,
    points: points.filter((point) => point.technique === technique),
  }));
  const line = (own: readonly Point[]) => ({
    on: own[0].on,
    x: own.map(({ cpus }) => cpus),
    y: own.map(({ lost }) => 100 * (lost ?? 0)),
  });
  return plot.lines({
    title: texts.lostByCpus.title,
    finding: texts.lostByCpus.finding(
      most,
      pointAt(points, "racy", most).lost ?? 0,
      pointAt(points, "copy_update", most).lost ?? 0,
      exact.length,
      all.length,
    ),
    series: [
      ...series.map(({ technique, points }) => ({ technique, ...line(points) })),
      ...(exact.length === 0 ? [] : [{
        name: texts.lostByCpus.exact(exact),
        technique: "other" as const,
        ...line(points.filter((point) => point.technique === exact[0])),
      }]),
    ],
    x: { title: texts.cpus, log: 2 },
    y: { title: texts.lost, unit: "%", range: [-2, 103] },
  });
}

/** What the model says beside what was recorded, with the error of each. */
function predictedAndMeasured(
  points: readonly Point[],
  recorded: readonly {
    readonly technique: Technique;
    readonly cpus: number;
    readonly ns: number;
    readonly on: string;
  }[],
): Figure {
  const rows = recorded.filter(({ technique, cpus }) => pointAt(points, technique, cpus)).map((one) => {
    const predicted = pointAt(points, one.technique, one.cpus).ns;
    return { ...one, predicted, error: predicted / one.ns - 1 };
  });
  const sizes = rows.map(({ error }) => Math.abs(error)).sort((a, b) => a - b);
  const median = (sizes[(sizes.length - 1) >> 1] + sizes[sizes.length >> 1]) / 2;
  return plot.table({
    title: texts.accuracy.title,
    finding: texts.accuracy.finding(median, sizes.at(-1)!),
    columns: texts.accuracy.columns,
    sources: [{ kind: "simulated", on: points[0].on }, { kind: "recorded", on: recorded[0].on }],
    rows: rows.map(({ technique, cpus, ns, predicted, error }) => ({
      technique,
      cells: [String(cpus), ns.toFixed(1), predicted.toFixed(1), {
        text: `${(100 * error).toFixed(0)} %`,
        tone: toneOf(error),
      }],
    })),
  });
}

const toneOf = (error: number) => Math.abs(error) > 0.4 ? "bad" : Math.abs(error) > 0.15 ? "warn" : "good";

const PUBLISHED = {
  "plain increment": "racy",
  "atomic increment": "atomic",
  "per-thread increment": "per_cpu",
} as const;
const MACHINES: Readonly<Record<string, string>> = { "xeon-8176": "8 Xeon 8176", "epyc-milan": "EPYC Milan" };

/** One shared counter on a large machine: what its profile predicts, and what was published of it, to 420 CPUs. */
function published(profile: "xeon-8176" | "epyc-milan" = "xeon-8176"): Figure {
  const rows = modelAccuracy().rows.filter((row) =>
    row.table === "published" && row.profile === profile && row.what in PUBLISHED
  );
  const points = rows.flatMap(({ what, cpus, predicted, measured }) => {
    const technique = PUBLISHED[what as keyof typeof PUBLISHED];
    return [
      { technique, cpus, ns: predicted, kind: "simulated" as const, on: profile },
      { technique, cpus, ns: measured, kind: "published" as const, on: "perfbook, CodeSamples/count/data" },
    ];
  });
  return plot.costAgainstCpus(points, { title: texts.published.title(MACHINES[profile]) });
}

/** One write against one read by user space, of the techniques that lose nothing on the most CPUs. */
function readAndWrite(points: readonly Point[]): Figure {
  const cpus = cpusOf(points).at(-1)!;
  const one = recordedCall("lookup array 64B"),
    slots = recordedCall("lookup percpu array"),
    swap = recordedCall("update array-of-maps");
  const perCopy = slots.ns - one.ns; // of two CPUs
  const readNs = (technique: Technique) =>
    technique === "per_cpu" ? one.ns + perCopy * (cpus - 1) : technique === "map_in_map" ? swap.ns + one.ns : one.ns;
  const exact = techniquesOf(points).filter((technique) => pointAt(points, technique, cpus).lost === 0);
  return plot.readWrite(
    exact.map((technique) => {
      const { ns: writeNs, on } = pointAt(points, technique, cpus);
      return { technique, writeNs, readNs: readNs(technique), on };
    }),
    { title: texts.readWrite.title(cpus), sources: [{ kind: "recorded", on: texts.readWrite.reads(one.on) }] },
  );
}

const ENTRIES = 1024;
const bytesOf = (type: number, cpus: number, valueSize: number, maxEntries = ENTRIES) =>
  mapMemoryBytes({ name: "m", keySize: 4, valueSize, maxEntries, flags: 0, type }, cpus, maxEntries);

/**
 * Memory of 1024 values in a map of each kind, against the number of possible CPUs, by the kernel's own sum.
 *
 * @param kinds which maps
 * @param valueSize bytes of one value
 */
function memory(kinds: readonly ("array" | "hash" | "percpu_array")[], valueSize: number): Figure {
  const CPUS = [1, 4, 16, 64, 256];
  const looks = {
    percpu_array: { technique: "per_cpu", type: BPF_MAP_TYPE.PERCPU_ARRAY },
    array: { technique: "atomic", name: "array", type: BPF_MAP_TYPE.ARRAY },
    hash: { technique: "copy_update", name: "hash", type: BPF_MAP_TYPE.HASH },
  } as const;
  const points = kinds.flatMap((kind) =>
    CPUS.map((cpus) => ({ ...looks[kind], cpus, bytes: bytesOf(looks[kind].type, cpus, valueSize) }))
  );
  return plot.memoryAgainstCpus(points, { sources: [{ kind: "simulated", on: texts.memory.on(ENTRIES, valueSize) }] });
}

/** What all CPUs together get done in a second. */
function throughput(points: readonly Point[]): Figure {
  const cpus = cpusOf(points), ends = [cpus[0], cpus.at(-1)!];
  const done = (technique: string, cpus: number) => pointAt(points, technique, cpus).perSecond / 1e6;
  return plot.lines({
    title: texts.throughput.title,
    finding: texts.throughput.finding(
      ends[0],
      ends[1],
      ends.map((n) => done("atomic", n)),
      ends.map((n) => done("per_cpu", n)),
    ),
    series: techniquesOf(points).map((technique) => ({
      technique,
      on: points[0].on,
      x: cpus,
      y: cpus.map((n) => done(technique, n)),
    })),
    x: { title: texts.cpus, log: 2 },
    y: { title: texts.throughput.axis, unit: texts.throughput.unit, log: true },
  });
}

/** How long one run waits for others on so many CPUs, and what the slowest CPU got done. */
function waiting(points: readonly Point[], cpus: number): Figure {
  const rows = techniquesOf(points).map((technique) => ({ technique, point: pointAt(points, technique, cpus) }));
  const worst = rows.reduce((worst, row) => row.point.waiting.p99Ns > worst.point.waiting.p99Ns ? row : worst);
  return plot.table({
    title: texts.waiting.title(cpus),
    finding: texts.waiting.finding(worst.technique),
    columns: texts.waiting.columns,
    sources: [{ kind: "simulated", on: points[0].on }],
    rows: rows.map(({ technique, point: { waiting, shares } }) => ({
      technique,
      cells: [waiting.medianNs.toFixed(0), waiting.p99Ns.toFixed(0), `${(100 * Math.min(...shares)).toFixed(1)} %`],
    })),
  });
}

/**
 * Everything on one page: what is exact, what keeps two fields together, what a write costs, what a read takes, memory.
 *
 * @param points a cost curve with lost updates
 * @param exact for each technique, whether a search over all schedules found that it loses nothing
 * @param together for each technique with two fields, whether a reader always saw them together
 */
function choosing(
  points: readonly Point[],
  exact: Readonly<Record<string, boolean>>,
  together: Readonly<Record<string, boolean>>,
): Figure {
  const cpus = cpusOf(points), few = cpus[0], many = cpus.at(-1)!;
  const memoryOf = (technique: string) =>
    technique === "per_cpu"
      ? bytesOf(BPF_MAP_TYPE.PERCPU_ARRAY, many, 8)
      : technique === "copy_update"
      ? bytesOf(BPF_MAP_TYPE.HASH, many, 8)
      : technique === "map_in_map"
      ? 2 * bytesOf(BPF_MAP_TYPE.ARRAY, many, 8) + bytesOf(BPF_MAP_TYPE.ARRAY_OF_MAPS, many, 4, 1)
      : bytesOf(BPF_MAP_TYPE.ARRAY, many, 8);
  const rows = techniquesOf(points).map((technique) => {
    const at = (n: number) => pointAt(points, technique, n);
    const fields = together[technique];
    return {
      technique,
      cells: [
        exact[technique]
          ? { text: texts.choosing.exact, tone: "good" as const }
          : { text: texts.choosing.loses(at(many).lost ?? 0), tone: "bad" as const },
        fields === undefined
          ? { text: texts.choosing.oneField, tone: "quiet" as const }
          : { text: fields ? "together" : "torn", tone: fields ? "good" as const : "bad" as const },
        { text: at(few).ns.toFixed(1) },
        { text: at(many).ns.toFixed(at(many).ns < 10 ? 1 : 0), shade: Math.min(1, Math.log10(at(many).ns) / 5) },
        { text: texts.choosing.read(technique, many) },
        { text: `${Math.round(memoryOf(technique) / 1024)} KiB` },
      ],
    };
  });
  const best = rows.map(({ technique }) => technique).filter((technique) => exact[technique])
    .reduce((a, b) => pointAt(points, a, many).ns <= pointAt(points, b, many).ns ? a : b);
  return plot.table({
    title: texts.choosing.title(points[0].on),
    finding: texts.choosing.finding(many, best),
    columns: texts.choosing.columns(few, many, ENTRIES),
    sources: [{ kind: "simulated", on: points[0].on }],
    rows,
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
