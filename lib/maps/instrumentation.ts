/** What keeps programs off a CPU while user space's system calls are at a map's values. */
import type { MaskOp, Model } from "../cpu/operation.ts";

/** include/linux/bpf.h:bpf_disable_instrumentation: kprobe, tracepoint and perf_event programs of this CPU are skipped. */
export const bpf_disable_instrumentation: MaskOp = { kind: "mask", what: "instrumentation", delta: 1 };
/** include/linux/bpf.h:bpf_enable_instrumentation. */
export const bpf_enable_instrumentation: MaskOp = { kind: "mask", what: "instrumentation", delta: -1 };

/** A piece of a system call between the two. */
export function* uninstrumented<T>(body: Model<T>): Model<T> {
  yield bpf_disable_instrumentation;
  const result = yield* body;
  yield bpf_enable_instrumentation;
  return result;
}
