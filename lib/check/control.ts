/** Where control can go in a program: what follows what, and what happens on one side of a test only. */
import { type Insn, isExit } from "../isa/insn.ts";
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
