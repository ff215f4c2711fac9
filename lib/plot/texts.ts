/**
 * Every fixed text of the figures, in English; words/translation.ts puts others in their place.
 *
 * Spaces before units are no-break spaces; the text twins turn them into plain ones.
 */
import { t, translated } from "../words/translation.ts";
import { count, nanoseconds, percent, times } from "./numbers.ts";

export type SourceKind = "simulated" | "measured" | "recorded" | "published";

const list = (parts: readonly string[]): string => {
  const last = parts[parts.length - 1], others = parts.slice(0, -1).join(t`, `);
  return parts.length < 2 ? parts.join("") : t`${others} and ${last}`;
};

const cpus = (n: number): string => n === 1 ? t`${count(n)} CPU` : t`${count(n)} CPUs`;

export const texts = translated({
  /** Names of the techniques, as labels in figures. */
  technique: {
    racy: "racy +=",
    atomic: "atomic add",
    cmpxchg: "cmpxchg loop",
    xchg: "xchg",
    spin_lock: "spin lock",
    res_spin_lock: "resilient spin lock",
    ticket_lock: "ticket lock",
    test_and_set: "test-and-set lock",
    per_cpu: "per-CPU",
    copy_update: "copy + update",
    map_in_map: "map in map",
    user: "user space",
    other: "other",
  },
  kind: {
    simulated: "simulated",
    measured: "measured here",
    recorded: "recorded",
    published: "published",
  } satisfies Record<SourceKind, string>,
  /** Where figures come from: the line under every picture. */
  source: (kind: SourceKind, on?: string): string => {
    if (kind === "simulated") return on ? t`simulated: ${on}` : t`simulated`;
    if (kind === "measured") return on ? t`measured here: ${on}` : t`measured here`;
    if (kind === "recorded") return on ? t`recorded on ${on}` : t`recorded on another machine`;
    return on ? t`published in ${on}` : t`published elsewhere`;
  },
  /** Origins of results that name no other. */
  machine: { threads: "threads of this computer", linux: "the running kernel" },
  runs: (invocations: number, seed: number | undefined) => {
    const runs = invocations === 1
      ? t`${count(invocations)} run on each CPU`
      : t`${count(invocations)} runs on each CPU`;
    return seed === undefined ? runs : t`${runs}, seed ${seed}`;
  },
  sentence: (text: string) => t`${text}.`,
  clauses: (parts: readonly string[]) => parts.join(t`; `),
  commas: (parts: readonly string[]) => parts.join(t`, `),
  sources: (parts: readonly string[]): string => parts.join("  ·  "),
  list,
  axis: (title: string, unit?: string): string => (unit ? t`${title} (${unit})` : title),

  cpusAxis: "CPUs",
  lostAxis: "lost updates",
  lostAgainstCpus: "Updates that one shared counter loses, against the number of CPUs",
  /** A counter that loses nothing, where the caller names neither it nor its technique. */
  exactCounter: "this counter",
  lostAtOneCount: (n: number, lost: number) =>
    n === 1 ? t`${cpus(n)} loses ${percent(lost)}` : t`${cpus(n)} lose ${percent(lost)}`,
  lostNothing: (names: readonly string[]) =>
    names.length === 1 ? t`${list(names)} loses nothing` : t`${list(names)} lose nothing`,

  comparedLost: (program: string) => t`Updates that ${program} loses, on each machine`,
  comparedCost: (program: string) => t`Time of one run of ${program}, on each machine`,
  runAxis: "time per run",

  workAxis: "private instructions between two increments, logarithmic beside 0",
  lostAgainstWork: "Updates that one shared counter loses, against the private work between two increments",
  lostAtWork: (lost: number, work: number) =>
    work === 0 ? t`${percent(lost)} without work in between` : t`${percent(lost)} with ${count(work)} instructions`,
  lostByWork: (parts: readonly string[]) => t`Lost: ${list(parts)}`,

  costAxis: "time per operation",
  costAgainstWork: "Time of one operation and the private work after it",
  modelOnly: "model only: nothing was measured here",
  costAgainstCpus: "Cost of one operation on one shared value, against the number of CPUs",
  costSpread: (n: number, cheap: string, low: number, dear: string, high: number) =>
    high / low < 1.05
      ? t`At ${cpus(n)} all cost about the same, ${nanoseconds(high)}`
      : t`At ${cpus(n)} ${cheap} costs ${nanoseconds(low)} and ${dear} ${nanoseconds(high)}, ${
        times(high / low)
      } as much`,
  costOne: (name: string, from: number, low: number, to: number, high: number) =>
    t`${name} costs ${nanoseconds(low)} on ${cpus(from)} and ${nanoseconds(high)} on ${cpus(to)}`,
  /** Measured points beside lines of another machine's profile. */
  otherMachine: (profile: string) => t`The marks are of another machine than the lines: of that of ${profile}`,
  error: (median: number, worst: number, points: number) =>
    points === 1
      ? t`The model is off by ${percent(median)} (median) and ${percent(worst)} (worst) at ${
        count(points)
      } measured point`
      : t`The model is off by ${percent(median)} (median) and ${percent(worst)} (worst) at ${
        count(points)
      } measured points`,

  sizeAxis: "value size",
  costAgainstSize: "Cost of changing one value, against its size",
  crossover: (a: string, b: string, at: string) => t`${a} becomes cheaper than ${b} at ${at}`,
  crossovers: (a: string, aAt: readonly string[], b: string, bAt: readonly string[]) =>
    t`${a} is cheaper at ${list(aAt)}, ${b} at ${list(bAt)}`,
  withinRange: (
    a: string,
    aAt: readonly string[],
    b: string,
    bAt: readonly string[],
    equal: readonly string[],
  ) => {
    const unclear = t`no clear difference at ${list(equal)}`;
    if (aAt.length > 0 && bAt.length > 0) {
      return t`${a} is cheaper at ${list(aAt)}, ${b} at ${list(bAt)}; ${unclear}`;
    }
    const [[name, at]] = aAt.length > 0 ? [[a, aAt] as const] : [[b, bAt] as const];
    return at.length > 0 ? t`${name} is cheaper at ${list(at)}; ${unclear}` : unclear;
  },
  noCrossover: (cheap: string, dear: string) => t`${cheap} is cheaper than ${dear} at every size`,

  memoryAxis: "memory",
  memoryAgainstCpus: "Memory of a map, against the number of CPUs",
  memorySpread: (n: number, name: string, high: string, other: string, low: string) =>
    t`At ${cpus(n)} ${name} takes ${high} and ${other} ${low}`,

  readAxis: "time per read",
  writeAxis: "time per write",
  readWrite: "Who pays: the cost of a read against the cost of a write",
  cheapestWrite: (name: string, write: number, read: number) =>
    t`${name} has the cheapest write (${nanoseconds(write)}) and pays ${nanoseconds(read)} for a read`,

  waitAxis: "waited at most",
  shareBelowAxis: "operations",
  distribution: "Distribution of waiting times",
  quantiles: (waits: readonly { readonly name: string; readonly median: number; readonly p99: number }[]) =>
    waits.map(({ name, median, p99 }, i) =>
      i === 0
        ? t`${name} waits ${nanoseconds(median)} (median) and ${nanoseconds(p99)} (99th percentile)`
        : t`${name} ${nanoseconds(median)} and ${nanoseconds(p99)}`
    ).join(t`; `),

  fairness: "Share of all operations that each CPU got through",
  leastFair: (name: string, low: number, high: number, only: boolean) =>
    only
      ? t`The CPUs of ${name} got between ${percent(low)} and ${percent(high)} of the operations`
      : t`${name} is the least fair: its CPUs got between ${percent(low)} and ${percent(high)} of the operations`,
  shareAxis: "operations",
  shareColumns: ["least", "median", "most"],
  cpu: (n: number) => t`CPU ${n}`,

  verdict: { true: "true", conditional: "true if …", wrong: "wrong" },
  verdicts: "Claims of the document, by chapter and verdict",
  claimsAxis: "claims",
  verdictSum: (right: number, conditional: number, wrong: number) =>
    right === 1
      ? t`${count(right)} claim is true, ${count(conditional)} true with conditions, ${count(wrong)} wrong`
      : t`${count(right)} claims are true, ${count(conditional)} true with conditions, ${count(wrong)} wrong`,

  lattice: "Every schedule is a path from the top left to the bottom right",
  latticeSum: (bad: number, all: number) =>
    bad === 0
      ? t`None of ${count(all)} schedules loses an update`
      : t`${count(bad)} of ${count(all)} schedules lose an update`,
  latticeKey: {
    bad: "every schedule through here loses",
    good: "none does",
    both: "some do",
    path: "the schedule shown",
  },
  everySchedule: "every schedule of 2 CPUs",
  latticeTable: ["schedule", "lost"],
  yes: "yes",
  no: "no",

  storeBuffers: {
    title: "What each CPU did, what waits in its store buffer, and what memory holds",
    waiting: (n: number) =>
      n === 1
        ? t`One store waits in a store buffer, where no other CPU sees it`
        : t`${count(n)} stores wait in store buffers, where no other CPU sees them`,
    x86: "x86's total store order",
    store: "store",
    buffer: "store buffer",
    flush: "flush, some time",
    load: "load",
    memory: "memory",
    nothing: "nothing",
    columns: ["", "did", "waits in its store buffer"],
  },

  timeline: {
    /** Head of a store buffer's lane, right beside the lane of its CPU. */
    buffer: "buf",
    title: "Every step on shared memory, from top to bottom, in the lane of its CPU",
    memory: "memory",
    time: "time",
    lost: "lost",
    window: "between the load and the store that overwrites",
    overwrites: (steps: string) => t`overwrites ${steps}`,
    lostUpdate: (loser: string, winner: string, target: string) =>
      t`An update of ${target} by ${loser} is lost: ${winner} reads before it and writes after it`,
    manyLost: (n: number, winner: string, target: string) =>
      t`${count(n)} updates of ${target} are lost: ${winner} reads before them and writes after them`,
    tornRead: (reader: string, object: string, writer: string) =>
      t`${reader} reads half of an update: one field of ${object} from before the update by ${writer}, one from after it`,
    old: "old",
    fresh: "new",
    between: "between the two reads",
    run: "one run, from one line of the race to the other",
    inBetween: "Another CPU comes in between the two lines of one run",
    meanwhile: "in between",
    /** Of a witness that shows neither a lost update nor a torn read. */
    goesWrong: "How the wrong ending comes about, step by step",
    noLostUpdate: "No update is lost in these steps",
    toThisEnding: "The steps that lead to this ending",
    empty: "No step on shared memory",
    skipped: (n: number) => n === 1 ? t`${count(n)} step not shown` : t`${count(n)} steps not shown`,
    cpus: "CPU",
    key: {
      load: "load",
      store: "store",
      buffered: "store into the buffer",
      flush: "flush",
      atomic: "atomic",
      other: "other step",
      waits: "waits",
    },
  },
});
