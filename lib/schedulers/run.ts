/**
 * The loop that lets tasks take steps as a scheduler says, until all are done. The random scheduler and the clock have
 * loops of their own (run_random.ts, run_clock.ts), since that is where a simulation spends its time.
 */
import type { Machine } from "../machine/machine.ts";
import { random } from "./random.ts";
import { alternativeOf, taskOf } from "./schedule.ts";
import type { Scheduler } from "./scheduler.ts";

/** Called just before each step with the task that takes it and the step's number: for traces and recorders. */
export type BeforeStep = (task: number, step: number) => void;

export interface RunLimits {
  /** Visible operations after which the run is stopped. */
  readonly steps: number;
}

export const DEFAULT_STEPS = 200_000_000;

/** Lets a scheduler choose each step among all enabled tasks. */
export function runScheduler(
  machine: Machine,
  scheduler: Scheduler,
  seed: number,
  limits: RunLimits,
  beforeStep?: BeforeStep,
): void {
  scheduler.reset(machine.tasks.length, seed);
  for (let last = -1;;) {
    const enabled = machine.enabled();
    if (machine.fault) return;
    if (enabled.length === 0) {
      if (machine.tasks.some((task) => !machine.isDone(task))) machine.stop(machine.describeDeadlock());
      return;
    }
    if (machine.steps >= limits.steps) return stopAtLimit(machine, limits);
    const step = scheduler.next({ enabled, last, step: machine.steps }), next = taskOf(step);
    if (!enabled.includes(next)) {
      throw new RangeError(
        `scheduler ${scheduler.name} chose task ${next} at step ${machine.steps}; enabled: ${enabled.join(", ")}`,
      );
    }
    beforeStep?.(next, machine.steps);
    if (alternativeOf(step) > 0) machine.choose(next, alternativeOf(step));
    else machine.step(next);
    if (next >= 0) last = next;
  }
}

/** How many steps of a random run several tasks could have taken; the machine is used up. */
export function countChoices(machine: Machine, seed: number, limits: RunLimits): number {
  const scheduler = random();
  let choices = 0;
  const counting: Scheduler = {
    ...scheduler,
    next(offered) {
      if (offered.enabled.length > 1) choices++;
      return scheduler.next(offered);
    },
  };
  runScheduler(machine, counting, seed, limits);
  return choices;
}

export function stopAtLimit(machine: Machine, limits: RunLimits): void {
  machine.stop(
    `stopped after ${
      limits.steps.toLocaleString("en")
    } visible operations: an endless loop? (limits: { steps } allows more)`,
  );
}
