/** Who waits for one cache line: first come first served inside a group of CPUs, groups near the owner first for a while. */
import type { Places } from "./topology.ts";

const NO_CPU = -1;

/** How many grants in a row may stay near the owner while others wait. */
export interface Locality {
  readonly groupGrants: number;
  readonly socketGrants: number;
}

export class LineQueue {
  size = 0;
  /** When each waiting CPU asked, and whether it wants to write. */
  readonly askedAt: Float64Array;
  readonly exclusive: Uint8Array;
  /** How fast each request travels: a factor for its way. */
  readonly pace: Float64Array;
  readonly #waits: Uint8Array;
  readonly #next: Int32Array;
  readonly #first: Int32Array;
  readonly #last: Int32Array;
  #inGroup = 0;
  #inSocket = 0;

  constructor(readonly places: Places, readonly locality: Locality) {
    const n = places.group.length;
    this.askedAt = new Float64Array(n);
    this.exclusive = new Uint8Array(n);
    this.pace = new Float64Array(n);
    this.#waits = new Uint8Array(n);
    this.#next = new Int32Array(n);
    this.#first = new Int32Array(places.nrGroups).fill(NO_CPU);
    this.#last = new Int32Array(places.nrGroups).fill(NO_CPU);
  }

  has(cpu: number): boolean {
    return this.#waits[cpu] !== 0;
  }

  /** @param overtakes whether it is served before all of its group that wait already */
  add(cpu: number, exclusive: boolean, time: number, pace: number, overtakes = false): void {
    const group = this.places.group[cpu];
    this.askedAt[cpu] = time;
    this.exclusive[cpu] = exclusive ? 1 : 0;
    this.pace[cpu] = pace;
    this.#waits[cpu] = 1;
    this.#next[cpu] = NO_CPU;
    this.size++;
    const first = this.#first[group];
    if (overtakes && first !== NO_CPU) {
      this.#next[cpu] = first;
      this.#first[group] = cpu;
      return;
    }
    if (first === NO_CPU) this.#first[group] = cpu;
    else this.#next[this.#last[group]] = cpu;
    this.#last[group] = cpu;
  }

  /**
   * The CPU that an owner's line goes to next, -1 when no CPU waits.
   *
   * @param releasedAt when the owner could give the line up; those whose request has not reached it by then come after
   *   those whose request has
   */
  next(owner: number, releasedAt: number, arrival: (cpu: number) => number): number {
    if (this.size === 0) return NO_CPU;
    const { places, locality } = this, nrGroups = places.nrGroups;
    if (nrGroups === 1 && this.size === 1) return this.#first[0];
    const home = places.group[owner], socket = places.socket[owner];
    let near = NO_CPU, earliest = Infinity, first = NO_CPU;
    for (let i = 0; i < nrGroups; i++) {
      const group = home + i < nrGroups ? home + i : home + i - nrGroups, cpu = this.#first[group];
      if (cpu === NO_CPU) continue;
      const at = arrival(cpu);
      if (at < earliest) {
        earliest = at;
        first = cpu;
      }
      if (at > releasedAt) continue;
      const rank = i === 0
        ? (this.#inGroup < locality.groupGrants ? 0 : 2)
        : places.socket[cpu] === socket
        ? (this.#inSocket < locality.socketGrants ? 1 : 3)
        : 2;
      if (rank === 0) return cpu;
      if (near === NO_CPU || rank < this.#rank) {
        near = cpu;
        this.#rank = rank;
      }
    }
    return near === NO_CPU ? first : near;
  }
  #rank = 0;

  /** Takes a CPU out that is granted the line, and counts the grant for locality. */
  remove(cpu: number, owner: number): void {
    const { places } = this, group = places.group[cpu];
    if (this.#first[group] === cpu) this.#first[group] = this.#next[cpu];
    else {
      let before = this.#first[group];
      while (this.#next[before] !== cpu) before = this.#next[before];
      this.#next[before] = this.#next[cpu];
      if (this.#last[group] === cpu) this.#last[group] = before;
    }
    this.#waits[cpu] = 0;
    this.size--;
    this.#inGroup = places.group[owner] === group ? this.#inGroup + 1 : 0;
    this.#inSocket = places.socket[owner] === places.socket[cpu] ? this.#inSocket + 1 : 0;
  }

  /** Every CPU that waits to read only, oldest of each group first. */
  *readers(): Iterable<number> {
    for (const first of this.#first) {
      for (let cpu = first; cpu !== NO_CPU;) {
        const next = this.#next[cpu];
        if (!this.exclusive[cpu]) yield cpu;
        cpu = next;
      }
    }
  }
}
