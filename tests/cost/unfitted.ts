/** Twenty-three situations that no profile is fitted to, to judge a profile by on the day: `tests/bench/cost_bench.ts`. */
import { bpf } from "../../lib/compile/bpf.ts";
import { lostOf } from "../../lib/cost/calibration.ts";
import type { Profile } from "../../lib/cost/profile.ts";
import { TimedMachine } from "../../lib/cost/timed_run.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import { planTasks } from "../../lib/workload/plan.ts";

export interface Unfitted {
  readonly program: string;
  readonly what: string;
  /** Increments in one run, where the situation counts: what is missing in the end was lost. */
  readonly increments?: number;
  /** Program whose time is taken off: what the loop around both takes is no part of the situation. */
  readonly over?: string;
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
  { program: "tail_call", what: "tail call", over: "tail_never" },
];

export const unfittedObject = (): Promise<BpfObject> =>
  bpf.file(decodeURIComponent(new URL("./progs/unfitted.bpf.c", import.meta.url).pathname));

/** What a profile says: nanoseconds for each run, and the share of increments that are lost. */
export function predictUnfitted(
  object: BpfObject,
  { program, increments, over }: Unfitted,
  cpus: number,
  profile: Profile,
  seed: number,
): { readonly ns: number; readonly lost: number } {
  const invocations = Math.ceil(1500 / (increments ?? 1));
  const run = (name: string) => {
    const timed = new TimedMachine(planTasks(object, { cpus, invocations, programs: [name] }), {}, profile, seed);
    const { nsPerOp } = timed.run(), { fault } = timed.machine;
    if (fault) throw new Error(`${name}: ${fault.message}`);
    return { ns: nsPerOp, values: timed.machine.kernel.values() };
  };
  const { ns, values } = run(program);
  // The first run of some puts a missing key in, and counts nothing.
  const lost = increments === undefined ? 0 : lostOf(values, invocations * increments * cpus);
  return { ns: over === undefined ? ns : ns - run(over).ns, lost };
}
