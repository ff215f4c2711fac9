/** Where control can go in a program: what follows what, and what happens on one side of a test only. */
import { BPF_CLASS, classOf, type Insn, isAtomic, isCall, isExit, isLoad, isStore } from "../isa/insn.ts";
import { successorsOf } from "../translate/translate_flow.ts";

/** Whether control can come from one instruction to another one; nothing goes on behind what `stops`. */
export function reaches(
  insns: readonly Insn[],
  from: number,
  to: number,
  stops: (insn: number) => boolean = () => false,
): boolean {
  return reached(insns, from, stops).has(to);
}

/** All instructions that control can come to, `from` and what stops it included. */
export function reached(
  insns: readonly Insn[],
  from: number,
  stops: (insn: number) => boolean = () => false,
): ReadonlySet<number> {
  const seen = new Set([from]);
  for (const at of seen) {
    if (isExit(insns[at]) || at !== from && stops(at)) continue;
    for (const next of successorsOf(insns, at)) if (next < insns.length) seen.add(next);
  }
  return seen;
}

/** What a conditional jump leads to on one side only, until control comes to the load of what it tested again. */
export function sidesOf(insns: readonly Insn[], jump: number, again: number): [Set<number>, Set<number>] {
  const [next, target] = successorsOf(insns, jump).map((at) => reached(insns, at, (one) => one === again));
  const only = (side: ReadonlySet<number>, other: ReadonlySet<number>) =>
    new Set([...side].filter((at) => !other.has(at)));
  return [only(next, target), only(target, next)];
}

/** Whether r0 is read behind a call before it holds something else. */
export function readsResult(insns: readonly Insn[], call: number): boolean {
  const seen = new Set<number>(successorsOf(insns, call));
  for (const at of seen) {
    const insn = insns[at], kind = classOf(insn), isAlu = kind === BPF_CLASS.ALU || kind === BPF_CLASS.ALU64;
    const isMove = isAlu && (insn.opcode & 0xf0) === 0xb0, fromRegister = (insn.opcode & 8) !== 0;
    if (isExit(insn)) return true;
    if (isCall(insn)) continue;
    const readsSource =
      (isAlu || kind === BPF_CLASS.JMP || kind === BPF_CLASS.JMP32) && fromRegister && insn.src === 0 ||
      isLoad(insn) && insn.src === 0 || kind === BPF_CLASS.STX && insn.src === 0;
    const readsTarget = insn.dst === 0 && (isAlu && !isMove || isStore(insn) || isAtomic(insn) ||
      (kind === BPF_CLASS.JMP || kind === BPF_CLASS.JMP32) && (insn.opcode & 0xf0) !== 0);
    if (readsSource || readsTarget) return true;
    if (insn.dst === 0 && (isMove || isLoad(insn) || kind === BPF_CLASS.LD)) continue;
    for (const next of successorsOf(insns, at)) seen.add(next);
  }
  return false;
}
