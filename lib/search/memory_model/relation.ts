/**
 * Relations between the events of one execution, as the cat language of herd7 has them: a row of bits for each event.
 * Sets of events are rows too.
 */

/** A set of events. */
export type Row = Int32Array;

export class Relation {
  readonly words: number;
  readonly rows: Int32Array;

  constructor(readonly size: number) {
    this.words = (size + 31) >> 5;
    this.rows = new Int32Array(size * this.words);
  }

  has(from: number, to: number): boolean {
    return (this.rows[from * this.words + (to >> 5)] >> (to & 31) & 1) === 1;
  }

  add(from: number, to: number): void {
    this.rows[from * this.words + (to >> 5)] |= 1 << (to & 31);
  }

  /** `a | b | ...` */
  static union(first: Relation, ...others: readonly Relation[]): Relation {
    const made = first.copy();
    for (const { rows } of others) for (let i = 0; i < rows.length; i++) made.rows[i] |= rows[i];
    return made;
  }

  copy(): Relation {
    const made = new Relation(this.size);
    made.rows.set(this.rows);
    return made;
  }

  /** `a & b` */
  and(other: Relation): Relation {
    const made = this.copy();
    for (let i = 0; i < made.rows.length; i++) made.rows[i] &= other.rows[i];
    return made;
  }

  /** `a \ b` */
  without(other: Relation): Relation {
    const made = this.copy();
    for (let i = 0; i < made.rows.length; i++) made.rows[i] &= ~other.rows[i];
    return made;
  }

  /** `a ; [set]` */
  to(set: Row): Relation {
    const made = this.copy(), { words } = this;
    for (let i = 0; i < made.rows.length; i++) made.rows[i] &= set[i % words];
    return made;
  }

  /** `a ; b` */
  then(other: Relation): Relation {
    const { size, words, rows } = this, made = new Relation(size);
    for (let from = 0; from < size; from++) {
      for (let word = 0; word < words; word++) {
        for (let bits = rows[from * words + word]; bits !== 0; bits &= bits - 1) {
          const over = word * 32 + (31 - Math.clz32(bits & -bits));
          for (let i = 0; i < words; i++) made.rows[from * words + i] |= other.rows[over * words + i];
        }
      }
    }
    return made;
  }

  /** `a?` */
  optional(): Relation {
    const made = this.copy();
    for (let i = 0; i < made.size; i++) made.add(i, i);
    return made;
  }

  /** `a+` */
  closure(): Relation {
    const made = this.copy(), { size, words, rows } = made;
    for (let over = 0; over < size; over++) {
      const at = over * words;
      for (let from = 0; from < size; from++) {
        if (!made.has(from, over)) continue;
        for (let i = 0; i < words; i++) rows[from * words + i] |= rows[at + i];
      }
    }
    return made;
  }

  /** `a*` */
  star(): Relation {
    return this.closure().optional();
  }

  isEmpty(): boolean {
    return this.rows.every((bits) => bits === 0);
  }

  isAcyclic(): boolean {
    const closed = this.closure();
    for (let i = 0; i < this.size; i++) if (closed.has(i, i)) return false;
    return true;
  }

  /** A shortest way round, each event once; undefined where there is none. */
  cycle(): number[] | undefined {
    let shortest: number[] | undefined;
    for (let start = 0; start < this.size; start++) {
      const from = new Map<number, number>([]), queue = [start];
      for (let next = queue.shift(); next !== undefined && !from.has(start); next = queue.shift()) {
        for (let to = 0; to < this.size; to++) {
          if (!this.has(next, to) || from.has(to)) continue;
          from.set(to, next);
          queue.push(to);
        }
      }
      if (!from.has(start)) continue;
      const way = [start];
      for (let at = from.get(start)!; at !== start; at = from.get(at)!) way.unshift(at);
      // The start first, then what follows it.
      way.unshift(way.pop()!);
      if (!shortest || way.length < shortest.length) shortest = way;
    }
    return shortest;
  }
}
