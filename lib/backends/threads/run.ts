/** Runs a workload on parallel threads of this computer and measures it. */
import type { BpfObject } from "../../object/bpf_object.ts";
import { withoutDeferred } from "../../workload/deferred_tasks.ts";
import { type Plan, plan } from "../../workload/plan.ts";
import { measure, type Measured, type MeasureOptions } from "../measure.ts";
import { oneAtATime } from "../one_at_a_time.ts";
import type { Workload } from "../../workload/workload.ts";
import { timedByModels } from "./model_time.ts";
import { ThreadSession } from "./session.ts";

/** A workload for threads, and how often to repeat it. */
export interface ThreadsOptions extends Workload, MeasureOptions {
  /** Whether to refuse what the verifier refuses. Default true. */
  readonly verify?: boolean;
}

/** A run on threads. */
export interface ThreadsResult extends Measured {
  /** Always threads of this computer. */
  readonly machine: "threads";
}

/**
 * Runs the translated programs on shared WebAssembly memory, a worker for each task.
 *
 * @param object what `bpf` gave
 * @param options the workload, how often to repeat it and how long a run takes at least
 * @returns what was found and how long it took (nanoseconds per invocation), as median and range over the repeats
 * @throws RefusedError for a program that the verifier refuses
 * @throws BackendError when there are no threads, a program needs what they lack, or it faults
 *
 * @example
 * ```ts
 * import { bpf, threads } from "interleave";
 * const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
 * const run = await threads(racy, { cpus: 2 });
 * if (run.lost < 0) throw new Error("nothing is gained");
 * ```
 */
export async function threads(object: BpfObject, options: ThreadsOptions = {}): Promise<ThreadsResult> {
  return await threadsPlan(plan(object, options, "threads"), options);
}

/** Runs what has been checked and planned, on no more CPUs than there are. */
export function threadsPlan(asked: Plan, options: MeasureOptions): Promise<ThreadsResult> {
  const plan = withoutDeferred(asked);
  return oneAtATime(async () => {
    using session = await ThreadSession.start(plan);
    const where = "on threads of this computer (WebAssembly, shared memory)";
    const note = timedByModels(plan.object, session.plan.programs)
      ? "; helpers by models of the kernel, whose time it is"
      : "";
    return await measure(session, "threads", { ...options, cpus: plan.nrCpus }, () => where + note);
  });
}
