/** Seeded random numbers: the same seed gives the same run on every machine. */

/** A xorshift32 generator (Marsaglia, 2003) whose state is spread from any seed by one round of murmur3's mixer. */
export function seededState(seed: number): number {
  let x = (seed ^ 0x9e37_79b9) | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85eb_ca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2_ae35);
  x ^= x >>> 16;
  return x === 0 ? 0x1234_5678 : x;
}

/** The state after this one. */
export function nextState(state: number): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return state;
}

/** A number in [0, n) from a state; n at most 2^21. */
export const below = (state: number, n: number): number => Math.floor(((state >>> 0) / 4_294_967_296) * n);

/** A stream of random numbers for code that is not in a hot loop. */
export class SeededRandom {
  #state: number;
  constructor(seed: number) {
    this.#state = seededState(seed);
  }
  /** A whole number in [0, n). */
  below(n: number): number {
    this.#state = nextState(this.#state);
    return below(this.#state, n);
  }
  /** A number in [0, 1). */
  unit(): number {
    this.#state = nextState(this.#state);
    return (this.#state >>> 0) / 4_294_967_296;
  }
}
