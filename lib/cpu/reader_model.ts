/** Generator functions that a reader wrote: user-space actors, and what user space prepares. */
import type { Model, Operation } from "./operation.ts";
import { WorkloadError } from "./workload_error.ts";

/**
 * The model that a reader's function makes, step by step the same; what is no model, or yields what is no operation,
 * is said in the reader's words.
 *
 * @param what what it is for, in messages: `user actor reader`
 * @throws WorkloadError when it is no generator, or a call of `user` was yielded without its star
 */
export function* readerModel<T>(what: string, model: Model<T>): Model<T> {
  const given: unknown = model;
  if (typeof given !== "object" || given === null || !("next" in given)) {
    throw new WorkloadError(
      `${what}: it has to be a generator function, with a star before its name: *body(user) { ... }`,
    );
  }
  if (Symbol.asyncIterator in given) {
    throw new WorkloadError(`${what}: it must not be async; write *body(user) { ... } and yield* user.lookup(...)`);
  }
  let next = model.next();
  while (!next.done) next = model.next(yield checked(what, next.value));
  return next.value;
}

function checked(what: string, value: Operation): Operation {
  const given: unknown = value;
  if (typeof given === "object" && given !== null && "kind" in given) return value;
  const isCall = typeof given === "object" && given !== null && "next" in given;
  throw new WorkloadError(
    isCall
      ? `${what}: a call of user was yielded without its star: write yield* user.lookup(...), not yield user.lookup(...)`
      : `${what}: it yielded ${String(given)}; write yield* and a call of user, such as yield* user.lookup("stats", 0)`,
  );
}
