/**
 * Which registers may not be one: two interfere where one is written while the other is live. A copy's source does not
 * count against its destination, for they hold the same (Chaitin, "Register allocation & spilling via graph coloring").
 */
import { FRAME_POINTER, isCopy, type MachineFunction, type Register, registersOf } from "../machine.ts";
import { livenessOf } from "./liveness.ts";

export class InterferenceGraph {
  readonly #neighbours = new Map<Register, Set<Register>>();

  add(a: Register, b: Register): void {
    if (a === b) return;
    this.of(a).add(b);
    this.of(b).add(a);
  }

  of(register: Register): Set<Register> {
    let found = this.#neighbours.get(register);
    if (!found) this.#neighbours.set(register, found = new Set());
    return found;
  }

  has(a: Register, b: Register): boolean {
    return this.#neighbours.get(a)?.has(b) ?? false;
  }

  /** All that `gone` interferes with interferes with `kept` from now on. */
  merge(kept: Register, gone: Register): void {
    for (const neighbour of this.of(gone)) {
      this.of(neighbour).delete(gone);
      this.add(kept, neighbour);
    }
    this.#neighbours.delete(gone);
  }

  registers(): Register[] {
    return [...this.#neighbours.keys()];
  }
}

export function interferenceOf(fn: MachineFunction): InterferenceGraph {
  const graph = new InterferenceGraph(), { out } = livenessOf(fn);
  for (const block of fn.blocks) {
    const live = new Set(out.get(block));
    for (let i = block.insns.length - 1; i >= 0; i--) {
      const insn = block.insns[i], { defs, uses } = registersOf(insn);
      for (const def of defs) {
        graph.of(def);
        for (const other of live) if (!(isCopy(insn) && other === insn.src)) graph.add(def, other);
        for (const other of defs) graph.add(def, other);
      }
      for (const register of defs) live.delete(register);
      for (const register of uses) {
        graph.of(register);
        live.add(register);
      }
      live.delete(FRAME_POINTER);
    }
  }
  return graph;
}
