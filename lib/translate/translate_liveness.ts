/**
 * Which registers matter where.
 *
 * BPF registers live in Wasm locals while a step runs and in the task record between steps. A step loads and stores as
 * few of them as it can; three questions, each answered for every instruction as a mask of registers, decide which:
 *
 * - `live`: may its value still be used? (backwards, to the end of the program)
 * - `dirty`: may it differ from what the task record holds? (forwards)
 * - `wanted`: must it be in its local? (backwards, no further than the next step)
 */
import {
  ALU,
  BPF_ATOMIC,
  BPF_CLASS,
  classOf,
  type Insn,
  isAtomic,
  isBpfCall,
  isCall,
  isExit,
  isGoto,
  isJump,
  isLoad,
  isStore,
  isWide,
} from "../isa/insn.ts";
import { type BasicBlock, type ControlFlow, following, Worklist } from "./translate_flow.ts";
import { ARGUMENTS, CALLEE_SAVED, CALLER_SAVED, FRAME_POINTER, GENERAL } from "./translate_locals.ts";
import { type Access, baseOf } from "./translate_pointers.ts";

const bit = (r: number): number => 1 << r;
const hasSourceRegister = (insn: Insn): boolean => (insn.opcode & 0x08) !== 0;

/** Registers that a memory instruction reads besides the one that holds its address. */
export function operandsOf(insn: Insn): number {
  if (isLoad(insn) || classOf(insn) === BPF_CLASS.ST) return 0;
  if (!isAtomic(insn)) return bit(insn.src);
  if (insn.imm === BPF_ATOMIC.LOAD_ACQ) return 0;
  return bit(insn.src) | (insn.imm === BPF_ATOMIC.CMPXCHG ? bit(0) : 0);
}

/** Registers that an access needs to find its bytes. */
function addressOf(insn: Insn, access: Access): number {
  switch (access.kind) {
    case "stack":
      return bit(FRAME_POINTER);
    case "visible":
    case "private":
      return 0;
    case "checked":
    case "fault":
      return bit(baseOf(insn));
  }
}

/** Registers that an instruction reads; of a call, those that its callee may read are not among them. */
function usedBy(insn: Insn, access: Access | undefined): number {
  if (access) return addressOf(insn, access) | operandsOf(insn);
  if (isWide(insn) || isGoto(insn) || isCall(insn)) return 0;
  if (isExit(insn)) return bit(0);
  const source = hasSourceRegister(insn) ? bit(insn.src) : 0;
  if (isJump(insn)) return bit(insn.dst) | source;
  switch (insn.opcode & 0xf0) {
    case ALU.MOV:
      return source;
    case ALU.NEG:
    case ALU.END: // its source bit means big endian
      return bit(insn.dst);
    default:
      return bit(insn.dst) | source;
  }
}

/** Registers that an instruction changes. */
function definedBy(insn: Insn): number {
  if (isCall(insn)) return CALLER_SAVED;
  if (isExit(insn) || isJump(insn) || isStore(insn)) return 0;
  if (!isAtomic(insn)) return bit(insn.dst);
  if (insn.imm === BPF_ATOMIC.LOAD_ACQ) return bit(insn.dst);
  if (insn.imm === BPF_ATOMIC.CMPXCHG) return bit(0);
  return insn.imm & BPF_ATOMIC.FETCH && insn.imm !== BPF_ATOMIC.STORE_REL ? bit(insn.src) : 0;
}

export interface Liveness {
  readonly live: Int32Array;
  readonly dirty: Int32Array;
  readonly wanted: Int32Array;
  /** Live registers once the visible operation or helper call of an instruction is about to be performed. */
  liveAtOperation(insn: number): number;
  /** Of those, the ones that are stored to the task record when the operation is published. */
  savedAt(insn: number): number;
  /** Registers that a step loads which begins by performing the visible operation of an instruction. */
  wantedToPerform(insn: number): number;
}

export interface LivenessOptions {
  /** No step ends at a memory access or helper call. */
  readonly direct: boolean;
  /** The machine performs visible operations, so the operands are needed when one is published. */
  readonly external: boolean;
  /** Instructions before which a step may end for want of fuel. */
  readonly gates: ReadonlySet<number>;
}

/** Computes the three masks before every reachable instruction, in time linear in the number of blocks. */
export function analyseLiveness(
  insns: readonly Insn[],
  flow: ControlFlow,
  entries: readonly number[],
  accesses: readonly (Access | undefined)[],
  options: LivenessOptions,
): Liveness {
  const live = new Int32Array(insns.length + 1);
  const dirty = new Int32Array(insns.length + 1);
  const wanted = new Int32Array(insns.length + 1);
  /** A step always ends here (not only when a check at run time says so). */
  const isOperation = (at: number) => {
    if (options.direct) return false;
    return accesses[at]?.kind === "visible" || (isCall(insns[at]) && !isBpfCall(insns[at]));
  };
  const liveAtOperation = (at: number): number => {
    const insn = insns[at], after = live[following(insn, at)];
    if (isCall(insn)) return (after & CALLEE_SAVED) | ARGUMENTS;
    return (after & ~definedBy(insn)) | (options.external ? 0 : operandsOf(insn));
  };
  const savedAt = (at: number): number => liveAtOperation(at) & dirty[at] & GENERAL;

  const wantedToPerform = (at: number): number =>
    (wanted[following(insns[at], at)] & ~definedBy(insns[at])) | (options.external ? 0 : operandsOf(insns[at]));

  const liveBefore = (at: number, after: number, block: BasicBlock): number => {
    const insn = insns[at];
    if (isBpfCall(insn)) return (live[flow.blocks[block.callee!].start] & GENERAL) | (after & CALLEE_SAVED);
    if (isCall(insn)) return ARGUMENTS | (after & CALLEE_SAVED);
    return usedBy(insn, accesses[at]) | (after & ~definedBy(insn));
  };
  solveBackwards(insns, flow, live, liveBefore);

  solveDirty(insns, flow, entries, dirty, (at, before) => {
    const insn = insns[at];
    if (isBpfCall(insn)) return GENERAL;
    if (isCall(insn)) return options.direct ? before & ~CALLER_SAVED : 0;
    return (isOperation(at) ? 0 : before) | definedBy(insn);
  });

  solveBackwards(insns, flow, wanted, (at, after, block) => {
    const insn = insns[at];
    let mask;
    if (isBpfCall(insn)) {
      const callee = flow.blocks[block.callee!].start;
      mask = wanted[callee] | (live[callee] & GENERAL) | (live[block.end] & CALLEE_SAVED);
    } else if (isCall(insn)) {
      mask = options.direct ? (ARGUMENTS & dirty[at]) | (after & ~CALLER_SAVED) : savedAt(at);
    } else if (isOperation(at)) {
      mask = savedAt(at) | (options.external ? operandsOf(insn) : 0);
    } else {
      mask = usedBy(insn, accesses[at]) | (after & ~definedBy(insn));
      if (accesses[at]?.kind === "checked" && !options.direct) mask |= savedAt(at);
    }
    if (options.gates.has(at)) mask |= live[at] & dirty[at] & GENERAL;
    return mask;
  });
  return { live, dirty, wanted, liveAtOperation, savedAt, wantedToPerform };
}

type Transfer = (at: number, after: number, block: BasicBlock) => number;

/** Fills `masks` (before each instruction) from the end to the beginning, until nothing changes. */
function solveBackwards(insns: readonly Insn[], flow: ControlFlow, masks: Int32Array, transfer: Transfer): void {
  const todo = new Worklist(flow.blocks.length);
  const orders = flow.blocks.map((block) => insnsOf(insns, block));
  for (let index = flow.blocks.length - 1; index >= 0; index--) todo.add(index);
  for (let index = todo.take(); index !== undefined; index = todo.take()) {
    const block = flow.blocks[index], order = orders[index];
    const old = masks[block.start];
    let mask = 0;
    for (const next of block.successors) mask |= masks[flow.blocks[next].start];
    for (let i = order.length - 1; i >= 0; i--) {
      mask = transfer(order[i], mask, block);
      masks[order[i]] = mask;
    }
    if (mask !== old) block.predecessors.forEach((previous) => todo.add(previous));
  }
}

function insnsOf(insns: readonly Insn[], block: BasicBlock): number[] {
  const order = [];
  for (let at = block.start; at < block.end; at = following(insns[at], at)) order.push(at);
  return order;
}

function solveDirty(
  insns: readonly Insn[],
  flow: ControlFlow,
  entries: readonly number[],
  dirty: Int32Array,
  transfer: (at: number, before: number) => number,
): void {
  const todo = new Worklist(flow.blocks.length);
  flow.blocks.forEach((_, index) => todo.add(index));
  for (const entry of entries) dirty[entry] = 0;
  // Whoever calls a function leaves the record behind what the locals hold.
  for (const callee of flow.callees) dirty[callee] = GENERAL;
  for (let index = todo.take(); index !== undefined; index = todo.take()) {
    const block = flow.blocks[index];
    let mask = dirty[block.start];
    for (let at = block.start; at < block.end; at = following(insns[at], at)) {
      dirty[at] = mask;
      mask = transfer(at, mask);
    }
    for (const next of block.successors) {
      const start = flow.blocks[next].start;
      if ((dirty[start] | mask) === dirty[start]) continue;
      dirty[start] |= mask;
      todo.add(next);
    }
  }
}
