/**
 * DEVMAP, CPUMAP, XSKMAP and SOCKMAP (kernel/bpf/devmap.c, cpumap.c, net/xdp/xskmap.c, net/core/sock_map.c): slots that
 * user space fills, and that programs send packets to. A slot holds its value in one word. The kernel makes a new object
 * for each update, which a program that looked the old one up goes on to see; here it sees the new value.
 */
import { REGION_FLAG } from "../cpu/layout.ts";
import type { Memory } from "../cpu/memory.ts";
import { load, type Model, type TaskContext } from "../cpu/operation.ts";
import type { MapDef } from "../object/bpf_object.ts";
import { BPF_EXIST, BPF_NOEXIST } from "../uapi/flags.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import { IndexedMap, keyBytes } from "./array.ts";
import { errno, KernelError } from "./errno.ts";
import type { Found, MapEntry, MapEnvironment } from "./kernel_map.ts";
import type { Source } from "./source.ts";
import { bytesToNumber, numberToBytes } from "./words.ts";

const SLOT_BYTES = 8;
/** Files are numbers from 0 on, so that those of a slot are kept with one added. */
const HOLDS_FILES: readonly number[] = [BPF_MAP_TYPE.XSKMAP, BPF_MAP_TYPE.SOCKMAP];

export class RedirectMap extends IndexedMap {
  readonly #slots: number;
  readonly #region: number;
  readonly #holdsFiles: boolean;

  constructor(def: MapDef, index: number, environment: MapEnvironment) {
    super(def, index, environment);
    if (def.valueSize !== 4 && def.valueSize !== 8) {
      throw new KernelError("EINVAL", `map ${def.name} with values of ${def.valueSize} bytes: they have 4 or 8`);
    }
    this.#holdsFiles = HOLDS_FILES.includes(def.type);
    this.#slots = this.allocate(def.maxEntries * SLOT_BYTES, (offset) => ({
      name: `${def.name}[${Math.floor(offset / SLOT_BYTES)}]`,
      touches: "data",
      object: def.name,
    }));
    const flags = REGION_FLAG.read | REGION_FLAG.shared, name = `a value of ${def.name}`;
    this.#region = environment.arena.addRegions(def.maxEntries, this.#slots, SLOT_BYTES, SLOT_BYTES, flags, name);
  }

  initialize(): void {}

  /** What a slot holds, 0 for nothing. */
  *target(index: number): Model {
    return index < this.def.maxEntries ? yield load(this.#slot(index), SLOT_BYTES, "slot") : 0n;
  }

  /** Pointer to the value of a slot that is not empty. */
  map_lookup_elem(_ctx: TaskContext, key: Source): Model | bigint {
    return this.withIndex(key, (index) => this.#pointerTo(index));
  }

  *#pointerTo(index: number): Model {
    if ((yield* this.target(index)) === 0n) return 0n;
    return (BigInt(this.#region + index) << 32n) | BigInt(this.#slot(index));
  }

  *map_update_elem(): Model {
    return errno("EOPNOTSUPP");
  }

  *bpf_map_copy_value(_ctx: TaskContext, key: Uint8Array): Model<Found> {
    if (this.#holdsFiles) return errno("EOPNOTSUPP");
    const value = yield* this.target(this.indexOf(key));
    return value === 0n ? errno("ENOENT") : numberToBytes(value, this.def.valueSize);
  }

  /** kernel/bpf/devmap.c:__dev_map_update_elem, kernel/bpf/cpumap.c:cpu_map_update_elem: a value of zero empties the slot. */
  override *bpf_map_update_value(_ctx: TaskContext, key: Uint8Array, value: Uint8Array, flags: bigint): Model {
    const index = this.indexOf(key);
    if (flags > BPF_EXIST) return errno("EINVAL");
    if (index >= this.def.maxEntries) return errno("E2BIG");
    if (flags === BPF_NOEXIST) return errno("EEXIST");
    const given = bytesToNumber(value.subarray(0, this.def.valueSize));
    const isEmpty = !this.#holdsFiles && BigInt.asUintN(32, given) === 0n;
    return yield* this.#exchange(index, isEmpty ? 0n : given + (this.#holdsFiles ? 1n : 0n));
  }

  override *delete_value(_ctx: TaskContext, key: Uint8Array): Model {
    const index = this.indexOf(key);
    return index >= this.def.maxEntries ? errno("EINVAL") : yield* this.#exchange(index, 0n);
  }

  *entries(memory: Memory): Iterable<MapEntry> {
    for (let i = 0; i < this.def.maxEntries; i++) {
      if (memory.read(this.#slot(i), SLOT_BYTES) !== 0n) yield { key: keyBytes(i), addr: this.#slot(i) };
    }
  }

  *#exchange(index: number, value: bigint): Model {
    yield { kind: "rmw", op: "xchg", addr: this.#slot(index), size: SLOT_BYTES, value, label: "slot" };
    return 0n;
  }

  #slot(index: number): number {
    return this.#slots + index * SLOT_BYTES;
  }
}
