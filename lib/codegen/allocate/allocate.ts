/**
 * Third pass: gives every virtual register one of the machine's, r0 to r9, by colouring the interference graph
 * (Briggs, Cooper, Torczon, "Improvements to graph coloring register allocation"). Where ten are not enough, the value
 * that costs least is kept on the stack, and the graph is made anew.
 */
import { isCopy, isVirtual, type MachineFunction, type Register, registersOf, renameRegisters } from "../machine.ts";
import { coalesce } from "./coalesce.ts";
import { type InterferenceGraph, interferenceOf } from "./interference.ts";
import { removeDead } from "./liveness.ts";
import { removeNeedlessReloads } from "./reloads.ts";
import { remakeable, spill } from "./spill.ts";

/** In the order in which LLVM tries them (BPFRegisterInfo.td). */
const COLOURS: readonly Register[] = [1, 2, 3, 4, 5, 0, 6, 7, 8, 9];
const MAX_ROUNDS = 100;

/** @returns the first stack slot that holds a spilled value */
export function allocate(fn: MachineFunction): number {
  removeDead(fn);
  coalesce(fn);
  const short = new Set<Register>(), firstSpill = fn.slots.length;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const graph = interferenceOf(fn), costs = spillCosts(fn, short), { colours, uncoloured } = colour(fn, graph, costs);
    if (uncoloured.length === 0) {
      paint(fn, colours);
      removeNeedlessReloads(fn, firstSpill);
      return firstSpill;
    }
    for (const register of spill(fn, uncoloured)) short.add(register);
  }
  throw new Error(`${fn.name}: no registers were found in ${MAX_ROUNDS} rounds`);
}

/** What it costs to keep each value on the stack: its reads and writes, ten times as much in a loop. */
function spillCosts(fn: MachineFunction, short: ReadonlySet<Register>): Map<Register, number> {
  const costs = new Map<Register, number>(), anew = remakeable(fn);
  for (const block of fn.blocks) {
    for (const insn of block.insns) {
      const { defs, uses } = registersOf(insn);
      for (const register of [...defs, ...uses]) {
        if (!isVirtual(register)) continue;
        const each = (anew.has(register) ? 0.5 : 1) * 10 ** block.loopDepth;
        costs.set(register, (costs.get(register) ?? 0) + (short.has(register) ? Infinity : each));
      }
    }
  }
  return costs;
}

interface Colouring {
  readonly colours: ReadonlyMap<Register, Register>;
  readonly uncoloured: readonly Register[];
}

/** Takes registers with few neighbours off the graph, and gives colours in the opposite order. */
function colour(fn: MachineFunction, graph: InterferenceGraph, costs: ReadonlyMap<Register, number>): Colouring {
  const left = new Set(graph.registers().filter(isVirtual)), order: Register[] = [];
  const degrees = new Map([...left].map((register) => [register, graph.of(register).size]));
  while (left.size > 0) {
    let chosen: Register | undefined, least = Infinity;
    for (const register of left) {
      if (degrees.get(register)! < COLOURS.length) {
        chosen = register;
        break;
      }
      const price = (costs.get(register) ?? 0) / degrees.get(register)!;
      if (chosen === undefined || price < least) [chosen, least] = [register, price];
    }
    order.push(chosen!);
    left.delete(chosen!);
    for (const neighbour of graph.of(chosen!)) {
      if (left.has(neighbour)) degrees.set(neighbour, degrees.get(neighbour)! - 1);
    }
  }
  const colours = new Map<Register, Register>(), uncoloured: Register[] = [], wishes = wishesOf(fn);
  for (const register of order.reverse()) {
    const taken = new Set([...graph.of(register)].map((one) => isVirtual(one) ? colours.get(one) : one));
    const wished = (wishes.get(register) ?? []).map((one) => isVirtual(one) ? colours.get(one) : one);
    const free = COLOURS.filter((one) => !taken.has(one));
    // Without a wish of its own, a register leaves its neighbours theirs.
    const others = new Set(
      [...graph.of(register)].filter((one) => !colours.has(one)).flatMap((one) => wishes.get(one) ?? []),
    );
    const found = wished.find((one) => one !== undefined && free.includes(one)) ??
      free.find((one) => !others.has(one)) ?? free[0];
    if (found === undefined) uncoloured.push(register);
    else colours.set(register, found);
  }
  return { colours, uncoloured };
}

/** For each register, those that it is copied to or from: with the same colour the copy vanishes. */
function wishesOf(fn: MachineFunction): Map<Register, Register[]> {
  const wishes = new Map<Register, Register[]>();
  const wish = (register: Register, other: Register) => {
    if (isVirtual(register)) wishes.set(register, [...wishes.get(register) ?? [], other]);
  };
  for (const insn of fn.blocks.flatMap((block) => block.insns)) {
    if (!isCopy(insn)) continue;
    wish(insn.dst, insn.src);
    wish(insn.src, insn.dst);
  }
  return wishes;
}

function paint(fn: MachineFunction, colours: ReadonlyMap<Register, Register>): void {
  for (const block of fn.blocks) {
    for (const insn of block.insns) renameRegisters(insn, (register) => colours.get(register)!);
    block.insns = block.insns.filter((insn) => !isCopy(insn) || insn.dst !== insn.src);
  }
}
