/** A trace as memory sees it, for those that ask what overwrote what. */
import type { TraceStep } from "./result.ts";

/**
 * The same steps, each at its place, with stores where memory gets them: a store that waits in a store buffer is nothing
 * yet, the flush is the store; a load of what waits there is none of memory.
 */
export function inMemoryOrder(steps: readonly TraceStep[]): readonly TraceStep[] {
  if (!steps.some(({ buffered, kind }) => buffered || kind === "flush")) return steps;
  const stores = new Map(steps.flatMap((step) => step.kind === "store" && step.buffered ? [[step.step, step]] : []));
  return steps.map((step) => {
    if (step.kind === "flush") {
      const { step: at, before, after, stored } = step, store = stored === undefined ? undefined : stores.get(stored);
      return store ? { ...store, step: at, before, after, buffered: undefined } : { ...step, kind: "store" };
    }
    return step.buffered ? { ...step, kind: "wait", addr: undefined, object: undefined, touches: undefined } : step;
  });
}
