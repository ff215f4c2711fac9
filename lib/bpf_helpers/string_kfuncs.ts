/** Kernel functions about strings (kernel/bpf/helpers.c): bytes that cannot be read are errors, and so is no end. */
import { addressOf } from "../cpu/memory.ts";
import { load, type Model, type TaskContext } from "../cpu/operation.ts";
import { errno } from "../maps/errno.ts";
import type { HelperModel } from "./kernel.ts";
import { badSource } from "./memory_helpers.ts";

const XATTR_SIZE_MAX = 65_536;
/** Whether one that reads a string can be told that its address is none of the kernel's. */
const READER = "bpf_probe_read_kernel_str";

/** A byte of a string; below 0 an error: of no kernel address at its beginning -ERANGE, else -EFAULT. */
function* byteAt(ctx: TaskContext, pointer: bigint, i: number): Model<number> {
  const at = pointer + BigInt(i);
  if (!ctx.memory.explain(at, 1, false)) {
    return Number(yield load(addressOf(at), 1, "string", !ctx.memory.isShared(at)));
  }
  return Number(i === 0 ? badSource(ctx, READER, pointer) : errno("EFAULT"));
}

const NUL = 0, E2BIG = errno("E2BIG"), ENOENT = errno("ENOENT");
const char = (value: bigint): number => Number(BigInt.asUintN(8, value));
const lower = (byte: number): number => byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;

/** __bpf_strcasecmp */
function* compare(ctx: TaskContext, first: bigint, second: bigint, fold: (byte: number) => number): Model {
  for (let i = 0; i < XATTR_SIZE_MAX; i++) {
    const a = yield* byteAt(ctx, first, i);
    if (a < 0) return BigInt(a);
    const b = yield* byteAt(ctx, second, i);
    if (b < 0) return BigInt(b);
    if (fold(a) !== fold(b)) return fold(a) < fold(b) ? -1n : 1n;
    if (a === NUL) return 0n;
  }
  return E2BIG;
}

/** bpf_strcmp(s1, s2): -1, 0 or 1, as bytes compare. */
export const bpf_strcmp: HelperModel = (_kernel, ctx, [first, second]) => compare(ctx, first, second, (byte) => byte);
export const bpf_strcasecmp: HelperModel = (_kernel, ctx, [first, second]) => compare(ctx, first, second, lower);

/** The first place where `found` gives an answer. */
function* scan(
  ctx: TaskContext,
  pointer: bigint,
  count: bigint,
  found: (byte: number, i: number) => bigint | undefined,
  behind: bigint,
): Model {
  for (let i = 0; BigInt(i) < count && i < XATTR_SIZE_MAX; i++) {
    const byte = yield* byteAt(ctx, pointer, i);
    if (byte < 0) return BigInt(byte);
    const answer = found(byte, i);
    if (answer !== undefined) return answer;
  }
  return count >= BigInt(XATTR_SIZE_MAX) ? E2BIG : behind;
}
const WHOLE = BigInt(XATTR_SIZE_MAX);

/** bpf_strnchr(s, count, c): the index of a byte, -ENOENT where it is not there. */
export const bpf_strnchr: HelperModel = (_kernel, ctx, [s, count, c]) => {
  const found = (byte: number, i: number) => byte === char(c) ? BigInt(i) : byte === NUL ? ENOENT : undefined;
  return scan(ctx, s, count, found, ENOENT);
};
export const bpf_strchr: HelperModel = (kernel, ctx, [s, c]) => bpf_strnchr(kernel, ctx, [s, WHOLE, c, 0n, 0n]);
/** bpf_strchrnul(s, c): the end where it is not there. */
export const bpf_strchrnul: HelperModel = (_kernel, ctx, [s, c]) =>
  scan(ctx, s, WHOLE, (byte, i) => byte === char(c) || byte === NUL ? BigInt(i) : undefined, E2BIG);

/** bpf_strrchr(s, c): the last one. */
export const bpf_strrchr: HelperModel = function* (_kernel, ctx, [s, c]) {
  let last = ENOENT;
  return yield* scan(ctx, s, WHOLE, (byte, i) => {
    if (byte === Number(BigInt.asIntN(32, c))) last = BigInt(i);
    return byte === NUL ? last : undefined;
  }, E2BIG);
};

/** bpf_strnlen(s, count). */
export const bpf_strnlen: HelperModel = (_kernel, ctx, [s, count]) =>
  scan(ctx, s, count, (byte, i) => byte === NUL ? BigInt(i) : undefined, count);
export const bpf_strlen: HelperModel = (kernel, ctx, [s]) => bpf_strnlen(kernel, ctx, [s, WHOLE, 0n, 0n, 0n]);

/** How many bytes come before the first that is, or is not, among others. */
function* span(ctx: TaskContext, s: bigint, set: bigint, isIn: boolean): Model {
  for (let i = 0; i < XATTR_SIZE_MAX; i++) {
    const byte = yield* byteAt(ctx, s, i);
    if (byte < 0) return BigInt(byte);
    if (byte === NUL) return BigInt(i);
    let other = -1, j = 0;
    for (; j < XATTR_SIZE_MAX && other !== byte && other !== NUL; j++) {
      other = yield* byteAt(ctx, set, j);
      if (other < 0) return BigInt(other);
    }
    if (other !== byte && other !== NUL) return E2BIG;
    if ((other === byte) !== isIn) return BigInt(i);
  }
  return E2BIG;
}
/** bpf_strspn(s, accept) and bpf_strcspn(s, reject). */
export const bpf_strspn: HelperModel = (_kernel, ctx, [s, accept]) => span(ctx, s, accept, true);
export const bpf_strcspn: HelperModel = (_kernel, ctx, [s, reject]) => span(ctx, s, reject, false);

/** bpf_strnstr(s1, s2, len): where the second string begins in the first `len` bytes of the first. */
export const bpf_strnstr: HelperModel = function* (_kernel, ctx, [first, second, len]) {
  for (let i = 0; i < XATTR_SIZE_MAX; i++) {
    let j = 0;
    for (; BigInt(i + j) <= len && j < XATTR_SIZE_MAX; j++) {
      const wanted = yield* byteAt(ctx, second, j);
      if (wanted < 0) return BigInt(wanted);
      if (wanted === NUL) return BigInt(i);
      if (BigInt(i + j) === len) break;
      const byte = yield* byteAt(ctx, first, i + j);
      if (byte < 0) return BigInt(byte);
      if (byte === NUL) return ENOENT;
      if (byte !== wanted) break;
    }
    if (j === XATTR_SIZE_MAX) return E2BIG;
    if (BigInt(i + j) === len) return ENOENT;
  }
  return E2BIG;
};
export const bpf_strstr: HelperModel = (kernel, ctx, [first, second]) =>
  bpf_strnstr(kernel, ctx, [first, second, WHOLE, 0n, 0n]);
