/** Helper functions and kernel functions of bpf_timer and bpf_wq (kernel/bpf/helpers.c). */
import { addressOf } from "../cpu/memory.ts";
import type { Model } from "../cpu/operation.ts";
import { ASYNC_FIELD, type AsyncCallbacks, type AsyncKind } from "../maps/async_callbacks.ts";
import { errno } from "../maps/errno.ts";
import { faultWith } from "../maps/source.ts";
import type { HelperModel, Kernel } from "./kernel.ts";

/** include/uapi/linux/time.h: the clocks that a timer may run on (no alarm clocks). */
const CLOCKS: readonly bigint[] = [0n, 1n, 7n];
const MAX_CLOCKS = 16n;
/** include/uapi/linux/bpf.h. */
const BPF_F_TIMER_ABS = 1n, BPF_F_TIMER_CPU_PIN = 2n;

/** The callbacks of the machine, and the address of the field that a pointer leads to. */
function* field(kernel: Kernel, pointer: bigint, helper: string): Model<{ async: AsyncCallbacks; at: number }> {
  const reason = kernel.memory.explain(pointer, ASYNC_FIELD.bytes, true), { async } = kernel;
  if (reason) return yield* faultWith(`${helper}: ${reason}`);
  if (!async) return yield* faultWith(`${helper}: the workload has nothing that would run callbacks`);
  return { async, at: addressOf(pointer) };
}

function* init(
  kernel: Kernel,
  ctx: Parameters<HelperModel>[1],
  pointer: bigint,
  mapPointer: bigint,
  kind: AsyncKind,
): Model {
  const helper = kind === "timer" ? "bpf_timer_init" : "bpf_wq_init", map = kernel.mapAt(mapPointer);
  const { async, at } = yield* field(kernel, pointer, helper);
  const offset = map?.asyncFields.find((one) => one.kind === kind)?.offset;
  if (!map || offset === undefined) return yield* faultWith(`${helper}: values of this map have no such field`);
  return yield* async.init(ctx, at, kind, map.index, pointer - BigInt(offset));
}

/** bpf_timer_init(timer, map, flags): the lowest bits of the flags are the clock. */
export const bpf_timer_init: HelperModel = function* (kernel, ctx, [timer, map, flags]) {
  if (flags >= MAX_CLOCKS || !CLOCKS.includes(flags)) return errno("EINVAL");
  return yield* init(kernel, ctx, timer, map, "timer");
};

/** bpf_timer_set_callback(timer, callback). */
export const bpf_timer_set_callback: HelperModel = function* (kernel, ctx, [timer, callback]) {
  const { async, at } = yield* field(kernel, timer, "bpf_timer_set_callback");
  return yield* async.setCallback(ctx, at, callback);
};

/** bpf_timer_start(timer, nsecs, flags). Which CPU runs it says the one that starts it, pinned or not. */
export const bpf_timer_start: HelperModel = function* (kernel, ctx, [timer, nsecs, flags]) {
  const { async, at } = yield* field(kernel, timer, "bpf_timer_start");
  if (flags & ~(BPF_F_TIMER_ABS | BPF_F_TIMER_CPU_PIN)) return errno("EINVAL");
  const now = () => BigInt(Math.floor(kernel.nowNs?.() ?? 0));
  return yield* async.startTimer(ctx, at, nsecs, (flags & BPF_F_TIMER_ABS) !== 0n, now);
};

/** bpf_timer_cancel(timer). */
export const bpf_timer_cancel: HelperModel = function* (kernel, ctx, [timer]) {
  const { async, at } = yield* field(kernel, timer, "bpf_timer_cancel");
  return yield* async.cancelTimer(ctx, at);
};

/** bpf_wq_init(wq, map, flags). */
const bpf_wq_init: HelperModel = function* (kernel, ctx, [wq, map, flags]) {
  if (BigInt.asUintN(32, flags) !== 0n) return errno("EINVAL");
  return yield* init(kernel, ctx, wq, map, "work");
};

/** bpf_wq_set_callback_impl(wq, callback, flags, aux). */
const bpf_wq_set_callback_impl: HelperModel = function* (kernel, ctx, [wq, callback, flags]) {
  if (BigInt.asUintN(32, flags) !== 0n) return errno("EINVAL");
  const { async, at } = yield* field(kernel, wq, "bpf_wq_set_callback");
  return yield* async.setCallback(ctx, at, callback);
};

/** bpf_wq_start(wq, flags). */
const bpf_wq_start: HelperModel = function* (kernel, ctx, [wq, flags]) {
  if (BigInt.asUintN(32, flags) !== 0n) return errno("EINVAL");
  const { async, at } = yield* field(kernel, wq, "bpf_wq_start");
  return yield* async.startWork(ctx, at);
};

export const WORK_KFUNCS = { bpf_wq_init, bpf_wq_set_callback_impl, bpf_wq_start };
