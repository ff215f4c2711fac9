/** ARRAY_OF_MAPS and HASH_OF_MAPS (kernel/bpf/arraymap.c, kernel/bpf/hashtab.c, kernel/bpf/map_in_map.c). */
import type { Memory } from "../cpu/memory.ts";
import { load, type Model, store, type TaskContext } from "../cpu/operation.ts";
import type { MapDef } from "../object/bpf_object.ts";
import type { BatchEntry } from "./batch.ts";
import { FRESH } from "./elem_pool.ts";
import { errno } from "./errno.ts";
import { PooledHtab } from "./hash.ts";
import { ELEM, type HashedKey } from "./htab.ts";
import type { Found, KernelMap, MapEnvironment } from "./kernel_map.ts";
import { BPF_EXIST, BPF_F_INNER_MAP } from "../uapi/flags.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import { keyBytes } from "./array.ts";
import { SlotArray } from "./prog_array.ts";
import { runAtOnce } from "./run_at_once.ts";
import { readSource, type Source } from "./source.ts";
import { numberToBytes, wordAt } from "./words.ts";

const SLOT_BYTES = 8;
const ID = { offset: 0, size: 4 } as const;

/** kernel/bpf/map_in_map.c:bpf_map_meta_equal: whether a map may take a place that was made for maps like `shape`. */
export function bpf_map_meta_equal(shape: MapDef, map: MapDef): boolean {
  const anySize = (shape.flags & BPF_F_INNER_MAP) !== 0 || shape.type !== BPF_MAP_TYPE.ARRAY;
  return shape.type === map.type && shape.keySize === map.keySize && shape.valueSize === map.valueSize &&
    shape.flags === map.flags && (anySize || shape.maxEntries === map.maxEntries);
}

/** The map that user space names by its id, when it has the right shape (bpf_map_fd_get_ptr). */
function innerMap(outer: KernelMap, id: number): KernelMap | undefined {
  const map = outer.environment.maps[id - 1], shape = outer.def.inner;
  return map && shape && bpf_map_meta_equal(shape, map.def) ? map : undefined;
}

/** What programs get from a slot: the inner map's pointer, or NULL. */
const pointerFromSlot = (outer: KernelMap, id: bigint): bigint =>
  id === 0n ? 0n : outer.environment.maps[Number(id) - 1].pointer;

/** Slots hold the inner map's id; the name of that map in reports. */
function nameOfInner(outer: KernelMap, id: bigint | string): string {
  return outer.environment.maps[Number(id) - 1]?.name ?? "none";
}

export class ArrayOfMaps extends SlotArray {
  override get holds(): "inner_map" {
    return "inner_map";
  }

  /** kernel/bpf/arraymap.c:array_of_map_lookup_elem, inlined: one load of the slot. */
  map_lookup_elem(_ctx: TaskContext, key: Source): Model | bigint {
    return this.withIndex(key, (i) => i < this.def.maxEntries ? this.#load(i) : 0n);
  }

  *#load(index: number): Model {
    return pointerFromSlot(this, yield load(this.slot(index), SLOT_BYTES, "inner map"));
  }

  override *bpf_map_update_value(ctx: TaskContext, key: Uint8Array, value: Uint8Array, flags: bigint): Model {
    if (!innerMap(this, Number(wordAt(value, ID)))) return errno("EINVAL");
    return yield* super.bpf_map_update_value(ctx, key, value, flags);
  }

  override formatLeaf(id: bigint | string): string {
    return nameOfInner(this, id);
  }
}

export class HashOfMaps extends PooledHtab {
  override get holds(): "inner_map" {
    return "inner_map";
  }

  constructor(def: MapDef, index: number, environment: MapEnvironment) {
    super(def, index, environment, SLOT_BYTES, true);
  }

  /** libbpf puts the initial inner maps in with bpf_map_update_elem, keyed by their place in `.values`. */
  override initialize(memory: Memory): void {
    super.initialize(memory);
    const ctx: TaskContext = { task: 0, cpu: 0, nrCpus: this.environment.nrCpus, memory, from: "user" };
    for (const { key, map } of this.def.slots ?? []) {
      const bytes = numberToBytes(BigInt(key), this.def.keySize);
      runAtOnce(memory, this.bpf_map_update_value(ctx, bytes, keyBytes(map + 1), 0n));
    }
  }

  /** kernel/bpf/hashtab.c:htab_of_map_lookup_elem. */
  *map_lookup_elem(_ctx: TaskContext, keySource: Source): Model {
    const key = this.hashKey(yield* readSource(keySource, this.def.keySize, "key"));
    yield { kind: "work", what: "hash", amount: this.def.keySize };
    const elem = yield* this.lookup_nulls_elem_raw(key);
    return elem === 0 ? 0n : pointerFromSlot(this, yield load(elem + this.valueOffset, SLOT_BYTES, "inner map"));
  }

  *map_update_elem(_ctx: TaskContext, _key: Source, _value: Source, _flags: bigint): Model {
    return errno("EINVAL");
  }

  /** kernel/bpf/hashtab.c:bpf_fd_htab_map_update_elem: since 6.15 the slot of an existing key is stored in place. */
  override *bpf_map_update_value(ctx: TaskContext, keyBytes: Uint8Array, value: Uint8Array, flags: bigint): Model {
    const id = Number(wordAt(value, ID)), key = this.hashKey(keyBytes);
    if (!innerMap(this, id) || flags > BPF_EXIST) return errno("EINVAL");
    const refused = yield* this.htab_lock_bucket(ctx, key.bucket);
    if (refused) return refused;
    const old = yield* this.lookup_elem_raw(key);
    const result = this.check_flags(old, flags) || (yield* this.#write(ctx, key, BigInt(id), old));
    yield* this.htab_unlock_bucket(key.bucket);
    return result;
  }

  *#write(ctx: TaskContext, key: HashedKey, id: bigint, old: number): Model {
    if (old !== 0) {
      yield store(old + this.valueOffset, SLOT_BYTES, id, "inner map");
      return 0n;
    }
    const allocated = yield* this.pool.alloc(ctx, 0);
    if (allocated < 0n) return allocated;
    const elem = Number(allocated) & ~FRESH, fresh = (Number(allocated) & FRESH) !== 0;
    yield* this.writeKey(elem, key, fresh);
    yield store(elem + this.valueOffset, SLOT_BYTES, id, "inner map");
    if (!fresh) yield store(elem + ELEM.hash, 4, BigInt(key.hash), "elem.hash");
    yield* this.hlist_nulls_add_head_rcu(elem, key.bucket, fresh);
    return 0n;
  }

  *bpf_map_copy_value(_ctx: TaskContext, bytes: Uint8Array): Model<Found> {
    const elem = yield* this.lookup_nulls_elem_raw(this.hashKey(bytes));
    return elem === 0 ? errno("ENOENT") : numberToBytes(yield load(elem + this.valueOffset, SLOT_BYTES), 4);
  }

  override *readBatchEntry(_ctx: TaskContext, elem: number): Model<BatchEntry> {
    const key = yield* this.readLockedKey(elem);
    return { key, value: numberToBytes(yield load(elem + this.valueOffset, SLOT_BYTES), 4) };
  }

  override formatLeaf(id: bigint | string): string {
    return nameOfInner(this, id);
  }
}
