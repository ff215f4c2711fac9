/**
 * A machine's state as a fingerprint that follows each step, and the way back from a step.
 *
 * The fingerprint is the sum of one hash per shared word and one per task, so that a step costs the task it moves and
 * the words it changes. Two states with the same 64-bit fingerprint are taken for one; with n states the chance that any
 * two differ is below n^2 / 2^65 (3 in 10 million for 3 million states).
 */
import { KIND, TASK } from "../cpu/layout.ts";
import { cpuOfFlush } from "../cpu/store_buffers.ts";
import type { Machine } from "../machine/machine.ts";
import type { Journal } from "../cpu/memory.ts";
import { type ActiveModel, runningModel } from "../machine/task.ts";
import type { Fault } from "../report/result.ts";
import { TaskStates } from "./task_state.ts";

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
  readonly #states: TaskStates;
  readonly #recordAt: Int32Array;
  readonly #taskA: Int32Array;
  readonly #taskB: Int32Array;
  readonly #heap: number;
  readonly #cpus: number;
  readonly #tasksAt: number;
  /** Per depth: the record, stack and context of the task that moved. */
  #saved: Int32Array;
  /** Words about to change: address, low half, high half. */
  #log = new Int32Array(3 << 10);
  #logLength = 0;
  readonly #undo: Undo[] = [];
  /** The task whose kernel models write now, or -1. */
  #stepping = -1;

  /**
   * @param symmetric tasks are interchangeable: their hashes do not say which task they belong to
   */
  constructor(machine: Machine, symmetric: boolean) {
    const { memory, tasks } = machine;
    this.#machine = machine;
    this.#i32 = memory.i32;
    this.#symmetric = symmetric;
    this.#states = new TaskStates(machine, symmetric);
    this.#recordAt = Int32Array.from(tasks, (task) => task.record >> 2);
    this.#taskA = new Int32Array(tasks.length);
    this.#taskB = new Int32Array(tasks.length);
    this.#heap = memory.layout.heap;
    this.#cpus = memory.layout.cpus;
    this.#tasksAt = memory.layout.tasks;
    this.#saved = new Int32Array(this.#states.words * 64);
    memory.journal = this;
    for (const task of tasks) {
      this.#states.hash(task.index);
      this.#taskA[task.index] = this.#states.a;
      this.#taskB[task.index] = this.#states.b;
      this.a = (this.a + this.#states.a) | 0;
      this.b = (this.b + this.#states.b) | 0;
    }
  }

  /** Bytes that this search keeps beside the set of visited states. */
  get bytes(): number {
    return this.#saved.byteLength + this.#log.byteLength + this.#undo.length * 120;
  }

  /**
   * Lets a task take a step, or a store buffer be flushed; {@link back} can take it back.
   *
   * @param alternative of what the kernel leaves open there; 0 where there is nothing to choose
   */
  step(move: number, alternative = 0): void {
    // In a symmetric machine a CPU's buffer counts as part of the state of its task.
    const index = move < 0 ? this.#taskOf(cpuOfFlush(move)) : move;
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
    undo.whole = this.#states.isWhole(index);
    const from = depth * this.#states.words;
    if (from + this.#states.words > this.#saved.length) {
      const grown = new Int32Array(this.#saved.length * 2);
      grown.set(this.#saved);
      this.#saved = grown;
    }
    this.#states.save(index, undo.whole, this.#saved, from);
    const runsProgram = runningModel(task) === undefined && (task.program !== undefined || task.models.length > 0);
    if (runsProgram && move >= 0) {
      const word = this.#recordAt[index] + (TASK.pending >> 2);
      const kind = this.#i32[word] & 0xff;
      if (kind === KIND.store || kind === KIND.rmw) this.beforeWrite(this.#i32[word + 1], 8);
    }
    if (move >= 0) {
      machine.accesses?.beforeStep(index);
      this.#stepping = index;
    }
    if (alternative > 0) machine.choose(index, alternative);
    else machine.step(move);
    this.#stepping = -1;
    this.depth = depth + 1;
    this.#states.hash(index);
    this.#taskA[index] = this.#states.a;
    this.#taskB[index] = this.#states.b;
    this.a = (this.a + this.#states.a - taskA) | 0;
    this.b = (this.b + this.#states.b - taskB) | 0;
    this.#followWords(undo.log);
  }

  #taskOf(cpu: number): number {
    return Math.max(0, this.#machine.tasks.findIndex((task) => task.cpu === cpu));
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
    this.#states.restore(undo.task, undo.whole, this.#saved, this.depth * this.#states.words);
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
    return this.#saved[depth * this.#states.words + (field >> 2)];
  }

  /** Notes the 8-byte words that [addr, addr + size) touches, before they change. */
  beforeWrite(addr: number, size: number): void {
    if (this.#stepping >= 0) this.#machine.accesses?.wrote(this.#stepping, addr, size);
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
      this.#states.hashWord(addr, nowLow, nowHigh);
      let a = this.#states.a, b = this.#states.b;
      this.#states.hashWord(addr, low, high);
      a = (a - this.#states.a) | 0;
      b = (b - this.#states.b) | 0;
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
}
