/**
 * What is known about pointers before a program runs.
 *
 * A pointer that was loaded as a constant (the address of a global variable) or computed from r10 (the stack) needs no
 * check at run time. Everything else is checked against the region table when it is used.
 */
import {
  accessBytes,
  BPF_ATOMIC,
  BPF_CLASS,
  classOf,
  type Insn,
  isAtomic,
  isCall,
  isLoad,
  isMemoryAccess,
  isWide,
} from "../isa/insn.ts";
import { REGION, REGION_FLAG, STACK_FRAME_BYTES } from "../cpu/layout.ts";
import type { Memory } from "../cpu/memory.ts";
import { type ControlFlow, following, Worklist } from "./translate_flow.ts";
import { FRAME_POINTER } from "./translate_locals.ts";

/** How a memory instruction finds its bytes. */
export type Access =
  /** In this frame of the private stack, so many bytes from r10. */
  | { readonly kind: "stack"; readonly offset: number }
  /** At a linear address that is known and in bounds: a visible operation. */
  | { readonly kind: "visible"; readonly addr: number }
  /** At a linear address that is known and in bounds, which no other CPU can reach. */
  | { readonly kind: "private"; readonly addr: number }
  /** Checked when it runs; `near` where it is likely to be in one region, which other CPUs can reach. */
  | { readonly kind: "checked"; readonly near?: Near }
  /** Out of bounds, not writable or misaligned, whatever happens. */
  | { readonly kind: "fault" };

/** Pointers to where an access of its width is in bounds: so many from this one on. */
export interface Near {
  readonly first: bigint;
  readonly count: number;
}

/** A pointer into a region plus who knows what: the next index of a table, most often. A guess, to be checked first. */
class Inside {
  static readonly #known = new Map<number, Inside>();

  private constructor(readonly region: number) {}

  /** The one of a region, so that equal ones are the same. */
  static of(region: number): Inside {
    let inside = Inside.#known.get(region);
    if (!inside) Inside.#known.set(region, inside = new Inside(region));
    return inside;
  }
}

/** A constant (bigint), an offset from r10 (number), inside of a region, or unknown (null). */
type Known = bigint | number | Inside | null;
/** What is known of r0 to r10. */
type State = Known[];

const CHECKED: Access = { kind: "checked" };
const FAULT: Access = { kind: "fault" };

/** Register that a memory instruction takes its address from. */
export const baseOf = (insn: Insn): number =>
  isLoad(insn) || (isAtomic(insn) && insn.imm === BPF_ATOMIC.LOAD_ACQ) ? insn.src : insn.dst;

/** Whether a memory instruction needs permission to write. */
export const writes = (insn: Insn): boolean => !(isLoad(insn) || (isAtomic(insn) && insn.imm === BPF_ATOMIC.LOAD_ACQ));

/** Finds how each memory instruction of the reachable blocks gets at its bytes; regions of `memory` are fixed. */
export function findAccesses(
  insns: readonly Insn[],
  flow: ControlFlow,
  entries: readonly number[],
  memory: Memory | undefined,
): (Access | undefined)[] {
  const before = statesBefore(insns, flow, entries);
  const accesses: (Access | undefined)[] = new Array(insns.length);
  flow.blocks.forEach((block, index) => {
    const state = [...before[index]!];
    for (let at = block.start; at < block.end; at = following(insns[at], at)) {
      const insn = insns[at];
      if (isMemoryAccess(insn)) accesses[at] = accessThrough(insn, state[baseOf(insn)], memory);
      follow(insn, state);
    }
  });
  return accesses;
}

function statesBefore(insns: readonly Insn[], flow: ControlFlow, entries: readonly number[]): (State | undefined)[] {
  const before: (State | undefined)[] = new Array(flow.blocks.length);
  const todo = new Worklist(flow.blocks.length);
  const atFunctionStart: State = new Array(11).fill(null);
  atFunctionStart[FRAME_POINTER] = 0;
  for (const entry of [...entries, ...flow.callees]) {
    before[flow.blockAt[entry]] = [...atFunctionStart];
    todo.add(flow.blockAt[entry]);
  }
  for (let index = todo.take(); index !== undefined; index = todo.take()) {
    const block = flow.blocks[index];
    const state = [...before[index]!];
    for (let at = block.start; at < block.end; at = following(insns[at], at)) follow(insns[at], state);
    for (const next of block.successors) {
      const known = before[next];
      if (!known) before[next] = [...state];
      else if (!forgetDifferences(known, state)) continue;
      todo.add(next);
    }
  }
  return before;
}

/** Keeps in `known` only what `other` says too; tells whether that changed it. */
function forgetDifferences(known: State, other: State): boolean {
  let changed = false;
  for (let r = 0; r < known.length; r++) {
    if (known[r] !== null && known[r] !== other[r]) {
      known[r] = null;
      changed = true;
    }
  }
  return changed;
}

const MOV_X = 0xbf, ADD_K = 0x07, SUB_K = 0x17, ADD_X = 0x0f;

/** What is known after an instruction. */
function follow(insn: Insn, state: State): void {
  if (isWide(insn)) {
    state[insn.dst] = insn.imm64!;
  } else if (isCall(insn)) {
    state.fill(null, 0, 6);
  } else if (isLoad(insn)) {
    state[insn.dst] = null;
  } else if (isAtomic(insn)) {
    if (insn.imm === BPF_ATOMIC.LOAD_ACQ) state[insn.dst] = null;
    else if (insn.imm === BPF_ATOMIC.CMPXCHG) state[0] = null;
    else if (insn.imm & BPF_ATOMIC.FETCH) state[insn.src] = null;
  } else if (classOf(insn) === BPF_CLASS.ALU || classOf(insn) === BPF_CLASS.ALU64) {
    if (insn.opcode === MOV_X && insn.off === 0) state[insn.dst] = state[insn.src];
    else if (insn.opcode === ADD_K) state[insn.dst] = moved(state[insn.dst], insn.imm);
    else if (insn.opcode === ADD_X) state[insn.dst] = insideOf(state[insn.dst]) ?? insideOf(state[insn.src]);
    else if (insn.opcode === SUB_K) state[insn.dst] = moved(state[insn.dst], -insn.imm);
    else state[insn.dst] = null;
  }
}

function moved(known: Known, by: number): Known {
  if (known instanceof Inside) return known;
  if (typeof known === "bigint") return BigInt.asUintN(64, known + BigInt(by));
  // An offset far outside the frame is of no use, and must not grow beyond exact numbers.
  return known === null || Math.abs(known + by) > 1 << 30 ? null : known + by;
}

/** Where a pointer points whatever is added to it, as long as that is not much; null for what is no pointer. */
function insideOf(known: Known): Inside | null {
  if (known instanceof Inside) return known;
  return typeof known === "bigint" && known >> 32n !== 0n ? Inside.of(Number(known >> 32n)) : null;
}

/** The pointers through which a plain access of shared memory is in bounds of a region; undefined for any other. */
function nearIn({ region }: Inside, insn: Insn, memory: Memory): Near | undefined {
  const flags = memory.flagsAt(BigInt(region) << 32n), needed = writes(insn) ? REGION_FLAG.write : REGION_FLAG.read;
  if (isAtomic(insn) || !(flags & REGION_FLAG.shared) || !(flags & needed)) return undefined;
  const entry = memory.layout.regionTable + region * REGION.bytes, base = memory.getU32(entry + REGION.base);
  const count = memory.getU32(entry + REGION.size) - accessBytes(insn) + 1;
  return count > 0 ? { first: memory.pointer(region, base), count } : undefined;
}

function accessThrough(insn: Insn, base: Known, memory: Memory | undefined): Access {
  const size = accessBytes(insn);
  if (typeof base === "number") {
    const offset = base + insn.off;
    // The frame itself is aligned, so an offset tells whether an atomic access is.
    const good = offset >= -STACK_FRAME_BYTES && offset + size <= 0 && !(isAtomic(insn) && offset % size !== 0);
    if (good) return { kind: "stack", offset };
    // Through another register a callee may reach its caller's frame, but r10 is for this frame alone.
    return baseOf(insn) === FRAME_POINTER ? FAULT : CHECKED;
  }
  if (base === null || !memory) return CHECKED;
  if (base instanceof Inside) return { kind: "checked", near: nearIn(base, insn, memory) };
  const pointer = BigInt.asUintN(64, base + BigInt(insn.off));
  if (memory.explain(pointer, size, writes(insn)) !== "") return FAULT;
  const addr = Number(pointer & 0xffff_ffffn);
  if (isAtomic(insn) && addr % size !== 0) return FAULT;
  return { kind: memory.isShared(pointer) ? "visible" : "private", addr };
}
