/** The data files that `deno task kernel-tables` reads out of a kernel's BTF; each is read when it is first asked for. */
import { assetText } from "../../host/assets.ts";

/** Where a file's facts are from. */
export interface KernelSource {
  /** `Linux 6.18.44` */
  readonly kernel: string;
  /** `x86_64`; sizes and places differ between architectures. */
  readonly arch: string;
  /** Day on which they were read. */
  readonly date: string;
}

/** A field of a struct: with one of `size`, `bits`, `pointer`, `struct`, `layout` and `omitted`. */
export interface FieldData {
  /** Empty for a struct or union without a name. */
  readonly name: string;
  /** Bytes from the start of the struct; absent for a bit field. */
  readonly offset?: number;
  /** A plain number of so many bytes; of a bit field, the bytes of its type. */
  readonly size?: number;
  /** A bit field: its first bit, counted from the start of the struct, and its length. */
  readonly bit?: number;
  readonly bits?: number;
  readonly signed?: boolean;
  /** A pointer to this struct, `?` for one without a name; null for a pointer to anything else. */
  readonly pointer?: string | null;
  /** A struct of the file that lies inside. */
  readonly struct?: string;
  /** A struct or union without a name. */
  readonly layout?: StructData;
  /** A struct of so many bytes that the file leaves out. */
  readonly omitted?: number;
  /** Elements of an array; 0 where it is open. */
  readonly count?: number;
}

export interface StructData {
  readonly union?: true;
  readonly size: number;
  readonly fields: readonly FieldData[];
}

/**
 * `kernel_structs.jsonl`: structs that programs follow pointers into, one a line after that of the source, because a
 * program meets few of them and to parse all takes longer than most programs are verified in.
 */
export interface KernelStructs {
  readonly source: KernelSource;
  /** In the order of the file. */
  readonly names: readonly string[];
  /** Parses the struct's line; `undefined` when the file has none of that name. */
  struct(name: string): StructData | undefined;
}

/** An argument: an integer, a pointer that is only a number to the verifier, a struct by value, a pointer to a struct. */
export type ArgumentData = "integer" | "pointer" | "value" | { readonly struct: string };

/** `tracepoints.json`: what programs of tracepoints find in ctx. */
export interface KernelTracepoints {
  readonly source: KernelSource;
  readonly tracepoints: Readonly<Record<string, readonly ArgumentData[]>>;
  /** Bytes of the structs that programs may get a pointer to. */
  readonly sizes: Readonly<Record<string, number>>;
}

/** `raw_tp_null_args.json`: arguments of tracepoints, counted from 0, that may be NULL or an error; BTF does not say. */
export interface NullArguments {
  readonly source: string;
  readonly null: Readonly<Record<string, readonly number[]>>;
  readonly error: Readonly<Record<string, readonly number[]>>;
}

const read = (name: string) => JSON.parse(assetText(`verifier/kernel/${name}`));

export function readKernelStructs(): KernelStructs {
  const text = assetText("verifier/kernel/kernel_structs.jsonl");
  const [first, ...rest] = text.trimEnd().split("\n");
  const lines = new Map(rest.map((line) => [/"name": "(\w+)"/.exec(line)![1], line]));
  return {
    source: JSON.parse(first).source,
    names: [...lines.keys()],
    struct: (name) => lines.has(name) ? JSON.parse(lines.get(name)!) : undefined,
  };
}

export const readTracepoints = (): KernelTracepoints => read("tracepoints.json");
export const readNullArguments = (): NullArguments => read("raw_tp_null_args.json");
