/** Many durations in little room: counts by size, 16 steps to each doubling, so that quantiles are right to 4 %. */
export class Durations {
  readonly #counts = new Float64Array(STEPS * 40 + 1);
  #total = 0;

  add(ns: number): void {
    this
      .#counts[
        ns < SMALLEST_NS ? 0 : Math.min(this.#counts.length - 1, 1 + Math.floor(STEPS * Math.log2(ns / SMALLEST_NS)))
      ]++;
    this.#total++;
  }

  /** The duration that a share of all (0 to 1) does not exceed; 0 when there is none. */
  quantile(share: number): number {
    let left = share * this.#total;
    for (let i = 0; i < this.#counts.length; i++) {
      left -= this.#counts[i];
      if (left <= 0) return i === 0 ? 0 : SMALLEST_NS * 2 ** ((i - 0.5) / STEPS);
    }
    return 0;
  }

  /** Durations at `count` equally spaced shares, rising. */
  samples(count: number): number[] {
    return this.#total === 0 ? [] : Array.from({ length: count }, (_, i) => this.quantile((i + 0.5) / count));
  }
}

const STEPS = 16;
const SMALLEST_NS = 0.1;
