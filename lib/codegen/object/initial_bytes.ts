/** The bytes that a global begins with, and the addresses among them. */
import type { Constant, Type } from "../../llvm/module.ts";
import { fieldOffset, sizeOf, storeSizeOf, typeText } from "../data_layout.ts";
import { UnsupportedError } from "../unsupported.ts";

/** A pointer inside of a global's bytes: the address of something else. */
export interface InitialAddress {
  /** Byte offset in the global. */
  readonly offset: number;
  readonly symbol: string;
  readonly addend: number;
}

export interface InitialBytes {
  readonly bytes: Uint8Array;
  readonly addresses: readonly InitialAddress[];
}

/** @throws UnsupportedError for a constant that no object of BPF can hold */
export function initialBytes(constant: Constant): InitialBytes {
  const bytes = new Uint8Array(sizeOf(constant.type)), addresses: InitialAddress[] = [];
  fill(constant, 0, bytes, addresses);
  return { bytes, addresses };
}

function fill(constant: Constant, at: number, bytes: Uint8Array, addresses: InitialAddress[]): void {
  switch (constant.kind) {
    case "zero":
    case "null":
    case "undef":
    case "poison":
      return;
    case "integer":
      for (let index = 0; index < storeSizeOf(constant.type); index++) {
        bytes[at + index] = Number(BigInt.asUintN(8, constant.value >> BigInt(8 * index)));
      }
      return;
    case "bytes":
      bytes.set(constant.bytes, at);
      return;
    case "aggregate":
      constant.elements.forEach((element, index) =>
        fill(element, at + elementOffset(constant.type, index), bytes, addresses)
      );
      return;
    case "global":
    case "expression": {
      const { symbol, value } = addressOf(constant);
      if (symbol !== undefined) addresses.push({ offset: at, symbol, addend: value });
      else new DataView(bytes.buffer).setBigInt64(at, BigInt(value), true);
      return;
    }
  }
  throw new UnsupportedError("a floating-point number in a global variable");
}

function elementOffset(type: Type, index: number): number {
  if (type.kind === "struct") return fieldOffset(type, index);
  if (type.kind === "array" || type.kind === "vector") return index * sizeOf(type.element);
  throw new UnsupportedError(`a constant of type ${typeText(type)}`);
}

/** A constant address: a symbol and bytes beyond it, or a number alone. */
export function addressOf(constant: Constant): { readonly symbol?: string; readonly value: number } {
  if (constant.kind === "global") return { symbol: constant.name, value: 0 };
  if (constant.kind === "integer") return { value: Number(BigInt.asIntN(64, constant.value)) };
  if (constant.kind === "null" || constant.kind === "zero") return { value: 0 };
  if (constant.kind !== "expression") throw new UnsupportedError("an address that is no constant");
  const [base, ...indices] = constant.operands;
  switch (constant.opcode) {
    case "bitcast":
    case "addrspacecast":
    case "inttoptr":
    case "ptrtoint":
    case "ptrtoaddr":
      return addressOf(base);
    case "getelementptr": {
      const { symbol, value } = addressOf(base);
      return { symbol, value: value + pathOffset(constant.elementType!, indices) };
    }
  }
  throw new UnsupportedError(`${constant.opcode} of addresses in a global variable`);
}

function pathOffset(type: Type, [first, ...rest]: readonly Constant[]): number {
  const number = (constant: Constant) => addressOf(signed(constant)).value;
  let offset = number(first) * sizeOf(type);
  for (const index of rest) {
    const at = number(index);
    offset += elementOffset(type, at);
    if (type.kind === "struct") type = type.fields![at];
    else if (type.kind === "array" || type.kind === "vector") type = type.element;
  }
  return offset;
}

/** Indices are signed, of whatever width. */
const signed = (constant: Constant): Constant =>
  constant.kind === "integer" && constant.type.kind === "int"
    ? { ...constant, value: BigInt.asIntN(constant.type.bits, constant.value) }
    : constant;
