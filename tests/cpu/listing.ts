/** A plain listing of instructions for messages of failing tests. */
import type { Insn } from "../../lib/isa/insn.ts";

export function disassembleSafely(insns: readonly Insn[]): string {
  return insns.map((insn, index) => {
    const { opcode, dst, src, off, imm, imm64 } = insn;
    return `${index}: ${opcode.toString(16).padStart(2, "0")} dst=${dst} src=${src} off=${off} imm=${imm64 ?? imm}`;
  }).join("\n");
}
