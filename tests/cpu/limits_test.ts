/** Programs near what one WebAssembly function can hold. */
import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { translate } from "../../lib/translate/translate.ts";
import type { Insn } from "../../lib/isa/insn.ts";
import { SeededRandom } from "../../lib/schedulers/random_numbers.ts";
import { insn } from "./generated_programs.ts";
import { type Engine, interpreted, run, translated, World } from "./world.ts";

const EXIT = insn(0x95);
const times = (count: number, make: () => Insn): Insn[] => [...Array.from({ length: count }, make), EXIT];

/** Arithmetic, loads, stores and forward jumps; r6 points to shared memory. */
function longProgram(length: number): Insn[] {
  const random = new SeededRandom(1), r = () => random.below(6);
  return times(length, () => {
    switch (random.below(6)) {
      case 0:
        return insn(0x55, r(), 0, 0, random.below(3));
      case 1:
        return insn(0x79, r(), 6, 8 * random.below(8));
      case 2:
        return insn(0x7b, 6, r(), 8 * random.below(8));
      case 3:
        return insn(0x7b, 10, r(), -8 * (1 + random.below(8)));
      default:
        return insn(0x0f, r(), r());
    }
  }).map((item, at) => item.opcode === 0x55 && at < length - 9 ? { ...item, off: random.below(8) } : item);
}

describe("long programs", () => {
  it("of 20,000 instructions run as the reference interpreter runs them", () => {
    const insns = longProgram(20_000);
    const runOn = (make: (world: World) => Engine) => {
      const world = new World();
      for (let r = 0; r < 6; r++) world.setRegister(r, BigInt(r));
      world.setRegister(6, world.shared);
      return run(world, make(world), insns, 0, 100_000, 1_000_000);
    };
    const expected = runOn((world) => interpreted(world, insns));
    const found = runOn((world) => translated(world, insns, [0]));
    const view = ({ published, end, insns, r0 }: typeof expected) => ({
      end,
      insns,
      r0,
      published: published.map(({ kind, insn, addr, insns }) => [kind, insn, addr, insns]),
    });
    expect(view(found)).toEqual(view(expected));
    expect(found.insns).toBeGreaterThan(5_000);
    expect(Buffer.from(found.bytes).equals(Buffer.from(expected.bytes))).toBe(true);
  });

  const { layout } = new World();
  it("with too many places where a step can begin are refused", () => {
    const calls = times(66_000, () => insn(0x85, 0, 0, 0, 8));
    expect(() => translate(calls, [0], { layout })).toThrow(/66\d\d\d places where a step can begin/);
  });
  it("with too much code for one function are refused in our words", () => {
    const loads = times(50_000, () => insn(0x79, 1, 6, 0));
    expect(() => translate(loads, [0], { layout })).toThrow(/50001 insns becomes [\d.]+ MB of WebAssembly/);
  });
});
