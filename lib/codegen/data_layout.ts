/**
 * Sizes, alignments and offsets of types on BPF: `e-m:e-p:64:64-i64:64-i128:128-n32:64-S128`, that is little-endian with
 * natural alignment up to 8 bytes (16 for 128-bit integers).
 */
import type { Type } from "../llvm/module.ts";
import { UnsupportedError } from "./unsupported.ts";

/** Bits of a value in a register: of an integer, or the 64 of a pointer. */
export function bitsOf(type: Type): number {
  if (type.kind === "int") return type.bits;
  if (type.kind === "ptr") return 64;
  throw new UnsupportedError(`a value of type ${typeText(type)}`);
}

export function alignOf(type: Type): number {
  switch (type.kind) {
    case "int":
      return Math.min(16, nextPowerOfTwo(Math.ceil(type.bits / 8)));
    case "ptr":
      return 8;
    case "array":
      return alignOf(type.element);
    case "struct":
      return type.packed ? 1 : Math.max(1, ...(type.fields ?? []).map(alignOf));
    case "float":
      return sizeOf(type);
    case "vector":
      return nextPowerOfTwo(sizeOf(type));
  }
  throw new UnsupportedError(`memory of type ${typeText(type)}`);
}

/** Bytes that elements of an array of the type are apart. */
export function sizeOf(type: Type): number {
  switch (type.kind) {
    case "int":
      return alignUp(Math.ceil(type.bits / 8), alignOf(type));
    case "ptr":
      return 8;
    case "array":
      return type.length * sizeOf(type.element);
    case "vector":
      return Math.ceil(type.length * (type.element.kind === "int" ? type.element.bits : sizeOf(type.element) * 8) / 8);
    case "struct": {
      const fields = type.fields ?? [];
      return fields.length === 0 ? 0 : alignUp(
        fieldOffset(type, fields.length - 1) + sizeOf(fields[fields.length - 1]),
        alignOf(type),
      );
    }
    case "float":
      return { half: 2, bfloat: 2, float: 4, double: 8 }[type.name] ?? 16;
  }
  throw new UnsupportedError(`memory of type ${typeText(type)}`);
}

/** Bytes that a store of the type writes. */
export const storeSizeOf = (type: Type): number => type.kind === "int" ? Math.ceil(type.bits / 8) : sizeOf(type);

/** Byte offset of a struct's field. */
export function fieldOffset(type: Type & { kind: "struct" }, index: number): number {
  const fields = type.fields ?? [];
  let offset = 0;
  for (let i = 0; i <= index; i++) {
    if (!type.packed) offset = alignUp(offset, alignOf(fields[i]));
    if (i < index) offset += sizeOf(fields[i]);
  }
  return offset;
}

export const alignUp = (bytes: number, align: number): number => Math.ceil(bytes / align) * align;

const nextPowerOfTwo = (number: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, number)));

/** A type as messages call it. */
export function typeText(type: Type): string {
  switch (type.kind) {
    case "int":
      return `i${type.bits}`;
    case "ptr":
      return type.addressSpace ? `ptr addrspace(${type.addressSpace})` : "ptr";
    case "float":
      return type.name;
    case "array":
      return `[${type.length} x ${typeText(type.element)}]`;
    case "vector":
      return `<${type.length} x ${typeText(type.element)}>`;
    case "struct":
      return type.name ?? `{ ${(type.fields ?? []).map(typeText).join(", ")} }`;
    default:
      return type.kind;
  }
}
