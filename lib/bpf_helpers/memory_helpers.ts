/** Helper functions that copy memory (kernel/trace/bpf_trace.c, kernel/bpf/helpers.c). */
import type { Model, TaskContext } from "../cpu/operation.ts";
import { errno } from "../maps/errno.ts";
import { faultWith, sourceAt } from "../maps/source.ts";
import { copyTo } from "./copy_to.ts";
import type { HelperModel } from "./kernel.ts";

/** Why a helper may not write to a buffer; the empty string where it may. A buffer of no bytes may be NULL. */
export const writableReason = (ctx: TaskContext, pointer: bigint, size: number): string =>
  size === 0 ? "" : ctx.memory.explain(pointer, size, true);

/** Where the kernel's half of x86-64's addresses begins. */
const KERNEL_ADDRESSES = 0xffff_8000_0000_0000n;

/**
 * What a read through a bad address gives: -EFAULT, but -ERANGE where only the kernel's memory is read and it is no address
 * of the kernel's (mm/maccess.c:copy_from_kernel_nofault, arch/x86/mm/maccess.c:copy_from_kernel_nofault_allowed).
 */
export function badSource({ memory }: TaskContext, name: string, pointer: bigint): bigint {
  const region = pointer >> 32n, isPointer = region > 0n && region < BigInt(memory.regionCount);
  const isKernels = isPointer || pointer >= KERNEL_ADDRESSES;
  return /_kernel(_str)?$/.test(name) && !isKernels ? errno("ERANGE") : errno("EFAULT");
}

/** Copies `size` bytes; a bad source gives an error and zeroes, a bad destination ends the run. */
function* probeRead(ctx: TaskContext, dst: bigint, sizeArg: bigint, src: bigint, name: string): Model {
  const size = Number(BigInt.asUintN(32, sizeArg)), reason = ctx.memory.explain(dst, size, true);
  if (reason) return yield* faultWith(`${name}: destination: ${reason}`);
  if (ctx.memory.explain(src, size, false)) {
    yield* copyTo(ctx, dst, size, { bytes: new Uint8Array(size) });
    return badSource(ctx, name, src);
  }
  yield* copyTo(ctx, dst, size, yield* sourceAt(ctx.memory, src, size, name));
  return 0n;
}

/** bpf_probe_read_kernel(dst, size, unsafe_ptr). */
export const bpf_probe_read_kernel: HelperModel = (_kernel, ctx, [dst, size, src]) =>
  probeRead(ctx, dst, size, src, "bpf_probe_read_kernel");

/** bpf_probe_read(dst, size, unsafe_ptr): the old name. */
export const bpf_probe_read: HelperModel = (_kernel, ctx, [dst, size, src]) =>
  probeRead(ctx, dst, size, src, "bpf_probe_read");

/** bpf_probe_read_user(dst, size, unsafe_ptr): there is no user memory to read, so what it finds depends on the pointer. */
export const bpf_probe_read_user: HelperModel = (_kernel, ctx, [dst, size, src]) =>
  probeRead(ctx, dst, size, src, "bpf_probe_read_user");

/** bpf_copy_from_user(dst, size, user_ptr): may have to wait for the page, so the run sleeps here (sleepable only). */
export const bpf_copy_from_user: HelperModel = function* (_kernel, ctx, [dst, size, src]) {
  yield { kind: "work", what: "sleep" };
  yield { kind: "sleep", label: "page fault" };
  return yield* probeRead(ctx, dst, size, src, "bpf_copy_from_user");
};

/**
 * bpf_probe_write_user(dst, src, len): told in the trace; there is no user memory to write, so that nothing changes. It
 * fails where nothing stands, and in interrupts.
 */
export const bpf_probe_write_user: HelperModel = function* (kernel, ctx, [dst, src, lenArg]) {
  const size = Number(BigInt.asUintN(32, lenArg)), reason = ctx.memory.explain(src, size, false);
  if (reason) return yield* faultWith(`bpf_probe_write_user: source: ${reason}`);
  if (ctx.from === "interrupt" || ctx.from === "nmi") return errno("EPERM");
  if (kernel.memory.explain(dst, size, false)) return errno("EFAULT");
  yield { kind: "print", text: `bpf_probe_write_user(${size} bytes)` };
  return 0n;
};
