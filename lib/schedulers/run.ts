/**
 * The loops that let tasks take steps until all are done. One loop per kind of scheduler, since this is where a
 * simulation spends its time: programs step straight through Wasm, and only a task with a kernel model under way (or a
 * workload whose tasks share CPUs) takes the general path.
 */
import type { Machine } from "../cpu/machine.ts";
import { KIND } from "../cpu/layout.ts";
import { below, nextState, seededState } from "./random_numbers.ts";
import type { Scheduler } from "./scheduler.ts";

/** Called just before each step with the task that takes it: for traces and recorders. */
export type BeforeStep = (task: number) => void;

export interface RunLimits {
  /** Visible operations after which the run is stopped. */
  readonly steps: number;
}

export const DEFAULT_STEPS = 200_000_000;

/** Lets a uniformly random enabled task take each step. */
export function runRandom(machine: Machine, seed: number, limits: RunLimits, beforeStep?: BeforeStep): void {
  const alive = Int32Array.from(machine.tasks.filter((task) => !machine.isDone(task)), (task) => task.index);
  const records = Int32Array.from(machine.tasks, (task) => task.record);
  const { stepWasm, tasks, sharesCpus } = machine;
  let n = alive.length, state = seededState(seed), refused = 0, steps = 0, insns = 0;
  const limit = limits.steps - machine.steps;
  while (n > 0) {
    state = nextState(state);
    const at = n === 1 ? 0 : below(state, n), index = alive[at], task = tasks[index];
    if (sharesCpus || task.models.length > 0) {
      if (!machine.isEnabled(index)) {
        if (++refused > 8 * n) {
          if (machine.enabled().length === 0) {
            machine.stop(machine.describeDeadlock());
            break;
          }
          refused = 0;
        }
        continue;
      }
      beforeStep?.(index);
      machine.step(index);
      machine.steps--;
      steps++;
    } else {
      beforeStep?.(index);
      const returned = stepWasm(records[index]);
      steps++;
      if ((returned & 15) <= KIND.rmw) {
        insns += returned >>> 4;
        if (steps >= limit) break;
        continue;
      }
      machine.advance(task, returned);
    }
    refused = 0;
    if (machine.fault || steps >= limit) break;
    if (machine.isDone(task)) alive[at] = alive[--n];
  }
  machine.steps += steps;
  machine.insns += insns;
  if (n > 0 && !machine.fault) stopAtLimit(machine, limits);
}

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
    const next = scheduler.next({ enabled, last, step: machine.steps });
    if (!enabled.includes(next)) {
      throw new RangeError(
        `scheduler ${scheduler.name} chose task ${next} at step ${machine.steps}; enabled: ${enabled.join(", ")}`,
      );
    }
    beforeStep?.(next);
    machine.step(next);
    last = next;
  }
}

export function stopAtLimit(machine: Machine, limits: RunLimits): void {
  machine.stop(
    `stopped after ${
      limits.steps.toLocaleString("en")
    } visible operations: an endless loop? (limits: { steps } allows more)`,
  );
}
