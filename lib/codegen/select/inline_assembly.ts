/**
 * Inline assembly: empty text, which keeps the compiler from knowing a value (`barrier_var`), and BPF instructions in the
 * notation of the verifier's log, whose operands `$0` become registers like all others.
 */
import { ALU, BPF_CLASS, BPF_MODE } from "../../isa/insn.ts";
import type { InlineAssembly, Instruction, Value } from "../../llvm/module.ts";
import { CALL, FRAME_POINTER, LD_IMM64, MAY_GOTO, type Register } from "../machine.ts";
import { resultName } from "../expand/expand.ts";
import type { Operand, Width } from "./builder.ts";
import { numberOf, refuse, type Selection } from "./selection.ts";
import { moveInto, ownRegister, registerOf } from "./values.ts";

type Call = Instruction & { opcode: "call" };

/** A place in the text: `$0`. */
interface AssemblyOperand {
  readonly register?: Register;
  readonly imm?: bigint;
}

export function selectAssembly(s: Selection, insn: Call, assembly: InlineAssembly): void {
  const constraints = assembly.constraints.split(",").filter((one) => one !== "");
  const operands: AssemblyOperand[] = [], outputs = constraints.filter((one) => one.startsWith("="));
  if (outputs.some((one) => one.includes("*"))) refuse(s, "inline assembly that writes to memory by a constraint");
  outputs.forEach((_, i) => {
    const name = insn.name ?? "unused", isOne = outputs.length === 1;
    operands.push({ register: ownRegister(s, isOne ? name : resultName(name, i)) });
  });
  const inputs = constraints.filter((one) => !one.startsWith("=") && !one.startsWith("~"));
  inputs.forEach((constraint, i) => operands.push(placeInput(s, constraint, insn.arguments[i], operands)));
  const before = s.builder.block.insns.length;
  for (const line of assembly.text.split(/[;\n]/)) assembleLine(s, line.trim(), operands);
  for (const added of s.builder.block.insns.slice(before)) added.keep = true;
}

function placeInput(
  s: Selection,
  constraint: string,
  value: Value,
  operands: readonly AssemblyOperand[],
): AssemblyOperand {
  if (/^\d+$/.test(constraint)) {
    const tied = operands[Number(constraint)].register!;
    moveInto(s, tied, value);
    return { register: tied };
  }
  if (/^[in]+$/.test(constraint)) {
    return { imm: BigInt.asIntN(64, numberOf(s, value) ?? refuse(s, "assembly with a symbol")) };
  }
  if (/^[rwg]|^ri$|^rm$/.test(constraint)) return { register: registerOf(s, value) };
  return refuse(s, `inline assembly with the constraint "${constraint}"`);
}

const OPERATIONS: ReadonlyMap<string, number> = new Map([
  ["+=", ALU.ADD],
  ["-=", ALU.SUB],
  ["*=", ALU.MUL],
  ["/=", ALU.DIV],
  ["|=", ALU.OR],
  ["&=", ALU.AND],
  ["<<=", ALU.LSH],
  [">>=", ALU.RSH],
  ["%=", ALU.MOD],
  ["^=", ALU.XOR],
  ["=", ALU.MOV],
  ["s>>=", ALU.ARSH],
]);
const SIZES: Readonly<Record<string, number>> = { "8": 0x10, "16": 0x08, "32": 0x00, "64": 0x18 };
const OPERAND = String.raw`(?:\$\{?\d+(?::\w)?\}?|[rw]\d+|-?0x[0-9a-f]+|-?\d+)`;
const ARITHMETIC = new RegExp(String.raw`^(${OPERAND})\s*(s>>=|<<=|>>=|[-+*/|&%^]?=)\s*(${OPERAND})(\s+ll)?$`, "i");
const LOAD = new RegExp(
  String.raw`^(${OPERAND})\s*=\s*\*\(([us])(8|16|32|64)\s*\*\)\s*\((${OPERAND})\s*([-+]\s*${OPERAND})?\)$`,
  "i",
);
const STORE = new RegExp(
  String.raw`^\*\(u(8|16|32|64)\s*\*\)\s*\((${OPERAND})\s*([-+]\s*${OPERAND})?\)\s*=\s*(${OPERAND})$`,
  "i",
);

function assembleLine(s: Selection, line: string, operands: readonly AssemblyOperand[]): void {
  if (line === "") return;
  const { builder } = s, width = (text: string): Width => /^w|:w/.test(text) ? 32 : 64;
  const parse = (text: string): Operand => parseOperand(s, text, operands);
  const register = (text: string): Register => {
    const found = parse(text);
    return "register" in found ? found.register : refuse(s, `the assembly "${line}"`);
  };
  const offset = (text: string | undefined): number => {
    if (!text) return 0;
    const found = parse(text.slice(1).trim());
    if (!("imm" in found)) return refuse(s, `the assembly "${line}"`);
    return text[0] === "-" ? -found.imm : found.imm;
  };
  const [, target, operation, source, wide] = ARITHMETIC.exec(line) ?? [];
  if (target && !wide) {
    return void builder.alu(OPERATIONS.get(operation)!, width(target), register(target), parse(source));
  }
  if (target && operation === "=") {
    const value = parse(source);
    if ("imm" in value) {
      return void builder.emit({
        opcode: LD_IMM64,
        dst: register(target),
        imm64: BigInt.asUintN(64, BigInt(value.imm)),
      });
    }
  }
  const load = LOAD.exec(line);
  if (load) {
    const mode = load[2] === "s" ? BPF_MODE.MEMSX : BPF_MODE.MEM;
    return void builder.emit({
      opcode: BPF_CLASS.LDX | mode | SIZES[load[3]],
      dst: register(load[1]),
      src: register(load[4]),
      off: offset(load[5]),
    });
  }
  const store = STORE.exec(line);
  if (store) {
    const value = parse(store[4]), common = { dst: register(store[2]), off: offset(store[3]) };
    if ("imm" in value) {
      return void builder.emit({ opcode: BPF_CLASS.ST | BPF_MODE.MEM | SIZES[store[1]], ...common, imm: value.imm });
    }
    return void builder.emit({
      opcode: BPF_CLASS.STX | BPF_MODE.MEM | SIZES[store[1]],
      ...common,
      src: value.register,
    });
  }
  const call = new RegExp(`^call (${OPERAND})$`).exec(line);
  if (call) {
    const number = parse(call[1]);
    // What it reads is not said; r1 to r5 were set by the lines before.
    if ("imm" in number) return void builder.emit({ opcode: CALL, imm: number.imm, argumentCount: 5 });
  }
  refuse(s, `the assembly "${line}"`);
}

function parseOperand(s: Selection, text: string, operands: readonly AssemblyOperand[]): Operand {
  const place = /^\$\{?(\d+)/.exec(text);
  if (place) {
    const { register, imm } = operands[Number(place[1])] ?? refuse(s, `the operand ${text} of assembly`);
    if (register !== undefined) return { register };
    if (BigInt.asIntN(32, imm!) !== imm) return refuse(s, `the number ${imm} in assembly`);
    return { imm: Number(imm) };
  }
  const fixed = /^[rw](\d+)$/.exec(text);
  if (fixed) {
    return Number(fixed[1]) <= FRAME_POINTER ? { register: Number(fixed[1]) } : refuse(s, `the register ${text}`);
  }
  const number = Number(text);
  if (!Number.isInteger(number) || number < -(2 ** 31) || number > 2 ** 32 - 1) {
    return refuse(s, `the number ${text} in assembly`);
  }
  return { imm: number | 0 };
}

/** `may_goto`, which C reaches by `asm goto` and bytes (bpf_experimental.h: can_loop). */
const MAY_GOTO_BYTES =
  /^1:\s*\.byte 0xe5;\s*\.byte 0;\s*\.long \(\(\$\{?0:l\}? - 1b - 8\) \/ 8\) & 0xffff;\s*\.short 0$/;

export function selectAssemblyGoto(s: Selection, insn: Instruction & { opcode: "callbr" }): void {
  const { builder } = s, { callee } = insn, [next, elsewhere] = insn.targets.map((name) => s.blocks.get(name)!);
  const isMayGoto = callee.kind === "asm" && MAY_GOTO_BYTES.test(callee.text) && insn.targets.length === 2;
  if (!isMayGoto) return refuse(s, "an asm goto that is not may_goto");
  builder.emit({ opcode: MAY_GOTO, target: elsewhere, keep: true });
  builder.goto(next);
}
