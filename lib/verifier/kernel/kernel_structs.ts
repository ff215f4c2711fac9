/** Fields of kernel structs, as `kernel_structs.jsonl` has them; of others, as the running kernel's BTF does. */
import { layoutOf as describe } from "./describe_types.ts";
import { kernelBtf } from "./kernel_btf.ts";
import { type FieldData, type KernelStructs, readKernelStructs, type StructData } from "./kernel_data.ts";

export type FieldType =
  | { readonly kind: "scalar" }
  /** `to`: the struct; absent for pointers to anything else. */
  | { readonly kind: "pointer"; readonly to?: string }
  /** `layout`: of a struct without a name. With neither, a struct that the table leaves out. */
  | { readonly kind: "struct"; readonly name?: string; readonly layout?: StructLayout };

export interface StructField {
  readonly name: string;
  /** Bytes from the start of the struct; of a bit field, of its first bit, rounded down. */
  readonly offset: number;
  /** Bits of a bit field, and where they begin; 0 for others. */
  readonly bits: number;
  readonly firstBit: number;
  /** Of a bit field. */
  readonly isSigned?: boolean;
  /** Of one element; of a bit field, that of its type. */
  readonly type: FieldType;
  readonly size: number;
  /** Elements in a row; 1 unless it is an array. */
  readonly count: number;
  readonly isArray: boolean;
}

export interface StructLayout {
  readonly isUnion: boolean;
  readonly size: number;
  readonly fields: readonly StructField[];
}

const POINTER_BYTES = 8;
const SCALAR: FieldType = { kind: "scalar" };

const layouts = new Map<string, StructLayout>();
const running = new WeakMap<object, Map<string, StructLayout | null>>();
let kernel: KernelStructs | undefined;

/** `undefined` for structs that Interleave does not know. */
export function structLayout(name: string): StructLayout | undefined {
  const known = layouts.get(name);
  if (known) return known;
  kernel ??= readKernelStructs();
  const data = kernel.struct(name);
  if (!data) return runningLayout(name);
  const layout = layoutOfData(data);
  layouts.set(name, layout);
  return layout;
}

/** Whether a struct is one of the tables', so that it is known without a kernel. */
export function isInTables(name: string): boolean {
  kernel ??= readKernelStructs();
  return kernel.names.includes(name);
}

/** Whether a struct holds nothing but numbers (__btf_type_is_scalar_struct). */
export function isScalarStruct(name: string): boolean {
  const holdsNumbers = ({ fields }: StructLayout): boolean =>
    fields.every(({ type }) =>
      type.kind === "scalar" ||
      type.kind === "struct" && (type.layout ? holdsNumbers(type.layout) : isScalarStruct(type.name ?? ""))
    );
  const layout = structLayout(name);
  return layout !== undefined && holdsNumbers(layout);
}

/** Whether a struct is, or holds at an offset, one of a name (kernel/bpf/btf.c:btf_struct_ids_match). */
export function holdsStruct(name: string, wanted: string, off: number): boolean {
  if (name === wanted && off === 0) return true;
  let layout = structLayout(name);
  while (layout) {
    const field: StructField | undefined = layout.fields.find((one) =>
      one.type.kind === "struct" && off >= one.offset && off < one.offset + one.size * one.count
    );
    if (field?.type.kind !== "struct") return false;
    off = (off - field.offset) % field.size;
    if (field.type.name === wanted && off === 0) return true;
    layout = field.type.layout ?? (field.type.name ? structLayout(field.type.name) : undefined);
  }
  return false;
}

function runningLayout(name: string): StructLayout | undefined {
  const btf = kernelBtf();
  if (!btf || name === "") return undefined;
  let known = running.get(btf);
  if (!known) running.set(btf, known = new Map());
  let layout = known.get(name);
  if (layout === undefined) {
    const type = btf.find(name, "struct", "union");
    layout = type ? layoutOfData(describe(btf, type, () => true)) : null;
    known.set(name, layout);
  }
  return layout ?? undefined;
}

export const layoutOfData = ({ union, size, fields }: StructData): StructLayout => ({
  isUnion: union ?? false,
  size,
  fields: fields.map(fieldOf),
});

function fieldOf(field: FieldData): StructField {
  const { name, bit, bits, size = 0, signed, count } = field;
  if (bit !== undefined) {
    return {
      name,
      offset: bit >> 3,
      bits: bits!,
      firstBit: bit,
      type: SCALAR,
      isSigned: signed ?? false,
      size,
      count: 1,
      isArray: false,
    };
  }
  const place = { name, offset: field.offset!, bits: 0, firstBit: 0 };
  return { ...place, ...typeOf(field), count: count ?? 1, isArray: count !== undefined };
}

function typeOf({ size, pointer, struct, layout, omitted }: FieldData): { type: FieldType; size: number } {
  if (size !== undefined) return { type: SCALAR, size };
  if (pointer !== undefined) {
    return { type: pointer === null ? { kind: "pointer" } : { kind: "pointer", to: pointer }, size: POINTER_BYTES };
  }
  if (struct !== undefined) return { type: { kind: "struct", name: struct }, size: structLayout(struct)?.size ?? 0 };
  if (layout) return { type: { kind: "struct", layout: layoutOfData(layout) }, size: layout.size };
  return { type: { kind: "struct" }, size: omitted! };
}
