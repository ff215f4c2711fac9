/** Runs a workload on the running kernel and measures it. */
import { release } from "node:os";
import type { BpfObject } from "../../object/bpf_object.ts";
import { type Plan, plan } from "../../workload/plan.ts";
import { measure, type Measured, type MeasureOptions } from "../measure.ts";
import { oneAtATime } from "../one_at_a_time.ts";
import type { Workload } from "../../workload/workload.ts";
import { LinuxSession } from "./session.ts";

/** A workload for the kernel, and how often to repeat it. */
export interface LinuxOptions extends Workload, MeasureOptions {}

/** A run on the kernel. */
export interface LinuxResult extends Measured {
  readonly machine: "linux";
  /** The kernel's release, as `uname -r` prints it. */
  readonly kernel: string;
}

/**
 * Verifies the programs as themselves, then runs them by BPF_PROG_RUN on pinned threads; nothing is attached.
 *
 * @param object what `bpf` gave
 * @param options the workload, how often to repeat it and how long a run takes at least
 * @returns what was found and how long it took (nanoseconds per invocation), as median and range over the repeats
 * @throws BackendError when the kernel is not available, refuses a program, or cannot run this workload
 *
 * @example
 * ```ts
 * import { bpf, linux, recordedKernel } from "interleave";
 * const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
 * const lost = await linux(racy, { cpus: 2, repeats: 1, durationMs: 1 }).then(
 *   (run) => run.lost,
 *   () => recordedKernel().operations[0].nsPerOp.median, // not root, or not Linux: what was measured elsewhere
 * );
 * ```
 */
export async function runOnLinux(object: BpfObject, options: LinuxOptions = {}): Promise<LinuxResult> {
  return await linuxPlan(plan(object, options, "linux"), options);
}

/** Runs what has been checked and planned, on no more CPUs than there are. */
export function linuxPlan(plan: Plan, options: MeasureOptions): Promise<LinuxResult> {
  return oneAtATime(async () => {
    using session = new LinuxSession(plan, options.exact ?? false);
    const kernel = release();
    const where = () => `on kernel ${kernel}: ${plan.object.name} accepted; ${session.describe()}`;
    return { ...await measure(session, "linux", { ...options, cpus: plan.nrCpus }, where), kernel };
  });
}
