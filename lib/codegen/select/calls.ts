/** Calls: of helpers by number, of BPF functions and kernel functions by name. */
import { BPF_PSEUDO } from "../../isa/insn.ts";
import type { Instruction, Value } from "../../llvm/module.ts";
import { bitsOf, typeText } from "../data_layout.ts";
import { signExtended, zeroExtended } from "./extend.ts";
import { MAX_ARGUMENTS, R0, type Register } from "../machine.ts";
import { definitionOf, numberOf, refuse, type Selection } from "./selection.ts";
import { addressOf, isMadeAtUses, moveInto, ownRegister, registerOf } from "./values.ts";

type Call = Instruction & { opcode: "call" };

export function selectCall(s: Selection, insn: Call): void {
  const { builder } = s, { callee } = insn, argumentCount = insn.arguments.length;
  // BPFISelLowering.cpp:LowerCall says it so.
  if (argumentCount > MAX_ARGUMENTS) refuse(s, "stack arguments are not supported");
  const helper = numberOf(s, callee);
  if (helper === undefined && callee.kind !== "global") refuse(s, "a call through a pointer");
  passArguments(s, insn.arguments, insn.argumentAttributes ?? []);
  if (helper !== undefined) builder.call({ imm: Number(helper), src: 0, argumentCount });
  else if (callee.kind === "global") {
    builder.call({ imm: -1, src: BPF_PSEUDO.CALL, symbol: callee.name, argumentCount });
  }
  if (insn.type.kind === "void") return;
  if (insn.type.kind !== "int" && insn.type.kind !== "ptr" || bitsOf(insn.type) > 64) {
    refuse(s, `a function that returns ${typeText(insn.type)}`);
  }
  if (insn.name !== undefined && s.facts.users.has(insn.name)) builder.copy(ownRegister(s, insn.name), R0);
}

/**
 * Addresses first, which take two instructions, then the others from r1 on.
 *
 * @param attributes what the call says of each: `zeroext` and `signext` are the caller's to see to
 */
function passArguments(s: Selection, values: readonly Value[], attributes: readonly (readonly string[])[]): void {
  for (const { type } of values) {
    if (type.kind !== "int" && type.kind !== "ptr" || bitsOf(type) > 64) {
      refuse(s, `an argument of type ${typeText(type)}`);
    }
  }
  const isStackAddress = (value: Value) => {
    const insn = definitionOf(s, value);
    return insn !== undefined && isMadeAtUses(s, insn) &&
      (insn.opcode === "alloca" || insn.opcode === "getelementptr") &&
      addressOf(s, value).slot !== undefined;
  };
  const isSimple = (value: Value) => numberOf(s, value) !== undefined || value.kind === "global";
  const registers = values.map((_, i): Register => i + 1);
  // What is computed here is computed before r1 to r5 are taken.
  const width = s.features.alu32 ? 32 : 64;
  const ready = values.map((value, i) => {
    if (isSimple(value) || isStackAddress(value)) return undefined;
    if (bitsOf(value.type) < 32 && attributes[i]?.includes("zeroext")) return zeroExtended(s, value);
    if (bitsOf(value.type) < 32 && attributes[i]?.includes("signext")) return signExtended(s, value, width);
    return registerOf(s, value);
  });
  values.forEach((value, i) => isStackAddress(value) && moveInto(s, registers[i], value));
  values.forEach((value, i) => {
    const from = ready[i];
    if (from !== undefined) s.builder.copy(registers[i], from);
    else if (isSimple(value)) passConstant(s, registers[i], value, attributes[i] ?? []);
  });
}

function passConstant(s: Selection, register: Register, value: Value, attributes: readonly string[]): void {
  const number = numberOf(s, value), bits = bitsOf(value.type);
  if (number === undefined || bits >= 32 || !attributes.includes("signext")) return moveInto(s, register, value);
  s.builder.immediate(register, BigInt.asIntN(bits, number), s.features.alu32);
}
