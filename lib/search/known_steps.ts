/**
 * Steps that a search has seen, to be taken again without the machine.
 *
 * A step depends on the task's own state (record, stack, context, kernel models under way) and on the words of memory
 * that it reads, and on nothing else: a model is pure between two yields (cpu/operation.ts). Tasks pass through few such
 * states while a machine has millions of states. So the machine takes each step once and is watched; afterwards a look at
 * the words that it read, in the order in which it read them, says what it does.
 *
 * What a step reads first follows from the task's state, what it reads next from what it found: a tree, of which each node
 * names a word and each branch a value. Every word that a step touches counts as read, whoever only writes a part of it
 * included. All nodes are in one hash table; roots are the states of tasks, with the alternative where one is chosen.
 */
import type { Machine } from "../machine/machine.ts";
import type { ActiveModel } from "../machine/task.ts";
import { cpuOfFlush } from "../cpu/store_buffers.ts";
import { TASK } from "../cpu/layout.ts";
import type { Witnessed } from "../cpu/memory.ts";
import type { Fault } from "../report/result.ts";
import type { KeptTask, TaskStates } from "./task_state.ts";

/** A task's state, with its fingerprint. */
interface Local {
  readonly memory: KeptTask;
  readonly models: readonly ActiveModel[];
  readonly returned: unknown;
  readonly a: number;
  readonly b: number;
}

/** What a step does. */
export interface KnownStep {
  /** The state that its task is in afterwards. */
  readonly to: number;
  /** Words that change: address, low half, high half. */
  readonly writes: Int32Array;
  /** By how much they change the fingerprint of the state, and that of shared memory. */
  readonly a: number;
  readonly b: number;
  readonly sharedA: number;
  readonly sharedB: number;
  readonly fault: Fault | undefined;
  readonly printed: Machine["printed"];
  /** Whether the innermost kernel model is still at the same call. */
  readonly sameCall: boolean;
}

/** No state of a task's: what stands for one that was not kept. */
export const NOT_KEPT = -1;

/** Stand where a node's number would: the root of a task's steps, and that of a store buffer's flushes. */
const STEP_ROOT = -1, FLUSH_ROOT = -2;
/** Words of a slot of the table: node, low and high half of the value, what that leads to. */
const SLOT = 4;
/** Fields of a node: the word that it looks at, and the value that it last found there with what that leads to. */
const NODE = { words: 4, addr: 0, low: 1, high: 2, to: 3 } as const;
/** Words that one step touches at most for it to be kept. */
const MOST_TOUCHED = 128;
/** Bytes beyond which nothing more is kept. */
const MOST_BYTES = 256 << 20;

export class KnownSteps implements Witnessed {
  /** The state that each task is in, or NOT_KEPT. */
  readonly current: Int32Array;
  /** Off as soon as a step turns out to depend on more than is known: then the machine takes every step. */
  isPure = true;
  readonly #machine: Machine;
  readonly #most: number;
  readonly #states: TaskStates;
  readonly #i32: Int32Array;
  readonly #locals: Local[] = [];
  readonly #localOf = new Map<string, number>();
  readonly #steps: KnownStep[] = [];
  /** A node plus one, or minus a step minus one; 0 where nothing is known. */
  #table = new Int32Array(SLOT << 10);
  #used = 0;
  /** As {@link NODE} lays them out. */
  #nodes = new Int32Array(NODE.words << 8);
  /** Where the tree of each state begins, of steps in which there is nothing to choose. */
  #rootOf = new Int32Array(256);
  #nodeCount = 0;
  #bytes = 0;
  /** The words that the step under way has touched so far, with their values before it: address, low half, high half. */
  readonly #touched = new Int32Array(3 * MOST_TOUCHED);
  #touchedLength = 0;
  /** Whose step is watched; NOT_KEPT when it will not be kept. */
  #watched = NOT_KEPT;

  constructor(machine: Machine, states: TaskStates, repeats: boolean) {
    // Which pages an arena has is looked up by translated code, in the middle of a step: that is not seen here.
    this.#most = repeats && machine.image.arena === undefined ? MOST_BYTES : 0;
    this.#machine = machine;
    this.#states = states;
    this.#i32 = machine.memory.i32;
    this.current = Int32Array.from(machine.tasks, ({ index }) => this.#keep(index, undefined));
  }

  get bytes(): number {
    return this.#bytes + this.#table.byteLength + this.#nodes.byteLength;
  }

  local(index: number): Local | undefined {
    return this.#locals[this.current[index]];
  }

  /** The step that a task takes now, or a flush; undefined when it has not been seen. */
  find(index: number, move: number, alternative: number): KnownStep | undefined {
    if (!this.isPure) return undefined;
    const i32 = this.#i32, nodes = this.#nodes, local = this.current[index];
    let at = move < 0
      ? this.#get(FLUSH_ROOT, cpuOfFlush(move), 0)
      : alternative === 0
      ? this.#rootOf[local]
      : this.#get(STEP_ROOT, local, alternative);
    while (at > 0) {
      const node = (at - 1) * NODE.words, word = nodes[node + NODE.addr] >> 2, low = i32[word], high = i32[word + 1];
      if (nodes[node + NODE.low] === low && nodes[node + NODE.high] === high) {
        at = nodes[node + NODE.to];
        continue;
      }
      at = this.#get(at, low, high);
      if (at === 0) return undefined;
      nodes[node + NODE.low] = low;
      nodes[node + NODE.high] = high;
      nodes[node + NODE.to] = at;
    }
    return at < 0 ? this.#steps[-1 - at] : undefined;
  }

  /** Puts a task into the state that it is in after a known step, or before it. */
  enter(index: number, to: number): void {
    const from = this.local(index), local = this.#locals[to], task = this.#machine.tasks[index];
    this.#states.putBack(index, local.memory, from?.memory);
    task.models = local.models;
    task.returned = local.returned;
    this.current[index] = to;
  }

  /** A field of a task's record in a state. */
  field(local: number, field: number): number {
    return this.#locals[local].memory.record[field >> 2];
  }

  /** Begins to watch the step of a task. */
  watch(index: number, move: number): void {
    this.#touchedLength = 0;
    this.#watched = this.#bytes < this.#most && (move < 0 || this.current[index] !== NOT_KEPT) ? index : NOT_KEPT;
  }

  /** Notes words that the step reads or writes, before it does. */
  touch(addr: number, size: number): void {
    const index = this.#watched;
    if (index === NOT_KEPT) return;
    for (let word = addr & ~7; word < addr + size; word += 8) {
      if (this.#isTouched(word) || this.#states.isOwn(index, word)) continue;
      const at = this.#touchedLength;
      if (at === this.#touched.length) return this.giveUp();
      this.#touched[at] = word;
      this.#touched[at + 1] = this.#i32[word >> 2];
      this.#touched[at + 2] = this.#i32[(word >> 2) + 1];
      this.#touchedLength = at + 3;
    }
  }

  beforeRead(addr: number, size: number): void {
    this.touch(addr, size);
  }

  tookWhole(): void {
    this.giveUp();
  }

  /** The step that is watched will not be kept: what it depends on is not known. */
  giveUp(): void {
    this.#watched = NOT_KEPT;
  }

  /** The task stands where a step led it: finds out which state that is. */
  arrive(index: number): void {
    const before = this.#locals.length, to = this.#keep(index, this.local(index)?.memory), local = this.#locals[to];
    this.current[index] = to;
    if (to === NOT_KEPT || to === before) return;
    // What counts for nothing may differ: from here on it is as it was kept.
    this.#states.putBack(index, local.memory);
    const task = this.#machine.tasks[index];
    task.models = local.models;
    task.returned = local.returned;
  }

  /** The words that the watched step has changed; undefined when it will not be kept. */
  changed(): Int32Array | undefined {
    if (this.#watched === NOT_KEPT) return undefined;
    const touched = this.#touched, writes: number[] = [];
    for (let i = 0; i < this.#touchedLength; i += 3) {
      const addr = touched[i], low = this.#i32[addr >> 2], high = this.#i32[(addr >> 2) + 1];
      if (low !== touched[i + 1] || high !== touched[i + 2]) writes.push(addr, low, high);
    }
    return Int32Array.from(writes);
  }

  /** Keeps the step that was watched: a move from a state of its task's. */
  learn(from: number, move: number, alternative: number, step: KnownStep): void {
    if (this.#watched === NOT_KEPT || step.to === NOT_KEPT) return;
    this.#watched = NOT_KEPT;
    const touched = this.#touched, length = this.#touchedLength;
    let node: number = STEP_ROOT, low = from, high = alternative;
    if (move < 0) [node, low, high] = [FLUSH_ROOT, cpuOfFlush(move), 0];
    for (let i = 0; i < length; i += 3) {
      const addr = touched[i];
      let next = this.#get(node, low, high);
      if (next === 0) this.#put(node, low, high, next = this.#node(addr));
      else if (next < 0 || this.#nodes[(next - 1) * NODE.words] !== addr) return this.#doubt();
      [node, low, high] = [next, touched[i + 1], touched[i + 2]];
    }
    if (this.#get(node, low, high) !== 0) return this.#doubt();
    this.#put(node, low, high, -this.#steps.push(step));
    this.#bytes += 200 + 4 * step.writes.length;
  }

  /** Two steps from one state that found the same were not the same: they depend on something else, too. */
  #doubt(): void {
    this.isPure = false;
  }

  #isTouched(word: number): boolean {
    for (let i = 0; i < this.#touchedLength; i += 3) if (this.#touched[i] === word) return true;
    return false;
  }

  /** The number of the state that a task is in. */
  #keep(index: number, like: KeptTask | undefined): number {
    const states = this.#states, task = this.#machine.tasks[index], { memory } = this.#machine, { record } = task;
    states.hashOwn(index);
    const { a, b } = states, at = record >> 2;
    // What no fingerprint counts and a grace period or a reader of results may look at.
    const runs = memory.i32[at + (TASK.runCount >> 2)], last = memory.view.getBigUint64(record + TASK.lastReturn, true);
    const key = `${index} ${a} ${b} ${runs} ${last} ${states.contextKey(index)}`, known = this.#localOf.get(key);
    if (known !== undefined) return known;
    if (this.#bytes >= this.#most) return NOT_KEPT;
    const kept = states.keep(index, like), { models, returned } = task, local = this.#locals.length;
    this.#locals.push({ memory: kept, models, returned, a, b });
    if (local === this.#rootOf.length) this.#rootOf = doubled(this.#rootOf);
    this.#localOf.set(key, local);
    const { length } = kept.record, stack = kept.stack === like?.stack ? 0 : kept.stack.length;
    this.#bytes += 400 + 4 * (length + stack + kept.ctx.length) + 200 * models.length;
    return local;
  }

  #node(addr: number): number {
    const at = NODE.words * this.#nodeCount;
    if (at === this.#nodes.length) this.#nodes = doubled(this.#nodes);
    this.#nodes[at + NODE.addr] = addr;
    return ++this.#nodeCount;
  }

  #get(node: number, low: number, high: number): number {
    const table = this.#table, mask = table.length - 1;
    for (let at = slot(node, low, high, mask);; at = (at + SLOT) & mask) {
      const found = table[at + 3];
      if (found === 0 || (table[at] === node && table[at + 1] === low && table[at + 2] === high)) return found;
    }
  }

  #put(node: number, low: number, high: number, to: number): void {
    if (node === STEP_ROOT && high === 0) this.#rootOf[low] = to;
    else if (node > 0) this.#nodes.set([low, high, to], (node - 1) * NODE.words + NODE.low);
    if (2 * SLOT * ++this.#used > this.#table.length) {
      const old = this.#table;
      this.#table = new Int32Array(2 * old.length);
      for (let at = 0; at < old.length; at += SLOT) {
        if (old[at + 3] !== 0) this.#enter(old[at], old[at + 1], old[at + 2], old[at + 3]);
      }
    }
    this.#enter(node, low, high, to);
  }

  #enter(node: number, low: number, high: number, to: number): void {
    const table = this.#table, mask = table.length - 1;
    let at = slot(node, low, high, mask);
    while (table[at + 3] !== 0) at = (at + SLOT) & mask;
    table[at] = node;
    table[at + 1] = low;
    table[at + 2] = high;
    table[at + 3] = to;
  }
}

function doubled(array: Int32Array): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(2 * array.length);
  grown.set(array);
  return grown;
}

function slot(node: number, low: number, high: number, mask: number): number {
  let hash = Math.imul(node, 0x9e37_79b1) ^ Math.imul(low, 0x85eb_ca77) ^ Math.imul(high, 0xc2b2_ae3d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b_3c6d);
  return ((hash ^ (hash >>> 13)) << 2) & mask;
}
