/** The numbers that programs compare things with: what is drawn from them reaches code that others would hardly reach. */
import { BPF_CLASS, classOf, type Insn } from "../isa/insn.ts";
import type { Program } from "../object/bpf_object.ts";

/** BPF_JEQ, BPF_JNE: the number itself; the others lead another way just above it or just below (RFC 9669, 4.3). */
const EQUALITIES: readonly number[] = [0x10, 0x50];
const ORDERS: readonly number[] = [0x20, 0x30, 0xa0, 0xb0, 0x60, 0x70, 0xc0, 0xd0];
const SOURCE_REGISTER = 0x08;

/** In the order of the programs, each once; 0 and 1 are left out, which anything drawn is often enough. */
export function comparedConstants(programs: readonly Program[]): readonly number[] {
  const found = new Set(programs.flatMap(({ insns }) => insns.flatMap(constantsOf)));
  return [...found].filter((value) => value !== 0 && value !== 1);
}

function constantsOf(insn: Insn): number[] {
  const kind = classOf(insn), operation = insn.opcode & 0xf0;
  if (kind !== BPF_CLASS.JMP && kind !== BPF_CLASS.JMP32 || insn.opcode & SOURCE_REGISTER) return [];
  if (EQUALITIES.includes(operation)) return [insn.imm];
  return ORDERS.includes(operation) ? [insn.imm, insn.imm + 1] : [];
}
