/** What is timed to calibrate a profile: small programs, each of which says something about one part of a machine. */

export interface CalibrationProgram {
  readonly program: string;
  readonly what: string;
  /** Operations in one run. */
  readonly perRun: number;
  /** Numbers of CPUs to time it on. */
  readonly cpus: readonly number[];
  /** Whether a number is taken from its time as it is: no profile predicts it. */
  readonly direct?: boolean;
  /** Whether each operation adds 1 to a number: what is missing in the end was lost. */
  readonly counts?: boolean;
}

const one = [1], both = [1, 2];

/** Numbers that one CPU tells of, each with the program that tells it, in the order in which they can be told. */
export const TOLD_BY_ONE_CPU: readonly (readonly [parameter: string, program: string])[] = [
  ["work.run", "nop"],
  ["insnNs", "racy_work1000"],
  ["work.call", "calls"],
  ["atomicNs", "atomic64"],
  ["forwardNs", "racy64"],
  ["work.inlined", "per_cpu"],
  ["work.helpers.bpf_ktime_get_ns", "clock"],
  ["work.helpers.bpf_get_prandom_u32", "random_number"],
  ["work.callback", "each"],
  ["work.hash", "racy_hash"],
  ["work.irqrestore", "refused"],
  ["work.copyStart", "copy_update"],
  ["work.alloc", "copy_update_np"],
];

export const CALIBRATION: readonly CalibrationProgram[] = [
  { program: "nop", what: "empty program", perRun: 1, cpus: one },
  { program: "load", what: "load of a global", perRun: 1, cpus: one },
  { program: "calls", what: "16 calls of a function", perRun: 1, cpus: one },
  { program: "chase", what: "64 loads, each of an address from the one before", perRun: 64, cpus: one, direct: true },
  { program: "racy", what: "racy += (global)", perRun: 1, cpus: both, counts: true },
  { program: "racy64", what: "racy +=, 64 in a row", perRun: 64, cpus: both, counts: true },
  { program: "racy_work100", what: "racy += with 100 private instructions", perRun: 1, cpus: both, counts: true },
  { program: "racy_work1000", what: "racy += with 1000 private instructions", perRun: 1, cpus: both, counts: true },
  { program: "racy_between100", what: "100 between load and store", perRun: 1, cpus: both, counts: true },
  { program: "atomic", what: "atomic add", perRun: 1, cpus: both },
  { program: "atomic64", what: "atomic add, 64 in a row", perRun: 64, cpus: both },
  { program: "atomic_work100", what: "atomic add with 100 private instructions", perRun: 1, cpus: both },
  { program: "atomic_work1000", what: "atomic add with 1000 private instructions", perRun: 1, cpus: both },
  { program: "cmpxchg", what: "cmpxchg loop", perRun: 1, cpus: both },
  { program: "racy_array", what: "racy += (array map)", perRun: 1, cpus: both, counts: true },
  { program: "per_cpu", what: "per-CPU array", perRun: 1, cpus: one },
  { program: "racy_hash", what: "racy += (hash)", perRun: 1, cpus: both, counts: true },
  { program: "refused", what: "bpf_map_update_elem that is refused (hash)", perRun: 1, cpus: both },
  { program: "copy_update", what: "copy and bpf_map_update_elem (hash)", perRun: 1, cpus: both },
  { program: "copy_update_np", what: "the same (hash without preallocation)", perRun: 1, cpus: both },
  { program: "random_number", what: "bpf_get_prandom_u32", perRun: 1, cpus: one },
  { program: "clock", what: "bpf_ktime_get_ns", perRun: 1, cpus: one },
  { program: "each", what: "bpf_for_each_map_elem of 32", perRun: 1, cpus: one },
  { program: "lock", what: "spin lock (array map)", perRun: 1, cpus: both },
  { program: "lock_work1000", what: "spin lock with 1000 private instructions outside", perRun: 1, cpus: both },
];
