/**
 * The states that a search has seen, as 64-bit fingerprints in a table that threads can share: open addressing, a slot
 * taken by compare-and-exchange. Where it is large it consists of several buffers, as one may only be so large.
 *
 * A labelled table also keeps, for each state, which state it can best be told to come from: of all steps that lead
 * there, the one from the smallest fingerprint. Whoever finds the states, and in whatever order, the labels of a finished
 * search are the same: a way back along them is too (way_back.ts).
 */
import { askForHugePages } from "../host/large_memory.ts";

/** Words of a slot: the fingerprint, and the label behind it. */
const PLAIN_BITS = 1, LABELLED_BITS = 2;
const LABEL_A = 2, LABEL_B = 3;
/** In the second word of a label while one thread writes it; a state of which this is a half is nobody's label. */
const LOCKED = 0x7fff_ffff;
const FIRST_BITS = 12;
/** Words of a buffer at most, and buffers of a table at most, as powers of two. */
const BUFFER_BITS = 26, MOST_BUFFERS_BITS = 6;

/** Buffers that make a table: what is sent to the threads that share it. */
export interface TableBuffers {
  readonly labelled: boolean;
  /** A power of two of them, all of one size. */
  readonly segments: readonly Int32Array[];
}

/** Where a state comes from. */
export interface Label {
  readonly a: number;
  readonly b: number;
}

/** Whether memory can be shared between threads here. */
export const canShareMemory = typeof SharedArrayBuffer !== "undefined" && typeof Atomics !== "undefined";

/** No half of a fingerprint in a table is 0: that is an empty slot. */
export const half = (of: number): number => of === 0 ? 1 : of;

/** @param bits slots of the whole table, as a power of two */
export function tableBuffers(labelled: boolean, bits: number): TableBuffers {
  const words = bits + (labelled ? LABELLED_BITS : PLAIN_BITS);
  const several = Math.min(MOST_BUFFERS_BITS, Math.max(0, words - BUFFER_BITS)), bytes = 4 * 2 ** (words - several);
  const make = () => {
    const segment = new Int32Array(canShareMemory ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));
    askForHugePages(segment);
    return segment;
  };
  return { labelled, segments: Array.from({ length: 2 ** several }, make) };
}

export class StateTable {
  /** States that were added through this object. */
  added = 0;
  readonly labelled: boolean;
  readonly #stride: number;
  #segments: readonly Int32Array[];
  /** Where the table has one buffer only. */
  #only: Int32Array | undefined;
  #segmentShift = 0;
  #shift = 0;
  #limit = 0;
  #isShared: boolean;

  /** @param isShared whether other threads use it, too: then it does not make itself larger */
  constructor(buffers: TableBuffers, isShared: boolean) {
    this.labelled = buffers.labelled;
    this.#stride = buffers.labelled ? LABELLED_BITS : PLAIN_BITS;
    this.#isShared = isShared;
    this.#segments = buffers.segments;
    this.#measure();
  }

  /** A table for one thread. */
  static own(labelled: boolean): StateTable {
    return new StateTable(tableBuffers(labelled, FIRST_BITS), false);
  }

  get size(): number {
    return this.added;
  }

  get bytes(): number {
    return this.#segments.length * this.#segments[0].byteLength;
  }

  /** States from which on it should be made larger. */
  get limit(): number {
    return this.#limit;
  }

  /** Slots of the whole table, as a power of two. */
  get slotBits(): number {
    return Math.log2(this.#segments.length * this.#segments[0].length) - this.#stride;
  }

  /** From now on other threads use it, too. */
  share(): TableBuffers {
    this.#isShared = true;
    return { labelled: this.labelled, segments: this.#segments };
  }

  /** Fetches the place where (a, b) would be looked for: a later {@link add} does not have to wait for it. */
  touch(a: number, b: number): number {
    a = half(a | 0);
    b = half(b | 0);
    return (this.#only ?? this.#segmentOf(a, b))[(hash(a, b) >>> this.#shift) << this.#stride];
  }

  /**
   * Adds (a, b); false when it was there.
   *
   * @param fromA with `fromB` the state that the step began in
   * @param forward whether the step led further down its program
   */
  add(a: number, b: number, fromA = 0, fromB = 0, forward = false): boolean {
    a = half(a | 0);
    b = half(b | 0);
    const table = this.#only ?? this.#segmentOf(a, b), mask = table.length - 1, slot = 1 << this.#stride;
    let at = (hash(a, b) >>> this.#shift) << this.#stride;
    for (let probed = 0; probed < table.length; probed += slot) {
      let found = table[at];
      if (found === 0) {
        if (this.#isShared) found = Atomics.compareExchange(table, at, 0, a);
        else table[at] = a;
        if (found === 0) {
          table[at + 1] = b;
          if (this.labelled) improve(table, at, fromA, fromB, forward);
          if (++this.added > this.#limit && !this.#isShared) this.#grow();
          return true;
        }
      }
      if (found === a && secondHalf(table, at) === b) {
        if (this.labelled) improve(table, at, fromA, fromB, forward);
        return false;
      }
      at = (at + slot) & mask;
    }
    if (this.#isShared) throw new RangeError("a segment of the table of states is full");
    this.#grow();
    return this.add(a, b, fromA, fromB, forward);
  }

  has(a: number, b: number): boolean {
    return this.#find(half(a | 0), half(b | 0)) !== undefined;
  }

  /** Which state a state comes from; undefined for the first one. */
  labelOf(a: number, b: number): Label | undefined {
    const found = this.#find(half(a | 0), half(b | 0));
    if (!found || found.table[found.at + LABEL_B] === 0) return undefined;
    const even = found.table[found.at + LABEL_A] & ~1, low = found.table[found.at + LABEL_B];
    // The lowest bit made room for which kind of step it was.
    return this.has(even, low) ? { a: even, b: low } : { a: even | 1, b: low };
  }

  /**
   * Goes on with larger buffers, and fills in one part of what was there: as many threads as there are parts do so at
   * the same time, each with its own.
   */
  adopt(larger: TableBuffers, part = 0, parts = 1): void {
    const old = this.#segments, slot = 1 << this.#stride;
    this.#segments = larger.segments;
    this.#measure();
    for (const segment of old) {
      const slots = segment.length >> this.#stride, cut = (i: number) => Math.floor((slots * i) / parts) * slot;
      for (let i = cut(part), end = cut(part + 1); i < end; i += slot) {
        if (segment[i] !== 0) this.#takeOver(segment, i);
      }
    }
  }

  /** Makes it so large at least, while no other thread uses it. */
  reserve(bits: number): void {
    if (this.slotBits < bits) this.adopt(tableBuffers(this.labelled, bits));
  }

  #takeOver(old: Int32Array, i: number): void {
    const a = old[i], b = old[i + 1], table = this.#only ?? this.#segmentOf(a, b), mask = table.length - 1;
    const slot = 1 << this.#stride;
    let at = (hash(a, b) >>> this.#shift) << this.#stride;
    for (;; at = (at + slot) & mask) {
      if (table[at] !== 0) continue;
      if (!this.#isShared) table[at] = a;
      else if (Atomics.compareExchange(table, at, 0, a) !== 0) continue;
      break;
    }
    for (let word = 1; word < slot; word++) table[at + word] = old[i + word];
  }

  #segmentOf(a: number, b: number): Int32Array {
    // Not the bits that say where in it, and no bare bits: those of sums are not even.
    return this.#segments[Math.imul(b ^ (a >>> 9), 0x85eb_ca6b) >>> this.#segmentShift];
  }

  #find(a: number, b: number): { table: Int32Array; at: number } | undefined {
    const table = this.#only ?? this.#segmentOf(a, b), mask = table.length - 1, slot = 1 << this.#stride;
    let at = (hash(a, b) >>> this.#shift) << this.#stride;
    for (let probed = 0; table[at] !== 0 && probed < table.length; probed += slot, at = (at + slot) & mask) {
      if (table[at] === a && table[at + 1] === b) return { table, at };
    }
    return undefined;
  }

  #grow(): void {
    this.adopt(tableBuffers(this.labelled, this.slotBits + 1));
  }

  #measure(): void {
    const segments = this.#segments, slots = segments[0].length >> this.#stride;
    this.#only = segments.length === 1 ? segments[0] : undefined;
    this.#segmentShift = 32 - Math.log2(segments.length);
    this.#shift = 32 - Math.log2(slots);
    this.#limit = segments.length * slots * 0.6;
  }
}

const hash = (a: number, b: number): number => Math.imul(a ^ (b >>> 7), 0x9e37_79b1);

/** The second half of a fingerprint whose first half is there: it follows at once. */
function secondHalf(table: Int32Array, at: number): number {
  let second = table[at + 1];
  while (second === 0) second = Atomics.load(table, at + 1);
  return second;
}

/**
 * Keeps the smaller label: steps that lead further down a program before those that go back, as no cycle consists of
 * the former alone; then by fingerprint.
 */
function improve(table: Int32Array, at: number, fromA: number, fromB: number, forward: boolean): void {
  // The first state comes from nowhere, and none from itself.
  if ((fromA | fromB) === 0 || fromB === LOCKED || (half(fromA) === table[at] && half(fromB) === table[at + 1])) return;
  const b = half(fromB), a = (half(fromA) & ~1) | (forward ? 0 : 1);
  for (;;) {
    const knownB = Atomics.load(table, at + LABEL_B);
    if (knownB === LOCKED) continue;
    const knownA = Atomics.load(table, at + LABEL_A);
    if (knownB !== 0 && !isSmaller(a, b, knownA, knownB)) {
      if (Atomics.load(table, at + LABEL_B) === knownB) return;
      continue;
    }
    if (Atomics.compareExchange(table, at + LABEL_B, knownB, LOCKED) !== knownB) continue;
    // It may have been exchanged and come back meanwhile: what stands there now is what counts.
    const standing = Atomics.load(table, at + LABEL_A);
    const better = knownB === 0 || isSmaller(a, b, standing, knownB);
    if (better) Atomics.store(table, at + LABEL_A, a);
    Atomics.store(table, at + LABEL_B, better ? b : knownB);
    return;
  }
}

function isSmaller(a: number, b: number, otherA: number, otherB: number): boolean {
  if ((a & 1) !== (otherA & 1)) return (a & 1) === 0;
  return a < otherA || (a === otherA && b < otherB);
}
