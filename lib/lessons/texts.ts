/** The words of the chapters' own figures, in one place. */
import { t, translated } from "../words/translation.ts";

const percent = (share: number): string => `${Math.round(100 * share)} %`;
const count = (n: number): string => n.toLocaleString("en", { maximumFractionDigits: 0 });
const NAMES: Readonly<Record<string, string>> = translated({
  racy: "plain increment",
  atomic: "atomic",
  cmpxchg: "cmpxchg",
  xchg: "xchg",
  spin_lock: "spin lock",
  res_spin_lock: "res spin lock",
  per_cpu: "per-CPU",
  copy_update: "copy and update",
  map_in_map: "map in map",
});
const name = (technique: string): string => NAMES[technique] ?? technique.replaceAll("_", " ");

export const texts = translated({
  lostByWork: {
    between: "work between load and store",
    after: "work after the store",
    recorded: (on: string) => t`2 CPUs, ${on}`,
    finding: (work: number, between: number, workAfter: number, after: number) =>
      t`${work} private instructions between load and store: ${percent(between)} lost; ${
        workAfter > 0.9 * work && workAfter < 1.1 * work ? "" : `${workAfter} `
      }after the store: ${percent(after)}`,
  },
  timeByWork: {
    title: "Time of one increment and the work after it, 2 CPUs",
    finding: (without: number, most: number, work: number) =>
      t`Atomic takes ${without.toFixed(1)} times as long as plain with no work around it, ${
        most.toFixed(1)
      } times with ${work} instructions`,
  },
  tornByLock: {
    title: "Reads that see half of an update, by who takes the lock",
    finding: (both: number, one: readonly number[]) =>
      t`Both sides lock: ${percent(both)} torn. One forgets: up to ${one.map(percent).join(t` and `)}`,
    axis: "torn reads",
    nothingRead: (writer: string, reader: string) =>
      t`${writer}, ${reader}: no value was read, so there is no share of torn ones. A look-up that finds nothing ends the program: a hash is empty until a key is inserted (prepare: function* (user) { yield* user.update(...) })`,
  },
  nesting: {
    title: "Updates of one CPU's copy that an interrupt on this CPU loses",
    bare: "a bare += 1",
    window: (insns: number) => t`${insns} instructions in the window`,
    atomic: "atomic add",
    finding: (bare: number, insns: number, window: number, atomic: number) =>
      t`In a real kernel ${bare.toFixed(0)} of 1000 interrupts hit a bare += 1, ${
        window.toFixed(0)
      } a window of ${insns} instructions; an atomic add ${atomic}`,
    axis: "lost updates for 1000 interrupts",
    note:
      "the model strikes by time alone; a real CPU takes an interrupt between instructions, and retires several at a time",
  },
  tears: {
    title: (bytes: number) => t`Reads of a ${bytes}-byte value that are half old and half new`,
    finding: (torn: number, of: number) =>
      torn === of
        ? t`Mixed values were read in ${torn} of ${of} cases: in every kind of map`
        : t`Mixed values were read in ${torn} of ${of} cases`,
    held: (map: string) => t`${map}, pointer held`,
    axis: "torn reads of a million",
    notSeen: (cases: readonly string[], reads: readonly number[]) => {
      const least = Math.min(...reads), most = Math.max(...reads);
      const of = least === most ? count(least) : t`${count(least)} to ${count(most)}`;
      return t`none in ${of} simulated reads: ${cases.join(t`; `)}`;
    },
    farOff: (cases: readonly string[]) => t`the model is far off, and why is not known: ${cases.join(t`; `)}`,
  },
  skew: {
    title: "Counters that never differ by more than one: the difference that a reader saw",
    axis: "largest difference between two counters",
    where: {
      simulated: (keys: number) => t`(${count(keys)} keys, simulated)`,
      recorded: (keys: number) => t`(${count(keys)} keys, recorded)`,
    },
  },
  mapInMap: {
    title: "What map-in-map costs",
    lookup: "look-up, array",
    nested: "look-up, array of maps",
    swap: "swap (waits for running programs)",
    finding: (more: string, swap: string) =>
      t`A look-up more costs the program ${more}, a swap costs user space ${swap}`,
    axis: "time",
    note: "the model takes a grace period's time from this measurement: it predicts no swap",
  },
  weakEndings: {
    title: "Endings that no order of whole steps explains",
    names: {
      SB: "store buffering",
      "SB+fetch": "store buffering, full barrier",
      MP: "message passing",
      "MP+rel+acq": "message passing, release, acquire",
    },
    axis: "runs that end so",
    finding: (seen: readonly string[], of: number) =>
      seen.length === 0
        ? t`None of ${of} tests ended out of order on a real x86`
        : t`Out of order on a real x86, of ${of} tests: ${seen.join(t`, `)}`,
    note: "a random schedule has no clock: its share is not that of a machine",
    where: { simulated: "simulated", linux: "kernel, recorded", threads: "threads, recorded" },
  },
  lostByCpus: {
    title: "Updates that are lost, against the number of CPUs",
    exact: (techniques: readonly string[]) => techniques.map(name).join(t`, `),
    finding: (cpus: number, losing: readonly (readonly [string, number])[], exact: number, of: number) => {
      if (losing.length === 0) return t`Updates lost at ${cpus} CPUs: none`;
      const shares = losing.map(([technique, share]) => `${name(technique)} ${percent(share)}`).join(t`, `);
      return exact === 0
        ? t`Updates lost at ${cpus} CPUs: ${shares}`
        : t`Updates lost at ${cpus} CPUs: ${shares}; ${exact} of ${of} techniques lose nothing`;
    },
  },
  accuracy: {
    title: "Predicted and measured",
    finding: (median: number, largest: number) => t`Median error ${percent(median)}, largest ${percent(largest)}`,
    otherMachine: (profile: string, other: string) =>
      t`Two machines, not an error of the model: predicted for ${profile}, measured on that of ${other}`,
    nothing: (cpus: readonly number[]) =>
      t`nothing to compare: measured at ${cpus.join(t` and `)} CPUs, predicted at others`,
    columns: ["CPUs", "measured (ns)", "predicted (ns)", "error"],
  },
  published: {
    title: (machine: string) => t`One shared counter on ${machine}: predicted, and as published`,
    unknown: (profile: string, known: readonly string[]) =>
      t`nothing was published of one counter on "${profile}"; there are ${known.join(t` and `)}`,
  },
  readWrite: {
    title: (cpus: number) => t`One write against one read by user space, ${cpus} CPUs (only what loses nothing)`,
    reads: (on: string) => t`${on} (reads)`,
  },
  memory: {
    on: (entries: number, bytes: number) => t`${entries} values of ${bytes} bytes, by the kernel's own sum`,
    unknown: (kind: string, known: readonly string[]) =>
      t`figures.memory: no map of kind "${kind}"; there are ${known.join(", ")}`,
  },
  throughput: {
    title: "Updates that all CPUs together get done",
    axis: "updates per second",
    unit: "million",
    finding: (from: number, to: number, atomic: readonly number[], perCpu: readonly number[]) =>
      t`From ${from} to ${to} CPUs an atomic counter goes from ${count(atomic[0])} to ${
        count(atomic[1])
      } million updates a second, per-CPU from ${count(perCpu[0])} to ${count(perCpu[1])}`,
  },
  waiting: {
    title: (cpus: number) =>
      t`How long one run waits on ${cpus} CPUs, and what part of the work the slowest CPU got done (fair: ${
        100 / cpus
      } %)`,
    finding: (technique: string) => t`The slowest hundredth waits longest with ${name(technique)}`,
    columns: ["median wait (ns)", "p99 (ns)", "slowest CPU's part"],
  },
  choosing: {
    title: (profile: string) => t`One counter, by technique (${profile})`,
    finding: (cpus: number, technique: string) => t`Exact and cheapest to write on ${cpus} CPUs: ${name(technique)}`,
    columns: (few: number, many: number, entries: number) => [
      t`one counter`,
      t`two fields`,
      few === 1 ? t`write, ${few} CPU (ns)` : t`write, ${few} CPUs (ns)`,
      t`write, ${many} CPUs (ns)`,
      t`a read takes`,
      t`${entries} values`,
    ],
    exact: "exact",
    loses: (share: number) => t`loses ${percent(share)}`,
    oneField: "one field only",
    read: (technique: string, cpus: number) =>
      technique === "per_cpu" ? t`${cpus} values` : technique === "map_in_map" ? t`1 value, after a swap` : t`1 value`,
  },
  barriers: {
    title: "What keeps a store before a later load, on one CPU",
    ways: {
      racy: "plain load and store: does not",
      atomic: "atomic add without fetch: on x86 only",
      fetch: "atomic add with fetch",
      xchg: "exchange",
    },
    finding: (plain: number, fetch: number) =>
      t`A full barrier takes ${fetch.toFixed(1)} ns where no other CPU wants the cache line, ${
        (fetch / plain).toFixed(0)
      } times a plain increment`,
    axis: "time per operation",
  },
  noPoint: (technique: string, cpus: number, techniques: readonly string[], all: readonly number[]) =>
    t`no point of ${technique} at ${cpus} CPUs: there are ${techniques.join(", ")} at ${all.join(", ")} CPUs`,
  cpus: "CPUs",
  lost: "lost updates",
});
