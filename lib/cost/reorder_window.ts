/**
 * The reorder window of a core: instructions enter it in order, run when their inputs are there, and leave it in order.
 *
 * Only instructions that leave late are remembered: those that waited for memory. An instruction may enter once the one
 * that stands a window's length before it has left.
 */
export class ReorderWindow {
  /** Ring of (position, time it left), positions and times both rising. */
  readonly #positions: Float64Array;
  readonly #times: Float64Array;
  readonly #mask: number;
  #head = 0;
  #tail = 0;

  /**
   * @param length places of instructions that may be under way
   * @param placeNs time that an instruction of one place takes to enter
   */
  constructor(readonly length: number, readonly placeNs: number) {
    let capacity = 64;
    while (capacity < length + 2) capacity *= 2;
    this.#positions = new Float64Array(capacity);
    this.#times = new Float64Array(capacity);
    this.#mask = capacity - 1;
  }

  /** Remembers when the instruction at a position leaves the window. */
  leaves(position: number, time: number): void {
    const last = (this.#tail - 1) & this.#mask;
    if (this.#tail !== this.#head && this.#positions[last] === position) this.#tail--;
    const at = this.#tail++ & this.#mask;
    this.#positions[at] = position;
    this.#times[at] = time;
    if (this.#tail - this.#head > this.#mask) this.#head++;
  }

  /** The earliest time at which the instruction at a position can enter, given when it would without the limit. */
  entry(position: number, time: number): number {
    const limit = position - this.length;
    while (this.#head !== this.#tail) {
      const at = this.#head & this.#mask, left = this.#positions[at];
      if (left > limit) break;
      // The instructions since then have entered one after the other.
      const earliest = this.#times[at] + (limit - left) * this.placeNs;
      if (earliest > time) time = earliest;
      this.#head++;
    }
    return time;
  }
}
