/**
 * Where a litmus test is while it runs many times at once: every place is an array with a cell for each turn, as in
 * litmus7 and klitmus7 (herdtools7, litmus/), so that turns do not touch one another's memory.
 *
 * Threads go through the arrays in their own order each, and the cells lie closer or further apart: what a line of cache
 * holds, and which CPU had it last, is different from turn to turn, and so is what a machine lets be seen.
 */
import { type LitmusFile, type LitmusScalar, type LitmusValue, typeOf } from "../../search/litmus/litmus_file.ts";
import type { LitmusState } from "../../search/litmus/run.ts";
import { readBytes, writeBytes } from "../../search/memory_model/shared_memory.ts";
import { BackendError } from "../../host/backend_error.ts";

/** Turns of one run; a power of two, so that an index is in range by a mask that the verifier understands. */
export const TURNS = 2048;
/** Bytes between two threads' counters of turns. */
const LINE_BYTES = 128, WORD_BYTES = 8;

/** How one run lays its cells out. */
export interface Arrangement {
  /** Bytes from a cell to the next, at least: a power of two. */
  readonly strideBytes: number;
  /** Odd factors by place: turn i uses cell i * factor. 1 is the order of the turns. */
  readonly factors: readonly number[];
}

/** All strides with cells in turn, then in orders of their own. */
export const arrangements = (places: number): Arrangement[] =>
  [64, 8, 256, 128].flatMap((strideBytes, round) =>
    [true, false].map((inTurn) => ({
      strideBytes,
      factors: Array.from({ length: places }, (_, place) =>
        inTurn ? 1 : (2 * (place + 1) * (round + 3) * 97 + 1) % TURNS | 1),
    }))
  );

interface Place {
  readonly name: string;
  readonly offset: number;
  /** log2 of the bytes from cell to cell. */
  readonly shift: number;
  readonly factor: number;
  readonly elementBytes: number;
  readonly values: readonly LitmusScalar[];
}

export class Arrays {
  readonly places = new Map<string, Place>();
  /** Offset of the array of a watched register, by its index in `watched`. */
  readonly results = new Map<number, number>();
  readonly bytes: number;
  /** Accesses have the size that they are written with: only where 8 bytes would reach into a neighbour. */
  readonly sized: boolean;

  constructor(readonly file: LitmusFile, { strideBytes, factors }: Arrangement) {
    let bytes = file.columns.length * LINE_BYTES;
    file.watched.forEach((location, index) => {
      if (location.kind !== "register") return;
      this.results.set(index, bytes);
      bytes += TURNS * WORD_BYTES;
    });
    bytes = -(-bytes & ~4095);
    let sized = false, number = 0;
    for (const [name, value] of file.memory) {
      const type = typeOf(file, { kind: "memory", name }), values = [value].flat();
      const elementBytes = type.length === undefined ? WORD_BYTES : type.bits / 8;
      sized ||= elementBytes < WORD_BYTES;
      const shift = Math.ceil(Math.log2(Math.max(strideBytes, elementBytes * values.length)));
      this.places.set(name, { name, offset: bytes, shift, factor: factors[number++], elementBytes, values });
      bytes = (bytes + (TURNS << shift) + 4095) & ~4095;
    }
    this.sized = sized;
    this.bytes = bytes;
  }

  /** Offset of a thread's counter of turns. */
  static counter(thread: number): number {
    return thread * LINE_BYTES;
  }

  /** What the memory holds before a run. */
  initial(): Uint8Array<ArrayBuffer> {
    const image = new Uint8Array(this.bytes);
    for (const { name, offset, shift, elementBytes, values } of this.places.values()) {
      for (let cell = 0; cell < TURNS; cell++) {
        values.forEach((value, i) => {
          if (typeof value === "object") {
            throw new BackendError(
              `${name} holds the address of ${value.address}: programs on a machine cannot be given one`,
            );
          }
          writeBytes(image, offset + (cell << shift) + i * elementBytes, elementBytes, BigInt.asUintN(64, value));
        });
      }
    }
    return image;
  }

  /** The final state of a turn. */
  state(memory: Uint8Array, turn: number): LitmusState {
    return this.file.watched.map((location, index): LitmusValue => {
      if (location.kind === "register") {
        return BigInt.asIntN(64, readBytes(memory, this.results.get(index)! + turn * WORD_BYTES, WORD_BYTES));
      }
      const place = this.places.get(location.name)!, { offset, shift, elementBytes, values } = place;
      const start = offset + (((turn * place.factor) & (TURNS - 1)) << shift);
      const element = (i: number) => BigInt.asIntN(64, readBytes(memory, start + i * elementBytes, elementBytes));
      if (typeOf(this.file, location).length === undefined) return element(0);
      return location.index === undefined ? values.map((_, i) => element(i)) : element(location.index);
    });
  }
}
