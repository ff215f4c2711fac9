/** What a machine says that cannot do what it was asked. */

/**
 * A machine cannot do what was asked: which, why, and what to do instead.
 *
 * @example
 * ```ts
 * import { BackendError, bpf, threads } from "interleave";
 * const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
 * await threads(racy, { interrupts: [{ prog: "count", cpu: 0 }] }).catch((error) => {
 *   if (!(error instanceof BackendError)) throw error; // interrupts do not strike threads
 * });
 * ```
 */
export class BackendError extends Error {
  /** Tells it from other errors. */
  override name = "BackendError";
}
