/** Uniformly random among the tasks that can take a step. */
import { SeededRandom } from "./random_numbers.ts";
import type { Scheduler } from "./scheduler.ts";

/**
 * The default scheduler: each step goes to one of the tasks that can take it, all equally likely.
 *
 * @example
 * ```ts
 * import { bpf, random, simulate } from "interleave";
 * const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
 * const run = await simulate(racy, { cpus: 2, invocations: 100, seed: 3, scheduler: random() });
 * if (!(run.lost > 0)) throw new Error("a hundred random runs lose something");
 * ```
 */
export function random(): Scheduler {
  let numbers = new SeededRandom(1);
  return {
    name: "random",
    reset(_tasks, seed) {
      numbers = new SeededRandom(seed);
    },
    next: ({ enabled }) => enabled[numbers.below(enabled.length)],
  };
}
