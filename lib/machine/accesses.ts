/**
 * Which task ever read and wrote which bytes that tasks share, over all the steps that a machine took: in a search, in
 * all the states that it visited.
 *
 * What a program does is known before its step; what kernel models write is told by the memory's journal, whatever kind
 * of step it is in, and what they read by the operations that they ask for. Work on private memory reads nothing that
 * another task could have written since.
 */
import { KIND, TASK } from "../cpu/layout.ts";
import type { Operation } from "../cpu/operation.ts";
import { accessBytes } from "../isa/insn.ts";
import type { Machine } from "./machine.ts";
import { runningModel } from "./task.ts";

const PAGE_BITS = 12, PAGE = 1 << PAGE_BITS;
/** A mark at the first byte of an access: bit log2(size) of a read, four bits higher of a write. */
const WRITE_SHIFT = 4;

/** Who touched a byte, by task. */
export interface Touches {
  readonly addr: number;
  readonly readers: ReadonlySet<number>;
  readonly writers: ReadonlySet<number>;
}

/** The marks of pages of memory, by task. */
export type NotedAccesses = readonly { readonly task: number; readonly page: number; readonly marks: Uint8Array }[];

export class Accesses {
  /** By task and page of memory, the marks; pages come into being when they are touched. */
  readonly #pages: (Uint8Array | undefined)[][];
  readonly #heap: number;

  constructor(readonly machine: Machine) {
    this.#heap = machine.memory.layout.heap;
    this.#pages = machine.tasks.map(() => []);
  }

  /** Notes what a task is about to do in its next step. */
  beforeStep(index: number): void {
    const { machine } = this, task = machine.tasks[index];
    if (task.models.length > 0) {
      const model = runningModel(task);
      if (model) return this.asked(index, model.pending);
    } else if (!task.program) return;
    const { view } = machine.memory, kind = view.getUint32(task.record + TASK.pending, true) & 0xff;
    if (kind < KIND.load || kind > KIND.rmw) return;
    const size = accessBytes(machine.image.insns[view.getInt32(task.record + TASK.insn, true)]);
    const addr = view.getUint32(task.record + TASK.addr, true);
    if (kind !== KIND.store) this.#mark(index, addr, 1 << Math.log2(size));
    if (kind !== KIND.load) this.#mark(index, addr, 1 << (Math.log2(size) + WRITE_SHIFT));
  }

  /** Notes what an operation of a kernel model reads, and a store, which may wait in a store buffer. */
  asked(index: number, op: Operation): void {
    if (op.kind === "store") this.#mark(index, op.addr, 1 << (Math.log2(op.size) + WRITE_SHIFT));
    else if (op.kind === "load" || op.kind === "rmw" || op.kind === "await") {
      this.#mark(index, op.addr, 1 << Math.log2(op.size));
    } else if (op.kind === "atomic") this.#mark(index, op.addr, 1 << 3);
  }

  /** Notes that a task's kernel model writes `size` bytes. */
  wrote(index: number, addr: number, size: number): void {
    for (let at = addr; at < addr + size; at++) this.#mark(index, at, 1 << WRITE_SHIFT);
  }

  /**
   * The bytes that were written, in rising order, and by whom they were touched.
   *
   * @param symmetric tasks were taken for one another: what one touched, in some schedule every other touches
   * @param others of machines of the same plan, whose memory is laid out alike
   */
  written(symmetric: boolean, others: readonly Accesses[] = []): Touches[] {
    for (const other of others) this.add(other.noted);
    const all = this.machine.tasks.map((_, task) => task), found: Touches[] = [];
    const pages = new Set(this.#pages.flatMap((of) => Object.keys(of).map(Number)));
    for (const page of [...pages].sort((a, b) => a - b)) {
      const marks = all.map((task) => this.#bytesOf(task, page));
      for (let at = 0; at < PAGE; at++) {
        const writers = all.filter((task) => marks[task] && marks[task]![at] & 2);
        if (writers.length === 0) continue;
        const readers = all.filter((task) => marks[task] && marks[task]![at] & 1);
        found.push({
          addr: page * PAGE + at,
          writers: new Set(symmetric ? all : writers),
          readers: new Set(symmetric && readers.length > 0 ? all : readers),
        });
      }
    }
    return found;
  }

  /** What was noted, for {@link add} of another machine of the same plan, on whatever thread. */
  get noted(): NotedAccesses {
    return this.#pages.flatMap((pages, task) =>
      pages.flatMap((marks, page) => marks === undefined ? [] : [{ task, page, marks }])
    );
  }

  add(noted: NotedAccesses): void {
    for (const { task, page, marks } of noted) {
      const mine = this.#pages[task][page] ??= new Uint8Array(PAGE);
      marks.forEach((mark, at) => mine[at] |= mark);
    }
  }

  /** Of each byte of a page, whether a task read it (1) and wrote it (2). */
  #bytesOf(task: number, page: number): Uint8Array | undefined {
    const marks = this.#pages[task][page], before = this.#pages[task][page - 1];
    if (!marks && !before) return undefined;
    const bytes = new Uint8Array(PAGE);
    const spread = (mark: number, from: number) => {
      for (let log = 0; log < WRITE_SHIFT; log++) {
        const flags = (mark >> log & 1) | (mark >> (log + WRITE_SHIFT) & 1) << 1;
        for (let i = Math.max(0, from); flags && i < Math.min(PAGE, from + (1 << log)); i++) bytes[i] |= flags;
      }
    };
    marks?.forEach((mark, at) => mark && spread(mark, at));
    for (let at = PAGE - 7; before && at < PAGE; at++) if (before[at]) spread(before[at], at - PAGE);
    return bytes;
  }

  #mark(task: number, addr: number, mark: number): void {
    if (addr < this.#heap) return;
    const pages = this.#pages[task];
    (pages[addr >>> PAGE_BITS] ??= new Uint8Array(PAGE))[addr & (PAGE - 1)] |= mark;
  }
}
