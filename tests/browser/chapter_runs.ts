/** Runs chapters side by side, so that each test of a chapter has only to wait for its own. */

/** Each has a kernel or a process of its own. */
const AT_ONCE = 2;

/**
 * Begins with the first chapters at once.
 *
 * @param names all chapters
 * @param run runs one
 * @returns waits for a chapter; rejects with what its run was refused with
 */
export function chapterRuns<Ran>(
  names: readonly string[],
  run: (name: string) => Promise<Ran>,
): (name: string) => Promise<Ran> {
  const runs = new Map(names.map((name) => [name, Promise.withResolvers<Ran>()]));
  const waiting = [...runs];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [name, { promise, resolve, reject }] = next;
      promise.catch(() => {}); // its test says so
      await run(name).then(resolve, reject);
    }
  };
  for (let n = 0; n < AT_ONCE; n++) work();
  return (name) => runs.get(name)!.promise;
}
