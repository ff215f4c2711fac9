/** Runs a model with no other task about: set-up of maps, and tests that need no interleaving. */
import { perform } from "../cpu/perform.ts";
import type { Memory } from "../cpu/memory.ts";
import type { Model } from "../cpu/operation.ts";
import { readerModel } from "../cpu/reader_model.ts";
import { WorkloadError } from "../cpu/workload_error.ts";

/** A million updates, and to spare. */
const MOST_OPERATIONS = 50_000_000;

/** Performs every operation of a model in order; gives what it returns. Locks have to be free. */
export function runAtOnce<T>(memory: Memory, model: Model<T>): T {
  const running = readerModel("prepare", model);
  let next = running.next();
  for (let operations = 0; !next.done; operations++) {
    if (operations === MOST_OPERATIONS) throw new WorkloadError("prepare takes too long: an endless loop?");
    const op = next.value;
    if (op.kind === "fault") throw new Error(op.message);
    next = running.next(op.kind === "private" ? op.run(memory) : perform(memory, op));
  }
  return next.value;
}
