/** What every map is to the kernel around it: operations called by programs, by system calls, and by reports. */
import { CACHE_LINE_BYTES, MAP_REGION } from "../cpu/layout.ts";
import type { Memory } from "../cpu/memory.ts";
import type { Model, TaskContext, Touched } from "../cpu/operation.ts";
import type { SpinLockModel } from "../locks/spin_lock.ts";
import type { MapDef } from "../object/bpf_object.ts";
import type { Btf } from "../object/btf.ts";
import { fieldsOf, type SpecialField, variableFields } from "../object/special_fields.ts";
import type { Arena } from "./arena.ts";
import { ASYNC_FIELD, type AsyncCallbacks } from "./async_callbacks.ts";
import { bpf_obj_free_fields, type Owner } from "./free_fields.ts";
import { leadingFields } from "./owned_values.ts";
import { errno, KernelError } from "./errno.ts";
import type { HashLayouts } from "./hash_layouts.ts";
import type { FreshInnerMaps } from "./fresh_inner_maps.ts";
import type { Source } from "./source.ts";
import type { OwnerKeys } from "./storage_owners.ts";
import { type AsyncField, asyncFieldsOf, type Leaf, leavesOf, spinLockOffset, variableLeaves } from "./value_layout.ts";
import { type Gap, type Word, wordsOf } from "./words.ts";

/** What maps are made with. */
export interface MapEnvironment {
  readonly arena: Arena;
  /** CPUs that may run kernel code, and those that per-CPU values are kept for. */
  readonly nrCpus: number;
  readonly possibleCpus: number;
  /** Tasks of the machine; default: one on each CPU. */
  readonly tasks?: number;
  /** What stands behind timers and work queues, where programs start any. */
  readonly async?: AsyncCallbacks;
  /** How user space and reports name tasks, cgroups, sockets and inodes, where there are any. */
  readonly owners?: OwnerKeys;
  readonly btf?: Btf;
  readonly locks: SpinLockModel;
  /** What the seeds of hash maps are drawn from; 0 gives each the seed 0. */
  readonly hashSeed?: number;
  /** Told, in a search, what depends on these seeds. */
  readonly layouts?: HashLayouts;
  /** Region of the task records, where walks keep the keys that they hand to callbacks. */
  readonly walkKeyRegion: number;
  /** Objects of the programs' own, where they allocate any: they are laid out behind the maps. */
  readonly owner?: Owner;
  /** The maps of the kernel by index, for maps in maps. */
  readonly maps: readonly KernelMap[];
  /** Whether user space may freeze maps, so that the count of their writers can be seen (write_access.ts). */
  readonly freezes?: boolean;
}

/** One entry as reports see it; `cpu` tells the values of a per-CPU map apart. */
export interface MapEntry {
  /** Maps without keys number their entries. */
  readonly key: Uint8Array;
  readonly addr: number;
  readonly cpu?: number;
  /** A number of the map's own, outside of any key: `.producer_pos`. */
  readonly field?: string;
  /** Bytes, where they are not those of a value. */
  readonly size?: number;
}

/** What a lookup from user space gives: the value's bytes (of all CPUs, one after another, in a per-CPU map) or -errno. */
export type Found = Uint8Array | bigint;

const BPF_SPIN_LOCK_BYTES = 4;

/** The longest key and value: each of their words and numbers is described. The kernel's hash tables end there too. */
const MAX_BYTES = 4 << 20;

const valueFields = (btf: Btf, def: MapDef): readonly SpecialField[] =>
  def.data ? variableFields(btf, def.data.variables) : def.valueType === undefined ? [] : fieldsOf(btf, def.valueType);

export abstract class KernelMap {
  readonly name: string;
  /** Words of a value that copies touch: all but the spin lock, timers and work. */
  readonly valueWords: readonly Word[];
  /** Where the value's bpf_spin_lock stands, when it has one. */
  readonly lockOffset: number | undefined;
  /** Where the value's timers and works stand. */
  readonly asyncFields: readonly AsyncField[];
  /** Locks, pointers, lists and the like in a value; none in a map of whose value the object does not say the type. */
  readonly fields: readonly SpecialField[];
  /** Every number inside a value, by name. */
  readonly valueLeaves: readonly Leaf[];
  /** What a program holds: not memory that it may read. */
  readonly pointer: bigint;
  /** Of a map in map: its spare inner maps. */
  freshInnerMaps: FreshInnerMaps | undefined;
  /** Linear address of the words that system calls ask whether they may write (write_access.ts). */
  access = 0;
  readonly #spans: Span[] = [];

  constructor(readonly def: MapDef, readonly index: number, readonly environment: MapEnvironment) {
    if (def.maxEntries < 1) throw new KernelError("EINVAL", `map ${def.name} with max_entries ${def.maxEntries}`);
    for (const [what, bytes] of [["keys", def.keySize], ["values", def.valueSize]] as const) {
      if (bytes <= MAX_BYTES) continue;
      const reason = `map ${def.name} with ${what} of ${bytes} bytes: the simulator takes at most ${MAX_BYTES}`;
      throw new KernelError("E2BIG", reason);
    }
    this.name = def.name;
    this.pointer = (BigInt(MAP_REGION) << 32n) | BigInt(index);
    const { btf } = environment;
    this.fields = btf ? valueFields(btf, def) : [];
    const leaves = def.data
      ? def.data.variables.flatMap((variable) => variableLeaves(btf, variable))
      : leavesOf(btf, def.valueType, def.valueSize);
    const pointers = new Set(leadingFields(this.fields).map(({ offset }) => offset));
    this.valueLeaves = pointers.size === 0 ? leaves : leaves.filter(({ offset }) => !pointers.has(offset));
    this.lockOffset = btf && def.valueType ? spinLockOffset(btf, def.valueType) : undefined;
    this.asyncFields = btf && def.valueType ? asyncFieldsOf(btf, def.valueType) : [];
    const gaps: Gap[] = this.asyncFields.map(({ offset }) => ({ offset, size: ASYNC_FIELD.bytes }));
    if (this.lockOffset !== undefined) gaps.push({ offset: this.lockOffset, size: BPF_SPIN_LOCK_BYTES });
    gaps.push(...leadingFields(this.fields));
    this.valueWords = wordsOf(def.valueSize, gaps.sort((a, b) => a.offset - b.offset));
  }

  /** Writes what the map holds when it was just made. Called once. */
  abstract initialize(memory: Memory): void;

  /** map->ops->map_lookup_elem for a program: pointer to the value, or 0n. */
  abstract map_lookup_elem(ctx: TaskContext, key: Source): Model | bigint;
  /** map->ops->map_update_elem for a program; 0n or -errno. */
  abstract map_update_elem(ctx: TaskContext, key: Source, value: Source, flags: bigint): Model;
  /** map->ops->map_delete_elem for a program; 0n or -errno. */
  abstract map_delete_elem(ctx: TaskContext, key: Source): Model;
  /** map->ops->map_get_next_key: the key's bytes, or -ENOENT after the last. */
  abstract map_get_next_key(ctx: TaskContext, key: Uint8Array | undefined): Model<Found>;

  /**
   * What a map holds now, read without a step of any task: for reports, never for models.
   *
   * @param filled only those that are not all zero; maps that have few anyway may give all
   */
  abstract entries(memory: Memory, filled?: boolean): Iterable<MapEntry>;

  /** Whether BPF_F_LOCK has a lock to take: resilient ones are the programs' alone. */
  get hasSpinLock(): boolean {
    return this.lockOffset !== undefined && !this.fields.some(({ kind }) => kind === "bpf_res_spin_lock");
  }

  /** Whether programs look keys up without calling a function (map_gen_lookup), and without a step. */
  get lookupIsInlined(): boolean {
    return false;
  }

  /** A number of a value as reports show it. */
  formatLeaf(value: bigint | string): bigint | string {
    return value;
  }

  /** map->ops->map_lookup_percpu_elem: pointer to another CPU's value. */
  map_lookup_percpu_elem(_ctx: TaskContext, _key: Source, _cpu: number): Model | bigint {
    return 0n;
  }

  /** map->ops->map_for_each_callback: calls `func(map, key, value, callbackCtx)` for each element; gives how many. */
  *map_for_each_callback(_ctx: TaskContext, _func: bigint, _callbackCtx: bigint): Model {
    return errno("EOPNOTSUPP");
  }

  /** kernel/bpf/helpers.c:map_key_from_value: the pointer to the key that a callback is called with. */
  *map_key_from_value(_ctx: TaskContext, _value: bigint): Model {
    return errno("EOPNOTSUPP");
  }

  /** kernel/bpf/syscall.c:bpf_obj_free_fields: what a value holds goes with it. */
  *freeFields(ctx: TaskContext, addr: number): Model<void> {
    const { async, owner } = this.environment;
    if (async) {
      for (const { kind, offset } of this.asyncFields) {
        yield* async.cancelAndFree(ctx, addr + offset, kind);
      }
    }
    if (owner && this.fields.length > 0) yield* bpf_obj_free_fields(owner, ctx, this.fields, addr);
  }

  /** kernel/bpf/syscall.c:bpf_map_copy_value: what a lookup from user space copies. */
  abstract bpf_map_copy_value(ctx: TaskContext, key: Uint8Array, flags: bigint): Model<Found>;

  /** kernel/bpf/syscall.c:bpf_map_update_value. */
  *bpf_map_update_value(ctx: TaskContext, key: Uint8Array, value: Uint8Array, flags: bigint): Model {
    return yield* this.map_update_elem(ctx, { bytes: key }, { bytes: value }, flags);
  }

  /** Delete from user space. */
  *delete_value(ctx: TaskContext, key: Uint8Array): Model {
    return yield* this.map_delete_elem(ctx, { bytes: key });
  }

  /** Whether user space copies one value for each possible CPU. */
  get isPerCpu(): boolean {
    return false;
  }

  /** Bytes that user space passes as a value: in per-CPU maps round_up(value_size, 8) for each possible CPU. */
  get userValueBytes(): number {
    return this.def.valueSize;
  }

  /** What the values of this map are. */
  get holds(): Touched {
    return "data";
  }

  /**
   * What stands at a byte of a value.
   *
   * @param value how to call the value: `stats[3]`, nothing where its fields have full names
   * @param whole what a value that is one number is itself a part of
   */
  placeInValue(offset: number, value: string, whole?: string): Place {
    const leaf = this.valueLeaves.find((leaf) => offset >= leaf.offset && offset < leaf.offset + leaf.size);
    if (leaf) {
      const touches = this.holds, field = value + leaf.path, inside = offset - leaf.offset;
      if (inside > 0) return { name: `${field}+${inside}`, touches, object: field, field: leaf.path };
      return {
        name: field,
        touches,
        object: leaf.parent === undefined ? whole : value + leaf.parent,
        field: leaf.path,
      };
    }
    const behindLock = offset - (this.lockOffset ?? Infinity);
    if (behindLock === 0) return { name: `${value}.lock`, touches: "lock" };
    const async = this.asyncFields.find((field) => offset >= field.offset && offset < field.offset + ASYNC_FIELD.bytes);
    if (async) {
      const isLock = offset - async.offset >= ASYNC_FIELD.lock;
      return { name: `${value}${async.path}${isLock ? ".lock" : ""}`, touches: isLock ? "lock" : "timer" };
    }
    const name = `${value}+${offset}`;
    if (behindLock > 0 && behindLock < BPF_SPIN_LOCK_BYTES) return { name, touches: "lock" };
    return { name, touches: this.holds, object: value === "" ? undefined : value };
  }

  /** Every stretch of memory of this map, with what stands in it. */
  get spans(): readonly Span[] {
    return this.#spans;
  }

  /** Takes memory and remembers what stands in it, for traces. */
  protected allocate(size: number, placeOf: Span["placeOf"], align = CACHE_LINE_BYTES): number {
    const start = this.environment.arena.allocate(size, align);
    this.#spans.push({ start, end: start + size, map: this.index, placeOf });
    return start;
  }
}

/** What stands at an address of a map's memory. */
export interface Place {
  /** Only ever shown: `stats[3].bytes`, `flows.bucket[4].first`. */
  readonly name: string;
  readonly touches: Touched;
  /** Of values and global variables, what they are a part of: `stats[3]`; nothing for a variable that is one number. */
  readonly object?: string;
  /** Path of the number in its value: `.bytes`; the name of a global variable. */
  readonly field?: string;
}

/** A stretch of linear memory that a map, by its index, has laid out. */
export interface Span {
  readonly start: number;
  readonly end: number;
  /** -1 for objects of the programs' own. */
  readonly map: number;
  readonly placeOf: (offset: number, memory: Memory) => Place;
}
