/** "A, then B": which tasks of a workload begin when others are done. */
import { didYouMean } from "../words/closest_name.ts";
import { WorkloadError } from "../cpu/workload_error.ts";

/** What orders a task: its program's or actor's name, and the names of what has to be done before it. */
export interface Order {
  readonly name: string;
  readonly after?: string | readonly string[];
}

/**
 * The tasks that each task waits for, by index. A name stands for every task that has it: a program for its runs on all
 * CPUs.
 *
 * @throws WorkloadError for a name that no task has, and for tasks that wait for one another
 */
export function tasksBefore(orders: readonly Order[]): readonly (readonly number[])[] {
  const known = [...new Set(orders.map(({ name }) => name))];
  const before = orders.map(({ name, after = [] }) => {
    const names = typeof after === "string" ? [after] : after;
    for (const one of names) {
      if (known.includes(one)) continue;
      throw new WorkloadError(
        `${name} is to begin after ${one}, which no task runs; there is ${known.join(", ")}${didYouMean(one, known)}`,
      );
    }
    return orders.flatMap((other, index) => names.includes(other.name) ? [index] : []);
  });
  const ended = new Set<number>();
  for (let last = -1; last !== ended.size;) {
    last = ended.size;
    before.forEach((first, task) => {
      if (first.every((one) => ended.has(one))) ended.add(task);
    });
  }
  const waiting = orders.find((_, task) => !ended.has(task));
  if (!waiting) return before;
  throw new WorkloadError(`${waiting.name} never begins: what it is to begin after waits, in the end, for it`);
}
