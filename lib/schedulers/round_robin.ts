/** Round robin: every task takes `quantum` steps in turn. */
import type { Scheduler } from "./scheduler.ts";

/**
 * Every task in turn.
 *
 * @param quantum steps that a task takes before it is the next one's turn, at least 1
 *
 * @example
 * ```ts
 * import { bpf, roundRobin, simulate } from "interleave";
 * const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
 * const run = await simulate(racy, { cpus: 2, invocations: 10, scheduler: roundRobin(1000) });
 * if (run.lost !== 0) throw new Error("turns longer than the run are one after another");
 * ```
 */
export function roundRobin(quantum = 1): Scheduler {
  let taken = 0;
  return {
    name: `round robin (quantum ${quantum})`,
    reset() {
      taken = 0;
    },
    next({ enabled, last }) {
      if (enabled.includes(last) && taken < quantum) {
        taken++;
        return last;
      }
      // Store buffers are flushed between two turns, the last CPU's first.
      if (enabled[0] < 0) return enabled[0];
      taken = 1;
      return enabled.find((task) => task > last) ?? enabled[0];
    },
  };
}
