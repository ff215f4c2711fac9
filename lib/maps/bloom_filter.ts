/** BLOOM_FILTER maps: bits that are only ever set, without a lock (kernel/bpf/bloom_filter.c). */
import type { Memory } from "../cpu/memory.ts";
import { load, type Model, type TaskContext } from "../cpu/operation.ts";
import type { MapDef } from "../object/bpf_object.ts";
import { BPF_ANY, BPF_F_ZERO_SEED } from "../uapi/flags.ts";
import { keyBytes } from "./array.ts";
import { errno, KernelError } from "./errno.ts";
import { type BloomShape, type HashLayouts, hashrndOf } from "./hash_layouts.ts";
import { bloomBit } from "./jhash.ts";
import { type Found, KernelMap, type MapEntry, type MapEnvironment } from "./kernel_map.ts";
import { readSource, type Source } from "./source.ts";

const DEFAULT_HASH_FUNCTIONS = 5;
/** The kernel goes up to 2^32 bits; so many are 16 MiB. */
const MOST_BITS = 2 ** 27;
const WORD_BITS = 64, WORD_BYTES = 8;

/** Numbers of functions and of bits (bloom_map_alloc). */
export function bloomShape({ maxEntries, extra = 0 }: Pick<MapDef, "maxEntries" | "extra">): BloomShape {
  const functions = extra === 0 ? DEFAULT_HASH_FUNCTIONS : extra, wanted = 7 * Math.floor(maxEntries * functions / 5);
  if (maxEntries * functions >= 2 ** 32 || wanted > 2 ** 31) return { functions, bits: 2 ** 32 };
  return { functions, bits: wanted <= WORD_BITS ? WORD_BITS : 2 ** Math.ceil(Math.log2(wanted)) };
}

export class BloomFilterMap extends KernelMap {
  readonly functions: number;
  readonly bits: number;
  readonly #bitset: number;
  readonly #seed: number;
  readonly #layouts: HashLayouts | undefined;

  constructor(def: MapDef, index: number, environment: MapEnvironment) {
    super(def, index, environment);
    ({ functions: this.functions, bits: this.bits } = bloomShape(def));
    if (def.keySize !== 0 || def.valueSize === 0 || (def.extra ?? 0) > 15) {
      throw new KernelError("EINVAL", `bloom filter ${def.name} with a key, no value, or more than 15 hash functions`);
    }
    if (this.bits > MOST_BITS) {
      throw new KernelError("E2BIG", `bloom filter ${def.name} of ${this.bits} bits: the simulator takes ${MOST_BITS}`);
    }
    const isSeeded = !(def.flags & BPF_F_ZERO_SEED);
    this.#seed = isSeeded ? hashrndOf(environment.hashSeed ?? 0, index) : 0;
    this.#layouts = isSeeded ? environment.layouts : undefined;
    this.#layouts?.watchFilter(index, def.name, { functions: this.functions, bits: this.bits });
    this.#bitset = this.allocate(this.bits / 8, (offset) => ({
      name: `${def.name}.bits[${Math.floor(offset / WORD_BYTES)}]`,
      touches: "bits",
    }));
  }

  initialize(): void {}

  /** Address of the word of a bit, and the bit in it. The value is read anew for each function. */
  *#place(value: Source, i: number): Model<{ readonly addr: number; readonly mask: bigint }> {
    const bytes = yield* readSource(value, this.def.valueSize, "value");
    this.#layouts?.sawKey(this.index, bytes);
    yield { kind: "work", what: "hash", amount: this.def.valueSize };
    const bit = bloomBit(bytes, this.#seed, i, this.bits);
    return {
      addr: this.#bitset + Math.floor(bit / WORD_BITS) * WORD_BYTES,
      mask: 1n << BigInt(bit % WORD_BITS),
    };
  }

  /** kernel/bpf/bloom_filter.c:bloom_map_push_elem: one atomic set_bit after another. */
  *map_push_elem(_ctx: TaskContext, value: Source, flags: bigint): Model {
    if (flags !== BPF_ANY) return errno("EINVAL");
    for (let i = 0; i < this.functions; i++) {
      const { addr, mask } = yield* this.#place(value, i);
      yield { kind: "rmw", op: "or", addr, size: WORD_BYTES, value: mask, label: "set_bit" };
    }
    return 0n;
  }

  /**
   * kernel/bpf/bloom_filter.c:bloom_map_peek_elem: 0n where every bit of the value is set, which those of other values may
   * have done; -ENOENT at the first that is not, also while the value is being pushed.
   */
  *map_peek_elem(_ctx: TaskContext, value: Source): Model {
    this.#layouts?.sawSharing(this.index);
    for (let i = 0; i < this.functions; i++) {
      const { addr, mask } = yield* this.#place(value, i);
      if (((yield load(addr, WORD_BYTES, "test_bit")) & mask) === 0n) return errno("ENOENT");
    }
    return 0n;
  }

  map_lookup_elem(): bigint {
    return 0n;
  }
  *map_update_elem(): Model {
    return errno("EINVAL");
  }
  *map_delete_elem(): Model {
    return errno("EOPNOTSUPP");
  }
  *map_get_next_key(): Model<Found> {
    return errno("EOPNOTSUPP");
  }

  /** A lookup without a value asks for one of zeroes. */
  *bpf_map_copy_value(ctx: TaskContext): Model<Found> {
    return yield* this.peekValue(ctx, new Uint8Array(this.def.valueSize));
  }

  /** BPF_MAP_LOOKUP_ELEM: the value that user space passed, where it may have been pushed. */
  *peekValue(ctx: TaskContext, value: Uint8Array): Model<Found> {
    const result = yield* this.map_peek_elem(ctx, { bytes: value });
    return result === 0n ? value : result;
  }

  override *bpf_map_update_value(ctx: TaskContext, _key: Uint8Array, value: Uint8Array, flags: bigint): Model {
    return yield* this.map_push_elem(ctx, { bytes: value }, flags);
  }

  /** Words of the bitset that are not zero. */
  *entries(memory: Memory): Iterable<MapEntry> {
    for (let at = 0; at < this.bits / WORD_BITS; at++) {
      const addr = this.#bitset + at * WORD_BYTES;
      if (memory.read(addr, WORD_BYTES) === 0n) continue;
      yield { key: keyBytes(at), addr, field: `.bits[${at}]`, size: WORD_BYTES };
    }
  }
}
