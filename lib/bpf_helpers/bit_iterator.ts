/** The iterator over bits (kernel/bpf/helpers.c: struct bpf_iter_bits_kern). */
import { addressOf, type Memory } from "../cpu/memory.ts";
import type { Model } from "../cpu/operation.ts";
import { errno } from "../maps/errno.ts";
import { readSource, sourceAt } from "../maps/source.ts";
import { wordAt } from "../maps/words.ts";
import type { HelperModel } from "./kernel.ts";
import { badSource } from "./memory_helpers.ts";

/** Offsets on the program's stack, which no other task sees: one word of bits, or where more of them stand. */
const BITS = 0, NR_BITS = 8, BIT = 12;
const BITS_ITER_NR_WORDS_MAX = 511, WORD_BITS = 64;

function* onStack(run: (memory: Memory) => bigint): Model {
  return yield { kind: "private", label: "bpf_iter_bits", run };
}

function set(memory: Memory, it: number, bits: bigint, nrBits: number): bigint {
  memory.write(it + BITS, 8, bits);
  memory.setU32(it + NR_BITS, nrBits);
  memory.setU32(it + BIT, 0xffff_ffff);
  return 0n;
}

/** bpf_iter_bits_new(it, unsafe_ptr, nr_words): the bits are copied, so that they stay as they are now. */
export const bpf_iter_bits_new: HelperModel = function* (kernel, ctx, [itPointer, pointer, nrWordsArg]) {
  const it = addressOf(itPointer), nrWords = Number(BigInt.asUintN(32, nrWordsArg));
  yield* onStack((memory) => set(memory, it, 0n, 0));
  if (pointer === 0n || nrWords === 0) return errno("EINVAL");
  if (nrWords > BITS_ITER_NR_WORDS_MAX) return errno("E2BIG");
  const buffer = nrWords === 1 ? 0n : yield* kernel.bitBuffers!.alloc(ctx);
  if (buffer < 0n) return errno("ENOMEM");
  if (ctx.memory.explain(pointer, 8 * nrWords, false)) {
    if (buffer > 0n) yield* kernel.bitBuffers!.free(ctx, Number(buffer));
    // Of more words than one the error is handed on.
    return nrWords === 1 ? errno("EFAULT") : badSource(ctx, "bpf_probe_read_kernel", pointer);
  }
  const source = yield* sourceAt(ctx.memory, pointer, 8 * nrWords, "bpf_iter_bits_new");
  const bytes = yield* readSource(source, 8 * nrWords, "bits");
  return yield* onStack((memory) => {
    if (buffer > 0n) memory.writeBytes(Number(buffer), bytes);
    return set(memory, it, buffer > 0n ? buffer : wordAt(bytes, { offset: 0, size: 8 }), nrWords * WORD_BITS);
  });
};

/** bpf_iter_bits_next(it): a pointer to the number of the next bit that is set, NULL behind the last. */
export const bpf_iter_bits_next: HelperModel = (_kernel, _ctx, [itPointer]) => {
  const it = addressOf(itPointer);
  return onStack((memory) => {
    const nrBits = memory.getU32(it + NR_BITS), bit = memory.getU32(it + BIT) | 0;
    if (nrBits === 0 || bit >= nrBits) return 0n;
    const bits = nrBits === WORD_BITS ? it + BITS : Number(memory.read(it + BITS, 8));
    let next = bit + 1;
    while (next < nrBits && (memory.bytes[bits + (next >> 3)] >> (next & 7) & 1) === 0) next++;
    memory.setU32(it + BIT, next);
    return next < nrBits ? itPointer + BigInt(BIT) : 0n;
  });
};

/** bpf_iter_bits_destroy(it). */
export const bpf_iter_bits_destroy: HelperModel = function* (kernel, ctx, [itPointer]) {
  const it = addressOf(itPointer);
  const buffer = Number(
    yield* onStack((memory) => memory.getU32(it + NR_BITS) <= WORD_BITS ? 0n : memory.read(it + BITS, 8)),
  );
  if (buffer > 0) yield* kernel.bitBuffers!.free(ctx, buffer);
  return 0n;
};
