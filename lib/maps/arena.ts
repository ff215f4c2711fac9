/** Where maps take their memory from: a machine's memory, or a meter that only counts. */
import { CACHE_LINE_BYTES, REGION } from "../cpu/layout.ts";

export interface Arena {
  /** Takes `size` zeroed bytes; gives their linear address. */
  allocate(size: number, align?: number): number;
  /** Names `count` stretches of `size` bytes that pointers may reach; gives the number of the first region. */
  addRegions(count: number, base: number, stride: number, size: number, flags: number, name: string): number;
}

/** More than this and a machine of it could not be copied, hashed or looked at any more. */
const MAX_BYTES = 1 << 30;

/** Counts what maps would take, so that a memory of the right size can be made. */
export class ArenaMeter implements Arena {
  heapBytes = 0;
  regions = 0;

  allocate(size: number, align: number = CACHE_LINE_BYTES): number {
    const at = Math.ceil(this.heapBytes / align) * align;
    this.heapBytes = at + size;
    this.#check();
    return at;
  }

  addRegions(count: number): number {
    this.regions += count;
    this.#check();
    return this.regions - count;
  }

  /** Every value is a region of its own, so that a pointer past its end is a fault. */
  #check(): void {
    if (this.heapBytes + this.regions * REGION.bytes <= MAX_BYTES) return;
    throw new RangeError("these maps take more than 1 GiB of simulated memory: make max_entries smaller");
  }
}
