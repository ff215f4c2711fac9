/** LRU_HASH maps (kernel/bpf/hashtab.c): a full map evicts another key to make room. */
import type { Memory } from "../cpu/memory.ts";
import { calls, load, type Model, store, type TaskContext } from "../cpu/operation.ts";
import type { MapDef } from "../object/bpf_object.ts";
import type { BatchEntry } from "./batch.ts";
import { CommonLru } from "./common_lru.ts";
import { copy_map_value, read_map_value } from "./copy_map_value.ts";
import { FRESH, type Spares } from "./elem_pool.ts";
import { errno, KernelError } from "./errno.ts";
import { ELEM, exclusive, type HashedKey, Htab, isNulls } from "./htab.ts";
import type { Found, MapEnvironment } from "./kernel_map.ts";
import { bpf_lru_node_set_ref, type DelFromHtab, type Lru } from "./lru_node.ts";
import { BPF_EXIST, BPF_F_NO_COMMON_LRU, BPF_F_NO_PREALLOC } from "../uapi/flags.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import { PercpuLru } from "./percpu_lru.ts";
import { readSource, type Source } from "./source.ts";
import { wordAt } from "./words.ts";

export class LruHashMap extends Htab {
  protected readonly lru: Lru;

  constructor(given: MapDef, index: number, environment: MapEnvironment, valueBytes = given.valueSize) {
    const def = { ...given, maxEntries: lruEntries(given, environment.possibleCpus) };
    super(def, index, environment, def.maxEntries, valueBytes);
    if (def.flags & BPF_F_NO_PREALLOC) throw new KernelError("ENOTSUPP", `LRU map ${def.name} without preallocation`);
    if (this.lockOffset !== undefined) throw new KernelError("EOPNOTSUPP", `bpf_spin_lock in LRU map ${def.name}`);
    const { possibleCpus } = environment, Lists = def.flags & BPF_F_NO_COMMON_LRU ? PercpuLru : CommonLru;
    const place = (offset: number) => ({ name: `${def.name}.lru${Lists.describe(offset)}`, touches: "lru" as const });
    const records = this.allocate(Lists.bytes(possibleCpus), place);
    const elements = { base: this.elems, size: this.elemSize, count: this.elemCount };
    const del_from_htab = (ctx: TaskContext): DelFromHtab => (elem) => this.#htab_lru_map_delete_node(ctx, elem);
    this.lru = new Lists(elements, records, possibleCpus, del_from_htab);
  }

  override initialize(memory: Memory): void {
    super.initialize(memory);
    this.lru.initialize(memory);
  }

  override spares(memory: Memory): Spares {
    return this.lru.spares(memory);
  }

  /** kernel/bpf/hashtab.c:htab_lru_map_lookup_elem: marks the element as used. */
  *map_lookup_elem(_ctx: TaskContext, keySource: Source): Model {
    const key = this.hashKey(yield* readSource(keySource, this.def.keySize, "key"));
    yield { kind: "work", what: "hash", amount: this.def.keySize };
    const elem = yield* this.lookup_nulls_elem_raw(key);
    if (elem === 0) return 0n;
    yield* bpf_lru_node_set_ref(elem);
    return this.elemPointer(elem);
  }

  /**
   * kernel/bpf/hashtab.c:htab_lru_map_update_elem: the new element first, since room for it may have to come from any
   * bucket; then the bucket lock.
   */
  *map_update_elem(ctx: TaskContext, keySource: Source, value: Source, flags: bigint): Model {
    if (flags > BPF_EXIST) return errno("EINVAL");
    const key = this.hashKey(yield* readSource(keySource, this.def.keySize, "key"));
    yield { kind: "work", what: "hash", amount: this.def.keySize };
    const popped = yield* this.prealloc_lru_pop(ctx, key);
    if (popped < 0n) return popped;
    const elem = Number(popped) & ~FRESH, fresh = (Number(popped) & FRESH) !== 0;
    yield* copy_map_value(elem + this.valueOffset, value, this.valueWords);
    const refused = yield* this.htab_lock_bucket(ctx, key.bucket);
    if (refused) {
      yield* this.freeElem(ctx, elem);
      return refused;
    }
    const old = yield* this.lookup_elem_raw(key), result = this.check_flags(old, flags);
    if (result === 0n) {
      yield* this.hlist_nulls_add_head_rcu(elem, key.bucket, fresh);
      if (old !== 0) {
        yield* bpf_lru_node_set_ref(elem);
        // As in hash.ts: a look-up may stand between the two.
        this.noteSharing();
        yield* this.hlist_nulls_del_rcu(old);
      }
    }
    yield* this.htab_unlock_bucket(key.bucket);
    if (result !== 0n) yield* this.freeElem(ctx, elem);
    else if (old !== 0) yield* this.freeElem(ctx, old);
    return result;
  }

  /** kernel/bpf/hashtab.c:htab_lru_push_free. */
  override *freeElem(ctx: TaskContext, elem: number): Model<void> {
    yield* this.check_and_free_fields(ctx, elem);
    yield* this.lru.bpf_lru_push_free(ctx, elem);
  }

  /** A lookup from user space does not mark the element as used (htab_lru_map_lookup_elem_sys). */
  *bpf_map_copy_value(_ctx: TaskContext, keyBytes: Uint8Array): Model<Found> {
    const key = this.hashKey(keyBytes);
    yield { kind: "work", what: "hash", amount: this.def.keySize };
    const elem = yield* this.lookup_nulls_elem_raw(key);
    return elem === 0 ? errno("ENOENT") : yield* read_map_value(this, elem + this.valueOffset);
  }

  override *readBatchEntry(_ctx: TaskContext, elem: number): Model<BatchEntry> {
    return { key: yield* this.readLockedKey(elem), value: yield* read_map_value(this, elem + this.valueOffset) };
  }

  /** kernel/bpf/hashtab.c:prealloc_lru_pop: the hash is stored when the element is taken, then the key. */
  protected *prealloc_lru_pop(ctx: TaskContext, key: HashedKey): Model {
    // prealloc_lru_pop, bpf_lru_pop_free, bpf_common_lru_pop_free, __local_list_pop_free, __local_list_add_pending.
    yield calls(5);
    const popped = yield* this.lru.bpf_lru_pop_free(ctx, key.hash);
    if (popped < 0n) return popped;
    const elem = Number(popped) & ~FRESH, fresh = (Number(popped) & FRESH) !== 0;
    for (const word of this.keyWords) {
      yield store(elem + ELEM.key + word.offset, word.size, wordAt(key.bytes, word), "elem.key", fresh);
    }
    return popped;
  }

  /** kernel/bpf/hashtab.c:htab_lru_map_delete_node: 1n when the element was in its bucket and is out of it now. */
  *#htab_lru_map_delete_node(ctx: TaskContext, victim: number): Model {
    // Itself, check_and_free_fields, and the element's moves: to the list of inactive ones and to the free ones.
    yield calls(4);
    const hash = Number(yield load(victim + ELEM.hash, 4, "elem.hash")), bucket = (hash & (this.nBuckets - 1)) >>> 0;
    if (yield* this.htab_lock_bucket(ctx, bucket)) return 0n;
    let n = Number(yield exclusive(load(this.first(bucket), 4, "bucket.first")));
    while (!isNulls(n) && n !== victim) n = Number(yield exclusive(load(n + ELEM.next, 4, "elem.next")));
    if (n === victim) yield* this.hlist_nulls_del_rcu(victim);
    yield* this.htab_unlock_bucket(bucket);
    if (n === victim) yield* this.check_and_free_fields(ctx, victim);
    return n === victim ? 1n : 0n;
  }
}

/** kernel/bpf/hashtab.c:htab_map_alloc: with BPF_F_NO_COMMON_LRU max_entries grows until all CPUs have the same share. */
export const lruEntries = ({ type, flags, maxEntries }: MapDef, possibleCpus: number): number =>
  (type === BPF_MAP_TYPE.LRU_HASH || type === BPF_MAP_TYPE.LRU_PERCPU_HASH) && flags & BPF_F_NO_COMMON_LRU
    ? Math.ceil(maxEntries / possibleCpus) * possibleCpus
    : maxEntries;
