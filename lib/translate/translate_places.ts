/**
 * Decides where control can come in: the *places* of an image, which translate_blocks.ts puts into one Wasm function.
 *
 * A step can begin at a place (the dispatch table leads there), and jumps lead from place to place. Before the code of
 * an instruction that begins a block there may be several, one for each way in: see {@link Place}.
 */
import { type Insn, isBpfCall, isCall, isExit, isGoto, isJump, isMemoryAccess, jumpTarget } from "../isa/insn.ts";
import { type ControlFlow, following } from "./translate_flow.ts";
import type { Access } from "./translate_pointers.ts";

export interface Place {
  /**
   * - `gate`: where backward jumps and calls arrive; ends the step when it has run out of fuel
   * - `return`: where a BPF function returns to; takes registers back from the frame
   * - `operation`: performs the visible operation that an earlier step published
   * - `reload`: begins a step at an entry, after a helper call or after want of fuel; loads registers
   * - `code`: the instructions themselves
   */
  readonly kind: "gate" | "return" | "operation" | "reload" | "code";
  /** The instruction that begins the block. */
  readonly start: number;
  /** For `return` the call, for `operation` the memory instruction, else the same as `start`. */
  readonly insn: number;
  /** Number in the dispatch table; -1 for `code`, which only jumps lead to. */
  readonly entry: number;
}

/** All places in order, and where to find them. */
export interface Placement {
  readonly places: readonly Place[];
  /** Entry of the dispatch table by instruction (`Place.insn`). */
  readonly entries: Record<Exclude<Place["kind"], "code">, Map<number, number>>;
}

/** A tail that is copied to where a loop jumps back has at most so many instructions. */
const MAX_TAIL = 12;

/** Whether a step may end at an instruction, which publishes its operation. */
export function mayPublish(insn: Insn, access: Access | undefined, direct: boolean): boolean {
  if (direct) return false;
  return access ? access.kind === "visible" || access.kind === "checked" : isCall(insn) && !isBpfCall(insn);
}

/**
 * From the target of a backward jump, a short run without further jumps that ends in a published operation (gives its
 * insn) is worth copying to the jump: the loop then never goes through the dispatch table. Otherwise -1.
 */
export function tailFrom(
  insns: readonly Insn[],
  accesses: readonly (Access | undefined)[],
  target: number,
  direct: boolean,
): number {
  for (let at = target, length = 0; length < MAX_TAIL; length++) {
    const insn = insns[at];
    if (mayPublish(insn, accesses[at], direct) || isExit(insn)) return at;
    if (isBpfCall(insn) || (isJump(insn) && !isGoto(insn)) || accesses[at]?.kind === "fault") return -1;
    at = isGoto(insn) ? jumpTarget(insn, at) : following(insn, at);
  }
  return -1;
}

/** Instructions that control can come back to: each gets a gate, so that no loop runs without end in one step. */
export function findGates(
  insns: readonly Insn[],
  flow: ControlFlow,
  accesses: readonly (Access | undefined)[],
  direct: boolean,
): Set<number> {
  const gates = new Set(flow.callees);
  for (const { last, successors } of flow.blocks) {
    if (isBpfCall(insns[last])) continue;
    for (const next of successors) {
      const target = flow.blocks[next].start;
      if (target > last) continue;
      gates.add(target);
      // A copied tail goes back into the original where its access turns out to be private.
      const end = tailFrom(insns, accesses, target, direct);
      if (end >= 0 && accesses[end]?.kind === "checked") gates.add(following(insns[end], end));
    }
  }
  return gates;
}

/** Decides which places there are. */
export function placeBlocks(
  insns: readonly Insn[],
  flow: ControlFlow,
  accesses: readonly (Access | undefined)[],
  starts: readonly number[],
  gates: ReadonlySet<number>,
  direct: boolean,
): Placement {
  const reload = new Set([...starts, ...gates]), code = new Set(gates);
  const operations = new Map<number, number>(), returns = new Map<number, number>();
  for (const block of flow.blocks) {
    code.add(block.start);
    for (let at = block.start; at < block.end; at = following(insns[at], at)) {
      const next = following(insns[at], at);
      if (isBpfCall(insns[at])) returns.set(next, at);
      if (!mayPublish(insns[at], accesses[at], direct)) continue;
      code.add(next);
      if (isMemoryAccess(insns[at])) operations.set(next, at);
      else reload.add(next);
    }
  }
  const places: Place[] = [];
  const entries: Placement["entries"] = { gate: new Map(), return: new Map(), operation: new Map(), reload: new Map() };
  let count = 0;
  const add = (kind: Exclude<Place["kind"], "code">, start: number, insn: number) => {
    entries[kind].set(insn, count);
    places.push({ kind, start, insn, entry: count++ });
  };
  for (const start of [...code].sort((a, b) => a - b)) {
    if (gates.has(start)) add("gate", start, start);
    if (returns.has(start)) add("return", start, returns.get(start)!);
    if (operations.has(start)) add("operation", start, operations.get(start)!);
    if (reload.has(start)) add("reload", start, start);
    places.push({ kind: "code", start, insn: start, entry: -1 });
  }
  return { places, entries };
}
