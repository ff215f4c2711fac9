/** Machine code of random functions computes what their IR means, for every instruction set. */
import { describe, expect, it } from "vitest";
import { generate } from "../../lib/codegen/generate.ts";
import { parseModule } from "../../lib/llvm/parse_module.ts";
import { evaluate, Memory } from "./evaluate_ir.ts";
import { randomIr } from "./random_ir.ts";
import { runFunction } from "./run_functions.ts";

const ARGUMENTS: readonly (readonly bigint[])[] = [
  [0n, 0n, 0n, 0n],
  [1n, 2n, 3n, 4n],
  [0xffff_ffff_ffff_ffffn, 0xffff_ffffn, 0xffffn, 0xffn],
  [0x8000_0000_0000_0000n, 0x8000_0000n, 0x8000n, 0x80n],
  [0x1234_5678_9abc_def0n, 0xdead_beefn, 0x7fffn, 0x7fn],
];
/** What callers may leave above the bits of an argument. */
const ABOVE = 0xa5a5_a5a5_a5a5_a5a5n;
const WIDTHS = [64, 32, 16, 8];

const dirty = (value: bigint, bits: number): bigint =>
  BigInt.asUintN(64, (ABOVE >> BigInt(bits) << BigInt(bits)) | value);

/** @returns where the two differ, or nothing */
function difference(seed: number, cpu: string, length?: number): string | undefined {
  const text = randomIr(seed, { cpu, length }), module = parseModule(text), functions = generate(module);
  for (const args of ARGUMENTS) {
    const meant = new Memory(module), ran = new Memory(module);
    const wanted = evaluate(module, "f", args, meant);
    const given = args.map((value, i) => dirty(value, WIDTHS[i]));
    const found = runFunction(functions, "f", given, ran);
    const shown = (value: bigint, memory: Memory) => `${value.toString(16)} ${memory.contents(module)}`;
    if (shown(wanted, meant) !== shown(found, ran)) {
      return `seed ${seed} for ${cpu}, arguments ${args}: ${shown(found, ran)} instead of ${
        shown(wanted, meant)
      }\n${text}`;
    }
  }
  return undefined;
}

const SEEDS = 40;

describe("random functions", () => {
  for (const cpu of ["v1", "v2", "v3", "v4"]) {
    it(`compute what their IR means: ${cpu}`, () => {
      for (let seed = 0; seed < SEEDS; seed++) expect(difference(seed, cpu)).toBe(undefined);
    });
  }
  it("do so with more values than registers", () => {
    for (let seed = 1000; seed < 1000 + SEEDS / 5; seed++) expect(difference(seed, "v3", 40)).toBe(undefined);
  });
});
