/** Helper functions of ring buffers (kernel/bpf/ringbuf.c). */
import type { Model, TaskContext } from "../cpu/operation.ts";
import { RingbufMap } from "../maps/ringbuf.ts";
import { faultWith, sourceAt } from "../maps/source.ts";
import type { HelperModel, Kernel } from "./kernel.ts";

function* ringAt(kernel: Kernel, pointer: bigint, helper: string): Model<RingbufMap> {
  const map = kernel.mapAt(pointer);
  return map instanceof RingbufMap ? map : yield* faultWith(`${helper}: the first argument is no ring buffer`);
}

function* commit(kernel: Kernel, _ctx: TaskContext, sample: bigint, flags: bigint, discard: boolean): Model {
  const helper = discard ? "bpf_ringbuf_discard" : "bpf_ringbuf_submit";
  const map = kernel.maps.find((map) => map instanceof RingbufMap && map.holdsRecord(sample));
  if (!(map instanceof RingbufMap)) {
    return yield* faultWith(`${helper}: the first argument is no record of a ring buffer`);
  }
  yield { kind: "work", what: "helper" };
  return yield* map.commit(sample, flags, discard);
}

/** bpf_ringbuf_reserve(ringbuf, size, flags): a pointer to the record, or NULL. */
export const bpf_ringbuf_reserve: HelperModel = function* (kernel, ctx, [pointer, size, flags]) {
  const map = yield* ringAt(kernel, pointer, "bpf_ringbuf_reserve");
  yield { kind: "work", what: "helper" };
  return flags === 0n ? yield* map.reserve(ctx, size) : 0n;
};

/** bpf_ringbuf_submit(data, flags). */
export const bpf_ringbuf_submit: HelperModel = (kernel, ctx, [sample, flags]) =>
  commit(kernel, ctx, sample, flags, false);

/** bpf_ringbuf_discard(data, flags). */
export const bpf_ringbuf_discard: HelperModel = (kernel, ctx, [sample, flags]) =>
  commit(kernel, ctx, sample, flags, true);

/** bpf_ringbuf_output(ringbuf, data, size, flags): 0, -EINVAL, or -EAGAIN where the ring is full. */
export const bpf_ringbuf_output: HelperModel = function* (kernel, ctx, [pointer, data, size, flags]) {
  const map = yield* ringAt(kernel, pointer, "bpf_ringbuf_output");
  yield { kind: "work", what: "helper" };
  const source = yield* sourceAt(ctx.memory, data, Number(size), `bpf_ringbuf_output(${map.name}): data`);
  return yield* map.output(ctx, source, Number(size), flags);
};

/** bpf_ringbuf_query(ringbuf, flags). */
export const bpf_ringbuf_query: HelperModel = function* (kernel, _ctx, [pointer, flags]) {
  const map = yield* ringAt(kernel, pointer, "bpf_ringbuf_query");
  yield { kind: "work", what: "helper" };
  return yield* map.query(flags);
};
