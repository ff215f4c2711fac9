/**
 * TASK_STORAGE, CGRP_STORAGE, SK_STORAGE and INODE_STORAGE maps: a value for each task, cgroup, socket or inode
 * (kernel/bpf/bpf_local_storage.c). What a program creates while another CPU creates it fails, and is not tried again.
 */
import { REGION_FLAG } from "../cpu/layout.ts";
import type { Memory } from "../cpu/memory.ts";
import { load, type LoadOp, type Model, store, type TaskContext } from "../cpu/operation.ts";
import { raw_spin_lock_irqsave, raw_spin_unlock_irqrestore } from "../locks/raw_spin_lock.ts";
import type { MapDef } from "../object/bpf_object.ts";
import { RcuPool } from "../rcu/rcu_pool.ts";
import { BPF_EXIST, BPF_F_LOCK, BPF_NOEXIST } from "../uapi/flags.ts";
import { copy_map_value_locked, read_map_value, read_map_value_locked } from "./copy_map_value.ts";
import { errno, KernelError } from "./errno.ts";
import { type Found, KernelMap, type MapEntry, type MapEnvironment, type Place } from "./kernel_map.ts";
import { readWord, type Source } from "./source.ts";
import { CACHE_SIZE, firstOfType, STORAGE_OWNERS, StorageOwners, type StorageType } from "./storage_owners.ts";
import { roundUp8, setWord } from "./words.ts";

/** struct bpf_local_storage_elem: offsets of the fields that models touch; `owner` is only for names. */
const SELEM = { next: 0, pprev: 4, isInMap: 8, storage: 12, smap: 16, owner: 20, data: 24 } as const;
const BUCKET_BYTES = 16, BUCKET_LOCK = 8;

export class LocalStorageMap extends KernelMap {
  readonly type: StorageType;
  readonly owners: StorageOwners;
  readonly #elems: number;
  readonly #elemBytes: number;
  readonly #pool: RcuPool;
  readonly #region: number;
  readonly #buckets: number;
  readonly #nBuckets: number;
  readonly #cacheIndex: number;

  constructor(def: MapDef, index: number, environment: MapEnvironment) {
    super({ ...def, maxEntries: 1 }, index, environment);
    if (def.keySize !== 4 || def.valueSize === 0) {
      throw new KernelError("EINVAL", `local storage ${def.name} with no value, or a key that is no int`);
    }
    this.type = def.type as StorageType;
    const first = firstOfType(environment, def.type);
    this.owners = first instanceof LocalStorageMap
      ? first.owners
      : new StorageOwners(this, this.type, (size, placeOf) => this.allocate(size, placeOf));
    // kernel/bpf/bpf_local_storage.c:bpf_local_storage_cache_idx_get: the first that is least used.
    this.#cacheIndex = environment.maps.filter((map) => map.def.type === def.type).length % CACHE_SIZE;
    const { nrCpus, tasks = nrCpus } = environment, count = 2 * this.owners.count + 4 * nrCpus;
    this.#elemBytes = SELEM.data + roundUp8(def.valueSize);
    this.#elems = this.allocate(count * this.#elemBytes, (offset, memory) => this.#placeInElem(offset, memory));
    this.#nBuckets = Math.max(2, 2 ** Math.ceil(Math.log2(nrCpus)));
    this.#buckets = this.allocate(this.#nBuckets * BUCKET_BYTES, (offset) => {
      const bucket = `${def.name}.bucket[${Math.floor(offset / BUCKET_BYTES)}]`;
      return { name: `${bucket}.lock`, touches: "lock" };
    });
    const pool = this.allocate(RcuPool.bytes(count, tasks), () => ({ name: `${def.name}.free`, touches: "free_list" }));
    this.#pool = new RcuPool(pool, count, tasks);
    const flags = REGION_FLAG.read | REGION_FLAG.write | REGION_FLAG.shared;
    this.#region = environment.arena.addRegions(
      count,
      this.#elems + SELEM.data,
      this.#elemBytes,
      def.valueSize,
      flags,
      `a value of ${def.name}`,
    );
  }

  initialize(): void {}

  /** The pointer to a value that programs hold. */
  pointerTo(selem: number): bigint {
    const index = (selem - this.#elems) / this.#elemBytes;
    return (BigInt(this.#region + index) << 32n) | BigInt(selem + SELEM.data);
  }

  /**
   * include/linux/bpf_local_storage.h:bpf_local_storage_lookup, from the owner on: the address of the element, 0 for none.
   *
   * @param cacheit puts what the list had into the cache
   */
  *lookup(ctx: TaskContext, record: number, cacheit: boolean): Model<number> {
    const storage = Number(yield load(this.owners.pointerAt(record), 4, STORAGE_OWNERS[this.type].field));
    return storage === 0 ? 0 : yield* this.#lookupIn(ctx, storage, cacheit, false);
  }

  *#lookupIn(ctx: TaskContext, storage: number, cacheit: boolean, isLocked: boolean): Model<number> {
    const { owners } = this, read = isLocked ? exclusive : (op: LoadOp) => op, smap = BigInt(this.index + 1);
    const cached = Number(yield read(load(owners.cache(storage, this.#cacheIndex), 4, "cache")));
    if (cached !== 0 && (yield read(load(cached + SELEM.smap, 4, "sdata.smap"))) === smap) return cached;
    let selem = Number(yield read(load(owners.first(storage), 4, "list.first")));
    while (selem !== 0 && (yield read(load(selem + SELEM.smap, 4, "sdata.smap"))) !== smap) {
      selem = Number(yield read(load(selem + SELEM.next, 4, "selem.next")));
    }
    if (selem === 0 || !cacheit) return selem;
    // __bpf_local_storage_insert_cache
    yield* raw_spin_lock_irqsave(ctx, owners.lock(storage), "local_storage.lock");
    if (yield exclusive(load(selem + SELEM.pprev, 4, "selem.pprev"))) {
      yield store(owners.cache(storage, this.#cacheIndex), 4, BigInt(selem), "cache");
    }
    yield* raw_spin_unlock_irqrestore(owners.lock(storage), "local_storage.unlock");
    return selem;
  }

  /**
   * kernel/bpf/bpf_local_storage.c:bpf_local_storage_update: the address of the element, or -errno: -EAGAIN for the very
   * first storage of an owner while another CPU makes it, -EEXIST where there are others already.
   *
   * @param value undefined for zeroes
   */
  *update(ctx: TaskContext, record: number, value: Source | undefined, flags: bigint): Model {
    if ((flags & ~BPF_F_LOCK) > BPF_EXIST) return errno("EINVAL");
    if (flags & BPF_F_LOCK && !this.hasSpinLock) return errno("EINVAL");
    const { owners } = this, storage = Number(yield load(owners.pointerAt(record), 4, STORAGE_OWNERS[this.type].field));
    if (storage === 0 || (yield load(owners.first(storage), 4, "list.first")) === 0n) {
      return yield* this.#createFirst(ctx, record, value, flags);
    }
    if (flags & BPF_F_LOCK && !(flags & BPF_NOEXIST)) {
      const old = yield* this.#lookupIn(ctx, storage, false, false), refused = checkFlags(old, flags);
      if (refused) return refused;
      if (old !== 0 && (yield load(old + SELEM.pprev, 4, "selem.pprev")) !== 0n) {
        yield* copy_map_value_locked(this, ctx, old + SELEM.data, value!);
        return BigInt(old);
      }
    }
    const fresh = yield* this.#alloc(record, value);
    if (fresh === 0) return errno("ENOMEM");
    yield* raw_spin_lock_irqsave(ctx, owners.lock(storage), "local_storage.lock");
    let result = BigInt(fresh), freed: { readonly selem: number; readonly wasLast: boolean } | undefined;
    if ((yield exclusive(load(owners.first(storage), 4, "list.first"))) === 0n) result = errno("EAGAIN");
    else {
      const old = yield* this.#lookupIn(ctx, storage, false, true), refused = checkFlags(old, flags);
      if (refused) result = refused;
      else if (old !== 0 && flags & BPF_F_LOCK) {
        yield* copy_map_value_locked(this, ctx, old + SELEM.data, value!);
        result = BigInt(old);
      } else {
        yield* this.#linkMap(ctx, fresh);
        yield* this.#linkStorage(storage, fresh);
        if (old !== 0) {
          yield* this.#unlinkMap(ctx, old);
          freed = { selem: old, wasLast: yield* this.#unlinkStorageLocked(storage, old) };
        }
      }
    }
    yield* raw_spin_unlock_irqrestore(owners.lock(storage), "local_storage.unlock");
    if (freed) yield* this.#free(freed.selem, true);
    if (result !== BigInt(fresh)) yield* this.#free(fresh, false);
    return result;
  }

  /** The very first element of an owner, with its storage: whoever publishes one first wins (bpf_local_storage_alloc). */
  *#createFirst(ctx: TaskContext, record: number, value: Source | undefined, flags: bigint): Model {
    const { owners } = this, refused = checkFlags(0, flags);
    if (refused) return refused;
    const selem = yield* this.#alloc(record, value);
    if (selem === 0) return errno("ENOMEM");
    const storage = yield* owners.allocStorage(record, selem);
    if (storage === 0) {
      yield* this.#free(selem, false);
      return errno("ENOMEM");
    }
    yield {
      kind: "private",
      label: "selem",
      run: (memory) => {
        memory.setU32(selem + SELEM.storage, storage);
        memory.setU32(selem + SELEM.pprev, owners.first(storage));
        return 0n;
      },
    };
    yield* this.#linkMap(ctx, selem);
    const before = yield {
      kind: "rmw",
      op: "cmpxchg",
      addr: owners.pointerAt(record),
      size: 4,
      expected: 0n,
      value: BigInt(storage),
      label: STORAGE_OWNERS[this.type].field,
    };
    if (before === 0n) return BigInt(selem);
    yield* this.#unlinkMap(ctx, selem);
    yield* owners.freeStorage(storage, false);
    yield* this.#free(selem, false);
    return errno("EAGAIN");
  }

  /** kernel/bpf/bpf_local_storage.c:bpf_selem_unlink. Of two CPUs that take one element out, both are told that it worked. */
  *unlink(ctx: TaskContext, selem: number): Model<void> {
    yield* this.#unlinkMap(ctx, selem);
    if ((yield load(selem + SELEM.pprev, 4, "selem.pprev")) === 0n) return;
    const { owners } = this, storage = Number(yield load(selem + SELEM.storage, 4, "selem.local_storage"));
    yield* raw_spin_lock_irqsave(ctx, owners.lock(storage), "local_storage.lock");
    const isLinked = (yield exclusive(load(selem + SELEM.pprev, 4, "selem.pprev"))) !== 0n;
    const wasLast = isLinked && (yield* this.#unlinkStorageLocked(storage, selem));
    yield* raw_spin_unlock_irqrestore(owners.lock(storage), "local_storage.unlock");
    if (isLinked) yield* this.#free(selem, true);
    if (wasLast) yield* owners.freeStorage(storage, true);
  }

  /** kernel/bpf/bpf_local_storage.c:bpf_selem_alloc: 0 where there is no memory. The value is copied in before any lock. */
  *#alloc(record: number, value: Source | undefined): Model<number> {
    const slot = yield* this.#pool.alloc("selem alloc");
    if (slot < 0n) return 0;
    const selem = this.#elems + Number(slot) * this.#elemBytes, bytes = new Uint8Array(this.#elemBytes - SELEM.data);
    if (value) { for (const word of this.valueWords) setWord(bytes, word, yield* readWord(value, word, "value")); }
    yield {
      kind: "private",
      label: "selem",
      run: (memory) => {
        memory.clear(selem, SELEM.data);
        memory.setU32(selem + SELEM.smap, this.index + 1);
        memory.setU32(selem + SELEM.owner, this.owners.ownerNumber(record));
        memory.writeBytes(selem + SELEM.data, bytes);
        return 0n;
      },
    };
    return selem;
  }

  #free(selem: number, published: boolean): Model<void> {
    return this.#pool.free((selem - this.#elems) / this.#elemBytes, published, "selem free");
  }

  /** Which bucket an element is in depends on its address in the kernel; here on its number. */
  #bucketLock(selem: number): number {
    const bucket = ((selem - this.#elems) / this.#elemBytes) & (this.#nBuckets - 1);
    return this.#buckets + bucket * BUCKET_BYTES + BUCKET_LOCK;
  }

  *#linkMap(ctx: TaskContext, selem: number): Model<void> {
    const lock = this.#bucketLock(selem);
    yield* raw_spin_lock_irqsave(ctx, lock, "bucket.lock");
    yield store(selem + SELEM.isInMap, 4, 1n, "selem.map_node", true);
    yield* raw_spin_unlock_irqrestore(lock, "bucket.unlock");
  }

  *#unlinkMap(ctx: TaskContext, selem: number): Model<void> {
    if ((yield load(selem + SELEM.isInMap, 4, "selem.map_node")) === 0n) return;
    const lock = this.#bucketLock(selem);
    yield* raw_spin_lock_irqsave(ctx, lock, "bucket.lock");
    yield store(selem + SELEM.isInMap, 4, 0n, "selem.map_node");
    yield* raw_spin_unlock_irqrestore(lock, "bucket.unlock");
  }

  /** bpf_selem_link_storage_nolock, under the storage's lock: in front of the list. */
  *#linkStorage(storage: number, selem: number): Model<void> {
    const head = this.owners.first(storage), first = Number(yield exclusive(load(head, 4, "list.first")));
    yield {
      kind: "private",
      label: "selem",
      run: (memory) => {
        memory.setU32(selem + SELEM.storage, storage);
        memory.setU32(selem + SELEM.next, first);
        memory.setU32(selem + SELEM.pprev, head);
        return 0n;
      },
    };
    yield store(head, 4, BigInt(selem), "list.first");
    if (first !== 0) yield store(first + SELEM.pprev, 4, BigInt(selem + SELEM.next), "selem.pprev");
  }

  /** bpf_selem_unlink_storage_nolock; whether it was the storage's last element, which ends with it. */
  *#unlinkStorageLocked(storage: number, selem: number): Model<boolean> {
    const { owners } = this, next = Number(yield exclusive(load(selem + SELEM.next, 4, "selem.next")));
    const pprev = Number(yield exclusive(load(selem + SELEM.pprev, 4, "selem.pprev")));
    const isLast = next === 0 && pprev === owners.first(storage);
    if (isLast) {
      const record = yield* owners.loadOwner(storage);
      yield store(owners.pointerAt(record), 4, 0n, STORAGE_OWNERS[this.type].field);
    }
    yield { ...store(pprev, 4, BigInt(next), "pred.next"), touches: "pred_next" };
    if (next !== 0) yield store(next + SELEM.pprev, 4, BigInt(pprev), "selem.pprev");
    yield store(selem + SELEM.pprev, 4, 0n, "selem.pprev");
    const cache = owners.cache(storage, this.#cacheIndex);
    if ((yield exclusive(load(cache, 4, "cache"))) === BigInt(selem)) yield store(cache, 4, 0n, "cache");
    return isLast;
  }

  map_lookup_elem(): bigint {
    return 0n;
  }
  *map_update_elem(): Model {
    return errno("EOPNOTSUPP");
  }
  *map_delete_elem(): Model {
    return errno("EOPNOTSUPP");
  }
  *map_get_next_key(): Model<Found> {
    return errno("ENOTSUPP");
  }

  /** The owner that user space names: of a task its pidfd, which a pid stands for here. */
  *#named(key: Uint8Array): Model<number> {
    const { struct } = STORAGE_OWNERS[this.type], { owners } = this.environment;
    const number = new DataView(key.buffer, key.byteOffset).getInt32(0, true), owner = owners?.ownerOf(struct, number);
    if (owner !== undefined) return yield* this.owners.recordOf(owner);
    const there = owners?.keys(struct).join(", ") || "none: no program asks for one";
    throw new RangeError(`${this.name}: no ${struct} is called ${number}; there is ${there}`);
  }

  /** kernel/bpf/bpf_task_storage.c:bpf_pid_task_storage_lookup_elem, and those of the other types. */
  *bpf_map_copy_value(ctx: TaskContext, key: Uint8Array, flags: bigint): Model<Found> {
    const record = yield* this.#named(key);
    yield* this.owners.trylock(ctx, true);
    const selem = yield* this.lookup(ctx, record, true);
    yield* this.owners.unlock(ctx);
    if (selem === 0) return errno("ENOENT");
    const addr = selem + SELEM.data;
    return flags & BPF_F_LOCK ? yield* read_map_value_locked(this, ctx, addr) : yield* read_map_value(this, addr);
  }

  override *bpf_map_update_value(ctx: TaskContext, key: Uint8Array, value: Uint8Array, flags: bigint): Model {
    const record = yield* this.#named(key);
    yield* this.owners.trylock(ctx, true);
    const result = yield* this.update(ctx, record, { bytes: value }, flags);
    yield* this.owners.unlock(ctx);
    return result < 0n ? result : 0n;
  }

  override *delete_value(ctx: TaskContext, key: Uint8Array): Model {
    const record = yield* this.#named(key);
    yield* this.owners.trylock(ctx, true);
    const selem = yield* this.lookup(ctx, record, false);
    if (selem !== 0) yield* this.unlink(ctx, selem);
    yield* this.owners.unlock(ctx);
    return selem === 0 ? errno("ENOENT") : 0n;
  }

  *entries(memory: Memory): Iterable<MapEntry> {
    const found: { readonly key: number; readonly addr: number }[] = [];
    for (const { key, storage } of this.owners.stored(memory)) {
      let selem = memory.getU32(this.owners.first(storage));
      while (selem !== 0 && memory.getU32(selem + SELEM.smap) !== this.index + 1) {
        selem = memory.getU32(selem + SELEM.next);
      }
      if (selem !== 0) found.push({ key, addr: selem + SELEM.data });
    }
    for (const { key, addr } of found.sort((a, b) => a.key - b.key)) {
      yield { key: new Uint8Array(new Int32Array([key]).buffer), addr };
    }
  }

  #placeInElem(offset: number, memory: Memory): Place {
    const elem = Math.floor(offset / this.#elemBytes), inside = offset % this.#elemBytes;
    const selem = this.#elems + elem * this.#elemBytes;
    const key = this.owners.keyOf(memory, memory.getU32(selem + SELEM.owner));
    if (inside >= SELEM.data) return this.placeInValue(inside - SELEM.data, `${this.name}[${key}]`, this.name);
    const field = (["owner", "smap", "storage", "isInMap", "pprev", "next"] as const).find((name) =>
      inside >= SELEM[name]
    )!;
    const touches = field === "next" || field === "pprev" ? field : "elem";
    return { name: `${this.name}.elem[${elem}].${field}`, touches };
  }
}

const exclusive = ({ addr, size, label }: LoadOp): LoadOp => load(addr, size, label, true);

/** kernel/bpf/bpf_local_storage.c:check_flags. */
function checkFlags(old: number, flags: bigint): bigint {
  if (old !== 0 && (flags & ~BPF_F_LOCK) === BPF_NOEXIST) return errno("EEXIST");
  if (old === 0 && (flags & ~BPF_F_LOCK) === BPF_EXIST) return errno("ENOENT");
  return 0n;
}
