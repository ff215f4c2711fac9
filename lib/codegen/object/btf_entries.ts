/** The records of BTF (Documentation/bpf/btf.rst, include/uapi/linux/btf.h), each as what it writes. */
import { BTF_KINDS } from "../../object/btf_parser.ts";
import { ByteWriter, type StringTable } from "./byte_writer.ts";

export type BtfKind = typeof BTF_KINDS[number];

/** A type's number, which may not be known before all types are collected. */
export type TypeRef = number | (() => number);

export const idOf = (ref: TypeRef): number => typeof ref === "number" ? ref : ref();

export interface BtfEntry {
  readonly kind: BtfKind;
  readonly name: string;
  /** Bytes of a value, or the type that this one is made of. */
  readonly sizeOrType: TypeRef;
  /** Members, arguments, constants, variables; of a function its linkage. */
  readonly count?: number;
  /** `kind_flag`: a union that is only declared, a struct with bit fields, an enum with negative constants. */
  readonly flag?: boolean;
  /** What stands behind the common part. */
  readonly tail?: (out: ByteWriter, strings: StringTable) => void;
}

const MAGIC = 0xeb9f;
export const BTF_HEADER_BYTES = 24;

/** Kinds, as BTF numbers them. */
const numberOf = (kind: BtfKind): number => BTF_KINDS.indexOf(kind);

/**
 * The section `.BTF`.
 *
 * @param strings takes the types' names; the section ends with all of them
 */
export function writeBtf(entries: readonly BtfEntry[], strings: StringTable): Uint8Array {
  const types = new ByteWriter();
  for (const { kind, name, sizeOrType, count = 0, flag = false, tail } of entries) {
    types.u32(strings.add(name), (flag ? 0x8000_0000 : 0) + (numberOf(kind) << 24) + count, idOf(sizeOrType));
    tail?.(types, strings);
  }
  const text = strings.toBytes();
  return writeHeader(BTF_HEADER_BYTES).u32(0, types.length, types.length, text.length)
    .bytes(types.toBytes()).bytes(text).toBytes();
}

/** What `.BTF` and `.BTF.ext` begin with. */
export const writeHeader = (headerBytes: number): ByteWriter =>
  new ByteWriter().u16(MAGIC).u8(1).u8(0).u32(headerBytes);
