/** Measurements of the real machine must not disturb one another. */
import { onStop } from "../host/stop.ts";

let last: Promise<unknown> = Promise.resolve();
onStop(() => last = Promise.resolve()); // a stopped cell's work may never end

/** Runs `work` when all work that was handed in before has ended, well or badly. */
export function oneAtATime<T>(work: () => Promise<T>): Promise<T> {
  const next = last.then(work, work);
  last = next.catch(() => undefined);
  return next;
}
