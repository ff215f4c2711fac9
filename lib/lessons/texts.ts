/** The words of the chapters' own figures, in one place: an edition in another language changes this file. */

const percent = (share: number): string => `${Math.round(100 * share)} %`;
const count = (n: number): string => n.toLocaleString("en", { maximumFractionDigits: 0 });
const NAMES: Readonly<Record<string, string>> = {
  racy: "plain increment",
  per_cpu: "per-CPU",
  copy_update: "copy and update",
};
const name = (technique: string): string => NAMES[technique] ?? technique.replaceAll("_", " ");

export const texts = {
  lostByWork: {
    between: "work between load and store",
    after: "work after the store",
    recorded: (on: string) => `2 CPUs, ${on}`,
    finding: (work: number, between: number, workAfter: number, after: number) =>
      `${work} private instructions between load and store: ${percent(between)} lost; ${
        workAfter > 0.9 * work && workAfter < 1.1 * work ? "" : `${workAfter} `
      }after the store: ${percent(after)}`,
  },
  timeByWork: {
    title: "Time of one increment and the work after it, 2 CPUs",
    finding: (without: number, most: number, work: number) =>
      `Atomic takes ${without.toFixed(1)} times as long as plain with no work around it, ${
        most.toFixed(1)
      } times with ` +
      `${work} instructions`,
  },
  tornByLock: {
    title: "Reads that see half of an update, by who takes the lock",
    finding: (both: number, one: readonly number[]) =>
      `Both sides lock: ${percent(both)} torn. One forgets: ${one.map(percent).join(" and ")}`,
    axis: "torn reads",
    nothingRead: (writer: string, reader: string) =>
      `${writer}, ${reader}: no value was read, so there is no share of torn ones. A look-up that finds nothing ends the ` +
      `program: a hash is empty until a key is inserted (prepare: function* (user) { yield* user.update(...) })`,
  },
  nesting: {
    title: "Updates of one CPU's copy that an interrupt on this CPU loses",
    bare: "a bare += 1",
    window: (insns: number) => `${insns} instructions in the window`,
    atomic: "atomic add",
    finding: (bare: number, insns: number, window: number, atomic: number) =>
      `${bare.toFixed(0)} of 1000 interrupts hit a bare += 1, ${
        window.toFixed(0)
      } a window of ${insns} instructions; ` +
      `an atomic add ${atomic}`,
    axis: "lost updates for 1000 interrupts",
  },
  tears: {
    title: (bytes: number) => `Reads of a ${bytes}-byte value that are half old and half new`,
    finding: (torn: number, of: number) =>
      `Mixed values were read in ${torn} of ${of} cases${torn === of ? ": in every kind of map" : ""}`,
    held: (map: string) => `${map}, pointer held`,
    axis: "torn reads of a million",
  },
  skew: {
    title: "Four counters that never differ by more than one: the difference that a reader saw",
    axis: "largest difference between two counters",
  },
  mapInMap: {
    title: "What map-in-map costs",
    lookup: "look-up, array",
    nested: "look-up, array of maps",
    swap: "swap (waits for running programs)",
    finding: (more: string, swap: string) =>
      `A look-up more costs the program ${more}, a swap costs user space ${swap}`,
    axis: "time",
  },
  lostByCpus: {
    title: "Updates that are lost, against the number of CPUs",
    exact: (techniques: readonly string[]) => techniques.map(name).join(", "),
    finding: (cpus: number, losing: readonly (readonly [string, number])[], exact: number, of: number) =>
      `Updates lost at ${cpus} CPUs: ` +
      (losing.length === 0
        ? "none"
        : losing.map(([technique, share]) => `${name(technique)} ${percent(share)}`).join(", ") +
          (exact === 0 ? "" : `; ${exact} of ${of} techniques lose nothing`)),
  },
  accuracy: {
    title: "Predicted and measured",
    finding: (median: number, largest: number) => `Median error ${percent(median)}, largest ${percent(largest)}`,
    otherMachine: (profile: string, other: string) =>
      `Two machines, not an error of the model: predicted for ${profile}, measured on that of ${other}`,
    nothing: (cpus: readonly number[]) =>
      `nothing to compare: measured at ${cpus.join(" and ")} CPUs, predicted at others`,
    columns: ["CPUs", "measured (ns)", "predicted (ns)", "error"],
  },
  published: {
    title: (machine: string) => `One shared counter on ${machine}: predicted, and as published`,
    unknown: (profile: string, known: readonly string[]) =>
      `nothing was published of one counter on "${profile}"; there are ${known.join(" and ")}`,
  },
  readWrite: {
    title: (cpus: number) => `One write against one read by user space, ${cpus} CPUs (only what loses nothing)`,
    reads: (on: string) => `${on} (reads)`,
  },
  memory: {
    on: (entries: number, bytes: number) => `${entries} values of ${bytes} bytes, by the kernel's own sum`,
    unknown: (kind: string, known: readonly string[]) =>
      `figures.memory: no map of kind "${kind}"; there are ${known.join(", ")}`,
  },
  throughput: {
    title: "Updates that all CPUs together get done",
    axis: "updates per second",
    unit: "million",
    finding: (from: number, to: number, atomic: readonly number[], perCpu: readonly number[]) =>
      `From ${from} to ${to} CPUs an atomic counter goes from ${count(atomic[0])} to ${count(atomic[1])} million ` +
      `updates a second, per-CPU from ${count(perCpu[0])} to ${count(perCpu[1])}`,
  },
  waiting: {
    title: (cpus: number) =>
      `How long one run waits on ${cpus} CPUs, and what part of the work the slowest CPU got done (fair: ${
        100 / cpus
      } %)`,
    finding: (technique: string) => `The slowest hundredth waits longest with ${name(technique)}`,
    columns: ["median wait (ns)", "p99 (ns)", "slowest CPU's part"],
  },
  choosing: {
    title: (profile: string) => `One counter, by technique (${profile})`,
    finding: (cpus: number, technique: string) => `Exact and cheapest to write on ${cpus} CPUs: ${name(technique)}`,
    columns: (few: number, many: number, entries: number) => [
      "one counter",
      "two fields",
      `write, ${few} ${few === 1 ? "CPU" : "CPUs"} (ns)`,
      `write, ${many} CPUs (ns)`,
      "a read takes",
      `${entries} values`,
    ],
    exact: "exact",
    loses: (share: number) => `loses ${percent(share)}`,
    oneField: "one field only",
    read: (technique: string, cpus: number) =>
      technique === "per_cpu" ? `${cpus} values` : technique === "map_in_map" ? "1 value, after a swap" : "1 value",
  },
  barriers: {
    title: "What keeps a store before a later load, on one CPU",
    plain: "plain load and store: does not",
    atomic: "atomic add without fetch: on x86 only",
    fetch: "atomic add with fetch",
    xchg: "exchange",
    finding: (plain: number, fetch: number) =>
      `A full barrier takes ${fetch.toFixed(1)} ns where nobody else wants the cache line, ${
        (fetch / plain).toFixed(0)
      } ` +
      `times a plain increment`,
    axis: "time per operation",
  },
  noPoint: (technique: string, cpus: number, techniques: readonly string[], all: readonly number[]) =>
    `no point of ${technique} at ${cpus} CPUs: there are ${techniques.join(", ")} at ${all.join(", ")} CPUs`,
  cpus: "CPUs",
  lost: "lost updates",
} as const;
