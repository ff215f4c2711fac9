/** A search as notebooks call it: with a progress bar, and stopped by the stop button. */
import type { BpfObject } from "../object/bpf_object.ts";
import { type Exploration, explore as search, type ExploreOptions } from "../search/explore.ts";
import { withProgress } from "./progress.ts";
import { t } from "../words/translation.ts";

/**
 * Visits every schedule of a workload. A search that takes longer than half a second shows a progress bar, unless it is
 * given `onProgress`.
 *
 * @param object what `bpf` or `loadObject` gave
 * @param options the workload (default: 2 CPUs, 1 invocation each), bounds, and the reader's own property
 * @returns outcomes, deadlocks, faults, and the shortest witness of an anomaly; `complete` says whether *Never* is a proof
 * @throws WorkloadError for options that can't be, and for a `holds` that throws or says neither true nor false
 * @throws RefusedError when the verifier refuses one of the programs
 *
 * @example
 * ```ts
 * import { bpf, explore } from "interleave";
 * const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
 * const all = await explore(racy, { cpus: 2, invocations: 1 });
 * if (all.observation !== "Sometimes" || !all.complete) throw new Error("two CPUs can lose an update");
 * ```
 */
export async function exploreWithProgress(object: BpfObject, options: ExploreOptions = {}): Promise<Exploration> {
  if (typeof options !== "object" || options === null || options.onProgress) return await search(object, options);
  return await withProgress(t`every schedule`, 1, (tick) =>
    search(object, {
      ...options,
      onProgress: ({ states, share }) => tick(share, t`${states.toLocaleString("en")} states`),
    }));
}
