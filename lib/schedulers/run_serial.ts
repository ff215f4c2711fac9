/** Tasks of a simulated machine one after another. */
import { Machine, type MachineOwnerOptions } from "../machine/machine.ts";
import type { Kernel } from "../bpf_helpers/kernel.ts";
import { oneAfterAnother } from "../workload/one_after_another.ts";
import type { Plan } from "../workload/plan.ts";
import { DEFAULT_STEPS } from "./run.ts";

/**
 * The kernel after the tasks of a plan have run one after another, on a machine of their own.
 *
 * @returns undefined when a task cannot end that way, or not within the workload's limit of steps
 */
export function runSerial(plan: Plan, options: MachineOwnerOptions): Promise<Kernel | undefined> {
  const machine = new Machine(plan, options), { tasks } = machine;
  const limit = plan.workload.limits?.steps ?? DEFAULT_STEPS;
  return oneAfterAnother(plan, {
    runAlone(index) {
      const task = tasks[index];
      while (!machine.isDone(task) && machine.isEnabled(index) && machine.steps < limit) machine.step(index);
      return machine.isDone(task) && !machine.fault;
    },
    left: () => machine.kernel,
  });
}
