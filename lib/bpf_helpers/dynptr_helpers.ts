/** Helper functions about dynptrs (kernel/bpf/helpers.c, kernel/bpf/ringbuf.c). */
import { addressOf } from "../cpu/memory.ts";
import type { Model, TaskContext } from "../cpu/operation.ts";
import { RingbufMap } from "../maps/ringbuf.ts";
import { faultWith, readSource, sourceAt } from "../maps/source.ts";
import { copyTo } from "./copy_to.ts";
import { DYNPTR, type Dynptr, DYNPTR_MAX_SIZE, isBeyond, pointerInto, readDynptr, writeDynptr } from "./dynptr.ts";
import type { HelperModel, Kernel } from "./kernel.ts";
import { failed, u32 } from "./packet_access.ts";
import { bpf_ringbuf_discard, bpf_ringbuf_submit } from "./ringbuf_helpers.ts";
import { bpf_skb_store_bytes } from "./skb_helpers.ts";
import { bpf_xdp_store_bytes } from "./xdp_helpers.ts";

/** bpf_dynptr_from_mem(data, size, flags, ptr). */
export const bpf_dynptr_from_mem: HelperModel = function* (_kernel, _ctx, [data, sizeArg, flags, ptr]) {
  const size = u32(sizeArg), error = size > DYNPTR_MAX_SIZE ? "E2BIG" : flags !== 0n ? "EINVAL" : undefined;
  yield { kind: "work", what: "helper" };
  yield* writeDynptr(ptr, error ? undefined : { data, type: DYNPTR.LOCAL, isReadOnly: false, offset: 0, size });
  return error ? failed(error) : 0n;
};

/** Copies a part of a dynptr's memory; 0, or what the helper of its kind returns. */
export function* readFrom(ctx: TaskContext, src: Dynptr, offset: number, dst: bigint, length: number): Model {
  const from = pointerInto(ctx, src, offset, length);
  if (from === 0n) return failed(src.type === DYNPTR.SKB ? "EFAULT" : "EINVAL");
  const reason = length === 0 ? "" : ctx.memory.explain(dst, length, true);
  if (reason) return yield* faultWith(`bpf_dynptr_read: destination: ${reason}`);
  if (length > 0) yield* memmove(ctx, dst, from, length, "bpf_dynptr_read");
  return 0n;
}

/** Where source and destination overlap, all is loaded before anything is stored. */
function* memmove(ctx: TaskContext, dst: bigint, src: bigint, length: number, name: string): Model<void> {
  const source = yield* sourceAt(ctx.memory, src, length, name), distance = addressOf(dst) - addressOf(src);
  const overlaps = Math.abs(distance) < length;
  yield* copyTo(ctx, dst, length, overlaps ? { bytes: yield* readSource(source, length, "source") } : source);
}

/** The same the other way. */
export function* writeTo(
  kernel: Kernel,
  ctx: TaskContext,
  dst: Dynptr,
  offset: number,
  src: bigint,
  length: number,
  flags: bigint,
): Model {
  const at = BigInt(dst.offset + offset);
  if (dst.type === DYNPTR.SKB) {
    return yield* ran(bpf_skb_store_bytes(kernel, ctx, [dst.data, at, src, BigInt(length), flags]));
  }
  if (flags !== 0n) return failed("EINVAL");
  if (dst.type === DYNPTR.XDP) {
    return yield* ran(bpf_xdp_store_bytes(kernel, ctx, [dst.data, at, src, BigInt(length), 0n]));
  }
  if (length === 0) return 0n;
  yield* memmove(ctx, pointerInto(ctx, dst, offset, length), src, length, "bpf_dynptr_write");
  return 0n;
}

function* ran(result: Model | bigint): Model {
  return typeof result === "bigint" ? result : yield* result;
}

/** bpf_dynptr_read(dst, len, src, offset, flags). */
export const bpf_dynptr_read: HelperModel = function* (_kernel, ctx, [dst, lenArg, ptr, offsetArg, flags]) {
  const src = yield* readDynptr(ctx, ptr), length = u32(lenArg), offset = u32(offsetArg);
  yield { kind: "work", what: "helper" };
  if (src.data === 0n || flags !== 0n) return failed("EINVAL");
  return isBeyond(src, offset, length) ? failed("E2BIG") : yield* readFrom(ctx, src, offset, dst, length);
};

/** bpf_dynptr_write(dst, offset, src, len, flags). */
export const bpf_dynptr_write: HelperModel = function* (kernel, ctx, [ptr, offsetArg, src, lenArg, flags]) {
  const dst = yield* readDynptr(ctx, ptr), length = u32(lenArg), offset = u32(offsetArg);
  yield { kind: "work", what: "helper" };
  if (dst.data === 0n || dst.isReadOnly) return failed("EINVAL");
  return isBeyond(dst, offset, length) ? failed("E2BIG") : yield* writeTo(kernel, ctx, dst, offset, src, length, flags);
};

/** bpf_dynptr_data(ptr, offset, len): a pointer to a part of it; NULL where it is a packet's, or too short. */
export const bpf_dynptr_data: HelperModel = function* (_kernel, ctx, [ptr, offsetArg, lenArg]) {
  const dynptr = yield* readDynptr(ctx, ptr), offset = u32(offsetArg), length = u32(lenArg), { type } = dynptr;
  yield { kind: "work", what: "helper" };
  if (dynptr.data === 0n || isBeyond(dynptr, offset, length) || dynptr.isReadOnly) return 0n;
  return type === DYNPTR.LOCAL || type === DYNPTR.RINGBUF ? pointerInto(ctx, dynptr, offset, length) : 0n;
};

/** bpf_ringbuf_reserve_dynptr(ringbuf, size, flags, ptr): whatever comes of it, the dynptr has to be given back. */
export const bpf_ringbuf_reserve_dynptr: HelperModel = function* (kernel, ctx, [pointer, sizeArg, flags, ptr]) {
  const map = kernel.mapAt(pointer), size = u32(sizeArg);
  if (!(map instanceof RingbufMap)) {
    return yield* faultWith("bpf_ringbuf_reserve_dynptr: the first argument is no ring buffer");
  }
  yield { kind: "work", what: "helper" };
  const error = flags !== 0n ? "EINVAL" : size > DYNPTR_MAX_SIZE ? "E2BIG" : undefined;
  const data = error ? 0n : yield* map.reserve(ctx, BigInt(size));
  yield* writeDynptr(ptr, data === 0n ? undefined : { data, type: DYNPTR.RINGBUF, isReadOnly: false, offset: 0, size });
  return error ? failed(error) : data === 0n ? failed("EINVAL") : 0n;
};

function* commit(kernel: Kernel, ctx: TaskContext, ptr: bigint, flags: bigint, by: HelperModel): Model {
  const { data } = yield* readDynptr(ctx, ptr);
  if (data === 0n) return 0n;
  yield* ran(by(kernel, ctx, [data, flags, 0n, 0n, 0n]));
  yield* writeDynptr(ptr);
  return 0n;
}

/** bpf_ringbuf_submit_dynptr(ptr, flags), bpf_ringbuf_discard_dynptr(ptr, flags). */
export const bpf_ringbuf_submit_dynptr: HelperModel = (kernel, ctx, [ptr, flags]) =>
  commit(kernel, ctx, ptr, flags, bpf_ringbuf_submit);
export const bpf_ringbuf_discard_dynptr: HelperModel = (kernel, ctx, [ptr, flags]) =>
  commit(kernel, ctx, ptr, flags, bpf_ringbuf_discard);
