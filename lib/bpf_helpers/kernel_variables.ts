/** Per-CPU variables that helpers keep for themselves: random state, a clock where no other is given. */
import type { Memory } from "../cpu/memory.ts";
import type { Arena } from "../maps/arena.ts";

const PER_CPU_BYTES = 64;
const RANDOM = 0;
const CLOCK = 16;

export class KernelVariables {
  readonly #base: number;

  constructor(arena: Arena, readonly nrCpus: number) {
    this.#base = arena.allocate(nrCpus * PER_CPU_BYTES);
  }

  /** Seeds the random state of every CPU. */
  initialize(memory: Memory, seed: number): void {
    for (let cpu = 0; cpu < this.nrCpus; cpu++) {
      let state = (Math.imul(seed, 0x9e37_79b1) ^ Math.imul(cpu + 1, 0x85eb_ca6b)) >>> 0;
      for (let i = 0; i < 4; i++) {
        state = (Math.imul(state, 69069) + 1) >>> 0;
        // Each of the four registers has to stay above a small bound (lib/random32.c:prandom_seed_full_state).
        memory.setU32(this.random(cpu) + 4 * i, state | 0x100);
      }
    }
  }

  /** Four 32-bit words: struct rnd_state. */
  random(cpu: number): number {
    return this.#base + cpu * PER_CPU_BYTES + RANDOM;
  }

  clock(cpu: number): number {
    return this.#base + cpu * PER_CPU_BYTES + CLOCK;
  }
}
