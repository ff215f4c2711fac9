/**
 * A task's own state: its record, stack and context. How it is kept, put back, and made into a fingerprint.
 *
 * A program between two visible operations has its live registers and little else; in a call or a helper the whole
 * record counts.
 */
import { addressOf } from "../cpu/memory.ts";
import { CTX_BYTES, PACKET } from "../cpu/packet.ts";
import { Fingerprint } from "../maps/state_key.ts";
import { usesStack } from "../machine/image.ts";
import { CPU, STACK_BYTES, STACK_FRAME_BYTES, TASK } from "../cpu/layout.ts";
import { contextBytes } from "../machine/task_memory.ts";
import type { Machine } from "../machine/machine.ts";
import { runningModel, type Task } from "../machine/task.ts";
import { describeReturned } from "./outcome.ts";

const RECORD_WORDS = TASK.bytes >> 2;
/**
 * Words of a record about where the run stands: r10, insn, pending, addr, depth; and those about its runs. Liveness says
 * nothing of r10: calls and callbacks move it in the record, whether the program reads it again or not.
 */
const STATE_WORD = (TASK.registers + 80) >> 2, PENDING_WORD = TASK.pending >> 2, STATE_END = (TASK.depth >> 2) + 1;
/** Words behind a context that hold pointers into its packet, two for each, and the number of its region. */
const POINTER_WORD = PACKET.pointers >> 2, REGION_WORD = PACKET.region >> 2, POINTERS_END = REGION_WORD + 1;
const RUN_WORD = TASK.stackFill >> 2, RUN_END = (TASK.tailCalls >> 2) + 1;

const mixA = (h: number): number => {
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  return h ^ (h >>> 13);
};
const mixB = (h: number): number => {
  h = Math.imul(h ^ (h >>> 15), 0x2c1b_3c6d);
  return h ^ (h >>> 12);
};

/** What a task has in memory for itself, in 32-bit words. */
export interface KeptTask {
  readonly record: Int32Array;
  readonly stack: Int32Array;
  readonly ctx: Int32Array;
}

export class TaskStates {
  /** The last fingerprint that was asked for. */
  a = 0;
  b = 0;
  /** Words that one task's state takes when it is kept. */
  readonly words: number;
  readonly #machine: Machine;
  readonly #i32: Int32Array;
  readonly #symmetric: boolean;
  readonly #stackWords: number;
  readonly #ctxWords: number;
  readonly #recordAt: Int32Array;
  readonly #stackAt: Int32Array;
  readonly #ctxAt: Int32Array;
  readonly #stackRegion: Int32Array;
  readonly #packetRegion: Int32Array;
  readonly #cpus: number;
  readonly #live: Int32Array;

  /** @param symmetric fingerprints do not say which task they belong to */
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
      (task) => (addressOf(task.stackTop) - STACK_FRAME_BYTES) >> 2,
    );
    this.#ctxAt = Int32Array.from(tasks, (task) => addressOf(task.ctx) >> 2);
    this.#stackRegion = Int32Array.from(tasks, (task) => Number(task.stackTop >> 32n));
    const changes = machine.contexts.draws ||
      tasks.some((task) => task.program ? writableCtx(task) : machine.plan.userSpace.runs);
    const hasPackets = machine.plan.userSpace.runs || machine.plan.tasks.some(({ packets }) => packets);
    this.#ctxWords = !changes ? 0 : (hasPackets ? contextBytes(machine.plan) : CTX_BYTES) >> 2;
    this.#packetRegion = Int32Array.from(tasks, (task) => task.packetRegion);
    this.#cpus = memory.layout.cpus;
    this.#live = machine.translation.liveAt;
    this.words = RECORD_WORDS + this.#stackWords + this.#ctxWords;
  }

  /**
   * Registers that a task's program will read. Under a kernel model those behind its call: what it was handed is in the
   * model's key, r0 is what it will give.
   */
  #liveRegisters(task: Task, pending: number): number {
    const model = runningModel(task);
    if (model === undefined) return this.#live[pending >>> 8] | 0;
    return task.models.length === 1 && task.kind === "user" ? 0 : this.#live[model.resume >>> 8] & ~1;
  }

  /** Whether a task's whole record counts. */
  isWhole(index: number): boolean {
    return this.#machine.tasks[index].models.length > 0 || this.#i32[this.#recordAt[index] + (TASK.depth >> 2)] !== 0;
  }

  /** A field of a task's record as it was kept at `from`. */
  static field(saved: Int32Array, from: number, field: number): number {
    return saved[from + (field >> 2)];
  }

  save(index: number, whole: boolean, saved: Int32Array, from: number): void {
    const i32 = this.#i32, record = this.#recordAt[index];
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

  restore(index: number, whole: boolean, saved: Int32Array, from: number): void {
    const i32 = this.#i32, record = this.#recordAt[index];
    if (whole) i32.set(saved.subarray(from, from + RECORD_WORDS), record);
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
    if (this.#stackWords) i32.set(saved.subarray(from, from + this.#stackWords), this.#stackAt[index]);
    from += this.#stackWords;
    if (this.#ctxWords) i32.set(saved.subarray(from, from + this.#ctxWords), this.#ctxAt[index]);
  }

  /**
   * A task's state by itself, to be put back any number of times.
   *
   * @param like another one of this task's, whose stack is taken over where it is the same
   */
  keep(index: number, like?: KeptTask): KeptTask {
    const i32 = this.#i32, record = this.#recordAt[index], stack = this.#stackAt[index], ctx = this.#ctxAt[index];
    const isSame = like !== undefined && like.stack.every((word, i) => word === i32[stack + i]);
    return {
      record: i32.slice(record, record + RECORD_WORDS),
      stack: isSame ? like.stack : i32.slice(stack, stack + this.#stackWords),
      ctx: i32.slice(ctx, ctx + this.#ctxWords),
    };
  }

  /** @param from what stands there now, where that is known */
  putBack(index: number, { record, stack, ctx }: KeptTask, from?: KeptTask): void {
    const i32 = this.#i32;
    i32.set(record, this.#recordAt[index]);
    if (stack !== from?.stack) i32.set(stack, this.#stackAt[index]);
    if (this.#ctxWords > 0) i32.set(ctx, this.#ctxAt[index]);
  }

  /** A task's context, where programs may change it: as text that is the same for the same bytes. */
  contextKey(index: number): string {
    if (this.#ctxWords === 0) return "";
    const ctx = this.#ctxAt[index], print = new Fingerprint();
    for (let i = 0; i < this.#ctxWords; i++) print.word(this.#i32[ctx + i]);
    return print.text();
  }

  /** Whether an address is in a task's record, on its stack, or in a context that is kept with them. */
  isOwn(index: number, addr: number): boolean {
    const word = addr >> 2, record = word - this.#recordAt[index], stack = word - this.#stackAt[index];
    const ctx = word - this.#ctxAt[index];
    return (record >= 0 && record < RECORD_WORDS) || (stack >= 0 && stack < STACK_BYTES >> 2) ||
      (ctx >= 0 && ctx < this.#ctxWords);
  }

  /**
   * Fingerprint of an 8-byte word of shared memory.
   *
   * Two words at one address never get the same: the two sums are one-to-one in (low, high), since the determinant of
   * their coefficients is odd. For that one coefficient is even; with odd ones alone both sums would overlook that the
   * uppermost bits of both halves change together.
   */
  hashWord(addr: number, low: number, high: number): void {
    let a = mixA(Math.imul(addr, 0x27d4_eb2f) + Math.imul(low, 0x9e37_79b1) + high);
    const b = mixB(Math.imul(addr, 0x1656_67b1) + Math.imul(low, 0x85eb_ca77) + Math.imul(high, 0x27d4_eb2e) + a + 1);
    a = mixA(a + b);
    this.a = a;
    this.b = b;
  }

  /** Fingerprint of a task's state: {@link hashOwn}, then {@link hashCpu}. */
  hash(index: number): void {
    this.hashOwn(index);
    this.hashCpu(index);
  }

  /** Of what is the task's alone. */
  hashOwn(index: number): void {
    const i32 = this.#i32, record = this.#recordAt[index], task = this.#machine.tasks[index];
    const seed = this.#symmetric ? 0 : index + 1;
    const runState = i32[record + (TASK.runState >> 2)], invocation = i32[record + (TASK.invocation >> 2)];
    const missed = Math.imul(i32[record + (TASK.missed >> 2)], 0x0020_0007);
    let a = mixA(Math.imul(seed, 0x9e37_79b1) + Math.imul(invocation, 31) + runState + missed);
    let b = mixB(a ^ 0x5bd1_e995 ^ invocation);
    if (runState !== 0) {
      const pending = i32[record + (TASK.pending >> 2)], depth = i32[record + (TASK.depth >> 2)];
      const tailCalls = i32[record + (TASK.tailCalls >> 2)] ^ (i32[record + (TASK.stackFill >> 2)] << 8);
      a = mixA(a + pending + Math.imul(depth, 0x0100_0193) + Math.imul(tailCalls, 0x0a3d_70a5));
      b = mixB(b ^ Math.imul(pending, 0x85eb_ca77));
      if ((pending & 0xff) !== 0 || task.models.length > 0) {
        const addr = i32[record + (TASK.addr >> 2)];
        a = mixA(a + Math.imul(addr, 0x1656_67b1));
        b = mixB(b ^ addr);
      }
      let live = this.#liveRegisters(task, pending);
      if (depth > 0) live |= 0x3c0;
      live &= ~0x400;
      const region = this.#stackRegion[index], stack = this.#stackAt[index] << 2;
      const packetRegion = this.#packetRegion[index], ctx = this.#ctxAt[index] << 2;
      for (; live !== 0; live &= live - 1) {
        const r = record + 2 * (31 - Math.clz32(live & -live));
        let low = i32[r], high = i32[r + 1];
        if (high === region) {
          high = -2;
          low -= stack;
        } else if (high === packetRegion) {
          high = -3;
          low -= ctx;
        }
        // One even coefficient, as in hashWord.
        a = mixA(a + Math.imul(low, 0x9e37_79b1) + Math.imul(high, 77));
        b = mixB(b + Math.imul(low, 0x1656_67b1) + Math.imul(high, 0x3c6e_f372));
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
        let word = i32[this.#ctxAt[index] + i];
        if (word === 0) continue;
        // Where the packet is counts from the context, and in which region it is says only whose it is.
        if (i >= POINTER_WORD && i < POINTERS_END) word = (i & 1) === 0 && i < REGION_WORD ? word - ctx : 1;
        a = mixA(a + Math.imul(word, 0x27d4_eb2f) + i);
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
    this.a = a;
    this.b = b;
  }

  /** Goes on from {@link a} and {@link b} with what the CPU has: where tasks are interchangeable it counts as theirs. */
  hashCpu(index: number): void {
    if (!this.#symmetric) return;
    const i32 = this.#i32, task = this.#machine.tasks[index], cpu = (this.#cpus + task.cpu * CPU.bytes) >> 2;
    let { a, b } = this;
    for (let i = 0; i < 4; i++) a = mixA(a + i32[cpu + i]);
    const { buffers } = this.#machine;
    if (buffers) {
      const { start, bytes } = buffers.placeOf(task.cpu), from = start >> 2;
      for (let i = 0; i < bytes >> 2; i++) {
        a = mixA(a + Math.imul(i32[from + i], 0x9e37_79b1) + i);
        b = mixB(b ^ Math.imul(i32[from + i], 0x85eb_ca77) ^ i);
      }
    }
    this.a = a;
    this.b = b;
  }
}

/** Whether a program's context can be written: not that of a tracing program. */
function writableCtx(task: Task): boolean {
  return !/^(tp|tp_btf|raw_tp|raw_tracepoint|tracepoint|kprobe|kretprobe|fentry|fexit|perf_event)\b/.test(
    task.program!.program.section,
  );
}
