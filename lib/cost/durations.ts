/** Many durations in little room: counts by size, 16 steps to each doubling, so that quantiles are right to 4 %. */
export class Durations {
  readonly #counts = new Float64Array(STEPS * DOUBLINGS + 1);
  #total = 0;

  add(ns: number): void {
    this.#counts[ns < SMALLEST_NS ? 0 : Math.min(this.#counts.length - 1, 1 + stepOf(ns / SMALLEST_NS))]++;
    this.#total++;
  }

  /** The duration that a share of all (0 to 1) does not exceed; 0 when there is none. */
  quantile(share: number): number {
    let left = share * this.#total;
    for (let i = 0; i < this.#counts.length; i++) {
      left -= this.#counts[i];
      if (left <= 0) return i === 0 ? 0 : SMALLEST_NS * powerOfRoot(2 * i - 1);
    }
    return 0;
  }

  /** Durations at `count` equally spaced shares, rising. */
  samples(count: number): number[] {
    return this.#total === 0 ? [] : Array.from({ length: count }, (_, i) => this.quantile((i + 0.5) / count));
  }
}

const STEPS = 16, DOUBLINGS = 40;
const SMALLEST_NS = 0.1;

/**
 * 2 to the `n / 32`. Engines differ in the last digit of `2 ** x` and of logarithms; IEEE 754 leaves them no choice in
 * square roots and products.
 */
function powerOfRoot(n: number): number {
  let power = 2 ** Math.floor(n / (2 * STEPS)), root = 2;
  for (let bit = STEPS; bit >= 1; bit /= 2) {
    root = Math.sqrt(root);
    if (n & bit) power *= root;
  }
  return power;
}

const THRESHOLDS = Float64Array.from({ length: STEPS }, (_, step) => powerOfRoot(2 * step));
const number = new Float64Array(1), halves = new Uint32Array(number.buffer);
const HIGH = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0;

/** How many sixteenths of a doubling a ratio of at least 1 is above 1, rounded down. */
function stepOf(ratio: number): number {
  number[0] = ratio;
  const doublings = (halves[HIGH] >>> 20) - 1023;
  halves[HIGH] = (halves[HIGH] & 0xfffff) | (1023 << 20);
  const [mantissa] = number;
  let step = STEPS - 1;
  while (mantissa < THRESHOLDS[step]) step--;
  return STEPS * doublings + step;
}
