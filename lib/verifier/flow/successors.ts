/** Where control goes from an instruction, within its function (kernel/bpf/liveness.c:bpf_insn_successors). */
import { BPF_CLASS, classOf, type Insn, isCall, isExit, isWide, jumpTarget } from "../../isa/insn.ts";

const known = new WeakMap<readonly Insn[], (readonly number[])[]>();
const NONE: readonly number[] = [];

export function successors(insns: readonly Insn[], at: number): readonly number[] {
  let of = known.get(insns);
  if (!of) known.set(insns, of = []);
  return of[at] ??= find(insns, at);
}

function find(insns: readonly Insn[], at: number): readonly number[] {
  const insn = insns[at];
  if (isExit(insn)) return NONE;
  if (isWide(insn)) return [at + 2];
  const isJumpClass = classOf(insn) === BPF_CLASS.JMP || classOf(insn) === BPF_CLASS.JMP32;
  if (!isJumpClass || isCall(insn)) return [at + 1];
  if (insn.opcode === 0x05 || insn.opcode === 0x06) return [jumpTarget(insn, at)];
  return [at + 1, jumpTarget(insn, at)];
}
