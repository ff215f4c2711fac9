/** Runs a model with nobody else about: set-up of maps, and tests that need no interleaving. */
import { perform } from "../atomics/perform.ts";
import type { Memory } from "../cpu/memory.ts";
import type { Model } from "../cpu/operation.ts";

/** Performs every operation of a model in order; gives what it returns. Locks have to be free. */
export function runAtOnce<T>(memory: Memory, model: Model<T>): T {
  let next = model.next();
  while (!next.done) {
    const op = next.value;
    if (op.kind === "fault") throw new Error(op.message);
    next = model.next(op.kind === "private" ? op.run(memory) : perform(memory, op));
  }
  return next.value;
}
