/** The `user` API of actors on the running kernel: the same calls, each a real system call or a real load or store. */
import type { Model, TaskContext } from "../../cpu/operation.ts";
import { decodeValue, encodeValue, type MapInput, type MapValue } from "../../maps/btf_value.ts";
import { errnoName as modelledErrno, KernelError } from "../../maps/errno.ts";
import { flagBits, type Flags, UserApi, type UserEntry } from "../../maps/user_space.ts";
import { type Leaf, leavesOf, readLeaf } from "../../maps/value_layout.ts";
import type { BpfObject } from "../../object/bpf_object.ts";
import { BackendError } from "../../host/backend_error.ts";
import { ERRNO, errnoName } from "../../uapi/errno.ts";
import { hasSlots, type KernelMaps, type NamedMap } from "./kernel_maps.ts";
import { copiedValueBytes, deleteElem, isPerCpu, lookupBatch, lookupElem, nextKey, updateElem } from "./map_calls.ts";
import { joinValue, splitValue } from "./map_contents.ts";

/** After each call, another actor may go on. */
function* after<T>(result: T): Model<T> {
  yield { kind: "work", what: "syscall" };
  return result;
}

export class LinuxUser extends UserApi {
  readonly #maps: KernelMaps;
  readonly #object: BpfObject;

  constructor(maps: KernelMaps, object: BpfObject) {
    super([], object, {} as TaskContext);
    this.#maps = maps;
    this.#object = object;
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

  // deno-lint-ignore no-explicit-any -- the shape of a value is the listing's, not ours
  override *lookupBatch<V = any>(map: string, flags: Flags = 0n): Model<UserEntry<V>[]> {
    const found = this.#maps.find(map),
      batch = lookupBatch(found, found.maxEntries, undefined, Number(flagBits(flags)));
    if (batch.errno < 0 && batch.errno !== -ERRNO.ENOENT) throw failure(batch.errno, `batch lookup of ${map}`);
    const size = copiedValueBytes(found);
    return yield* after(Array.from({ length: batch.count }, (_, i) => ({
      key: decodeValue(
        this.#object.btf,
        found.def.keyType,
        batch.keys.slice(i * found.keySize, (i + 1) * found.keySize),
      ),
      value: this.#decode(found, batch.values.slice(i * size, (i + 1) * size)) as V,
    })));
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

  override *sleep(): Model<void> {
    yield* after(undefined);
  }

  override *note(_text: string): Model<void> {}

  #key(map: NamedMap, key: MapInput): Uint8Array {
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

  /** Where a global variable, or a number inside one, stands in mapped memory. */
  #place(name: string): Place {
    for (const map of this.#maps.all) {
      for (const variable of map.def.data?.variables ?? []) {
        if (!name.startsWith(variable.name)) continue;
        const path = name.slice(variable.name.length);
        const leaf = leavesOf(this.#object.btf, variable.type, variable.size).find((leaf) => leaf.path === path);
        if (!leaf && path !== "") continue;
        const mapped = this.#maps.mapped(map), offset = variable.offset + (leaf?.offset ?? 0);
        const view = new DataView(mapped.buffer, offset, leaf?.size ?? variable.size);
        const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
        return { view, leaf: isOneLoad(leaf) ? leaf : undefined, bytes, type: leaf ? undefined : variable.type };
      }
    }
    throw new BackendError(`no global variable ${name}`);
  }
}

interface Place {
  readonly view: DataView;
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

function failure(negative: number, what: string): Error {
  const code = modelledErrno(negative);
  return code ? new KernelError(code, what) : new BackendError(`${what}: ${errnoName(negative)}`);
}
