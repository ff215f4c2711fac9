/**
 * A machine's state as a fingerprint that follows each step, and the way back from a step.
 *
 * The fingerprint is the sum of one hash per shared word and one per task, so that a step costs the task it moves and
 * the words it changes. Two states with the same 64-bit fingerprint are taken for one; with n states the chance that any
 * two differ is below n^2 / 2^65 (3 in 10 million for 3 million states).
 */
import { CPU, STACK_FRAME_BYTES, TASK } from "../cpu/layout.ts";
import type { Machine } from "../cpu/machine.ts";
import type { Journal } from "../cpu/memory.ts";
import type { ActiveModel, Task } from "../cpu/task.ts";
import { usesStack } from "../cpu/image.ts";
import type { Fault } from "../report/result.ts";

const RECORD_WORDS = TASK.bytes >> 2;
/** Words of a record about where the run stands: insn, pending, addr, depth; and those about its runs. */
const STATE_WORD = TASK.insn >> 2, PENDING_WORD = TASK.pending >> 2, STATE_END = (TASK.depth >> 2) + 1;
const RUN_WORD = TASK.invocation >> 2, RUN_END = (TASK.tailCalls >> 2) + 1;

/** What a step changed, so that it can be taken back. */
interface Undo {
  task: number;
  /** Whether the whole record was kept, or the live registers and the words about the run. */
  whole: boolean;
  models: readonly ActiveModel[];
  returned: unknown;
  fault: Fault | undefined;
  printed: number;
  /** Length of the word log before the step. */
  log: number;
  a: number;
  b: number;
  taskA: number;
  taskB: number;
  sharedA: number;
  sharedB: number;
}

const emptyUndo = (): Undo => ({
  task: 0,
  whole: false,
  models: [],
  returned: undefined,
  fault: undefined,
  printed: 0,
  log: 0,
  a: 0,
  b: 0,
  taskA: 0,
  taskB: 0,
  sharedA: 0,
  sharedB: 0,
});

const mixA = (h: number): number => {
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  return h ^ (h >>> 13);
};
const mixB = (h: number): number => {
  h = Math.imul(h ^ (h >>> 15), 0x2c1b_3c6d);
  return h ^ (h >>> 12);
};

export class SearchState implements Journal {
  /** Fingerprint of the whole state, and of the memory that CPUs share. */
  a = 0;
  b = 0;
  sharedA = 0;
  sharedB = 0;
  depth = 0;
  readonly #machine: Machine;
  readonly #i32: Int32Array;
  readonly #symmetric: boolean;
  readonly #stackWords: number;
  readonly #ctxWords: number;
  readonly #recordAt: Int32Array;
  readonly #stackAt: Int32Array;
  readonly #ctxAt: Int32Array;
  readonly #stackRegion: Int32Array;
  readonly #taskA: Int32Array;
  readonly #taskB: Int32Array;
  readonly #heap: number;
  readonly #cpus: number;
  readonly #tasksAt: number;
  readonly #live: Int32Array;
  /** Per depth: the record, stack and context of the task that moved. */
  #saved: Int32Array;
  readonly #savedWords: number;
  /** Words about to change: address, low half, high half. */
  #log = new Int32Array(3 << 10);
  #logLength = 0;
  readonly #undo: Undo[] = [];
  #ha = 0;
  #hb = 0;

  /**
   * @param symmetric tasks are interchangeable: their hashes do not say which task they belong to
   */
  constructor(machine: Machine, symmetric: boolean) {
    const { memory, tasks, image } = machine;
    this.#machine = machine;
    this.#i32 = memory.i32;
    this.#symmetric = symmetric;
    this.#stackWords = usesStack(image)
      ? (STACK_FRAME_BYTES * (image.entries.length > image.programs.length ? TASK.maxFrames : 1)) >> 2
      : 0;
    this.#recordAt = Int32Array.from(tasks, (task) => task.record >> 2);
    this.#stackAt = Int32Array.from(
      tasks,
      (task) => (Number(BigInt.asUintN(32, task.stackTop)) - STACK_FRAME_BYTES) >> 2,
    );
    this.#ctxAt = Int32Array.from(tasks, (task) => Number(BigInt.asUintN(32, task.ctx)) >> 2);
    this.#stackRegion = Int32Array.from(tasks, (task) => Number(task.stackTop >> 32n));
    this.#ctxWords = tasks.some((task) => task.program && writableCtx(task)) ? 64 : 0;
    this.#taskA = new Int32Array(tasks.length);
    this.#taskB = new Int32Array(tasks.length);
    this.#heap = memory.layout.heap;
    this.#cpus = memory.layout.cpus;
    this.#tasksAt = memory.layout.tasks;
    this.#live = machine.translation.liveAt;
    this.#savedWords = RECORD_WORDS + this.#stackWords + this.#ctxWords;
    this.#saved = new Int32Array(this.#savedWords * 64);
    memory.journal = this;
    for (const task of tasks) {
      this.#hashTask(task.index);
      this.#taskA[task.index] = this.#ha;
      this.#taskB[task.index] = this.#hb;
      this.a = (this.a + this.#ha) | 0;
      this.b = (this.b + this.#hb) | 0;
    }
  }

  /** Bytes that this search keeps beside the set of visited states. */
  get bytes(): number {
    return this.#saved.byteLength + this.#log.byteLength + this.#undo.length * 120;
  }

  /** Lets a task take a step that {@link back} can take back. */
  step(index: number): void {
    const machine = this.#machine, task = machine.tasks[index], depth = this.depth;
    const undo = this.#undo[depth] ??= emptyUndo();
    undo.task = index;
    undo.models = task.models;
    undo.returned = task.returned;
    undo.fault = machine.fault;
    undo.printed = machine.printed.length;
    undo.log = this.#logLength;
    undo.a = this.a;
    undo.b = this.b;
    undo.sharedA = this.sharedA;
    undo.sharedB = this.sharedB;
    const taskA = undo.taskA = this.#taskA[index], taskB = undo.taskB = this.#taskB[index];
    // A program between two visible operations needs its live registers only; in a call or a helper, all is kept.
    undo.whole = task.models.length > 0 || this.#i32[this.#recordAt[index] + (TASK.depth >> 2)] !== 0;
    this.#save(depth, index, undo.whole);
    if (task.models.length === 0 && task.program) {
      const word = this.#recordAt[index] + (TASK.pending >> 2);
      const kind = this.#i32[word] & 0xff;
      if (kind === 2 || kind === 3) this.beforeWrite(this.#i32[word + 1], 8);
    } else if (task.models.length > 0 && task.models[task.models.length - 1].pending.kind === "callback") {
      const word = this.#recordAt[index] + (TASK.pending >> 2);
      const kind = this.#i32[word] & 0xff;
      if (kind === 2 || kind === 3) this.beforeWrite(this.#i32[word + 1], 8);
    }
    machine.step(index);
    this.depth = depth + 1;
    this.#hashTask(index);
    this.#taskA[index] = this.#ha;
    this.#taskB[index] = this.#hb;
    this.a = (this.a + this.#ha - taskA) | 0;
    this.b = (this.b + this.#hb - taskB) | 0;
    this.#followWords(undo.log);
  }

  /** Takes the last step back. */
  back(): void {
    const machine = this.#machine, undo = this.#undo[--this.depth], task = machine.tasks[undo.task], i32 = this.#i32;
    for (let i = this.#logLength - 3; i >= undo.log; i -= 3) {
      const at = this.#log[i] >> 2;
      i32[at] = this.#log[i + 1];
      i32[at + 1] = this.#log[i + 2];
    }
    this.#logLength = undo.log;
    const saved = this.#saved, record = this.#recordAt[undo.task];
    let from = this.depth * this.#savedWords;
    if (undo.whole) i32.set(saved.subarray(from, from + RECORD_WORDS), record);
    else {
      for (let i = STATE_WORD; i < STATE_END; i++) i32[record + i] = saved[from + i];
      for (let i = RUN_WORD; i < RUN_END; i++) i32[record + i] = saved[from + i];
      for (let live = this.#live[saved[from + PENDING_WORD] >>> 8]; live !== 0; live &= live - 1) {
        const r = 2 * (31 - Math.clz32(live & -live));
        i32[record + r] = saved[from + r];
        i32[record + r + 1] = saved[from + r + 1];
      }
    }
    from += RECORD_WORDS;
    if (this.#stackWords) i32.set(saved.subarray(from, from + this.#stackWords), this.#stackAt[undo.task]);
    from += this.#stackWords;
    if (this.#ctxWords) i32.set(saved.subarray(from, from + this.#ctxWords), this.#ctxAt[undo.task]);
    task.models = undo.models;
    task.returned = undo.returned;
    machine.fault = undo.fault;
    if (machine.printed.length !== undo.printed) machine.printed.length = undo.printed;
    this.a = undo.a;
    this.b = undo.b;
    this.sharedA = undo.sharedA;
    this.sharedB = undo.sharedB;
    this.#taskA[undo.task] = undo.taskA;
    this.#taskB[undo.task] = undo.taskB;
  }

  /** A field of a task's record before the last step; `task` took that step. */
  savedField(task: number, field: number): number {
    const depth = this.depth - 1;
    if (depth < 0 || this.#undo[depth].task !== task) throw new Error(`task ${task} did not take the last step`);
    return this.#saved[depth * this.#savedWords + (field >> 2)];
  }

  /** Notes the 8-byte words that [addr, addr + size) touches, before they change. */
  beforeWrite(addr: number, size: number): void {
    const end = addr + size;
    for (let word = addr & ~7; word < end; word += 8) {
      if (this.#logLength + 3 > this.#log.length) {
        const grown = new Int32Array(this.#log.length * 2);
        grown.set(this.#log);
        this.#log = grown;
      }
      const at = this.#logLength;
      this.#log[at] = word;
      this.#log[at + 1] = this.#i32[word >> 2];
      this.#log[at + 2] = this.#i32[(word >> 2) + 1];
      this.#logLength = at + 3;
    }
  }

  /** Brings the fingerprint up to date with the words that the last step noted. */
  #followWords(from: number): void {
    const log = this.#log, i32 = this.#i32;
    for (let i = from; i < this.#logLength; i += 3) {
      const addr = log[i];
      const isCpu = addr >= this.#cpus && addr < this.#tasksAt;
      if (addr < this.#heap && (!isCpu || this.#symmetric)) continue;
      if (this.#isRepeated(from, i)) continue;
      const low = log[i + 1], high = log[i + 2], nowLow = i32[addr >> 2], nowHigh = i32[(addr >> 2) + 1];
      if (low === nowLow && high === nowHigh) continue;
      this.#hashWord(addr, nowLow, nowHigh);
      let a = this.#ha, b = this.#hb;
      this.#hashWord(addr, low, high);
      a = (a - this.#ha) | 0;
      b = (b - this.#hb) | 0;
      this.a = (this.a + a) | 0;
      this.b = (this.b + b) | 0;
      if (isCpu) continue;
      this.sharedA = (this.sharedA + a) | 0;
      this.sharedB = (this.sharedB + b) | 0;
    }
  }

  #isRepeated(from: number, at: number): boolean {
    for (let i = from; i < at; i += 3) if (this.#log[i] === this.#log[at]) return true;
    return false;
  }

  #save(depth: number, index: number, whole: boolean): void {
    let from = depth * this.#savedWords;
    if (from + this.#savedWords > this.#saved.length) {
      const grown = new Int32Array(this.#saved.length * 2);
      grown.set(this.#saved);
      this.#saved = grown;
    }
    const saved = this.#saved, i32 = this.#i32, record = this.#recordAt[index];
    if (whole) saved.set(i32.subarray(record, record + RECORD_WORDS), from);
    else {
      for (let i = STATE_WORD; i < STATE_END; i++) saved[from + i] = i32[record + i];
      for (let i = RUN_WORD; i < RUN_END; i++) saved[from + i] = i32[record + i];
      for (let live = this.#live[i32[record + PENDING_WORD] >>> 8]; live !== 0; live &= live - 1) {
        const r = 2 * (31 - Math.clz32(live & -live));
        saved[from + r] = i32[record + r];
        saved[from + r + 1] = i32[record + r + 1];
      }
    }
    from += RECORD_WORDS;
    if (this.#stackWords) {
      const stack = this.#stackAt[index];
      saved.set(i32.subarray(stack, stack + this.#stackWords), from);
    }
    from += this.#stackWords;
    if (this.#ctxWords) saved.set(i32.subarray(this.#ctxAt[index], this.#ctxAt[index] + this.#ctxWords), from);
  }

  #hashWord(addr: number, low: number, high: number): void {
    let a = mixA(Math.imul(addr, 0x27d4_eb2f) + Math.imul(low, 0x9e37_79b1) + high);
    const b = mixB(Math.imul(addr, 0x1656_67b1) + Math.imul(low, 0x85eb_ca77) + Math.imul(high, 0x27d4_eb2f) + a + 1);
    a = mixA(a + b);
    this.#ha = a;
    this.#hb = b;
  }

  #hashTask(index: number): void {
    const i32 = this.#i32, record = this.#recordAt[index], task = this.#machine.tasks[index];
    const seed = this.#symmetric ? 0 : index + 1;
    const runState = i32[record + (TASK.runState >> 2)], invocation = i32[record + (TASK.invocation >> 2)];
    let a = mixA(Math.imul(seed, 0x9e37_79b1) + Math.imul(invocation, 31) + runState);
    let b = mixB(a ^ 0x5bd1_e995 ^ invocation);
    if (runState !== 0) {
      const pending = i32[record + (TASK.pending >> 2)], depth = i32[record + (TASK.depth >> 2)];
      const tailCalls = i32[record + (TASK.tailCalls >> 2)];
      a = mixA(a + pending + Math.imul(depth, 0x0100_0193) + Math.imul(tailCalls, 0x0a3d_70a5));
      b = mixB(b ^ Math.imul(pending, 0x85eb_ca77));
      if ((pending & 0xff) !== 0 || task.models.length > 0) {
        const addr = i32[record + (TASK.addr >> 2)];
        a = mixA(a + Math.imul(addr, 0x1656_67b1));
        b = mixB(b ^ addr);
      }
      let live = task.models.length > 0 ? 0x7ff : this.#live[pending >>> 8] | 0;
      if (depth > 0) live |= 0x3c0;
      live &= ~0x400;
      const region = this.#stackRegion[index], stack = this.#stackAt[index] << 2;
      for (; live !== 0; live &= live - 1) {
        const r = record + 2 * (31 - Math.clz32(live & -live));
        let low = i32[r], high = i32[r + 1];
        if (high === region) {
          high = -2;
          low -= stack;
        }
        a = mixA(a + Math.imul(low, 0x9e37_79b1) + Math.imul(high, 77));
        b = mixB(b + Math.imul(low, 0x1656_67b1) + Math.imul(high, 91));
      }
      if (depth > 0) {
        const from = record + (TASK.frames >> 2), to = from + depth * (TASK.frameBytes >> 2);
        for (let i = from; i < to; i++) {
          a = mixA(a ^ Math.imul(i32[i], 0x9e37_79b1));
          b = mixB(b + i32[i]);
        }
      }
      if (this.#stackWords > 0) {
        const from = this.#stackAt[index], to = from + Math.min(this.#stackWords, (depth + 1) << 7);
        for (let i = from; i < to; i++) {
          const word = i32[i];
          if (word === 0) continue;
          a = mixA(a + Math.imul(word, 0x9e37_79b1) + (i - from));
          b = mixB(b ^ Math.imul(word, 0x85eb_ca77) ^ (i - from));
        }
      }
      for (let i = 0; i < this.#ctxWords; i++) {
        const word = i32[this.#ctxAt[index] + i];
        if (word !== 0) a = mixA(a + Math.imul(word, 0x27d4_eb2f) + i);
      }
    }
    if (task.kind === "user" && invocation > 0) {
      const text = describeReturned(task.returned);
      for (let i = 0; i < text.length; i++) {
        a = mixA(a + text.charCodeAt(i));
        b = mixB(b ^ text.charCodeAt(i));
      }
    }
    for (const model of task.models) {
      a = mixA(a + model.key + Math.imul(model.resume, 31) + (model.history?.hashA ?? 0));
      b = mixB(b ^ (model.history?.hashB ?? 7) ^ model.key);
    }
    if (this.#symmetric) {
      const cpu = (this.#cpus + task.cpu * CPU.bytes) >> 2;
      for (let i = 0; i < 4; i++) a = mixA(a + i32[cpu + i]);
    }
    this.#ha = a;
    this.#hb = b;
  }
}

/** What a user actor returned, as text: equal texts are equal outcomes. */
export function describeReturned(value: unknown): string {
  if (value instanceof Uint8Array) return Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return JSON.stringify(value, (_key, part) => {
    if (typeof part === "bigint") return `${part}`;
    if (part instanceof Uint8Array) return describeReturned(part);
    if (part instanceof Map) return [...part];
    return part;
  }) ?? "";
}

/** Whether a program's context can be written: not that of a tracing program. */
function writableCtx(task: Task): boolean {
  return !/^(tp|tp_btf|raw_tp|raw_tracepoint|tracepoint|kprobe|kretprobe|fentry|fexit|perf_event)\b/.test(
    task.program!.program.section,
  );
}
