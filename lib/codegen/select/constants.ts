/**
 * What constant globals hold: reads of them become numbers, so that a program does not reach into `.rodata` for its own
 * initialisers (BPFISelDAGToDAG.cpp: PreprocessLoad).
 */
import type { Constant, Value } from "../../llvm/module.ts";
import { bitsOf, fieldOffset, sizeOf } from "../data_layout.ts";
import type { Selection } from "./selection.ts";
import { constantOffset } from "./values.ts";

/** Bytes from where a pointer to a constant global points; `undefined` for what is not known before run time. */
export function constantAt(s: Selection, pointer: Value): Uint8Array | undefined {
  if (pointer.kind === "expression" && pointer.opcode === "getelementptr") {
    const [base, ...indices] = pointer.operands, bytes = constantAt(s, base);
    const offset = constantOffset(s, { elementType: pointer.elementType!, indices });
    return offset < 0 ? undefined : bytes?.subarray(offset);
  }
  const global = pointer.kind === "global" ? s.module.globals.find(({ name }) => name === pointer.name) : undefined;
  if (!global?.isConstant || !global.initializer || global.linkage === "weak") return undefined;
  const bytes = new Uint8Array(sizeOf(global.type));
  return fill(bytes, 0, global.initializer) ? bytes : undefined;
}

/** Writes a constant; whether it has no pointers in it, of which LLVM does not even take `null` for a number. */
function fill(bytes: Uint8Array, at: number, constant: Constant): boolean {
  const { type } = constant;
  switch (constant.kind) {
    case "zero":
      return true;
    case "bytes":
      bytes.set(constant.bytes, at);
      return true;
    case "integer":
      for (let i = 0; i < Math.ceil(bitsOf(type) / 8); i++) {
        bytes[at + i] = Number(constant.value >> BigInt(8 * i) & 0xffn);
      }
      return true;
    case "aggregate":
      if (type.kind === "array") {
        return constant.elements.every((one, i) => fill(bytes, at + i * sizeOf(type.element), one));
      }
      return type.kind === "struct" && constant.elements.every((one, i) => fill(bytes, at + fieldOffset(type, i), one));
    default:
      return false;
  }
}

/** A little-endian number out of bytes; `undefined` beyond their end. */
export function wordAt(bytes: Uint8Array, off: number, size: number): bigint | undefined {
  if (off + size > bytes.length) return undefined;
  return bytes.subarray(off, off + size).reduceRight((word, byte) => word << 8n | BigInt(byte), 0n);
}
