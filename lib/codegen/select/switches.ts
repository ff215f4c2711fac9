/** Switches: ranges of cases that go to one place, compared one after the other, or halved where there are many. */
import type { Instruction } from "../../llvm/module.ts";
import { JUMP } from "../conditions.ts";
import { bitsOf } from "../data_layout.ts";
import type { MachineBlock, Register } from "../machine.ts";
import type { Width } from "./builder.ts";
import { zeroExtended } from "./extend.ts";
import { refuse, type Selection } from "./selection.ts";
import { numberOperand, registerOf } from "./values.ts";

interface Range {
  readonly low: bigint;
  readonly high: bigint;
  readonly target: MachineBlock;
}

/** As many ranges are compared one by one (SelectionDAGBuilder.cpp:lowerWorkItem). */
const FEW = 3;

export function selectSwitch(s: Selection, insn: Instruction & { opcode: "switch" }): void {
  const bits = bitsOf(insn.value.type);
  if (bits > 64) refuse(s, `a switch on ${bits} bits`);
  const width: Width = bits <= 32 && s.features.jump32 ? 32 : 64;
  const register = bits === width ? registerOf(s, insn.value) : zeroExtended(s, insn.value);
  const otherwise = s.blocks.get(insn.otherwise)!;
  const cases = insn.cases.map(({ value, target }) => ({ value, target: s.blocks.get(target)! }));
  const ranges: Range[] = [];
  for (const { value, target } of cases.sort((a, b) => a.value < b.value ? -1 : 1)) {
    const last = ranges.at(-1);
    if (last?.target === target && last.high + 1n === value) ranges[ranges.length - 1] = { ...last, high: value };
    else ranges.push({ low: value, high: value, target });
  }
  search(s, { register, width, otherwise, maximum: (1n << BigInt(bits)) - 1n }, ranges, 0n);
}

interface Question {
  readonly register: Register;
  readonly width: Width;
  readonly otherwise: MachineBlock;
  /** The largest value that the type has. */
  readonly maximum: bigint;
}

/** @param least values below it are out of the question here */
function search(s: Selection, question: Question, ranges: readonly Range[], least: bigint): void {
  const { builder } = s, { register, width, otherwise } = question;
  const ask = (jump: number, value: bigint, target: MachineBlock) => {
    builder.branch(jump, width, register, numberOperand(s, value, width), target);
    const next = builder.newBlock(`${builder.block.name}.switch`);
    builder.goto(next);
    builder.startBlock(next);
  };
  if (ranges.length > FEW) {
    const half = ranges.length >> 1, upper = builder.newBlock(`${builder.block.name}.upper`), { low } = ranges[half];
    // v1 has no "less than": the question is asked the other way round, and the halves are swapped.
    const lower = builder.newBlock(`${builder.block.name}.lower`);
    builder.branch(JUMP.GT, width, register, numberOperand(s, low - 1n, width), upper);
    builder.goto(lower);
    builder.startBlock(lower);
    const made = new Map(s.made);
    search(s, question, ranges.slice(0, half), least);
    builder.startBlock(upper);
    s.made = made;
    return search(s, question, ranges.slice(half), low);
  }
  for (const { low, high, target } of ranges) {
    if (low === high) ask(JUMP.EQ, low, target);
    else if (low === least) {
      const above = builder.newBlock(`${builder.block.name}.switch`);
      builder.branch(JUMP.GT, width, register, numberOperand(s, high, width), above);
      builder.goto(target);
      builder.startBlock(above);
    } else if (high === question.maximum) {
      const below = builder.newBlock(`${builder.block.name}.switch`);
      builder.branch(JUMP.GT, width, register, numberOperand(s, low - 1n, width), target);
      builder.goto(below);
      builder.startBlock(below);
    } else {
      const notBelow = builder.newBlock(`${builder.block.name}.range`), next = builder.newBlock(builder.block.name);
      builder.branch(JUMP.GT, width, register, numberOperand(s, low - 1n, width), notBelow);
      builder.goto(next);
      builder.startBlock(notBelow);
      const made = new Map(s.made);
      builder.branch(JUMP.GT, width, register, numberOperand(s, high, width), next);
      builder.goto(target);
      builder.startBlock(next);
      s.made = made;
    }
  }
  builder.goto(otherwise);
}
