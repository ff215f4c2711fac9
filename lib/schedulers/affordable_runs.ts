/** How many runs a simulation makes where its workload does not say: fewer than usual of programs whose runs are long. */
import { Machine, type MachineOptions } from "../machine/machine.ts";
import { type Plan, withoutBuffers } from "../workload/plan.ts";
import { runRandom } from "./run_random.ts";

/** Instructions of all programs up to which no run is tried: short ones can afford what is usual. */
const SHORT = 1000;
/** Runs of each task that are tried, and steps that they may take. */
const TRIED = 2, TRIED_STEPS = 200_000;
/** Steps of a simulation that a reader waits for, and the fewest runs that it makes. */
const WANTED_STEPS = 400_000, FEWEST = 20;

/**
 * Runs of each program on each CPU, in round numbers.
 *
 * @param usual how many there are where runs are short
 */
export function affordableRuns(plan: Plan, { seed = 1, models }: MachineOptions, usual: number): number {
  if (plan.programs.reduce((sum, { insns }) => sum + insns.length, 0) <= SHORT) return usual;
  const tasks = plan.tasks.map((task) => ({ ...task, invocations: Math.min(task.invocations, TRIED) }));
  let steps: number;
  try {
    const machine = new Machine({ ...withoutBuffers(plan), tasks }, { seed, models, forgets: true });
    runRandom(machine, seed, { steps: TRIED_STEPS });
    steps = machine.steps;
  } catch {
    // What cannot be run says so where it is run.
    return usual;
  }
  const affordable = TRIED * WANTED_STEPS / Math.max(1, steps);
  if (affordable >= usual) return usual;
  const unit = 10 ** Math.floor(Math.log10(Math.max(1, affordable)));
  return Math.max(FEWEST, Math.floor(affordable / unit) * unit);
}
