/** Round robin: every task takes `quantum` steps in turn. */
import type { Scheduler } from "./scheduler.ts";

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
      taken = 1;
      return enabled.find((task) => task > last) ?? enabled[0];
    },
  };
}
