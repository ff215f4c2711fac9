/** HASH maps, preallocated or with BPF_F_NO_PREALLOC (kernel/bpf/hashtab.c). */
import type { Memory } from "../cpu/memory.ts";
import { calls, type Model, store, type TaskContext } from "../cpu/operation.ts";
import type { MapDef } from "../object/bpf_object.ts";
import type { BatchEntry } from "./batch.ts";
import { copy_map_value, copy_map_value_locked, read_map_value, read_map_value_locked } from "./copy_map_value.ts";
import { CachedElems, type ElemPool, FRESH, POOL_CPU_BYTES, PreallocatedElems, type Spares } from "./elem_pool.ts";
import { errno } from "./errno.ts";
import { ELEM, type HashedKey, Htab } from "./htab.ts";
import type { Found, MapEnvironment } from "./kernel_map.ts";
import { BPF_EXIST, BPF_F_LOCK, BPF_F_NO_PREALLOC } from "../uapi/flags.ts";
import { readSource, readWord, type Source } from "./source.ts";
import { setWord, wordAt } from "./words.ts";

/**
 * Functions that taking an element and linking it in calls beside its copies, and giving one back: alloc_htab_elem,
 * free_htab_elem and what is below them. Counted by time: on a CPU whose returns go through a thunk each takes as long as
 * a call of a BPF function.
 */
const CALLS_OF_INSERT = 5, CALLS_OF_FREE = 4;

/** Hash maps whose elements come from a pool: all but LRU. */
export abstract class PooledHtab extends Htab {
  readonly pool: ElemPool;

  constructor(
    def: MapDef,
    index: number,
    environment: MapEnvironment,
    valueBytes: number,
    hasExtraElems: boolean,
  ) {
    const { nrCpus } = environment, preallocated = !(def.flags & BPF_F_NO_PREALLOC);
    const spare = preallocated ? (hasExtraElems ? nrCpus : 0) : CachedElems.spare(nrCpus);
    super(def, index, environment, def.maxEntries + spare, valueBytes);
    const records = this.allocate((nrCpus + 1) * POOL_CPU_BYTES, (offset) => {
      const cpu = Math.floor(offset / POOL_CPU_BYTES);
      if (cpu === nrCpus) return { name: `${def.name}.count`, touches: "count" };
      return { name: `${def.name}.${preallocated ? "freelist" : "cache"}@cpu${cpu}`, touches: "free_list" };
    });
    const elements = { base: this.elems, size: this.elemSize, count: this.elemCount };
    this.pool = preallocated
      ? new PreallocatedElems(elements, records, nrCpus, hasExtraElems)
      : new CachedElems(elements, records, nrCpus, def.maxEntries, () => this.noteSharing());
  }

  override initialize(memory: Memory): void {
    super.initialize(memory);
    this.pool.initialize(memory);
  }

  override spares(memory: Memory): Spares {
    return this.pool.spares(memory);
  }

  /** kernel/bpf/hashtab.c:free_htab_elem. */
  override *freeElem(ctx: TaskContext, elem: number): Model<void> {
    yield calls(CALLS_OF_FREE);
    yield* this.check_and_free_fields(ctx, elem);
    yield* this.pool.free(ctx, elem, false);
  }

  /** Writes the key into a new element; where readers of its last life may still look, one step for each word. */
  protected *writeKey(elem: number, key: HashedKey, fresh: boolean): Model<void> {
    if (fresh) {
      yield {
        kind: "private",
        label: "elem.key",
        run: (memory) => {
          memory.writeBytes(elem + ELEM.key, key.bytes);
          memory.setU32(elem + ELEM.hash, key.hash);
          return 0n;
        },
      };
      return;
    }
    yield { kind: "work", what: "copy", amount: this.keyWords.length };
    for (const word of this.keyWords) {
      yield store(elem + ELEM.key + word.offset, word.size, wordAt(key.bytes, word), "elem.key");
    }
  }
}

export class HashMap extends PooledHtab {
  private get isPreallocated(): boolean {
    return !(this.def.flags & BPF_F_NO_PREALLOC);
  }

  constructor(def: MapDef, index: number, environment: MapEnvironment) {
    super(def, index, environment, def.valueSize, true);
  }

  /** kernel/bpf/hashtab.c:htab_map_lookup_elem. The pointer that it gives pins nothing. */
  *map_lookup_elem(_ctx: TaskContext, keySource: Source): Model {
    const key = this.hashKey(yield* readSource(keySource, this.def.keySize, "key"));
    yield { kind: "work", what: "hash", amount: this.def.keySize };
    const elem = yield* this.lookup_nulls_elem_raw(key);
    return elem === 0 ? 0n : this.elemPointer(elem);
  }

  /** kernel/bpf/hashtab.c:htab_map_update_elem. */
  *map_update_elem(ctx: TaskContext, keySource: Source, value: Source, flags: bigint): Model {
    if ((flags & ~BPF_F_LOCK) > BPF_EXIST) return errno("EINVAL");
    const key = this.hashKey(yield* readSource(keySource, this.def.keySize, "key"));
    yield { kind: "work", what: "hash", amount: this.def.keySize };
    if (flags & BPF_F_LOCK) {
      if (!this.hasSpinLock) return errno("EINVAL");
      const elem = yield* this.lookup_nulls_elem_raw(key), refused = this.check_flags(elem, flags);
      if (refused) return refused;
      if (elem !== 0) {
        yield* copy_map_value_locked(this, ctx, elem + this.valueOffset, value);
        return 0n;
      }
    }
    const refused = yield* this.htab_lock_bucket(ctx, key.bucket);
    if (refused) return refused;
    const old = yield* this.lookup_elem_raw(key);
    const result = this.check_flags(old, flags) || (yield* this.#insert(ctx, key, value, flags, old));
    const replaced = result === 0n && old !== 0 && !(flags & BPF_F_LOCK);
    // A preallocated element went to extra_elems inside the bucket lock; pool.free knows.
    if (replaced && this.isPreallocated) yield* this.check_and_free_fields(ctx, old);
    yield* this.htab_unlock_bucket(key.bucket);
    if (replaced && !this.isPreallocated) yield* this.check_and_free_fields(ctx, old);
    if (replaced) yield* this.pool.free(ctx, old, true);
    return result;
  }

  /** Inside the bucket lock: put a new element in front of the list, take the old one out behind it. */
  *#insert(ctx: TaskContext, key: HashedKey, value: Source, flags: bigint, old: number): Model {
    if (old !== 0 && flags & BPF_F_LOCK) {
      yield* copy_map_value_locked(this, ctx, old + this.valueOffset, value);
      return 0n;
    }
    yield calls(CALLS_OF_INSERT);
    const allocated = yield* this.alloc_htab_elem(ctx, key, value, old);
    if (allocated < 0n) return allocated;
    const elem = Number(allocated) & ~FRESH, fresh = (Number(allocated) & FRESH) !== 0;
    yield* this.hlist_nulls_add_head_rcu(elem, key.bucket, fresh);
    if (old === 0) return 0n;
    // Who looks the key up, and stands on another element of this bucket now, has passed the new one and misses the old.
    this.noteSharing();
    yield* this.hlist_nulls_del_rcu(old);
    return 0n;
  }

  /** kernel/bpf/hashtab.c:alloc_htab_elem: who still holds a pointer to this element's last life sees each store. */
  *alloc_htab_elem(ctx: TaskContext, key: HashedKey, value: Source, old: number): Model {
    const allocated = yield* this.pool.alloc(ctx, old);
    if (allocated < 0n) return allocated;
    const elem = Number(allocated) & ~FRESH, fresh = (Number(allocated) & FRESH) !== 0;
    yield* this.writeKey(elem, key, fresh);
    if (fresh) {
      const bytes = new Uint8Array(this.def.valueSize);
      for (const word of this.valueWords) setWord(bytes, word, yield* readWord(value, word, "value"));
      yield {
        kind: "private",
        label: "elem.value",
        run: (memory) => (memory.writeBytes(elem + this.valueOffset, bytes), 0n),
      };
    } else {
      yield* copy_map_value(elem + this.valueOffset, value, this.valueWords);
      yield store(elem + ELEM.hash, 4, BigInt(key.hash), "elem.hash");
    }
    return allocated;
  }

  *bpf_map_copy_value(ctx: TaskContext, keyBytes: Uint8Array, flags: bigint): Model<Found> {
    const key = this.hashKey(keyBytes);
    yield { kind: "work", what: "hash", amount: this.def.keySize };
    const elem = yield* this.lookup_nulls_elem_raw(key);
    if (elem === 0) return errno("ENOENT");
    const addr = elem + this.valueOffset;
    return flags & BPF_F_LOCK ? yield* read_map_value_locked(this, ctx, addr) : yield* read_map_value(this, addr);
  }

  override *readBatchEntry(ctx: TaskContext, elem: number, flags: bigint): Model<BatchEntry> {
    const key = yield* this.readLockedKey(elem), addr = elem + this.valueOffset;
    const locked = (flags & BPF_F_LOCK) !== 0n;
    return { key, value: locked ? yield* read_map_value_locked(this, ctx, addr) : yield* read_map_value(this, addr) };
  }
}
