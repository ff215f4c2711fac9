/** Copies and fills of a known size, in line (SelectionDAG.cpp: getMemcpyLoadsAndStores and its kin). */
import { ALU } from "../../isa/insn.ts";
import type { Instruction, Value } from "../../llvm/module.ts";
import type { Register } from "../machine.ts";
import { type Address, fitsImmediate, type Operand } from "./builder.ts";
import { constantAt, wordAt } from "./constants.ts";
import { loadInParts, offsetBy, storeInParts } from "./memory.ts";
import { numberOf, refuse, type Selection } from "./selection.ts";
import { addressOf, registerOf, registerWith } from "./values.ts";

type Call = Instruction & { opcode: "call" };

/** LLVM's limit for BPF (BPFSelectionDAGInfo.h: getCommonMaxStoresPerMemFunc). */
const MAX_STORES = 128, WORD_BYTES = 8;

interface Piece {
  readonly off: number;
  readonly size: number;
}

/** Eight bytes each, and a rest; the last piece first, which is clang's order. */
export function pieces(sizeBytes: number, largest = WORD_BYTES): Piece[] {
  const found: Piece[] = [];
  for (let off = 0, size = largest; off < sizeBytes; off += size) {
    while (size > sizeBytes - off) size /= 2;
    found.push({ off, size });
  }
  return found.reverse();
}

/** @param name the function that clang would call where it is too much to do in line */
function constantSize(s: Selection, size: Value, align: number, name: string): number {
  const number = numberOf(s, size);
  if (number === undefined || Number(number) > MAX_STORES * Math.min(WORD_BYTES, align)) {
    refuse(s, `A call to built-in function '${name}' is not supported.`);
  }
  return Number(number);
}

/** A variable on the stack is moved to where the widest stores are aligned. */
function alignmentOf(s: Selection, { slot, off }: Address, said: number | undefined): number {
  if (slot === undefined || off !== 0) return said ?? 1;
  const { slots } = s.builder.machine, before = slots[slot];
  slots[slot] = { ...before, align: Math.max(before.align, WORD_BYTES) };
  return WORD_BYTES;
}

export function selectCopy(s: Selection, insn: Call, isMove: boolean): void {
  const [to, from, length] = insn.arguments, [said, sourceAlign = 1] = insn.alignments ?? [];
  if (numberOf(s, length) === 0n) return;
  const target = addressOf(s, to), align = alignmentOf(s, target, said);
  const size = constantSize(s, length, align, isMove ? "memmove" : "memcpy");
  const source = addressOf(s, from), known = isMove ? undefined : constantAt(s, from);
  const read = ({ off, size }: Piece): Operand => {
    const number = known && wordAt(known, off, size);
    if (number !== undefined) return numberAsStored(s, number, size);
    const register = s.builder.newRegister();
    loadInParts(s, register, offsetBy(source, off), size, Math.min(size, sourceAlign));
    return { register };
  };
  const write = ({ off, size }: Piece, value: Operand) => {
    if (size <= align) return void s.builder.store(offsetBy(target, off), value, size);
    const register = "register" in value
      ? value.register
      : registerWith(s, BigInt.asUintN(size * 8, BigInt(value.imm)));
    storeInParts(s, offsetBy(target, off), register, size, align);
  };
  // Where neither side is aligned, each byte or so is copied by itself.
  const largest = Math.min(WORD_BYTES, Math.max(align, known ? WORD_BYTES : sourceAlign));
  const parts = pieces(size, align < largest && sourceAlign < largest ? Math.max(align, sourceAlign) : largest);
  if (!isMove) return parts.forEach((piece) => write(piece, read(piece)));
  // What may overlap is read before anything is written.
  const values = [...parts].reverse().map((piece) => ({ piece, value: read(piece) }));
  for (const { piece, value } of values.reverse()) write(piece, value);
}

/** A store takes an immediate in v4 only. */
function numberAsStored(s: Selection, number: bigint, size: number): Operand {
  const signed = BigInt.asIntN(size * 8, number);
  if (s.features.v4 && fitsImmediate(signed)) return { imm: Number(signed) };
  return { register: registerWith(s, number) };
}

export function selectFill(s: Selection, insn: Call): void {
  const [to, byte, length] = insn.arguments;
  if (numberOf(s, length) === 0n) return;
  const target = addressOf(s, to), align = alignmentOf(s, target, insn.alignments?.[0]);
  const size = constantSize(s, length, align, "memset"), number = numberOf(s, byte);
  const parts = pieces(size, Math.min(WORD_BYTES, align)), widest = Math.max(...parts.map((part) => part.size));
  const repeated = number === undefined ? repeat(s, byte) : undefined;
  for (const { off, size } of parts) {
    // Every part of a word that repeats one byte is the same: below v4 the widest does for all, in one register.
    const width = s.features.v4 ? size : widest;
    const value = repeated === undefined
      ? numberAsStored(s, BigInt.asUintN(width * 8, number! * 0x0101010101010101n), width)
      : { register: repeated };
    s.builder.store(offsetBy(target, off), value, size);
  }
}

/** A byte that is known at run time only, eight times. */
function repeat(s: Selection, byte: Value): Register {
  const { builder } = s, dst = builder.newRegister(), ones = registerWith(s, 0x0101010101010101n);
  builder.copy(dst, registerOf(s, byte));
  builder.alu(ALU.AND, 64, dst, { imm: 0xff });
  builder.alu(ALU.MUL, 64, dst, { register: ones });
  return dst;
}
