/** What `simulate` is asked: a workload, and how the next step is chosen. */
import type { Profile } from "../cost/profile.ts";
import type { Scheduler } from "../schedulers/scheduler.ts";
import type { Workload } from "../workload/workload.ts";

/**
 * A workload, and how the simulator chooses who takes the next step.
 *
 * @example
 * ```ts
 * import { bpf, simulate } from "interleave";
 * const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
 * const options = { cpus: 2, invocations: 50, seed: 7, scheduler: "round_robin" } as const;
 * const [one, two] = [await simulate(racy, options), await simulate(racy, options)];
 * if (one.final.counter !== two.final.counter) throw new Error("same options, same result");
 * ```
 */
export interface SimulateOptions extends Workload {
  /** Seed of the scheduler and of what the kernel leaves open: random numbers, hash seeds, unwritten stack. Default 1. */
  readonly seed?: number;
  /** Which task takes the next step. Default: uniformly random. */
  readonly scheduler?: "random" | "round_robin" | "pct" | "clock" | Scheduler;
  /** The machine whose times decide who takes the next step, by name or written out: predicts what the run takes. */
  readonly profile?: string | Profile;
}
