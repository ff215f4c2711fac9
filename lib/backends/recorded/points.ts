/** What was recorded, in the form that plots take: a point for each technique and place, with its range and its origin. */
import { type RecordedKernel, recordedKernel, type Spread, type WorkPlacement } from "./recorded.ts";

/** @internal */
interface Recorded {
  readonly kind: "recorded";
  /** Which kernel, and when. */
  readonly on: string;
}

/**
 * A median with the range it was seen in.
 *
 * @internal
 */
interface Ranged {
  readonly low: number;
  readonly high: number;
}

const origin = ({ machine, date }: RecordedKernel): Recorded => ({
  kind: "recorded",
  on: `kernel ${machine.kernel}, ${date}`,
});

const rangeOf = ({ min, max }: Spread, unit = 1): Ranged => ({ low: min * unit, high: max * unit });

/** A recorded time in nanoseconds, with its range and its origin. */
const timeOf = (kernel: RecordedKernel, ns: Spread): Recorded & Ranged & { readonly ns: number } => ({
  ns: ns.median,
  ...rangeOf(ns),
  ...origin(kernel),
});

/** Time of one operation on a number of CPUs, in nanoseconds. */
export interface RecordedCost<Technique extends string> extends Recorded, Ranged {
  /** The technique that the operation stands for. */
  readonly technique: Technique;
  /** CPUs that did it at the same time. */
  readonly cpus: number;
  /** Median time of one operation. */
  readonly ns: number;
  /** The cost profile that stands for this machine. */
  readonly profile: string;
}

/** Its profile is fitted to part of these figures (cost/profiles/xeon-kvm.json). */
const PROFILE = "xeon-kvm";

/**
 * Times of one operation, recorded on 1 and 2 CPUs: for `plot.costAgainstCpus`.
 *
 * @param ways which recorded operation stands for which technique: `{ atomic_add: "atomic" }`
 * @throws RangeError for an operation that was not recorded
 *
 * @example
 * ```ts
 * import { recordedCosts } from "interleave";
 * const [one, two] = recordedCosts({ atomic_add: "atomic" });
 * if (!(one.cpus === 1 && two.ns > one.ns)) throw new Error("two CPUs share the cache line");
 * ```
 */
export function recordedCosts<Technique extends string>(
  ways: Readonly<Record<string, Technique>>,
): RecordedCost<Technique>[] {
  const kernel = recordedKernel();
  return Object.entries(ways).flatMap(([id, technique]) => {
    const timings = kernel.operations.filter((one) => one.id === id);
    if (timings.length === 0) {
      const known = [...new Set(kernel.operations.map((one) => one.id))].join(", ");
      throw new RangeError(`no operation "${id}" was recorded; there are: ${known}`);
    }
    return timings.map(({ cpus, nsPerOp }) => ({ technique, cpus, profile: PROFILE, ...timeOf(kernel, nsPerOp) }));
  });
}

/** Time of one change of a value of so many bytes, in nanoseconds. */
export interface RecordedSize<Technique extends string> extends Recorded, Ranged {
  /** The technique that the operation stands for. */
  readonly technique: Technique;
  /** Size of the value. */
  readonly bytes: number;
  /** Median time of one change. */
  readonly ns: number;
  /** Updates that were lost, in percent. */
  readonly lostPercent: number;
}

/**
 * Times of changing one value in a hash map, against its size, while 2 CPUs change the same key: for
 * `plot.costAgainstSize`.
 *
 * @param ways which recorded technique stands for which of the figure's: `{ copy: "copy_update", lock: "spin_lock" }`
 *
 * @example
 * ```ts
 * import { recordedSizes } from "interleave";
 * const lost = recordedSizes({ copy: "copy_update", lock: "spin_lock" }).filter(({ lostPercent }) => lostPercent > 0);
 * if (lost.some(({ technique }) => technique === "spin_lock")) throw new Error("a lock loses nothing");
 * ```
 */
export function recordedSizes<Technique extends string>(
  ways: Readonly<Record<string, Technique>>,
): RecordedSize<Technique>[] {
  const kernel = recordedKernel();
  return kernel.valueSizes
    .filter(({ technique, map, cpus, keys }) => technique in ways && map === "HASH" && cpus === 2 && keys === "same")
    .map(({ technique, bytes, nsPerOp, lostPercent }) => ({
      technique: ways[technique],
      bytes,
      lostPercent: lostPercent?.median ?? 0,
      ...timeOf(kernel, nsPerOp),
    }));
}

/**
 * Share of the updates that 2 CPUs lose, 0 to 1, with so many private instructions between two increments.
 *
 * @internal
 */
export interface RecordedLoss extends Recorded, Ranged {
  readonly work: number;
  readonly lost: number;
}

/**
 * Lost updates against private work on 2 CPUs, by where the work stands: for `plot.lostAgainstWork`.
 *
 * @example
 * ```ts
 * import { recordedLosses } from "interleave";
 * const held = recordedLosses("between load and store");
 * if (!held.every(({ lost }) => lost > 0.4)) throw new Error("work between load and store keeps the door open");
 * ```
 */
export function recordedLosses(placement: WorkPlacement): RecordedLoss[] {
  const kernel = recordedKernel();
  return kernel.privateWork.filter((one) => one.placement === placement && one.cpus === 2 && one.lostPercent)
    .map(({ insns, lostPercent }) => ({
      work: insns,
      lost: lostPercent!.median / 100,
      ...rangeOf(lostPercent!, 1 / 100),
      ...origin(kernel),
    }));
}

/**
 * Share of the updates that one operation loses, 0 to 1.
 *
 * @internal
 */
export interface RecordedLossOf<Technique extends string> extends Recorded, Ranged {
  readonly technique: Technique;
  readonly cpus: number;
  readonly lost: number;
}

/**
 * Lost updates of one operation without work around it, recorded on 1 and 2 CPUs: for `plot.lostAgainstCpus`.
 *
 * @param ways which recorded operation stands for which technique: `{ racy_global: "racy" }`
 * @throws RangeError for an operation of which no lost updates were recorded
 *
 * @example
 * ```ts
 * import { recordedLossesOf } from "interleave";
 * const [, two] = recordedLossesOf({ racy_global: "racy" });
 * if (!(two.cpus === 2 && two.lost > 0.4)) throw new Error("two CPUs lose about half");
 * ```
 */
export function recordedLossesOf<Technique extends string>(
  ways: Readonly<Record<string, Technique>>,
): RecordedLossOf<Technique>[] {
  const kernel = recordedKernel();
  return Object.entries(ways).flatMap(([id, technique]) => {
    const found = kernel.operations.filter((one) => one.id === id && one.lostPercent);
    if (found.length === 0) throw new RangeError(`no lost updates of an operation "${id}" were recorded`);
    return found.map(({ cpus, lostPercent }) => ({
      technique,
      cpus,
      lost: lostPercent!.median / 100,
      ...rangeOf(lostPercent!, 1 / 100),
      ...origin(kernel),
    }));
  });
}

/**
 * Time of one increment and the private work that belongs to it, 2 CPUs, in nanoseconds, against that work: for
 * `plot.costAgainstWork`.
 *
 * @example
 * ```ts
 * import { recordedTimes } from "interleave";
 * const times = recordedTimes("after an atomic add");
 * if (!(times.at(-1)!.ns > times[0].ns)) throw new Error("work takes time");
 * ```
 */
export function recordedTimes(placement: WorkPlacement): (Recorded & Ranged & { work: number; ns: number })[] {
  const kernel = recordedKernel();
  return kernel.privateWork.filter((one) => one.placement === placement && one.cpus === 2)
    .map(({ insns, nsPerOp }) => ({ work: insns, ...timeOf(kernel, nsPerOp) }));
}

/** Maps that torn reads were recorded for, by the letters in the names of the programs. */
const TORN_MAPS = { ar: "array", hp: "hash", hn: "hash, BPF_F_NO_PREALLOC", lr: "LRU hash" } as const;

/**
 * Reads of one value that were half old and half new, among a million.
 *
 * @internal
 */
export interface RecordedTear extends Recorded, Ranged {
  readonly map: (typeof TORN_MAPS)[keyof typeof TORN_MAPS];
  /** Whether the reader held the pointer for half a microsecond before it read. */
  readonly held: boolean;
  readonly perMillion: number;
}

/**
 * Torn reads while another CPU updates the same key by `bpf_map_update_elem`, by map and by how long the pointer is held.
 *
 * @param bytes size of the value: 64, 256, 1024 or 4096
 * @throws RangeError for another size
 *
 * @example
 * ```ts
 * import { recordedTears } from "interleave";
 * const held = recordedTears(64).find(({ map, held }) => map === "array" && held)!;
 * if (!(held.perMillion > 10_000)) throw new Error("an array is written in place");
 * ```
 */
export function recordedTears(bytes: number): RecordedTear[] {
  const kernel = recordedKernel();
  const sizes = [...new Set(kernel.tornReads.map((one) => one.bytes))].sort((a, b) => a - b);
  if (!sizes.includes(bytes)) throw new RangeError(`no value of ${bytes} bytes was recorded: ${sizes.join(", ")} were`);
  return Object.entries(TORN_MAPS).flatMap(([id, map]) =>
    kernel.tornReads
      .filter((one) => one.bytes === bytes && one.keys === 1 && one.writer === `w_${id}` && one.reader === `r_${id}`)
      .map(({ heldTurns, tornPerMillion }) => ({
        map,
        held: heldTurns > 0,
        perMillion: tornPerMillion.median,
        ...rangeOf(tornPerMillion),
        ...origin(kernel),
      }))
  );
}

/**
 * Updates of one CPU's copy that a thousand interrupts on this CPU lost.
 *
 * @internal
 */
export interface RecordedNesting extends Recorded, Ranged {
  /** Private instructions between load and store; undefined for an atomic add. */
  readonly window?: number;
  readonly lostPerThousand: number;
}

const NESTING: Readonly<Record<string, number | undefined>> = {
  p_win0: 0,
  p_win10: 10,
  p_win100: 100,
  p_atomic: undefined,
};

/**
 * Updates of a per-CPU counter that interrupts on its CPU lost, by how far the load and the store are apart.
 *
 * @example
 * ```ts
 * import { recordedNesting } from "interleave";
 * const atomic = recordedNesting().find(({ window }) => window === undefined)!;
 * if (atomic.lostPerThousand !== 0) throw new Error("no interrupt comes into an atomic add");
 * ```
 */
export function recordedNesting(): RecordedNesting[] {
  const kernel = recordedKernel();
  const runs = kernel.experiments["percpu-irq-nesting"] as readonly {
    prog: string;
    lost_per_1000_interrupts: number;
  }[];
  return Object.entries(NESTING).map(([prog, window]) => {
    const lost = runs.filter((run) => run.prog === prog).map((run) => run.lost_per_1000_interrupts)
      .sort((a, b) => a - b);
    return {
      window,
      lostPerThousand: lost[Math.floor(lost.length / 2)],
      low: lost[0],
      high: lost[lost.length - 1],
      ...origin(kernel),
    };
  });
}

/** Ways to read all counters, by what they are called in the recorded experiment. */
const SNAPSHOTS = {
  "rot_h get_next_key+lookup": "walk",
  "rot_h batch lookup": "batch",
  "rot_m_each map-in-map swap then walk": "swap",
} as const;

/**
 * How far two counters of a hash map lay apart in one reading, although they never differ by more than one.
 *
 * @internal
 */
export interface RecordedSkew extends Recorded, Ranged {
  readonly how: (typeof SNAPSHOTS)[keyof typeof SNAPSHOTS];
  /** Counters in the map. */
  readonly keys: number;
  readonly skew: number;
}

/**
 * What readers saw of counters that are raised in turn, by how they read.
 *
 * @example
 * ```ts
 * import { recordedSkews } from "interleave";
 * const swap = recordedSkews().find(({ how }) => how === "swap")!;
 * if (swap.high > 1) throw new Error("a swap shows one moment");
 * ```
 */
export function recordedSkews(): RecordedSkew[] {
  const kernel = recordedKernel();
  const runs = kernel.experiments["snapshot skew"] as readonly {
    prog: string;
    how: string;
    skew_med: number;
    min: number;
    max: number;
  }[];
  return Object.entries(SNAPSHOTS).map(([id, how]) => {
    const own = runs.filter((run) => `${run.prog} ${run.how}` === id);
    const medians = own.map((run) => run.skew_med).sort((a, b) => a - b);
    return {
      how,
      keys: 1024,
      skew: medians[medians.length >> 1],
      low: Math.min(...own.map(({ min }) => min)),
      high: Math.max(...own.map(({ max }) => max)),
      ...origin(kernel),
    };
  });
}

/**
 * The time of one system call, in nanoseconds.
 *
 * @param call how its recorded name begins
 * @throws RangeError for a call that was not recorded
 *
 * @example
 * ```ts
 * import { recordedCall } from "interleave";
 * const swap = recordedCall("update array-of-maps");
 * if (!(swap.ns > 1e6)) throw new Error("a swap waits for a grace period");
 * ```
 */
export function recordedCall(call: string): Recorded & Ranged & { readonly ns: number } {
  const kernel = recordedKernel();
  const found = kernel.userSpace.find((one) => one.call.startsWith(call));
  if (!found) {
    throw new RangeError(
      `no call "${call}" was recorded; there are: ${kernel.userSpace.map((one) => one.call).join(", ")}`,
    );
  }
  return timeOf(kernel, found.ns);
}
