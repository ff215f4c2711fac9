/** Sign extension of values of which only ranges and some bits are known. */
import { Bounds, U32_MAX } from "./bounds.ts";
import { TNUM_UNKNOWN, tnumConst, tnumRange, tnumSubreg, u64, U64_MAX } from "./tnum.ts";

/** Sign extension of the low bytes to 64 bits (coerce_reg_to_size_sx). */
export function signExtend(bounds: Bounds, bytes: number): void {
  const bits = bytes * 8, shift = BigInt(bits);
  if (bounds.isConst) return bounds.set(Bounds.constant(BigInt.asIntN(bits, bounds.value)));
  if (bounds.smax >> shift === bounds.smin >> shift) {
    const first = BigInt.asIntN(bits, bounds.smax), second = BigInt.asIntN(bits, bounds.smin);
    const max = first > second ? first : second, min = first > second ? second : first;
    if (max >= 0n === min >= 0n) {
      bounds.smin = min;
      bounds.smax = max;
      bounds.umin = u64(min);
      bounds.umax = u64(max);
      bounds.s32min = Number(BigInt.asIntN(32, min));
      bounds.s32max = Number(BigInt.asIntN(32, max));
      bounds.u32min = Number(BigInt.asUintN(32, min));
      bounds.u32max = Number(BigInt.asUintN(32, max));
      bounds.tnum = tnumRange(min, max);
      return;
    }
  }
  bounds.smin = -(1n << (shift - 1n));
  bounds.smax = (1n << (shift - 1n)) - 1n;
  bounds.s32min = Number(bounds.smin);
  bounds.s32max = Number(bounds.smax);
  bounds.umin = 0n;
  bounds.umax = U64_MAX;
  bounds.u32min = 0;
  bounds.u32max = U32_MAX;
  bounds.tnum = TNUM_UNKNOWN;
}

/** Sign extension of the low bytes to 32 bits (coerce_subreg_to_size_sx); the caller zero-extends. */
export function signExtend32(bounds: Bounds, bytes: number): void {
  const bits = bytes * 8;
  const extend = (value: number) => (value << (32 - bits)) >> (32 - bits);
  if (bounds.isConst) {
    const value = extend(Number(BigInt.asUintN(32, bounds.value)));
    bounds.tnum = tnumConst(BigInt(value));
    bounds.s32min = bounds.s32max = value;
    bounds.u32min = bounds.u32max = value >>> 0;
    return;
  }
  if (bounds.s32max >> bits === bounds.s32min >> bits) {
    const first = extend(bounds.s32max), second = extend(bounds.s32min);
    const max = Math.max(first, second), min = Math.min(first, second);
    if (min >= 0 === max >= 0) {
      bounds.s32min = min;
      bounds.s32max = max;
      bounds.u32min = min >>> 0;
      bounds.u32max = max >>> 0;
      bounds.tnum = tnumSubreg(tnumRange(BigInt(min), BigInt(max)));
      return;
    }
  }
  bounds.s32min = -(2 ** (bits - 1));
  bounds.s32max = 2 ** (bits - 1) - 1;
  bounds.u32min = 0;
  bounds.u32max = U32_MAX;
  bounds.tnum = tnumSubreg(TNUM_UNKNOWN);
}
