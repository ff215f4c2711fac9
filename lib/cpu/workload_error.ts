/**
 * Something about the workload that can't be run; the message says what to change.
 *
 * @example
 * ```ts
 * import { bpf, simulate, WorkloadError } from "interleave";
 * const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
 * await simulate(racy, { programs: ["cuont"] }).catch((error) => {
 *   if (!(error instanceof WorkloadError)) throw error; // there is no program cuont; it has count
 * });
 * ```
 */
export class WorkloadError extends Error {
  /** Tells it from other errors. */
  override name = "WorkloadError";
}
