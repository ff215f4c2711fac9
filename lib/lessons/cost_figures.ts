/** Figures of cost curves and of what they are compared with: most of chapter 07. */
import { modelAccuracy } from "../cost/accuracy.ts";
import { recordedCall, recordedCosts, recordedLossesOf } from "../backends/recorded/points.ts";
import { mapMemoryBytes } from "../maps/memory_use.ts";
import { texts as plotTexts } from "../plot/texts.ts";
import { type Figure, plot, type Technique } from "../plot/mod.ts";
import type { CostCurvePoint } from "../sweeps/cost_curve.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import { texts } from "./texts.ts";

type Point = CostCurvePoint<Technique>;

const find = (points: readonly Point[], technique: string, cpus: number): Point | undefined =>
  points.find((point) => point.technique === technique && point.cpus === cpus);

/** @throws RangeError that says which points there are */
function pointAt(points: readonly Point[], technique: string, cpus: number): Point {
  const found = find(points, technique, cpus);
  if (found) return found;
  throw new RangeError(texts.noPoint(technique, cpus, techniquesOf(points), cpusOf(points)));
}
const techniquesOf = (points: readonly Point[]) => [...new Set(points.map(({ technique }) => technique!))];
const cpusOf = (points: readonly Point[]) => [...new Set(points.map(({ cpus }) => cpus))].sort((a, b) => a - b);

/** Lost updates against CPUs; the techniques that lose nothing anywhere share one line. */
export function lostByCpus(points: readonly Point[]): Figure {
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
  // What was recorded is of one machine; another profile stands for another one.
  const comparable = points[0].on === recordedCosts({ racy_global: "racy" })[0].profile;
  const recorded = comparable ? recordedLossesOf({ racy_global: "racy", copy_update_u64: "copy_update" }) : [];
  const measured = series.flatMap(({ technique }) => {
    const own = recorded.filter((one) => one.technique === technique);
    const percents = (of: (one: (typeof own)[number]) => number) => own.map((one) => 100 * of(one));
    return own.length === 0 ? [] : [{
      technique,
      kind: "recorded" as const,
      on: own[0].on,
      x: own.map(({ cpus }) => cpus),
      y: percents(({ lost }) => lost),
      low: percents(({ low }) => low),
      high: percents(({ high }) => high),
    }];
  });
  const last = Math.max(...measured.flatMap(({ x }) => x));
  return plot.lines({
    title: texts.lostByCpus.title,
    finding: texts.lostByCpus.finding(
      most,
      series.map(({ technique, points }) => [technique, points.find(({ cpus }) => cpus === most)?.lost ?? 0]),
      exact.length,
      all.length,
    ),
    series: [
      ...series.map(({ technique, points }) => ({ technique, ...line(points) })),
      ...measured,
      ...(exact.length === 0 ? [] : [{
        name: texts.lostByCpus.exact(exact),
        technique: "other" as const,
        ...line(points.filter((point) => point.technique === exact[0])),
      }]),
    ],
    ...(last < most && measured.length > 0 && { beyond: { x: last, text: plotTexts.modelOnly } }),
    x: { title: texts.cpus, log: 2 },
    y: { title: texts.lost, unit: "%", range: [-2, 103] },
  });
}

/** What the model says beside what was recorded, with the error of each. */
export function predictedAndMeasured(
  points: readonly Point[],
  recorded: readonly {
    readonly technique: Technique;
    readonly cpus: number;
    readonly ns: number;
    readonly on: string;
    readonly profile?: string;
  }[],
): Figure {
  const other = recorded.find(({ profile }) => profile !== undefined && profile !== points[0].on)?.profile;
  const comparable = recorded.filter(({ technique, cpus }) => find(points, technique, cpus));
  if (comparable.length === 0) {
    throw new RangeError(texts.accuracy.nothing([...new Set(recorded.map(({ cpus }) => cpus))]));
  }
  const rows = comparable.map((one) => {
    const predicted = pointAt(points, one.technique, one.cpus).ns;
    return { ...one, predicted, error: predicted / one.ns - 1 };
  });
  const sizes = rows.map(({ error }) => Math.abs(error)).sort((a, b) => a - b);
  const median = (sizes[(sizes.length - 1) >> 1] + sizes[sizes.length >> 1]) / 2;
  return plot.table({
    title: texts.accuracy.title,
    finding: other === undefined
      ? texts.accuracy.finding(median, sizes.at(-1)!)
      : texts.accuracy.otherMachine(points[0].on, other),
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

/**
 * One shared counter on a large machine: what its profile predicts, and what was published of it, to 420 CPUs.
 *
 * @throws RangeError for a machine of which no such figures were published
 */
export function published(profile: "xeon-8176" | "epyc-milan" = "xeon-8176"): Figure {
  if (!Object.hasOwn(MACHINES, profile)) throw new RangeError(texts.published.unknown(profile, Object.keys(MACHINES)));
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
export function readAndWrite(points: readonly Point[]): Figure {
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
 * @throws RangeError for another kind of map
 */
export function memory(kinds: readonly ("array" | "hash" | "percpu_array")[], valueSize: number): Figure {
  const CPUS = [1, 4, 16, 64, 256];
  const looks = {
    percpu_array: { technique: "per_cpu", type: BPF_MAP_TYPE.PERCPU_ARRAY },
    array: { technique: "atomic", name: "array", type: BPF_MAP_TYPE.ARRAY },
    hash: { technique: "copy_update", name: "hash", type: BPF_MAP_TYPE.HASH },
  } as const;
  const unknown = kinds.find((kind) => !Object.hasOwn(looks, kind));
  if (unknown !== undefined) throw new RangeError(texts.memory.unknown(unknown, Object.keys(looks)));
  const points = kinds.flatMap((kind) =>
    CPUS.map((cpus) => ({ ...looks[kind], cpus, bytes: bytesOf(looks[kind].type, cpus, valueSize) }))
  );
  return plot.memoryAgainstCpus(points, { sources: [{ kind: "simulated", on: texts.memory.on(ENTRIES, valueSize) }] });
}

/** What all CPUs together get done in a second. */
export function throughput(points: readonly Point[]): Figure {
  const cpus = cpusOf(points), ends = [cpus[0], cpus.at(-1)!];
  const done = (technique: string, cpus: number) => pointAt(points, technique, cpus).perSecond / 1e6;
  return plot.lines({
    title: texts.throughput.title,
    finding: ["atomic", "per_cpu"].every((technique) => points.some((point) => point.technique === technique))
      ? texts.throughput.finding(
        ends[0],
        ends[1],
        ends.map((n) => done("atomic", n)),
        ends.map((n) => done("per_cpu", n)),
      )
      : undefined,
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
export function waiting(points: readonly Point[], cpus: number): Figure {
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
export function choosing(
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
