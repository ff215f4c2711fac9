/** The states that a search has seen, as 64-bit fingerprints in an open hash table: 8 bytes a slot, half full or less. */

/** What a search asks of the set of states that it has seen. */
export interface StateSet {
  readonly size: number;
  /** Bytes that it takes. */
  readonly bytes: number;
  /**
   * Adds (a, b); false when it was there.
   *
   * @param fromA with `fromB` the state that the step began in
   * @param forward whether the step led further down its program
   */
  add(a: number, b: number, fromA?: number, fromB?: number, forward?: boolean): boolean;
  /** Fetches the place where (a, b) would be looked for: a later {@link add} does not have to wait for it. */
  touch(a: number, b: number): number;
  has(a: number, b: number): boolean;
  forEach(visit: (a: number, b: number) => void): void;
}

/** A set of 64-bit numbers given as two 32-bit halves. */
export class VisitedSet implements StateSet {
  #size = 0;
  #bits: number;
  #table: Int32Array;

  constructor(bits = 16) {
    this.#bits = bits;
    this.#table = new Int32Array(2 << bits);
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes of the table. */
  get bytes(): number {
    return this.#table.byteLength;
  }

  touch(a: number, b: number): number {
    a |= 0;
    b |= 0;
    if ((a | b) === 0) a = 1;
    return this.#table[(Math.imul(a ^ (b >>> 7), 0x9e37_79b1) >>> (32 - this.#bits)) << 1];
  }

  add(a: number, b: number): boolean {
    if ((a | b) === 0) a = 1;
    const table = this.#table, mask = table.length - 1;
    let at = (Math.imul(a ^ (b >>> 7), 0x9e37_79b1) >>> (32 - this.#bits)) << 1;
    for (;;) {
      const x = table[at], y = table[at + 1];
      if (x === a && y === b) return false;
      if ((x | y) === 0) break;
      at = (at + 2) & mask;
    }
    table[at] = a;
    table[at + 1] = b;
    if (++this.#size > (table.length >> 2) + (table.length >> 4)) this.#grow();
    return true;
  }

  has(a: number, b: number): boolean {
    a |= 0;
    b |= 0;
    if ((a | b) === 0) a = 1;
    const table = this.#table, mask = table.length - 1;
    let at = (Math.imul(a ^ (b >>> 7), 0x9e37_79b1) >>> (32 - this.#bits)) << 1;
    for (; (table[at] | table[at + 1]) !== 0; at = (at + 2) & mask) {
      if (table[at] === a && table[at + 1] === b) return true;
    }
    return false;
  }

  forEach(visit: (a: number, b: number) => void): void {
    const table = this.#table;
    for (let at = 0; at < table.length; at += 2) if ((table[at] | table[at + 1]) !== 0) visit(table[at], table[at + 1]);
  }

  #grow(): void {
    const old = this.#table, bits = ++this.#bits, table = new Int32Array(2 << bits), mask = table.length - 1;
    for (let i = 0; i < old.length; i += 2) {
      const a = old[i], b = old[i + 1];
      if ((a | b) === 0) continue;
      let at = (Math.imul(a ^ (b >>> 7), 0x9e37_79b1) >>> (32 - bits)) << 1;
      while ((table[at] | table[at + 1]) !== 0) at = (at + 2) & mask;
      table[at] = a;
      table[at + 1] = b;
    }
    this.#table = table;
  }
}
