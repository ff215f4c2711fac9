/**
 * What rules made of two operands, remembered: loops compute the same over and over, and results that are one object
 * compare at a glance. Operands are known by identity, which is sound because what registers hold is never changed.
 */
import type { Bounds } from "./bounds.ts";

const SIZE = 1 << 12;

export class PairMemo<T> {
  readonly #firsts: (Bounds | undefined)[] = new Array(SIZE).fill(undefined);
  readonly #seconds: (Bounds | undefined)[] = new Array(SIZE).fill(undefined);
  readonly #rules = new Int32Array(SIZE);
  readonly #results: (T | undefined)[] = new Array(SIZE).fill(undefined);

  /**
   * The result of a rule, computed where it is not remembered.
   *
   * @param rule a number that tells rules apart
   */
  get(first: Bounds, second: Bounds, rule: number, compute: () => T): T {
    const at = (Math.imul(first.serial, 0x9e3779b1) ^ Math.imul(second.serial, 0x85ebca6b) ^ rule) & (SIZE - 1);
    if (this.#firsts[at] === first && this.#seconds[at] === second && this.#rules[at] === rule) {
      return this.#results[at]!;
    }
    const result = compute();
    this.#firsts[at] = first;
    this.#seconds[at] = second;
    this.#rules[at] = rule;
    return this.#results[at] = result;
  }
}
