/** bpf_printk: the part of bpf_bprintf_prepare (kernel/bpf/helpers.c) that notebooks use. */
import { addressOf, type Memory } from "../cpu/memory.ts";
import { printable } from "../words/printable.ts";
import { load, type Model, type TaskContext } from "../cpu/operation.ts";
import { readWord, sourceAt } from "../maps/source.ts";
import type { HelperArgs, HelperModel, Kernel } from "./kernel.ts";

const MAX_STRING = 128;
const CONVERSION = /%(?:%|([-+ #0]*)(\d*)(hh|h|ll|l)?([diuxXcsp]))/g;

/** bpf_trace_printk(fmt, fmt_size, arg1, arg2, arg3). */
export const bpf_trace_printk: HelperModel = function* (_kernel: Kernel, ctx, [fmt, size, ...args]: HelperArgs) {
  const format = text(yield* readBytes(ctx, fmt, Number(size), "bpf_trace_printk: format"));
  return yield* print(ctx, format, args);
};

/** bpf_trace_vprintk(fmt, fmt_size, data, data_len): more than three arguments, as an array of u64. */
export const bpf_trace_vprintk: HelperModel = function* (_kernel: Kernel, ctx, [fmt, size, data, length]: HelperArgs) {
  const format = text(yield* readBytes(ctx, fmt, Number(size), "bpf_trace_vprintk: format"));
  const source = yield* sourceAt(ctx.memory, data, Number(length), "bpf_trace_vprintk: arguments");
  const args: bigint[] = [];
  for (let offset = 0; offset + 8 <= Number(length); offset += 8) {
    args.push(yield* readWord(source, { offset, size: 8 }, "argument"));
  }
  return yield* print(ctx, format, args);
};

function* print(ctx: TaskContext, format: string, args: readonly bigint[]): Model {
  const line = formatLine(format, args, yield* readStrings(ctx.memory, format, args));
  yield { kind: "print", text: printable(line) };
  return BigInt(line.length);
}

/** What the arguments for `%s` point to, by their index. */
export function* readStrings(
  memory: Memory,
  format: string,
  args: readonly bigint[],
): Model<readonly (string | undefined)[]> {
  const strings: (string | undefined)[] = [];
  for (const { index, string } of stringsOf(format)) {
    if (string) strings[index] = yield* readString(memory, args[index] ?? 0n);
  }
  return strings;
}

/** Which arguments are pointers to strings. */
function stringsOf(format: string): { index: number; string: boolean }[] {
  const conversions = [...format.matchAll(CONVERSION)].filter((match) => match[0] !== "%%");
  return conversions.map((match, index) => ({ index, string: match[4] === "s" }));
}

/** The same for a line of the trace, which needs no end of line. */
export const formatLine = (format: string, args: readonly bigint[], strings: readonly (string | undefined)[]): string =>
  formatText(format, args, strings).replace(/\n$/, "");

/** What the text reads like: `%d %i %u %x %X %p %c %s` with lengths, widths and flags; other text stays as it is. */
export function formatText(format: string, args: readonly bigint[], strings: readonly (string | undefined)[]): string {
  let next = 0;
  return format.replace(CONVERSION, (whole, flags = "", width = "", length = "", type = "") => {
    if (whole === "%%") return "%";
    const index = next++,
      bits = length === "l" || length === "ll" ? 64 : length === "h" ? 16 : length === "hh" ? 8 : 32;
    const value = args[index] ?? 0n;
    const shown = type === "s"
      ? strings[index] ?? "(null)"
      : type === "c"
      ? String.fromCharCode(Number(value & 0xffn))
      : type === "p"
      ? BigInt.asUintN(64, value).toString(16).padStart(16, "0")
      : number(value, type, bits, flags.includes("#"));
    if (flags.includes("-")) return shown.padEnd(Number(width));
    return shown.padStart(Number(width), flags.includes("0") ? "0" : " ");
  });
}

function number(value: bigint, type: string, bits: number, prefix: boolean): string {
  if (type === "d" || type === "i") return String(BigInt.asIntN(bits, value));
  const unsigned = BigInt.asUintN(bits, value);
  if (type === "u") return String(unsigned);
  const digits = (prefix ? "0x" : "") + unsigned.toString(16);
  return type === "X" ? digits.toUpperCase() : digits;
}

export function* readBytes(ctx: TaskContext, pointer: bigint, size: number, what: string): Model<Uint8Array> {
  const source = yield* sourceAt(ctx.memory, pointer, size, what);
  if ("bytes" in source) return source.bytes;
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = Number(yield load(source.addr + i, 1, "string"));
  return bytes;
}

/**
 * mm/maccess.c:strncpy_from_kernel_nofault: up to a zero byte, the end of the memory, or 128 bytes. Of what cannot be read
 * nothing is printed (kernel/bpf/helpers.c:bpf_bprintf_prepare).
 */
function* readString(memory: Memory, pointer: bigint): Model<string> {
  const bytes: number[] = [];
  for (let i = 0; i < MAX_STRING && !memory.explain(pointer + BigInt(i), 1, false); i++) {
    const op = load(addressOf(pointer) + i, 1, "string");
    const byte = Number(yield memory.isShared(pointer) ? op : { ...op, exclusive: true });
    if (byte === 0) break;
    bytes.push(byte);
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes).split("\0", 1)[0];
