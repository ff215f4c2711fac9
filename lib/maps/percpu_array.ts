/** PERCPU_ARRAY maps (kernel/bpf/arraymap.c). */
import type { Memory } from "../cpu/memory.ts";
import type { Model, TaskContext } from "../cpu/operation.ts";
import type { MapDef } from "../object/bpf_object.ts";
import { checkArrayUpdate, IndexedMap, keyBytes } from "./array.ts";
import { copy_map_value } from "./copy_map_value.ts";
import { errno, KernelError } from "./errno.ts";
import type { Found, MapEntry, MapEnvironment } from "./kernel_map.ts";
import { PercpuValues } from "./percpu_values.ts";
import { readSource, type Source } from "./source.ts";
import { isZero } from "./words.ts";

export class PercpuArrayMap extends IndexedMap {
  readonly #values: PercpuValues;

  constructor(def: MapDef, index: number, environment: MapEnvironment) {
    super(def, index, environment);
    if (this.lockOffset !== undefined) throw new KernelError("EOPNOTSUPP", `bpf_spin_lock in per-CPU map ${def.name}`);
    const values = new PercpuValues(this, def.maxEntries);
    values.place(this.allocate(values.bytes, (offset, memory) => values.placeOf(offset, memory, String)));
    this.#values = values;
  }

  initialize(_memory: Memory): void {}

  override get isPerCpu(): boolean {
    return true;
  }

  override get userValueBytes(): number {
    return this.#values.userBytes;
  }

  override get lookupIsInlined(): boolean {
    return true;
  }

  /** kernel/bpf/arraymap.c:percpu_array_map_lookup_elem, inlined: this CPU's copy, no step. */
  map_lookup_elem(ctx: TaskContext, key: Source): Model | bigint {
    return this.map_lookup_percpu_elem(ctx, key, ctx.cpu);
  }

  /** kernel/bpf/arraymap.c:percpu_array_map_lookup_percpu_elem: any CPU's copy, which that CPU writes without asking. */
  override map_lookup_percpu_elem(_ctx: TaskContext, key: Source, cpu: number): Model | bigint {
    return this.withIndex(key, (i) => i < this.def.maxEntries ? this.#values.pointer(i, cpu) : 0n);
  }

  /** kernel/bpf/arraymap.c:array_map_update_elem: in place, this CPU's copy only. */
  *map_update_elem(ctx: TaskContext, key: Source, value: Source, flags: bigint): Model {
    const index = this.indexOf(yield* readSource(key, 4, "key")), refused = checkArrayUpdate(this, index, flags);
    if (refused) return refused;
    yield* copy_map_value(this.#values.addr(index, ctx.cpu), value, this.valueWords);
    yield* this.freeFields(ctx, this.#values.addr(index, ctx.cpu));
    return 0n;
  }

  override map_for_each_callback(ctx: TaskContext, func: bigint, callbackCtx: bigint): Model {
    return this.forEach(ctx, func, callbackCtx, (i) => this.#values.pointer(i, ctx.cpu));
  }

  *bpf_map_copy_value(_ctx: TaskContext, key: Uint8Array): Model<Found> {
    const index = this.indexOf(key);
    return index < this.def.maxEntries ? yield* this.#values.readAll(index) : errno("ENOENT");
  }

  /** kernel/bpf/arraymap.c:bpf_percpu_array_update. */
  override *bpf_map_update_value(_ctx: TaskContext, key: Uint8Array, value: Uint8Array, flags: bigint): Model {
    const index = this.indexOf(key), refused = checkArrayUpdate(this, index, flags);
    if (refused) return refused;
    yield* this.#values.writeAll(index, value);
    return 0n;
  }

  *entries(memory: Memory, filled = false): Iterable<MapEntry> {
    for (let i = 0; i < this.def.maxEntries; i++) {
      for (let cpu = 0; cpu < this.environment.possibleCpus; cpu++) {
        const addr = this.#values.addr(i, cpu);
        if (!filled || !isZero(memory, addr, this.def.valueSize)) yield { key: keyBytes(i), addr, cpu };
      }
    }
  }
}
