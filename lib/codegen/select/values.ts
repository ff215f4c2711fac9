/** Where values are: in which register, or at which address; constants and addresses are made where they are used. */
import { ALU } from "../../isa/insn.ts";
import type { Constant, Instruction, Value } from "../../llvm/module.ts";
import { bitsOf, fieldOffset, sizeOf, typeText } from "../data_layout.ts";
import { FRAME_POINTER, type Register } from "../machine.ts";
import { type Address, fitsImmediate, type Operand, type Width } from "./builder.ts";
import { accessOf, isAccessStep } from "./core_access.ts";
import { definitionOf, numberOf, refuse, type Selection } from "./selection.ts";

/** A value that is the same register seen as another type. */
function aliasOf(s: Selection, insn: Instruction): Value | undefined {
  switch (insn.opcode) {
    case "freeze":
    case "bitcast":
    case "ptrtoint":
    case "ptrtoaddr":
      return insn.operand;
    case "trunc":
      return bitsOf(insn.type) === 1 && !insn.exact && s.facts.registerBits(insn.operand) > 1
        ? undefined
        : insn.operand;
    case "zext":
    case "inttoptr":
      return s.facts.registerBits(insn.operand) <= bitsOf(insn.operand.type) ? insn.operand : undefined;
  }
  return undefined;
}

/** Whether the value needs no instruction of its own: it is another's register, or is made where it is used. */
export function isMadeAtUses(s: Selection, insn: Instruction): boolean {
  if (insn.opcode === "getelementptr" && isConstantOffset(insn) || isAccessStep(insn)) return true;
  return insn.opcode === "alloca" || aliasOf(s, insn) !== undefined;
}

const isConstantOffset = (insn: Instruction & { opcode: "getelementptr" }): boolean =>
  insn.indices.every((index) => index.kind === "integer" || index.kind === "zero");

/** The register that holds a value; one that is made where it is used is made here, once a block. */
export function registerOf(s: Selection, value: Value): Register {
  const insn = definitionOf(s, value);
  const alias = insn && aliasOf(s, insn);
  if (alias) return registerOf(s, alias);
  if (insn && isMadeAtUses(s, insn)) return once(s, `value ${insn.name}`, (dst) => materialize(s, value, dst));
  if (value.kind === "local") return ownRegister(s, value.name);
  return once(s, constantKey(s, value), (dst) => materialize(s, value, dst));
}

/** The register of a parameter or of an instruction's result. */
export function ownRegister(s: Selection, name: string): Register {
  let register = s.registers.get(name);
  if (register === undefined) s.registers.set(name, register = s.builder.newRegister());
  return register;
}

/** What a block makes once, however often it uses it. */
export function once(s: Selection, key: string, make: (dst: Register) => void): Register {
  const known = s.made.get(key);
  if (known !== undefined) return known;
  const dst = s.builder.newRegister();
  make(dst);
  s.made.set(key, dst);
  return dst;
}

function constantKey(s: Selection, value: Value): string {
  const number = numberOf(s, value);
  if (number !== undefined) return numberKey(number);
  if (value.kind === "global") return `symbol ${value.name}`;
  return `constant ${JSON.stringify(value, (_, part) => typeof part === "bigint" ? String(part) : part)}`;
}

/** The same register serves for a number of all types. */
const numberKey = (number: bigint): string => `number ${BigInt.asUintN(64, number)}`;

/** A register with a number in it. */
export const registerWith = (s: Selection, number: bigint): Register =>
  once(s, numberKey(number), (dst) => s.builder.immediate(dst, number, s.features.alu32));

/** Puts a value into a given register. */
export function moveInto(s: Selection, dst: Register, value: Value): void {
  const insn = definitionOf(s, value), alias = insn && aliasOf(s, insn);
  if (alias) moveInto(s, dst, alias);
  else if (insn && isMadeAtUses(s, insn) || value.kind !== "local") materialize(s, value, dst);
  else s.builder.copy(dst, ownRegister(s, value.name));
}

function materialize(s: Selection, value: Value, dst: Register): void {
  const { builder, features } = s, number = numberOf(s, value);
  if (number !== undefined) return builder.immediate(dst, number, features.alu32);
  if (value.kind === "global") return builder.symbol(dst, symbolOf(s, value.name));
  if (value.kind === "expression" && value.opcode === "addrspacecast") return refuse(s, "a constant addrspacecast");
  const address = addressOf(s, value);
  if (address.slot !== undefined && !address.core) return builder.frameAddress(dst, address.slot, address.off);
  if (address.slot !== undefined) builder.frameAddress(dst, address.slot, 0);
  else builder.copy(dst, address.base);
  if (address.core) builder.alu(ALU.ADD, 64, dst, { imm: address.off }).core = address.core;
  else addNumber(s, dst, BigInt(address.off));
}

/** Adds a number of any size to a 64-bit value. */
function addNumber(s: Selection, dst: Register, number: bigint): void {
  if (number === 0n) return;
  s.builder.alu(ALU.ADD, 64, dst, numberOperand(s, number, 64));
}

export function numberOperand(s: Selection, number: bigint, width: Width): Operand {
  if (width === 32) return { imm: Number(BigInt.asIntN(32, number)) };
  if (fitsImmediate(BigInt.asIntN(64, number))) return { imm: Number(BigInt.asIntN(64, number)) };
  return { register: registerWith(s, number) };
}

/** A thread's copy of a variable and an alias are names that the object format has no words for. */
function symbolOf(s: Selection, name: string): string {
  if (s.module.aliases.includes(name)) refuse(s, `the alias ${name}`);
  return name;
}

const FITS_OFFSET = (off: number): boolean => off >= -32768 && off <= 32767;

/** Of a constant: another type, the same 64 bits. */
const SAME_BITS = ["bitcast", "inttoptr", "ptrtoint", "ptrtoaddr"];

/** Where a pointer points, so that loads and stores need no instruction for constant offsets. */
export function addressOf(s: Selection, pointer: Value): Address {
  const insn = definitionOf(s, pointer);
  if (insn?.opcode === "alloca") return { base: FRAME_POINTER, slot: s.slots.get(insn.name!)!, off: 0 };
  if (insn?.opcode === "getelementptr") {
    const offset = constantOffset(s, insn);
    const from = isConstantOffset(insn)
      ? addressOf(s, insn.pointer)
      : { base: ownRegister(s, insn.name!), off: 0, slot: undefined };
    return shifted(s, from, offset);
  }
  if (isAccessStep(insn)) return accessAddress(s, insn);
  if (insn?.opcode === "freeze" || insn?.opcode === "bitcast") return addressOf(s, insn.operand);
  if (pointer.kind === "expression" && pointer.opcode === "getelementptr") {
    const [base, ...indices] = pointer.operands;
    return shifted(s, addressOf(s, base), constantOffset(s, { elementType: pointer.elementType!, indices }));
  }
  if (pointer.kind === "expression") {
    if (!SAME_BITS.includes(pointer.opcode)) return refuse(s, `the constant ${pointer.opcode}`);
    return addressOf(s, pointer.operands[0]);
  }
  return { base: registerOf(s, pointer), off: 0 };
}

/** The offset of a CO-RE access stands alone in its instruction, where the loader replaces it. */
function accessAddress(s: Selection, step: Parameters<typeof accessOf>[1]): Address {
  const { root, offset, relocation } = accessOf(s, step), from = addressOf(s, root);
  if (!FITS_OFFSET(offset)) refuse(s, `a CO-RE access ${offset} bytes from its start`);
  const isPlain = from.off === 0 && from.slot === undefined && !from.core;
  return { base: isPlain ? from.base : registerOf(s, root), off: offset, core: relocation };
}

function shifted(s: Selection, { base, slot, off, core }: Address, bytes: number): Address {
  if (core && bytes === 0) return { base, slot, off, core };
  if (core) {
    const field = once(s, `access ${base} ${core.access} of ${core.type}`, (dst) => {
      s.builder.copy(dst, base);
      s.builder.alu(ALU.ADD, 64, dst, { imm: off }).core = core;
    });
    return { base: field, off: bytes };
  }
  const sum = off + bytes;
  if (FITS_OFFSET(sum) || slot !== undefined) return { base, slot, off: sum };
  const far = once(s, `far ${base} ${sum}`, (dst) => {
    s.builder.copy(dst, base);
    addNumber(s, dst, BigInt(sum));
  });
  return { base: far, off: 0 };
}

interface Steps {
  readonly elementType: Parameters<typeof sizeOf>[0];
  readonly indices: readonly (Value | Constant)[];
}

/** Bytes that the constant indices of a `getelementptr` add up to. */
export function constantOffset(s: Selection, steps: Steps): number {
  return eachIndex(s, steps).reduce<number>((sum, step) => sum + (typeof step === "number" ? step : 0), 0);
}

/** Each index: bytes where it is a constant, else the value and what it is multiplied by. */
export function eachIndex(
  s: Selection,
  { elementType, indices }: Steps,
): (number | { readonly value: Value; readonly scale: number })[] {
  let type = elementType;
  return indices.map((index, i) => {
    const number = index.kind === "integer"
      ? Number(BigInt.asIntN(bitsOf(index.type), index.value))
      : index.kind === "zero"
      ? 0
      : undefined;
    if (i > 0 && type.kind === "struct") {
      if (number === undefined || !type.fields) return refuse(s, `an index into ${typeText(type)}`);
      const offset = fieldOffset(type, number);
      type = type.fields[number];
      return offset;
    }
    if (i > 0) {
      if (type.kind !== "array") return refuse(s, `an index into ${typeText(type)}`);
      type = type.element;
    }
    const scale = sizeOf(type);
    return number === undefined ? { value: index, scale } : number * scale;
  });
}
