/** Replay: takes the steps that a schedule says. */
import type { Choices, Scheduler } from "./scheduler.ts";
import { alternativeOf, hashSeedOf, parseSchedule, taskOf } from "./schedule.ts";

/**
 * Follows a schedule; when it ends before the run does, the rest goes on task by task. A schedule that flushes no store
 * buffer is one of a run without them.
 *
 * @param schedule as {@link Simulation.schedule} and witnesses give it: `0*3 1 0` is three steps of task 0, one of
 *   task 1, one of task 0; or the tasks as numbers. `0=2` is a step of task 0 in which the second of the things that the
 *   kernel leaves open happens
 * @throws SyntaxError for a text that is no schedule; when run, RangeError for a step of a task that cannot take one
 *
 * @example
 * ```ts
 * import { bpf, replay, simulate } from "interleave";
 * const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
 * const run = await simulate(racy, { cpus: 2, invocations: 1, scheduler: replay("0 1*2 0") });
 * if (run.final.counter !== 1n) throw new Error("CPU 0 reads, CPU 1 counts, CPU 0 writes over it");
 * ```
 */
export function replay(schedule: string | ArrayLike<number>): Scheduler {
  const tasks = typeof schedule === "string" ? parseSchedule(schedule) : schedule;
  const branches = Array.prototype.some.call(tasks, (step) => alternativeOf(step) > 0);
  return {
    name: "replay",
    follows: { branches, hashSeed: typeof schedule === "string" ? hashSeedOf(schedule) : 0 },
    withoutBuffers: Array.from(tasks).every((step) => step >= 0),
    reset() {},
    next({ enabled, last, step }: Choices): number {
      if (step < tasks.length) {
        const wanted = taskOf(tasks[step]);
        if (enabled.includes(wanted)) return tasks[step];
        throw new RangeError(
          `schedule: step ${step} is for ${wanted}, which is done or has to wait there; ${
            enabled.join(" or ")
          } can go on`,
        );
      }
      return enabled.includes(last) ? last : enabled[0];
    },
  };
}
