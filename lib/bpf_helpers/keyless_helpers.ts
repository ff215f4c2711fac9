/** Helper functions of maps without keys (kernel/bpf/helpers.c). */
import { addressOf } from "../cpu/memory.ts";
import { type Model, store, type TaskContext } from "../cpu/operation.ts";
import { BloomFilterMap } from "../maps/bloom_filter.ts";
import { KeylessMap } from "../maps/keyless_map.ts";
import { faultWith, sourceAt } from "../maps/source.ts";
import { wordAt, wordsOf } from "../maps/words.ts";
import type { HelperModel, Kernel } from "./kernel.ts";

function* mapAt(kernel: Kernel, pointer: bigint, helper: string): Model<KeylessMap> {
  const map = kernel.mapAt(pointer);
  return map instanceof KeylessMap
    ? map
    : yield* faultWith(`${helper}: the first argument is no queue, stack or filter`);
}

/** Writes where a program's pointer points: at once where no other CPU can look. */
function* writeTo(ctx: TaskContext, pointer: bigint, bytes: Uint8Array): Model<void> {
  const addr = addressOf(pointer), isPrivate = !ctx.memory.isShared(pointer);
  for (const word of wordsOf(bytes.length)) {
    yield store(addr + word.offset, word.size, wordAt(bytes, word), "value", isPrivate);
  }
}

/** bpf_map_push_elem(map, value, flags). */
export const bpf_map_push_elem: HelperModel = function* (kernel, ctx, [pointer, value, flags]) {
  const filter = kernel.mapAt(pointer);
  const map = filter instanceof BloomFilterMap ? filter : yield* mapAt(kernel, pointer, "bpf_map_push_elem");
  yield { kind: "work", what: "helper" };
  const source = yield* sourceAt(ctx.memory, value, map.def.valueSize, `bpf_map_push_elem(${map.name}): value`);
  return yield* map.map_push_elem(ctx, source, flags);
};

/** bpf_map_pop_elem(map, value). */
export const bpf_map_pop_elem: HelperModel = function* (kernel, ctx, [pointer, value]) {
  const map = yield* mapAt(kernel, pointer, "bpf_map_pop_elem");
  const reason = ctx.memory.explain(value, map.def.valueSize, true);
  if (reason) return yield* faultWith(`bpf_map_pop_elem(${map.name}): value: ${reason}`);
  yield { kind: "work", what: "helper" };
  return yield* map.map_pop_elem(ctx, (bytes) => writeTo(ctx, value, bytes));
};

/** bpf_map_peek_elem(map, value): of a bloom filter `value` is what is asked for, else where it goes. */
export const bpf_map_peek_elem: HelperModel = function* (kernel, ctx, [pointer, value]) {
  const filter = kernel.mapAt(pointer);
  if (filter instanceof BloomFilterMap) {
    yield { kind: "work", what: "helper" };
    const what = `bpf_map_peek_elem(${filter.name}): value`;
    return yield* filter.map_peek_elem(ctx, yield* sourceAt(ctx.memory, value, filter.def.valueSize, what));
  }
  const map = yield* mapAt(kernel, pointer, "bpf_map_peek_elem");
  const reason = ctx.memory.explain(value, map.def.valueSize, true);
  if (reason) return yield* faultWith(`bpf_map_peek_elem(${map.name}): value: ${reason}`);
  yield { kind: "work", what: "helper" };
  return yield* map.map_peek_elem(ctx, (bytes) => writeTo(ctx, value, bytes));
};
