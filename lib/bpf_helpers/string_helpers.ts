/** Helper functions about strings (kernel/trace/bpf_trace.c, kernel/bpf/helpers.c). */
import { addressOf } from "../cpu/memory.ts";
import { load, type Model, type TaskContext } from "../cpu/operation.ts";
import { errno } from "../maps/errno.ts";
import { faultWith, readWord, sourceAt } from "../maps/source.ts";
import type { HelperModel } from "./kernel.ts";
import { copyTo } from "./copy_to.ts";
import { badSource, writableReason } from "./memory_helpers.ts";
import { formatText, readBytes, readStrings } from "./printk.ts";

/** Bytes of a string up to and with its zero byte, `size` at most; undefined where the memory ends before. */
function* readUpTo(ctx: TaskContext, pointer: bigint, size: number): Model<number[] | undefined> {
  const { memory } = ctx, bytes: number[] = [];
  while (bytes.length < size) {
    const at = pointer + BigInt(bytes.length);
    if (memory.explain(at, 1, false)) return undefined;
    const byte = Number(yield load(addressOf(at), 1, "string", !memory.isShared(at)));
    bytes.push(byte);
    if (byte === 0) break;
  }
  return bytes;
}

/**
 * mm/maccess.c:strncpy_from_kernel_nofault and strncpy_from_user_nofault: bytes copied with the zero byte, which is there
 * whatever happens; bytes behind it stay. A bad source zeroes the whole buffer and gives an error.
 */
function* probeReadStr(ctx: TaskContext, dst: bigint, sizeArg: bigint, src: bigint, name: string): Model {
  const size = Number(BigInt.asUintN(32, sizeArg)), reason = writableReason(ctx, dst, size);
  if (reason) return yield* faultWith(`${name}: destination: ${reason}`);
  if (size === 0) return 0n;
  const bytes = yield* readUpTo(ctx, src, size);
  if (!bytes) {
    yield* copyTo(ctx, dst, size, { bytes: new Uint8Array(size) });
    return badSource(ctx, name, src);
  }
  bytes[bytes.length - 1] = 0;
  yield* copyTo(ctx, dst, bytes.length, { bytes: Uint8Array.from(bytes) });
  return BigInt(bytes.length);
}

/** bpf_probe_read_kernel_str(dst, size, unsafe_ptr). */
export const bpf_probe_read_kernel_str: HelperModel = (_kernel, ctx, [dst, size, src]) =>
  probeReadStr(ctx, dst, size, src, "bpf_probe_read_kernel_str");

/** bpf_probe_read_str(dst, size, unsafe_ptr): the old name. */
export const bpf_probe_read_str: HelperModel = (_kernel, ctx, [dst, size, src]) =>
  probeReadStr(ctx, dst, size, src, "bpf_probe_read_str");

/** bpf_probe_read_user_str(dst, size, unsafe_ptr): user memory is no other than the kernel's here. */
export const bpf_probe_read_user_str: HelperModel = (_kernel, ctx, [dst, size, src]) =>
  probeReadStr(ctx, dst, size, src, "bpf_probe_read_user_str");

/** include/linux/bpf.h:MAX_BPRINTF_VARARGS, as bytes. */
const MOST_ARGUMENT_BYTES = 12 * 8;

/** bpf_snprintf(str, str_size, fmt, data, data_len): bytes that the whole text takes, its zero byte included. */
export const bpf_snprintf: HelperModel = function* (_kernel, ctx, [str, sizeArg, fmt, data, lengthArg]) {
  const size = Number(BigInt.asUintN(32, sizeArg)), length = Number(BigInt.asUintN(32, lengthArg));
  const reason = writableReason(ctx, str, size);
  if (reason) return yield* faultWith(`bpf_snprintf: destination: ${reason}`);
  if (length % 8 !== 0 || length > MOST_ARGUMENT_BYTES || length > 0 && data === 0n) return errno("EINVAL");
  const chars = yield* readUpTo(ctx, fmt, FORMAT_BYTES);
  if (!chars) return yield* faultWith("bpf_snprintf: format: it does not end in its memory");
  const format = decode(chars), args: bigint[] = [];
  if (length > 0) {
    const source = yield* sourceAt(ctx.memory, data, length, "bpf_snprintf: arguments");
    for (let offset = 0; offset < length; offset += 8) {
      args.push(yield* readWord(source, { offset, size: 8 }, "argument"));
    }
  }
  const text = encode(formatText(format, args, yield* readStrings(ctx.memory, format, args)));
  if (size > 0) {
    const copied = text.subarray(0, size - 1), bytes = new Uint8Array(copied.length + 1);
    bytes.set(copied);
    yield* copyTo(ctx, str, bytes.length, { bytes });
  }
  return BigInt(text.length + 1);
};

const FORMAT_BYTES = 4096;
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: readonly number[]): string => new TextDecoder().decode(Uint8Array.from(bytes)).split("\0", 1)[0];

/** bpf_seq_printf(seq, fmt, fmt_size, data, data_len): what an iterator writes appears in the trace. */
export const bpf_seq_printf: HelperModel = function* (_kernel, ctx, [, fmt, sizeArg, data, lengthArg]) {
  const size = Number(BigInt.asUintN(32, sizeArg)), length = Number(BigInt.asUintN(32, lengthArg));
  if (length % 8 !== 0 || length > MOST_ARGUMENT_BYTES || length > 0 && data === 0n) return errno("EINVAL");
  const format = decode([...yield* readBytes(ctx, fmt, size, "bpf_seq_printf: format")]), args: bigint[] = [];
  if (length > 0) {
    const source = yield* sourceAt(ctx.memory, data, length, "bpf_seq_printf: arguments");
    for (let offset = 0; offset < length; offset += 8) {
      args.push(yield* readWord(source, { offset, size: 8 }, "argument"));
    }
  }
  yield { kind: "print", text: formatText(format, args, yield* readStrings(ctx.memory, format, args)).trimEnd() };
  return 0n;
};

/** bpf_seq_write(seq, data, len). */
export const bpf_seq_write: HelperModel = function* (_kernel, ctx, [, data, length]) {
  const bytes = yield* readBytes(ctx, data, Number(BigInt.asUintN(32, length)), "bpf_seq_write: data");
  yield { kind: "print", text: [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ") };
  return 0n;
};

/** bpf_strncmp(s1, s1_sz, s2): lib/string.c:strncmp, which gives -1, 0 or 1. */
export const bpf_strncmp: HelperModel = function* (_kernel, ctx, [first, sizeArg, second]) {
  const size = Number(BigInt.asUintN(32, sizeArg));
  for (let i = 0; i < size; i++) {
    const [a, b] = [yield* byteAt(ctx, first, i), yield* byteAt(ctx, second, i)];
    if (a !== b) return a < b ? -1n : 1n;
    if (a === 0) break;
  }
  return 0n;
};

function* byteAt(ctx: TaskContext, pointer: bigint, i: number): Model<number> {
  const at = pointer + BigInt(i), reason = ctx.memory.explain(at, 1, false);
  if (reason) return yield* faultWith(`bpf_strncmp: ${reason}`);
  return Number(yield load(addressOf(at), 1, "string", !ctx.memory.isShared(at)));
}

const BASE_MASK = 0x1fn;
/** sizeof(str) of kernel/bpf/helpers.c:__bpf_strtoull, less the zero byte. */
const MOST_DIGITS = 63;
const U64_MAX = (1n << 64n) - 1n, S64_MAX = (1n << 63n) - 1n;

interface Parsed {
  readonly value: bigint;
  readonly isNegative: boolean;
  readonly consumed: number;
}

/** kernel/bpf/helpers.c:__bpf_strtoull, over the bytes of the buffer; a bigint is -errno. */
export function parseNumber(bytes: Uint8Array, flags: bigint): Parsed | bigint {
  let base = Number(flags & BASE_MASK);
  if (bytes.length === 0 || ![0, 8, 10, 16].includes(base) || (flags & ~BASE_MASK) !== 0n) return errno("EINVAL");
  let at = 0;
  while (at < bytes.length && isSpace(bytes[at])) at++;
  const isNegative = bytes[at] === 0x2d;
  if (isNegative) at++;
  const text = String.fromCharCode(...bytes.subarray(at, at + MOST_DIGITS)).split("\0", 1)[0];
  if (at === bytes.length) return errno("EINVAL");
  // lib/kstrtox.c:_parse_integer_fixup_radix
  const isHex = /^0x[0-9a-f]/i.test(text);
  if (base === 0) base = isHex ? 16 : text.startsWith("0") ? 8 : 10;
  const prefix = base === 16 && /^0x/i.test(text) ? 2 : 0;
  const digits = { 8: /^[0-7]*/, 10: /^[0-9]*/, 16: /^[0-9a-f]*/i }[base as 8 | 10 | 16].exec(text.slice(prefix))![0];
  const value = [...digits].reduce((sum, digit) => sum * BigInt(base) + BigInt(parseInt(digit, 16)), 0n);
  if (value > U64_MAX) return errno("ERANGE");
  if (digits === "") return errno("EINVAL");
  return { value, isNegative, consumed: at + prefix + digits.length };
}

const isSpace = (byte: number): boolean => byte === 0x20 || byte >= 9 && byte <= 13 || byte === 0xa0;

function* parse(ctx: TaskContext, [buf, length, flags, res]: readonly bigint[], isSigned: boolean): Model {
  const name = isSigned ? "bpf_strtol" : "bpf_strtoul", reason = writableReason(ctx, res, 8);
  if (reason) return yield* faultWith(`${name}: result: ${reason}`);
  const parsed = parseNumber(yield* readBytes(ctx, buf, Number(length), `${name}: buffer`), flags);
  let value = 0n, result = typeof parsed === "bigint" ? parsed : BigInt(parsed.consumed);
  if (typeof parsed !== "bigint") {
    value = parsed.isNegative ? -parsed.value : parsed.value;
    if (!isSigned && parsed.isNegative) result = errno("EINVAL");
    else if (isSigned && (value > S64_MAX || value < -S64_MAX - 1n)) result = errno("ERANGE");
  }
  const bytes = new Uint8Array(8);
  if (result >= 0n) new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), true);
  yield* copyTo(ctx, res, 8, { bytes });
  return result;
}

/** bpf_strtol(buf, buf_len, flags, res): how many bytes the number takes. */
export const bpf_strtol: HelperModel = (_kernel, ctx, args) => parse(ctx, args, true);
export const bpf_strtoul: HelperModel = (_kernel, ctx, args) => parse(ctx, args, false);
