/**
 * STACK_TRACE maps (kernel/bpf/stackmap.c): a table of buckets, each with at most one stack trace, under the hash of the
 * trace. Two traces that hash to one bucket do not both fit: the second is refused, or takes the place of the first.
 */
import type { Memory } from "../cpu/memory.ts";
import { load, type Model, type TaskContext } from "../cpu/operation.ts";
import type { MapDef } from "../object/bpf_object.ts";
import { BPF_F_FAST_STACK_CMP, BPF_F_REUSE_STACKID } from "../uapi/flags.ts";
import { errno } from "./errno.ts";
import { htab_map_hash } from "./jhash.ts";
import { type Found, KernelMap, type MapEntry, type MapEnvironment } from "./kernel_map.ts";
import { readWords, type Source } from "./source.ts";
import { numberToBytes, wordAt, wordsOf } from "./words.ts";

/** struct stack_map_bucket: the link of the free list, hash, nr, then the addresses. */
const BUCKET = { link: 0, hash: 4, nr: 8, data: 16 } as const;
const SLOT_BYTES = 4;
const IP_BYTES = 8;
const KEY = { offset: 0, size: 4 } as const;

/**
 * Different traces that are ever drawn (bpf_helpers/stack_helpers.ts). A map needs no more elements than these and those
 * that CPUs have in hand, so that more of max_entries would never be taken off the free list.
 */
export const MOST_TRACES = 32;

export class StackTraceMap extends KernelMap {
  readonly #buckets: number;
  readonly #nrBuckets: number;
  readonly #elems: number;
  readonly #nrElems: number;
  readonly #elemBytes: number;
  readonly #freeList: number;

  constructor(def: MapDef, index: number, environment: MapEnvironment) {
    super(def, index, environment);
    this.#nrBuckets = 2 ** Math.ceil(Math.log2(def.maxEntries));
    this.#nrElems = Math.min(def.maxEntries, MOST_TRACES + environment.nrCpus);
    this.#elemBytes = BUCKET.data + Math.ceil(def.valueSize / IP_BYTES) * IP_BYTES;
    this.#buckets = this.allocate(
      this.#nrBuckets * SLOT_BYTES,
      (offset) => ({ name: `${def.name}.buckets[${Math.floor(offset / SLOT_BYTES)}]`, touches: "bucket" }),
    );
    this.#elems = this.allocate(this.#nrElems * this.#elemBytes, (at) => {
      const elem = Math.floor(at / this.#elemBytes), offset = at % this.#elemBytes;
      if (offset >= BUCKET.data) return this.placeInValue(offset - BUCKET.data, `${def.name}.elem${elem}`);
      return { name: `${def.name}.elem${elem}.${offset < BUCKET.nr ? "hash" : "nr"}`, touches: "elem" };
    });
    this.#freeList = this.allocate(SLOT_BYTES, () => ({ name: `${def.name}.freelist`, touches: "free_list" }));
  }

  /** stackmap.c:prealloc_elems_and_freelist. */
  initialize(memory: Memory): void {
    for (let i = this.#nrElems - 1; i >= 0; i--) this.#push(memory, this.#elems + i * this.#elemBytes);
  }

  /**
   * stackmap.c:__bpf_get_stackid: the number of the bucket that holds the trace, or -EEXIST (another one is there),
   * -ENOMEM.
   *
   * @param ips addresses of the trace, as many as a value holds at most
   */
  *getStackId(_ctx: TaskContext, ips: readonly bigint[], flags: bigint): Model {
    const trace = new Uint8Array(this.def.valueSize), view = new DataView(trace.buffer);
    ips.forEach((ip, i) => view.setBigUint64(i * IP_BYTES, ip, true));
    const length = ips.length * IP_BYTES, hash = htab_map_hash(trace.subarray(0, length), 0);
    yield { kind: "work", what: "hash", amount: length };
    const id = (hash & (this.#nrBuckets - 1)) >>> 0, slot = this.#buckets + id * SLOT_BYTES;
    const bucket = Number(yield load(slot, SLOT_BYTES, "bucket"));
    const matches = bucket !== 0 && (yield load(bucket + BUCKET.hash, 4, "hash")) === BigInt(hash);
    if (matches && flags & BPF_F_FAST_STACK_CMP) return BigInt(id);
    if (matches && (yield* this.#holds(bucket, ips))) return BigInt(id);
    if (bucket !== 0 && !(flags & BPF_F_REUSE_STACKID)) return errno("EEXIST");
    const fresh = Number(yield this.#atomic("pcpu_freelist_pop", (memory) => this.#pop(memory)));
    if (fresh === 0) return errno("ENOMEM");
    // A CPU that found this element in its bucket before it was freed may still compare it: it can see the copy.
    yield {
      kind: "atomic",
      addr: fresh + BUCKET.data,
      label: "stack",
      run: (memory) => {
        memory.writeBytes(fresh + BUCKET.data, trace);
        return 0n;
      },
    };
    yield { kind: "store", addr: fresh + BUCKET.hash, size: 4, value: BigInt(hash), label: "hash" };
    yield { kind: "store", addr: fresh + BUCKET.nr, size: 4, value: BigInt(ips.length), label: "nr" };
    yield* this.#put(slot, fresh);
    return BigInt(id);
  }

  /** Whether a bucket's element is this trace: memcmp, up to the first address that differs. */
  *#holds(bucket: number, ips: readonly bigint[]): Model<boolean> {
    if (Number(yield load(bucket + BUCKET.nr, 4, "nr")) !== ips.length) return false;
    for (const [i, ip] of ips.entries()) {
      if ((yield load(bucket + BUCKET.data + i * IP_BYTES, IP_BYTES, "ip")) !== ip) return false;
    }
    return true;
  }

  /** Exchanges a bucket's element; the old one may be used again at once. */
  *#put(slot: number, elem: number): Model {
    const value = BigInt(elem);
    const old = yield { kind: "rmw", op: "xchg", addr: slot, size: SLOT_BYTES, value, label: "bucket" };
    if (old !== 0n) {
      yield this.#atomic("pcpu_freelist_push", (memory) => {
        this.#push(memory, Number(old));
        return 0n;
      });
    }
    return old;
  }

  #atomic(label: string, run: (memory: Memory) => bigint) {
    return { kind: "atomic", addr: this.#freeList, label, run } as const;
  }

  #pop(memory: Memory): bigint {
    const elem = memory.getU32(this.#freeList);
    if (elem !== 0) memory.setU32(this.#freeList, memory.getU32(elem + BUCKET.link));
    return BigInt(elem);
  }

  #push(memory: Memory, elem: number): void {
    memory.setU32(elem + BUCKET.link, memory.getU32(this.#freeList));
    memory.setU32(this.#freeList, elem);
  }

  /** stack_map_lookup_elem: programs cannot look into it. */
  map_lookup_elem(): bigint {
    return errno("EOPNOTSUPP");
  }

  /** stack_map_update_elem. */
  *map_update_elem(_ctx: TaskContext, _key: Source, _value: Source, _flags: bigint): Model {
    return errno("EINVAL");
  }

  *map_delete_elem(ctx: TaskContext, key: Source): Model {
    return "bytes" in key ? yield* this.delete_value(ctx, key.bytes) : errno("EINVAL");
  }

  /** stack_map_delete_elem. */
  override *delete_value(_ctx: TaskContext, key: Uint8Array): Model {
    const id = Number(wordAt(key, KEY));
    if (id >= this.#nrBuckets) return errno("E2BIG");
    const old = yield* this.#put(this.#buckets + id * SLOT_BYTES, 0);
    return old === 0n ? errno("ENOENT") : 0n;
  }

  /** bpf_stackmap_extract: the bucket is empty while its trace is copied, and what came meanwhile is freed. */
  *bpf_map_copy_value(_ctx: TaskContext, key: Uint8Array): Model<Found> {
    const id = Number(wordAt(key, KEY)), slot = this.#buckets + id * SLOT_BYTES;
    if (id >= this.#nrBuckets) return errno("ENOENT");
    const elem = Number(yield { kind: "rmw", op: "xchg", addr: slot, size: SLOT_BYTES, value: 0n, label: "bucket" });
    if (elem === 0) return errno("ENOENT");
    const nr = Number(yield load(elem + BUCKET.nr, 4, "nr"));
    const found = yield* readWords(elem + BUCKET.data, nr * IP_BYTES, wordsOf(nr * IP_BYTES), "ip");
    yield* this.#put(slot, elem);
    const value = new Uint8Array(this.def.valueSize);
    value.set(found);
    return value;
  }

  /** stack_map_get_next_key: the next bucket that is not empty. */
  *map_get_next_key(_ctx: TaskContext, key: Uint8Array | undefined): Model<Found> {
    let id = key ? Number(wordAt(key, KEY)) + 1 : 0;
    // A key beyond the table starts it anew.
    if (id > this.#nrBuckets) id = 0;
    for (; id < this.#nrBuckets; id++) {
      if ((yield load(this.#buckets + id * SLOT_BYTES, SLOT_BYTES, "bucket")) !== 0n) {
        return numberToBytes(BigInt(id), 4);
      }
    }
    return errno("ENOENT");
  }

  *entries(memory: Memory): Iterable<MapEntry> {
    for (let id = 0; id < this.#nrBuckets; id++) {
      const elem = memory.getU32(this.#buckets + id * SLOT_BYTES);
      if (elem !== 0) yield { key: numberToBytes(BigInt(id), 4), addr: elem + BUCKET.data };
    }
  }
}
