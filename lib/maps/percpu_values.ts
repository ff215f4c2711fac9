/** Values that every possible CPU has a copy of (mm/percpu.c), and how user space reads them all. */
import { CACHE_LINE_BYTES, REGION_FLAG } from "../cpu/layout.ts";
import type { Memory } from "../cpu/memory.ts";
import { type Model, store, type TaskContext } from "../cpu/operation.ts";
import { copy_map_value } from "./copy_map_value.ts";
import type { KernelMap, MapEntry, Place } from "./kernel_map.ts";
import { leadingFields } from "./owned_values.ts";
import { readWords } from "./source.ts";
import { roundUp8, type Word, wordsOf } from "./words.ts";

export class PercpuValues {
  /** Bytes of one CPU's copy of a value: round_up(value_size, 8). */
  readonly stride: number;
  /** Bytes from one CPU's copies to the next CPU's; no cache line belongs to two CPUs. */
  readonly cpuStride: number;
  readonly bytes: number;
  /** copy_map_value_long: 8 bytes at a time, up to the rounded size. */
  readonly longWords: readonly Word[];
  #base = 0;
  #region = 0;

  constructor(readonly map: KernelMap, readonly count: number) {
    this.stride = roundUp8(map.def.valueSize);
    this.cpuStride = Math.ceil(count * this.stride / CACHE_LINE_BYTES) * CACHE_LINE_BYTES;
    this.bytes = this.cpuStride * map.environment.possibleCpus;
    this.longWords = wordsOf(this.stride, leadingFields(map.fields));
  }

  /** Says where the values stand; every copy becomes a region of its own. */
  place(base: number): void {
    const { environment: { arena, possibleCpus }, def } = this.map;
    const flags = REGION_FLAG.read | REGION_FLAG.write | REGION_FLAG.shared;
    this.#base = base;
    for (let cpu = 0; cpu < possibleCpus; cpu++) {
      const name = `a value of ${def.name} on CPU ${cpu}`;
      const region = arena.addRegions(this.count, base + cpu * this.cpuStride, this.stride, def.valueSize, flags, name);
      if (cpu === 0) this.#region = region;
    }
  }

  /** Bytes that user space gets and gives: every CPU's copy of one value. */
  get userBytes(): number {
    return this.stride * this.map.environment.possibleCpus;
  }

  /** kernel/bpf/hashtab.c:check_and_free_fields: what each CPU's copy holds goes with it. */
  *freeFields(ctx: TaskContext, index: number): Model<void> {
    for (let cpu = 0; cpu < this.map.environment.possibleCpus; cpu++) {
      yield* this.map.freeFields(ctx, this.addr(index, cpu));
    }
  }

  addr(index: number, cpu: number): number {
    return this.#base + cpu * this.cpuStride + index * this.stride;
  }

  pointer(index: number, cpu: number): bigint {
    return (BigInt(this.#region + cpu * this.count + index) << 32n) | BigInt(this.addr(index, cpu));
  }

  /** Every CPU's copy of the value of a key. */
  *entries(key: Uint8Array, index: number): Iterable<MapEntry> {
    for (let cpu = 0; cpu < this.map.environment.possibleCpus; cpu++) yield { key, addr: this.addr(index, cpu), cpu };
  }

  /** `map[key]@cpu2.field`, given how to call the key of an index. */
  placeOf(offset: number, memory: Memory, keyName: (index: number, memory: Memory) => string): Place {
    const cpu = Math.floor(offset / this.cpuStride), inside = offset % this.cpuStride;
    const index = Math.floor(inside / this.stride);
    return this.map.placeInValue(inside % this.stride, `${this.map.name}[${keyName(index, memory)}]@cpu${cpu}`);
  }

  /**
   * kernel/bpf/arraymap.c:bpf_percpu_array_copy, kernel/bpf/hashtab.c:bpf_percpu_hash_copy: one CPU after another, no
   * lock, into one buffer. The sum of what user space gets is no snapshot.
   */
  *readAll(index: number): Model<Uint8Array> {
    const { possibleCpus } = this.map.environment, all = new Uint8Array(this.userBytes);
    for (let cpu = 0; cpu < possibleCpus; cpu++) {
      all.set(yield* readWords(this.addr(index, cpu), this.stride, this.longWords, "value"), cpu * this.stride);
    }
    return all;
  }

  /** The same the other way: each CPU's copy in turn. */
  *writeAll(index: number, values: Uint8Array): Model<void> {
    for (let cpu = 0; cpu < this.map.environment.possibleCpus; cpu++) {
      const bytes = values.subarray(cpu * this.stride, (cpu + 1) * this.stride);
      yield* copy_map_value(this.addr(index, cpu), { bytes }, this.longWords);
    }
  }

  *zero(index: number, cpu: number): Model<void> {
    for (const word of this.longWords) yield store(this.addr(index, cpu) + word.offset, word.size, 0n, "value");
  }
}
