/** Arithmetic, casts and addresses that are computed. */
import { ALU } from "../../isa/insn.ts";
import type { BinaryOpcode, Instruction, Value } from "../../llvm/module.ts";
import { bitsOf } from "../data_layout.ts";
import type { Register } from "../machine.ts";
import { noInstruction } from "../no_instruction.ts";
import type { Width } from "./builder.ts";
import { signExtended, signExtendInto, zeroExtended, zeroExtendInto } from "./extend.ts";
import { signedUse } from "./memory.ts";
import { definitionOf, numberOf, refuse, refuseAsClang, type Selection } from "./selection.ts";
import { eachIndex, moveInto, numberOperand, once, ownRegister, registerOf } from "./values.ts";

const OPERATIONS: Readonly<Record<BinaryOpcode, number>> = {
  add: ALU.ADD,
  sub: ALU.SUB,
  mul: ALU.MUL,
  udiv: ALU.DIV,
  sdiv: ALU.DIV,
  urem: ALU.MOD,
  srem: ALU.MOD,
  shl: ALU.LSH,
  lshr: ALU.RSH,
  ashr: ALU.ARSH,
  and: ALU.AND,
  or: ALU.OR,
  xor: ALU.XOR,
};
const COMMUTATIVE: readonly BinaryOpcode[] = ["add", "mul", "and", "or", "xor"];
/** Operations whose result depends on what stands above their operands' bits, and what is to stand there. */
const ZERO_EXTENDED: readonly BinaryOpcode[] = ["udiv", "urem", "lshr"];
const SIGN_EXTENDED: readonly BinaryOpcode[] = ["sdiv", "srem", "ashr"];

export type Binary = Instruction & { opcode: BinaryOpcode };

export const isBinary = (insn: Instruction): insn is Binary => insn.opcode in OPERATIONS;

export function selectBinary(s: Selection, insn: Binary): void {
  const { builder, features } = s, bits = bitsOf(insn.type), { opcode } = insn;
  if (bits > 64) refuse(s, `arithmetic on ${bits} bits`);
  const isSigned = opcode === "sdiv" || opcode === "srem";
  if (isSigned && !features.v4) refuseAsClang(s, noInstruction(opcode, undefined, bits));
  const width: Width = bits <= 32 && features.alu32 ? 32 : 64, dst = ownRegister(s, insn.name!);
  const [left, right] = ordered(s, insn);
  if (opcode === "sub" && numberOf(s, left) === 0n) {
    moveInto(s, dst, right);
    return builder.negate(width, dst);
  }
  placeLeft(s, dst, left, opcode, width);
  const number = numberOf(s, right);
  if (number !== undefined) {
    const value = opcode === "udiv" || opcode === "urem" ? number : immediateOf(number, bits, opcode);
    if (opcode === "sub") builder.alu(ALU.ADD, width, dst, numberOperand(s, -BigInt.asIntN(bits, number), width));
    else {builder.alu(
        OPERATIONS[opcode],
        width,
        dst,
        numberOperand(s, value, width),
        isSigned,
      );}
  } else {
    const register = placeRight(s, right, opcode, width);
    builder.alu(OPERATIONS[opcode], width, dst, { register }, isSigned);
  }
  // Of one bit, only sums can leave more than that bit.
  if (bits === 1 && ["add", "sub", "mul"].includes(opcode)) builder.alu(ALU.AND, width, dst, { imm: 1 });
}

/** A number as an immediate: what it does above the value's bits matters where facts.ts says that they stay clear. */
function immediateOf(number: bigint, bits: number, opcode: BinaryOpcode): bigint {
  const isSum = opcode === "add" || opcode === "mul" || opcode === "sdiv" || opcode === "srem";
  return bits === 32 || (isSum && bits > 1) ? BigInt.asIntN(bits, number) : number;
}

/** Constants to the right; and to the left what is needed no more, which saves a copy. */
function ordered(s: Selection, { opcode, left, right }: Binary): [Value, Value] {
  if (!COMMUTATIVE.includes(opcode)) return [left, right];
  if (left.kind !== "local" && right.kind === "local") return [right, left];
  const uses = (value: Value) => value.kind === "local" ? s.facts.users.get(value.name)!.length : 0;
  return right.kind === "local" && uses(left) > 1 && uses(right) === 1 ? [right, left] : [left, right];
}

function placeLeft(s: Selection, dst: Register, left: Value, opcode: BinaryOpcode, width: Width): void {
  const bits = bitsOf(left.type);
  if (bits < width && ZERO_EXTENDED.includes(opcode)) zeroExtendInto(s, dst, left);
  else if (bits < width && SIGN_EXTENDED.includes(opcode)) signExtendInto(s, dst, left, width);
  else moveInto(s, dst, left);
}

function placeRight(s: Selection, right: Value, opcode: BinaryOpcode, width: Width): Register {
  const bits = bitsOf(right.type), isShift = opcode === "shl" || opcode === "lshr" || opcode === "ashr";
  // The machine reads five or six bits of a shift's amount.
  if (isShift) return bits < 8 ? zeroExtended(s, right) : registerOf(s, right);
  if (bits < width && (opcode === "udiv" || opcode === "urem")) return zeroExtended(s, right);
  if (bits < width && (opcode === "sdiv" || opcode === "srem")) return signExtended(s, right, width);
  return registerOf(s, right);
}

/** Casts that are more than another name for a register. */
export function selectCast(
  s: Selection,
  insn: Instruction & { opcode: "trunc" | "zext" | "sext" | "inttoptr" },
): void {
  const dst = ownRegister(s, insn.name!), bits = bitsOf(insn.type);
  if (bits > 64 || bitsOf(insn.operand.type) > 64) {
    refuse(s, `a number of ${Math.max(bits, bitsOf(insn.operand.type))} bits`);
  }
  if (insn.opcode === "sext" && signedUse(s, definitionOf(s, insn.operand))) return;
  if (insn.opcode === "sext") {
    signExtendInto(s, dst, insn.operand, bits <= 32 && s.features.alu32 ? 32 : 64);
  } else if (insn.opcode === "trunc") {
    moveInto(s, dst, insn.operand);
    s.builder.alu(ALU.AND, s.features.alu32 ? 32 : 64, dst, { imm: 1 });
  } else zeroExtendInto(s, dst, insn.operand);
}

/** An address with indices that are no constants: their part; loads and stores add the constants themselves. */
export function selectAddress(s: Selection, insn: Instruction & { opcode: "getelementptr" }): void {
  const { builder } = s, dst = ownRegister(s, insn.name!);
  const terms = eachIndex(s, insn).flatMap((step) => typeof step === "number" ? [] : [step]);
  const sum = terms.map(({ value, scale }) => {
    const index = signExtended(s, value, 64);
    return scale === 1 ? index : once(s, `${scale} times ${index}`, (scaled) => multiply(s, scaled, index, scale));
  });
  moveInto(s, dst, insn.pointer);
  for (const register of sum) builder.alu(ALU.ADD, 64, dst, { register });
}

function multiply(s: Selection, dst: Register, index: Register, scale: number): void {
  const { builder } = s, shift = Math.log2(scale);
  builder.copy(dst, index);
  if (Number.isInteger(shift)) builder.alu(ALU.LSH, 64, dst, { imm: shift });
  else builder.alu(ALU.MUL, 64, dst, numberOperand(s, BigInt(scale), 64));
}
