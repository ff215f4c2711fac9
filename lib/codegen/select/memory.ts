/** Loads, stores, and copies of a known size. */
import { ALU } from "../../isa/insn.ts";
import type { Instruction, Type, Value } from "../../llvm/module.ts";
import { storeSizeOf, typeText } from "../data_layout.ts";
import type { Register } from "../machine.ts";
import { type Address, fitsImmediate, type Operand } from "./builder.ts";
import { numberOf, refuse, type Selection } from "./selection.ts";
import { addressOf, ownRegister, registerOf } from "./values.ts";

const SIZES = [1, 2, 4, 8];

/** Bytes of a load or store that the machine has. */
export function accessSize(s: Selection, type: Type): number {
  const isWhole = type.kind === "ptr" || type.kind === "int" && type.bits % 8 === 0;
  const size = isWhole || (type.kind === "int" && type.bits === 1) ? storeSizeOf(type) : 0;
  if (!SIZES.includes(size)) refuse(s, `an access to memory of type ${typeText(type)}`);
  return size;
}

export const offsetBy = (address: Address, bytes: number): Address => ({ ...address, off: address.off + bytes });

export function selectLoad(s: Selection, insn: Instruction & { opcode: "load" }): void {
  const { builder } = s, size = accessSize(s, insn.type), dst = ownRegister(s, insn.name!);
  const address = addressOf(s, insn.pointer), align = insn.align ?? size;
  if (align < size) loadInParts(s, dst, address, size, align);
  else builder.load(dst, address, size);
}

export function selectStore(s: Selection, insn: Instruction & { opcode: "store" }): void {
  const { builder } = s, size = accessSize(s, insn.value.type), align = insn.align ?? size;
  const value = storedOperand(s, insn.value, size), address = addressOf(s, insn.pointer);
  if (align < size) storeInParts(s, address, registerOf(s, insn.value), size, align);
  else builder.store(address, value, size);
}

/** A store of an immediate is for v4 only, as clang does it; before, the number is put into a register. */
function storedOperand(s: Selection, value: Value, size: number): Operand {
  const number = numberOf(s, value);
  if (number !== undefined && s.features.v4) {
    const signed = BigInt.asIntN(size * 8, number);
    if (fitsImmediate(signed)) return { imm: Number(signed) };
  }
  return { register: registerOf(s, value) };
}

/**
 * Memory that is not aligned (a packed struct) in parts that are, the halves of halves (TargetLowering.cpp:
 * expandUnalignedLoad).
 */
function loadInParts(s: Selection, dst: Register, address: Address, size: number, align: number): void {
  const { builder } = s, half = size / 2, width = size === 8 || !s.features.alu32 ? 64 : 32;
  if (size <= align) {
    builder.load(dst, address, size);
    return;
  }
  const low = builder.newRegister();
  loadInParts(s, low, address, half, align);
  loadInParts(s, dst, offsetBy(address, half), half, align);
  builder.alu(ALU.LSH, width, dst, { imm: half * 8 });
  builder.alu(ALU.OR, width, dst, { register: low });
}

function storeInParts(s: Selection, address: Address, value: Register, size: number, align: number): void {
  const { builder } = s, width = size === 8 || !s.features.alu32 ? 64 : 32;
  builder.store(address, { register: value }, align);
  for (let at = align; at < size; at += align) {
    const part = builder.newRegister();
    builder.copy(part, value);
    builder.alu(ALU.RSH, width, part, { imm: at * 8 });
    builder.store(offsetBy(address, at), { register: part }, align);
  }
}

/** LLVM's limit for BPF (BPFSelectionDAGInfo.h: getCommonMaxStoresPerMemFunc). */
const MAX_STORES = 128;

/**
 * The pieces of a copy: eight bytes each and a rest, each in parts that are aligned; the last piece first, as clang
 * orders them.
 */
export function pieces(sizeBytes: number, align: number): { readonly off: number; readonly size: number }[] {
  const chunks: { off: number; size: number }[] = [];
  for (let off = 0, size = 8; off < sizeBytes;) {
    while (size > sizeBytes - off) size /= 2;
    chunks.push({ off, size });
    off += size;
  }
  const parts = chunks.reverse().map(({ off, size }) => {
    const part = Math.min(size, align);
    return Array.from({ length: size / part }, (_, i) => ({ off: off + size - (i + 1) * part, size: part }));
  });
  return parts.flat();
}

type Call = Instruction & { opcode: "call" };

/** @param name the function that clang would call where it is too much to do in line */
function constantSize(s: Selection, size: Value, align: number, name: string): number {
  const number = numberOf(s, size);
  if (number === undefined || Number(number) > MAX_STORES * Math.min(8, align)) {
    refuse(s, `A call to built-in function '${name}' is not supported.`);
  }
  return Number(number);
}

/** @param aligns what is known of the alignment of destination and source, in bytes */
export function selectCopy(s: Selection, insn: Call, aligns: readonly [number, number], isMove: boolean): void {
  const { builder } = s, [to, from, length] = insn.arguments, align = Math.min(...aligns);
  const parts = pieces(constantSize(s, length, align, isMove ? "memmove" : "memcpy"), align);
  if (parts.length === 0) return;
  const target = addressOf(s, to), source = addressOf(s, from);
  if (!isMove) {
    for (const { off, size } of parts) {
      const word = builder.newRegister();
      builder.load(word, offsetBy(source, off), size);
      builder.store(offsetBy(target, off), { register: word }, size);
    }
    return;
  }
  // What may overlap is read before anything is written.
  const words = [...parts].reverse().map(({ off, size }) => {
    const word = builder.newRegister();
    builder.load(word, offsetBy(source, off), size);
    return { off, size, word };
  });
  for (const { off, size, word } of words.reverse()) {
    builder.store(offsetBy(target, off), { register: word }, size);
  }
}

export function selectFill(s: Selection, insn: Call, align: number): void {
  const { builder, features } = s,
    [to, byte, length] = insn.arguments,
    parts = pieces(
      constantSize(s, length, align, "memset"),
      align,
    );
  if (parts.length === 0) return;
  const target = addressOf(s, to), number = numberOf(s, byte);
  const words = new Map<number, Operand>();
  const wordOf = (size: number): Operand => {
    const known = words.get(size);
    if (known) return known;
    const made = number === undefined ? { register: repeated(s, byte) } : filledWith(s, number, size);
    words.set(size, made);
    return made;
  };
  // Every part of a word that repeats one byte is the same: the widest will do for all, in a register.
  const widest = Math.max(...parts.map(({ size }) => size));
  for (const { off, size } of parts) {
    builder.store(offsetBy(target, off), wordOf(features.v4 ? size : widest), size);
  }
}

function filledWith(s: Selection, byte: bigint, size: number): Operand {
  const word = BigInt.asUintN(size * 8, byte * 0x0101010101010101n), signed = BigInt.asIntN(size * 8, word);
  if (s.features.v4 && fitsImmediate(signed)) return { imm: Number(signed) };
  const register = s.builder.newRegister();
  s.builder.immediate(register, size === 8 ? word : BigInt.asUintN(size * 8, word), s.features.alu32);
  return { register };
}

/** A byte that is known at run time only, eight times. */
function repeated(s: Selection, byte: Value): Register {
  const { builder } = s, dst = builder.newRegister();
  builder.copy(dst, registerOf(s, byte));
  builder.alu(ALU.AND, 64, dst, { imm: 0xff });
  const ones = builder.newRegister();
  builder.immediate(ones, 0x0101010101010101n, s.features.alu32);
  builder.alu(ALU.MUL, 64, dst, { register: ones });
  return dst;
}
