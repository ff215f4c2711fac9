/** Reads the `.BTF` section (Documentation/bpf/btf.rst, include/uapi/linux/btf.h). */
import type { Btf, BtfType } from "./btf.ts";
import { checkTypes } from "./btf_check.ts";
import { ByteReader } from "./byte_reader.ts";
import { ObjectError } from "./object_error.ts";

const BTF_MAGIC = 0xeb9f;
export const BTF_KINDS = [
  "void",
  "int",
  "ptr",
  "array",
  "struct",
  "union",
  "enum",
  "fwd",
  "typedef",
  "volatile",
  "const",
  "restrict",
  "func",
  "func_proto",
  "var",
  "datasec",
  "float",
  "decl_tag",
  "type_tag",
  "enum64",
] as const;
export const VOID: BtfType = { id: 0, kind: "void", name: "" };

/** Header of `.BTF` and of `.BTF.ext`: where its parts begin. */
export function readBtfHeader(section: ByteReader): { bodyAt: number } {
  if (section.u16(0) !== BTF_MAGIC) {
    throw new ObjectError(`corrupt ${section.what}: it does not start with BTF's magic`);
  }
  if (section.u8(2) !== 1) throw new ObjectError(`${section.what} has version ${section.u8(2)}; only 1 is known`);
  return { bodyAt: section.u32(4) };
}

/** The types and the strings of a `.BTF` section. */
export interface ParsedBtf extends Btf {
  readonly strings: ByteReader;
}

/**
 * Reads every type of a `.BTF` section; `types[id].id === id`.
 *
 * @throws ObjectError when the section is damaged or a type refers to one that does not exist
 */
export function parseBtf(bytes: Uint8Array): ParsedBtf {
  const section = new ByteReader(bytes, "section .BTF");
  const { bodyAt } = readBtfHeader(section);
  const strings = section.part(bodyAt + section.u32(16), section.u32(20), "the strings of .BTF");
  const body = section.part(bodyAt + section.u32(8), section.u32(12), "the types of .BTF");
  const types: BtfType[] = [VOID];
  for (let at = 0; at < body.length;) {
    const { type, bytes: size } = readType(body, at, types.length, strings);
    types.push(type);
    at += size;
  }
  for (const type of types) checkReferences(type, types.length);
  checkTypes(types);
  return { types, bytes, strings };
}

/** The type that starts at a byte of the types, and how many bytes it takes. */
export function readType(
  body: ByteReader,
  at: number,
  id: number,
  strings: ByteReader,
): { type: BtfType; bytes: number } {
  const info = body.u32(at + 4), sizeOrType = body.u32(at + 8);
  const kind = BTF_KINDS[(info >> 24) & 0x1f], count = info & 0xffff, flag = info >>> 31 === 1;
  if (!kind || kind === "void") {
    throw new ObjectError(`corrupt .BTF: type ${id} has unknown kind ${(info >> 24) & 0x1f}`);
  }
  const base = { id, kind, name: strings.string(body.u32(at)) };
  const tail = at + 12;
  /** Reads `count` records of `bytes` bytes behind the type. */
  const records = <T>(bytes: number, read: (at: number) => T): T[] =>
    Array.from({ length: count }, (_, index) => read(tail + index * bytes));
  const name = (at: number) => strings.string(body.u32(at));
  switch (kind) {
    case "int": {
      const encoding = body.u32(tail);
      return { type: { ...base, size: sizeOrType, signed: ((encoding >> 24) & 1) === 1 }, bytes: 16 };
    }
    case "array":
      return {
        type: { ...base, type: body.u32(tail), indexType: body.u32(tail + 4), nelems: body.u32(tail + 8) },
        bytes: 24,
      };
    case "struct":
    case "union": {
      const members = records(12, (at) => {
        const offset = body.u32(at + 8);
        return {
          name: name(at),
          type: body.u32(at + 4),
          bitOffset: flag ? offset & 0xff_ffff : offset,
          bitSize: flag ? offset >>> 24 : 0,
        };
      });
      return { type: { ...base, size: sizeOrType, members }, bytes: 12 + 12 * count };
    }
    case "enum":
    case "enum64": {
      const bytes = kind === "enum" ? 8 : 12;
      const values = records(bytes, (at) => ({ name: name(at), value: enumValue(body, at, kind, flag) }));
      return { type: { ...base, size: sizeOrType, signed: flag, values }, bytes: 12 + bytes * count };
    }
    case "func_proto": {
      const params = records(8, (at) => ({ name: name(at), type: body.u32(at + 4) }));
      return { type: { ...base, type: sizeOrType, params }, bytes: 12 + 8 * count };
    }
    case "func":
      return { type: { ...base, type: sizeOrType, linkage: count }, bytes: 12 };
    case "var":
      return { type: { ...base, type: sizeOrType, linkage: body.u32(tail) }, bytes: 16 };
    case "datasec": {
      const variables = records(12, (at) => ({ type: body.u32(at), offset: body.u32(at + 4), size: body.u32(at + 8) }));
      return { type: { ...base, size: sizeOrType, variables }, bytes: 12 + 12 * count };
    }
    case "float":
      return { type: { ...base, size: sizeOrType }, bytes: 12 };
    case "decl_tag":
      return { type: { ...base, type: sizeOrType, component: body.i32(tail) }, bytes: 16 };
    case "fwd":
      return { type: base, bytes: 12 };
    default:
      return { type: { ...base, type: sizeOrType }, bytes: 12 };
  }
}

function enumValue(body: ByteReader, at: number, kind: "enum" | "enum64", signed: boolean): bigint {
  if (kind === "enum") return BigInt(signed ? body.i32(at + 4) : body.u32(at + 4));
  const value = (BigInt(body.u32(at + 8)) << 32n) | BigInt(body.u32(at + 4));
  return signed ? BigInt.asIntN(64, value) : value;
}

function checkReferences(type: BtfType, count: number): void {
  const references = [type.type, type.indexType];
  for (const member of type.members ?? []) references.push(member.type);
  for (const param of type.params ?? []) references.push(param.type);
  for (const variable of type.variables ?? []) references.push(variable.type);
  for (const reference of references) {
    if (reference !== undefined && reference >= count) {
      throw new ObjectError(
        `corrupt .BTF: type ${type.id} (${type.kind} ${type.name}) refers to missing type ${reference}`,
      );
    }
  }
}
