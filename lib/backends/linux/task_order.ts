/** "A, then B" on threads: which tasks of a run have ended, in memory that all of them see. */
import type { PlannedTask } from "../../workload/plan.ts";

const RUNS = 0, ENDED = 1;
/** The other threads are looked for again after so long, should a wake-up be missed. */
const LOOK_MS = 10;

/** A task among those of its run: its index, and those that it waits for. */
export interface PlaceInOrder {
  readonly order: Int32Array;
  readonly task: number;
  readonly after: readonly number[];
}

/** The order of a run: what does not take part in it has ended. */
export function newTaskOrder(all: readonly PlannedTask[], running: readonly PlannedTask[]): Int32Array {
  const order = new Int32Array(new SharedArrayBuffer(4 * Math.max(1, all.length)));
  all.forEach((task, index) => order[index] = running.includes(task) ? RUNS : ENDED);
  return order;
}

export const mayBegin = (order: Int32Array, after: readonly number[]): boolean =>
  after.every((task) => Atomics.load(order, task) === ENDED);

/** Waits, on a thread of its own, for the tasks that come before. */
export function waitToBegin({ order, after }: PlaceInOrder): void {
  for (const task of after) {
    while (Atomics.load(order, task) === RUNS) Atomics.wait(order, task, RUNS, LOOK_MS);
  }
}

export function endTask(order: Int32Array, task: number): void {
  Atomics.store(order, task, ENDED);
  Atomics.notify(order, task);
}
