/** What a comparison of two scalars decides, and what its outcome tells (is_branch_taken, regs_refine_cond_op). */
import type { Bounds } from "./bounds.ts";
import {
  s64,
  type Tnum,
  tnumAnd,
  tnumConst,
  tnumIntersect,
  tnumOr,
  tnumOverlap,
  tnumSubreg,
  tnumWithSubreg,
  u64,
} from "./tnum.ts";

/** Conditions: bits 4 to 7 of the opcode of a jump (RFC 9669 section 4.3). */
export const JUMP = {
  JA: 0x00,
  JEQ: 0x10,
  JGT: 0x20,
  JGE: 0x30,
  JSET: 0x40,
  JNE: 0x50,
  JSGT: 0x60,
  JSGE: 0x70,
  CALL: 0x80,
  EXIT: 0x90,
  JLT: 0xa0,
  JLE: 0xb0,
  JSLT: 0xc0,
  JSLE: 0xd0,
  JCOND: 0xe0,
} as const;
/** The opposite of JSET, which no instruction names. */
const NOT_SET = 0x48;

const FLIPPED: Readonly<Record<number, number>> = {
  [JUMP.JGE]: JUMP.JLE,
  [JUMP.JGT]: JUMP.JLT,
  [JUMP.JLE]: JUMP.JGE,
  [JUMP.JLT]: JUMP.JGT,
  [JUMP.JSGE]: JUMP.JSLE,
  [JUMP.JSGT]: JUMP.JSLT,
  [JUMP.JSLE]: JUMP.JSGE,
  [JUMP.JSLT]: JUMP.JSGT,
};
/** The same condition with its operands exchanged. */
export const flipped = (condition: number): number => FLIPPED[condition] ?? condition;

const OPPOSITE: Readonly<Record<number, number>> = {
  [JUMP.JEQ]: JUMP.JNE,
  [JUMP.JNE]: JUMP.JEQ,
  [JUMP.JSET]: NOT_SET,
  [NOT_SET]: JUMP.JSET,
  [JUMP.JGE]: JUMP.JLT,
  [JUMP.JGT]: JUMP.JLE,
  [JUMP.JLE]: JUMP.JGT,
  [JUMP.JLT]: JUMP.JGE,
  [JUMP.JSGE]: JUMP.JSLT,
  [JUMP.JSGT]: JUMP.JSLE,
  [JUMP.JSLE]: JUMP.JSGT,
  [JUMP.JSLT]: JUMP.JSGE,
};

/** The ranges that a comparison reads: of 64 bits, or plain numbers for the lower half. */
interface Reading {
  readonly umin: bigint | number;
  readonly umax: bigint | number;
  readonly smin: bigint | number;
  readonly smax: bigint | number;
}

const read = (bounds: Bounds, is32: boolean): Reading =>
  is32 ? { umin: bounds.u32min, umax: bounds.u32max, smin: bounds.s32min, smax: bounds.s32max } : bounds;
const bitsOf = (bounds: Bounds, is32: boolean): Tnum => is32 ? tnumSubreg(bounds.tnum) : bounds.tnum;

/** Whether the jump is always taken (`true`), never (`false`), or not known. */
export function isScalarBranchTaken(
  first: Bounds,
  second: Bounds,
  condition: number,
  is32: boolean,
): boolean | undefined {
  const a = read(first, is32), b = read(second, is32);
  switch (condition) {
    case JUMP.JEQ:
      return equality(first, second, a, b, is32);
    case JUMP.JNE: {
      const equal = equality(first, second, a, b, is32);
      return equal === undefined ? undefined : !equal;
    }
    case JUMP.JSET: {
      const bitsA = bitsOf(first, is32), bitsB = bitsOf(second, is32), isConst = bitsB.mask === 0n;
      if (!isConst && bitsA.mask !== 0n) return undefined;
      const [value, bits] = isConst ? [bitsA, bitsB.value] : [bitsB, bitsA.value];
      if (~value.mask & value.value & bits) return true;
      return (value.mask | value.value) & bits ? undefined : false;
    }
    case JUMP.JGT:
      return a.umin > b.umax ? true : a.umax <= b.umin ? false : undefined;
    case JUMP.JSGT:
      return a.smin > b.smax ? true : a.smax <= b.smin ? false : undefined;
    case JUMP.JLT:
      return a.umax < b.umin ? true : a.umin >= b.umax ? false : undefined;
    case JUMP.JSLT:
      return a.smax < b.smin ? true : a.smin >= b.smax ? false : undefined;
    case JUMP.JGE:
      return a.umin >= b.umax ? true : a.umax < b.umin ? false : undefined;
    case JUMP.JSGE:
      return a.smin >= b.smax ? true : a.smax < b.smin ? false : undefined;
    case JUMP.JLE:
      return a.umax <= b.umin ? true : a.umin > b.umax ? false : undefined;
    case JUMP.JSLE:
      return a.smax <= b.smin ? true : a.smin > b.smax ? false : undefined;
    default:
      return undefined;
  }
}

function equality(first: Bounds, second: Bounds, a: Reading, b: Reading, is32: boolean): boolean | undefined {
  const bitsA = bitsOf(first, is32), bitsB = bitsOf(second, is32);
  if (bitsA.mask === 0n && bitsB.mask === 0n) return bitsA.value === bitsB.value;
  if (!tnumOverlap(bitsA, bitsB)) return false;
  if (a.umin > b.umax || a.umax < b.umin || a.smin > b.smax || a.smax < b.smin) return false;
  if (is32) return undefined;
  const apart = first.u32min > second.u32max || first.u32max < second.u32min || first.s32min > second.s32max ||
    first.s32max < second.s32min;
  return apart ? false : undefined;
}

/**
 * Both operands once the jump is taken, and once it is not.
 *
 * @param isImmediate the second operand is a constant of the instruction, of which there is no more to know
 */
export function refine(
  first: Bounds,
  second: Bounds,
  condition: number,
  is32: boolean,
  isSame = false,
  isImmediate = false,
): { readonly taken: readonly [Bounds, Bounds]; readonly fallthrough: readonly [Bounds, Bounds] } {
  const after = (condition: number): readonly [Bounds, Bounds] => {
    // A register compared with itself learns from itself, as it does in the kernel.
    const a = first.copy(), b = isSame ? a : second.copy();
    narrow(a, b, condition, is32);
    if (a.sync().isContradiction) a.forgetRanges();
    if (b !== a && !isImmediate && b.sync().isContradiction) b.forgetRanges();
    return [a.equals(first) ? first : a, b.equals(second) ? second : b];
  };
  return { fallthrough: after(OPPOSITE[condition] ?? condition), taken: after(condition) };
}

const isConstant = (bounds: Bounds, is32: boolean): boolean =>
  (is32 ? tnumSubreg(bounds.tnum).mask : bounds.tnum.mask) === 0n;
const valueOf = (bounds: Bounds, is32: boolean): bigint => is32 ? tnumSubreg(bounds.tnum).value : bounds.value;

function narrow(a: Bounds, b: Bounds, condition: number, is32: boolean): void {
  switch (condition) {
    case JUMP.JGE:
    case JUMP.JGT:
    case JUMP.JSGE:
    case JUMP.JSGT:
      return narrow(b, a, flipped(condition), is32);
    case JUMP.JEQ:
      return narrowEqual(a, b, is32);
    case JUMP.JNE:
    case JUMP.JSET:
    case NOT_SET: {
      const [value, constant] = isConstant(b, is32) ? [a, b] : [b, a];
      if (isConstant(constant, is32)) narrowByConstant(value, valueOf(constant, is32), condition, is32);
      return;
    }
    case JUMP.JLE:
    case JUMP.JLT:
      return narrowUnsigned(a, b, condition === JUMP.JLT ? 1 : 0, is32);
    case JUMP.JSLE:
    case JUMP.JSLT:
      return narrowSigned(a, b, condition === JUMP.JSLT ? 1 : 0, is32);
  }
}

function narrowEqual(a: Bounds, b: Bounds, is32: boolean): void {
  if (is32) {
    a.u32min = b.u32min = Math.max(a.u32min, b.u32min);
    a.u32max = b.u32max = Math.min(a.u32max, b.u32max);
    a.s32min = b.s32min = Math.max(a.s32min, b.s32min);
    a.s32max = b.s32max = Math.min(a.s32max, b.s32max);
    const both = tnumIntersect(tnumSubreg(a.tnum), tnumSubreg(b.tnum));
    a.tnum = tnumWithSubreg(a.tnum, both);
    b.tnum = tnumWithSubreg(b.tnum, both);
    return;
  }
  a.umin = b.umin = a.umin > b.umin ? a.umin : b.umin;
  a.umax = b.umax = a.umax < b.umax ? a.umax : b.umax;
  a.smin = b.smin = a.smin > b.smin ? a.smin : b.smin;
  a.smax = b.smax = a.smax < b.smax ? a.smax : b.smax;
  a.tnum = b.tnum = tnumIntersect(a.tnum, b.tnum);
}

function narrowByConstant(a: Bounds, value: bigint, condition: number, is32: boolean): void {
  const withBits = (change: (tnum: Tnum) => Tnum): void => {
    a.tnum = is32 ? tnumWithSubreg(a.tnum, change(tnumSubreg(a.tnum))) : change(a.tnum);
  };
  if (condition === JUMP.JSET) {
    if (value !== 0n && (value & (value - 1n)) === 0n) withBits((tnum) => tnumOr(tnum, tnumConst(value)));
  } else if (condition === NOT_SET) {
    a.forgetRanges();
    withBits((tnum) => tnumAnd(tnum, tnumConst(u64(~value))));
  } else if (is32) {
    const unsigned = Number(value), signed = unsigned | 0;
    if (a.u32min === unsigned) a.u32min++;
    if (a.u32max === unsigned) a.u32max--;
    if (a.s32min === signed) a.s32min++;
    if (a.s32max === signed) a.s32max--;
  } else {
    if (a.umin === value) a.umin++;
    if (a.umax === value) a.umax--;
    if (a.smin === s64(value)) a.smin++;
    if (a.smax === s64(value)) a.smax--;
  }
}

/** a <= b, or a < b where `gap` is 1. */
function narrowUnsigned(a: Bounds, b: Bounds, gap: 0 | 1, is32: boolean): void {
  if (is32) {
    a.u32max = Math.min(a.u32max, (b.u32max - gap) >>> 0);
    b.u32min = Math.max((a.u32min + gap) >>> 0, b.u32min);
    return;
  }
  const step = BigInt(gap), high = u64(b.umax - step), low = u64(a.umin + step);
  if (high < a.umax) a.umax = high;
  if (low > b.umin) b.umin = low;
}

function narrowSigned(a: Bounds, b: Bounds, gap: 0 | 1, is32: boolean): void {
  if (is32) {
    a.s32max = Math.min(a.s32max, (b.s32max - gap) | 0);
    b.s32min = Math.max((a.s32min + gap) | 0, b.s32min);
    return;
  }
  const step = BigInt(gap), high = s64(b.smax - step), low = s64(a.smin + step);
  if (high < a.smax) a.smax = high;
  if (low > b.smin) b.smin = low;
}
