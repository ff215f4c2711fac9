/** One CPU in the cost model: its clocks, its reorder window, its store buffer, and the operation it is about to do. */
import type { Line } from "./cache_lines.ts";
import type { Profile } from "./profile.ts";
import { ReorderWindow } from "./reorder_window.ts";
import { StoreBuffer } from "./store_buffer.ts";

/** What the pending operation of a core is. */
export const OP = {
  load: 1,
  store: 2,
  /** Read-modify-write, and whatever else is one indivisible step on a line. */
  rmw: 3,
  /** Waits for a value. */
  watch: 4,
  /** Waits for a value, then takes it in the same step: a lock. */
  take: 5,
  /** A store by a locked instruction. */
  lockedStore: 9,
  /** Waits for a condition that is no value of one line (a grace period). */
  wait: 6,
  /** Takes time only. */
  pass: 7,
  /** Nothing left to do. */
  done: 8,
} as const;

/** What a core is waiting for. */
export const WAIT = { nothing: 0, line: 1, room: 2, drain: 3, value: 4, turn: 5, done: 6 } as const;

export class Core {
  // The pending operation, as its source describes it.
  op: number = OP.done;
  addr = 0;
  size = 8;
  /** Value to store; value loaded. */
  low = 0;
  high = 0;
  /** Instructions and private stores since the operation before, and time of kernel work that overlaps, or does not. */
  insns = 0;
  privateStores = 0;
  workNs = 0;
  /** Time in which the front end brings nothing in: calls and returns. */
  stallNs = 0;
  serialNs = 0;
  /** Whether it waits for a lock that a guest's kernel takes in its own way. */
  paravirtual = false;
  /** Whether it is part of a block copy, and how many operations of one are still to come. */
  block = false;
  blockOperations = 0;

  /** When the last operation was performed: operations take their values in program order. */
  now = 0;
  /** When the front end has brought the pending operation into the reorder window. */
  issued = 0;
  position = 0;
  /** Operations performed. */
  operations = 0;
  /** When something from outside holds it up next. */
  disturbedAt = 0;
  /** When it begins, in nanoseconds after the others, and when its first operation was issued. */
  startsAt = 0;
  startedAt = 0;
  /** When the last instruction left the window. */
  retired = 0;
  /** When the value of the last load is there. */
  loaded = 0;
  /** No later operation is performed before. */
  fence = 0;
  /** When private stores with nothing before them have drained. */
  privateDrained = 0;

  /** Whether it has looked for a value in vain, and spins. */
  hasWatched = false;
  /** How far it has come with an operation of several parts. */
  stage = 0;
  waitsFor: number = WAIT.nothing;
  line: Line | undefined;
  /** The line whose contents have come for the pending operation: it may look at them once, whoever has the line by then. */
  arrived: Line | undefined;
  /** Whether it waits for the line to do an atomic operation. */
  wantsToWrite = false;
  /** When it began to wait, and how long it has waited in all. */
  waitsSince = 0;
  waitedNs = 0;

  /** When the pending operation can go on; when the oldest store can leave the store buffer. */
  operationAt = 0;
  commitAt = Infinity;
  committedAt = 0;
  lastLine: Line | undefined;
  readonly stores: StoreBuffer;
  readonly window: ReorderWindow;

  /** Values of recent loads that may be addresses, and when they were there. */
  readonly #pointers = new Float64Array(POINTERS);
  readonly #pointerAt = new Float64Array(POINTERS);
  #pointer = 0;

  constructor(readonly id: number, readonly profile: Profile) {
    this.stores = new StoreBuffer(profile.storeBuffer);
    this.window = new ReorderWindow(profile.reorderWindow, profile.insnNs / (profile.placesOfInsn ?? 1));
  }

  /** Brings the pending operation in: the front end's time, then the limits of the window. */
  issue(spread: number): void {
    const { profile } = this, workInsns = this.workNs / profile.insnNs, insns = this.insns + workInsns;
    this.position += workInsns + this.insns * (profile.placesOfInsn ?? 1);
    this.retired += insns * profile.retireNs;
    let entered = this.issued + insns * profile.insnNs * spread;
    // A return reads where to go on from the stack, and no load passes a locked instruction.
    if (this.stallNs > 0) entered = Math.max(entered, this.fence) + this.stallNs * spread;
    this.issued = this.window.entry(this.position, entered);
    if (this.serialNs > 0) this.issued = Math.max(this.issued, this.now, this.fence) + this.serialNs;
    if (this.privateStores > 0) {
      if (this.stores.isEmpty) {
        const from = Math.max(this.retired, this.issued) + profile.commitNs;
        this.privateDrained = Math.max(this.privateDrained, from) + this.privateStores * profile.drainSameLineNs;
      } else this.stores.addPrivate(this.privateStores);
    }
    this.operationAt = Math.max(this.now, this.issued, this.fence);
  }

  /** The pending operation has its result at a time; it retires then, or when those before it have. */
  complete(time: number): void {
    if (time > this.retired) this.retired = time;
    if (this.issued > this.retired) this.retired = this.issued;
    if (this.retired > this.issued) this.window.leaves(this.position, this.retired);
  }

  /** Remembers a loaded value: a later access near it waited for it. */
  remember(value: number, time: number): void {
    if (value < 4096) return;
    this.#pointers[this.#pointer] = value;
    this.#pointerAt[this.#pointer] = time;
    this.#pointer = (this.#pointer + 1) % POINTERS;
  }

  /** When the address of the pending operation was known. */
  addressKnown(): number {
    let known = 0;
    for (let i = 0; i < POINTERS; i++) {
      const offset = this.addr - this.#pointers[i];
      if (offset >= 0 && offset < REACH && this.#pointerAt[i] > known) known = this.#pointerAt[i];
    }
    return known;
  }

  wait(what: number, line: Line | undefined): void {
    this.waitsFor = what;
    this.wantsToWrite = false;
    this.line = line;
    this.arrived = undefined;
    this.waitsSince = Math.max(this.now, this.issued);
    this.operationAt = Infinity;
  }

  goOn(time: number): void {
    this.waitsFor = WAIT.nothing;
    this.line = undefined;
    this.operationAt = time > this.now ? time : this.now;
    if (time > this.waitsSince) this.waitedNs += time - this.waitsSince;
  }
}

/** An access so far behind a loaded value is taken to use it as its address: the size of a large map element. */
const REACH = 4096;
const POINTERS = 4;
