/** Which registers are live where: hold a value that is read later, on some way. */
import { isPure, type MachineBlock, type MachineFunction, type Register, registersOf, successors } from "../machine.ts";

/** Registers that are live at the beginning and at the end of each block. */
export interface Liveness {
  readonly into: ReadonlyMap<MachineBlock, ReadonlySet<Register>>;
  readonly out: ReadonlyMap<MachineBlock, ReadonlySet<Register>>;
}

/** The usual backward equations, until nothing changes; blocks last to first, which takes few rounds. */
export function livenessOf(fn: MachineFunction): Liveness {
  const into = new Map<MachineBlock, Set<Register>>(fn.blocks.map((block) => [block, new Set()]));
  const out = new Map<MachineBlock, Set<Register>>(fn.blocks.map((block) => [block, new Set()]));
  const own = new Map(fn.blocks.map((block) => [block, ownRegisters(block)]));
  for (let changed = true; changed;) {
    changed = false;
    for (const block of [...fn.blocks].reverse()) {
      const atEnd = out.get(block)!,
        atStart = into.get(block)!,
        before = atStart.size,
        { reads, writes } = own.get(block)!;
      for (const next of successors(block)) for (const register of into.get(next) ?? []) atEnd.add(register);
      for (const register of reads) atStart.add(register);
      for (const register of atEnd) if (!writes.has(register)) atStart.add(register);
      if (atStart.size > before) changed = true;
    }
  }
  return { into, out };
}

/** Registers that a block reads before it writes them, and those it writes. */
function ownRegisters(block: MachineBlock): { reads: Set<Register>; writes: Set<Register> } {
  const reads = new Set<Register>(), writes = new Set<Register>();
  for (const insn of block.insns) {
    const { defs, uses } = registersOf(insn);
    for (const register of uses) if (!writes.has(register)) reads.add(register);
    for (const register of defs) writes.add(register);
  }
  return { reads, writes };
}

/** Removes instructions whose values are read nowhere, until there are none left. */
export function removeDead(fn: MachineFunction): void {
  for (let changed = true; changed;) {
    changed = false;
    const { out } = livenessOf(fn);
    for (const block of fn.blocks) {
      const live = new Set(out.get(block)), kept = [];
      for (const insn of [...block.insns].reverse()) {
        const { defs, uses } = registersOf(insn);
        if (isPure(insn) && !defs.some((register) => live.has(register))) {
          changed = true;
          continue;
        }
        for (const register of defs) live.delete(register);
        for (const register of uses) live.add(register);
        kept.push(insn);
      }
      block.insns = kept.reverse();
    }
  }
}
