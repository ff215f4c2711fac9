/** Helper functions about the run itself: which CPU, which process, what time, a random number (kernel/bpf/helpers.c). */
import type { HelperModel } from "./kernel.ts";

/** Inlined into programs: touches nothing. */
export const bpf_get_smp_processor_id: HelperModel = (_kernel, ctx) => BigInt(ctx.cpu);

/** One NUMA node. */
export const bpf_get_numa_node_id: HelperModel = () => 0n;

/** `tgid << 32 | pid`: each task is a process of its own, numbered from 1000. */
export const bpf_get_current_pid_tgid: HelperModel = (_kernel, ctx) => {
  const pid = BigInt(1000 + ctx.task);
  return (pid << 32n) | pid;
};
