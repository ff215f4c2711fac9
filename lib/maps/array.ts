/** ARRAY maps, and the global variables that libbpf puts into them (kernel/bpf/arraymap.c). */
import { REGION_FLAG, TASK } from "../cpu/layout.ts";
import { addressOf, type Memory } from "../cpu/memory.ts";
import type { CallbackOp, Model, TaskContext } from "../cpu/operation.ts";
import type { MapDef } from "../object/bpf_object.ts";
import { copy_map_value, copy_map_value_locked, read_map_value, read_map_value_locked } from "./copy_map_value.ts";
import { errno, KernelError } from "./errno.ts";
import { type Found, KernelMap, type MapEntry, type MapEnvironment, type Place } from "./kernel_map.ts";
import { BPF_EXIST, BPF_F_LOCK, BPF_NOEXIST } from "../uapi/flags.ts";
import { readSource, type Source } from "./source.ts";
import { isZero, roundUp8, wordAt } from "./words.ts";

const KEY = { offset: 0, size: 4 } as const;

/** What all maps that are indexed by a number share. */
export abstract class IndexedMap extends KernelMap {
  constructor(def: MapDef, index: number, environment: MapEnvironment) {
    super(def, index, environment);
    if (def.keySize !== 4) throw new KernelError("EINVAL", `array map ${def.name} with a key of ${def.keySize} bytes`);
  }

  /** The index that a key's bytes stand for. */
  protected indexOf(key: Uint8Array): number {
    return Number(wordAt(key, KEY));
  }

  /** Runs `then` on the index: at once when the key is private, after a load when others can change it. */
  protected withIndex(key: Source, then: (index: number) => Model | bigint): Model | bigint {
    if ("bytes" in key) return then(this.indexOf(key.bytes));
    return this.#loadIndex(key, then);
  }

  *#loadIndex(key: Source, then: (index: number) => Model | bigint): Model {
    const result = then(this.indexOf(yield* readSource(key, 4, "key")));
    return typeof result === "bigint" ? result : yield* result;
  }

  /** kernel/bpf/arraymap.c:array_map_get_next_key. */
  *map_get_next_key(_ctx: TaskContext, key: Uint8Array | undefined): Model<Found> {
    const index = key ? this.indexOf(key) : 0xffff_ffff;
    if (index >= this.def.maxEntries) return keyBytes(0);
    if (index === this.def.maxEntries - 1) return errno("ENOENT");
    return keyBytes(index + 1);
  }

  *map_delete_elem(_ctx: TaskContext, _key: Source): Model {
    return errno("EINVAL");
  }

  /** Pointer to the variable of the kernel's that holds a key for the callback that the task is about to run. */
  protected *keyVariable(ctx: TaskContext): Model {
    const record = ctx.memory.layout.tasks + ctx.task * TASK.bytes;
    const depth = Number(yield { kind: "private", run: (m) => BigInt(m.getU32(record + TASK.depth)) });
    return ctx.memory.pointer(this.environment.walkKeyRegion, record + TASK.walkKeys + 4 * depth);
  }

  /** kernel/bpf/arraymap.c:bpf_for_each_array_elem; the key is a variable of the kernel's, one for each walk. */
  protected *forEach(ctx: TaskContext, func: bigint, callbackCtx: bigint, value: (i: number) => bigint): Model {
    const key = yield* this.keyVariable(ctx), keyAddr = addressOf(key);
    for (let i = 0; i < this.def.maxEntries; i++) {
      yield { kind: "private", run: (m) => (m.setU32(keyAddr, i), 0n) };
      const call: CallbackOp = { kind: "callback", func, args: [this.pointer, key, value(i), callbackCtx, 0n] };
      if ((yield call) !== 0n) return BigInt(i + 1);
    }
    return BigInt(this.def.maxEntries);
  }
}

/** Checks that array updates make before anything else; 0n when there is nothing to object to. */
export function checkArrayUpdate(map: KernelMap, index: number, flags: bigint): bigint {
  if ((flags & ~BPF_F_LOCK) > BPF_EXIST) return errno("EINVAL");
  if (index >= map.def.maxEntries) return errno("E2BIG");
  if (flags & BPF_NOEXIST) return errno("EEXIST");
  if (flags & BPF_F_LOCK && !map.hasSpinLock) return errno("EINVAL");
  return 0n;
}

/**
 * Where values begin in a cache line: struct bpf_array has 16 bytes before them that share their line. Global data is
 * mapped to user space and begins on a page.
 */
const VALUES_OFFSET = 16;

export class ArrayMap extends IndexedMap {
  /** Bytes from one value to the next. */
  readonly stride: number;
  readonly #values: number;
  readonly #region: number;

  constructor(def: MapDef, index: number, environment: MapEnvironment) {
    super(def, index, environment);
    this.stride = roundUp8(def.valueSize);
    const head = def.data ? 0 : VALUES_OFFSET;
    this.#values = head + this.allocate(head + def.maxEntries * this.stride, (at) => {
      const offset = at - head;
      if (offset < 0) return { name: `${def.name}.elem_size`, touches: "map" };
      if (def.data) return this.#placeInSection(offset);
      return this.placeInValue(offset % this.stride, `${def.name}[${Math.floor(offset / this.stride)}]`, def.name);
    });
    const flags = REGION_FLAG.read | (def.data?.readonly ? 0 : REGION_FLAG.write | REGION_FLAG.shared);
    const name = def.data ? `section ${def.data.section}` : `a value of ${def.name}`;
    this.#region = environment.arena.addRegions(def.maxEntries, this.#values, this.stride, def.valueSize, flags, name);
  }

  /** Global variables have their own names; what lies between them is called by the section. */
  #placeInSection(offset: number): Place {
    const isVariable = this.valueLeaves.some((leaf) => offset >= leaf.offset && offset < leaf.offset + leaf.size);
    return isVariable ? this.placeInValue(offset, "") : { name: `${this.name}+${offset}`, touches: "data" };
  }

  initialize(memory: Memory): void {
    if (this.def.data) memory.bytes.set(this.def.data.bytes, this.#values);
  }

  /** Linear address of a value. */
  valueAddr(index: number): number {
    return this.#values + index * this.stride;
  }

  valuePointer(index: number, offset = 0): bigint {
    return (BigInt(this.#region + index) << 32n) | BigInt(this.valueAddr(index) + offset);
  }

  override get lookupIsInlined(): boolean {
    return true;
  }

  /** kernel/bpf/arraymap.c:array_map_lookup_elem, inlined into programs: touches nothing. */
  map_lookup_elem(_ctx: TaskContext, key: Source): Model | bigint {
    return this.withIndex(key, (i) => i < this.def.maxEntries ? this.valuePointer(i) : 0n);
  }

  /** kernel/bpf/arraymap.c:array_map_update_elem: in place, by programs and by user space alike. */
  *map_update_elem(ctx: TaskContext, key: Source, value: Source, flags: bigint): Model {
    const index = this.indexOf(yield* readSource(key, 4, "key"));
    const refused = checkArrayUpdate(this, index, flags);
    if (refused) return refused;
    if (flags & BPF_F_LOCK) yield* copy_map_value_locked(this, ctx, this.valueAddr(index), value);
    else yield* copy_map_value(this.valueAddr(index), value, this.valueWords);
    yield* this.freeFields(ctx, this.valueAddr(index));
    return 0n;
  }

  override *map_key_from_value(ctx: TaskContext, value: bigint): Model {
    const index = (addressOf(value) - this.#values) / this.stride, key = yield* this.keyVariable(ctx);
    yield { kind: "private", run: (m) => (m.setU32(addressOf(key), index), 0n) };
    return key;
  }

  override map_for_each_callback(ctx: TaskContext, func: bigint, callbackCtx: bigint): Model {
    return this.forEach(ctx, func, callbackCtx, (i) => this.valuePointer(i));
  }

  *bpf_map_copy_value(ctx: TaskContext, key: Uint8Array, flags: bigint): Model<Found> {
    const index = this.indexOf(key);
    if (index >= this.def.maxEntries) return errno("ENOENT");
    const addr = this.valueAddr(index);
    return flags & BPF_F_LOCK ? yield* read_map_value_locked(this, ctx, addr) : yield* read_map_value(this, addr);
  }

  *entries(memory: Memory, filled = false): Iterable<MapEntry> {
    for (let i = 0; i < this.def.maxEntries; i++) {
      const addr = this.valueAddr(i);
      if (!filled || !isZero(memory, addr, this.def.valueSize)) yield { key: keyBytes(i), addr };
    }
  }
}

export function keyBytes(index: number): Uint8Array {
  return new Uint8Array(new Uint32Array([index]).buffer);
}
