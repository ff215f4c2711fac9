/** Figures measured on a real kernel, for readers without one: the shape of the data files beside this one. */
import { assetText } from "../../host/assets.ts";

/** Median and range of repeated measurements. */
export interface Spread {
  /** The middle one of the repeats. */
  readonly median: number;
  /** The least of them. */
  readonly min: number;
  /** The largest of them. */
  readonly max: number;
}

/**
 * One way to do something, timed.
 *
 * @internal
 */
export interface Timing {
  readonly cpus: number;
  readonly repeats: number;
  /** Nanoseconds per operation, the loop's own time (about 0.85 ns) included. */
  readonly nsPerOp: Spread;
  /** Updates that were lost, 0 to 100; absent where nothing counts. */
  readonly lostPercent?: Spread;
}

/** Where the private work stands that keeps CPUs apart. */
export type WorkPlacement =
  | "after the store, one per callback"
  | "after the store, 64 in a row"
  | "between load and store"
  | "after an atomic add";

/** The figures of one machine. */
export interface RecordedKernel {
  /** Where the figures come from, in words. */
  readonly origin: string;
  /** The computer and its kernel. */
  readonly machine: {
    readonly kernel: string;
    readonly cpu: string;
    readonly cpus: number;
    readonly jit: boolean;
    readonly preempt: string;
    readonly hz: number;
  };
  /** Day of the measurement: `2026-11-29`. */
  readonly date: string;
  /** How each table was measured, in words. */
  readonly how: Readonly<Record<"ops" | "sizes" | "torn", string>>;
  /** What the short names of {@link valueSizes} do. */
  readonly techniques: Readonly<Record<string, string>>;
  /** Times of single operations. */
  readonly operations: readonly (Timing & { readonly id: string; readonly operation: string })[];
  /** Lost updates and time against private instructions. */
  readonly privateWork: readonly (Timing & { readonly placement: WorkPlacement; readonly insns: number })[];
  /** Time and lost updates against value size. */
  readonly valueSizes: readonly (Timing & {
    readonly technique: string;
    readonly map: string;
    readonly bytes: number;
    /** Whether both CPUs work on one key or each on its own. */
    readonly keys: "same" | "own";
  })[];
  /** Reads that saw half of a write, by size of the value. */
  readonly tornReads: readonly {
    readonly bytes: number;
    readonly writer: string;
    readonly reader: string;
    readonly keys: number;
    /** Loop turns between lookup and read. */
    readonly heldTurns: number;
    readonly reads: number;
    readonly torn: number;
    readonly tornPerMillion: Spread;
    readonly wrongKeyPerMillion: number;
  }[];
  /** One system call, in nanoseconds. */
  readonly userSpace: readonly { readonly call: string; readonly ns: Spread }[];
  /** Locked memory of a map, in bytes. */
  readonly memory: readonly {
    readonly map: string;
    readonly entries: number;
    readonly valueBytes: number;
    readonly cpus: number;
    readonly bytes: number;
  }[];
  /** Everything else that was tried, by experiment; the fields differ. */
  readonly experiments: Readonly<
    Record<string, readonly Readonly<Record<string, string | number | boolean | number[]>>[]>
  >;
}

/**
 * The figures of the kernel that the book was first measured on.
 *
 * @example
 * ```ts
 * import { recordedKernel } from "interleave";
 * const { machine, operations } = recordedKernel();
 * const atomic = operations.find(({ id, cpus }) => id === "atomic_add" && cpus === 2)!;
 * if (!(atomic.nsPerOp.median > 10)) throw new Error(`on ${machine.kernel} two CPUs have to share the cache line`);
 * ```
 */
export function recordedKernel(): RecordedKernel {
  return JSON.parse(assetText("backends/recorded/kernel-6.18.44.json")) as RecordedKernel;
}
