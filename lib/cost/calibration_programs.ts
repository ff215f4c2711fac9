/** What is timed to calibrate a profile: small programs, each of which says something about one part of a machine. */

export interface CalibrationProgram {
  readonly program: string;
  readonly what: string;
  /** Operations in one run. */
  readonly perRun: number;
  /** Numbers of CPUs to time it on. */
  readonly cpus: readonly number[];
}

const one = [1], both = [1, 2];

export const CALIBRATION: readonly CalibrationProgram[] = [
  { program: "nop", what: "empty program", perRun: 1, cpus: one },
  { program: "load", what: "load of a global", perRun: 1, cpus: one },
  { program: "racy", what: "racy += (global)", perRun: 1, cpus: both },
  { program: "racy64", what: "racy +=, 64 in a row", perRun: 64, cpus: both },
  { program: "racy_work100", what: "racy += with 100 private instructions", perRun: 1, cpus: both },
  { program: "racy_work1000", what: "racy += with 1000 private instructions", perRun: 1, cpus: both },
  { program: "atomic", what: "atomic add", perRun: 1, cpus: both },
  { program: "atomic64", what: "atomic add, 64 in a row", perRun: 64, cpus: both },
  { program: "atomic_work100", what: "atomic add with 100 private instructions", perRun: 1, cpus: both },
  { program: "cmpxchg", what: "cmpxchg loop", perRun: 1, cpus: both },
  { program: "racy_array", what: "racy += (array map)", perRun: 1, cpus: both },
  { program: "per_cpu", what: "per-CPU array", perRun: 1, cpus: one },
  { program: "racy_hash", what: "racy += (hash)", perRun: 1, cpus: both },
  { program: "copy_update", what: "copy and bpf_map_update_elem (hash)", perRun: 1, cpus: both },
  { program: "random_number", what: "bpf_get_prandom_u32", perRun: 1, cpus: one },
  { program: "lock", what: "spin lock (array map)", perRun: 1, cpus: both },
];
