/** User space as an actor of the simulation: generator functions over the `user` API. */
import type { Model, TaskContext } from "../cpu/operation.ts";
import type { Btf } from "../object/btf.ts";
import type { BpfObject, Program } from "../object/bpf_object.ts";
import { didYouMean } from "../words/closest_name.ts";
import { decodeValue, encodeValue, type MapInput, type MapValue } from "./btf_value.ts";
import { errnoName, KernelError } from "./errno.ts";
import { createInner, FRESH_INNER_MAPS } from "./fresh_inner_maps.ts";
import type { KernelMap } from "./kernel_map.ts";
import { BPF_ANY } from "../uapi/flags.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import * as syscalls from "./syscalls.ts";
import { readMapped, writeMapped } from "./user_memory.ts";
import { roundUp8 } from "./words.ts";

/** Flags of a call: BPF_F_LOCK and its like are bigints; a number is taken as well. */
export type Flags = bigint | number;

/**
 * The bits of flags.
 *
 * @throws TypeError for what is no whole number
 */
export function flagBits(flags: Flags): bigint {
  if (typeof flags === "bigint") return flags;
  if (Number.isSafeInteger(flags)) return BigInt(flags);
  throw new TypeError(
    `flags are ${typeof flags === "string" ? `the text "${flags}"` : flags}; write BPF_F_LOCK, or 4n`,
  );
}

/**
 * A user-space thread: its body yields* calls of `user`; what it returns becomes part of the outcome.
 *
 * @example
 * ```ts
 * import { bpf, simulate, type UserActor } from "interleave";
 * const counts = await bpf`struct stats { long packets; long bytes; };
 * struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 4); __type(key, int); __type(value, struct stats); }
 * stats SEC(".maps");
 * SEC("raw_tp") int count(void *ctx) {
 *   int key = 1;
 *   struct stats *s = bpf_map_lookup_elem(&stats, &key);
 *   if (s) __sync_fetch_and_add(&s->packets, 1);
 *   return 0;
 * }`;
 * const reader: UserActor = {
 *   name: "reader",
 *   *body(user) {
 *     yield* user.sleep();
 *     return (yield* user.lookup("stats", 1)).packets;
 *   },
 * };
 * const run = await simulate(counts, {
 *   cpus: 2,
 *   invocations: 3,
 *   prepare: (user) => user.update("stats", 1, { packets: 0 }),
 *   user: [reader],
 * });
 * if (run.final["stats[1].packets"] !== 6n) throw new Error("two CPUs, three packets each");
 * ```
 */
export interface UserActor {
  /** Name in traces and outcomes. */
  readonly name: string;
  /** CPU it runs on; a CPU of its own when left out. */
  readonly cpu?: number;
  /** What it does, once. */
  readonly body: (user: UserApi) => Model<unknown>;
}

/** One entry of a walk or of a batch. */
export interface UserEntry<V> {
  /** Numbers as bigint, a struct as an object with its fields. */
  readonly key: MapValue;
  /** The same; of a per-CPU map an array with each CPU's value. */
  readonly value: V;
}

/**
 * What a user-space actor can do. Every method is a generator, to be called with `yield*`: its steps take part in the
 * interleaving. Maps and global variables go by name. Keys and values are given as numbers, bigints, objects with the
 * C fields' names, or a Uint8Array of the exact size; they come back as bigints, objects and arrays.
 *
 * @example
 * ```ts
 * import type { UserActor } from "interleave";
 * const reader: UserActor = {
 *   name: "reader",
 *   *body(user) {
 *     const before = yield* user.lookup("stats", 1);
 *     yield* user.update("stats", 1, { packets: 0n, bytes: before?.bytes ?? 0n });
 *     return before;
 *   },
 * };
 * ```
 */
export class UserApi {
  readonly #maps: readonly KernelMap[];
  readonly #btf: Btf | undefined;
  readonly #programs: readonly Program[];
  readonly #ctx: TaskContext;

  /** Made by the machine; a body gets it as its argument. */
  constructor(maps: readonly KernelMap[], object: BpfObject, ctx: TaskContext) {
    this.#maps = maps;
    this.#btf = object.btf;
    this.#programs = object.programs;
    this.#ctx = ctx;
  }

  /**
   * BPF_MAP_LOOKUP_ELEM: the value, or undefined where the key is not there. Of a per-CPU map an array with the value
   * of each CPU, of a map in map the inner map's name, of a PROG_ARRAY the program's.
   *
   * @param flags 0n or BPF_F_LOCK
   * @throws KernelError EINVAL for BPF_F_LOCK on a map without a bpf_spin_lock
   */
  // deno-lint-ignore no-explicit-any -- the shape of a value is the listing's, not ours
  *lookup<V = any>(map: string, key: MapInput, flags: Flags = BPF_ANY): Model<V | undefined> {
    const found = this.#find(map), bytes = yield* this.#lookupBytes(found, key, flags);
    return bytes && this.#decode(found, bytes) as V;
  }

  /** The same, as the bytes that the system call copies out. */
  *lookupBytes(map: string, key: MapInput, flags: Flags = BPF_ANY): Model<Uint8Array | undefined> {
    return yield* this.#lookupBytes(this.#find(map), key, flags);
  }

  /**
   * BPF_MAP_UPDATE_ELEM. Of a per-CPU map `value` is an array with a value for each CPU, of a map in map or a PROG_ARRAY
   * the name of a map or a program.
   *
   * @param flags BPF_ANY, BPF_NOEXIST or BPF_EXIST, and BPF_F_LOCK
   * @throws KernelError EEXIST, ENOENT, E2BIG, EINVAL as the kernel returns them
   */
  *update(map: string, key: MapInput, value: MapInput | string, flags: Flags = BPF_ANY): Model<void> {
    const found = this.#find(map), keyBytes = this.#key(found, key), what = `update of ${describe(map, key)}`;
    const bytes = typeof value === "string" ? this.#id(found, value) : this.#value(found, value);
    check(yield* syscalls.map_update_elem(found, this.#ctx, keyBytes, bytes, flagBits(flags)), what);
  }

  /** BPF_MAP_DELETE_ELEM: whether the key was there. */
  *delete(map: string, key: MapInput): Model<boolean> {
    const found = this.#find(map);
    const result = yield* syscalls.map_delete_elem(found, this.#ctx, this.#key(found, key));
    if (errnoName(result) === "ENOENT") return false;
    check(result, `delete of ${describe(map, key)}`);
    return true;
  }

  /** BPF_MAP_GET_NEXT_KEY: the key after `key`, the first one without it, undefined after the last. */
  *nextKey(map: string, key?: MapInput): Model<MapValue | undefined> {
    const found = this.#find(map), after = key === undefined ? undefined : this.#key(found, key);
    const next = yield* syscalls.map_get_next_key(found, this.#ctx, after);
    if (typeof next !== "bigint") return decodeValue(this.#btf, found.def.keyType, next);
    if (errnoName(next) !== "ENOENT") check(next, `next key of ${map}`);
    return undefined;
  }

  /** A whole map by get_next_key and lookup, two system calls for each entry: no snapshot. */
  // deno-lint-ignore no-explicit-any -- the shape of a value is the listing's, not ours
  *walk<V = any>(map: string, flags: Flags = BPF_ANY): Model<UserEntry<V>[]> {
    const entries: UserEntry<V>[] = [];
    for (let key = yield* this.nextKey(map); key !== undefined; key = yield* this.nextKey(map, key as MapInput)) {
      const value = yield* this.lookup<V>(map, key as MapInput, flags);
      if (value !== undefined) entries.push({ key, value });
    }
    return entries;
  }

  /**
   * BPF_MAP_LOOKUP_BATCH with room for max_entries, one system call: hash maps bucket by bucket under the bucket's lock,
   * arrays entry by entry without any.
   */
  // deno-lint-ignore no-explicit-any -- the shape of a value is the listing's, not ours
  *lookupBatch<V = any>(map: string, flags: Flags = BPF_ANY): Model<UserEntry<V>[]> {
    const found = this.#find(map), { keyType, maxEntries } = found.def;
    const entries = yield* syscalls.map_lookup_batch(found, this.#ctx, flagBits(flags), maxEntries);
    if (typeof entries === "bigint") throw failure(entries, `batch lookup of ${map}`);
    return entries.map(({ key, value }) => ({
      key: decodeValue(this.#btf, keyType, key),
      value: this.#decode(found, value) as V,
    }));
  }

  /**
   * Puts another inner map into a slot of a map in map. Returns when no non-sleepable run that was under way can still
   * use the old one (maybe_wait_bpf_programs).
   *
   * @param inner name of a map of the listing, or what {@link createInner} gave
   * @throws KernelError EINVAL when it has another shape than the outer map's inner maps
   */
  *swapInner(outer: string, key: MapInput, inner: string): Model<void> {
    yield* this.update(outer, key, inner);
  }

  /**
   * Makes a fresh, empty inner map; gives its name. Simulated memory is laid out before the run, so there are
   * four of them for each map in map.
   *
   * @throws KernelError ENOMEM when they are used up
   */
  *createInner(outer: string): Model<string> {
    const inner = yield* createInner(this.#find(outer));
    yield { kind: "work", what: "sysret" };
    if (!inner) throw new KernelError("ENOMEM", `${outer} has its ${FRESH_INNER_MAPS} fresh inner maps already`);
    return inner.name;
  }

  /** Reads mapped memory: `counter`, `stats.bytes`, `table[3]`. A number is one load; more is one for each word. */
  // deno-lint-ignore no-explicit-any -- the shape of a variable is the listing's, not ours
  *readGlobal<V = any>(name: string): Model<V> {
    const value = yield* readMapped(this.#maps, this.#btf, name);
    yield { kind: "work", what: "sysret" };
    return value as V;
  }

  /** Writes mapped memory with plain stores. */
  *writeGlobal(name: string, value: MapInput): Model<void> {
    yield* writeMapped(this.#maps, this.#btf, name, value);
    yield { kind: "work", what: "sysret" };
  }

  /** Gives the CPU away; goes on whenever the scheduler says so. */
  *sleep(): Model<void> {
    yield { kind: "work", what: "sleep" };
    yield { kind: "sleep", label: "sleep" };
    yield { kind: "work", what: "sysret" };
  }

  /** Leaves a remark in the trace. */
  *note(text: string): Model<void> {
    yield { kind: "print", text };
  }

  #find(name: string): KernelMap {
    const map = this.#maps.find((map) => map.name === name);
    if (map) return map;
    const known = this.#maps.filter((map) => !map.def.data && !map.name.includes("#")).map((map) => map.name);
    throw new RangeError(`no map is called ${name}; there is ${known.join(", ") || "none"}${didYouMean(name, known)}`);
  }

  /** User space passes an inner map, or a program, as a file descriptor, the models as its id: its index plus one. */
  #id(map: KernelMap, name: string): Uint8Array {
    const program = this.#programs.findIndex((program) => program.name === name);
    const { type } = map.def, isProg = type === BPF_MAP_TYPE.PROG_ARRAY;
    if (!isProg && type !== BPF_MAP_TYPE.ARRAY_OF_MAPS && type !== BPF_MAP_TYPE.HASH_OF_MAPS) {
      throw new TypeError(`${map.name} is no map in map: its values are not maps, so it can't take "${name}"`);
    }
    if (isProg && program < 0) throw new RangeError(`no program is called ${name}`);
    const id = 1 + (isProg ? program : this.#find(name).index);
    return new Uint8Array(new Uint32Array([id]).buffer);
  }

  #key(map: KernelMap, key: MapInput): Uint8Array {
    return encodeValue(this.#btf, map.def.keyType, map.def.keySize, key, `key of ${map.name}`);
  }

  #value(map: KernelMap, value: MapInput): Uint8Array {
    const { valueType, valueSize } = map.def, size = map.userValueBytes;
    if (!map.isPerCpu || (value instanceof Uint8Array && value.length === size)) {
      return encodeValue(this.#btf, valueType, valueSize, value, `value of ${map.name}`);
    }
    const stride = roundUp8(valueSize), cpus = size / stride, bytes = new Uint8Array(size);
    if (!Array.isArray(value) || value.length !== cpus) {
      throw new TypeError(`value of ${map.name}: give an array with a value for each of the ${cpus} CPUs`);
    }
    value.forEach((one, cpu) => {
      bytes.set(
        encodeValue(this.#btf, valueType, valueSize, one as MapInput, `value of ${map.name} on CPU ${cpu}`),
        cpu * stride,
      );
    });
    return bytes;
  }

  *#lookupBytes(map: KernelMap, key: MapInput, flags: Flags): Model<Uint8Array | undefined> {
    const found = yield* syscalls.map_lookup_elem(map, this.#ctx, this.#key(map, key), flagBits(flags));
    if (typeof found !== "bigint") return found;
    if (errnoName(found) === "ENOENT") return undefined;
    throw failure(found, `lookup of ${describe(map.name, key)}`);
  }

  #decode(map: KernelMap, bytes: Uint8Array): unknown {
    const { type, valueType, valueSize } = map.def;
    if (type === BPF_MAP_TYPE.ARRAY_OF_MAPS || type === BPF_MAP_TYPE.HASH_OF_MAPS) {
      return this.#maps[new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) - 1]?.name;
    }
    if (type === BPF_MAP_TYPE.PROG_ARRAY) {
      return this.#programs[new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) - 1]?.name;
    }
    if (!map.isPerCpu) return decodeValue(this.#btf, valueType, bytes);
    const stride = roundUp8(valueSize);
    return Array.from(
      { length: bytes.length / stride },
      (_, cpu) => decodeValue(this.#btf, valueType, bytes.subarray(cpu * stride, cpu * stride + valueSize)),
    );
  }
}

function describe(map: string, key: MapInput): string {
  const text = typeof key === "object"
    ? JSON.stringify(key, (_, value) => typeof value === "bigint" ? String(value) : value)
    : String(key);
  return `${map}[${text}]`;
}

function failure(result: bigint, what: string): KernelError {
  return new KernelError(errnoName(result) ?? "EINVAL", what);
}

function check(result: bigint, what: string): void {
  if (result < 0n) throw failure(result, what);
}
