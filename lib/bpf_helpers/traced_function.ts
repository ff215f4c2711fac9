/** Helper functions about the function that a program is attached to (kernel/trace/bpf_trace.c). */
import { addressOf } from "../cpu/memory.ts";
import type { Model, TaskContext } from "../cpu/operation.ts";
import { errno } from "../maps/errno.ts";
import { faultWith } from "../maps/source.ts";
import { hash32, runCountOf } from "./drawn.ts";
import type { HelperModel, Kernel } from "./kernel.ts";
import { copyTo } from "./copy_to.ts";
import { writableReason } from "./memory_helpers.ts";

const ARG_BYTES = 8;
/** sizeof(struct bpf_perf_event_value). */
const PERF_VALUE_BYTES = 24;
const KERNEL_TEXT = 0xffff_ffff_8100_0000n, TEXT_BYTES = 0x40_0000;
/** Functions that a program may be attached to at once (kprobe.multi): so many addresses are drawn. */
const FUNCTIONS = 4;

/** bpf_get_attach_cookie(ctx): no link gave one. */
export const bpf_get_attach_cookie: HelperModel = () => 0n;

/** bpf_get_func_ip(ctx): an address of kernel text, one of a few that the seed gives. */
export const bpf_get_func_ip: HelperModel = (kernel, ctx) => {
  const { seed } = kernel.options, which = hash32(seed, ctx.cpu, runCountOf(ctx), 3) % FUNCTIONS;
  return KERNEL_TEXT + BigInt((hash32(seed, which, 4) % TEXT_BYTES) & ~15);
};

/** bpf_get_func_arg_cnt(ctx): words of arguments. */
export const bpf_get_func_arg_cnt: HelperModel = (_kernel, ctx) => BigInt(ctx.tracedArgs ?? 0);

function* storeWord(kernel: Kernel, ctx: TaskContext, pointer: bigint, ctxPointer: bigint, index: number): Model {
  const { memory } = kernel, at = ctxPointer + BigInt(index * ARG_BYTES);
  const reason = memory.explain(at, ARG_BYTES, false) || writableReason(ctx, pointer, ARG_BYTES);
  if (reason) return yield* faultWith(`bpf_get_func_arg: ${reason}`);
  const word = memory.read(addressOf(at), ARG_BYTES), bytes = new Uint8Array(ARG_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, word, true);
  yield* copyTo(ctx, pointer, ARG_BYTES, { bytes });
  return 0n;
}

/** bpf_get_func_arg(ctx, n, value). */
export const bpf_get_func_arg: HelperModel = function* (kernel, ctx, [ctxPointer, nArg, value]) {
  const n = Number(BigInt.asUintN(32, nArg));
  if (n >= (ctx.tracedArgs ?? 0)) return errno("EINVAL");
  return yield* storeWord(kernel, ctx, value, ctxPointer, n);
};

/** bpf_get_func_ret(ctx, value): what the function gave back stands behind its arguments. */
export const bpf_get_func_ret: HelperModel = function* (kernel, ctx, [ctxPointer, value]) {
  return yield* storeWord(kernel, ctx, value, ctxPointer, ctx.tracedArgs ?? 0);
};

/** bpf_get_branch_snapshot(entries, size, flags): no processor here records branches. */
export const bpf_get_branch_snapshot: HelperModel = (_kernel, _ctx, [, , flags]) =>
  flags !== 0n ? errno("EINVAL") : errno("ENOENT");

/** bpf_override_return(regs, rc): told in the trace; there is no function to leave early. */
export const bpf_override_return: HelperModel = function* (_kernel, _ctx, [, rc]) {
  yield { kind: "print", text: `bpf_override_return(${BigInt.asIntN(64, rc)})` };
  return 0n;
};

/** bpf_perf_event_read(map, flags) and the two below: no perf event is open (get_map_perf_event_counter). */
export const bpf_perf_event_read: HelperModel = () => errno("ENOENT");

function* noCounter(ctx: TaskContext, buf: bigint, sizeArg: bigint): Model {
  const size = Number(BigInt.asUintN(32, sizeArg)), reason = writableReason(ctx, buf, size);
  if (reason) return yield* faultWith(`bpf_perf_event_read_value: ${reason}`);
  yield* copyTo(ctx, buf, size, { bytes: new Uint8Array(size) });
  return size === PERF_VALUE_BYTES ? errno("ENOENT") : errno("EINVAL");
}

/** bpf_perf_event_read_value(map, flags, buf, buf_size). */
export const bpf_perf_event_read_value: HelperModel = (_kernel, ctx, [, , buf, size]) => noCounter(ctx, buf, size);
