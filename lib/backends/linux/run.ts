/** Runs a workload on the running kernel and measures it. */
import type { BpfObject } from "../../object/bpf_object.ts";
import { BackendError } from "../../host/backend_error.ts";
import { kernelRelease, parallelism } from "../../host/environment.ts";
import { mapMemoryBytes } from "../../maps/memory_use.ts";
import { withoutDeferred } from "../../workload/deferred_tasks.ts";
import { type Plan, plan } from "../../workload/plan.ts";
import { measure, type Measured, type MeasureOptions } from "../measure.ts";
import { oneAtATime } from "../one_at_a_time.ts";
import type { Workload } from "../../workload/workload.ts";
import { LinuxSession } from "./session.ts";

const MAX_MAP_BYTES = 2 ** 25;

/** A workload for the kernel, and how often to repeat it. */
export interface LinuxOptions extends Workload, MeasureOptions {}

/** A run on the kernel. */
export interface LinuxResult extends Measured {
  /** Always the running kernel. */
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
export function linuxPlan(asked: Plan, options: MeasureOptions): Promise<LinuxResult> {
  const plan = withoutDeferred(asked);
  refuseLargeMaps(plan.object, options.maxMapBytes ?? MAX_MAP_BYTES);
  return oneAtATime(async () => {
    using session = new LinuxSession(plan, options.exact ?? false);
    const kernel = kernelRelease();
    const where = () => `on kernel ${kernel}: ${plan.object.name} accepted; ${session.describe()}`;
    return { ...await measure(session, "linux", { ...options, cpus: plan.nrCpus }, where), kernel };
  });
}

/** Maps are put back before every repeat and read after it, entry by entry: a large one would take minutes. */
function refuseLargeMaps({ maps, name }: BpfObject, mostBytes: number): void {
  const cpus = parallelism();
  const sizes = maps.map((map) => ({ name: map.name, bytes: mapMemoryBytes(map, cpus) }));
  const bytes = sizes.reduce((sum, size) => sum + size.bytes, 0);
  if (bytes <= mostBytes) return;
  const largest = sizes.reduce((a, b) => b.bytes > a.bytes ? b : a), mib = (n: number) => (n / 2 ** 20).toFixed(1);
  throw new BackendError(
    `${name}: its maps take ${mib(bytes)} MiB of kernel memory (${largest.name}: ${mib(largest.bytes)}), and reading ` +
      `them back takes about half a second for each MiB. Make max_entries smaller, or allow it: maxMapBytes: ${bytes} ` +
      `(--max-map-bytes ${bytes})`,
  );
}
