/**
 * Tristate numbers: what is known of each bit of a 64-bit value (kernel/bpf/tnum.c).
 *
 * A bit set in `mask` is unknown; where it is clear, `value` has the bit. Both are unsigned 64-bit numbers and never
 * share a set bit.
 */
export interface Tnum {
  readonly value: bigint;
  readonly mask: bigint;
}

export const U64_MAX = 0xffff_ffff_ffff_ffffn;
export const U32_MASK = 0xffff_ffffn;
export const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
export const s64 = (value: bigint): bigint => BigInt.asIntN(64, value);

export const TNUM_UNKNOWN: Tnum = { value: 0n, mask: U64_MAX };

export const tnumConst = (value: bigint): Tnum => ({ value: u64(value), mask: 0n });
export const tnumIsUnknown = (a: Tnum): boolean => a.mask === U64_MAX;

/** The smallest tnum that holds every number from `min` to `max`. */
export function tnumRange(min: bigint, max: bigint): Tnum {
  const low = u64(min), differing = low ^ u64(max);
  const bits = bitLength(differing);
  if (bits > 63) return TNUM_UNKNOWN;
  const delta = (1n << BigInt(bits)) - 1n;
  return { value: low & ~delta, mask: delta };
}

/** How many bits it takes to write an unsigned 64-bit number. */
export function bitLength(value: bigint): number {
  const high = Number(value >> 32n);
  return high !== 0 ? 64 - Math.clz32(high) : 32 - Math.clz32(Number(value & U32_MASK));
}

export const tnumShiftLeft = (a: Tnum, by: number): Tnum => ({
  value: u64(a.value << BigInt(by)),
  mask: u64(a.mask << BigInt(by)),
});
export const tnumShiftRight = (a: Tnum, by: number): Tnum => ({
  value: a.value >> BigInt(by),
  mask: a.mask >> BigInt(by),
});
export function tnumShiftRightSigned(a: Tnum, by: number, bits: 32 | 64): Tnum {
  const shift = (x: bigint) => BigInt.asUintN(bits, BigInt.asIntN(bits, x) >> BigInt(by));
  return { value: shift(a.value), mask: shift(a.mask) };
}

export function tnumAdd(a: Tnum, b: Tnum): Tnum {
  if (a.mask === 0n && b.mask === 0n) return { value: u64(a.value + b.value), mask: 0n };
  const masks = a.mask + b.mask, values = a.value + b.value;
  const unknown = u64(((masks + values) ^ values) | a.mask | b.mask);
  return { value: u64(values) & ~unknown, mask: unknown };
}

export function tnumSub(a: Tnum, b: Tnum): Tnum {
  const difference = u64(a.value - b.value);
  const unknown = u64(u64(difference + a.mask) ^ u64(difference - b.mask)) | a.mask | b.mask;
  return { value: difference & ~unknown, mask: unknown };
}

export function tnumAnd(a: Tnum, b: Tnum): Tnum {
  const maybe = (a.value | a.mask) & (b.value | b.mask), sure = a.value & b.value;
  return { value: sure, mask: maybe & ~sure };
}

export function tnumOr(a: Tnum, b: Tnum): Tnum {
  const value = a.value | b.value, mask = a.mask | b.mask;
  return { value, mask: mask & ~value };
}

export function tnumXor(a: Tnum, b: Tnum): Tnum {
  const value = a.value ^ b.value, mask = a.mask | b.mask;
  return { value: value & ~mask, mask };
}

/** Long multiplication, one partial product per bit of `a` (6.18: an unknown bit joins both outcomes). */
export function tnumMul(a: Tnum, b: Tnum): Tnum {
  if (a.mask === 0n && b.mask === 0n) return { value: u64(a.value * b.value), mask: 0n };
  let sum: Tnum = { value: 0n, mask: 0n };
  let left = a, right = b;
  while (left.value !== 0n || left.mask !== 0n) {
    if ((left.value & 1n) !== 0n) sum = tnumAdd(sum, right);
    else if ((left.mask & 1n) !== 0n) sum = tnumUnion(sum, tnumAdd(sum, right));
    left = tnumShiftRight(left, 1);
    right = tnumShiftLeft(right, 1);
  }
  return sum;
}

/** What holds of a value that fits one of the two. */
function tnumUnion(a: Tnum, b: Tnum): Tnum {
  const mask = a.mask | b.mask | (a.value ^ b.value);
  return { value: a.value & b.value & ~mask, mask };
}

/** Whether some value fits both. */
export const tnumOverlap = (a: Tnum, b: Tnum): boolean => {
  const known = ~a.mask & ~b.mask & U64_MAX;
  return (a.value & known) === (b.value & known);
};

/** What both say together; only sound when some value fits both. */
export function tnumIntersect(a: Tnum, b: Tnum): Tnum {
  const value = a.value | b.value, mask = a.mask & b.mask;
  return { value: value & ~mask, mask };
}

export const tnumCast = (a: Tnum, bytes: number): Tnum => {
  const bits = bytes * 8;
  return { value: BigInt.asUintN(bits, a.value), mask: BigInt.asUintN(bits, a.mask) };
};

export const tnumIsAligned = (a: Tnum, size: number): boolean => ((a.value | a.mask) & BigInt(size - 1)) === 0n;

/** Whether every value that fits `b` fits `a`. */
export const tnumIn = (a: Tnum, b: Tnum): boolean => (b.mask & ~a.mask) === 0n && a.value === (b.value & ~a.mask);

/** The smallest value of `a` above `z`; its largest where there is none (6.18: tnum_step). */
export function tnumStep(a: Tnum, z: bigint): bigint {
  const greatest = a.value | a.mask;
  if (z >= greatest) return greatest;
  if (z < a.value) return a.value;
  const distance = z - a.value;
  // Known bits, and everything below a known bit of the distance, let the carry of +1 through.
  const below = (1n << BigInt(bitLength(distance & ~a.mask))) - 1n;
  const filled = distance | below | u64(~a.mask);
  return a.value | (u64(filled + 1n) & a.mask);
}

export const tnumSubreg = (a: Tnum): Tnum => ({ value: a.value & U32_MASK, mask: a.mask & U32_MASK });
export const tnumClearSubreg = (a: Tnum): Tnum => ({ value: (a.value >> 32n) << 32n, mask: (a.mask >> 32n) << 32n });
export const tnumWithSubreg = (a: Tnum, low: Tnum): Tnum => tnumOr(tnumClearSubreg(a), tnumSubreg(low));
export const tnumSubregIsConst = (a: Tnum): boolean => (a.mask & U32_MASK) === 0n;

const hex = (value: bigint): string => value === 0n ? "0" : `0x${value.toString(16)}`;

/** As the kernel's log writes it: `5`, `0x1ffff`, `(0x0; 0xff)`. */
export function tnumText(a: Tnum): string {
  if (a.mask === 0n) return a.value <= 0xffffn ? String(a.value) : hex(a.value);
  return `(0x${a.value.toString(16)}; 0x${a.mask.toString(16)})`;
}
