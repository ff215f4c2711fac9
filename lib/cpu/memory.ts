/** A machine's linear memory: regions that pointers are checked against, and an allocator that never frees. */
import type { StoreBuffers } from "./store_buffers.ts";
import { CACHE_LINE_BYTES, type Layout, PAGE_BYTES, REGION, REGION_FLAG } from "./layout.ts";

/** Bytes that one load, store or atomic touches. */
export type Width = 1 | 2 | 4 | 8;

/** A bad access by a program: the message is for the reader of a notebook. */
export class MemoryFault extends Error {
  override name = "MemoryFault";
}

/** Bytes before and after a write, so that a search can take a step back. */
export interface Journal {
  /** Called before `size` bytes at `addr` change. */
  beforeWrite(addr: number, size: number): void;
}

/** Who wants to know what a step reads and writes: a search that takes the same step again without the machine. */
export interface Witnessed {
  /** Called before `size` bytes at `addr` are read. */
  beforeRead(addr: number, size: number): void;
  /** A kernel model has taken hold of all of memory: what it reads is not known. */
  tookWhole(): void;
}

/** A pointer, and its halves: the address, then the region. */
const whole = new BigUint64Array(1), halves = new Uint32Array(whole.buffer);

/** The linear address in a BPF pointer. */
export function addressOf(pointer: bigint): number {
  whole[0] = pointer;
  return halves[0];
}

/** @internal */
export class Memory {
  readonly wasm: WebAssembly.Memory;
  readonly view: DataView;
  readonly bytes: Uint8Array;
  readonly i32: Int32Array;
  /** Names of regions for fault messages, by tag. */
  readonly regionNames: string[] = ["null"];
  journal: Journal | undefined;
  witness: Witnessed | undefined;
  /** The CPUs' store buffers; undefined where every store is in memory at once. */
  buffers: StoreBuffers | undefined;
  /** Where the heap ends, and the page begins that schedules are recorded in; it is no part of a machine's state. */
  readonly recording: number;
  /** Where translated code marks what ran, behind that page; no part of a machine's state either. */
  readonly coverage: number;
  // Not `#`: what modelMemory() makes of a memory has to find them.
  private next: number;
  private regions = 1;
  private readonly words: DataView;
  private readonly octets: Uint8Array;

  /**
   * @param layout where the parts begin
   * @param heapBytes room for maps and kernel data
   * @param shared whether worker threads share it; in such a thread, the memory that the first one made
   * @param coverageBytes room for marks of what ran
   */
  constructor(
    readonly layout: Layout,
    heapBytes: number,
    shared: boolean | WebAssembly.Memory = false,
    coverageBytes = 0,
  ) {
    this.recording = Math.ceil((layout.heap + heapBytes) / PAGE_BYTES) * PAGE_BYTES;
    this.coverage = this.recording + PAGE_BYTES;
    const pages = this.coverage / PAGE_BYTES + Math.ceil(coverageBytes / PAGE_BYTES);
    this.wasm = typeof shared === "boolean"
      ? new WebAssembly.Memory({ initial: pages, maximum: pages, shared })
      : shared;
    this.view = this.words = new DataView(this.wasm.buffer);
    this.bytes = this.octets = new Uint8Array(this.wasm.buffer);
    this.i32 = new Int32Array(this.wasm.buffer);
    this.next = layout.heap;
  }

  /** Address just past the last allocated byte: [layout.heap, heapEnd) is everything that CPUs share. */
  get heapEnd(): number {
    return this.next;
  }

  /** Number of regions in use, the null page included. */
  get regionCount(): number {
    return this.regions;
  }

  /** Takes `size` zeroed bytes; kernel objects start on a cache line unless `align` says otherwise. */
  allocate(size: number, align: number = CACHE_LINE_BYTES): number {
    const at = Math.ceil(this.next / align) * align;
    if (at + size > this.recording) {
      throw new RangeError(`simulated memory is full: ${size} bytes wanted, ${this.recording - at} left`);
    }
    this.next = at + size;
    return at;
  }

  /** Names `size` bytes at `base` as something that pointers may reach; gives the region's number. */
  addRegion(base: number, size: number, flags: number, name: string): number {
    return this.addRegions(1, base, size, size, flags, name);
  }

  /**
   * Names `count` stretches of `size` bytes, the first at `base` and each `stride` bytes after the last (the values of
   * a map): consecutive regions that share a name. Gives the number of the first.
   */
  addRegions(count: number, base: number, stride: number, size: number, flags: number, name: string): number {
    const first = this.regions, tag = this.regionNames.push(name) - 1;
    this.regions += count;
    if (this.regions > this.layout.regionCapacity) {
      throw new RangeError(`more than ${this.layout.regionCapacity} regions`);
    }
    for (let i = 0; i < count; i++) {
      const entry = this.layout.regionTable + (first + i) * REGION.bytes;
      this.words.setUint32(entry + REGION.flags, flags, true);
      this.words.setUint32(entry + REGION.tag, tag, true);
      this.bound(entry, base + i * stride, size);
    }
    return first;
  }

  /** Gives a region other bounds, which belong to the state of the machine: a search takes them back. */
  moveRegion(region: number, base: number, size: number): void {
    const entry = this.layout.regionTable + region * REGION.bytes;
    this.journal?.beforeWrite(entry, REGION.bytes);
    this.bound(entry, base, size);
  }

  private bound(entry: number, base: number, size: number): void {
    this.words.setUint32(entry + REGION.base, base, true);
    this.words.setUint32(entry + REGION.size, size, true);
    this.words.setUint32(entry + REGION.limit1, Math.max(0, size), true);
    this.words.setUint32(entry + REGION.limit2, Math.max(0, size - 1), true);
    this.words.setUint32(entry + REGION.limit4, Math.max(0, size - 3), true);
    this.words.setUint32(entry + REGION.limit8, Math.max(0, size - 7), true);
  }

  /** The 64-bit BPF pointer to linear address `addr` of a region. */
  pointer(region: number, addr: number): bigint {
    return (BigInt(region) << 32n) | BigInt(addr);
  }

  /** Whether a pointer's region is one that other CPUs can reach (so that every access is a visible operation). */
  isShared(pointer: bigint): boolean {
    return (this.flagsAt(pointer) & REGION_FLAG.shared) !== 0;
  }

  /**
   * Checks that `size` bytes at a BPF pointer may be read (or written); gives the linear address.
   *
   * @throws MemoryFault naming the region and what was wrong
   */
  check(pointer: bigint, size: number, write = false): number {
    const reason = this.explain(pointer, size, write);
    if (reason) throw new MemoryFault(reason);
    return addressOf(pointer);
  }

  /** Why an access faults, in words; the empty string when it does not. */
  explain(pointer: bigint, size: number, write: boolean): string {
    whole[0] = pointer;
    return this.reject(halves[1], halves[0], size, write);
  }

  read(addr: number, size: Width): bigint {
    this.witness?.beforeRead(addr, size);
    switch (size) {
      case 1:
        return BigInt(this.words.getUint8(addr));
      case 2:
        return BigInt(this.words.getUint16(addr, true));
      case 4:
        return BigInt(this.words.getUint32(addr, true));
      case 8:
        return this.words.getBigUint64(addr, true);
    }
  }

  write(addr: number, size: Width, value: bigint): void {
    this.journal?.beforeWrite(addr, size);
    switch (size) {
      case 1:
        return this.words.setUint8(addr, Number(value & 0xffn));
      case 2:
        return this.words.setUint16(addr, Number(value & 0xffffn), true);
      case 4:
        return this.words.setUint32(addr, Number(value & 0xffff_ffffn), true);
      case 8:
        return this.words.setBigUint64(addr, BigInt.asUintN(64, value), true);
    }
  }

  getU32(addr: number): number {
    this.witness?.beforeRead(addr, 4);
    return this.words.getUint32(addr, true);
  }

  setU32(addr: number, value: number): void {
    this.journal?.beforeWrite(addr, 4);
    this.words.setUint32(addr, value, true);
  }

  /** A copy of bytes. */
  readBytes(addr: number, size: number): Uint8Array {
    this.witness?.beforeRead(addr, size);
    return this.octets.slice(addr, addr + size);
  }

  /** Zeroes bytes; unlike `bytes.fill`, which no search can take back. */
  clear(addr: number, size: number): void {
    this.journal?.beforeWrite(addr, size);
    this.octets.fill(0, addr, addr + size);
  }

  writeBytes(addr: number, bytes: Uint8Array): void {
    this.journal?.beforeWrite(addr, bytes.length);
    this.octets.set(bytes, addr);
  }

  /** Sum of {@link REGION_FLAG} of the region that a pointer names; 0 where there is none. */
  flagsAt(pointer: bigint): number {
    whole[0] = pointer;
    const region = halves[1];
    if (region >= this.regions) return 0;
    return this.words.getUint32(this.layout.regionTable + region * REGION.bytes + REGION.flags, true);
  }

  private reject(region: number, addr: number, size: number, write: boolean): string {
    const verb = write ? "write" : "read";
    if (region === 0) return `${verb} of ${size} bytes through a null pointer or a number (address ${addr})`;
    if (region >= this.regions) return `${verb} of ${size} bytes through a value that is no pointer`;
    const entry = this.layout.regionTable + region * REGION.bytes;
    const base = this.words.getUint32(entry + REGION.base, true),
      length = this.words.getUint32(entry + REGION.size, true);
    const flags = this.words.getUint32(entry + REGION.flags, true);
    const name = this.regionNames[this.words.getUint32(entry + REGION.tag, true)];
    const offset = (addr - base) | 0;
    if (offset < 0 || offset + size > length) {
      return `${verb} of ${size} bytes at offset ${offset} of ${name}, which has ${length} bytes`;
    }
    if (!(flags & (write ? REGION_FLAG.write : REGION_FLAG.read))) return `${verb} of ${name}, which is read-only`;
    return "";
  }
}

/**
 * The same memory for kernel models of a machine whose steps are watched: what they read by its methods is told word by
 * word, and whoever takes `bytes`, `view` or `i32` may have read anything.
 */
export function modelMemory(memory: Memory): Memory {
  const whole = <T>(value: T) => ({
    get: () => {
      memory.witness?.tookWhole();
      return value;
    },
  });
  return Object.create(memory, {
    bytes: whole(memory.bytes),
    view: whole(memory.view),
    i32: whole(memory.i32),
  });
}
