/** Twenty-three situations that no profile is fitted to, to judge a profile by on the day: `tests/bench/cost_bench.ts`. */
import { bpf } from "../../lib/compile/bpf.ts";
import { lostOf } from "../../lib/cost/calibration.ts";
import type { Profile } from "../../lib/cost/profile.ts";
import { TimedMachine } from "../../lib/cost/timed_run.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import type { Values } from "../../lib/report/result.ts";
import { planTasks } from "../../lib/workload/plan.ts";

export interface Unfitted {
  readonly program: string;
  readonly what: string;
  /** Increments in one run, where the situation counts: what is missing in the end was lost. */
  readonly increments?: number;
  /**
   * Where bpf_loop cannot loop it: a program that is looped as it is, and the same looped by bpf_loop. The difference is
   * what the loops take, and is taken off what is measured.
   */
  readonly looped?: { readonly alike: string; readonly byBpfLoop: string };
}

export const UNFITTED: readonly Unfitted[] = [
  { program: "hash_work20", what: "hash look-up, 20 private instructions, +=", increments: 1 },
  { program: "lru_plain", what: "LRU look-up, +=", increments: 1 },
  { program: "try_lock", what: "try-lock by xchg, += where it is taken", increments: 1 },
  { program: "random4_hash", what: "one of four hash keys at random, +=", increments: 1 },
  { program: "for_each8", what: "bpf_for_each_map_elem over 8 entries" },
  { program: "lru_evict", what: "LRU update with eviction" },
  { program: "loop16", what: "bpf_loop of 16" },
  { program: "lock_work200", what: "spin lock, 200 private instructions outside", increments: 1 },
  { program: "own_update", what: "hash update, a key for each CPU" },
  { program: "own_update_np", what: "the same without preallocation" },
  { program: "churn_own", what: "hash insert and delete, a key for each CPU" },
  { program: "fetch_or", what: "fetch_or" },
  { program: "percpu_hash_plain", what: "per-CPU hash look-up, +=", increments: 1 },
  { program: "lru_percpu_plain", what: "per-CPU LRU look-up, +=", increments: 1 },
  { program: "ring_full", what: "reserve in a full ring buffer" },
  { program: "push_pop", what: "queue push and pop" },
  { program: "hash_of_maps", what: "hash of maps, +=", increments: 1 },
  { program: "longest_prefix", what: "LPM trie look-up, +=", increments: 1 },
  { program: "cas_work20", what: "cmpxchg loop, 20 private instructions inside", increments: 1 },
  { program: "random_lock16", what: "one of 16 locked hash elements at random" },
  { program: "time_stamp", what: "time stamp into an array element" },
  { program: "eight_counters", what: "batch of += to 8 counters of one line", increments: 8 },
  {
    program: "tail_call",
    what: "tail call",
    looped: { alike: "tail_never", byBpfLoop: "tail_less" },
  },
];

export const unfittedObject = (): Promise<BpfObject> =>
  bpf.file(decodeURIComponent(new URL("./progs/unfitted.bpf.c", import.meta.url).pathname));

/** Without what is no count. */
export const countersOf = (values: Values): Values =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !name.endsWith(".taken")));

/** What a profile says: nanoseconds for each run, and the share of increments that are lost. */
export function predictUnfitted(
  object: BpfObject,
  { program, increments }: Unfitted,
  cpus: number,
  profile: Profile,
  seed: number,
): { readonly ns: number; readonly lost: number } {
  const invocations = Math.ceil(1500 / (increments ?? 1));
  const timed = new TimedMachine(planTasks(object, { cpus, invocations, programs: [program] }), {}, profile, seed);
  const { nsPerOp } = timed.run(), { fault, kernel } = timed.machine;
  if (fault) throw new Error(`${program}: ${fault.message}`);
  // The first run of some puts a missing key in, and counts nothing.
  return {
    ns: nsPerOp,
    lost: increments === undefined ? 0 : lostOf(countersOf(kernel.values()), invocations * increments * cpus),
  };
}
