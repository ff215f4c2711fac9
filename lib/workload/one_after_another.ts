/** What a workload comes to without concurrency: the final state that "lost" is measured against. */
import type { Plan } from "./plan.ts";

/** A machine, simulated or real, that lets one task run while the others stand still. */
export interface OneAtATime<State> {
  /** Runs a task of the plan, from the state that the one before it left; gives whether it came to its end. */
  runAlone(task: number): boolean | Promise<boolean>;
  /** What the tasks have left so far. */
  left(): State;
}

/**
 * Runs the tasks of a plan one after another, each to its end, in the order in which the workload lists them or, of its
 * programs, in the opposite one. User space comes last in both: it often waits for what programs do.
 *
 * @returns undefined when a task cannot end that way: it waits for a later one, faults or has no end
 */
export async function oneAfterAnother<State>(
  plan: Plan,
  machine: OneAtATime<State>,
  order: "listed" | "reversed" = "listed",
): Promise<State | undefined> {
  const tasks = [...plan.tasks.keys()], isUser = (task: number) => plan.tasks[task].kind === "user";
  const programs = tasks.filter((task) => !isUser(task));
  const ordered = order === "listed" ? tasks : [...programs.reverse(), ...tasks.filter(isUser)];
  for (const task of ordered) if (!await machine.runAlone(task)) return undefined;
  return machine.left();
}
