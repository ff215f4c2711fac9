/** Stack traces (kernel/bpf/stackmap.c). There is no stack to walk: which of a few traces is found, the seed says. */
import type { TaskContext } from "../cpu/operation.ts";
import { errno } from "../maps/errno.ts";
import { faultWith } from "../maps/source.ts";
import { MOST_TRACES, StackTraceMap } from "../maps/stack_trace.ts";
import {
  BPF_F_FAST_STACK_CMP,
  BPF_F_REUSE_STACKID,
  BPF_F_SKIP_FIELD_MASK,
  BPF_F_USER_BUILD_ID,
  BPF_F_USER_STACK,
} from "../uapi/flags.ts";
import { hash32, runCountOf } from "./drawn.ts";
import type { HelperModel, Kernel } from "./kernel.ts";
import { copyTo } from "./copy_to.ts";
import { writableReason } from "./memory_helpers.ts";

const IP_BYTES = 8;
/** Kernel traces, and as many of user space. */
const TRACES = MOST_TRACES / 2;
const LEAST_FRAMES = 3, MORE_FRAMES = 6;
/** Where the kernel's text and a program's begin. */
const KERNEL_TEXT = 0xffff_ffff_8100_0000n, USER_TEXT = 0x5555_5555_4000n;
/** Traces of one kind end alike: in the entry of a system call, in main. */
const COMMON_FRAMES = 2;
const TEXT_BYTES = 0x40_0000;

/** The addresses of a trace, the innermost first. */
function drawnTrace(kernel: Kernel, ctx: TaskContext, isUser: boolean): bigint[] {
  const { seed } = kernel.options, kind = isUser ? 1 : 0;
  const which = hash32(seed, ctx.cpu, runCountOf(ctx), kind) % TRACES;
  const frames = LEAST_FRAMES + hash32(seed, which, kind, 2) % MORE_FRAMES;
  return Array.from({ length: frames }, (_, depth) => {
    const function_ = depth >= frames - COMMON_FRAMES ? -(frames - depth) : which;
    return (isUser ? USER_TEXT : KERNEL_TEXT) +
      BigInt(hash32(seed, function_, function_ < 0 ? 0 : depth, kind) % TEXT_BYTES);
  });
}

const STACKID_FLAGS = BPF_F_SKIP_FIELD_MASK | BPF_F_USER_STACK | BPF_F_FAST_STACK_CMP | BPF_F_REUSE_STACKID;

/** bpf_get_stackid(ctx, map, flags). */
export const bpf_get_stackid: HelperModel = function* (kernel, ctx, [, mapPointer, flags]) {
  const map = kernel.mapAt(mapPointer);
  if (!(map instanceof StackTraceMap)) {
    return yield* faultWith("bpf_get_stackid: the second argument is no STACK_TRACE");
  }
  if (flags & ~STACKID_FLAGS) return errno("EINVAL");
  const skip = Number(flags & BPF_F_SKIP_FIELD_MASK);
  const most = Math.floor(map.def.valueSize / IP_BYTES);
  const trace = drawnTrace(kernel, ctx, (flags & BPF_F_USER_STACK) !== 0n).slice(0, most + skip);
  if (trace.length <= skip) return errno("EFAULT");
  return yield* map.getStackId(ctx, trace.slice(skip), flags);
};

const STACK_FLAGS = BPF_F_SKIP_FIELD_MASK | BPF_F_USER_STACK | BPF_F_USER_BUILD_ID;

/** bpf_get_stack(ctx, buf, size, flags): bytes of the trace; what it leaves of the buffer is zeroed. */
export const bpf_get_stack: HelperModel = function* (kernel, ctx, [, buf, sizeArg, flags]) {
  const size = Number(BigInt.asUintN(32, sizeArg)), reason = writableReason(ctx, buf, size);
  if (reason) return yield* faultWith(`bpf_get_stack: ${reason}`);
  const isUser = (flags & BPF_F_USER_STACK) !== 0n, bytes = new Uint8Array(size);
  const refused = (flags & ~STACK_FLAGS) !== 0n || (flags & BPF_F_USER_BUILD_ID) !== 0n && !isUser ||
    size % IP_BYTES !== 0;
  if (refused || flags & BPF_F_USER_BUILD_ID) {
    yield* copyTo(ctx, buf, size, { bytes });
    // No file is behind the addresses that are drawn, so none has a build id.
    return errno("EINVAL");
  }
  const trace = drawnTrace(kernel, ctx, isUser).slice(Number(flags & BPF_F_SKIP_FIELD_MASK));
  const view = new DataView(bytes.buffer), copied = trace.slice(0, size / IP_BYTES);
  copied.forEach((ip, i) => view.setBigUint64(i * IP_BYTES, ip, true));
  yield* copyTo(ctx, buf, size, { bytes });
  return BigInt(copied.length * IP_BYTES);
};

/** bpf_get_task_stack(task, buf, size, flags). */
export const bpf_get_task_stack: HelperModel = bpf_get_stack;
