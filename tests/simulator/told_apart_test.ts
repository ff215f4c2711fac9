/** What stands for all random numbers stands for all of them: no number does what none of these does. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ALU, type Insn } from "../../lib/isa/insn.ts";
import { randomNumbersAt, timeStepsAt } from "../../lib/machine/told_apart.ts";

const insn = (opcode: number, dst = 0, src = 0, imm = 0, off = 0): Insn => ({ opcode, dst, src, off, imm });
const call = insn(0x85, 0, 0, 7), exit = insn(0x95);
/** Through r1, which is some pointer: `*(u64 *)(r1 + 0) = r0`. */
const keep = insn(0x7b, 1, 0);

interface Step {
  readonly op: number;
  readonly wide: boolean;
  readonly imm: number;
}

const OPS = [ALU.ADD, ALU.SUB, ALU.MUL, ALU.DIV, ALU.MOD, ALU.AND, ALU.OR, ALU.XOR, ALU.LSH, ALU.RSH] as const;
const step: fc.Arbitrary<Step> = fc.record({
  op: fc.constantFrom(...OPS),
  wide: fc.boolean(),
  imm: fc.oneof(fc.integer({ min: 1, max: 31 }), fc.constantFrom(255, 0xffff, 0x7fff_ffff, -2, 1000)),
}).map(({ op, wide, imm }) => ({ op, wide, imm: op === ALU.LSH || op === ALU.RSH ? imm & 31 : imm }));

/** RFC 9669 section 4.1, written down once more. */
function apply(x: bigint, { op, wide, imm }: Step): bigint {
  const cut = (v: bigint) => BigInt.asUintN(wide ? 64 : 32, v), a = cut(x), b = cut(BigInt(imm));
  switch (op) {
    case ALU.ADD:
      return cut(a + b);
    case ALU.SUB:
      return cut(a - b);
    case ALU.MUL:
      return cut(a * b);
    case ALU.DIV:
      return a / b;
    case ALU.MOD:
      return a % b;
    case ALU.AND:
      return a & b;
    case ALU.OR:
      return a | b;
    case ALU.XOR:
      return a ^ b;
    case ALU.LSH:
      return cut(a << (b & (wide ? 63n : 31n)));
    default:
      return a >> (b & (wide ? 63n : 31n));
  }
}

const numbers = fc.oneof(
  fc.integer({ min: 0, max: 0xffff_ffff }),
  fc.integer({ min: 0, max: 64 }),
  fc.integer({ min: 0, max: 31 }).chain((bit) => fc.integer({ min: -2, max: 2 }).map((d) => (2 ** bit + d) >>> 0)),
);

describe("random numbers that a program can tell apart", () => {
  it("none behaves as none of those that are tried, where they are called complete", () => {
    let complete = 0;
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 5 }),
        fc.option(fc.record({ op: fc.constantFrom(0x10, 0x20, 0x30, 0x40, 0x60, 0xa0, 0xc0), imm: fc.integer() })),
        fc.array(numbers, { minLength: 50, maxLength: 50 }),
        (steps, compared, xs) => {
          const computed = steps.map(({ op, wide, imm }) => insn(op | (wide ? 7 : 4), 0, 0, imm));
          const jump = compared && insn(compared.op | 5, 0, 0, compared.imm, 0);
          const insns = [call, ...computed, ...(jump ? [jump] : [keep]), exit];
          const { values, complete: isComplete } = randomNumbersAt(insns, 0, true);
          if (!isComplete) return;
          complete++;
          const shown = (x: bigint): bigint | boolean => {
            const value = steps.reduce(apply, x);
            if (!compared) return value;
            const c = BigInt.asUintN(64, BigInt(compared.imm)), s = (v: bigint) => BigInt.asIntN(64, v);
            switch (compared.op) {
              case 0x10:
                return value === c;
              case 0x20:
                return value > c;
              case 0x30:
                return value >= c;
              case 0x40:
                return (value & c) !== 0n;
              case 0x60:
                return s(value) > s(c);
              case 0xa0:
                return value < c;
              default:
                return s(value) < s(c);
            }
          };
          const known = new Set(values.map(shown));
          for (const x of xs) expect([x, known.has(shown(BigInt(x)))]).toEqual([x, true]);
        },
      ),
      { numRuns: 600 },
    );
    expect(complete).toBeGreaterThan(150);
  });

  it("a number that is not used needs no choice", () => {
    expect(randomNumbersAt([call, insn(0xb7), exit], 0, true)).toEqual({ values: [0n], complete: true });
  });

  it("what a function of the program's own returns is used", () => {
    expect(randomNumbersAt([call, exit], 0, true).complete).toBe(true);
    expect(randomNumbersAt([call, exit], 0, false).complete).toBe(false);
  });

  it("a number of an earlier turn of a loop is not taken for the latest", () => {
    // r6 = r0; back to the call, which gives another r0; if r6 == r0.
    const insns = [call, insn(0x1d, 6, 0, 0, 2), insn(0xbf, 6, 0), insn(0x05, 0, 0, 0, -4), exit];
    expect(randomNumbersAt(insns, 0, true).complete).toBe(false);
  });
});

describe("steps of time", () => {
  const steps = (...insns: Insn[]) => timeStepsAt([call, ...insns, exit], 0, true, 1n);
  it("reach where a comparison changes, from both sides", () => {
    expect(steps(insn(0x25, 0, 0, 1000))).toEqual([0n, 1001n]);
    expect(steps(insn(0x35, 0, 0, 1000))).toEqual([0n, 1000n]);
    expect(steps(insn(0x15, 0, 0, 1000))).toEqual([0n, 1000n, 1001n]);
  });
  it("follow differences to unknown times, units and spills", () => {
    // r0 -= r7; if r0 > 1000
    expect(steps(insn(0x1f, 0, 7), insn(0x25, 0, 0, 1000))).toEqual([0n, 1001n]);
    // r0 /= 1000; if r0 > 5
    expect(steps(insn(0x37, 0, 0, 1000), insn(0x25, 0, 0, 5))).toEqual([0n, 1000n, 6000n]);
    // *(u64 *)(r10 - 8) = r0; r2 = *(u64 *)(r10 - 8); if r2 > 1000
    expect(steps(insn(0x7b, 10, 0, 0, -8), insn(0x79, 2, 10, 0, -8), insn(0x25, 2, 0, 1000))).toEqual([0n, 1001n]);
    // r7 += 1000; if r0 > r7
    expect(steps(insn(0x07, 7, 0, 1000), insn(0x2d, 0, 7))).toEqual([0n, 1n, 1000n, 1001n]);
  });
  it("are none where nothing asks", () => {
    expect(steps(insn(0xb7))).toEqual([0n]);
  });
});
