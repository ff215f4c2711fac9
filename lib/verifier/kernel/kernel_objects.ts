/** Tracepoints and structs of the kernel, as far as programs meet them in ctx and behind pointers. */
import { STRUCT_SIZES, TRACEPOINT_TABLE } from "./tracepoint_table.ts";

/** One argument of a tracepoint. */
export interface TracepointArg {
  readonly kind: "scalar" | "struct";
  /** The struct that it points to. */
  readonly type?: string;
  readonly mayBeNull: boolean;
}

function parse<T>(table: string, read: (value: string) => T): Map<string, T> {
  return new Map(
    table.trim().split(/\s+/).map((entry) => {
      const at = entry.indexOf(":");
      return [entry.slice(0, at), read(entry.slice(at + 1))];
    }),
  );
}

const readArg = (text: string): TracepointArg => {
  const star = text.indexOf("*");
  return star < 0
    ? { kind: "scalar", mayBeNull: false }
    : { kind: "struct", type: text.slice(star + 1), mayBeNull: text.startsWith("u") };
};

let tracepoints: Map<string, readonly TracepointArg[]> | undefined;
let sizes: Map<string, number> | undefined;

/** Arguments of a tracepoint, or `undefined` when the kernel has none of that name. */
export function tracepointArgs(name: string): readonly TracepointArg[] | undefined {
  tracepoints ??= parse(TRACEPOINT_TABLE, (args) => args === "" ? [] : args.split(",").map(readArg));
  return tracepoints.get(name);
}

/** Bytes of a kernel struct, where known. */
export function structSize(name: string): number | undefined {
  sizes ??= parse(STRUCT_SIZES, Number);
  return sizes.get(name);
}
