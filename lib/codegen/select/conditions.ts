/** Comparisons: as conditions of jumps where they are used so, else as 0 or 1. */
import type { Condition, Instruction, Value } from "../../llvm/module.ts";
import { inverted, JUMP, LESS } from "../conditions.ts";
import { bitsOf } from "../data_layout.ts";
import type { MachineBlock, Register } from "../machine.ts";
import { fitsImmediate, type Operand, type Width } from "./builder.ts";
import { signExtended, zeroExtended } from "./extend.ts";
import { definitionOf, numberOf, refuse, type Selection } from "./selection.ts";
import { moveInto, numberOperand, ownRegister, registerOf } from "./values.ts";

const JUMPS: Readonly<Record<Condition, number>> = {
  eq: JUMP.EQ,
  ne: JUMP.NE,
  ugt: JUMP.GT,
  uge: JUMP.GE,
  ult: JUMP.LT,
  ule: JUMP.LE,
  sgt: JUMP.SGT,
  sge: JUMP.SGE,
  slt: JUMP.SLT,
  sle: JUMP.SLE,
};
/** The same question with its operands the other way round; v1 has only half of them. */
const SWAPPED: ReadonlyMap<number, number> = new Map([
  [JUMP.GT, JUMP.LT],
  [JUMP.GE, JUMP.LE],
  [JUMP.SGT, JUMP.SLT],
  [JUMP.SGE, JUMP.SLE],
  [JUMP.LT, JUMP.GT],
  [JUMP.LE, JUMP.GE],
  [JUMP.SLT, JUMP.SGT],
  [JUMP.SLE, JUMP.SGE],
]);

interface Test {
  readonly jump: number;
  readonly width: Width;
  readonly left: Register;
  readonly right: Operand;
}

/** Goes to one of two blocks by a value of one bit. Conjunctions become jumps of their own. */
export function branchOn(s: Selection, test: Value, whenTrue: MachineBlock, whenFalse: MachineBlock): void {
  const insn = definitionOf(s, test), { builder } = s;
  if (test.kind !== "local") {
    const number = numberOf(s, test);
    return builder.goto(number === 1n ? whenTrue : whenFalse);
  }
  if (insn?.opcode === "xor" && isAllOnes(insn.right)) return branchOn(s, insn.left, whenFalse, whenTrue);
  if (insn?.opcode === "freeze") return branchOn(s, insn.operand, whenTrue, whenFalse);
  if ((insn?.opcode === "and" || insn?.opcode === "or") && isUsedOnce(s, test)) {
    const next = builder.newBlock(`${builder.block.name}.${insn.opcode}`), made = new Map(s.made);
    if (insn.opcode === "and") branchOn(s, insn.left, next, whenFalse);
    else branchOn(s, insn.left, whenTrue, next);
    builder.startBlock(next);
    s.made = made;
    return branchOn(s, insn.right, whenTrue, whenFalse);
  }
  const { jump, width, left, right } = testOf(s, test);
  builder.branch(jump, width, left, right, whenTrue);
  builder.goto(whenFalse);
}

const isAllOnes = (value: Value): boolean => value.kind === "integer" && value.value === 1n && bitsOf(value.type) === 1;
const isUsedOnce = (s: Selection, value: Value): boolean =>
  value.kind === "local" && s.facts.users.get(value.name)!.length === 1;

/** A value of one bit as the question that a jump asks. */
export function testOf(s: Selection, test: Value): Test {
  const insn = definitionOf(s, test);
  if (insn?.opcode === "freeze") return testOf(s, insn.operand);
  if (insn?.opcode === "icmp") return compare(s, insn);
  if (insn?.opcode === "xor" && isAllOnes(insn.right)) {
    const inner = testOf(s, insn.left), jump = inverted(inner.jump, s.features.lessThan);
    if (jump !== undefined) return { ...inner, jump };
  }
  return { jump: JUMP.NE, width: s.features.jump32 ? 32 : 64, left: registerOf(s, test), right: { imm: 0 } };
}

function compare(s: Selection, { condition, left, right }: Instruction & { opcode: "icmp" }): Test {
  const bits = bitsOf(left.type), isSigned = condition.startsWith("s");
  if (bits > 64) refuse(s, `a comparison of ${bits} bits`);
  if (left.kind !== "local" && right.kind === "local") {
    return compare(s, { ...swappedOperands(condition, left, right), opcode: "icmp", type: left.type });
  }
  const width: Width = bits <= 32 && s.features.jump32 ? 32 : 64;
  const place = (value: Value) =>
    bits === width ? registerOf(s, value) : isSigned ? signExtended(s, value, width) : zeroExtended(s, value);
  const jump = JUMPS[condition], register = place(left), number = numberOf(s, right);
  const isLess = LESS.includes(jump) && !s.features.lessThan;
  if (number !== undefined && !isLess) {
    const value = isSigned ? BigInt.asIntN(bits, number) : BigInt.asUintN(bits, number);
    return { jump, width, left: register, right: comparedOperand(s, value, bits, width) };
  }
  const other = place(right);
  return isLess
    ? { jump: SWAPPED.get(jump)!, width, left: other, right: { register } }
    : { jump, width, left: register, right: { register: other } };
}

function comparedOperand(s: Selection, value: bigint, bits: number, width: Width): Operand {
  if (bits === width) return numberOperand(s, value, width);
  return fitsImmediate(value) ? { imm: Number(value) } : numberOperand(s, value, 64);
}

function swappedOperands(condition: Condition, left: Value, right: Value) {
  const swapped = SWAPPED.get(JUMPS[condition]);
  const found = (Object.keys(JUMPS) as Condition[]).find((one) => JUMPS[one] === swapped) ?? condition;
  return { condition: found, left: right, right: left };
}

/** Whether a comparison is asked by jumps and choices only, which ask it themselves. */
export function isAskedOnly(s: Selection, insn: Instruction): boolean {
  return (s.facts.users.get(insn.name!) ?? []).every((user) => {
    if (user.opcode === "br") return true;
    if (user.opcode === "select") {
      return user.test.kind === "local" && user.test.name === insn.name && !isOtherUse(user, insn);
    }
    const isPart = (user.opcode === "and" || user.opcode === "or" || user.opcode === "xor") && user.name !== undefined;
    return isPart && bitsOf(user.type) === 1 && isBranchPart(s, user);
  });
}

const isOtherUse = (user: Instruction & { opcode: "select" }, insn: Instruction): boolean =>
  [user.whenTrue, user.whenFalse].some((value) => value.kind === "local" && value.name === insn.name);

/** Whether a conjunction becomes jumps, as {@link branchOn} does it. */
export function isBranchPart(s: Selection, insn: Instruction): boolean {
  const users = s.facts.users.get(insn.name!) ?? [];
  if (insn.opcode === "xor") {
    return isAllOnes(insn.right) &&
      users.every((user) => user.opcode === "br" || isConjunction(user) && isBranchPart(s, user));
  }
  if (!isConjunction(insn) || users.length !== 1) return false;
  return users[0].opcode === "br" || isConjunction(users[0]) && isBranchPart(s, users[0]) ||
    users[0].opcode === "xor" && isBranchPart(s, users[0]);
}

const isConjunction = (insn: Instruction): boolean =>
  (insn.opcode === "and" || insn.opcode === "or") && insn.type.kind === "int" && insn.type.bits === 1;

/** A comparison whose answer is a value: 1, or 0 past a jump. */
export function selectComparison(s: Selection, insn: Instruction & { opcode: "icmp" }): void {
  const one = { kind: "integer" as const, type: insn.type, value: 1n }, none = { ...one, value: 0n };
  choose(s, ownRegister(s, insn.name!), { kind: "local", type: insn.type, name: insn.name! }, one, none);
}

export function selectChoice(s: Selection, insn: Instruction & { opcode: "select" }): void {
  choose(s, ownRegister(s, insn.name!), insn.test, insn.whenTrue, insn.whenFalse);
}

/** `dst = whenTrue`; a jump over `dst = whenFalse`. */
function choose(s: Selection, dst: Register, test: Value, whenTrue: Value, whenFalse: Value): void {
  const { builder } = s, { jump, width, left, right } = testOf(s, test);
  // Both values are made before the jump, so that what follows may use what they needed.
  const prepared = whenFalse.kind === "local" ? registerOf(s, whenFalse) : undefined;
  moveInto(s, dst, whenTrue);
  const other = builder.newBlock(`${builder.block.name}.else`), next = builder.newBlock(builder.block.name);
  builder.branch(jump, width, left, right, next);
  builder.goto(other);
  builder.startBlock(other);
  const made = new Map(s.made);
  if (prepared === undefined) moveInto(s, dst, whenFalse);
  else builder.copy(dst, prepared);
  builder.goto(next);
  builder.startBlock(next);
  s.made = made;
}
