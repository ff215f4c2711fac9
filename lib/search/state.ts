/**
 * A machine's state as a fingerprint that follows each step, and the way back from a step.
 *
 * The fingerprint is the sum of one hash per shared word and one per task, so that a step costs the task it moves and
 * the words it changes. Two states with the same 64-bit fingerprint are taken for one; with n states the chance that any
 * two differ is below n^2 / 2^65 (3 in 10 million for 3 million states).
 */
import { KIND, TASK } from "../cpu/layout.ts";
import { KnownSteps, NOT_KEPT } from "./known_steps.ts";
import { cpuOfFlush } from "../cpu/store_buffers.ts";
import { accessBytes } from "../isa/insn.ts";
import type { Machine } from "../machine/machine.ts";
import type { Journal } from "../cpu/memory.ts";
import { type ActiveModel, runningModel } from "../machine/task.ts";
import type { Fault } from "../report/result.ts";
import { TaskStates } from "./task_state.ts";

/** What a step changed, so that it can be taken back. */
interface Undo {
  task: number;
  /** The state that it was in; where that is not kept, whether its whole record was saved, or what counts of it. */
  local: number;
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
  local: NOT_KEPT,
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
  /** By CPU, the first task that runs there. */
  readonly #taskOf: Int32Array;
  readonly #tasksAt: number;
  readonly #regions: number;
  /** Whether the step under way wrote into another task's record or stack. */
  #foreign = false;
  /** Per depth: the record, stack and context of the task that moved. */
  #saved: Int32Array;
  /** Words about to change: address, low half, high half. */
  #log = new Int32Array(3 << 10);
  #logLength = 0;
  readonly #undo: Undo[] = [];
  /** The task whose kernel models write now, or -1. */
  #stepping = -1;
  readonly #known: KnownSteps;
  /** Whether the last step left its task's innermost kernel model at the same call. */
  sameCall = false;

  /**
   * @param symmetric tasks are interchangeable: their hashes do not say which task they belong to
   * @param repeats whether steps that have been seen are taken again without the machine
   */
  constructor(machine: Machine, symmetric: boolean, repeats = true) {
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
    this.#taskOf = Int32Array.from(
      { length: machine.plan.allCpus },
      (_, cpu) => Math.max(0, tasks.findIndex((task) => task.cpu === cpu)),
    );
    this.#tasksAt = memory.layout.tasks;
    this.#regions = memory.layout.regionTable;
    this.#saved = new Int32Array(this.#states.words * 64);
    memory.journal = this;
    this.#known = new KnownSteps(machine, this.#states, repeats);
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
    return this.#saved.byteLength + this.#log.byteLength + this.#undo.length * 120 + this.#known.bytes;
  }

  /** Whether all steps so far depended on nothing but what is known of them (known_steps.ts). */
  get isPure(): boolean {
    return this.#known.isPure;
  }

  /**
   * Lets a task take a step, or a store buffer be flushed; {@link back} can take it back.
   *
   * @param alternative of what the kernel leaves open there; 0 where there is nothing to choose
   */
  step(move: number, alternative = 0): void {
    // In a symmetric machine a CPU's buffer counts as part of the state of its task.
    const index = move < 0 ? this.#taskOf[cpuOfFlush(move)] : move;
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
    undo.taskA = this.#taskA[index];
    undo.taskB = this.#taskB[index];
    undo.local = this.#known.current[index];
    if (undo.local === NOT_KEPT) this.#save(undo);
    this.depth = depth + 1;
    if (!this.#repeat(index, move, alternative)) this.#work(index, move, alternative, undo);
    const taskA = undo.taskA, taskB = undo.taskB;
    this.#hashTask(index);
    this.a = (this.a + this.#taskA[index] - taskA) | 0;
    this.b = (this.b + this.#taskB[index] - taskB) | 0;
  }

  /** Takes a step that has been seen; false when it has not been. */
  #repeat(index: number, move: number, alternative: number): boolean {
    const step = this.#known.find(index, move, alternative), machine = this.#machine, i32 = this.#i32;
    if (step === undefined) return false;
    const { writes } = step;
    for (let i = 0; i < writes.length; i += 3) {
      this.#note(writes[i]);
      i32[writes[i] >> 2] = writes[i + 1];
      i32[(writes[i] >> 2) + 1] = writes[i + 2];
    }
    if (move >= 0) this.#known.enter(index, step.to);
    this.a = (this.a + step.a) | 0;
    this.b = (this.b + step.b) | 0;
    this.sharedA = (this.sharedA + step.sharedA) | 0;
    this.sharedB = (this.sharedB + step.sharedB) | 0;
    this.sameCall = step.sameCall;
    machine.steps++;
    if (step.fault) machine.fault = step.fault;
    for (const line of step.printed) machine.printed.push(line);
    return true;
  }

  /** Lets the machine take a step, and watches it. */
  #work(index: number, move: number, alternative: number, undo: Undo): void {
    const machine = this.#machine, { memory, accesses } = machine, task = machine.tasks[index], known = this.#known;
    known.watch(index, move);
    if (move >= 0) {
      const runsProgram = runningModel(task) === undefined && (task.program !== undefined || task.models.length > 0);
      if (runsProgram) this.#beforeOperation(index);
      accesses?.beforeStep(index);
      this.#stepping = index;
    }
    memory.witness = known;
    try {
      if (alternative > 0) machine.choose(index, alternative);
      else machine.step(move);
    } finally {
      memory.witness = undefined;
      this.#stepping = -1;
    }
    this.sameCall = move >= 0 && task.models.length > 0 && task.models.at(-1)!.start === undo.models.at(-1)?.start;
    this.#followWords(undo.log);
    const writes = known.changed(), { fault, printed } = machine;
    if (move >= 0) known.arrive(index);
    if (this.#foreign) {
      this.#foreign = false;
      known.giveUp();
      for (const other of machine.tasks) known.arrive(other.index);
    }
    if (writes === undefined) return;
    known.learn(undo.local, move, alternative, {
      to: known.current[index],
      writes,
      a: (this.a - undo.a) | 0,
      b: (this.b - undo.b) | 0,
      sharedA: (this.sharedA - undo.sharedA) | 0,
      sharedB: (this.sharedB - undo.sharedB) | 0,
      fault: fault === undo.fault ? undefined : fault,
      printed: printed.slice(undo.printed),
      sameCall: this.sameCall,
    });
  }

  /** What a program's pending operation is about to read, and to write. */
  #beforeOperation(index: number): void {
    const word = this.#recordAt[index] + (TASK.pending >> 2), kind = this.#i32[word] & 0xff, addr = this.#i32[word + 1];
    if (kind < KIND.load || kind > KIND.rmw) return;
    this.#known.touch(addr, accessBytes(this.#machine.image.insns[this.#i32[word - 1]]));
    if (kind !== KIND.load) this.beforeWrite(addr, 8);
  }

  #hashTask(index: number): void {
    const states = this.#states, local = this.#known.local(index);
    if (local) {
      states.a = local.a;
      states.b = local.b;
    } else states.hashOwn(index);
    states.hashCpu(index);
    this.#taskA[index] = states.a;
    this.#taskB[index] = states.b;
  }

  /** Keeps the state of a task that no number stands for. */
  #save(undo: Undo): void {
    const from = this.depth * this.#states.words;
    undo.whole = this.#states.isWhole(undo.task);
    if (from + this.#states.words > this.#saved.length) {
      const grown = new Int32Array(Math.max(from + this.#states.words, this.#saved.length * 2));
      grown.set(this.#saved);
      this.#saved = grown;
    }
    this.#states.save(undo.task, undo.whole, this.#saved, from);
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
    if (undo.local !== NOT_KEPT) {
      if (this.#known.current[undo.task] !== undo.local) this.#known.enter(undo.task, undo.local);
    } else {
      this.#states.restore(undo.task, undo.whole, this.#saved, this.depth * this.#states.words);
      this.#known.current[undo.task] = NOT_KEPT;
      task.models = undo.models;
      task.returned = undo.returned;
    }
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
    const { local } = this.#undo[depth];
    return local !== NOT_KEPT
      ? this.#known.field(local, field)
      : TaskStates.field(this.#saved, depth * this.#states.words, field);
  }

  /** Notes the 8-byte words that [addr, addr + size) touches, before they change. */
  beforeWrite(addr: number, size: number): void {
    if (this.#stepping >= 0) this.#machine.accesses?.wrote(this.#stepping, addr, size);
    const end = addr + size;
    this.#known.touch(addr, size);
    if (
      addr < this.#regions && end > this.#tasksAt && (this.#stepping < 0 || !this.#states.isOwn(this.#stepping, addr))
    ) {
      this.#foreign = true;
    }
    for (let word = addr & ~7; word < end; word += 8) this.#note(word);
  }

  /** Notes the word at an address that is about to change. */
  #note(word: number): void {
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
