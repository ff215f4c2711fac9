/** Removes copies: a virtual register and its copy become one where they do not interfere. */
import { isCopy, isVirtual, type MachineFunction, type Register, renameRegisters } from "../machine.ts";
import { type InterferenceGraph, interferenceOf } from "./interference.ts";

/** Copies in the innermost loops first. */
export function coalesce(fn: MachineFunction): void {
  for (let changed = true; changed;) {
    changed = false;
    const graph = interferenceOf(fn), merged = new Map<Register, Register>();
    const find = (register: Register): Register => {
      const next = merged.get(register);
      return next === undefined ? register : find(next);
    };
    const blocks = [...fn.blocks].sort((a, b) => b.loopDepth - a.loopDepth);
    for (const block of blocks) {
      for (const insn of block.insns) {
        if (!isCopy(insn) || !isVirtual(insn.dst) || !isVirtual(insn.src)) continue;
        const kept = find(insn.src), gone = find(insn.dst);
        if (kept === gone || graph.has(kept, gone) || crowds(graph, kept, gone)) continue;
        graph.merge(kept, gone);
        merged.set(gone, kept);
        changed = true;
      }
    }
    for (const block of fn.blocks) {
      for (const insn of block.insns) renameRegisters(insn, find);
      block.insns = block.insns.filter((insn) => !isCopy(insn) || insn.dst !== insn.src);
    }
  }
}

/**
 * Whether one register for both would have no place: the machine's registers that one of them cannot have leave some,
 * those that both cannot have leave none.
 */
function crowds(graph: InterferenceGraph, a: Register, b: Register): boolean {
  const taken = new Set([...graph.of(a), ...graph.of(b)].filter((register) => !isVirtual(register)));
  return taken.size >= 10;
}
