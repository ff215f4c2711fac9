/** Helper functions that copy memory (kernel/trace/bpf_trace.c, kernel/bpf/helpers.c). */
import { addressOf } from "../cpu/memory.ts";
import { type Model, store, type TaskContext } from "../cpu/operation.ts";
import { errno } from "../maps/errno.ts";
import { faultWith, readWord, type Source, sourceAt } from "../maps/source.ts";
import { wordsOf } from "../maps/words.ts";
import type { HelperModel } from "./kernel.ts";

/** Writes where a program's pointer points: in steps when other CPUs can look, at once otherwise. */
function* copyTo(ctx: TaskContext, pointer: bigint, size: number, source: Source): Model<void> {
  const addr = addressOf(pointer), shared = ctx.memory.isShared(pointer);
  for (const word of wordsOf(size)) {
    const value = yield* readWord(source, word, "source");
    const op = store(addr + word.offset, word.size, value, "destination");
    yield shared ? op : { ...op, exclusive: true };
  }
}

/** Copies `size` bytes; a bad source gives -EFAULT and zeroes, a bad destination ends the run. */
function* probeRead(ctx: TaskContext, dst: bigint, sizeArg: bigint, src: bigint, name: string): Model {
  const size = Number(BigInt.asUintN(32, sizeArg)), reason = ctx.memory.explain(dst, size, true);
  if (reason) return yield* faultWith(`${name}: destination: ${reason}`);
  if (ctx.memory.explain(src, size, false)) {
    yield* copyTo(ctx, dst, size, { bytes: new Uint8Array(size) });
    return errno("EFAULT");
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
