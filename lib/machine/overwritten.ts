/**
 * Counts, while a machine runs, the updates that are overwritten unseen: another task stores what it made of a value
 * that it had read before them.
 *
 * An update is a store to a place that the same run has read, or an atomic operation. What it adds is the value stored
 * less the value that its run had read; what all updates have added, less what memory has gained in the end, is what
 * was overwritten. Atomic operations, updates under a lock and those of one CPU alone add exactly what memory gains. A
 * store whose run has not read the place is no update: it adds what memory gains.
 *
 * The elements of a hash map come and go, and an update may write another one than it has read. There a number goes by
 * its name, and what a store overwrites is what was stored since its run has read that number.
 */
import { KIND, TASK } from "../cpu/layout.ts";
import type { Width } from "../cpu/memory.ts";
import type { StoreBuffers } from "../cpu/store_buffers.ts";
import { accessBytes } from "../isa/insn.ts";
import { Htab } from "../maps/htab.ts";
import type { Machine } from "./machine.ts";

/** What was done to one place in memory. */
interface Changes {
  /** Whether it is a number of a value in a hash map. */
  readonly moves: boolean;
  /** Where it stands; of a value in a hash map, whose elements come and go, where it was touched last. */
  addr: number;
  /** Of a value in a hash map: where it was stored last. */
  storedAt: number;
  readonly size: number;
  readonly first: number;
  /** What memory held after the last access, and what was added so far. */
  last: number;
  added: number;
  /** Updates so far, and how many of them what memory holds descends from. */
  updates: number;
  kept: number;
  /** By task: what its run has read (or stored) last, in which invocation, and what of `kept` that descends from. */
  readonly value: Float64Array;
  readonly invocation: Int32Array;
  readonly seen: Float64Array;
}

/** What became of the updates of one place. */
export interface Overwritten {
  /** Sum of what the overwritten updates had added. */
  readonly amount: number;
  /** How many they are, of how many. */
  readonly count: number;
  readonly updates: number;
}

/** No invocation. */
const NONE = -1;

export class OverwrittenUpdates {
  readonly #places = new Map<number, Changes>();
  /** By name: numbers of values in hash maps, where an update writes another element than the one that was read. */
  readonly #moving = new Map<string, Changes>();
  readonly #hashed: ReadonlySet<number>;
  readonly #tasks: number;
  /** A store or an atomic operation that is under way. */
  #open:
    | {
      readonly place: Changes;
      readonly task: number;
      /** Its run: once the operation is done, the task may be in its next one. */
      readonly invocation: number;
      readonly from: number;
      readonly kept: number;
      readonly knows: boolean;
      readonly mayBeStale: boolean;
    }
    | undefined;

  /** The same where stores wait in store buffers: what its CPU then sees is what was stored. */
  #waiting:
    | {
      readonly task: number;
      readonly invocation: number;
      readonly kind: "store" | "atomic";
      readonly addr: number;
      readonly size: Width;
      readonly before: number;
    }
    | undefined;

  constructor(readonly machine: Machine) {
    this.#tasks = machine.tasks.length;
    this.#hashed = new Set(machine.kernel.maps.flatMap((map, index) => map instanceof Htab ? [index] : []));
  }

  /** What the loops that run a machine call before each step. */
  readonly beforeStep = (index: number): void => {
    this.#close();
    if (this.machine.buffers) return this.#beforeBuffered(index, this.machine.buffers);
    if (this.machine.tasks[index].models.length === 0) return this.#beforeProgram(index);
    const { kind, addr, size } = this.machine.pending(index);
    if (kind === "load") this.#read(this.#upToDate(addr, size), index);
    else if (kind === "store" || kind === "rmw" || kind === "await") {
      this.#write(this.#upToDate(addr, size), index, kind === "store");
    }
  };

  /**
   * Notes an operation that the cost model has performed: a load or a store, which waits in a store buffer, or another
   * one, which has changed memory already.
   *
   * @param value what was read or, of a store, what will be written
   * @param invocation the run that did it; default: the one that the task is in
   */
  performed(
    index: number,
    kind: "load" | "store" | "atomic",
    addr: number,
    size: number,
    value: number,
    invocation: number = this.#invocation(index),
  ): void {
    const place = this.#place(addr, size);
    if (place.moves) {
      // Until a store leaves its CPU's buffer, other CPUs read what it is about to overwrite.
      const isOld = kind === "load" && place.addr === place.storedAt && value < place.last;
      return this.#performedMoving(place, index, invocation, kind, value, isOld ? place.last : value);
    }
    if (kind !== "load") {
      const inMemory = this.#valueAt(addr, size), knows = place.invocation[index] === invocation;
      place.added += kind === "atomic" ? inMemory - value : value - (knows ? place.value[index] : inMemory);
      place.updates++;
    }
    if (kind === "atomic") return;
    place.value[index] = value;
    place.invocation[index] = invocation;
  }

  /** What was overwritten so far, by the name of the place. */
  finish(): Map<string, Overwritten> {
    this.#close();
    const found = new Map<string, Overwritten>();
    for (const [name, { added, updates }] of this.#moving) {
      found.set(name, { amount: added, count: updates, updates });
    }
    for (const { addr, size, first, added, updates, kept } of this.#places.values()) {
      const place = this.machine.kernel.placeOf(addr);
      if (place?.touches !== "data") continue;
      const amount = added - (this.#valueAt(addr, size) - first);
      // What waits in a store buffer descends from nothing yet: there the amount alone tells.
      const count = this.machine.buffers ? (amount > 0 ? updates : 0) : updates - kept;
      found.set(place.name, { amount, count, updates });
    }
    return found;
  }

  /** Where stores wait in store buffers: a task reads and stores what its CPU sees; a flush is no update. */
  #beforeBuffered(index: number, buffers: StoreBuffers): void {
    if (index < 0) return;
    const { kind, addr, size } = this.machine.pending(index);
    if (kind !== "load" && kind !== "store" && kind !== "rmw" && kind !== "await") return;
    const before = this.#seenBy(index, buffers, addr, size as Width);
    if (kind === "load") this.performed(index, kind, addr, size, before);
    else {
      this.#place(addr, size);
      const invocation = this.#invocation(index);
      const change = kind === "store" ? kind : "atomic";
      this.#waiting = { task: index, invocation, kind: change, addr, size: size as Width, before };
    }
  }

  #seenBy(task: number, buffers: StoreBuffers, addr: number, size: Width): number {
    return Number(BigInt.asIntN(8 * size, buffers.read(this.machine.tasks[task].cpu, addr, size)));
  }

  /** The same where the program runs, from its record. */
  #beforeProgram(index: number): void {
    const { tasks, image, memory: { i32 } } = this.machine, task = tasks[index], record = task.record >> 2;
    const kind = i32[record + (TASK.pending >> 2)] & 0xff;
    if (kind < KIND.load || kind > KIND.rmw || !task.program) return;
    const size = accessBytes(image.insns[i32[record + (TASK.insn >> 2)]]);
    const place = this.#upToDate(i32[record + (TASK.addr >> 2)] >>> 0, size);
    if (kind === KIND.load) this.#read(place, index);
    else this.#write(place, index, kind === KIND.store);
  }

  /**
   * A number of a hash map's value was read or written. A store overwrites what was stored since its run has read the
   * number; one whose run has not read it follows an insertion, a deletion or an eviction.
   *
   * @param last what the number is from then on for whoever stores
   */
  #performedMoving(
    place: Changes,
    task: number,
    invocation: number,
    kind: "load" | "store" | "atomic",
    value: number,
    last: number = value,
  ): void {
    if (kind === "atomic") {
      place.last = this.#valueAt(place.addr, place.size);
      return;
    }
    if (kind === "store") {
      const unseen = place.invocation[task] === invocation ? Math.max(0, place.last - place.value[task]) : 0;
      place.added += unseen;
      if (unseen > 0) place.updates++;
      place.storedAt = place.addr;
    }
    place.last = last;
    place.value[task] = value;
    place.invocation[task] = invocation;
  }

  #read(place: Changes, task: number): void {
    const invocation = this.#invocation(task);
    if (place.moves) {
      return this.#performedMoving(place, task, invocation, "load", this.#valueAt(place.addr, place.size));
    }
    place.value[task] = place.last;
    place.invocation[task] = invocation;
    place.seen[task] = place.kept;
  }

  #write(place: Changes, task: number, mayBeStale: boolean): void {
    const invocation = this.#invocation(task), knows = mayBeStale && place.invocation[task] === invocation;
    const from = knows ? place.value[task] : place.last, kept = knows ? place.seen[task] : place.kept;
    this.#open = { place, task, invocation, from, kept, knows, mayBeStale };
  }

  #close(): void {
    if (this.#waiting) {
      const { task, invocation, kind, addr, size, before } = this.#waiting;
      this.#waiting = undefined;
      const value = kind === "atomic" ? before : this.#seenBy(task, this.machine.buffers!, addr, size);
      this.performed(task, kind, addr, size, value, invocation);
    }
    if (!this.#open) return;
    const { place, task, invocation, from, kept, knows, mayBeStale } = this.#open,
      now = this.#valueAt(place.addr, place.size);
    this.#open = undefined;
    if (place.moves) return this.#performedMoving(place, task, invocation, mayBeStale ? "store" : "atomic", now);
    if (!knows && now === place.last) return;
    place.added += now - from;
    place.updates++;
    place.kept = kept + 1;
    place.last = now;
    if (knows) {
      place.value[task] = now;
      place.seen[task] = place.kept;
    }
  }

  /** The place at an address, brought up to date with what changed inside of steps, where no other task saw it. */
  #upToDate(addr: number, size: number): Changes {
    const place = this.#place(addr, size), now = this.#valueAt(addr, size);
    if (place.moves) return place;
    place.added += now - place.last;
    place.last = now;
    return place;
  }

  #place(addr: number, size: number): Changes {
    let place = this.#places.get(addr);
    if (!place && this.#hashed.size > 0) {
      const at = this.machine.kernel.placeOf(addr);
      if (at?.touches === "data" && this.#hashed.has(at.map)) return this.#movingPlace(at.name, addr, size);
    }
    if (!place) {
      place = this.#untouched(false, addr, size, this.#valueAt(addr, size));
      this.#places.set(addr, place);
    }
    return place;
  }

  /** What a name stands for, wherever its element is now; `added` is what was overwritten of it, `updates` how often. */
  #movingPlace(name: string, addr: number, size: number): Changes {
    let place = this.#moving.get(name);
    if (!place) {
      place = this.#untouched(true, addr, size, 0);
      this.#moving.set(name, place);
    }
    place.addr = addr;
    return place;
  }

  #untouched(moves: boolean, addr: number, size: number, first: number): Changes {
    return {
      ...{ moves, addr, storedAt: 0, size, first, last: first, added: 0, updates: 0, kept: 0 },
      value: new Float64Array(this.#tasks),
      invocation: new Int32Array(this.#tasks).fill(NONE),
      seen: new Float64Array(this.#tasks),
    };
  }

  #invocation(task: number): number {
    return this.machine.memory.getU32(this.machine.tasks[task].record + TASK.invocation);
  }

  #valueAt(addr: number, size: number): number {
    const { view } = this.machine.memory;
    switch (size) {
      case 1:
        return view.getInt8(addr);
      case 2:
        return view.getInt16(addr, true);
      case 4:
        return view.getInt32(addr, true);
      default:
        return view.getInt32(addr + 4, true) * 2 ** 32 + view.getUint32(addr, true);
    }
  }
}
