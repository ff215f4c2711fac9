/**
 * What is known of a 64-bit value: bits, and least and greatest value read as signed and unsigned number of 64 and of
 * 32 bits (kernel/bpf/verifier.c: struct bpf_reg_state, reg_bounds_sync).
 */
import {
  bitLength,
  s64,
  type Tnum,
  TNUM_UNKNOWN,
  tnumCast,
  tnumClearSubreg,
  tnumConst,
  tnumIntersect,
  tnumOr,
  tnumRange,
  tnumStep,
  tnumSubreg,
  U32_MASK,
  u64,
  U64_MAX,
} from "./tnum.ts";
import { syncNarrow } from "./narrow_bounds.ts";

export const S64_MIN = -(1n << 63n), S64_MAX = (1n << 63n) - 1n;
/** How far a pointer's variable offset may go (include/linux/bpf_verifier.h). */
export const BPF_MAX_VAR_OFF = 1n << 29n;
export const S32_MIN = -0x8000_0000, S32_MAX = 0x7fff_ffff;
export const U32_MAX = 0xffff_ffff;
const low32 = (value: bigint): number => Number(value & U32_MASK);
const low32Signed = (value: bigint): number => Number(BigInt.asIntN(32, value));
const maxBig = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const minBig = (a: bigint, b: bigint): bigint => (a < b ? a : b);

let serials = 0;

/**
 * Mutable while a rule computes it. Once a register holds it, no rule changes it any more: registers and states share
 * their bounds, and equal references mean equal knowledge.
 */
export class Bounds {
  /** Tells two of them apart where a number is wanted. */
  readonly serial: number = ++serials;

  constructor(
    public tnum: Tnum = TNUM_UNKNOWN,
    public smin: bigint = S64_MIN,
    public smax: bigint = S64_MAX,
    public umin: bigint = 0n,
    public umax: bigint = U64_MAX,
    public s32min: number = S32_MIN,
    public s32max: number = S32_MAX,
    public u32min: number = 0,
    public u32max: number = U32_MAX,
  ) {}

  static constant(value: bigint): Bounds {
    if (value >= 0n && value <= U32_MASK) {
      const small = Number(value), smallSigned = small | 0;
      return new Bounds({ value, mask: 0n }, value, value, value, value, smallSigned, smallSigned, small, small);
    }
    const unsigned = u64(value), signed = s64(value);
    const small = low32(unsigned), smallSigned = small | 0;
    return new Bounds(tnumConst(unsigned), signed, signed, unsigned, unsigned, smallSigned, smallSigned, small, small);
  }

  /** Any number from `min` to `max`, both of 32 bits with a sign. */
  static between(min: number, max: number): Bounds {
    const bounds = new Bounds();
    bounds.smin = BigInt(min);
    bounds.smax = BigInt(max);
    bounds.s32min = min;
    bounds.s32max = max;
    return bounds.sync();
  }

  copy(): Bounds {
    return new Bounds(
      this.tnum,
      this.smin,
      this.smax,
      this.umin,
      this.umax,
      this.s32min,
      this.s32max,
      this.u32min,
      this.u32max,
    );
  }

  get isConst(): boolean {
    return this.tnum.mask === 0n;
  }

  /** The value itself, unsigned; only meaningful of a constant. */
  get value(): bigint {
    return this.tnum.value;
  }

  /** How many bits the greatest unsigned value takes (get_reg_width). */
  get width(): number {
    return bitLength(this.umax);
  }

  equals(other: Bounds): boolean {
    return this === other ||
      this.u32min === other.u32min && this.u32max === other.u32max && this.s32min === other.s32min &&
        this.s32max === other.s32max && this.umin === other.umin && this.umax === other.umax &&
        this.smin === other.smin && this.smax === other.smax && this.tnum.value === other.tnum.value &&
        this.tnum.mask === other.tnum.mask;
  }

  /** Whether these ranges hold every value of the other's. Numbers are compared first: they are quicker. */
  contains(other: Bounds): boolean {
    return this === other ||
      this.u32min <= other.u32min && this.u32max >= other.u32max && this.s32min <= other.s32min &&
        this.s32max >= other.s32max && this.umin <= other.umin && this.umax >= other.umax &&
        this.smin <= other.smin && this.smax >= other.smax;
  }

  forget64(): void {
    this.smin = S64_MIN;
    this.smax = S64_MAX;
    this.umin = 0n;
    this.umax = U64_MAX;
  }

  forget32(): void {
    this.s32min = S32_MIN;
    this.s32max = S32_MAX;
    this.u32min = 0;
    this.u32max = U32_MAX;
  }

  forgetRanges(): void {
    this.forget64();
    this.forget32();
  }

  set(from: Bounds): void {
    this.tnum = from.tnum;
    this.smin = from.smin;
    this.smax = from.smax;
    this.umin = from.umin;
    this.umax = from.umax;
    this.s32min = from.s32min;
    this.s32max = from.s32max;
    this.u32min = from.u32min;
    this.u32max = from.u32max;
  }

  /** Sets the lower half to a constant and forgets nothing of the upper (__mark_reg32_known). */
  set32(value: number): void {
    this.tnum = tnumOr(tnumClearSubreg(this.tnum), { value: BigInt(value >>> 0), mask: 0n });
    this.s32min = this.s32max = value | 0;
    this.u32min = this.u32max = value >>> 0;
  }

  tightenFromTnum32(): void {
    const { value, mask } = tnumSubreg(this.tnum);
    const low = low32(value), unknown = low32(mask);
    this.s32min = Math.max(this.s32min, (low | (unknown & S32_MIN)) | 0);
    this.s32max = Math.min(this.s32max, (low | (unknown & S32_MAX)) | 0);
    this.u32min = Math.max(this.u32min, low);
    this.u32max = Math.min(this.u32max, (low | unknown) >>> 0);
  }

  tightenFromTnum64(): void {
    const { value, mask } = this.tnum;
    this.smin = maxBig(this.smin, s64(value | (mask & (1n << 63n))));
    this.smax = minBig(this.smax, s64(value | (mask & S64_MAX)));
    this.umin = maxBig(this.umin, value);
    this.umax = minBig(this.umax, value | mask);
    if (mask === 0n || this.umin === 0n && this.umax === U64_MAX) return;
    // Bits and range may have a single value in common.
    const next = tnumStep(this.tnum, this.umin), isMinIn = (this.umin & ~mask) === value, greatest = value | mask;
    if (isMinIn) {
      if (next > this.umax) this.set(Bounds.constant(this.umin));
    } else if (next === greatest) {
      this.set(Bounds.constant(greatest));
    } else if (next <= this.umax && tnumStep(this.tnum, next) > this.umax) {
      this.set(Bounds.constant(next));
    }
  }

  tightenFromTnum(): void {
    this.tightenFromTnum32();
    this.tightenFromTnum64();
  }

  /** Lets every reading of the value learn from the others (reg_bounds_sync). */
  sync(): Bounds {
    if (this.#isSettledConstant) return this;
    if (syncNarrow(this)) return this;
    this.tightenFromTnum();
    for (let round = 0; round < 3; round++) {
      const { tnum, smin, smax, umin, umax, s32min, s32max, u32min, u32max } = this;
      this.#deduce32();
      this.#deduce64();
      this.#deduceMixed();
      const isStable = this.umin === umin && this.umax === umax && this.smin === smin && this.smax === smax &&
        this.u32min === u32min && this.u32max === u32max && this.s32min === s32min && this.s32max === s32max &&
        this.tnum === tnum;
      if (isStable) break;
    }
    const wide = tnumIntersect(this.tnum, tnumRange(this.umin, this.umax));
    const narrow = tnumIntersect(tnumSubreg(wide), tnumRange(BigInt(this.u32min), BigInt(this.u32max)));
    this.tnum = tnumOr(tnumClearSubreg(wide), narrow);
    this.tightenFromTnum();
    return this;
  }

  /** A constant of which every reading agrees has nothing to learn. */
  get #isSettledConstant(): boolean {
    return this.tnum.mask === 0n && this.umin === this.umax && this.smin === this.smax && this.u32min === this.u32max &&
      this.s32min === this.s32max && this.umin === this.tnum.value;
  }

  #deduce32(): void {
    if (this.umin !== 0n || this.umax !== U64_MAX) this.#learnHalf(this.umin, this.umax);
    if (this.smin !== S64_MIN || this.smax !== S64_MAX) this.#learnHalf(this.smin, this.smax);
    if ((this.u32min | 0) <= (this.u32max | 0)) {
      this.s32min = Math.max(this.s32min, this.u32min | 0);
      this.s32max = Math.min(this.s32max, this.u32max | 0);
    }
    const low = this.s32min >>> 0, high = this.s32max >>> 0;
    if (low <= high) {
      this.u32min = Math.max(low, this.u32min);
      this.u32max = Math.min(high, this.u32max);
    } else if (this.u32max < low) {
      this.s32min = this.u32min | 0;
      this.u32max = Math.min(this.u32max, high);
    } else if (high < this.u32min) {
      this.s32max = this.u32max | 0;
      this.u32min = Math.max(this.u32min, low);
    }
  }

  /** What a range of the whole value tells of its lower half. */
  #learnHalf(min: bigint, max: bigint): void {
    const high = min >> 32n, highest = max >> 32n;
    if (high === highest) {
      const low = low32(min), greatest = low32(max);
      if (low <= greatest) {
        this.u32min = Math.max(this.u32min, low);
        this.u32max = Math.min(this.u32max, greatest);
      }
      this.#narrowSigned32(min, max);
    } else if (low32(high + 1n) === low32(highest)) {
      // The range crosses one multiple of 2^32: its lower half, read as signed, stays one range.
      this.#narrowSigned32Around(min, max);
    }
  }

  #narrowSigned32(min: bigint, max: bigint): void {
    const low = low32Signed(min), high = low32Signed(max);
    if (low > high) return;
    this.s32min = Math.max(this.s32min, low);
    this.s32max = Math.min(this.s32max, high);
  }

  #narrowSigned32Around(min: bigint, max: bigint): void {
    const low = low32Signed(min), high = low32Signed(max);
    if (low >= 0 || high < 0) return;
    this.s32min = Math.max(this.s32min, low);
    this.s32max = Math.min(this.s32max, high);
  }

  #deduce64(): void {
    if (s64(this.umin) <= s64(this.umax)) {
      this.smin = maxBig(this.smin, s64(this.umin));
      this.smax = minBig(this.smax, s64(this.umax));
    }
    const low = u64(this.smin), high = u64(this.smax);
    if (low <= high) {
      this.umin = maxBig(low, this.umin);
      this.umax = minBig(high, this.umax);
    } else if (this.umax < low) {
      this.smin = s64(this.umin);
      this.umax = minBig(this.umax, high);
    } else if (high < this.umin) {
      this.smax = s64(this.umax);
      this.umin = maxBig(this.umin, low);
    }
  }

  #deduceMixed(): void {
    this.#narrowFrom32(this.u32min, this.u32max);
    const low = this.s32min >>> 0, high = this.s32max >>> 0;
    if (low <= high) this.#narrowFrom32(low, high);
    if (this.s32min >= 0 && this.smin >= BigInt(S32_MIN) && this.smax <= BigInt(S32_MAX)) {
      this.smin = this.umin = BigInt(this.s32min);
      this.smax = this.umax = u64(BigInt(this.s32max));
      this.smax = s64(this.smax);
      this.tnum = tnumIntersect(this.tnum, tnumRange(this.smin, this.smax));
    }
  }

  /** The value lies at `min` to `max` above some multiple of 2^32. */
  #narrowFrom32(min: number, max: number): void {
    if (min === 0 && max === U32_MAX) return;
    const low = BigInt(min), high = BigInt(max);
    this.umin = maxBig(this.umin, ((this.umin >> 32n) << 32n) | low);
    this.umax = minBig(this.umax, ((this.umax >> 32n) << 32n) | high);
    this.smin = maxBig(this.smin, ((this.smin >> 32n) << 32n) | low);
    this.smax = minBig(this.smax, ((this.smax >> 32n) << 32n) | high);
  }

  /** Whether no value at all fits, or a constant's readings disagree (reg_bounds_sanity_check). */
  get isContradiction(): boolean {
    if (this.umin > this.umax || this.smin > this.smax || this.u32min > this.u32max || this.s32min > this.s32max) {
      return true;
    }
    const { value, mask } = this.tnum;
    if (
      mask === 0n &&
      (this.umin !== value || this.umax !== value || this.smin !== s64(value) || this.smax !== s64(value))
    ) {
      return true;
    }
    if ((mask & U32_MASK) !== 0n) return false;
    const low = low32(value);
    return this.u32min !== low || this.u32max !== low || this.s32min !== (low | 0) || this.s32max !== (low | 0);
  }

  /** The upper half becomes zero (zext_32_to_64); the caller syncs. */
  zeroExtend32(): void {
    this.tnum = tnumSubreg(this.tnum);
    this.umin = BigInt(this.u32min);
    this.umax = BigInt(this.u32max);
    const positive = this.s32min >= 0 && this.s32max >= 0;
    this.smin = positive ? BigInt(this.s32min) : 0n;
    this.smax = positive ? BigInt(this.s32max) : BigInt(U32_MAX);
  }

  /** What remains when only the low bytes are kept (coerce_reg_to_size). */
  truncate(bytes: number): void {
    this.tnum = tnumCast(this.tnum, bytes);
    const mask = (1n << BigInt(bytes * 8)) - 1n;
    if ((this.umin & ~mask) === (this.umax & ~mask)) {
      this.umin &= mask;
      this.umax &= mask;
    } else {
      this.umin = 0n;
      this.umax = mask;
    }
    this.smin = this.umin;
    this.smax = this.umax;
    if (bytes < 4) this.forget32();
    this.sync();
  }

  /** Byte order turned in the low bytes, the rest cleared; without `swaps` only the rest (scalar_byte_swap). */
  swapBytes(bytes: number, swaps: boolean): void {
    if (swaps) {
      const reverse = (value: bigint): bigint => {
        let out = 0n;
        for (let at = 0; at < bytes; at++) out = (out << 8n) | ((value >> BigInt(at * 8)) & 0xffn);
        return out;
      };
      this.tnum = { value: reverse(this.tnum.value), mask: reverse(this.tnum.mask) };
      this.forgetRanges();
    }
    if (bytes < 8) this.truncate(bytes);
    this.sync();
  }
}

export const ZERO = Bounds.constant(0n);
export const UNKNOWN = new Bounds();
