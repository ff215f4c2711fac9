/** The order of a function's blocks, and the jumps between them that remain. */
import { inverted } from "./conditions.ts";
import {
  GOTO,
  isConditional,
  type MachineBlock,
  type MachineFunction,
  type MachineInsn,
  successors,
} from "./machine.ts";

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

/**
 * Each block after those that lead to it, loops apart, in one piece where that can be: the reverse of the order in which
 * a walk leaves the blocks, if it enters those outside of the loop, and those further down, first.
 */
function placeBlocks(fn: MachineFunction): MachineBlock[] {
  const places = new Map(fn.blocks.map((block, i) => [block, i])), seen = new Set<MachineBlock>();
  const order: MachineBlock[] = [];
  const next = (block: MachineBlock): MachineBlock[] =>
    successors(block).sort((a, b) => a.loopDepth - b.loopDepth || places.get(b)! - places.get(a)!);
  const path = [{ block: fn.blocks[0], open: next(fn.blocks[0]) }];
  seen.add(fn.blocks[0]);
  for (let top = path.at(-1); top; top = path.at(-1)) {
    const successor = top.open.shift();
    if (successor === undefined) order.unshift(path.pop()!.block);
    else if (!seen.has(successor)) {
      seen.add(successor);
      path.push({ block: successor, open: next(successor) });
    }
  }
  return order;
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
