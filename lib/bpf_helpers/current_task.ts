/** Helper functions about the task that a program runs in: its name, its struct, its cgroup (kernel/bpf/helpers.c). */
import type { TaskContext } from "../cpu/operation.ts";
import { CgroupArrayMap } from "../maps/cgroup_array.ts";
import { errno } from "../maps/errno.ts";
import { faultWith } from "../maps/source.ts";
import type { HelperModel, Kernel } from "./kernel.ts";
import { copyTo } from "./copy_to.ts";
import { writableReason } from "./memory_helpers.ts";
import { bpf_get_current_pid_tgid } from "./task_helpers.ts";

/** include/linux/sched.h:TASK_COMM_LEN. */
const TASK_COMM_LEN = 16;
/** sizeof(struct bpf_pidns_info). */
const PIDNS_INFO_BYTES = 8;
/** All tasks are in the root cgroup, which has the id 1 (kernel/cgroup/cgroup.c). */
const ROOT_CGROUP = 1n;

/** `tgid << 32 | pid` of the calling task. */
export const pidTgidOf = (kernel: Kernel, ctx: TaskContext): bigint =>
  bpf_get_current_pid_tgid(kernel, ctx, [0n, 0n, 0n, 0n, 0n]) as bigint;

/** task->comm: a process is called by its number. */
export const commOf = (pidTgid: bigint): string => `task-${pidTgid >> 32n}`.slice(0, TASK_COMM_LEN - 1);

/** bpf_get_current_comm(buf, size): strscpy_pad, so that the whole buffer is written. */
export const bpf_get_current_comm: HelperModel = function* (kernel, ctx, [buf, sizeArg]) {
  const size = Number(BigInt.asUintN(32, sizeArg)), reason = writableReason(ctx, buf, size);
  if (reason) return yield* faultWith(`bpf_get_current_comm: ${reason}`);
  const bytes = new Uint8Array(size);
  if (size > 0) bytes.set(new TextEncoder().encode(commOf(pidTgidOf(kernel, ctx))).subarray(0, size - 1));
  yield* copyTo(ctx, buf, size, { bytes });
  return 0n;
};

/** kernel/trace/bpf_trace.c:bpf_get_current_task: the address of the task's struct. */
export const bpf_get_current_task: HelperModel = (kernel, ctx) => kernel.objects?.currentTask(ctx.task) ?? 0n;
export const bpf_get_current_task_btf: HelperModel = bpf_get_current_task;

/** bpf_get_current_cgroup_id(). */
export const bpf_get_current_cgroup_id: HelperModel = () => ROOT_CGROUP;

/** bpf_get_current_ancestor_cgroup_id(level): the root is the only one, at level 0; 0 where there is none. */
export const bpf_get_current_ancestor_cgroup_id: HelperModel = (_kernel, _ctx, [level]) =>
  BigInt.asIntN(32, level) === 0n ? ROOT_CGROUP : 0n;

/** kernel/trace/bpf_trace.c:bpf_current_task_under_cgroup(map, index). */
export const bpf_current_task_under_cgroup: HelperModel = function* (kernel, _ctx, [mapPointer, indexArg]) {
  const map = kernel.mapAt(mapPointer), index = Number(BigInt.asUintN(32, indexArg));
  if (!(map instanceof CgroupArrayMap)) {
    return yield* faultWith("bpf_current_task_under_cgroup: the first argument is no CGROUP_ARRAY");
  }
  if (index >= map.def.maxEntries) return errno("E2BIG");
  const cgroup = yield* map.cgroupAt(index);
  if (cgroup === 0n) return errno("EAGAIN");
  return cgroup === ROOT_CGROUP ? 1n : 0n;
};

/**
 * bpf_get_ns_current_pid_tgid(dev, ino, nsdata, size): writes pid and tgid, 4 bytes each. There is one pid namespace,
 * and whatever device and inode the program was given are taken to name it.
 */
export const bpf_get_ns_current_pid_tgid: HelperModel = function* (kernel, ctx, [, , nsdata, sizeArg]) {
  const size = Number(BigInt.asUintN(32, sizeArg)), reason = writableReason(ctx, nsdata, size);
  if (reason) return yield* faultWith(`bpf_get_ns_current_pid_tgid: ${reason}`);
  if (size !== PIDNS_INFO_BYTES) {
    yield* copyTo(ctx, nsdata, size, { bytes: new Uint8Array(size) });
    return errno("EINVAL");
  }
  const bytes = new Uint8Array(size);
  // struct bpf_pidns_info has pid before tgid, which is how a little-endian `tgid << 32 | pid` stands in memory.
  new DataView(bytes.buffer).setBigUint64(0, pidTgidOf(kernel, ctx), true);
  yield* copyTo(ctx, nsdata, size, { bytes });
  return 0n;
};

/** kernel/trace/bpf_trace.c:bpf_send_signal(sig): told in the trace; nothing receives it. */
export const bpf_send_signal: HelperModel = function* (kernel, ctx, [sig]) {
  yield {
    kind: "print",
    text: `bpf_send_signal(${BigInt.asUintN(32, sig)}) to process ${pidTgidOf(kernel, ctx) >> 32n}`,
  };
  return 0n;
};

/** To the thread alone. */
export const bpf_send_signal_thread: HelperModel = function* (kernel, ctx, [sig]) {
  const pid = BigInt.asUintN(32, pidTgidOf(kernel, ctx));
  yield { kind: "print", text: `bpf_send_signal_thread(${BigInt.asUintN(32, sig)}) to thread ${pid}` };
  return 0n;
};

/** kernel/bpf/task_iter.c:bpf_find_vma(task, addr, callback, ctx, flags): no task has any mapping of memory. */
export const bpf_find_vma: HelperModel = (_kernel, _ctx, [, , , , flags]) =>
  flags !== 0n ? errno("EINVAL") : errno("ENOENT");
