/** PERCPU_HASH maps (kernel/bpf/hashtab.c): elements in buckets, each with a copy of its value for every CPU. */
import type { Memory } from "../cpu/memory.ts";
import { type Model, store, type TaskContext } from "../cpu/operation.ts";
import type { MapDef } from "../object/bpf_object.ts";
import type { BatchEntry } from "./batch.ts";
import { copy_map_value } from "./copy_map_value.ts";
import { FRESH } from "./elem_pool.ts";
import { errno, KernelError } from "./errno.ts";
import { PooledHtab } from "./hash.ts";
import { ELEM, type HashedKey } from "./htab.ts";
import type { Found, MapEntry, MapEnvironment } from "./kernel_map.ts";
import { BPF_EXIST } from "../uapi/flags.ts";
import { PercpuValues } from "./percpu_values.ts";
import { readSource, type Source } from "./source.ts";

/** An element holds a pointer to its per-CPU values; here each element keeps the same values for good. */
const POINTER_BYTES = 8;

export class PercpuHashMap extends PooledHtab {
  readonly #values: PercpuValues;

  constructor(def: MapDef, index: number, environment: MapEnvironment) {
    super(def, index, environment, POINTER_BYTES, false);
    if (this.lockOffset !== undefined) throw new KernelError("EOPNOTSUPP", `bpf_spin_lock in per-CPU map ${def.name}`);
    const values = new PercpuValues(this, this.elemCount);
    const keyName = (i: number, memory: Memory) => this.keyName(this.elems + i * this.elemSize, memory);
    values.place(this.allocate(values.bytes, (offset, memory) => values.placeOf(offset, memory, keyName)));
    this.#values = values;
  }

  override get isPerCpu(): boolean {
    return true;
  }

  override get userValueBytes(): number {
    return this.#values.userBytes;
  }

  /** kernel/bpf/hashtab.c:htab_percpu_map_lookup_elem: this CPU's copy. */
  map_lookup_elem(ctx: TaskContext, key: Source): Model {
    return this.map_lookup_percpu_elem(ctx, key, ctx.cpu);
  }

  /** kernel/bpf/hashtab.c:htab_percpu_map_lookup_percpu_elem. */
  override *map_lookup_percpu_elem(_ctx: TaskContext, keySource: Source, cpu: number): Model {
    const key = this.hashKey(yield* readSource(keySource, this.def.keySize, "key"));
    yield { kind: "work", what: "hash", amount: this.def.keySize };
    const elem = yield* this.lookup_nulls_elem_raw(key);
    return elem === 0 ? 0n : this.#values.pointer(this.elemIndex(elem), cpu);
  }

  /** kernel/bpf/hashtab.c:htab_percpu_map_update_elem. */
  *map_update_elem(ctx: TaskContext, keySource: Source, value: Source, flags: bigint): Model {
    const key = this.hashKey(yield* readSource(keySource, this.def.keySize, "key"));
    return yield* this.htab_map_update_elem_in_place(ctx, key, flags, writerOfOne(this.#values, ctx.cpu, value));
  }

  /** kernel/bpf/hashtab.c:bpf_percpu_hash_update: from user space, all CPUs. */
  override *bpf_map_update_value(ctx: TaskContext, keyBytes: Uint8Array, value: Uint8Array, flags: bigint): Model {
    const write = writerOfAll(this.#values, value);
    return yield* this.htab_map_update_elem_in_place(ctx, this.hashKey(keyBytes), flags, write);
  }

  /** kernel/bpf/hashtab.c:htab_map_update_elem_in_place (6.12: __htab_percpu_map_update_elem). */
  *htab_map_update_elem_in_place(ctx: TaskContext, key: HashedKey, flags: bigint, write: ValueWriter): Model {
    if (flags > BPF_EXIST) return errno("EINVAL");
    yield { kind: "work", what: "hash", amount: this.def.keySize };
    const refused = yield* this.htab_lock_bucket(ctx, key.bucket);
    if (refused) return refused;
    const old = yield* this.lookup_elem_raw(key);
    const result = this.check_flags(old, flags) || (yield* this.#write(ctx, key, old, write));
    yield* this.htab_unlock_bucket(key.bucket);
    return result;
  }

  *#write(ctx: TaskContext, key: HashedKey, old: number, write: ValueWriter): Model {
    if (old !== 0) {
      yield* write.existing(this.elemIndex(old));
      return 0n;
    }
    const allocated = yield* this.pool.alloc(ctx, 0);
    if (allocated < 0n) return allocated;
    const elem = Number(allocated) & ~FRESH, fresh = (Number(allocated) & FRESH) !== 0;
    yield* this.writeKey(elem, key, fresh);
    yield* write.inserted(this.elemIndex(elem));
    if (!fresh) yield store(elem + ELEM.hash, 4, BigInt(key.hash), "elem.hash");
    yield* this.hlist_nulls_add_head_rcu(elem, key.bucket, fresh);
    return 0n;
  }

  *bpf_map_copy_value(_ctx: TaskContext, keyBytes: Uint8Array): Model<Found> {
    const key = this.hashKey(keyBytes);
    yield { kind: "work", what: "hash", amount: this.def.keySize };
    const elem = yield* this.lookup_nulls_elem_raw(key);
    return elem === 0 ? errno("ENOENT") : yield* this.#values.readAll(this.elemIndex(elem));
  }

  override *readBatchEntry(_ctx: TaskContext, elem: number): Model<BatchEntry> {
    return { key: yield* this.readLockedKey(elem), value: yield* this.#values.readAll(this.elemIndex(elem)) };
  }

  override *check_and_free_fields(ctx: TaskContext, elem: number): Model<void> {
    yield* this.#values.freeFields(ctx, this.elemIndex(elem));
  }

  protected override valueFor(ctx: TaskContext, elem: number): bigint {
    return this.#values.pointer(this.elemIndex(elem), ctx.cpu);
  }

  protected override elemEntries(key: Uint8Array, elem: number): Iterable<MapEntry> {
    return this.#values.entries(key, this.elemIndex(elem));
  }
}

/** kernel/bpf/hashtab.c:pcpu_copy_value, pcpu_init_value for a program: this CPU's copy, and zeroes where it is new. */
export const writerOfOne = (values: PercpuValues, cpu: number, value: Source): ValueWriter => ({
  *existing(index) {
    yield* copy_map_value(values.addr(index, cpu), value, values.map.valueWords);
  },
  *inserted(index) {
    for (let other = 0; other < values.map.environment.possibleCpus; other++) {
      if (other === cpu) yield* copy_map_value(values.addr(index, cpu), value, values.map.valueWords);
      else yield* values.zero(index, other);
    }
  },
});

/** The same for user space: all CPUs. */
export const writerOfAll = (values: PercpuValues, value: Uint8Array): ValueWriter => {
  const write = (index: number) => values.writeAll(index, value);
  return { existing: write, inserted: write };
};

/** What an update writes into an element, by the element's index. */
export interface ValueWriter {
  existing(index: number): Model<void>;
  inserted(index: number): Model<void>;
}
