/** Keys and values as readers write and see them: numbers, objects with the C fields' names, arrays, bytes. */
import type { Btf } from "../object/btf.ts";
import { resolveType, sizeOfType } from "../object/btf_types.ts";
import { isSpinLock, type Leaf, readLeaf, writeLeaf } from "./value_layout.ts";

/** What a key or a value may be given as: fields left out are zero. */
export type MapInput = number | bigint | Uint8Array | readonly MapInput[] | { readonly [field: string]: MapInput };

/** What a lookup gives: a bigint for a number, an object for a struct, bytes for a run of chars. */
export type MapValue = bigint | Uint8Array | MapValue[] | { [field: string]: MapValue };

const isNumberSize = (size: number): boolean => size === 1 || size === 2 || size === 4 || size === 8;
const isInput = (input: MapInput): input is number | bigint => typeof input === "number" || typeof input === "bigint";

/**
 * Turns what the reader gave into `size` bytes.
 *
 * @param what what it is for, for messages: `key of stats`
 * @throws TypeError when it does not fit the type
 */
export function encodeValue(
  btf: Btf | undefined,
  type: number | undefined,
  size: number,
  input: MapInput,
  what: string,
): Uint8Array {
  if (input instanceof Uint8Array) {
    if (input.length === size) return input.slice();
    throw new TypeError(`${what}: ${input.length} bytes given, it has ${size}`);
  }
  const bytes = new Uint8Array(size);
  if (btf && type) {
    encodeAt(btf, type, bytes, 0, input, what);
    return bytes;
  }
  if (isNumberSize(size) && !isInput(input)) return numberOnly(input, what);
  if (!isInput(input) || !isNumberSize(size)) {
    throw new TypeError(`${what}: the object does not say its type; give a Uint8Array of ${size} bytes`);
  }
  writeLeaf(bytes, { path: "", offset: 0, size, signed: false }, wholeNumber(input, what));
  return bytes;
}

function encodeAt(btf: Btf, id: number, bytes: Uint8Array, offset: number, input: MapInput, what: string): void {
  const type = resolveType(btf, id), size = sizeOfType(btf, id);
  if (input instanceof Uint8Array) {
    if (input.length !== size) throw new TypeError(`${what}: ${input.length} bytes given, it has ${size}`);
    bytes.set(input, offset);
  } else if (type.kind === "struct" || type.kind === "union") {
    const members = (type.members ?? []).filter((member) => !isSpinLock(btf, member.type));
    const names = members.map((member) => member.name).join(", ");
    if (isInput(input) || Array.isArray(input)) {
      throw new TypeError(`${what}: a struct with the fields ${names}; give an object`);
    }
    for (const [field, value] of Object.entries(input)) {
      const member = members.find((member) => member.name === field);
      if (!member) throw new TypeError(`${what} has no field ${field}; it has ${names}`);
      const at = offset + (member.bitOffset >> 3), name = `${what}.${field}`;
      if (member.bitSize === 0) encodeAt(btf, member.type, bytes, at, value, name);
      else writeLeaf(bytes, bitField(at, member), wholeNumber(value, name));
    }
  } else if (type.kind === "array") {
    const stride = sizeOfType(btf, type.type ?? 0), nelems = type.nelems ?? 0;
    if (!Array.isArray(input) || input.length > nelems) throw new TypeError(`${what}: give an array of ${nelems}`);
    input.forEach((value, i) =>
      encodeAt(btf, type.type ?? 0, bytes, offset + i * stride, value as MapInput, `${what}[${i}]`)
    );
  } else writeLeaf(bytes, { path: "", offset, size, signed: false }, wholeNumber(input, what));
}

function numberOnly(input: MapInput, what: string): never {
  const given = typeof input === "string"
    ? `the text "${input}"`
    : typeof input === "object"
    ? "an object"
    : String(input);
  throw new TypeError(`${what}: a whole number is wanted, not ${given}`);
}

function wholeNumber(input: MapInput, what: string): bigint {
  if (typeof input === "bigint") return input;
  if (typeof input === "number" && Number.isInteger(input)) return BigInt(input);
  throw new TypeError(`${what}: a whole number is wanted, not ${String(input)}`);
}

/** Turns bytes into what the reader sees. */
export function decodeValue(btf: Btf | undefined, type: number | undefined, bytes: Uint8Array): MapValue {
  if (btf && type) return decodeAt(btf, type, bytes, 0);
  if (!isNumberSize(bytes.length)) return bytes.slice();
  return readLeaf(bytes, { path: "", offset: 0, size: bytes.length, signed: false }) as bigint;
}

function decodeAt(btf: Btf, id: number, bytes: Uint8Array, offset: number): MapValue {
  const type = resolveType(btf, id), size = sizeOfType(btf, id);
  if (type.kind === "struct" || type.kind === "union") {
    const fields: Record<string, MapValue> = {};
    for (const member of type.members ?? []) {
      if (isSpinLock(btf, member.type)) continue;
      const at = offset + (member.bitOffset >> 3);
      const value = member.bitSize === 0
        ? decodeAt(btf, member.type, bytes, at)
        : readLeaf(bytes, bitField(at, member)) as bigint;
      if (member.name !== "") fields[member.name] = value;
      else Object.assign(fields, value);
    }
    return fields;
  }
  if (type.kind === "array") {
    const element = type.type ?? 0, stride = sizeOfType(btf, element);
    if (stride === 1) return bytes.slice(offset, offset + size);
    return Array.from({ length: type.nelems ?? 0 }, (_, i) => decodeAt(btf, element, bytes, offset + i * stride));
  }
  if (!isNumberSize(size)) return bytes.slice(offset, offset + size);
  return readLeaf(bytes, { path: "", offset, size, signed: type.signed === true }) as bigint;
}

function bitField(offset: number, member: { readonly bitOffset: number; readonly bitSize: number }): Leaf {
  const bits = { offset: member.bitOffset & 7, size: member.bitSize };
  return { path: "", offset, size: Math.ceil((bits.offset + bits.size) / 8), signed: false, bits };
}
