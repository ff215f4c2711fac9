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
      if (step < tasks.length) return tasks[step];
      return enabled.includes(last) ? last : enabled[0];
    },
  };
}
