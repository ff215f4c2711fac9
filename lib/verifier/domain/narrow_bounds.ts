/**
 * {@link Bounds.sync} of a value whose upper half is known to be zero, as loop counters, indices and masked numbers are:
 * the same deductions, in plain numbers. BigInt arithmetic took most of the time of long programs.
 */
import type { Bounds } from "./bounds.ts";

const U32_MAX = 0xffff_ffff, S32_MAX = 0x7fff_ffff, S32_MIN = -0x8000_0000;
const LIMIT = 0xffff_ffffn;

/** Everything known of the value under way: one value serves all calls, none of which begins within another. */
let value = 0, mask = 0, umin = 0, umax = 0, smin = 0, smax = 0, u32min = 0, u32max = 0, s32min = 0, s32max = 0;

/** The ones below and at the highest bit in which two numbers differ. */
const differing = (a: number, b: number): number => {
  const zeros = Math.clz32(a ^ b);
  return zeros === 32 ? 0 : U32_MAX >>> zeros;
};

function becomeConstant(to: number): void {
  value =
    umin =
    umax =
    smin =
    smax =
    u32min =
    u32max =
      to;
  mask = 0;
  s32min = s32max = to | 0;
}

/** See tnumStep. */
function step(z: number): number {
  const greatest = (value | mask) >>> 0;
  if (z >= greatest) return greatest;
  if (z < value) return value;
  const distance = z - value, below = differing(distance & ~mask, 0);
  return (value | (((distance | below | ~mask) + 1) & mask)) >>> 0;
}

function learnBits(): void {
  s32min = Math.max(s32min, (value | (mask & S32_MIN)) | 0);
  s32max = Math.min(s32max, (value | (mask & S32_MAX)) | 0);
  const greatest = (value | mask) >>> 0;
  u32min = Math.max(u32min, value);
  u32max = Math.min(u32max, greatest);
  smin = Math.max(smin, value);
  smax = Math.min(smax, greatest);
  umin = Math.max(umin, value);
  umax = Math.min(umax, greatest);
  if (mask === 0) return;
  const next = step(umin), isMinIn = ((umin & ~mask) >>> 0) === value;
  if (isMinIn) {
    if (next > umax) becomeConstant(umin);
  } else if (next === greatest) {
    becomeConstant(greatest);
  } else if (next <= umax && step(next) > umax) {
    becomeConstant(next);
  }
}

function intersectRange(min: number, max: number): void {
  const unknown = differing(min, max), known = min & ~unknown;
  const both = mask & unknown;
  value = ((value | known) & ~both) >>> 0;
  mask = both >>> 0;
}

function learnHalf(min: number, max: number): void {
  if (min <= max) {
    u32min = Math.max(u32min, min);
    u32max = Math.min(u32max, max);
  }
  if ((min | 0) <= (max | 0)) {
    s32min = Math.max(s32min, min | 0);
    s32max = Math.min(s32max, max | 0);
  }
}

function deduce32(): void {
  learnHalf(umin, umax);
  learnHalf(smin, smax);
  if ((u32min | 0) <= (u32max | 0)) {
    s32min = Math.max(s32min, u32min | 0);
    s32max = Math.min(s32max, u32max | 0);
  }
  const low = s32min >>> 0, high = s32max >>> 0;
  if (low <= high) {
    u32min = Math.max(low, u32min);
    u32max = Math.min(high, u32max);
  } else if (u32max < low) {
    s32min = u32min | 0;
    u32max = Math.min(u32max, high);
  } else if (high < u32min) {
    s32max = u32max | 0;
    u32min = Math.max(u32min, low);
  }
}

function deduce64(): void {
  if (umin <= umax) {
    smin = Math.max(smin, umin);
    smax = Math.min(smax, umax);
  }
  if (smin <= smax) {
    umin = Math.max(smin, umin);
    umax = Math.min(smax, umax);
  } else if (umax < smin) {
    smin = umin;
    umax = Math.min(umax, smax);
  } else if (smax < umin) {
    smax = umax;
    umin = Math.max(umin, smin);
  }
}

function narrowFrom32(min: number, max: number): void {
  if (min === 0 && max === U32_MAX) return;
  umin = Math.max(umin, min);
  umax = Math.min(umax, max);
  smin = Math.max(smin, min);
  smax = Math.min(smax, max);
}

/** `false` when the value would leave the lower half, which only contradictions do. */
function deduceMixed(): boolean {
  narrowFrom32(u32min, u32max);
  const low = s32min >>> 0, high = s32max >>> 0;
  if (low <= high) narrowFrom32(low, high);
  if (s32min >= 0 && smax <= S32_MAX) {
    if (s32max < 0) return false;
    smin = umin = s32min;
    smax = umax = s32max;
    intersectRange(smin, smax);
  }
  return true;
}

/** Does the work of `sync` where it can; `false`, and nothing changed, where the value is too wide for it. */
export function syncNarrow(bounds: Bounds): boolean {
  if (bounds.umax > LIMIT || bounds.smin < 0n || bounds.smax > LIMIT || bounds.umin > LIMIT) return false;
  const { tnum } = bounds;
  if (tnum.value > LIMIT || tnum.mask > LIMIT || bounds.umax < 0n || bounds.smax < 0n || bounds.umin < 0n) return false;
  if (bounds.smin > LIMIT) return false;
  const firstUmin = umin = Number(bounds.umin), firstUmax = umax = Number(bounds.umax);
  const firstSmin = smin = Number(bounds.smin), firstSmax = smax = Number(bounds.smax);
  const firstValue = value = Number(tnum.value), firstMask = mask = Number(tnum.mask);
  u32min = bounds.u32min;
  u32max = bounds.u32max;
  s32min = bounds.s32min;
  s32max = bounds.s32max;
  learnBits();
  for (let round = 0; round < 3; round++) {
    const a = umin, b = umax, c = smin, d = smax, e = u32min, f = u32max, g = s32min, h = s32max;
    deduce32();
    deduce64();
    if (!deduceMixed()) return false;
    if (
      a === umin && b === umax && c === smin && d === smax && e === u32min && f === u32max && g === s32min &&
      h === s32max
    ) {
      break;
    }
  }
  intersectRange(umin, umax);
  intersectRange(u32min, u32max);
  learnBits();
  if (value !== firstValue || mask !== firstMask) bounds.tnum = { value: BigInt(value), mask: BigInt(mask) };
  if (umin !== firstUmin) bounds.umin = BigInt(umin);
  if (umax !== firstUmax) bounds.umax = BigInt(umax);
  if (smin !== firstSmin) bounds.smin = smin === umin ? bounds.umin : BigInt(smin);
  if (smax !== firstSmax) bounds.smax = smax === umax ? bounds.umax : BigInt(smax);
  bounds.u32min = u32min;
  bounds.u32max = u32max;
  bounds.s32min = s32min;
  bounds.s32max = s32max;
  return true;
}
