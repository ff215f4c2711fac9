/** Says what stopped a program on a thread. */
import { explainFault } from "../../machine/fault.ts";
import { imageLine, programAt } from "../../machine/image.ts";
import { TASK } from "../../cpu/layout.ts";
import { disassembleInsn } from "../../isa/disassemble.ts";
import type { SharedMachine, ThreadTask } from "./shared_machine.ts";

/** Where a program stands that faulted, and why: program, C line, instruction, reason. */
export function faultMessage({ memory, image }: SharedMachine, { record }: ThreadTask): string {
  const at = memory.getU32(record + TASK.insn), insn = image.insns[at];
  const { name, start } = programAt(image, at), line = imageLine(image, at);
  const where = line ? ` at line ${line.line} (${line.text.trim()})` : "";
  const text = disassembleInsn(insn);
  return `${name} faults${where}, insn ${at - start} (${text}): ${
    explainFault(memory, insn, memory.read(record + TASK.faultPointer, 8))
  }`;
}
