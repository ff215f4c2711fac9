/** Kernel functions about dynptrs (kernel/bpf/helpers.c, net/core/filter.c). */
import { addressOf } from "../cpu/memory.ts";
import { type Model, store, type TaskContext } from "../cpu/operation.ts";
import type { Packet } from "../cpu/packet.ts";
import { wordAt, wordsOf } from "../maps/words.ts";
import { DYNPTR, type DynptrType, isBeyond, pointerInto, readDynptr, writeDynptr } from "./dynptr.ts";
import { readFrom, writeTo } from "./dynptr_helpers.ts";
import type { HelperModel } from "./kernel.ts";
import { failed, packetOf } from "./packet_access.ts";

function* fromPacket(ctx: TaskContext, pointer: bigint, flags: bigint, ptr: bigint, type: DynptrType): Model {
  const packet: Packet = yield* packetOf("bpf_dynptr_from_skb", ctx, pointer);
  yield { kind: "work", what: "helper" };
  const { isReadOnly, length: size } = packet;
  yield* writeDynptr(ptr, flags === 0n ? { data: pointer, type, isReadOnly, offset: 0, size } : undefined);
  return flags === 0n ? 0n : failed("EINVAL");
}

/** bpf_dynptr_from_skb(skb, flags, ptr), bpf_dynptr_from_xdp(xdp, flags, ptr). */
export const bpf_dynptr_from_skb: HelperModel = (_kernel, ctx, [skb, flags, ptr]) =>
  fromPacket(ctx, skb, flags, ptr, DYNPTR.SKB);
export const bpf_dynptr_from_xdp: HelperModel = (_kernel, ctx, [xdp, flags, ptr]) =>
  fromPacket(ctx, xdp, flags, ptr, DYNPTR.XDP);

function* slice(ctx: TaskContext, ptr: bigint, offset: bigint, size: bigint, writes: boolean): Model {
  const dynptr = yield* readDynptr(ctx, ptr);
  yield { kind: "work", what: "helper" };
  if (dynptr.data === 0n || writes && dynptr.isReadOnly || isBeyond(dynptr, offset, size)) return 0n;
  return pointerInto(ctx, dynptr, Number(offset), Number(size));
}

/** bpf_dynptr_slice(ptr, offset, buffer, size): NULL where it is too short. The buffer is for packets in pieces. */
export const bpf_dynptr_slice: HelperModel = (_kernel, ctx, [ptr, offset, , size]) =>
  slice(ctx, ptr, offset, size, false);
export const bpf_dynptr_slice_rdwr: HelperModel = (_kernel, ctx, [ptr, offset, , size]) =>
  slice(ctx, ptr, offset, size, true);

/** bpf_dynptr_adjust(ptr, start, end): the part from `start` up to `end` of it. */
export const bpf_dynptr_adjust: HelperModel = function* (_kernel, ctx, [ptr, start, end]) {
  const dynptr = yield* readDynptr(ctx, ptr), { size } = dynptr;
  if (dynptr.data === 0n || start > end) return failed("EINVAL");
  if (start > BigInt(size) || end > BigInt(size)) return failed("ERANGE");
  yield* writeDynptr(ptr, { ...dynptr, offset: dynptr.offset + Number(start), size: Number(end - start) });
  return 0n;
};

export const bpf_dynptr_is_null: HelperModel = function* (_kernel, ctx, [ptr]) {
  return (yield* readDynptr(ctx, ptr)).data === 0n ? 1n : 0n;
};

export const bpf_dynptr_is_rdonly: HelperModel = function* (_kernel, ctx, [ptr]) {
  const { data, isReadOnly } = yield* readDynptr(ctx, ptr);
  return data !== 0n && isReadOnly ? 1n : 0n;
};

/** bpf_dynptr_size(ptr): -EINVAL for one that describes nothing. */
export const bpf_dynptr_size: HelperModel = function* (_kernel, ctx, [ptr]) {
  const { data, size } = yield* readDynptr(ctx, ptr);
  return data === 0n ? failed("EINVAL") : BigInt(size);
};

/** bpf_dynptr_clone(ptr, clone). */
export const bpf_dynptr_clone: HelperModel = function* (_kernel, ctx, [ptr, clone]) {
  const dynptr = yield* readDynptr(ctx, ptr), isNull = dynptr.data === 0n;
  yield* writeDynptr(clone, isNull ? undefined : dynptr);
  return isNull ? failed("EINVAL") : 0n;
};

/** bpf_dynptr_copy(dst, dst_off, src, src_off, size). */
export const bpf_dynptr_copy: HelperModel = function* (kernel, ctx, [dstPtr, dstOffset, srcPtr, srcOffset, size]) {
  const dst = yield* readDynptr(ctx, dstPtr), src = yield* readDynptr(ctx, srcPtr), length = Number(size);
  yield { kind: "work", what: "helper" };
  const from = src.data === 0n || isBeyond(src, srcOffset, size)
    ? 0n
    : pointerInto(ctx, src, Number(srcOffset), length);
  const mayWrite = dst.data !== 0n && !dst.isReadOnly && !isBeyond(dst, dstOffset, size);
  if (from !== 0n && mayWrite) return yield* writeTo(kernel, ctx, dst, Number(dstOffset), from, length, 0n);
  if (isBeyond(dst, dstOffset, size) || isBeyond(src, srcOffset, size)) return failed("E2BIG");
  if (src.data === 0n || !mayWrite) return failed("EINVAL");
  return yield* readFrom(ctx, src, Number(srcOffset), pointerInto(ctx, dst, Number(dstOffset), length), length);
};

/** bpf_dynptr_memset(ptr, offset, size, value). */
export const bpf_dynptr_memset: HelperModel = function* (_kernel, ctx, [ptr, offset, size, value]) {
  const dynptr = yield* readDynptr(ctx, ptr), length = Number(size);
  yield { kind: "work", what: "helper" };
  if (dynptr.data === 0n || dynptr.isReadOnly) return failed("EINVAL");
  if (isBeyond(dynptr, offset, size)) return failed("E2BIG");
  const pointer = pointerInto(ctx, dynptr, Number(offset), length), addr = addressOf(pointer);
  const bytes = new Uint8Array(8).fill(Number(value & 0xffn)), isPrivate = !ctx.memory.isShared(pointer);
  for (const word of length === 0 ? [] : wordsOf(length)) {
    yield store(addr + word.offset, word.size, wordAt(bytes, { offset: 0, size: word.size }), "memset", isPrivate);
  }
  return 0n;
};
