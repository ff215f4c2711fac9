/**
 * Store buffers of x86 CPUs: Sewell, Sarkar, Owens, Zappa Nardelli, Myreen, "x86-TSO: a rigorous and usable programmer's
 * model for x86 multiprocessors" (CACM 53(7), 2010), section 3.2.
 *
 * A plain store goes into the FIFO buffer of its CPU; a step of its own, the flush, moves the oldest one to memory. What
 * a CPU sees is memory with its own buffer laid over it, byte by byte, so that a load takes its bytes from the newest
 * store that has them (a CPU forwards them, or waits until they are in memory: nothing tells the two apart). Locked
 * instructions wait until the buffer is empty.
 *
 * The buffers are in the machine's memory, between the CPU records and the tasks: part of its state like all else.
 */
import type { Memory, Width } from "./memory.ts";

/** Stores that a buffer holds, more than any x86 has (Golden Cove has 112); a CPU whose buffer is full has to flush. */
export const CAPACITY = 128;

/** One CPU's buffer: how many stores wait, then the stores, oldest first; zero beyond, so that equal states are equal. */
export const BUFFER = { count: 0, entries: 16, entryBytes: 32, bytes: 16 + 32 * CAPACITY } as const;

/** One store of {@link BUFFER.entryBytes}. Which task and run made it, and which grace periods it began before, is kept where grace periods are. */
export const ENTRY = { addr: 0, size: 4, value: 8, task: 16, run: 20, graces: 24 } as const;

/** A flush among the steps of a schedule, where tasks are 0 and up: -1 for CPU 0, -2 for CPU 1. */
export const flushOf = (cpu: number): number => -1 - cpu;
export const cpuOfFlush = (step: number): number => -1 - step;

export class StoreBuffers {
  /** What memory held under the stores that are laid over it now. */
  readonly #under: bigint[] = [];
  readonly #base: number;

  /**
   * @param cpus how many CPUs have buffers
   * @param tellsRuns whether stores say whose they are: grace periods ask
   */
  constructor(readonly memory: Memory, readonly cpus: number, readonly tellsRuns: boolean) {
    this.#base = memory.layout.buffers;
  }

  /** How many stores of a CPU wait. */
  count(cpu: number): number {
    return this.memory.getU32(this.#base + cpu * BUFFER.bytes + BUFFER.count);
  }

  isFull(cpu: number): boolean {
    return this.count(cpu) >= CAPACITY;
  }

  /** Where a CPU's buffer stands in memory, and how many bytes of it are in use. */
  placeOf(cpu: number): { readonly start: number; readonly bytes: number } {
    return {
      start: this.#base + cpu * BUFFER.bytes,
      bytes: BUFFER.entries + this.count(cpu) * BUFFER.entryBytes,
    };
  }

  /** The store that the next flush of a CPU moves to memory. */
  oldest(cpu: number): { readonly addr: number; readonly size: Width } {
    const entry = this.#entry(cpu, 0);
    return { addr: this.memory.getU32(entry + ENTRY.addr), size: this.#size(entry) };
  }

  /** Whether a store that waits has bytes of [addr, addr + size). */
  covers(cpu: number, addr: number, size: number): boolean {
    for (let i = this.count(cpu) - 1; i >= 0; i--) {
      const entry = this.#entry(cpu, i), start = this.memory.getU32(entry + ENTRY.addr);
      if (start < addr + size && addr < start + this.#size(entry)) return true;
    }
    return false;
  }

  /** What a CPU sees at an address: memory with its own stores laid over it. */
  read(cpu: number, addr: number, size: Width): bigint {
    let value = this.memory.read(addr, size);
    for (let i = 0, n = this.count(cpu); i < n; i++) {
      const entry = this.#entry(cpu, i), start = this.memory.getU32(entry + ENTRY.addr);
      for (let at = Math.max(addr, start), end = Math.min(addr + size, start + this.#size(entry)); at < end; at++) {
        const byte = this.memory.view.getUint8(entry + ENTRY.value + at - start), shift = 8n * BigInt(at - addr);
        value = (value & ~(0xffn << shift)) | (BigInt(byte) << shift);
      }
    }
    return value;
  }

  /** Puts a store behind those that wait. */
  add(cpu: number, addr: number, size: Width, value: bigint, task: number, run: number): void {
    const { memory } = this, count = this.count(cpu), entry = this.#entry(cpu, count);
    memory.setU32(entry + ENTRY.addr, addr);
    memory.setU32(entry + ENTRY.size, size);
    memory.write(entry + ENTRY.value, 8, BigInt.asUintN(8 * size, value));
    if (this.tellsRuns) {
      memory.setU32(entry + ENTRY.task, task + 1);
      memory.setU32(entry + ENTRY.run, run);
    }
    memory.setU32(this.#base + cpu * BUFFER.bytes + BUFFER.count, count + 1);
  }

  /** Moves a CPU's oldest store to memory. */
  flush(cpu: number): void {
    const { memory } = this, count = this.count(cpu), first = this.#entry(cpu, 0);
    const size = this.#size(first);
    memory.write(memory.getU32(first + ENTRY.addr), size, memory.read(first + ENTRY.value, size));
    for (let i = 1; i <= count; i++) {
      const from = this.#entry(cpu, i), to = this.#entry(cpu, i - 1);
      // Behind the newest one there is nothing, and the last place of all has nothing behind it.
      for (let at = 0; at < BUFFER.entryBytes; at += 8) {
        memory.write(to + at, 8, i < count ? memory.read(from + at, 8) : 0n);
      }
    }
    memory.setU32(this.#base + cpu * BUFFER.bytes + BUFFER.count, count - 1);
  }

  /** Lays a CPU's stores over memory, for a step of that CPU: everything it does sees them. {@link takeOff} ends it. */
  layOver(cpu: number): void {
    const { memory } = this;
    for (let i = 0, n = this.count(cpu); i < n; i++) {
      const entry = this.#entry(cpu, i), addr = memory.getU32(entry + ENTRY.addr), size = this.#size(entry);
      this.#under[i] = memory.read(addr, size);
      memory.write(addr, size, memory.read(entry + ENTRY.value, size));
    }
  }

  /**
   * Takes them off again. What the step wrote over them went past the buffer, as only work on memory does that no other
   * CPU looks at now: it becomes part of the store, or the flush would undo it.
   */
  takeOff(cpu: number): void {
    const { memory } = this;
    for (let i = this.count(cpu) - 1; i >= 0; i--) {
      const entry = this.#entry(cpu, i), addr = memory.getU32(entry + ENTRY.addr), size = this.#size(entry);
      const now = memory.read(addr, size);
      if (now !== memory.read(entry + ENTRY.value, size)) memory.write(entry + ENTRY.value, 8, now);
      memory.write(addr, size, this.#under[i]);
    }
  }

  /** Marks every store that waits: a grace period of this task begins, and will not end before they are in memory. */
  beginGrace(task: number): void {
    // With more tasks the mark is left out: then the end of a grace period promises less than the kernel's does.
    if (task >= 32) return;
    this.#each((entry) => {
      const marks = this.memory.getU32(entry + ENTRY.graces);
      this.memory.setU32(entry + ENTRY.graces, (marks | (1 << task)) >>> 0);
    });
  }

  /**
   * Whether a store still waits that the end of a grace period has to see in memory: one from before it, or one of a run
   * that was under way when it began. Every CPU passes a full barrier in between (kernel/rcu/tree.c: rcu_report_qs_rnp).
   *
   * @param underWay for each task, which of its runs the grace period waits for; 0 for none
   */
  holdUpGrace(task: number, underWay: (task: number) => number): boolean {
    let held = false;
    this.#each((entry) => {
      if (task < 32 && (this.memory.getU32(entry + ENTRY.graces) >>> task) & 1) held = true;
      const owner = this.memory.getU32(entry + ENTRY.task), run = this.memory.getU32(entry + ENTRY.run);
      if (owner !== 0 && run !== 0 && underWay(owner - 1) === run) held = true;
    });
    return held;
  }

  #each(visit: (entry: number) => void): void {
    for (let cpu = 0; cpu < this.cpus; cpu++) {
      for (let i = 0, n = this.count(cpu); i < n; i++) visit(this.#entry(cpu, i));
    }
  }

  #entry(cpu: number, i: number): number {
    return this.#base + cpu * BUFFER.bytes + BUFFER.entries + i * BUFFER.entryBytes;
  }

  #size(entry: number): Width {
    return this.memory.getU32(entry + ENTRY.size) as Width;
  }
}
