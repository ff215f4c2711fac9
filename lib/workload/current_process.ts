/** For which process a task of a plan runs: what `current` is to its programs. */
import type { PlannedTask } from "./plan.ts";

const FIRST_PID = 1000;

/**
 * `tgid << 32 | pid`. An interrupt, and a timer's callback, come in the middle of a process of their CPU and run for that one;
 * where several take turns there, it counts as one of its own, as each other task does that the workload says nothing of.
 */
export function currentProcess(tasks: readonly PlannedTask[], index: number): bigint {
  const { pidTgid, interrupt, kind, cpu } = tasks[index];
  if (pidTgid !== undefined) return pidTgid;
  const comesIn = kind === "timer" || (kind === "interrupt" && interrupt !== "preemption");
  const beside = comesIn ? tasks.flatMap((task, i) => task.kind === "process" && task.cpu === cpu ? [i] : []) : [];
  const processes = new Set(beside.map((i) => currentProcess(tasks, i)));
  if (processes.size === 1) return [...processes][0];
  const pid = BigInt(FIRST_PID + index);
  return (pid << 32n) | pid;
}
