/** Whatever the verifier believes of a value must be true of every value that it may be. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Bounds } from "../../lib/verifier/domain/bounds.ts";
import { isScalarBranchTaken, JUMP, refine } from "../../lib/verifier/domain/comparisons.ts";
import { ALU } from "../../lib/isa/insn.ts";
import { scalarArithmetic } from "../../lib/verifier/domain/scalar_arithmetic.ts";
import { s64, type Tnum, tnumAdd, tnumMul, tnumRange, tnumStep, tnumSub, u64 } from "../../lib/verifier/domain/tnum.ts";
import { signExtend } from "../../lib/verifier/domain/sign_extension.ts";

const number64 = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  fc.constantFrom(0n, 1n, 2n, 7n, 255n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 1n << 63n, (1n << 64n) - 1n),
);
/** A tristate number and a value that fits it. */
const tnumAndMember = fc.tuple(number64, number64).map(([value, mask]): [Tnum, bigint] => [
  { value: value & ~mask & ((1n << 64n) - 1n), mask },
  value,
]);
/** Bounds and a value inside of them: a range of unsigned numbers around it, and some of its bits. */
const boundsAndMember = fc.tuple(number64, number64, number64, number64).map(
  ([member, below, above, mask]): [Bounds, bigint] => {
    const bounds = new Bounds({ value: member & ~mask & ((1n << 64n) - 1n), mask });
    bounds.umin = below < member ? below : member;
    bounds.umax = above > member ? above : member;
    return [bounds.sync(), member];
  },
);

const fits = (tnum: Tnum, value: bigint): boolean => (value & ~tnum.mask) === tnum.value;

/** Every reading of the value lies within its range. */
function holds(bounds: Bounds, value: bigint): boolean {
  const low = Number(value & 0xffff_ffffn);
  return fits(bounds.tnum, value) && bounds.umin <= value && value <= bounds.umax && bounds.smin <= s64(value) &&
    s64(value) <= bounds.smax && bounds.u32min <= low && low <= bounds.u32max && bounds.s32min <= (low | 0) &&
    (low | 0) <= bounds.s32max;
}

const OPERATIONS: readonly [string, number, (a: bigint, b: bigint, bits: number) => bigint][] = [
  ["+", ALU.ADD, (a, b) => a + b],
  ["-", ALU.SUB, (a, b) => a - b],
  ["*", ALU.MUL, (a, b) => a * b],
  ["&", ALU.AND, (a, b) => a & b],
  ["|", ALU.OR, (a, b) => a | b],
  ["^", ALU.XOR, (a, b) => a ^ b],
  ["<<", ALU.LSH, (a, b, bits) => a << (b % BigInt(bits))],
  [">>", ALU.RSH, (a, b, bits) => BigInt.asUintN(bits, a) >> (b % BigInt(bits))],
  ["s>>", ALU.ARSH, (a, b, bits) => BigInt.asIntN(bits, a) >> (b % BigInt(bits))],
];

describe("tristate numbers", () => {
  it("hold sums, differences and products of their members", () => {
    fc.assert(fc.property(tnumAndMember, tnumAndMember, ([a, x], [b, y]) => {
      expect(fits(tnumAdd(a, b), u64(x + y))).toBe(true);
      expect(fits(tnumSub(a, b), u64(x - y))).toBe(true);
      expect(fits(tnumMul(a, b), u64(x * y))).toBe(true);
    }));
  });
  it("of a range hold its ends and its middle", () => {
    fc.assert(fc.property(number64, number64, (a, b) => {
      const [min, max] = a < b ? [a, b] : [b, a], range = tnumRange(min, max);
      for (const value of [min, max, (min + max) / 2n]) expect(fits(range, value)).toBe(true);
    }));
  });
  it("step to the next member", () => {
    const naive = (tnum: Tnum, z: bigint): bigint => {
      for (let value = z + 1n; value < 256n; value++) if (fits(tnum, value)) return value;
      return tnum.value | tnum.mask;
    };
    const byte = fc.bigInt({ min: 0n, max: 255n });
    fc.assert(fc.property(byte, byte, byte, (value, mask, z) => {
      const tnum = { value: value & ~mask & 255n, mask };
      expect(tnumStep(tnum, z)).toBe(naive(tnum, z));
    }));
  });
});

describe("bounds", () => {
  for (const [symbol, operation, run] of OPERATIONS) {
    for (const bits of [64, 32]) {
      it(`hold what ${symbol} makes of ${bits} bits`, () => {
        fc.assert(fc.property(boundsAndMember, boundsAndMember, ([a, x], [b, y]) => {
          const is32 = bits === 32, left = is32 ? BigInt.asUintN(32, x) : x, right = is32 ? BigInt.asUintN(32, y) : y;
          const result = BigInt.asUintN(bits, run(left, right, bits));
          expect(holds(scalarArithmetic(operation, a, b, is32), result)).toBe(true);
        }));
      });
    }
  }
  it("hold what extension and truncation make", () => {
    fc.assert(fc.property(boundsAndMember, fc.constantFrom(1, 2, 4), ([bounds, value], bytes) => {
      const truncated = bounds.copy(), extended = bounds.copy();
      truncated.truncate(bytes);
      signExtend(extended, bytes);
      expect(holds(truncated, BigInt.asUintN(bytes * 8, value))).toBe(true);
      expect(holds(extended, u64(BigInt.asIntN(bytes * 8, value)))).toBe(true);
    }));
  });
  it("decide a comparison of ranges that touch", () => {
    const range = (min: bigint, max: bigint): Bounds => {
      const bounds = new Bounds({ value: 0n, mask: (1n << 64n) - 1n });
      [bounds.umin, bounds.umax] = [min, max];
      return bounds.sync();
    };
    const low = range(3n, 9n), high = range(9n, 12n);
    for (const is32 of [false, true]) {
      for (const condition of [JUMP.JGT, JUMP.JSGT]) {
        expect(isScalarBranchTaken(low, high, condition, is32)).toBe(false);
        expect(isScalarBranchTaken(high, low, condition, is32)).toBe(undefined);
      }
      for (const condition of [JUMP.JLE, JUMP.JSLE]) {
        expect(isScalarBranchTaken(low, high, condition, is32)).toBe(true);
        expect(isScalarBranchTaken(high, low, condition, is32)).toBe(undefined);
      }
    }
  });
  it("lose the edge that a value is known not to be", () => {
    const unequal = (min: number, max: number, not: number, is32: boolean): Bounds => {
      const bounds = new Bounds({ value: 0n, mask: (1n << 64n) - 1n }),
        constant = new Bounds({ value: u64(BigInt(not)), mask: 0n });
      if (is32) [bounds.s32min, bounds.s32max] = [min, max];
      else [bounds.smin, bounds.smax] = [BigInt(min), BigInt(max)];
      return refine(bounds.sync(), constant.sync(), JUMP.JNE, is32).taken[0];
    };
    for (const [min, max] of [[3, 9], [-9, -3], [-3, 9]]) {
      for (const [not, low, high] of [[min, min + 1, max], [max, min, max - 1], [max + 1, min, max]]) {
        const half = unequal(min, max, not, true), whole = unequal(min, max, not, false);
        expect([half.s32min, half.s32max]).toEqual([low, high]);
        expect([whole.smin, whole.smax]).toEqual([BigInt(low), BigInt(high)]);
        if (low >= 0) {
          expect([half.u32min, half.u32max, whole.umin, whole.umax]).toEqual([low, high, BigInt(low), BigInt(high)]);
        }
      }
    }
    // beyond what a signed number holds
    const wide = new Bounds({ value: 0n, mask: (1n << 64n) - 1n });
    const least = new Bounds({ value: 0n, mask: 0n }).sync(),
      most = new Bounds({ value: (1n << 64n) - 1n, mask: 0n }).sync();
    expect(refine(wide, least, JUMP.JNE, false).taken[0].umin).toBe(1n);
    expect(refine(wide, least, JUMP.JNE, true).taken[0].u32min).toBe(1);
    expect(refine(wide, most, JUMP.JNE, false).taken[0].umax).toBe((1n << 64n) - 2n);
    expect(refine(wide, most, JUMP.JNE, true).taken[0].u32max).toBe(0xffff_fffe);
  });
  it("decide and learn only what is true of comparisons", () => {
    const compare: readonly [number, (a: bigint, b: bigint, bits: number) => boolean][] = [
      [JUMP.JEQ, (a, b) => a === b],
      [JUMP.JNE, (a, b) => a !== b],
      [JUMP.JGT, (a, b) => a > b],
      [JUMP.JGE, (a, b) => a >= b],
      [JUMP.JLT, (a, b) => a < b],
      [JUMP.JLE, (a, b) => a <= b],
      [JUMP.JSET, (a, b) => (a & b) !== 0n],
      [JUMP.JSGT, (a, b, bits) => BigInt.asIntN(bits, a) > BigInt.asIntN(bits, b)],
      [JUMP.JSLE, (a, b, bits) => BigInt.asIntN(bits, a) <= BigInt.asIntN(bits, b)],
    ];
    fc.assert(
      fc.property(
        boundsAndMember,
        boundsAndMember,
        fc.constantFrom(...compare),
        fc.boolean(),
        ([a, x], [b, y], [condition, run], is32) => {
          const bits = is32 ? 32 : 64;
          const isTaken = run(BigInt.asUintN(bits, x), BigInt.asUintN(bits, y), bits);
          expect(isScalarBranchTaken(a, b, condition, is32) ?? isTaken).toBe(isTaken);
          const learned = refine(a, b, condition, is32),
            [first, second] = isTaken ? learned.taken : learned.fallthrough;
          expect(holds(first, x) && holds(second, y)).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
