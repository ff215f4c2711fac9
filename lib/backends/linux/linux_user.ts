/** The `user` API of actors on the running kernel: the same calls, each a real system call or a real load or store. */
import type { Model, TaskContext } from "../../cpu/operation.ts";
import { decodeValue, encodeValue, type MapInput, type MapValue } from "../../maps/btf_value.ts";
import { errnoName as modelledErrno, KernelError } from "../../maps/errno.ts";
import type { BatchReply, BatchRequest } from "../../maps/batch.ts";
import type { Found } from "../../maps/kernel_map.ts";
import { atomicOperands, type AtomicOpName, isAtomicSize, notAtomic } from "../../maps/user_memory.ts";
import type { PerfRecord } from "../../maps/perf_event_array.ts";
import { flagBits, type Flags } from "../../maps/user_flags.ts";
import { UserApi } from "../../maps/user_space.ts";
import { STORAGE_OWNERS } from "../../maps/storage_owners.ts";
import { roundUp8 } from "../../maps/words.ts";
import { type Leaf, leavesOf, readLeaf } from "../../maps/value_layout.ts";
import type { BpfObject } from "../../object/bpf_object.ts";
import { BackendError } from "../../host/backend_error.ts";
import { ERRNO, errnoName } from "../../uapi/errno.ts";
import { hasSlots, isMapped, type KernelMaps, type NamedMap } from "./kernel_maps.ts";
import {
  batchCall,
  copiedValueBytes,
  deleteElem,
  isHash,
  isPerCpu,
  lookupElem,
  nextKey,
  takeElem,
  updateElem,
} from "./map_calls.ts";
import type { KernelRing } from "./kernel_ring.ts";
import { mapTypeName } from "../../uapi/map_types.ts";
import { joinValue, splitValue } from "./map_contents.ts";

/** After each call, another actor may go on. */
function* after<T>(result: T): Model<T> {
  yield { kind: "work", what: "syscall" };
  return result;
}

/** After so long an actor that waits for a wake-up has waited for good. */
const LONGEST_WAIT_MS = 2_000;

export class LinuxUser extends UserApi {
  readonly #maps: KernelMaps;
  readonly #object: BpfObject;
  readonly #run: (name: string, ctx: Uint8Array | undefined) => number;

  /** @param run BPF_PROG_RUN of a program of the object, with a context: what it returned */
  constructor(
    maps: KernelMaps,
    object: BpfObject,
    run: (name: string, ctx: Uint8Array | undefined) => number,
  ) {
    super([], object, {} as TaskContext);
    this.#maps = maps;
    this.#object = object;
    this.#run = run;
  }

  // deno-lint-ignore no-explicit-any -- the shape of a value is the listing's, not ours
  override *lookup<V = any>(map: string, key: MapInput, flags: Flags = 0n): Model<V | undefined> {
    const bytes = yield* this.lookupBytes(map, key, flags);
    return bytes && this.#decode(this.#maps.find(map), bytes) as V;
  }

  override *lookupBytes(map: string, key: MapInput, flags: Flags = 0n): Model<Uint8Array | undefined> {
    const found = this.#maps.find(map), bytes = lookupElem(found, this.#key(found, key), Number(flagBits(flags)));
    if (typeof bytes === "number" && bytes !== -ERRNO.ENOENT) throw failure(bytes, `lookup in ${map}`);
    return yield* after(typeof bytes === "number" ? undefined : bytes);
  }

  override *update(map: string, key: MapInput, value: MapInput | string, flags: Flags = 0n): Model<void> {
    const found = this.#maps.find(map);
    const bytes = typeof value === "string" ? this.#maps.slotValue(found, value) : this.#value(found, value);
    const failed = updateElem(found, this.#key(found, key), bytes, Number(flagBits(flags)));
    if (failed < 0) throw failure(failed, `update of ${map}`);
    yield* after(undefined);
  }

  override *delete(map: string, key: MapInput): Model<boolean> {
    const found = this.#maps.find(map), failed = deleteElem(found, this.#key(found, key));
    if (failed < 0 && failed !== -ERRNO.ENOENT) throw failure(failed, `delete in ${map}`);
    return yield* after(failed === 0);
  }

  override *nextKey(map: string, key?: MapInput): Model<MapValue | undefined> {
    const found = this.#maps.find(map), next = nextKey(found, key === undefined ? undefined : this.#key(found, key));
    if (typeof next === "number" && next !== -ERRNO.ENOENT) throw failure(next, `next key of ${map}`);
    return yield* after(
      typeof next === "number" ? undefined : decodeValue(this.#object.btf, found.def.keyType, next),
    );
  }

  protected override *batch(map: string, request: BatchRequest): Model<BatchReply> {
    return yield* after(batchCall(this.#maps.find(map), request));
  }

  protected override *takeElem(map: string, key: Uint8Array, flags: bigint): Model<Found> {
    const found = takeElem(this.#maps.find(map), key, Number(flags));
    return yield* after(typeof found === "number" ? BigInt(found) : found);
  }

  protected override *peekValue(map: string, value: Uint8Array): Model<Found> {
    const found = lookupElem(this.#maps.find(map), new Uint8Array(), 0, value);
    return yield* after(typeof found === "number" ? BigInt(found) : found);
  }

  protected override *freezeMap(map: string): Model {
    return yield* after(BigInt(this.#maps.freeze(this.#maps.find(map))));
  }

  protected override *runProg(name: string, ctx: Uint8Array | undefined): Model {
    return yield* after(BigInt(this.#run(name, ctx)));
  }

  protected override *consumeRing(map: string): Model<Uint8Array[]> {
    return yield* after(this.#ring(map).consume());
  }

  protected override *consumePerf(map: string): Model<PerfRecord[]> {
    const found = this.#maps.find(map), buffer = this.#maps.perfBuffer(found);
    if (!buffer) throw new TypeError(`${map} is ${mapTypeName(found.type)}, no PERF_EVENT_ARRAY`);
    return yield* after(buffer.consume());
  }

  /** Other actors go on meanwhile: this thread never sleeps. */
  protected override *pollRing(map: string, timeoutMs: number): Model<Uint8Array[]> {
    const ring = this.#ring(map), begin = performance.now();
    for (;;) {
      const records = ring.isReady() ? ring.consume() : undefined, waited = performance.now() - begin;
      if (records && (records.length > 0 || timeoutMs >= 0)) return records;
      if (timeoutMs >= 0 && waited >= timeoutMs) return [];
      if (waited >= LONGEST_WAIT_MS) {
        throw new BackendError(`ringBufferPoll of ${map}: nothing has woken it for ${LONGEST_WAIT_MS / 1000} s`);
      }
      yield* after(undefined);
    }
  }

  protected override maxEntries(map: string): number {
    return this.#maps.find(map).maxEntries;
  }

  protected override cursorBytes(map: string): number {
    const { type, keySize } = this.#maps.find(map);
    return isHash(type) ? 4 : keySize;
  }

  protected override keyBytes(map: string, key: MapInput): Uint8Array {
    return this.#key(this.#maps.find(map), key);
  }

  protected override valueBytes(map: string, value: MapInput | string): Uint8Array {
    const found = this.#maps.find(map);
    return typeof value === "string" ? this.#maps.slotValue(found, value) : this.#value(found, value);
  }

  protected override keyOf(map: string, bytes: Uint8Array): MapValue {
    return decodeValue(this.#object.btf, this.#maps.find(map).def.keyType, bytes);
  }

  protected override valueOf(map: string, bytes: Uint8Array): unknown {
    return this.#decode(this.#maps.find(map), bytes);
  }

  override *createInner(outer: string): Model<string> {
    return yield* after(this.#maps.createInner(this.#maps.find(outer)).name);
  }

  // deno-lint-ignore no-explicit-any -- the shape of a variable is the listing's, not ours
  override *readGlobal<V = any>(name: string): Model<V> {
    const { view, leaf, bytes, type } = this.#place(name);
    const value = leaf ? loadOnce(view, leaf) : decodeValue(this.#object.btf, type, bytes.slice());
    return yield* after(value as V);
  }

  override *writeGlobal(name: string, value: MapInput): Model<void> {
    const { view, leaf, bytes, type } = this.#place(name);
    const encoded = encodeValue(this.#object.btf, type, bytes.length, value, name);
    if (leaf) storeOnce(view, leaf, encoded);
    else bytes.set(encoded);
    yield* after(undefined);
  }

  override *atomicGlobal(
    name: string,
    op: AtomicOpName,
    value: bigint | number,
    expected?: bigint | number,
  ): Model<bigint> {
    const { view, number } = this.#place(name), operands = atomicOperands(name, op, value, expected);
    if (!isAtomicSize(number)) throw new TypeError(notAtomic(name));
    return yield* after(readModifyWrite(view, number!.signed, op, operands));
  }

  override *sleep(): Model<void> {
    yield* after(undefined);
  }

  override *note(_text: string): Model<void> {}

  #ring(name: string): KernelRing {
    const map = this.#maps.find(name), ring = this.#maps.ring(map);
    if (ring) return ring;
    throw new TypeError(`${name} is ${mapTypeName(map.type)}, no ring buffer`);
  }

  #key(map: NamedMap, key: MapInput): Uint8Array {
    if (map.type in STORAGE_OWNERS) {
      throw new BackendError(`${map.name}: on the running kernel a local storage is asked for by a file descriptor`);
    }
    return encodeValue(this.#object.btf, map.def.keyType, map.keySize, key, `key of ${map.name}`);
  }

  #value(map: NamedMap, value: MapInput): Uint8Array {
    const encode = (one: MapInput) =>
      encodeValue(this.#object.btf, map.def.valueType, map.valueSize, one, `value of ${map.name}`);
    if (!isPerCpu(map.type)) return encode(value);
    if (value instanceof Uint8Array && value.length === copiedValueBytes(map)) return value;
    if (!Array.isArray(value)) throw new TypeError(`value of ${map.name}: give an array with a value for each CPU`);
    return joinValue(map, value.map((one) => encode(one as MapInput)));
  }

  #decode(map: NamedMap, bytes: Uint8Array): unknown {
    if (hasSlots(map)) return this.#maps.nameInSlot(map, bytes);
    const decode = (one: Uint8Array) => decodeValue(this.#object.btf, map.def.valueType, one);
    return isPerCpu(map.type) ? splitValue(map, bytes).map(decode) : decode(bytes);
  }

  /** Where a global variable, an entry of a mapped array, or a number inside one of them stands in mapped memory. */
  #place(name: string): Place {
    const { btf } = this.#object;
    const at = (map: NamedMap, offset: number, size: number, type: number | undefined, path: string) => {
      const leaf = leavesOf(btf, type, size).find((leaf) => leaf.path === path);
      if (!leaf && path !== "") return undefined;
      const view = new DataView(this.#maps.mapped(map).buffer, offset + (leaf?.offset ?? 0), leaf?.size ?? size);
      const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
      return { view, number: leaf, leaf: isOneLoad(leaf) ? leaf : undefined, bytes, type: leaf ? undefined : type };
    };
    for (const map of this.#maps.all) {
      const entry = /^(\w+)\[(\d+)\](.*)$/.exec(name);
      if (isMapped(map) && entry?.[1] === map.name && Number(entry[2]) < map.maxEntries) {
        const place = at(map, Number(entry[2]) * roundUp8(map.valueSize), map.valueSize, map.def.valueType, entry[3]);
        if (place) return place;
      }
      for (const variable of map.def.data?.variables ?? []) {
        if (!name.startsWith(variable.name)) continue;
        const path = name.slice(variable.name.length);
        const place = at(map, variable.offset, variable.size, variable.type, path);
        if (place) return place;
      }
    }
    throw new BackendError(`no global variable ${name}`);
  }
}

interface Place {
  readonly view: DataView;
  /** The number that the name stands for, when it is one. */
  readonly number: Leaf | undefined;
  /** Set for a number that one load reads. */
  readonly leaf: Leaf | undefined;
  readonly bytes: Uint8Array;
  readonly type: number | undefined;
}

const isOneLoad = (leaf: Leaf | undefined): boolean => !!leaf && !leaf.bits && [1, 2, 4, 8].includes(leaf.size);

function loadOnce(view: DataView, leaf: Leaf): bigint | string {
  const once = new Uint8Array(leaf.size), copy = new DataView(once.buffer);
  if (leaf.size === 8) copy.setBigUint64(0, view.getBigUint64(0, true), true);
  else if (leaf.size === 4) copy.setUint32(0, view.getUint32(0, true), true);
  else if (leaf.size === 2) copy.setUint16(0, view.getUint16(0, true), true);
  else once[0] = view.getUint8(0);
  return readLeaf(once, { ...leaf, offset: 0 });
}

function storeOnce(view: DataView, leaf: Leaf, value: Uint8Array): void {
  const from = new DataView(value.buffer, value.byteOffset, value.byteLength);
  if (leaf.size === 8) view.setBigUint64(0, from.getBigUint64(0, true), true);
  else if (leaf.size === 4) view.setUint32(0, from.getUint32(0, true), true);
  else if (leaf.size === 2) view.setUint16(0, from.getUint16(0, true), true);
  else view.setUint8(0, from.getUint8(0));
}

/** One locked instruction: engines compile Atomics to it, whether the memory is declared as shared or not. */
function readModifyWrite(
  { buffer, byteOffset, byteLength }: DataView,
  signed: boolean,
  op: AtomicOpName,
  { value, expected = 0n }: { readonly value: bigint; readonly expected?: bigint },
): bigint {
  const at64 = byteLength === 8 && new BigInt64Array(buffer, byteOffset, 1);
  const at32 = byteLength === 4 && new Int32Array(buffer, byteOffset, 1);
  const method = op === "xchg" ? "exchange" : op;
  const low = (number: bigint) => Number(BigInt.asIntN(32, number));
  const old = at64
    ? op === "cmpxchg"
      ? Atomics.compareExchange(at64, 0, BigInt.asIntN(64, expected), BigInt.asIntN(64, value))
      : Atomics[method as "add"](at64, 0, BigInt.asIntN(64, value))
    : op === "cmpxchg"
    ? Atomics.compareExchange(at32 as Int32Array<ArrayBuffer>, 0, low(expected), low(value))
    : Atomics[method as "add"](at32 as Int32Array<ArrayBuffer>, 0, low(value));
  return signed ? BigInt(old) : BigInt.asUintN(8 * byteLength, BigInt(old));
}

function failure(negative: number, what: string): Error {
  const code = modelledErrno(negative);
  return code ? new KernelError(code, what) : new BackendError(`${what}: ${errnoName(negative)}`);
}
