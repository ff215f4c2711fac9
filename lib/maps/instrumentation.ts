/** What keeps programs off a CPU while user space's system calls are at a map's values. */
import type { MaskOp, Model } from "../cpu/operation.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import type { KernelMap } from "./kernel_map.ts";

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

/** kernel/bpf/syscall.c:bpf_map_update_value, map_delete_elem: of a program array with instrumentation on, it may sleep. */
export const changing = <T>({ def: { type } }: KernelMap, body: Model<T>): Model<T> =>
  type === BPF_MAP_TYPE.PROG_ARRAY ? body : uninstrumented(body);
