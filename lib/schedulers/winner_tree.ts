/**
 * Which of n clocks is the furthest behind: a winner tree (tournament tree, Knuth, The Art of Computer Programming,
 * volume 3, section 5.4.1).
 *
 * A leaf is a clock and its index in one 64-bit key, an inner node the smaller of its two children; a change of one
 * clock is one comparison a level. Who wins is as good as random, and a processor that guesses wrongly at every level
 * takes longer than everything else in a step, so this is WebAssembly, where a comparison can select without a jump.
 */
import { assembleModule, WasmCode } from "../translate/wasm_assembler.ts";

/** Bits of a key that hold the index, and fractions of a nanosecond that keys tell apart. */
const INDEX_BITS = 10;
const UNITS_PER_NS = 1024;
/** What stands for Infinity: more than two hours, and the largest that fits. */
const NEVER_NS = 2 ** 43 - 1;

export class WinnerTree {
  readonly #clock: Float64Array;
  readonly #update: (index: number, units: number) => number;
  #first = 0;

  /** @param n number of clocks, at most 1024; all are Infinity at first */
  constructor(n: number) {
    if (n > 1 << INDEX_BITS) throw new RangeError(`a winner tree of ${n} clocks: at most ${1 << INDEX_BITS}`);
    let size = 1;
    while (size < n) size *= 2;
    this.#clock = new Float64Array(size).fill(Infinity);
    this.#update = instantiate(size);
    for (let i = size - 1; i >= 0; i--) this.set(i, Infinity);
  }

  /** The index with the smallest clock, the smallest index among equals. */
  get first(): number {
    return this.#first;
  }

  clock(i: number): number {
    return this.#clock[i];
  }

  /** Sets a clock, in nanoseconds. */
  set(i: number, clock: number): void {
    this.#clock[i] = clock;
    this.#first = this.#update(i, (clock < NEVER_NS ? clock : NEVER_NS) * UNITS_PER_NS);
  }
}

const compiled = new Map<number, WebAssembly.Module>();

/** The function `update(index, units)` of a new tree of `size` leaves: sets a leaf, gives the index at the root. */
function instantiate(size: number): (index: number, units: number) => number {
  const module = compiled.get(size) ?? new WebAssembly.Module(translateUpdate(size));
  compiled.set(size, module);
  const env = { memory: new WebAssembly.Memory({ initial: 1 }) };
  return new WebAssembly.Instance(module, { env }).exports.update as (index: number, units: number) => number;
}

function translateUpdate(size: number): Uint8Array<ArrayBuffer> {
  const INDEX = 0, UNITS = 1, NODE = 2, KEY = 3, OTHER = 4;
  const code = new WasmCode();
  code.get(UNITS).op("i64.trunc_f64_u").i64(INDEX_BITS).op("i64.shl");
  code.get(INDEX).op("i64.extend_i32_u").op("i64.or").set(KEY);
  // Nodes are bytes apart: the root at 8, the children of the node at b at 2b and 2b + 8.
  code.get(INDEX).i32(size).op("i32.add").i32(3).op("i32.shl").tee(NODE).get(KEY).memory("i64.store", 0);
  for (let level = size; level > 1; level /= 2) {
    code.get(NODE).i32(8).op("i32.xor").memory("i64.load", 0).set(OTHER);
    code.get(KEY).get(OTHER).get(KEY).get(OTHER).op("i64.lt_u").op("select").set(KEY);
    code.get(NODE).i32(1).op("i32.shr_u").i32(-8).op("i32.and").tee(NODE).get(KEY).memory("i64.store", 0);
  }
  code.get(KEY).op("i32.wrap_i64").i32((1 << INDEX_BITS) - 1).op("i32.and");
  const locals = ["i32", "i64", "i64"] as const;
  return assembleModule({ name: "update", params: ["i32", "f64"], result: "i32", locals, code }, [], false);
}
