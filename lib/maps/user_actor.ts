/** A user-space actor: who runs where, and what it does. */
import type { Model } from "../cpu/operation.ts";
import type { UserApi } from "./user_space.ts";

/**
 * A user-space thread: its body yields* calls of `user`; what it returns becomes part of the outcome.
 *
 * @example
 * ```ts
 * import { bpf, simulate, type UserActor } from "interleave";
 * const counts = await bpf`struct stats { long packets; long bytes; };
 * struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 4); __type(key, int); __type(value, struct stats); }
 * stats SEC(".maps");
 * SEC("raw_tp") int count(void *ctx) {
 *   int key = 1;
 *   struct stats *s = bpf_map_lookup_elem(&stats, &key);
 *   if (s) __sync_fetch_and_add(&s->packets, 1);
 *   return 0;
 * }`;
 * const reader: UserActor = {
 *   name: "reader",
 *   *body(user) {
 *     yield* user.sleep();
 *     return (yield* user.lookup("stats", 1)).packets;
 *   },
 * };
 * const run = await simulate(counts, {
 *   cpus: 2,
 *   invocations: 3,
 *   prepare: (user) => user.update("stats", 1, { packets: 0 }),
 *   user: [reader],
 * });
 * if (run.final["stats[1].packets"] !== 6n) throw new Error("two CPUs, three packets each");
 * ```
 */
export interface UserActor {
  /** Name in traces and outcomes. */
  readonly name: string;
  /** CPU it runs on; a CPU of its own when left out. */
  readonly cpu?: number;
  /** What has to be done before it begins: programs by name (all their runs) and other actors. Default: nothing. */
  readonly after?: string | readonly string[];
  /**
   * Its thread and process, as bpf_get_current_pid_tgid gives them to programs that it runs. Default: a process of its
   * own, numbered from 1000; `tgid` is `pid` where it is left out.
   */
  readonly pid?: number;
  /** Number of its process. */
  readonly tgid?: number;
  /** What it does, once. */
  readonly body: (user: UserApi) => Model<unknown>;
}
