/** The `user` API: the system calls and the loads and stores of a user-space actor, as generator functions. */
import type { Model, TaskContext } from "../cpu/operation.ts";
import type { Btf } from "../object/btf.ts";
import type { BpfObject, Program } from "../object/bpf_object.ts";
import { didYouMean } from "../words/closest_name.ts";
import type { MapInput, MapValue } from "./btf_value.ts";
import { errnoName, KernelError } from "./errno.ts";
import { createInner, FRESH_INNER_MAPS } from "./fresh_inner_maps.ts";
import type { BatchReply, BatchRequest } from "./batch.ts";
import { Htab } from "./htab.ts";
import type { Found, KernelMap } from "./kernel_map.ts";
import { BPF_ANY } from "../uapi/flags.ts";
import { mapTypeName } from "../uapi/map_types.ts";
import { PerfEventArrayMap, type PerfRecord } from "./perf_event_array.ts";
import { ring_buffer__poll, ringbuf_process_ring } from "./ring_consumer.ts";
import * as syscalls from "./syscalls.ts";
import { flagBits, type Flags } from "./user_flags.ts";
import { atomicMapped, type AtomicOpName, readMapped, writeMapped } from "./user_memory.ts";
import { type UserBatch, type UserEntry, type UserInput, type UserPerfRecord, UserValues } from "./user_values.ts";

/** The key of maps that have none. */
const NO_KEY = new Uint8Array();

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
  readonly #values: UserValues;
  readonly #ctx: TaskContext;

  /** Made by the machine; a body gets it as its argument. */
  constructor(maps: readonly KernelMap[], object: BpfObject, ctx: TaskContext) {
    this.#maps = maps;
    this.#btf = object.btf;
    this.#programs = object.programs;
    this.#values = new UserValues(maps, object);
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
    const found = this.#values.map(map), bytes = yield* this.#lookupBytes(found, key, flags);
    return bytes && this.#values.valueOf(found, bytes) as V;
  }

  /** The same, as the bytes that the system call copies out. */
  *lookupBytes(map: string, key: MapInput, flags: Flags = BPF_ANY): Model<Uint8Array | undefined> {
    return yield* this.#lookupBytes(this.#values.map(map), key, flags);
  }

  /**
   * BPF_MAP_UPDATE_ELEM. Of a per-CPU map `value` is an array with a value for each CPU, of a map in map or a PROG_ARRAY
   * the name of a map or a program.
   *
   * @param flags BPF_ANY, BPF_NOEXIST or BPF_EXIST, and BPF_F_LOCK
   * @throws KernelError EEXIST, ENOENT, E2BIG, EINVAL as the kernel returns them
   */
  *update(map: string, key: MapInput, value: MapInput | string, flags: Flags = BPF_ANY): Model<void> {
    const found = this.#values.map(map),
      keyBytes = this.#values.key(found, key),
      what = `update of ${describe(map, key)}`;
    const bytes = this.#values.value(found, value);
    check(yield* syscalls.map_update_elem(found, this.#ctx, keyBytes, bytes, flagBits(flags)), what);
  }

  /** BPF_MAP_DELETE_ELEM: whether the key was there. */
  *delete(map: string, key: MapInput): Model<boolean> {
    const found = this.#values.map(map);
    const result = yield* syscalls.map_delete_elem(found, this.#ctx, this.#values.key(found, key));
    if (errnoName(result) === "ENOENT") return false;
    check(result, `delete of ${describe(map, key)}`);
    return true;
  }

  /** BPF_MAP_GET_NEXT_KEY: the key after `key`, the first one without it, undefined after the last. */
  *nextKey(map: string, key?: MapInput): Model<MapValue | undefined> {
    const found = this.#values.map(map), after = key === undefined ? undefined : this.#values.key(found, key);
    const next = yield* syscalls.map_get_next_key(found, this.#ctx, after);
    if (typeof next !== "bigint") return this.#values.keyOf(found, next);
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
   * BPF_MAP_LOOKUP_AND_DELETE_ELEM on a hash map: the value that the key had, or undefined where it was not there. Value
   * and key go under one bucket lock; a program that holds a pointer to the value still writes to it.
   *
   * @param flags 0n or BPF_F_LOCK
   * @throws KernelError ENOTSUPP for other maps
   */
  // deno-lint-ignore no-explicit-any -- the shape of a value is the listing's, not ours
  *lookupAndDelete<V = any>(map: string, key: MapInput, flags: Flags = BPF_ANY): Model<V | undefined> {
    const found = yield* this.takeElem(map, this.keyBytes(map, key), flagBits(flags));
    if (typeof found !== "bigint") return this.valueOf(map, found) as V;
    if (errnoName(found) === "ENOENT") return undefined;
    throw failure(found, `lookup and delete of ${describe(map, key)}`);
  }

  /**
   * BPF_MAP_LOOKUP_BATCH, one system call: hash maps bucket by bucket under the bucket's lock, arrays entry by entry
   * without any.
   *
   * @param count room for so many entries; default: max_entries
   * @param cursor where to go on: the `cursor` of the call before; the beginning where it is left out
   * @throws KernelError ENOSPC when the first bucket has more entries than there is room for
   */
  // deno-lint-ignore no-explicit-any -- the shape of a value is the listing's, not ours
  *lookupBatch<V = any>(
    map: string,
    flags: Flags = BPF_ANY,
    count?: number,
    cursor?: Uint8Array,
  ): Model<UserBatch<V>> {
    return yield* this.#readBatch<V>("lookup", map, flags, count, cursor);
  }

  /** BPF_MAP_LOOKUP_AND_DELETE_BATCH on a hash map: the same, and each bucket is emptied under its lock. */
  // deno-lint-ignore no-explicit-any -- the shape of a value is the listing's, not ours
  *lookupAndDeleteBatch<V = any>(
    map: string,
    flags: Flags = BPF_ANY,
    count?: number,
    cursor?: Uint8Array,
  ): Model<UserBatch<V>> {
    return yield* this.#readBatch<V>("lookupAndDelete", map, flags, count, cursor);
  }

  /**
   * BPF_MAP_UPDATE_BATCH: one entry after another, as so many updates.
   *
   * @param flags 0n or BPF_F_LOCK: BPF_NOEXIST and BPF_EXIST are refused with EINVAL
   * @returns how many entries were written: all of them
   * @throws KernelError of the first update that failed; its `count` says how many were done
   */
  *updateBatch(map: string, entries: readonly UserInput[], flags: Flags = BPF_ANY): Model<number> {
    if (!Array.isArray(entries)) throw new TypeError("updateBatch: give a list of entries, [{ key: 1, value: 2 }]");
    const bytes = entries.map(({ key, value }) => ({
      key: this.keyBytes(map, key),
      value: this.valueBytes(map, value),
    }));
    return yield* this.#changeBatch("update", map, bytes, flags);
  }

  /**
   * BPF_MAP_DELETE_BATCH: one key after another, as so many deletes.
   *
   * @returns how many keys were taken out: all of them
   * @throws KernelError of the first delete that failed (ENOENT for a key that is not there); its `count` says how many
   * were done
   */
  *deleteBatch(map: string, keys: readonly MapInput[], flags: Flags = BPF_ANY): Model<number> {
    if (!Array.isArray(keys)) throw new TypeError("deleteBatch: give a list of keys, [1, 2]");
    return yield* this.#changeBatch("delete", map, keys.map((key) => ({ key: this.keyBytes(map, key) })), flags);
  }

  /**
   * BPF_MAP_FREEZE: from then on system calls that would change the map give EPERM. Programs still change it.
   *
   * @throws KernelError EBUSY while a call that writes it is under way, or where its memory is mapped; EPERM when it is
   * frozen already; ENOTSUPP for a map with a bpf_spin_lock
   */
  *freeze(map: string): Model<void> {
    check(yield* this.freezeMap(map), `freeze of ${map}`);
  }

  /**
   * BPF_PROG_RUN: runs a program of the listing once, on this actor's CPU and for its process.
   *
   * @param options `ctx`: first bytes of the program's context, zero beyond
   * @returns what it returned, as an unsigned number of 32 bits
   */
  *run(prog: string, options: { readonly ctx?: Uint8Array } = {}): Model<bigint> {
    for (const name of Object.keys(options)) {
      if (name !== "ctx") throw new TypeError(`run of ${prog}: there is no option ${name}; it has ctx`);
    }
    if (options.ctx !== undefined && !(options.ctx instanceof Uint8Array)) {
      throw new TypeError(`run of ${prog}: ctx is to be a Uint8Array`);
    }
    if (!this.#programs.some(({ name }) => name === prog)) {
      const names = this.#programs.map(({ name }) => name);
      throw new RangeError(`no program is called ${prog}; there is ${names.join(", ")}${didYouMean(prog, names)}`);
    }
    return yield* this.runProg(prog, options.ctx);
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
    const inner = yield* createInner(this.#values.map(outer));
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

  /**
   * An atomic read-modify-write of a number in mapped memory (4 or 8 bytes), as `__sync_fetch_and_add` and its like do
   * it; gives what was there before.
   *
   * @param op "add", "or", "and", "xor", "xchg", or "cmpxchg", which stores `value` only where `expected` stands
   */
  *atomicGlobal(name: string, op: AtomicOpName, value: bigint | number, expected?: bigint | number): Model<bigint> {
    const old = yield* atomicMapped(this.#maps, name, op, value, expected);
    yield { kind: "work", what: "sysret" };
    return old;
  }

  /**
   * BPF_MAP_UPDATE_ELEM on a queue or a stack: puts a value in.
   *
   * @param flags BPF_ANY, or BPF_EXIST: a full map gives up its oldest value
   * @throws KernelError E2BIG for a full map
   */
  *push(map: string, value: MapInput, flags: Flags = BPF_ANY): Model<void> {
    yield* this.update(map, NO_KEY, value, flags);
  }

  /** BPF_MAP_LOOKUP_AND_DELETE_ELEM on a queue or a stack: takes a value out; undefined where it is empty. */
  // deno-lint-ignore no-explicit-any -- the shape of a value is the listing's, not ours
  *pop<V = any>(map: string): Model<V | undefined> {
    return yield* this.lookupAndDelete<V>(map, NO_KEY);
  }

  /**
   * BPF_MAP_LOOKUP_ELEM on a queue or a stack: the value that a pop would take out; undefined where it is empty. On a bloom
   * filter: the value asked for where it may have been pushed, undefined where it never was.
   *
   * @param value of a bloom filter, what is asked for
   */
  // deno-lint-ignore no-explicit-any -- the shape of a value is the listing's, not ours
  *peek<V = any>(map: string, value?: MapInput): Model<V | undefined> {
    if (value === undefined) return yield* this.lookup<V>(map, NO_KEY);
    const found = yield* this.peekValue(map, this.valueBytes(map, value));
    if (typeof found !== "bigint") return this.valueOf(map, found) as V;
    if (errnoName(found) === "ENOENT") return undefined;
    throw failure(found, `peek of ${map}`);
  }

  /**
   * libbpf's ring_buffer__consume: the records of a ring buffer in the order in which room for them was taken, up to the
   * first that is still being written; discarded ones are passed over. It makes no system call and does not wait.
   *
   * @param type name of a struct of the listing's that every record is, to get objects
   * @returns the records' bytes, or objects with the struct's fields
   *
   * @example
   * ```ts
   * import { bpf, simulate } from "interleave";
   * const events = await bpf`
   * struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } events SEC(".maps");
   * SEC("raw_tp") int emit(void *ctx) {
   *   long *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
   *   if (!event) return 0;
   *   *event = 7;
   *   bpf_ringbuf_submit(event, 0);
   *   return 0;
   * }`;
   * const run = await simulate(events, {
   *   cpus: 2,
   *   invocations: 3,
   *   user: [{ name: "reader", after: "emit", body: (user) => user.ringBufferConsume("events") }],
   * });
   * const records = run.returned.reader as Uint8Array[];
   * if (records.length !== 6 || records[0][0] !== 7) throw new Error("two CPUs, three records each");
   * ```
   */
  *ringBufferConsume<V = Uint8Array>(map: string, type?: string): Model<V[]> {
    const records = yield* this.consumeRing(map);
    yield { kind: "work", what: "sysret" };
    return records.map((bytes) => this.#values.record(map, bytes, type) as V);
  }

  /**
   * libbpf's ring_buffer__poll: waits until a program wakes the consumer, then consumes. A program wakes it with a record
   * that the consumer has come to, or by BPF_RB_FORCE_WAKEUP; records with BPF_RB_NO_WAKEUP alone it sleeps on.
   *
   * @param timeoutMs -1 waits for good, until there are records; 0 does not wait; any other gives up some time, whenever
   * the scheduler says so
   * @param type as in {@link ringBufferConsume}
   * @returns the records; none where it gave up, or where the first one is still being written
   */
  *ringBufferPoll<V = Uint8Array>(map: string, timeoutMs = -1, type?: string): Model<V[]> {
    if (!Number.isSafeInteger(timeoutMs)) {
      throw new TypeError(
        `ringBufferPoll of ${map}: the timeout is ${String(timeoutMs)}; give milliseconds, 100 or -1`,
      );
    }
    const records = yield* this.pollRing(map, timeoutMs);
    yield { kind: "work", what: "sysret" };
    return records.map((bytes) => this.#values.record(map, bytes, type) as V);
  }

  /**
   * libbpf's perf_buffer__consume: what programs put into a PERF_EVENT_ARRAY, one CPU's buffer after another: records, and
   * how many were lost before a record because the buffer (8 pages here) was full. As the kernel pads them, a record's data
   * are 8n + 4 bytes.
   *
   * @param type name of a struct of the listing's that every record is, to get objects
   */
  *perfBufferConsume<V = Uint8Array>(map: string, type?: string): Model<UserPerfRecord<V>[]> {
    const records = yield* this.consumePerf(map);
    yield { kind: "work", what: "sysret" };
    return records.map((one) =>
      "data" in one
        ? { cpu: one.cpu, data: this.#values.record(map, one.data, type) as V }
        : { cpu: one.cpu, lost: one.lost }
    );
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

  *#readBatch<V>(
    call: "lookup" | "lookupAndDelete",
    map: string,
    flags: Flags,
    count = this.maxEntries(map),
    cursor: Uint8Array | undefined,
  ): Model<UserBatch<V>> {
    const what = `batch ${call === "lookup" ? "lookup" : "lookup and delete"} of ${map}`;
    if (!Number.isSafeInteger(count) || count < 0 || count > 2 ** 32 - 1) {
      throw new TypeError(`${what}: count is ${String(count)}; give a whole number, 16`);
    }
    if (cursor !== undefined && !(cursor instanceof Uint8Array && cursor.length >= this.cursorBytes(map))) {
      throw new TypeError(
        `${what}: give the cursor of the call before, a Uint8Array of ${this.cursorBytes(map)} bytes`,
      );
    }
    const reply = yield* this.batch(map, { call, flags: flagBits(flags), count, cursor });
    const done = errnoName(reply.result) === "ENOENT";
    if (reply.result < 0n && !done) throw failure(reply.result, what, reply.count);
    const entries = reply.entries.map(({ key, value }) => ({
      key: this.keyOf(map, key),
      value: this.valueOf(map, value) as V,
    }));
    return Object.assign(entries, done ? { done } : { done, cursor: reply.cursor ?? cursor });
  }

  *#changeBatch(
    call: "update" | "delete",
    map: string,
    entries: NonNullable<BatchRequest["entries"]>,
    flags: Flags,
  ): Model<number> {
    const { result, count } = yield* this.batch(map, { call, flags: flagBits(flags), count: entries.length, entries });
    if (result < 0n) throw failure(result, `batch ${call} of ${map}, after ${count} of ${entries.length}`, count);
    return count;
  }

  // What the calls above are made of; the running kernel has its own (backends/linux/linux_user.ts).

  /** One batch system call. */
  protected batch(map: string, request: BatchRequest): Model<BatchReply> {
    return syscalls.bpf_map_do_batch(this.#values.map(map), this.#ctx, request);
  }

  /** @internal */
  protected takeElem(map: string, key: Uint8Array, flags: bigint): Model<Found> {
    return syscalls.map_lookup_and_delete_elem(this.#values.map(map), this.#ctx, key, flags);
  }

  /** @internal */
  protected peekValue(map: string, value: Uint8Array): Model<Found> {
    return syscalls.map_peek_value(this.#values.map(map), this.#ctx, value);
  }

  /** @internal */
  protected freezeMap(map: string): Model {
    const found = this.#values.map(map);
    if (found.environment.freezes) return syscalls.map_freeze(found, this.#ctx);
    throw new TypeError(
      `freeze of ${map}: the machine has to know beforehand that maps are frozen, and looks for the word in the ` +
        "actor's body and in prepare: name user.freeze there",
    );
  }

  /** @internal */
  protected *runProg(name: string, ctx: Uint8Array | undefined): Model {
    const prog = this.#programs.findIndex((program) => program.name === name);
    yield { kind: "work", what: "syscall" };
    const returned = yield { kind: "prog_run", prog, ctx, label: `BPF_PROG_RUN ${name}` };
    yield { kind: "work", what: "sysret" };
    return returned;
  }

  /** @internal */
  protected consumeRing(map: string): Model<Uint8Array[]> {
    return ringbuf_process_ring(this.#values.ring(map));
  }

  /** @internal */
  protected consumePerf(map: string): Model<PerfRecord[]> {
    const found = this.#values.map(map);
    if (found instanceof PerfEventArrayMap) return found.consume();
    throw new TypeError(`${map} is ${mapTypeName(found.def.type)}, no PERF_EVENT_ARRAY`);
  }

  /** @internal */
  protected pollRing(map: string, timeoutMs: number): Model<Uint8Array[]> {
    return ring_buffer__poll(this.#values.ring(map), timeoutMs);
  }

  /** @internal */
  protected maxEntries(map: string): number {
    return this.#values.map(map).def.maxEntries;
  }

  /** Bytes that a batch call reads as its cursor: the number of a bucket, or a key. */
  protected cursorBytes(map: string): number {
    const found = this.#values.map(map);
    return found instanceof Htab ? 4 : found.def.keySize;
  }

  /** @internal */
  protected keyBytes(map: string, key: MapInput): Uint8Array {
    return this.#values.key(this.#values.map(map), key);
  }

  /** @internal */
  protected valueBytes(map: string, value: MapInput | string): Uint8Array {
    const found = this.#values.map(map);
    return this.#values.value(found, value);
  }

  /** @internal */
  protected keyOf(map: string, bytes: Uint8Array): MapValue {
    return this.#values.keyOf(this.#values.map(map), bytes);
  }

  /** @internal */
  protected valueOf(map: string, bytes: Uint8Array): unknown {
    return this.#values.valueOf(this.#values.map(map), bytes);
  }

  *#lookupBytes(map: KernelMap, key: MapInput, flags: Flags): Model<Uint8Array | undefined> {
    const found = yield* syscalls.map_lookup_elem(map, this.#ctx, this.#values.key(map, key), flagBits(flags));
    if (typeof found !== "bigint") return found;
    if (errnoName(found) === "ENOENT") return undefined;
    throw failure(found, `lookup of ${describe(map.name, key)}`);
  }
}

function describe(map: string, key: MapInput): string {
  const text = typeof key === "object"
    ? JSON.stringify(key, (_, value) => typeof value === "bigint" ? String(value) : value)
    : String(key);
  return `${map}[${text}]`;
}

function failure(result: bigint, what: string, count?: number): KernelError {
  return new KernelError(errnoName(result) ?? "EINVAL", what, count);
}

function check(result: bigint, what: string): void {
  if (result < 0n) throw failure(result, what);
}
