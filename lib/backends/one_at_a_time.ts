/** Measurements of the real machine must not disturb one another. */
let last: Promise<unknown> = Promise.resolve();

/** Runs `work` when all work that was handed in before has ended, well or badly. */
export function oneAtATime<T>(work: () => Promise<T>): Promise<T> {
  const next = last.then(work, work);
  last = next.catch(() => undefined);
  return next;
}
