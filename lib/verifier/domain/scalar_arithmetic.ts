/** What an ALU instruction does to what is known of two scalars (kernel/bpf/verifier.c:adjust_scalar_min_max_vals). */
import { ALU } from "../../isa/insn.ts";
import { Bounds, S32_MAX, S32_MIN, S64_MAX, S64_MIN, U32_MAX } from "./bounds.ts";
import {
  s64,
  tnumAdd,
  tnumAnd,
  tnumMul,
  tnumOr,
  tnumShiftLeft,
  tnumShiftRight,
  tnumShiftRightSigned,
  tnumSub,
  tnumSubreg,
  tnumSubregIsConst,
  tnumXor,
  u64,
  U64_MAX,
} from "./tnum.ts";

const fits64 = (value: bigint): boolean => value >= S64_MIN && value <= S64_MAX;
const fits32 = (value: number): boolean => value >= S32_MIN && value <= S32_MAX;

/**
 * The result of `dst op src` as new bounds.
 *
 * @param is32 whether only the lower halves count and the upper half of the result is zero
 */
export function scalarArithmetic(operation: number, dst: Bounds, src: Bounds, is32: boolean): Bounds {
  if (!isComputable(operation, src, is32)) return new Bounds();
  if (dst.isConst && src.isConst && !isShift(operation)) {
    const result = constantResult(operation, dst.value, src.value);
    return Bounds.constant(is32 ? BigInt.asUintN(32, result) : result);
  }
  const out = dst.copy();
  switch (operation) {
    case ALU.ADD:
      add32(out, src);
      add64(out, src);
      out.tnum = tnumAdd(out.tnum, src.tnum);
      break;
    case ALU.SUB:
      sub32(out, src);
      sub64(out, src);
      out.tnum = tnumSub(out.tnum, src.tnum);
      break;
    case ALU.MUL:
      out.tnum = tnumMul(out.tnum, src.tnum);
      mul32(out, src);
      mul64(out, src);
      break;
    case ALU.AND:
    case ALU.OR:
    case ALU.XOR:
      bitwise(operation, out, src);
      break;
    case ALU.LSH:
      if (is32) shiftLeft32(out, src);
      else shiftLeft64(out, src);
      break;
    case ALU.RSH:
      if (is32) shiftRight32(out, src);
      else shiftRight64(out, src);
      break;
    case ALU.ARSH:
      if (is32) shiftRightSigned32(out, src);
      else shiftRightSigned64(out, src);
      break;
  }
  if (is32) out.zeroExtend32();
  return out.sync();
}

const isShift = (operation: number): boolean =>
  operation === ALU.LSH || operation === ALU.RSH || operation === ALU.ARSH;

function constantResult(operation: number, a: bigint, b: bigint): bigint {
  switch (operation) {
    case ALU.ADD:
      return a + b;
    case ALU.SUB:
      return a - b;
    case ALU.MUL:
      return a * b;
    case ALU.AND:
      return a & b;
    case ALU.OR:
      return a | b;
    default:
      return a ^ b;
  }
}

/** Shifts are followed only by a known, defined amount; division, remainder and byte swaps never. */
function isComputable(operation: number, src: Bounds, is32: boolean): boolean {
  switch (operation) {
    case ALU.ADD:
    case ALU.SUB:
    case ALU.AND:
    case ALU.XOR:
    case ALU.OR:
    case ALU.MUL:
      return true;
    case ALU.LSH:
    case ALU.RSH:
    case ALU.ARSH: {
      const isConst = is32
        ? tnumSubregIsConst(src.tnum) && src.s32min === src.s32max && src.u32min === src.u32max
        : src.isConst && src.smin === src.smax && src.umin === src.umax;
      return isConst && src.umax < (is32 ? 32n : 64n);
    }
    default:
      return false;
  }
}

function add32(out: Bounds, src: Bounds): void {
  const smin = out.s32min + src.s32min, smax = out.s32max + src.s32max;
  const signedFits = fits32(smin) && fits32(smax);
  out.s32min = signedFits ? smin : S32_MIN;
  out.s32max = signedFits ? smax : S32_MAX;
  const [umin, umax] = addUnsigned(out.u32min, src.u32min, out.u32max, src.u32max, U32_MAX);
  out.u32min = umin;
  out.u32max = umax;
}

/** Both ends overflow, or neither does: then the range stays whole (6.17). */
function addUnsigned(min: number, min2: number, max: number, max2: number, limit: number): [number, number] {
  const low = min + min2, high = max + max2;
  if (low > limit === high > limit) return [low % (limit + 1), high % (limit + 1)];
  return [0, limit];
}

function add64(out: Bounds, src: Bounds): void {
  const smin = out.smin + src.smin, smax = out.smax + src.smax;
  const signedFits = fits64(smin) && fits64(smax);
  out.smin = signedFits ? smin : S64_MIN;
  out.smax = signedFits ? smax : S64_MAX;
  const umin = out.umin + src.umin, umax = out.umax + src.umax;
  const whole = umin > U64_MAX === umax > U64_MAX;
  out.umin = whole ? u64(umin) : 0n;
  out.umax = whole ? u64(umax) : U64_MAX;
}

function sub32(out: Bounds, src: Bounds): void {
  const smin = out.s32min - src.s32max, smax = out.s32max - src.s32min;
  const signedFits = fits32(smin) && fits32(smax);
  out.s32min = signedFits ? smin : S32_MIN;
  out.s32max = signedFits ? smax : S32_MAX;
  const umin = out.u32min - src.u32max, umax = out.u32max - src.u32min;
  const whole = umin < 0 === umax < 0;
  out.u32min = whole ? umin >>> 0 : 0;
  out.u32max = whole ? umax >>> 0 : U32_MAX;
}

function sub64(out: Bounds, src: Bounds): void {
  const smin = out.smin - src.smax, smax = out.smax - src.smin;
  const signedFits = fits64(smin) && fits64(smax);
  out.smin = signedFits ? smin : S64_MIN;
  out.smax = signedFits ? smax : S64_MAX;
  const umin = out.umin - src.umax, umax = out.umax - src.umin;
  const whole = umin < 0n === umax < 0n;
  out.umin = whole ? u64(umin) : 0n;
  out.umax = whole ? u64(umax) : U64_MAX;
}

function mul32(out: Bounds, src: Bounds): void {
  const products = [
    out.s32min * src.s32min,
    out.s32min * src.s32max,
    out.s32max * src.s32min,
    out.s32max * src.s32max,
  ];
  const umax = out.u32max * src.u32max, smin = Math.min(...products), smax = Math.max(...products);
  out.u32min = umax > U32_MAX ? 0 : out.u32min * src.u32min;
  out.u32max = umax > U32_MAX ? U32_MAX : umax;
  const signedFits = fits32(smin) && fits32(smax);
  out.s32min = signedFits ? smin | 0 : S32_MIN;
  out.s32max = signedFits ? smax | 0 : S32_MAX;
}

function mul64(out: Bounds, src: Bounds): void {
  const products = [out.smin * src.smin, out.smin * src.smax, out.smax * src.smin, out.smax * src.smax];
  const smin = products.reduce((a, b) => (a < b ? a : b)), smax = products.reduce((a, b) => (a > b ? a : b));
  const umax = out.umax * src.umax;
  out.umin = umax > U64_MAX ? 0n : out.umin * src.umin;
  out.umax = umax > U64_MAX ? U64_MAX : umax;
  const signedFits = fits64(smin) && fits64(smax);
  out.smin = signedFits ? smin : S64_MIN;
  out.smax = signedFits ? smax : S64_MAX;
}

function bitwise(operation: number, out: Bounds, src: Bounds): void {
  const known64 = out.isConst && src.isConst;
  const known32 = tnumSubregIsConst(out.tnum) && tnumSubregIsConst(src.tnum);
  const combine = operation === ALU.AND ? tnumAnd : operation === ALU.OR ? tnumOr : tnumXor;
  out.tnum = combine(out.tnum, src.tnum);
  const low = tnumSubreg(out.tnum), low32 = Number(low.value), high32 = Number(low.value | low.mask);
  if (known32) {
    out.set32(low32);
  } else {
    out.u32min = operation === ALU.OR ? Math.max(out.u32min, src.u32min) : low32;
    out.u32max = operation === ALU.AND ? Math.min(out.u32max, src.u32max) : high32;
    const isOneSign = (out.u32min | 0) <= (out.u32max | 0);
    out.s32min = isOneSign ? out.u32min | 0 : S32_MIN;
    out.s32max = isOneSign ? out.u32max | 0 : S32_MAX;
  }
  if (known64) {
    out.set(Bounds.constant(out.tnum.value));
    return;
  }
  out.umin = operation === ALU.OR ? (out.umin > src.umin ? out.umin : src.umin) : out.tnum.value;
  out.umax = operation === ALU.AND ? (out.umax < src.umax ? out.umax : src.umax) : out.tnum.value | out.tnum.mask;
  const isOneSign = s64(out.umin) <= s64(out.umax);
  out.smin = isOneSign ? s64(out.umin) : S64_MIN;
  out.smax = isOneSign ? s64(out.umax) : S64_MAX;
  out.tightenFromTnum();
}

function shiftLeftRange32(out: Bounds, by: number): void {
  out.s32min = S32_MIN;
  out.s32max = S32_MAX;
  if (by > 31 || out.u32max > 2 ** (31 - by)) {
    out.u32min = 0;
    out.u32max = U32_MAX;
  } else {
    out.u32min = (out.u32min << by) >>> 0;
    out.u32max = (out.u32max << by) >>> 0;
  }
}

function shiftLeft32(out: Bounds, src: Bounds): void {
  const by = src.u32min, low = tnumSubreg(out.tnum);
  shiftLeftRange32(out, by);
  out.tnum = tnumSubreg(tnumShiftLeft(low, by));
  out.forget64();
  out.tightenFromTnum32();
}

function shiftLeft64(out: Bounds, src: Bounds): void {
  const by = Number(src.umin);
  // A shift by 32 is how compilers sign-extend: `x << 32 s>> 32` keeps the signed range of the lower half.
  out.smax = by === 32 ? BigInt(out.s32max) << 32n : S64_MAX;
  out.smin = by === 32 ? BigInt(out.s32min) << 32n : S64_MIN;
  if (out.umax > 1n << BigInt(63 - by)) {
    out.umin = 0n;
    out.umax = U64_MAX;
  } else {
    out.umin = u64(out.umin << BigInt(by));
    out.umax = u64(out.umax << BigInt(by));
  }
  shiftLeftRange32(out, by);
  out.tnum = tnumShiftLeft(out.tnum, by);
  out.tightenFromTnum();
}

function shiftRight32(out: Bounds, src: Bounds): void {
  const by = src.u32min;
  out.s32min = S32_MIN;
  out.s32max = S32_MAX;
  out.tnum = tnumShiftRight(tnumSubreg(out.tnum), by);
  out.u32min = out.u32min >>> by;
  out.u32max = out.u32max >>> by;
  out.forget64();
  out.tightenFromTnum32();
}

function shiftRight64(out: Bounds, src: Bounds): void {
  const by = src.umin;
  out.smin = S64_MIN;
  out.smax = S64_MAX;
  out.tnum = tnumShiftRight(out.tnum, Number(by));
  out.umin >>= by;
  out.umax >>= by;
  out.forget32();
  out.tightenFromTnum();
}

function shiftRightSigned32(out: Bounds, src: Bounds): void {
  const by = src.u32min;
  out.s32min >>= by;
  out.s32max >>= by;
  out.tnum = tnumShiftRightSigned(tnumSubreg(out.tnum), by, 32);
  out.u32min = 0;
  out.u32max = U32_MAX;
  out.forget64();
  out.tightenFromTnum32();
}

function shiftRightSigned64(out: Bounds, src: Bounds): void {
  const by = src.umin;
  out.smin >>= by;
  out.smax >>= by;
  out.tnum = tnumShiftRightSigned(out.tnum, Number(by), 64);
  out.umin = 0n;
  out.umax = U64_MAX;
  out.forget32();
  out.tightenFromTnum();
}
