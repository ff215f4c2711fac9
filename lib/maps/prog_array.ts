/** PROG_ARRAY maps: what bpf_tail_call jumps through (kernel/bpf/arraymap.c). */
import type { Memory } from "../cpu/memory.ts";
import { load, type Model, type TaskContext } from "../cpu/operation.ts";
import type { MapDef } from "../object/bpf_object.ts";
import { IndexedMap, keyBytes } from "./array.ts";
import { errno } from "./errno.ts";
import type { Found, MapEntry, MapEnvironment } from "./kernel_map.ts";
import type { Source } from "./source.ts";
import { numberToBytes, wordAt } from "./words.ts";

const SLOT_BYTES = 8;

/** Slots that hold a number (of a program, of a map) plus one, or 0; one word each, loaded and stored at once. */
export abstract class SlotArray extends IndexedMap {
  abstract override get holds(): "inner_map" | "program" | "cgroup";
  protected readonly slots: number;

  constructor(def: MapDef, index: number, environment: MapEnvironment) {
    super(def, index, environment);
    this.slots = this.allocate(
      def.maxEntries * SLOT_BYTES,
      (offset) => ({
        name: `${def.name}[${Math.floor(offset / SLOT_BYTES)}]`,
        touches: this.holds,
        object: def.name,
      }),
    );
  }

  initialize(memory: Memory): void {
    for (const { key, map } of this.def.slots ?? []) memory.setU32(this.slot(key), map + 1);
  }

  slot(index: number): number {
    return this.slots + index * SLOT_BYTES;
  }

  *map_update_elem(_ctx: TaskContext, _key: Source, _value: Source, _flags: bigint): Model {
    return errno("EINVAL");
  }

  /** kernel/bpf/arraymap.c:bpf_fd_array_map_lookup_elem: user space gets the thing's id. */
  *bpf_map_copy_value(_ctx: TaskContext, key: Uint8Array): Model<Found> {
    const index = this.indexOf(key);
    if (index >= this.def.maxEntries) return errno("ENOENT");
    const id = yield load(this.slot(index), SLOT_BYTES, "slot");
    return id === 0n ? errno("ENOENT") : numberToBytes(id, 4);
  }

  /** kernel/bpf/arraymap.c:bpf_fd_array_map_update_elem: exchange the slot; `value` is an id. */
  override *bpf_map_update_value(_ctx: TaskContext, key: Uint8Array, value: Uint8Array, flags: bigint): Model {
    const index = this.indexOf(key);
    if (flags !== 0n) return errno("EINVAL");
    if (index >= this.def.maxEntries) return errno("E2BIG");
    const id = wordAt(value, { offset: 0, size: 4 });
    yield { kind: "rmw", op: "xchg", addr: this.slot(index), size: SLOT_BYTES, value: id, label: "slot" };
    return 0n;
  }

  /** kernel/bpf/arraymap.c:__fd_array_map_delete_elem. */
  override *delete_value(_ctx: TaskContext, key: Uint8Array): Model {
    const index = this.indexOf(key);
    if (index >= this.def.maxEntries) return errno("E2BIG");
    const slot = this.slot(index);
    const old = yield { kind: "rmw", op: "xchg", addr: slot, size: SLOT_BYTES, value: 0n, label: "slot" };
    return old === 0n ? errno("ENOENT") : 0n;
  }

  *entries(memory: Memory): Iterable<MapEntry> {
    for (let i = 0; i < this.def.maxEntries; i++) {
      if (memory.getU32(this.slot(i)) !== 0) yield { key: keyBytes(i), addr: this.slot(i) };
    }
  }
}

export class ProgArrayMap extends SlotArray {
  override get holds(): "program" {
    return "program";
  }

  /** Programs may not read a PROG_ARRAY: the verifier sees to that. */
  map_lookup_elem(): bigint {
    return errno("EOPNOTSUPP");
  }

  /** The program in a slot, as an index into the object's programs; -1 for an empty slot. */
  *programAt(index: bigint): Model<number> {
    if (index >= BigInt(this.def.maxEntries)) return -1;
    return Number(yield load(this.slot(Number(index)), SLOT_BYTES, "slot")) - 1;
  }
}
