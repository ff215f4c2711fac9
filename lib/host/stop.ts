/**
 * How a cell hears that the reader pressed "stop". A kernel can end code that computes, but not code that waits; so
 * the project's kernel (tasks/lab/kernel.ts) also calls what long work has registered here.
 */

/** Thrown out of work that the reader has stopped. */
export class Stopped extends Error {
  override readonly name = "Stopped";
  constructor() {
    super("stopped; what earlier cells made is still there");
  }
}

/** Where the kernel finds the functions to call; the name is known to tasks/lab/stop_listener.ts. */
const HOOKS = Symbol.for("interleave.stop");

function hooks(): Set<() => void> {
  const global = globalThis as { [HOOKS]?: Set<() => void> };
  return global[HOOKS] ??= new Set();
}

/**
 * Runs `work` with a signal that aborts, its reason an {@link Stopped}, when the reader stops the cell.
 * Rejects at once then, even when `work` does not watch the signal.
 *
 * @example
 * ```ts
 * import { stoppable } from "./stop.ts";
 * const answer = await stoppable((signal) => Promise.resolve(signal.aborted));
 * if (answer !== false) throw new Error("nobody pressed stop");
 * ```
 */
export async function stoppable<T>(work: (signal: AbortSignal) => T | Promise<T>): Promise<T> {
  const controller = new AbortController();
  let stop!: () => void;
  const stopped = new Promise<never>((_, reject) => {
    stop = () => {
      const reason = new Stopped();
      controller.abort(reason);
      reject(reason);
    };
  });
  stopped.catch(() => {});
  hooks().add(stop);
  try {
    return await Promise.race([work(controller.signal), stopped]);
  } finally {
    hooks().delete(stop);
  }
}

/** Calls `hook` at every interrupt, for as long as the kernel lives: to bring the state of a module in order again. */
export function onStop(hook: () => void): void {
  hooks().add(hook);
}
