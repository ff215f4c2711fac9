/** Uniformly random among the tasks that can take a step. */
import { SeededRandom } from "./random_numbers.ts";
import type { Scheduler } from "./scheduler.ts";

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
