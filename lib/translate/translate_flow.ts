/** Control flow of an image: basic blocks, who goes where, which instructions can be reached at all. */
import { type Insn, isBpfCall, isExit, isGoto, isJump, isWide, jumpTarget } from "../isa/insn.ts";

/** A straight run of instructions that is entered at its first and left at its last. */
export interface BasicBlock {
  /** Index of the first instruction and of the one after the last. */
  readonly start: number;
  readonly end: number;
  /** Index of the last instruction. */
  readonly last: number;
  /** Blocks that may run next in the same function; after a call, the block that it returns to. */
  readonly successors: number[];
  /** Block of the BPF function that the last instruction calls. */
  callee?: number;
  /** Blocks that have this one among their successors or as their callee. */
  readonly predecessors: number[];
}

export interface ControlFlow {
  /** Reachable blocks by rising start. */
  readonly blocks: readonly BasicBlock[];
  /** Block that starts at an instruction, or -1. */
  readonly blockAt: Int32Array;
  /** First instructions of BPF functions that are called. */
  readonly callees: ReadonlySet<number>;
}

/** Index of the instruction after `insn`, which stands at `index`. */
export const following = (insn: Insn, index: number): number => index + (isWide(insn) ? 2 : 1);

/** Where control may be after instruction `index`, leaving out what a call does in between. */
export function successorsOf(insns: readonly Insn[], index: number): number[] {
  const insn = insns[index];
  if (isExit(insn)) return [];
  if (isGoto(insn)) return [jumpTarget(insn, index)];
  const next = following(insn, index);
  return isJump(insn) ? [next, jumpTarget(insn, index)] : [next];
}

/** First instruction of the BPF function that the call at `index` calls. */
export const calleeOf = (insn: Insn, index: number): number => index + 1 + insn.imm;

/** Whether the function at `start` names r10 anywhere: otherwise it has no use for its stack frame. */
export function namesStack(insns: readonly Insn[], start: number): boolean {
  const reached = new Set([start]);
  for (const index of reached) {
    const insn = insns[index];
    if (insn.dst === 10 || (insn.src === 10 && !isBpfCall(insn))) return true;
    for (const next of successorsOf(insns, index)) reached.add(next);
  }
  return false;
}

/**
 * Finds the basic blocks that `entries` reach.
 *
 * @throws RangeError when control leaves the image (byte code that was not validated)
 */
export function controlFlow(insns: readonly Insn[], entries: readonly number[]): ControlFlow {
  const reached = new Uint8Array(insns.length);
  const leader = new Uint8Array(insns.length);
  const callees = new Set<number>();
  const todo: number[] = [];
  const lead = (index: number) => {
    if (!(index >= 0 && index < insns.length) || insns[index].opcode === 0) {
      throw new RangeError(
        `control reaches insn ${index}, which does not exist: validate byte code before translating`,
      );
    }
    leader[index] = 1;
    if (!reached[index]) todo.push(index);
  };
  entries.forEach(lead);
  for (let index = todo.pop(); index !== undefined; index = todo.pop()) {
    while (!reached[index]) {
      reached[index] = 1;
      const insn = insns[index];
      if (isBpfCall(insn)) {
        const callee = calleeOf(insn, index);
        callees.add(callee);
        lead(callee);
      }
      const next = successorsOf(insns, index);
      if (next.length === 0) break;
      if (isJump(insn) || isBpfCall(insn)) next.forEach(lead);
      if (isGoto(insn)) break;
      if (next[0] >= insns.length || insns[next[0]].opcode === 0) lead(next[0]);
      index = next[0];
    }
  }
  return { ...linkBlocks(insns, reached, leader), callees };
}

function linkBlocks(insns: readonly Insn[], reached: Uint8Array, leader: Uint8Array) {
  const blocks: BasicBlock[] = [];
  const blockAt = new Int32Array(insns.length).fill(-1);
  for (let start = 0; start < insns.length; start++) {
    if (!reached[start] || !leader[start]) continue;
    let last = start;
    let end = following(insns[start], start);
    const stops = (insn: Insn) => isExit(insn) || isJump(insn) || isBpfCall(insn);
    while (!stops(insns[last]) && !leader[end]) {
      last = end;
      end = following(insns[end], end);
    }
    blockAt[start] = blocks.length;
    blocks.push({ start, end, last, successors: [], predecessors: [] });
  }
  blocks.forEach((block, index) => {
    for (const target of new Set(successorsOf(insns, block.last))) block.successors.push(blockAt[target]);
    if (isBpfCall(insns[block.last])) block.callee = blockAt[calleeOf(insns[block.last], block.last)];
    for (const next of block.successors) blocks[next].predecessors.push(index);
    if (block.callee !== undefined) blocks[block.callee].predecessors.push(index);
  });
  return { blocks, blockAt };
}

/** A queue of block numbers in which each stands at most once; what data-flow analyses work off. */
export class Worklist {
  readonly #queue: number[] = [];
  readonly #queued: Uint8Array;
  #next = 0;

  constructor(size: number) {
    this.#queued = new Uint8Array(size);
  }
  add(block: number): void {
    if (this.#queued[block]) return;
    this.#queued[block] = 1;
    this.#queue.push(block);
  }
  take(): number | undefined {
    if (this.#next === this.#queue.length) return undefined;
    const block = this.#queue[this.#next++];
    this.#queued[block] = 0;
    return block;
  }
}
