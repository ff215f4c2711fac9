/** bpf_printk: the part of bpf_bprintf_prepare (kernel/bpf/helpers.c) that notebooks use. */
import { addressOf, type Memory } from "../cpu/memory.ts";
import { printable } from "../words/printable.ts";
import { load, type Model, type TaskContext } from "../cpu/operation.ts";
import { faultWith, readWord, sourceAt } from "../maps/source.ts";
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
  const strings: (string | undefined)[] = [];
  for (const { index, string } of stringsOf(format)) {
    if (string) strings[index] = yield* readString(ctx.memory, args[index] ?? 0n);
  }
  const line = formatLine(format, args, strings);
  yield { kind: "print", text: printable(line) };
  return BigInt(line.length);
}

/** Which arguments are pointers to strings. */
function stringsOf(format: string): { index: number; string: boolean }[] {
  const conversions = [...format.matchAll(CONVERSION)].filter((match) => match[0] !== "%%");
  return conversions.map((match, index) => ({ index, string: match[4] === "s" }));
}

/** What the line reads like: `%d %i %u %x %X %p %c %s` with lengths, widths and flags; other text stays as it is. */
export function formatLine(format: string, args: readonly bigint[], strings: readonly (string | undefined)[]): string {
  let next = 0;
  const line = format.replace(CONVERSION, (whole, flags = "", width = "", length = "", type = "") => {
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
  return line.replace(/\n$/, "");
}

function number(value: bigint, type: string, bits: number, prefix: boolean): string {
  if (type === "d" || type === "i") return String(BigInt.asIntN(bits, value));
  const unsigned = BigInt.asUintN(bits, value);
  if (type === "u") return String(unsigned);
  const digits = (prefix ? "0x" : "") + unsigned.toString(16);
  return type === "X" ? digits.toUpperCase() : digits;
}

function* readBytes(ctx: TaskContext, pointer: bigint, size: number, what: string): Model<Uint8Array> {
  const source = yield* sourceAt(ctx.memory, pointer, size, what);
  if ("bytes" in source) return source.bytes;
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = Number(yield load(source.addr + i, 1, "string"));
  return bytes;
}

/** lib/strncpy_from_kernel: up to a zero byte, the end of the memory, or 128 bytes. */
function* readString(memory: Memory, pointer: bigint): Model<string> {
  const bytes: number[] = [];
  const first = memory.explain(pointer, 1, false);
  if (first) return yield* faultWith(`bpf_trace_printk: string: ${first}`);
  for (let i = 0; i < MAX_STRING && !memory.explain(pointer + BigInt(i), 1, false); i++) {
    const op = load(addressOf(pointer) + i, 1, "string");
    const byte = Number(yield memory.isShared(pointer) ? op : { ...op, exclusive: true });
    if (byte === 0) break;
    bytes.push(byte);
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes).split("\0", 1)[0];
