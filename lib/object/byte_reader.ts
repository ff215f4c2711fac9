/** Little-endian numbers and strings out of a part of a file, every access checked. */
import { printable } from "../words/printable.ts";
import { ObjectError } from "./object_error.ts";

const text = new TextDecoder();

export class ByteReader {
  readonly #view: DataView;

  /**
   * @param bytes the part
   * @param what what messages call it, e.g. `section .BTF`
   */
  constructor(readonly bytes: Uint8Array, readonly what: string) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.bytes.length;
  }

  u8(at: number): number {
    return this.#view.getUint8(this.#check(at, 1));
  }

  u16(at: number): number {
    return this.#view.getUint16(this.#check(at, 2), true);
  }

  u32(at: number): number {
    return this.#view.getUint32(this.#check(at, 4), true);
  }

  i32(at: number): number {
    return this.#view.getInt32(this.#check(at, 4), true);
  }

  /** A 64-bit number that counts bytes of a file, so anything above 2^53 is damage and rounds harmlessly. */
  u64(at: number): number {
    return Number(this.#view.getBigUint64(this.#check(at, 8), true));
  }

  /** The part of `size` bytes at `at`. */
  part(at: number, size: number, what: string): ByteReader {
    if (at < 0 || size < 0 || at + size > this.length) {
      throw new ObjectError(
        `${what} should be bytes ${at} to ${
          at + size
        } of ${this.what}, which has only ${this.length} bytes: truncated?`,
      );
    }
    return new ByteReader(this.bytes.subarray(at, at + size), what);
  }

  /** The string that starts at `at` and ends before a zero byte; what is no text in it is written out. */
  string(at: number): string {
    if (at >= this.length) {
      throw new ObjectError(`${this.what}: a name at byte ${at}, but there are only ${this.length}`);
    }
    const end = this.bytes.indexOf(0, at);
    return printable(text.decode(this.bytes.subarray(at, end < 0 ? this.length : end)));
  }

  #check(at: number, size: number): number {
    if (at < 0 || at + size > this.length) {
      throw new ObjectError(`${this.what} ends at byte ${this.length}, in the middle of what should be at ${at}`);
    }
    return at;
  }
}
