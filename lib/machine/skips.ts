/** Runs that the kernel would have skipped, as a machine counted them (recursion_misses of struct bpf_prog_info). */
import type { SkippedRuns } from "../report/result.ts";
import type { Plan } from "../workload/plan.ts";
import type { Machine } from "./machine.ts";

/** By task; only those that missed any. */
export function skipsOf(machine: Machine): SkippedRuns[] {
  return machine.tasks.flatMap((task) => {
    const runs = machine.skippedRuns(task);
    return runs === 0 ? [] : [{ prog: task.program!.name, cpu: task.cpu, runs, guard: task.guard! }];
  });
}

/** The same as text: equal texts are equal numbers of skipped runs of each task; empty when there are none. */
export function skipsKey(machine: Machine): string {
  const runs = machine.tasks.map((task) => machine.skippedRuns(task));
  return runs.some((n) => n > 0) ? `skipped ${runs.join()}` : "";
}

/** The plan of the runs that happened: what one run after another is worked out for. */
export function withoutSkipped(plan: Plan, machine: Machine): Plan {
  const tasks = plan.tasks.map((task, index) => {
    const skipped = machine.skippedRuns(machine.tasks[index]);
    return skipped === 0 ? task : { ...task, invocations: task.invocations - skipped };
  });
  return { ...plan, tasks };
}
