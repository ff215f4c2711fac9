/** What all hash maps share: buckets, elements, lookups without a lock, links under one (kernel/bpf/hashtab.c). */
import { REGION_FLAG } from "../cpu/layout.ts";
import { addressOf, type Memory } from "../cpu/memory.ts";
import { calls, load, type LoadOp, type Model, store, type TaskContext } from "../cpu/operation.ts";
import { raw_res_spin_lock_irqsave, raw_res_spin_unlock_irqrestore } from "../locks/raw_spin_lock.ts";
import type { MapDef } from "../object/bpf_object.ts";
import type { BatchEntry } from "./batch.ts";
import { FREE_LINK, type Spares } from "./elem_pool.ts";
import { errno, KernelError } from "./errno.ts";
import { type HashLayouts, hashrndOf } from "./hash_layouts.ts";
import { htab_map_hash } from "./jhash.ts";
import { type Found, KernelMap, type MapEntry, type MapEnvironment, type Place } from "./kernel_map.ts";
import { formatKeyAt } from "./map_values.ts";
import { BPF_EXIST, BPF_F_LOCK, BPF_F_ZERO_SEED, BPF_NOEXIST } from "../uapi/flags.ts";
import { readSource, readWords, type Source } from "./source.ts";
import { type Leaf, leavesOf } from "./value_layout.ts";
import { roundUp8, setWord, type Word, wordAt, wordsOf } from "./words.ts";

/** struct bucket. */
export const BUCKET = { bytes: 16, first: 0, lock: 8 } as const;

/** struct htab_elem: the offsets that models touch. The key follows, then the value, each rounded up to 8 bytes. */
export const ELEM = { next: 0, pprev: 8, free: FREE_LINK, ref: 24, type: 25, hash: 40, key: 48 } as const;

/** Fields of an element that traces name. */
const FIELDS = ["next", "pprev", "ref", "type", "hash"] as const;

/** A key with its hash and the bucket it belongs to. */
export interface HashedKey {
  readonly bytes: Uint8Array;
  readonly hash: number;
  readonly bucket: number;
}

/** The end of a bucket's list: an odd number that says which bucket (include/linux/list_nulls.h). */
const nullsMarker = (bucket: number): number => ((bucket << 1) | 1) >>> 0;
export const isNulls = (link: number): boolean => (link & 1) === 1;

export abstract class Htab extends KernelMap {
  readonly nBuckets: number;
  readonly elemSize: number;
  /** Number of elements that memory is taken for. */
  readonly elemCount: number;
  readonly keyWords: readonly Word[];
  readonly valueOffset: number;
  protected readonly elems: number;
  readonly #buckets: number;
  readonly #valueRegion: number;
  readonly #keyRegion: number;
  readonly #hashrnd: number;
  #keyLeaves: readonly Leaf[] | undefined;
  /** Whether the kernel draws the map's seed. */
  readonly isSeeded: boolean;
  /** Told what depends on the seed, where there is one and a search wants to know. */
  protected readonly layouts: HashLayouts | undefined;

  /**
   * @param elemCount elements to take memory for
   * @param valueBytes bytes of the value inside the element
   */
  constructor(def: MapDef, index: number, environment: MapEnvironment, elemCount: number, valueBytes: number) {
    super(def, index, environment);
    if (def.keySize < 1) throw new KernelError("EINVAL", `hash map ${def.name} with a key of ${def.keySize} bytes`);
    this.isSeeded = !(def.flags & BPF_F_ZERO_SEED);
    this.#hashrnd = this.isSeeded ? hashrndOf(environment.hashSeed ?? 0, index) : 0;
    this.nBuckets = 2 ** Math.ceil(Math.log2(def.maxEntries));
    this.layouts = this.isSeeded ? environment.layouts : undefined;
    this.layouts?.watch(index, def.name, this.nBuckets);
    this.keyWords = wordsOf(def.keySize);
    this.valueOffset = ELEM.key + roundUp8(def.keySize);
    this.elemSize = this.valueOffset + roundUp8(valueBytes);
    this.elemCount = elemCount;
    this.#buckets = this.allocate(this.nBuckets * BUCKET.bytes, (offset) => {
      const bucket = Math.floor(offset / BUCKET.bytes);
      const isLock = offset % BUCKET.bytes >= BUCKET.lock;
      return {
        name: `${def.name}.bucket[${bucket}].${isLock ? "lock" : "first"}`,
        touches: isLock ? "lock" : "bucket",
      };
    });
    this.elems = this.allocate(elemCount * this.elemSize, (offset, memory) => this.#placeInElem(offset, memory));
    const flags = REGION_FLAG.read | REGION_FLAG.shared, { arena } = environment;
    this.#keyRegion = arena.addRegions(
      elemCount,
      this.elems + ELEM.key,
      this.elemSize,
      def.keySize,
      flags,
      `a key of ${def.name}`,
    );
    this.#valueRegion = arena.addRegions(
      elemCount,
      this.elems + this.valueOffset,
      this.elemSize,
      valueBytes,
      flags | REGION_FLAG.write,
      `a value of ${def.name}`,
    );
  }

  initialize(memory: Memory): void {
    for (let bucket = 0; bucket < this.nBuckets; bucket++) memory.setU32(this.first(bucket), nullsMarker(bucket));
  }

  first(bucket: number): number {
    return this.#buckets + bucket * BUCKET.bytes + BUCKET.first;
  }

  lockAddr(bucket: number): number {
    return this.#buckets + bucket * BUCKET.bytes + BUCKET.lock;
  }

  elemIndex(elem: number): number {
    return (elem - this.elems) / this.elemSize;
  }

  /** Pointer to the value inside an element, as programs hold it. */
  elemPointer(elem: number): bigint {
    return (BigInt(this.#valueRegion + this.elemIndex(elem)) << 32n) | BigInt(elem + this.valueOffset);
  }

  keyPointer(elem: number): bigint {
    return (BigInt(this.#keyRegion + this.elemIndex(elem)) << 32n) | BigInt(elem + ELEM.key);
  }

  /** Hashes a key with the map's seed: random unless BPF_F_ZERO_SEED (kernel/bpf/hashtab.c:htab_map_alloc). */
  hashKey(bytes: Uint8Array): HashedKey {
    this.layouts?.sawKey(this.index, bytes);
    const hash = htab_map_hash(bytes, this.#hashrnd);
    return { bytes, hash, bucket: hash & (this.nBuckets - 1) };
  }

  /** kernel/bpf/hashtab.c:lookup_nulls_elem_raw: without a lock; restarts when it strayed into another bucket. */
  *lookup_nulls_elem_raw(key: HashedKey): Model<number> {
    for (;;) {
      let n = Number(yield load(this.first(key.bucket), 4, "bucket.first"));
      while (!isNulls(n)) {
        const hash = Number(yield load(n + ELEM.hash, 4, "elem.hash"));
        if (hash === key.hash && (yield* this.#keyEquals(n, key, false))) return n;
        n = Number(yield load(n + ELEM.next, 4, "elem.next"));
      }
      if (n === nullsMarker(key.bucket)) return 0;
    }
  }

  /** kernel/bpf/hashtab.c:lookup_elem_raw: under the bucket lock, which keeps links, hashes and keys as they are. */
  *lookup_elem_raw(key: HashedKey): Model<number> {
    let n = Number(yield exclusive(load(this.first(key.bucket), 4, "bucket.first")));
    while (!isNulls(n)) {
      const hash = Number(yield exclusive(load(n + ELEM.hash, 4, "elem.hash")));
      if (hash === key.hash && (yield* this.#keyEquals(n, key, true))) return n;
      n = Number(yield exclusive(load(n + ELEM.next, 4, "elem.next")));
    }
    return 0;
  }

  *#keyEquals(elem: number, key: HashedKey, locked: boolean): Model<boolean> {
    for (const word of this.keyWords) {
      const found = yield load(elem + ELEM.key + word.offset, word.size, "elem.key", locked);
      if (found !== wordAt(key.bytes, word)) return false;
    }
    return true;
  }

  /**
   * kernel/bpf/hashtab.c:htab_lock_bucket, with interrupts off; 0n or -EDEADLK (before Linux 6.15: -EBUSY) when this CPU
   * holds the lock already.
   */
  *htab_lock_bucket(ctx: TaskContext, bucket: number): Model {
    yield calls(1);
    const refused = yield* raw_res_spin_lock_irqsave(ctx, this.lockAddr(bucket), "bucket.lock");
    if (refused) this.noteSharing();
    return refused;
  }

  *htab_unlock_bucket(bucket: number): Model<void> {
    yield calls(1);
    yield* raw_res_spin_unlock_irqrestore(this.lockAddr(bucket), "bucket.unlock");
  }

  /** kernel/bpf/hashtab.c:check_flags: 0n, or what an update is refused with. */
  check_flags(old: number, flags: bigint): bigint {
    if (old !== 0 && (flags & ~BPF_F_LOCK) === BPF_NOEXIST) return errno("EEXIST");
    if (old === 0 && (flags & ~BPF_F_LOCK) === BPF_EXIST) return errno("ENOENT");
    return 0n;
  }

  /** include/linux/rculist_nulls.h:hlist_nulls_add_head_rcu. A fresh element's own links no CPU can see yet. */
  *hlist_nulls_add_head_rcu(elem: number, bucket: number, fresh: boolean): Model<void> {
    const head = this.first(bucket);
    const first = Number(yield exclusive(load(head, 4, "bucket.first")));
    yield store(elem + ELEM.next, 4, BigInt(first), "elem.next", fresh);
    yield store(elem + ELEM.pprev, 4, BigInt(head), "elem.pprev", true);
    yield store(head, 4, BigInt(elem), "bucket.first");
    if (!isNulls(first)) {
      yield store(first + ELEM.pprev, 4, BigInt(elem + ELEM.next), "elem.pprev", true);
    }
  }

  /** include/linux/rculist_nulls.h:hlist_nulls_del_rcu: the element keeps its own `next`, for readers that stand on it. */
  *hlist_nulls_del_rcu(elem: number): Model<void> {
    const next = yield exclusive(load(elem + ELEM.next, 4, "elem.next"));
    const pprev = Number(yield exclusive(load(elem + ELEM.pprev, 4, "elem.pprev")));
    yield { ...store(pprev, 4, next, "pred.next"), touches: "pred_next" };
    if (!isNulls(Number(next))) {
      yield store(Number(next) + ELEM.pprev, 4, BigInt(pprev), "elem.pprev", true);
    }
  }

  /**
   * kernel/bpf/hashtab.c:htab_map_get_next_key: no lock. A key that is gone meanwhile starts the walk anew, so a walk
   * can show keys twice.
   */
  *map_get_next_key(_ctx: TaskContext, key: Uint8Array | undefined): Model<Found> {
    this.noteWalk();
    let bucket = 0;
    if (key) {
      const hashed = this.hashKey(key), elem = yield* this.lookup_nulls_elem_raw(hashed);
      if (elem !== 0) {
        const next = Number(yield load(elem + ELEM.next, 4, "elem.next"));
        if (!isNulls(next)) return yield* this.readKey(next);
        bucket = hashed.bucket + 1;
      }
    }
    for (; bucket < this.nBuckets; bucket++) {
      const first = Number(yield load(this.first(bucket), 4, "bucket.first"));
      if (!isNulls(first)) return yield* this.readKey(first);
    }
    return errno("ENOENT");
  }

  *readKey(elem: number): Model<Uint8Array> {
    return yield* readWords(elem + ELEM.key, this.def.keySize, this.keyWords, "elem.key");
  }

  /** Notes, for a search, that a walk of the whole map is under way. */
  noteWalk(): void {
    this.layouts?.sawWalk(this.index);
  }

  /** Notes that it can matter which keys share a bucket. */
  protected noteSharing(): void {
    this.layouts?.sawSharing(this.index);
  }

  /** Elements that are in no bucket now, for figures and tests. */
  abstract spares(memory: Memory): Spares;

  /** One entry of a batch, inside the bucket lock. */
  abstract readBatchEntry(ctx: TaskContext, elem: number, flags: bigint): Model<BatchEntry>;

  /** Gives back an element that was taken out of its bucket for good (free_htab_elem, htab_lru_push_free). */
  abstract freeElem(ctx: TaskContext, elem: number): Model<void>;

  /** kernel/bpf/hashtab.c:htab_map_delete_elem, and htab_lru_map_delete_elem, which takes the same steps. */
  *map_delete_elem(ctx: TaskContext, keySource: Source): Model {
    const key = this.hashKey(yield* readSource(keySource, this.def.keySize, "key"));
    yield { kind: "work", what: "hash", amount: this.def.keySize };
    const refused = yield* this.htab_lock_bucket(ctx, key.bucket);
    if (refused) return refused;
    const elem = yield* this.lookup_elem_raw(key);
    if (elem !== 0) yield* this.hlist_nulls_del_rcu(elem);
    yield* this.htab_unlock_bucket(key.bucket);
    if (elem === 0) return errno("ENOENT");
    yield* this.freeElem(ctx, elem);
    return 0n;
  }

  /** kernel/bpf/hashtab.c:check_and_free_fields: what the value of an element holds goes with it. */
  check_and_free_fields(ctx: TaskContext, elem: number): Model<void> {
    return this.freeFields(ctx, elem + this.valueOffset);
  }

  /** kernel/bpf/hashtab.c:__htab_map_lookup_and_delete_elem: copied and taken out under the bucket lock. */
  *map_lookup_and_delete_elem(ctx: TaskContext, keyBytes: Uint8Array, flags: bigint): Model<Found> {
    const key = this.hashKey(keyBytes);
    yield { kind: "work", what: "hash", amount: this.def.keySize };
    const refused = yield* this.htab_lock_bucket(ctx, key.bucket);
    if (refused) return refused;
    const elem = yield* this.lookup_elem_raw(key);
    const found = elem === 0 ? errno("ENOENT") : (yield* this.readBatchEntry(ctx, elem, flags)).value;
    if (elem !== 0) yield* this.hlist_nulls_del_rcu(elem);
    yield* this.htab_unlock_bucket(key.bucket);
    if (elem !== 0) yield* this.freeElem(ctx, elem);
    return found;
  }

  /** The key of an element whose bucket is locked. */
  protected *readLockedKey(elem: number): Model<Uint8Array> {
    const bytes = new Uint8Array(this.def.keySize);
    for (const word of this.keyWords) {
      setWord(bytes, word, yield exclusive(load(elem + ELEM.key + word.offset, word.size, "elem.key")));
    }
    return bytes;
  }

  /** kernel/bpf/hashtab.c:bpf_for_each_hash_elem: no lock; the next element is read before the callback runs. */
  override *map_for_each_callback(ctx: TaskContext, func: bigint, callbackCtx: bigint): Model {
    this.noteWalk();
    let count = 0n;
    for (let bucket = 0; bucket < this.nBuckets; bucket++) {
      let elem = Number(yield load(this.first(bucket), 4, "bucket.first"));
      while (!isNulls(elem)) {
        const next = Number(yield load(elem + ELEM.next, 4, "elem.next"));
        count++;
        const args = [this.pointer, this.keyPointer(elem), this.valueFor(ctx, elem), callbackCtx, 0n];
        if ((yield { kind: "callback", func, args }) !== 0n) return count;
        elem = next;
      }
    }
    return count;
  }

  *entries(memory: Memory): Iterable<MapEntry> {
    const found: { readonly key: Uint8Array; readonly elem: number }[] = [];
    for (const elem of this.linkedElems(memory)) {
      found.push({ key: memory.bytes.slice(elem + ELEM.key, elem + ELEM.key + this.def.keySize), elem });
    }
    found.sort((a, b) => compareBytes(a.key, b.key));
    for (const { key, elem } of found) yield* this.elemEntries(key, elem);
  }

  override *map_key_from_value(_ctx: TaskContext, value: bigint): Model {
    return this.keyPointer(addressOf(value) - this.valueOffset);
  }

  /** Pointer to the value of an element that a program on this CPU gets. */
  protected valueFor(_ctx: TaskContext, elem: number): bigint {
    return this.elemPointer(elem);
  }

  protected *elemEntries(key: Uint8Array, elem: number): Iterable<MapEntry> {
    yield { key, addr: elem + this.valueOffset };
  }

  /** Every element that is in a bucket, read without a step of any task. */
  protected *linkedElems(memory: Memory): Iterable<number> {
    for (let bucket = 0; bucket < this.nBuckets; bucket++) {
      let elem = memory.getU32(this.first(bucket));
      for (let seen = 0; !isNulls(elem) && seen <= this.elemCount; seen++) {
        yield elem;
        elem = memory.getU32(elem + ELEM.next);
      }
    }
  }

  /** A key that an element holds now, as reports print it. */
  protected keyName(elem: number, memory: Memory): string {
    const { environment: { btf }, def: { keyType, keySize } } = this;
    return formatKeyAt(memory, elem + ELEM.key, keySize, this.#keyLeaves ??= leavesOf(btf, keyType, keySize));
  }

  #placeInElem(offset: number, memory: Memory): Place {
    const index = Math.floor(offset / this.elemSize), inside = offset % this.elemSize;
    if (inside >= this.valueOffset) {
      const value = `${this.name}[${this.keyName(this.elems + index * this.elemSize, memory)}]`;
      return this.placeInValue(inside - this.valueOffset, value, this.name);
    }
    const field = inside >= ELEM.key ? "key" : FIELDS.find((name) => ELEM[name] === inside);
    const name = `${this.name}.elem[${index}].${field ?? `+${inside}`}`;
    return { name, touches: field === undefined ? "elem" : field === "ref" || field === "type" ? "lru" : field };
  }
}

/** Marks a load as one that a held lock protects. */
export const exclusive = ({ addr, size, label }: LoadOp): LoadOp => load(addr, size, label, true);

/** Byte order with the highest byte last, as numbers of a little-endian machine compare. */
function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = a.length - 1; i >= 0; i--) if (a[i] !== b[i]) return a[i] - b[i];
  return 0;
}
