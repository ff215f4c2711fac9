/** Tasks of a simulated machine one after another. */
import { KIND, TASK } from "../cpu/layout.ts";
import { Machine, type MachineOwnerOptions } from "../machine/machine.ts";
import type { Kernel } from "../bpf_helpers/kernel.ts";
import { oneAfterAnother } from "../workload/one_after_another.ts";
import { isDeferred } from "../workload/deferred_tasks.ts";
import { type Plan, withoutBuffers } from "../workload/plan.ts";
import { DEFAULT_STEPS } from "./run.ts";

/**
 * Which runs follow which: all of a task's before the next task's, in the workload's order or backwards; or each
 * program's by turns. User space comes last.
 */
export type SerialOrder = "listed" | "reversed" | "by turns";

/**
 * The kernel after the tasks of a plan have run one after another, on a machine of their own.
 *
 * @param most steps, where that is less than the workload's own limit
 * @returns undefined when a task cannot end that way, or not within the workload's limit of steps
 */
export function runSerial(
  plan: Plan,
  options: MachineOwnerOptions,
  order: SerialOrder = "listed",
  most = Infinity,
): Promise<Kernel | undefined> {
  const machine = new Machine(withoutBuffers(plan), { ...options, forgets: true });
  const limit = Math.min(plan.workload.limits?.steps ?? DEFAULT_STEPS, most);
  const takesTurns = order === "by turns" || plan.tasks.some(({ pair }) => pair);
  if (takesTurns) return Promise.resolve(byTurns(machine, limit) ? machine.kernel : undefined);
  const runAlone = (index: number) => {
    run(machine, index, limit, Infinity);
    if (isDeferred(plan.tasks[index])) return !machine.fault;
    runCallbacks(machine, limit);
    return machine.isDone(machine.tasks[index]) && !machine.fault;
  };
  return oneAfterAnother(plan, { runAlone, left: () => machine.kernel }, order);
}

/** Whatever timers and work queues wait to run. */
function runCallbacks(machine: Machine, limit: number): void {
  const deferred = machine.tasks.filter(isDeferred);
  for (let went = deferred.length > 0; went;) {
    went = false;
    for (const { index } of deferred) if (run(machine, index, limit, Infinity)) went = true;
  }
}

/** Lets each program in turn make one run, and then user space, which may wait for them; gives whether all ended. */
function byTurns(machine: Machine, limit: number): boolean {
  const { tasks } = machine;
  for (let went = true; went;) {
    went = false;
    for (const { index, kind } of tasks) if (kind !== "user" && run(machine, index, limit, 1)) went = true;
  }
  for (const { index, kind } of tasks) if (kind === "user") run(machine, index, limit, Infinity);
  runCallbacks(machine, limit);
  return !machine.fault && tasks.every((task) => machine.isDone(task));
}

/** Lets a task take steps until so many of its runs have ended, or it can take none; gives whether it took any. */
function run(machine: Machine, index: number, limit: number, runs: number): boolean {
  const task = machine.tasks[index], { stepWasm, sharesCpus, memory } = machine, begun = machine.steps;
  const until = memory.getU32(task.record + TASK.invocation) + runs;
  while (machine.steps < limit && machine.isEnabled(index)) {
    // Who sleeps lets callbacks run: it may wait for what they do.
    if (task.kind === "user" && machine.pending(index).kind === "sleep") runCallbacks(machine, limit);
    if (sharesCpus || task.models.length > 0) machine.step(index);
    else {
      // the same without a call for each step, as in run_random.ts
      let returned: number;
      do {
        machine.steps++;
        returned = stepWasm(task.record);
        if ((returned & 15) <= KIND.rmw) machine.insns += returned >>> 4;
      } while ((returned & 15) <= KIND.rmw && machine.steps < limit);
      if ((returned & 15) > KIND.rmw) machine.advance(task, returned);
    }
    if (memory.getU32(task.record + TASK.invocation) >= until) break;
  }
  return machine.steps > begun;
}
