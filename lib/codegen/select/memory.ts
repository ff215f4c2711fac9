/** Loads, stores, and copies of a known size. */
import { ALU } from "../../isa/insn.ts";
import type { Instruction, Type, Value } from "../../llvm/module.ts";
import { storeSizeOf, typeText } from "../data_layout.ts";
import type { Register } from "../machine.ts";
import { type Address, fitsImmediate, type Operand } from "./builder.ts";
import { constantAt, wordAt } from "./constants.ts";
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
  const known = insn.volatile ? undefined : constantAt(s, insn.pointer), number = known && wordAt(known, 0, size);
  if (number !== undefined) return builder.immediate(dst, number, s.features.alu32);
  const address = addressOf(s, insn.pointer), align = insn.align ?? size;
  const extended = signedUse(s, insn);
  if (extended) builder.load(ownRegister(s, extended.name!), address, size, true);
  else if (align < size) loadInParts(s, dst, address, size, align);
  else builder.load(dst, address, size);
}

/** The only use of a load, where it extends the sign: v4 has loads that do. */
export function signedUse(s: Selection, insn: Instruction | undefined): Instruction | undefined {
  if (!s.features.v4 || insn?.opcode !== "load" || insn.ordering || insn.type.kind !== "int") return undefined;
  const users = s.facts.users.get(insn.name!) ?? [], { bits } = insn.type;
  const isWhole = (bits === 8 || bits === 16 || bits === 32) && (insn.align ?? 0) >= bits / 8;
  return isWhole && users.length === 1 && users[0].opcode === "sext" && !constantAt(s, insn.pointer)
    ? users[0]
    : undefined;
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
export function loadInParts(s: Selection, dst: Register, address: Address, size: number, align: number): void {
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

export function storeInParts(s: Selection, address: Address, value: Register, size: number, align: number): void {
  const { builder } = s, width = size === 8 || !s.features.alu32 ? 64 : 32;
  builder.store(address, { register: value }, align);
  for (let at = align; at < size; at += align) {
    const part = builder.newRegister();
    builder.copy(part, value);
    builder.alu(ALU.RSH, width, part, { imm: at * 8 });
    builder.store(offsetBy(address, at), { register: part }, align);
  }
}
