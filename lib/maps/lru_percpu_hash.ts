/** LRU_PERCPU_HASH maps (kernel/bpf/hashtab.c): elements as of an LRU_HASH, values as of a PERCPU_HASH. */
import type { Memory } from "../cpu/memory.ts";
import { calls, type Model, type TaskContext } from "../cpu/operation.ts";
import type { MapDef } from "../object/bpf_object.ts";
import { BPF_EXIST } from "../uapi/flags.ts";
import type { BatchEntry } from "./batch.ts";
import { FRESH } from "./elem_pool.ts";
import { errno } from "./errno.ts";
import type { HashedKey } from "./htab.ts";
import type { Found, MapEntry, MapEnvironment } from "./kernel_map.ts";
import { LruHashMap } from "./lru_hash.ts";
import { bpf_lru_node_set_ref } from "./lru_node.ts";
import { type ValueWriter, writerOfAll, writerOfOne } from "./percpu_hash.ts";
import { PercpuValues } from "./percpu_values.ts";
import { readSource, type Source } from "./source.ts";

/** An element holds a pointer to its per-CPU values; here each element keeps the same values for good. */
const POINTER_BYTES = 8;

export class LruPercpuHashMap extends LruHashMap {
  readonly #values: PercpuValues;

  constructor(def: MapDef, index: number, environment: MapEnvironment) {
    super(def, index, environment, POINTER_BYTES);
    const values = new PercpuValues(this, this.elemCount);
    const keyName = (i: number, memory: Memory) => this.keyName(this.elems + i * this.elemSize, memory);
    values.place(this.allocate(values.bytes, (offset, memory) => values.placeOf(offset, memory, keyName)));
    this.#values = values;
  }

  override get isPerCpu(): boolean {
    return true;
  }

  override *check_and_free_fields(ctx: TaskContext, elem: number): Model<void> {
    yield* this.#values.freeFields(ctx, this.elemIndex(elem));
  }

  override get userValueBytes(): number {
    return this.#values.userBytes;
  }

  /** kernel/bpf/hashtab.c:htab_lru_percpu_map_lookup_elem: this CPU's copy; marks the element as used. */
  override map_lookup_elem(ctx: TaskContext, key: Source): Model {
    return this.map_lookup_percpu_elem(ctx, key, ctx.cpu);
  }

  /** kernel/bpf/hashtab.c:htab_lru_percpu_map_lookup_percpu_elem. */
  override *map_lookup_percpu_elem(_ctx: TaskContext, keySource: Source, cpu: number): Model {
    const key = this.hashKey(yield* readSource(keySource, this.def.keySize, "key"));
    yield { kind: "work", what: "hash", amount: this.def.keySize };
    // The verifier does not inline this look-up: __htab_map_lookup_elem is called from it.
    yield calls(1);
    const elem = yield* this.lookup_nulls_elem_raw(key);
    if (elem === 0) return 0n;
    yield* bpf_lru_node_set_ref(elem);
    return this.#values.pointer(this.elemIndex(elem), cpu);
  }

  /** kernel/bpf/hashtab.c:htab_lru_percpu_map_update_elem. */
  override *map_update_elem(ctx: TaskContext, keySource: Source, value: Source, flags: bigint): Model {
    const key = this.hashKey(yield* readSource(keySource, this.def.keySize, "key"));
    return yield* this.#update(ctx, key, flags, writerOfOne(this.#values, ctx.cpu, value));
  }

  /** kernel/bpf/hashtab.c:bpf_percpu_hash_update: from user space, all CPUs. */
  override *bpf_map_update_value(ctx: TaskContext, keyBytes: Uint8Array, value: Uint8Array, flags: bigint): Model {
    return yield* this.#update(ctx, this.hashKey(keyBytes), flags, writerOfAll(this.#values, value));
  }

  /**
   * kernel/bpf/hashtab.c:__htab_lru_percpu_map_update_elem: the new element first, as in an LRU_HASH, but none for
   * BPF_EXIST; an element that is there is written in place.
   */
  *#update(ctx: TaskContext, key: HashedKey, flags: bigint, write: ValueWriter): Model {
    if (flags > BPF_EXIST) return errno("EINVAL");
    yield { kind: "work", what: "hash", amount: this.def.keySize };
    let fresh = 0n;
    if (flags !== BPF_EXIST) {
      fresh = yield* this.prealloc_lru_pop(ctx, key);
      if (fresh < 0n) return fresh;
    }
    const elem = Number(fresh) & ~FRESH, refused = yield* this.htab_lock_bucket(ctx, key.bucket);
    if (refused) {
      if (elem !== 0) yield* this.lru.bpf_lru_push_free(ctx, elem);
      return refused;
    }
    const old = yield* this.lookup_elem_raw(key), result = this.check_flags(old, flags);
    const inserts = result === 0n && old === 0;
    if (inserts) {
      yield* write.inserted(this.elemIndex(elem));
      yield* this.hlist_nulls_add_head_rcu(elem, key.bucket, (Number(fresh) & FRESH) !== 0);
    } else if (result === 0n) {
      yield* bpf_lru_node_set_ref(old);
      yield* write.existing(this.elemIndex(old));
    }
    yield* this.htab_unlock_bucket(key.bucket);
    if (elem !== 0 && !inserts) yield* this.lru.bpf_lru_push_free(ctx, elem);
    return result;
  }

  override *bpf_map_copy_value(_ctx: TaskContext, keyBytes: Uint8Array): Model<Found> {
    const key = this.hashKey(keyBytes);
    yield { kind: "work", what: "hash", amount: this.def.keySize };
    const elem = yield* this.lookup_nulls_elem_raw(key);
    return elem === 0 ? errno("ENOENT") : yield* this.#values.readAll(this.elemIndex(elem));
  }

  override *readBatchEntry(_ctx: TaskContext, elem: number): Model<BatchEntry> {
    return { key: yield* this.readLockedKey(elem), value: yield* this.#values.readAll(this.elemIndex(elem)) };
  }

  protected override valueFor(ctx: TaskContext, elem: number): bigint {
    return this.#values.pointer(this.elemIndex(elem), ctx.cpu);
  }

  protected override elemEntries(key: Uint8Array, elem: number): Iterable<MapEntry> {
    return this.#values.entries(key, this.elemIndex(elem));
  }
}
