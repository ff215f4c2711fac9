/** The order of a function's blocks, and the jumps between them that remain. */
import { inverted } from "./conditions.ts";
import { GOTO, isConditional, type MachineBlock, type MachineFunction, type MachineInsn } from "./machine.ts";

export type Label = MachineBlock;

export interface Row {
  readonly label: Label;
  readonly insns: readonly MachineInsn[];
}

/** @param lessThan whether all conditions have an opposite (v2) */
export function flatten(fn: MachineFunction, lessThan: boolean): Row[] {
  skipEmptyBlocks(fn);
  const order = placeBlocks(fn);
  return order.map((block, i) => ({ label: block, insns: withoutNeedlessJumps(block, order[i + 1], lessThan) }));
}

/** Jumps to a block that does nothing but jump go where that one goes. */
function skipEmptyBlocks(fn: MachineFunction): void {
  const end = (block: MachineBlock, seen: readonly MachineBlock[] = []): MachineBlock => {
    const [only] = block.insns;
    const isEmpty = block.insns.length === 1 && only.opcode === GOTO && !seen.includes(block);
    return isEmpty ? end(only.target!, [...seen, block]) : block;
  };
  for (const block of fn.blocks) {
    for (const insn of block.insns) if (insn.target) insn.target = end(insn.target);
    const [a, b] = block.insns.slice(-2);
    if (a && b && isConditional(a) && a.target === b.target && !a.keep) block.insns.splice(-2, 1);
  }
}

/** Blocks in the order of the source, but that which a `goto` leads to follows where nothing else has to stand there. */
function placeBlocks(fn: MachineFunction): MachineBlock[] {
  const [entry] = fn.blocks, reachable = new Set([entry]), open = [entry];
  for (let block = open.pop(); block; block = open.pop()) {
    for (const { target } of block.insns) {
      if (!target || reachable.has(target)) continue;
      reachable.add(target);
      open.push(target);
    }
  }
  return fn.blocks.filter((block) => reachable.has(block));
}

function withoutNeedlessJumps(block: MachineBlock, next: MachineBlock | undefined, lessThan: boolean): MachineInsn[] {
  const insns = [...block.insns], last = insns.at(-1), branch = insns.at(-2);
  if (last?.opcode !== GOTO) return insns;
  if (last.target === next) return insns.slice(0, -1);
  if (!branch || !isConditional(branch) || branch.target !== next) return insns;
  const opposite = inverted(branch.opcode & 0xf0, lessThan);
  if (opposite === undefined) return insns;
  return [...insns.slice(0, -2), { ...branch, opcode: (branch.opcode & 0x0f) | opposite, target: last.target }];
}
