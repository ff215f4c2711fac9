/** Helper functions that work on maps, by kernel name (kernel/bpf/helpers.c, kernel/bpf/map_iter.c). */
import { addressOf, type Memory } from "../cpu/memory.ts";
import type { Model, TaskContext } from "../cpu/operation.ts";
import { errno } from "../maps/errno.ts";
import type { KernelMap } from "../maps/kernel_map.ts";
import { faultWith, type Source, sourceAt } from "../maps/source.ts";
import type { HelperModel } from "./kernel.ts";

/** A key or value that needs no step to be read: on the stack, and all of it inside. */
function privateSource(memory: Memory, pointer: bigint, size: number): Source | undefined {
  if (memory.isShared(pointer) || memory.explain(pointer, size, false)) return undefined;
  const addr = addressOf(pointer);
  return { bytes: memory.bytes.slice(addr, addr + size) };
}

function* noMap(helper: string): Model {
  return yield* faultWith(`${helper}: the first argument is not a map`);
}

/** bpf_map_lookup_elem(map, key). */
export const bpf_map_lookup_elem: HelperModel = (kernel, ctx, [mapPointer, key]) => {
  const map = kernel.mapAt(mapPointer);
  if (!map) return noMap("bpf_map_lookup_elem");
  if (map.lookupIsInlined) {
    const source = privateSource(ctx.memory, key, map.def.keySize);
    if (source) return map.map_lookup_elem(ctx, source);
  }
  return lookup(map, ctx, key);
};

function* lookup(map: KernelMap, ctx: TaskContext, key: bigint): Model {
  const source = yield* sourceAt(ctx.memory, key, map.def.keySize, `bpf_map_lookup_elem(${map.name}): key`);
  const found = map.map_lookup_elem(ctx, source);
  return typeof found === "bigint" ? found : yield* found;
}

/** bpf_map_update_elem(map, key, value, flags). */
export const bpf_map_update_elem: HelperModel = function* (kernel, ctx, [mapPointer, key, value, flags]) {
  const map = kernel.mapAt(mapPointer);
  if (!map) return yield* noMap("bpf_map_update_elem");
  const what = `bpf_map_update_elem(${map.name})`;
  yield { kind: "work", what: "helper" };
  const keySource = yield* sourceAt(ctx.memory, key, map.def.keySize, `${what}: key`);
  const valueSource = yield* sourceAt(ctx.memory, value, map.def.valueSize, `${what}: value`);
  return yield* map.map_update_elem(ctx, keySource, valueSource, flags);
};

/** bpf_map_delete_elem(map, key). */
export const bpf_map_delete_elem: HelperModel = function* (kernel, ctx, [mapPointer, key]) {
  const map = kernel.mapAt(mapPointer);
  if (!map) return yield* noMap("bpf_map_delete_elem");
  yield { kind: "work", what: "helper" };
  const source = yield* sourceAt(ctx.memory, key, map.def.keySize, `bpf_map_delete_elem(${map.name}): key`);
  return yield* map.map_delete_elem(ctx, source);
};

/** bpf_map_lookup_percpu_elem(map, key, cpu). */
export const bpf_map_lookup_percpu_elem: HelperModel = function* (kernel, ctx, [mapPointer, key, cpuArg]) {
  const map = kernel.mapAt(mapPointer), cpu = Number(BigInt.asUintN(32, cpuArg));
  if (!map) return yield* noMap("bpf_map_lookup_percpu_elem");
  const source = yield* sourceAt(ctx.memory, key, map.def.keySize, `bpf_map_lookup_percpu_elem(${map.name}): key`);
  if (cpu >= kernel.possibleCpus) return 0n;
  const found = map.map_lookup_percpu_elem(ctx, source, cpu);
  return typeof found === "bigint" ? found : yield* found;
};

/** kernel/bpf/map_iter.c:bpf_for_each_map_elem(map, callback, callback_ctx, flags). */
export const bpf_for_each_map_elem: HelperModel = function* (kernel, ctx, [mapPointer, callback, callbackCtx, flags]) {
  const map = kernel.mapAt(mapPointer);
  if (!map) return yield* noMap("bpf_for_each_map_elem");
  if (flags !== 0n) return errno("EINVAL");
  return yield* map.map_for_each_callback(ctx, callback, callbackCtx);
};

/** bpf_spin_lock(lock). */
export const bpf_spin_lock: HelperModel = function* (kernel, ctx, [lock]) {
  const reason = ctx.memory.explain(lock, 4, true);
  if (reason) return yield* faultWith(`bpf_spin_lock: ${reason}`);
  return yield* kernel.locks.bpf_spin_lock(ctx, addressOf(lock));
};

/** bpf_spin_unlock(lock). */
export const bpf_spin_unlock: HelperModel = function* (kernel, ctx, [lock]) {
  const reason = ctx.memory.explain(lock, 4, true);
  if (reason) return yield* faultWith(`bpf_spin_unlock: ${reason}`);
  return yield* kernel.locks.bpf_spin_unlock(ctx, addressOf(lock));
};
