/** What a program's byte code says about its private stores, which take room in the store buffer. */
import { BPF_CLASS, classOf, type Insn, isBpfCall } from "../isa/insn.ts";
import type { Program } from "../object/bpf_object.ts";

export interface ProgramTraits {
  /** Stores of a call: return address, frame pointer, and the callee-saved registers that the program uses. */
  readonly pushes: number;
  /** Part of its instructions that store to the stack. */
  readonly stackStoreShare: number;
  /** Part of its instructions that call a function of its own. */
  readonly callShare: number;
}

const FRAME_POINTER = 10;

/** arch/x86/net/bpf_jit_comp.c:emit_prologue, push_callee_regs. */
export function programTraits(program: Program | undefined): ProgramTraits {
  if (!program || program.insns.length === 0) return { pushes: 2, stackStoreShare: 0, callShare: 0 };
  const saved = new Set<number>();
  let stackStores = 0;
  for (const insn of program.insns) {
    const kind = classOf(insn);
    const writesMemory = kind === BPF_CLASS.ST || kind === BPF_CLASS.STX;
    if (writesMemory && insn.dst === FRAME_POINTER) stackStores++;
    if (!writesMemory && insn.dst >= 6 && insn.dst <= 9) saved.add(insn.dst);
  }
  return {
    pushes: 2 + saved.size,
    stackStoreShare: stackStores / program.insns.length,
    callShare: callShare(program.insns),
  };
}

/** Of the instructions that a run through the main function executes, with every call once: how many are calls. */
function callShare(insns: readonly Insn[]): number {
  const targets = insns.flatMap((insn, at) => isBpfCall(insn) ? [at + insn.imm + 1] : []);
  if (targets.length === 0) return 0;
  const starts = [...new Set([0, ...targets])].sort((a, b) => a - b);
  const known = new Map<number, { readonly insns: number; readonly calls: number }>();
  const through = (start: number): { readonly insns: number; readonly calls: number } => {
    const before = known.get(start);
    if (before) return before;
    const end = starts.find((other) => other > start) ?? insns.length;
    let executed = end - start, calls = 0;
    for (let at = start; at < end; at++) {
      if (!isBpfCall(insns[at])) continue;
      const callee = through(at + insns[at].imm + 1);
      executed += callee.insns;
      calls += 1 + callee.calls;
    }
    known.set(start, { insns: executed, calls });
    return { insns: executed, calls };
  };
  const { insns: executed, calls } = through(0);
  return calls / executed;
}
