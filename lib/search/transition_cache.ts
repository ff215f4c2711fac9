/**
 * What one step of a task does, worked out once for each of the task's local states and each value it can find.
 *
 * A program's step depends on the task's own state (registers, stack, context, place in the program) and on the one
 * word that it touches, and changes nothing else. Tasks pass through few local states while a machine has millions of
 * states; so most steps of a search are a look at a table, and the machine only works out what is new.
 *
 * It holds for programs that call no kernel model with steps of its own. Where one turns out to, `Unsuitable` says so.
 */
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import { isHelperCall, isKfuncCall } from "../isa/insn.ts";
import { RUN, TASK } from "../cpu/layout.ts";
import type { Machine } from "../machine/machine.ts";
import type { Fault } from "../report/result.ts";
import type { DisjointData } from "./disjoint_data.ts";
import type { TaskStates } from "./task_state.ts";

/** A step that does more than touch one word: the general search has to do it. */
export class Unsuitable extends Error {
  override name = "Unsuitable";
}

/** Local states beyond which this costs more than it brings. */
const MAX_LOCALS = 200_000;

/** Fields of a local state, in 32-bit words. */
export const LOCAL = {
  words: 8,
  /** Index of the word that the pending operation touches; -1 when the task is done, -2 when it has faulted. */
  word: 0,
  /** 1 when no other task ever touches that word. */
  alone: 1,
  /** The transition that was last taken from here: it is often the next one, too. */
  last: 2,
} as const;
export const DONE = -1, FAULTED = -2;

/** Fields of a transition, in 32-bit words. */
export const TRANSITION = {
  words: 10,
  from: 0,
  to: 1,
  word: 2,
  oldLow: 3,
  oldHigh: 4,
  newLow: 5,
  newHigh: 6,
  /** What the two halves of the state's fingerprint grow by. */
  a: 7,
  b: 8,
  /** 1 when it does not lead further down the program: a cycle of steps has at least one of these. */
  backward: 9,
} as const;

const L = LOCAL.words, T = TRANSITION.words;

/** Helpers whose result depends on their arguments alone: lookup in an array, CPU number. */
const MAP_LOOKUP_ELEM = 1, GET_SMP_PROCESSOR_ID = 8;

/** Whether the programs of a machine are of the kind whose steps can be kept. */
export function hasPlainSteps(machine: Machine): boolean {
  if (machine.buffers || machine.sharesCpus || machine.readsUndefinedStack) return false;
  if (machine.tasks.some((task) => task.kind !== "process")) return false;
  // Each run is handed its packet: bounds of memory change that are kept elsewhere.
  if (machine.plan.tasks.some((task) => task.packets)) return false;
  if (Object.keys(machine.options.models ?? {}).length > 0) return false;
  const arrays = machine.object.maps.every((map) => map.type === BPF_MAP_TYPE.ARRAY);
  return machine.image.insns.every((insn) =>
    !isKfuncCall(insn) &&
    (!isHelperCall(insn) || insn.imm === GET_SMP_PROCESSOR_ID || (insn.imm === MAP_LOOKUP_ELEM && arrays))
  );
}

/** All transitions that a cache holds, in terms that mean the same in another cache of the same workload. */
export interface KnownTransitions {
  /** Of each local state: its task, and its fingerprint; a task whose fingerprint is that of a fault is marked. */
  readonly locals: Int32Array;
  /** As {@link TRANSITION} lays them out. */
  readonly transitions: Int32Array;
  /** Linear addresses of the words, by their index. */
  readonly addrs: readonly number[];
}

/** Words of a local state in {@link KnownTransitions}: task, both halves of its fingerprint, 1 where it is a fault's. */
export const KNOWN_LOCAL_WORDS = 4;

export class TransitionCache {
  /** Local states and transitions, as {@link LOCAL} and {@link TRANSITION} lay them out. */
  locals = new Int32Array(L << 8);
  transitions = new Int32Array(T << 8);
  /** Fingerprint of the first state. */
  readonly a: number = 0;
  readonly b: number = 0;
  /** The local state that each task is in, and the words that tasks touch. */
  readonly current: Int32Array;
  low = new Int32Array(64);
  high = new Int32Array(64);
  #localCount = 0;
  #transitionCount = 0;
  /** Linear address of each word, and back. */
  readonly #addrs: number[] = [];
  readonly #wordOf = new Map<number, number>();
  readonly #localOf = new Map<string, number>();
  readonly #saved: Int32Array[] = [];
  readonly #faults = new Map<number, Fault>();
  /** Transitions by local state and value: local state, low, high, transition plus one. */
  #table = new Int32Array(4 << 10);
  readonly #machine: Machine;
  readonly #states: TaskStates;
  /** The state of each local state's task, kept, and its fingerprint. */
  readonly #hashA: number[] = [];
  readonly #hashB: number[] = [];
  readonly #taskOf: number[] = [];
  /** The local states and words of the first state. */
  readonly #first: Int32Array;
  readonly #firstLow: number[] = [];
  readonly #firstHigh: number[] = [];
  readonly #data: DisjointData | undefined;

  /**
   * @param machine standing in its first state
   * @param data who touches what, for partial-order reduction
   */
  constructor(machine: Machine, states: TaskStates, data: DisjointData | undefined) {
    this.#machine = machine;
    this.#states = states;
    this.#data = data;
    this.current = new Int32Array(machine.tasks.length);
    for (const { index } of machine.tasks) {
      const local = this.current[index] = this.#intern(index);
      this.a = (this.a + this.#hashA[local]) | 0;
      this.b = (this.b + this.#hashB[local]) | 0;
    }
    this.#first = this.current.slice();
  }

  /** Goes back to the first state. */
  reset(): void {
    this.current.set(this.#first);
    this.low.set(this.#firstLow);
    this.high.set(this.#firstHigh);
  }

  get bytes(): number {
    let bytes = this.locals.byteLength + this.transitions.byteLength + this.#table.byteLength;
    if (this.#saved.length > 0) bytes += this.#saved.length * (200 + this.#saved[0].byteLength);
    return bytes;
  }

  /** All that was worked out so far. */
  get known(): KnownTransitions {
    const locals = new Int32Array(this.#localCount * KNOWN_LOCAL_WORDS);
    for (let local = 0; local < this.#localCount; local++) {
      const isFault = this.locals[local * L + LOCAL.word] === FAULTED ? 1 : 0;
      locals.set([this.#taskOf[local], this.#hashA[local], this.#hashB[local], isFault], local * KNOWN_LOCAL_WORDS);
    }
    return { locals, transitions: this.transitions.slice(0, this.#transitionCount * T), addrs: this.#addrs.slice() };
  }

  /** A local state's task and fingerprint. */
  localAt(local: number): readonly [task: number, a: number, b: number] {
    return [this.#taskOf[local], this.#hashA[local], this.#hashB[local]];
  }

  /** The value of the word at an address now, as two halves. */
  valueAt(addr: number): readonly [number, number] {
    const word = this.#wordOf.get(addr);
    if (word !== undefined) return [this.low[word], this.high[word]];
    // No step has changed it: every one that could would have made it known.
    const { i32 } = this.#machine.memory;
    return [i32[addr >> 2], i32[(addr >> 2) + 1]];
  }

  /** The transition that a task, in its current local state, takes now. */
  next(task: number): number {
    const local = this.current[task], word = this.locals[local * L], low = this.low[word], high = this.high[word];
    const last = this.locals[local * L + LOCAL.last] - 1, transitions = this.transitions;
    if (
      last >= 0 && transitions[last * T + TRANSITION.oldLow] === low &&
      transitions[last * T + TRANSITION.oldHigh] === high
    ) return last;
    const table = this.#table, mask = table.length - 1;
    let at = slot(local, low, high, mask);
    for (;;) {
      const found = table[at + 3];
      if (found === 0) break;
      if (table[at] === local && table[at + 1] === low && table[at + 2] === high) {
        this.locals[local * L + LOCAL.last] = found;
        return found - 1;
      }
      at = (at + 4) & mask;
    }
    const made = this.#work(task, local, word, low, high);
    this.locals[local * L + LOCAL.last] = made + 1;
    return made;
  }

  /** The words that tasks touch, as text: equal texts are equal shared memories. */
  get sharedKey(): string {
    const words = this.#addrs.length;
    return `${this.low.subarray(0, words)} ${this.high.subarray(0, words)}`;
  }

  /** Puts the machine into the state that `current` and the words describe. */
  restoreMachine(): void {
    const machine = this.#machine, { i32 } = machine.memory;
    machine.fault = undefined;
    this.#addrs.forEach((addr, word) => {
      i32[addr >> 2] = this.low[word];
      i32[(addr >> 2) + 1] = this.high[word];
    });
    for (const task of machine.tasks) {
      const local = this.current[task.index];
      this.#states.restore(task.index, true, this.#saved[local], 0);
      machine.fault ??= this.#faults.get(local);
    }
  }

  /** Lets the machine take the step. */
  #work(task: number, local: number, word: number, low: number, high: number): number {
    const machine = this.#machine, { memory } = machine, { i32 } = memory, states = this.#states;
    const at = this.#addrs[word] >> 2, record = machine.tasks[task].record;
    states.restore(task, true, this.#saved[local], 0);
    machine.fault = undefined;
    i32[at] = low;
    i32[at + 1] = high;
    const insn = memory.getU32(record + TASK.insn), invocation = memory.getU32(record + TASK.invocation);
    const printed = machine.printed.length;
    machine.accesses?.beforeStep(task);
    machine.step(task);
    if (machine.tasks[task].models.length > 0 || machine.printed.length > printed) {
      throw new Unsuitable("a kernel model has steps of its own");
    }
    const backward = memory.getU32(record + TASK.insn) <= insn &&
      memory.getU32(record + TASK.invocation) === invocation;
    const newLow = i32[at], newHigh = i32[at + 1], to = this.#intern(task);
    let a = this.#hashA[to] - this.#hashA[local], b = this.#hashB[to] - this.#hashB[local];
    if (newLow !== low || newHigh !== high) {
      states.hashWord(this.#addrs[word], newLow, newHigh);
      a += states.a;
      b += states.b;
      states.hashWord(this.#addrs[word], low, high);
      a -= states.a;
      b -= states.b;
    }
    return this.#keep([local, to, word, low, high, newLow, newHigh, a | 0, b | 0, backward ? 1 : 0]);
  }

  #keep(fields: readonly number[]): number {
    const index = this.#transitionCount++;
    if ((index + 1) * T > this.transitions.length) this.transitions = doubled(this.transitions);
    this.transitions.set(fields, index * T);
    if (index * 8 > this.#table.length) this.#growTable();
    this.#enter(fields[TRANSITION.from], fields[TRANSITION.oldLow], fields[TRANSITION.oldHigh], index);
    return index;
  }

  #enter(local: number, low: number, high: number, index: number): void {
    const table = this.#table, mask = table.length - 1;
    let at = slot(local, low, high, mask);
    while (table[at + 3] !== 0) at = (at + 4) & mask;
    table[at] = local;
    table[at + 1] = low;
    table[at + 2] = high;
    table[at + 3] = index + 1;
  }

  #growTable(): void {
    const old = this.#table;
    this.#table = new Int32Array(old.length * 2);
    for (let at = 0; at < old.length; at += 4) {
      if (old[at + 3] !== 0) this.#enter(old[at], old[at + 1], old[at + 2], old[at + 3] - 1);
    }
  }

  /** The local state that a task of the machine is in. */
  #intern(task: number): number {
    const machine = this.#machine, { memory, fault } = machine, { record } = machine.tasks[task];
    this.#states.hash(task);
    const { a, b } = this.#states, key = `${task} ${a} ${b} ${fault?.message ?? ""}`;
    const known = this.#localOf.get(key);
    if (known !== undefined) return known;
    const local = this.#localCount++;
    if (local >= MAX_LOCALS) throw new Unsuitable("too many local states");
    if ((local + 1) * L > this.locals.length) this.locals = doubled(this.locals);
    this.#localOf.set(key, local);
    const saved = new Int32Array(this.#states.words);
    this.#states.save(task, true, saved, 0);
    this.#saved.push(saved);
    this.#hashA.push(a);
    this.#hashB.push(b);
    this.#taskOf.push(task);
    let word: number = DONE, alone = false;
    if (fault) {
      this.#faults.set(local, fault);
      word = FAULTED;
    } else if (!machine.isDone(machine.tasks[task])) {
      if (memory.getU32(record + TASK.runState) === RUN.none) throw new Unsuitable("a run begins by a step of its own");
      const pending = machine.pending(task);
      if ((pending.addr & 7) + pending.size > 8) throw new Unsuitable("an access to two words");
      word = this.#word(pending.addr & ~7);
      alone = this.#data?.useful === true && this.#data.touch(machine, task);
    }
    this.locals[local * L + LOCAL.word] = word;
    this.locals[local * L + LOCAL.alone] = alone ? 1 : 0;
    return local;
  }

  #word(addr: number): number {
    let word = this.#wordOf.get(addr);
    if (word === undefined) {
      word = this.#addrs.length;
      this.#wordOf.set(addr, word);
      this.#addrs.push(addr);
      if (word >= this.low.length) {
        this.low = doubled(this.low);
        this.high = doubled(this.high);
      }
      // No step has changed it so far: every one that could would have made it known.
      this.#firstLow.push(this.low[word] = this.#machine.memory.i32[addr >> 2]);
      this.#firstHigh.push(this.high[word] = this.#machine.memory.i32[(addr >> 2) + 1]);
    }
    return word;
  }
}

function slot(local: number, low: number, high: number, mask: number): number {
  let hash = Math.imul(local, 0x9e37_79b1) ^ Math.imul(low, 0x85eb_ca77) ^ Math.imul(high, 0xc2b2_ae3d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b_3c6d);
  return ((hash ^ (hash >>> 13)) << 2) & mask;
}

function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(array.length * 2);
  grown.set(array);
  return grown;
}
