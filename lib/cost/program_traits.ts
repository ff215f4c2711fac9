/** What a program's byte code says about its private stores, which take room in the store buffer. */
import { BPF_CLASS, classOf } from "../isa/insn.ts";
import type { Program } from "../object/bpf_object.ts";

export interface ProgramTraits {
  /** Stores of a call: return address, frame pointer, and the callee-saved registers that the program uses. */
  readonly pushes: number;
  /** Part of its instructions that store to the stack. */
  readonly stackStoreShare: number;
}

const FRAME_POINTER = 10;

/** arch/x86/net/bpf_jit_comp.c:emit_prologue, push_callee_regs. */
export function programTraits(program: Program | undefined): ProgramTraits {
  if (!program || program.insns.length === 0) return { pushes: 2, stackStoreShare: 0 };
  const saved = new Set<number>();
  let stackStores = 0;
  for (const insn of program.insns) {
    const kind = classOf(insn);
    const writesMemory = kind === BPF_CLASS.ST || kind === BPF_CLASS.STX;
    if (writesMemory && insn.dst === FRAME_POINTER) stackStores++;
    if (!writesMemory && insn.dst >= 6 && insn.dst <= 9) saved.add(insn.dst);
  }
  return { pushes: 2 + saved.size, stackStoreShare: stackStores / program.insns.length };
}
