/** Replay: takes the steps that a schedule says. */
import type { Choices, Scheduler } from "./scheduler.ts";
import { parseSchedule } from "./schedule.ts";

/** Follows a schedule; when it ends before the run does, the rest goes on task by task. */
export function replay(schedule: string | ArrayLike<number>): Scheduler {
  const tasks = typeof schedule === "string" ? parseSchedule(schedule) : schedule;
  return {
    name: "replay",
    reset() {},
    next({ enabled, last, step }: Choices): number {
      if (step < tasks.length) {
        const wanted = tasks[step];
        if (enabled.includes(wanted)) return wanted;
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
