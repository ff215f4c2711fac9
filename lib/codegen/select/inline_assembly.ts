/**
 * Inline assembly: empty text, which keeps the compiler from knowing a value (`barrier_var`), and BPF instructions in the
 * notation of the verifier's log, whose operands `$0` become registers like all others.
 */
import type { InlineAssembly, Instruction, Value } from "../../llvm/module.ts";
import { MAY_GOTO } from "../machine.ts";
import { assembleLine, type AssemblyOperand } from "./assembler.ts";
import { resultName } from "../expand/expand.ts";
import { numberOf, refuse, type Selection } from "./selection.ts";
import { moveInto, ownRegister, registerOf } from "./values.ts";

type Call = Instruction & { opcode: "call" };

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
  // The characters that would separate variants of assembly are written with a `$`.
  const text = assembly.text.replace(
    /\$([|()$])/g,
    (_, mark) => ({ "(": "{", ")": "}" } as Record<string, string>)[mark] ?? mark,
  );
  for (const line of text.split(/[;\n]/).map((one) => one.trim()).filter((one) => one !== "")) {
    s.builder.emit(assembleLine(line, operands) ?? refuse(s, `the assembly "${line}"`));
  }
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

/** `may_goto`, by its name, and by bytes for assemblers that do not know it (bpf_experimental.h: can_loop). */
const MAY_GOTO_NAME = /^may_goto \$\{?0:l\}?$/;
const MAY_GOTO_BYTES =
  /^1:\s*\.byte 0xe5;\s*\.byte 0;\s*\.long \(\(\$\{?0:l\}? - 1b - 8\) \/ 8\) & 0xffff;\s*\.short 0$/;

export function selectAssemblyGoto(s: Selection, insn: Instruction & { opcode: "callbr" }): void {
  const { builder } = s, { callee } = insn, [next, elsewhere] = insn.targets.map((name) => s.blocks.get(name)!);
  const isMayGoto = callee.kind === "asm" && insn.targets.length === 2 &&
    (MAY_GOTO_NAME.test(callee.text) || MAY_GOTO_BYTES.test(callee.text));
  if (!isMayGoto) return refuse(s, "an asm goto that is not may_goto");
  builder.emit({ opcode: MAY_GOTO, target: elsewhere, keep: true });
  builder.goto(next);
}
