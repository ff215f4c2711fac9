/** Numbered cases: the same seed and number make the same damage, whatever ran before. */
import { SeededRandom } from "../../lib/schedulers/random_numbers.ts";
import { ByteCodeFuzzer } from "./byte_code.ts";
import { ObjectFuzzer } from "./objects.ts";

/** How many of the cases are object files; the others are bare byte code. */
const OBJECTS_PER_CASE = 1 / 5;

/** A case that went wrong: what to say, and the bytes to look at. */
export class FuzzFailure extends Error {
  override name = "FuzzFailure";
  constructor(readonly seed: number, readonly number: number, readonly bytes: Uint8Array, cause: unknown) {
    super(`seed ${seed}, case ${number}: ${cause instanceof Error ? cause.stack : cause}`, { cause });
  }
}

export class FuzzCases {
  readonly #byteCode = new ByteCodeFuzzer();
  readonly #objects = new ObjectFuzzer();

  constructor(readonly seed: number) {}

  isObject(number: number): boolean {
    return number % Math.round(1 / OBJECTS_PER_CASE) === 0;
  }

  /** The damaged bytes of a case. */
  bytes(number: number): Uint8Array {
    const random = new SeededRandom((Math.imul(this.seed, 0x9e37_79b1) + number) | 0);
    return (this.isObject(number) ? this.#objects : this.#byteCode).damaged(random);
  }

  /**
   * Runs one case.
   *
   * @returns what became of it: `refused`, `exit`, `fault` ...
   * @throws FuzzFailure
   */
  run(number: number): string {
    const bytes = this.bytes(number);
    try {
      return this.isObject(number) ? `object ${this.#objects.run(bytes)}` : `byte code ${this.#byteCode.run(bytes)}`;
    } catch (error) {
      throw new FuzzFailure(this.seed, number, bytes, error);
    }
  }
}
