/**
 * The store buffer of one CPU: stores that have been executed but not yet written to their cache line. They leave in
 * order. Loads of the same CPU take their value from it, other CPUs don't see it: that is total store order.
 */
import type { Memory } from "../cpu/memory.ts";
import type { Line } from "./cache_lines.ts";

/** What a load finds in the store buffer. */
export const FOUND = { nothing: 0, value: 1, mustDrain: 2 } as const;

/** Block copies store 32 bytes at a time. */
const WIDE_SHIFT = 5;

export class StoreBuffer {
  #mask: number;
  #addr: Int32Array;
  #size: Int32Array;
  #low: Int32Array;
  #high: Int32Array;
  #retiredAt: Float64Array;
  /** When the value to store is there. */
  #readyAt: Float64Array;
  /** Private stores that stand just before it in the buffer. */
  #privateBefore: Int32Array;
  /** A store of a block copy: loads can't take its value. */
  #block: Uint8Array;
  /** Entries that it takes: none when it is part of the wide store of a block copy that the one before began. */
  #entriesOf: Uint8Array;
  #lines: (Line | undefined)[];
  /** Entries by address bits, so that most loads need not search. */
  readonly #pending = new Int32Array(64);
  #head = 0;
  #tail = 0;
  /** Where a run of stores to the same line begins, and how far lines have been asked for. */
  #beginsRun: Uint8Array;
  #asked = 0;
  #runsAsked = 0;
  #privateBehind = 0;
  #entries = 0;
  /** Room for {@link withStoresVisible}. */
  #seen = new Int32Array(0);
  /** The value that {@link find} found, and when it is there. */
  low = 0;
  high = 0;
  readyAt = 0;

  constructor(readonly capacity: number) {
    // Room for as many stores as there are entries; block copies can hold more, and then it grows.
    let size = 16;
    while (size < 2 * capacity) size *= 2;
    this.#mask = size - 1;
    this.#addr = new Int32Array(size);
    this.#size = new Int32Array(size);
    this.#low = new Int32Array(size);
    this.#high = new Int32Array(size);
    this.#retiredAt = new Float64Array(size);
    this.#readyAt = new Float64Array(size);
    this.#privateBefore = new Int32Array(size);
    this.#block = new Uint8Array(size);
    this.#entriesOf = new Uint8Array(size);
    this.#beginsRun = new Uint8Array(size);
    this.#lines = new Array<Line | undefined>(size).fill(undefined);
  }

  get isEmpty(): boolean {
    return this.#head === this.#tail;
  }

  get isFull(): boolean {
    return this.#entries >= this.capacity && this.#head !== this.#tail;
  }

  /** Of the oldest store: when it retired, its line, its entries, and how many private stores leave before it. */
  get retiredAt(): number {
    return this.#retiredAt[this.#head & this.#mask];
  }
  get line(): Line {
    return this.#lines[this.#head & this.#mask]!;
  }
  get entries(): number {
    return this.#entriesOf[this.#head & this.#mask];
  }
  get privateBefore(): number {
    return this.#privateBefore[this.#head & this.#mask];
  }

  /** Adds private stores: behind waiting stores they take entries; alone they pass through. */
  addPrivate(count: number): void {
    if (this.isEmpty) return;
    this.#privateBehind += count;
    this.#entries += count;
  }

  add(
    addr: number,
    size: number,
    low: number,
    high: number,
    line: Line,
    retiredAt: number,
    block: boolean,
    readyAt = 0,
  ): void {
    if (this.#tail - this.#head > this.#mask) this.#grow();
    const wasEmpty = this.isEmpty, at = this.#tail++ & this.#mask;
    this.#addr[at] = addr;
    this.#size[at] = size;
    this.#low[at] = low;
    this.#high[at] = high;
    this.#lines[at] = line;
    this.#retiredAt[at] = retiredAt;
    this.#readyAt[at] = readyAt;
    this.#block[at] = block ? 1 : 0;
    const before = (at - 1) & this.#mask;
    const joins = block && !wasEmpty && this.#block[before] !== 0 && this.#privateBehind === 0 &&
      this.#addr[before] >>> WIDE_SHIFT === addr >>> WIDE_SHIFT;
    this.#beginsRun[at] = wasEmpty || this.#lines[before] !== line ? 1 : 0;
    this.#entriesOf[at] = joins ? 0 : 1;
    this.#privateBefore[at] = this.#privateBehind;
    this.#privateBehind = 0;
    this.#entries += this.#entriesOf[at];
    this.#pending[(addr >>> 3) & 63]++;
    if ((addr & 7) + size > 8) this.#pending[((addr >>> 3) + 1) & 63]++;
  }

  /**
   * The line of the next store that should be asked for ahead of its turn, at most `limit` lines ahead; undefined when
   * there is none. When its store retired is then in `askAt`.
   */
  nextToAsk(limit: number): Line | undefined {
    if (this.#asked < this.#head) this.#asked = this.#head;
    for (; this.#asked < this.#tail; this.#asked++) {
      const at = this.#asked & this.#mask;
      if (!this.#beginsRun[at]) continue;
      if (this.#runsAsked >= limit) return undefined;
      this.#runsAsked++;
      this.#asked++;
      this.askAt = this.#retiredAt[at];
      return this.#lines[at];
    }
    return undefined;
  }
  askAt = 0;

  /** How long the stores take that stand first, go to a line, and retired by a time; at most `limit` of them. */
  drainTime(line: Line, retiredBy: number, limit: number, drainNs: number, sameLineNs: number): number {
    let total = 0;
    for (let i = this.#head; i < this.#tail && i < this.#head + limit; i++) {
      const at = i & this.#mask;
      if (this.#lines[at] !== line || this.#retiredAt[at] > retiredBy) break;
      const before = this.#privateBefore[at];
      total += this.#entriesOf[at] * (before * sameLineNs + (before > 0 ? drainNs : sameLineNs));
    }
    return total;
  }

  /** Writes the oldest store to memory and drops it. Gives the private stores that now leave with nothing before them. */
  commit(memory: Memory): number {
    const at = this.#head++ & this.#mask, addr = this.#addr[at], size = this.#size[at];
    if (size > 0) write(memory, addr, size, this.#low[at], this.#high[at]);
    const width = size || 8;
    this.#pending[(addr >>> 3) & 63]--;
    if ((addr & 7) + width > 8) this.#pending[((addr >>> 3) + 1) & 63]--;
    this.#lines[at] = undefined;
    const next = this.#head & this.#mask;
    if (this.#runsAsked > 0 && (this.isEmpty || this.#beginsRun[next])) this.#runsAsked--;
    this.#entries -= this.#entriesOf[at] + this.#privateBefore[at];
    if (!this.isEmpty) return 0;
    const rest = this.#privateBehind;
    this.#privateBehind = 0;
    this.#entries = 0;
    return rest;
  }

  /** Looks for the youngest store to the bytes of a load: one of {@link FOUND}; the value is in `low` and `high`. */
  find(addr: number, size: number): number {
    if (
      this.#pending[(addr >>> 3) & 63] === 0 && ((addr & 7) + size <= 8 || this.#pending[((addr >>> 3) + 1) & 63] === 0)
    ) {
      return FOUND.nothing;
    }
    for (let i = this.#tail - 1; i >= this.#head; i--) {
      const at = i & this.#mask, from = this.#addr[at], to = from + this.#size[at];
      if (to <= addr || from >= addr + size) continue;
      if (from > addr || to < addr + size || this.#block[at]) return FOUND.mustDrain;
      this.readyAt = this.#readyAt[at];
      this.#extract(at, addr - from, size);
      return FOUND.value;
    }
    return FOUND.nothing;
  }

  /**
   * Lets code that works on memory directly see this CPU's own stores: they are in memory while it runs, and taken back
   * after, but for bytes that it wrote itself.
   */
  withStoresVisible<T>(memory: Memory, run: () => T): T {
    if (this.isEmpty) return run();
    const { view } = memory, head = this.#head, count = this.#tail - head;
    // Of each store, low and high half: what was there before, then what is there once all of them are written.
    if (this.#seen.length < 4 * count) this.#seen = new Int32Array(4 * (this.#mask + 1));
    const seen = this.#seen;
    for (let k = 0; k < count; k++) {
      const at = (head + k) & this.#mask, addr = this.#addr[at], size = this.#size[at];
      if (size === 0) continue;
      seen[4 * k] = lowAt(view, addr, size);
      seen[4 * k + 1] = highAt(view, addr, size);
      write(memory, addr, size, this.#low[at], this.#high[at]);
    }
    for (let k = 0; k < count; k++) {
      const at = (head + k) & this.#mask, addr = this.#addr[at], size = this.#size[at];
      if (size === 0) continue;
      seen[4 * k + 2] = lowAt(view, addr, size);
      seen[4 * k + 3] = highAt(view, addr, size);
    }
    const result = run();
    // A store that was overwritten has had its effect: it only still takes an entry.
    for (let k = 0; k < count; k++) {
      const at = (head + k) & this.#mask, addr = this.#addr[at], size = this.#size[at];
      const isThere = lowAt(view, addr, size) === seen[4 * k + 2] && highAt(view, addr, size) === seen[4 * k + 3];
      if (size > 0 && !isThere) this.#size[at] = 0;
    }
    for (let k = count - 1; k >= 0; k--) {
      const at = (head + k) & this.#mask, size = this.#size[at];
      if (size > 0) write(memory, this.#addr[at], size, seen[4 * k], seen[4 * k + 1]);
    }
    return result;
  }

  #grow(): void {
    const head = this.#head, tail = this.#tail, old = this.#mask, mask = 2 * old + 1;
    const copy = <Ring extends Record<number, unknown>>(from: Ring, to: Ring): Ring => {
      for (let i = head; i < tail; i++) (to as Record<number, unknown>)[i & mask] = from[i & old];
      return to;
    };
    this.#addr = copy(this.#addr, new Int32Array(mask + 1));
    this.#size = copy(this.#size, new Int32Array(mask + 1));
    this.#low = copy(this.#low, new Int32Array(mask + 1));
    this.#high = copy(this.#high, new Int32Array(mask + 1));
    this.#retiredAt = copy(this.#retiredAt, new Float64Array(mask + 1));
    this.#readyAt = copy(this.#readyAt, new Float64Array(mask + 1));
    this.#privateBefore = copy(this.#privateBefore, new Int32Array(mask + 1));
    this.#block = copy(this.#block, new Uint8Array(mask + 1));
    this.#entriesOf = copy(this.#entriesOf, new Uint8Array(mask + 1));
    this.#beginsRun = copy(this.#beginsRun, new Uint8Array(mask + 1));
    this.#lines = copy(this.#lines, new Array<Line | undefined>(mask + 1).fill(undefined));
    this.#mask = mask;
  }

  #extract(at: number, offset: number, size: number): void {
    let low = this.#low[at], high = this.#high[at];
    if (offset >= 4) {
      low = high;
      high = 0;
      offset -= 4;
    }
    if (offset > 0) {
      low = (low >>> (8 * offset)) | (high << (32 - 8 * offset));
      high >>>= 8 * offset;
    }
    this.low = size < 4 ? low & ((1 << (8 * size)) - 1) : low;
    this.high = size === 8 ? high : 0;
  }
}

/** The low 32 bits, or fewer, of the `size` bytes at an address. */
function lowAt(view: DataView, addr: number, size: number): number {
  if (size >= 4) return view.getInt32(addr, true);
  return size === 2 ? view.getInt16(addr, true) : view.getInt8(addr);
}

/** The high 32 bits of 8 bytes at an address. */
function highAt(view: DataView, addr: number, size: number): number {
  return size === 8 ? view.getInt32(addr + 4, true) : 0;
}

/** Writes the low `size` bytes of a 64-bit value. */
export function write(memory: Memory, addr: number, size: number, low: number, high: number): void {
  memory.journal?.beforeWrite(addr, size);
  const view = memory.view;
  if (size === 8) {
    view.setInt32(addr, low, true);
    view.setInt32(addr + 4, high, true);
  } else if (size === 4) view.setInt32(addr, low, true);
  else if (size === 2) view.setInt16(addr, low, true);
  else view.setInt8(addr, low);
}
