/**
 * The states that a search has seen, as 64-bit fingerprints in a table that threads can share: open addressing, a slot
 * taken by compare-and-exchange. It consists of several buffers, so that it can be larger than one may be.
 *
 * A labelled table also keeps, for each state, which state it can best be told to come from: of all steps that lead
 * there, the one from the smallest fingerprint. Whoever finds the states, and in whatever order, the labels of a finished
 * search are the same: a way back along them is too (way_back.ts).
 */
import type { StateSet } from "./visited.ts";

/** Buffers of a table. */
export const SEGMENTS = 64;
const SEGMENT_SHIFT = 26;
/** Words of a slot: the fingerprint, and the label behind it. */
const PLAIN_BITS = 1, LABELLED_BITS = 2;
const LABEL_A = 2, LABEL_B = 3;
/** In the second word of a label while one thread writes it; a state of which this is a half is nobody's label. */
const LOCKED = 0x7fff_ffff;
const FIRST_BITS = 6;

/** Buffers that make a table: what is sent to the threads that share it. */
export interface TableBuffers {
  readonly labelled: boolean;
  readonly segments: readonly Int32Array[];
}

/** Where a state comes from. */
export interface Label {
  readonly a: number;
  readonly b: number;
}

/** No half of a fingerprint in a table is 0: that is an empty slot. */
export const half = (of: number): number => of === 0 ? 1 : of;

/** Which segment a state is in. Not the bits that say where in it, and no bare bits: those of sums are not even. */
const segmentOf = (a: number, b: number): number => Math.imul(b ^ (a >>> 9), 0x85eb_ca6b) >>> SEGMENT_SHIFT;

/** @param slots slots of each segment, as a power of two */
export function tableBuffers(labelled: boolean, slots: number, shared: boolean): TableBuffers {
  const words = 2 ** (slots + (labelled ? LABELLED_BITS : PLAIN_BITS));
  const make = () => new Int32Array(shared ? new SharedArrayBuffer(4 * words) : new ArrayBuffer(4 * words));
  return { labelled, segments: Array.from({ length: SEGMENTS }, make) };
}

export class StateTable implements StateSet {
  /** States that were added through this object. */
  added = 0;
  readonly labelled: boolean;
  readonly #stride: number;
  #segments: readonly Int32Array[];
  #shift = 0;
  #limit = 0;

  /** @param grows whether it makes itself larger: where no other thread uses it */
  constructor(buffers: TableBuffers, readonly grows: boolean) {
    this.labelled = buffers.labelled;
    this.#stride = buffers.labelled ? LABELLED_BITS : PLAIN_BITS;
    this.#segments = buffers.segments;
    this.#measure();
  }

  /** A table for one thread. */
  static own(labelled: boolean): StateTable {
    return new StateTable(tableBuffers(labelled, FIRST_BITS, false), true);
  }

  get size(): number {
    return this.added;
  }

  get bytes(): number {
    return SEGMENTS * this.#segments[0].byteLength;
  }

  /** States from which on it should be made larger. */
  get limit(): number {
    return this.#limit;
  }

  /** Slots of each segment, as a power of two. */
  get slotBits(): number {
    return 32 - this.#shift;
  }

  /** Fetches the place where (a, b) would be looked for: a later {@link add} does not have to wait for it. */
  touch(a: number, b: number): number {
    a = half(a | 0);
    b = half(b | 0);
    return this.#segments[segmentOf(a, b)][(Math.imul(a ^ (b >>> 7), 0x9e37_79b1) >>> this.#shift) << this.#stride];
  }

  add(a: number, b: number, fromA = 0, fromB = 0, forward = false): boolean {
    a = half(a | 0);
    b = half(b | 0);
    const table = this.#segments[segmentOf(a, b)], mask = table.length - 1, slot = 1 << this.#stride;
    let at = (Math.imul(a ^ (b >>> 7), 0x9e37_79b1) >>> this.#shift) << this.#stride;
    for (let probed = 0; probed < table.length; probed += slot) {
      let found = table[at];
      if (found === 0) {
        found = Atomics.compareExchange(table, at, 0, a);
        if (found === 0) {
          table[at + 1] = b;
          if (this.labelled) improve(table, at, fromA, fromB, forward);
          if (++this.added > this.#limit && this.grows) this.#grow();
          return true;
        }
      }
      if (found === a && secondHalf(table, at) === b) {
        if (this.labelled) improve(table, at, fromA, fromB, forward);
        return false;
      }
      at = (at + slot) & mask;
    }
    if (!this.grows) throw new RangeError("a segment of the table of states is full");
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

  /** Takes over the states, and labels, of some segments of a smaller table; no other thread writes to these segments. */
  takeOver(from: TableBuffers, segments: Iterable<number>): void {
    for (const segment of segments) {
      const old = from.segments[segment], table = this.#segments[segment], mask = table.length - 1;
      const slot = 1 << this.#stride;
      for (let i = 0; i < old.length; i += slot) {
        if (old[i] === 0) continue;
        let at = (Math.imul(old[i] ^ (old[i + 1] >>> 7), 0x9e37_79b1) >>> this.#shift) << this.#stride;
        while (table[at] !== 0) at = (at + slot) & mask;
        for (let word = 0; word < slot; word++) table[at + word] = old[i + word];
      }
    }
  }

  /** Goes on with other buffers. */
  adopt({ segments }: TableBuffers): void {
    this.#segments = segments;
    this.#measure();
  }

  get buffers(): TableBuffers {
    return { labelled: this.labelled, segments: this.#segments };
  }

  /** Calls `visit` with every state. */
  forEach(visit: (a: number, b: number) => void): void {
    for (const table of this.#segments) {
      for (let at = 0; at < table.length; at += 1 << this.#stride) if (table[at] !== 0) visit(table[at], table[at + 1]);
    }
  }

  #find(a: number, b: number): { table: Int32Array; at: number } | undefined {
    const table = this.#segments[segmentOf(a, b)], mask = table.length - 1, slot = 1 << this.#stride;
    let at = (Math.imul(a ^ (b >>> 7), 0x9e37_79b1) >>> this.#shift) << this.#stride;
    for (let probed = 0; table[at] !== 0 && probed < table.length; probed += slot, at = (at + slot) & mask) {
      if (table[at] === a && table[at + 1] === b) return { table, at };
    }
    return undefined;
  }

  #grow(): void {
    const old = this.buffers;
    this.adopt(tableBuffers(this.labelled, this.slotBits + 1, false));
    this.takeOver(old, old.segments.keys());
  }

  #measure(): void {
    const slots = this.#segments[0].length >> this.#stride;
    this.#shift = 32 - Math.log2(slots);
    this.#limit = SEGMENTS * slots * 0.6;
  }
}

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
