/** Numbered cases: the same seed and number make the same damage, whatever ran before. */
import { SeededRandom } from "../../lib/schedulers/random_numbers.ts";
import { ByteCodeFuzzer } from "./byte_code.ts";
import { damagedDocument, type DocumentKind, documentKinds, useDocument } from "./documents.ts";
import { ObjectFuzzer } from "./objects.ts";

/** One case in five is an object file, one in five a file of another kind; the others are bare byte code. */
const ROUND = 5, OBJECT = 0, DOCUMENT = 1;

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

  private constructor(readonly seed: number, readonly documents: readonly DocumentKind[]) {}

  static async of(seed: number): Promise<FuzzCases> {
    return new FuzzCases(seed, await documentKinds());
  }

  /** The kind of document of a case; undefined for objects and byte code. */
  #kind(number: number): DocumentKind | undefined {
    return number % ROUND === DOCUMENT ? this.documents[Math.floor(number / ROUND) % this.documents.length] : undefined;
  }

  /** The damaged bytes of a case. */
  bytes(number: number): Uint8Array {
    const random = new SeededRandom((Math.imul(this.seed, 0x9e37_79b1) + number) | 0), kind = this.#kind(number);
    if (kind) return damagedDocument(kind, random);
    return (number % ROUND === OBJECT ? this.#objects : this.#byteCode).damaged(random);
  }

  /**
   * Runs one case.
   *
   * @returns what became of it: `refused`, `exit`, `fault` ...
   * @throws FuzzFailure
   */
  async run(number: number): Promise<string> {
    const bytes = this.bytes(number), kind = this.#kind(number);
    try {
      if (kind) return `${kind.name} ${await useDocument(kind, bytes)}`;
      return number % ROUND === OBJECT
        ? `object ${this.#objects.run(bytes)}`
        : `byte code ${this.#byteCode.run(bytes)}`;
    } catch (error) {
      throw new FuzzFailure(this.seed, number, bytes, error);
    }
  }
}
