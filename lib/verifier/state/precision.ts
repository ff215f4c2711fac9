/**
 * Finds out, backwards along the path, which scalars decided something (kernel/bpf/verifier.c:mark_chain_precision).
 * Only those must match exactly when two states are compared; all others may hold anything.
 */
import {
  ALU,
  BPF_ATOMIC,
  BPF_CLASS,
  BPF_MODE,
  classOf,
  isAtomic,
  isBpfCall,
  isCall,
  isExit,
  isWide,
  modeOf,
} from "../../isa/insn.ts";
import type { Environment, HistoryEntry } from "./environment.ts";
import { BPF_FUNC } from "../../uapi/helpers.ts";
import { isAsyncCallbackHelper, isSyncCallbackHelper } from "../kernel/helper_kinds.ts";
import { syncCallbackKfunc } from "../kernel/kfunc_kinds.ts";
import { FP, isSpilledScalar, MAX_FRAMES, ownSlots, SlotSet, type State } from "./state.ts";

const FROM_REGISTER = 0x08;

/** Registers and stack slots of each frame that are still wanted. */
class Wanted {
  frame = 0;
  readonly regs = new Int32Array(MAX_FRAMES);
  readonly slots = Array.from({ length: MAX_FRAMES }, () => new SlotSet());

  /** Empty again, for a walk that begins in a frame; one object serves all walks. */
  from(frame: number): this {
    this.frame = frame;
    for (let at = 0; at < MAX_FRAMES; at++) {
      this.regs[at] = 0;
      this.slots[at].clear();
    }
    return this;
  }

  get isEmpty(): boolean {
    for (let at = 0; at <= this.frame; at++) {
      if (this.regs[at] !== 0 || !this.slots[at].isEmpty) return false;
    }
    return true;
  }
  has(reg: number): boolean {
    return (this.regs[this.frame] & (1 << reg)) !== 0;
  }
  add(reg: number): void {
    this.regs[this.frame] |= 1 << reg;
  }
  delete(reg: number): void {
    this.regs[this.frame] &= ~(1 << reg);
  }
}

const shared = new Wanted();
const ARG_REGS = 0b111110;
/** Backtracking cannot tell: every scalar on the path counts as precise. */
const GIVE_UP = Symbol("give up");

/** Marks what a register of the current frame depends on. */
export function markPrecise(env: Environment, reg: number): void {
  const { state } = env;
  if (!state.regs[reg].isScalar) return;
  const wanted = shared.from(state.frames.length - 1);
  wanted.add(reg);
  backtrack(env, wanted);
}

/** Marks what a stack slot of a frame depends on. */
export function markSlotPrecise(env: Environment, frame: number, slot: number): void {
  const wanted = shared.from(env.state.frames.length - 1);
  wanted.slots[frame].add(slot);
  backtrack(env, wanted);
}

/**
 * A state was found safe because of `old`: what was precise there is precise here (propagate_precision); `true` when
 * that was news.
 */
export function propagatePrecision(env: Environment, old: State, to: State = env.state, from = env.insn): boolean {
  const wanted = shared.from(old.frames.length - 1);
  old.frames.forEach((frame, index) => {
    for (let reg = 0; reg < FP; reg++) {
      if (frame.preciseRegs & (1 << reg) && frame.regs[reg].isScalar) wanted.regs[index] |= 1 << reg;
    }
    frame.stack.forEach((slot, at) => {
      if (frame.preciseSlots.has(at) && isSpilledScalar(slot)) wanted.slots[index].add(at);
    });
  });
  return backtrack(env, wanted, to, from);
}

/** Goes back from the end of a path; `true` when a checkpoint on the way came to be precise in more than it was. */
function backtrack(env: Environment, wanted: Wanted, start: State = env.state, from = env.insn): boolean {
  if (wanted.isEmpty) return false;
  let state: State = start;
  let first = state.firstInsn, last = from, subsequent = -1, isFirst = true, changes = false;
  for (;;) {
    if (last < 0) return markEntry(state, wanted) || changes;
    let entry = state.history;
    for (let at = last;;) {
      if (isFirst) isFirst = false;
      else {
        const known = entry !== null && entry.insn === at ? entry : undefined;
        if (step(env, at, subsequent, known, wanted) === GIVE_UP) return markEverything(start);
      }
      if (wanted.isEmpty) return changes;
      subsequent = at;
      if (at === first && (entry === null || entry.before === null && entry.insn === at)) break;
      if (entry !== null && entry.insn === at) {
        at = entry.previous;
        entry = entry.before;
      } else at--;
      if (at < 0) return markEverything(start);
    }
    if (!state.parent) break;
    state = state.parent;
    if (markCheckpoint(state, wanted)) changes = true;
    if (wanted.isEmpty) return changes;
    subsequent = first;
    last = state.lastInsn;
    first = state.firstInsn;
  }
  return wanted.isEmpty ? changes : markEverything(start);
}

/** The start of a global function: its arguments are what they are. */
function markEntry(state: State, wanted: Wanted): false {
  state.frames[0].preciseRegs |= wanted.regs[0];
  return false;
}

function markCheckpoint(state: State, wanted: Wanted): boolean {
  let changes = false;
  for (let index = wanted.frame; index >= 0; index--) {
    const frame = state.frames[index];
    if (!frame) continue;
    for (let reg = 0; reg < FP; reg++) {
      if (!(wanted.regs[index] & (1 << reg))) continue;
      if (!frame.regs[reg].isScalar || frame.preciseRegs & (1 << reg)) wanted.regs[index] &= ~(1 << reg);
      else {
        frame.preciseRegs |= 1 << reg;
        changes = true;
      }
    }
    if (wanted.slots[index].isEmpty) continue;
    for (let slot = 0; slot < 64; slot++) {
      if (slot === 32 && wanted.slots[index].high === 0) break;
      if (!wanted.slots[index].has(slot)) continue;
      const held = frame.stack[slot];
      if (!held || !isSpilledScalar(held) || frame.preciseSlots.has(slot)) wanted.slots[index].delete(slot);
      else {
        (frame.preciseSlots = ownSlots(frame.preciseSlots)).add(slot);
        changes = true;
      }
    }
  }
  return changes;
}

/** Every scalar of every checkpoint before a state counts (mark_all_scalars_precise). */
export function markEverything(current: State): false {
  for (let state = current.parent; state; state = state.parent) {
    for (const frame of state.frames) {
      frame.preciseRegs = (1 << FP) - 1;
      (frame.preciseSlots = ownSlots(frame.preciseSlots)).fill();
    }
  }
  return false;
}

function syncLinked(wanted: Wanted, entry: HistoryEntry | undefined): void {
  const linked = entry?.linked;
  if (!linked) return;
  const isWanted = linked.some(({ frame, index, isReg }) =>
    isReg ? (wanted.regs[frame] & (1 << index)) !== 0 : wanted.slots[frame].has(index)
  );
  if (!isWanted) return;
  for (const { frame, index, isReg } of linked) {
    if (isReg) wanted.regs[frame] |= 1 << index;
    else wanted.slots[frame].add(index);
  }
}

/** Undoes one instruction: what is wanted after it becomes what is wanted before it (backtrack_insn). */
function step(
  env: Environment,
  at: number,
  subsequent: number,
  entry: HistoryEntry | undefined,
  wanted: Wanted,
): typeof GIVE_UP | undefined {
  const insn = env.insns[at];
  if (insn.opcode === 0) return;
  syncLinked(wanted, entry);
  const outcome = undo(env, at, subsequent, entry, wanted);
  if (outcome === undefined) syncLinked(wanted, entry);
  return outcome === GIVE_UP ? GIVE_UP : undefined;
}

const DONE = Symbol("done");

function undo(
  env: Environment,
  at: number,
  subsequent: number,
  entry: HistoryEntry | undefined,
  wanted: Wanted,
): typeof GIVE_UP | typeof DONE | undefined {
  const insn = env.insns[at];
  const { dst, src } = insn, operation = insn.opcode & 0xf0, isFromReg = (insn.opcode & FROM_REGISTER) !== 0;
  switch (classOf(insn)) {
    case BPF_CLASS.ALU:
    case BPF_CLASS.ALU64:
      if (!wanted.has(dst)) return DONE;
      if (operation === ALU.END || operation === ALU.NEG) return DONE;
      if (operation === ALU.MOV) wanted.delete(dst);
      if (isFromReg && src !== FP) wanted.add(src);
      return;
    case BPF_CLASS.STX:
    case BPF_CLASS.ST: {
      if (isAtomic(insn) && (insn.imm & BPF_ATOMIC.FETCH || insn.imm === BPF_ATOMIC.LOAD_ACQ)) {
        const loaded = insn.imm === BPF_ATOMIC.CMPXCHG ? 0 : insn.imm === BPF_ATOMIC.LOAD_ACQ ? dst : src;
        return undoLoad(loaded, entry, wanted);
      }
      if (wanted.has(dst)) return GIVE_UP;
      if (!entry || entry.stackSlot < 0 || !wanted.slots[entry.stackFrame].has(entry.stackSlot)) return DONE;
      wanted.slots[entry.stackFrame].delete(entry.stackSlot);
      if (classOf(insn) === BPF_CLASS.STX) wanted.add(src);
      return;
    }
    case BPF_CLASS.LDX:
      return undoLoad(dst, entry, wanted);
    case BPF_CLASS.LD:
      if (isWide(insn)) {
        wanted.delete(dst);
        return DONE;
      }
      return modeOf(insn) === BPF_MODE.ABS || modeOf(insn) === BPF_MODE.IND ? (wanted.has(dst) ? GIVE_UP : DONE) : DONE;
    default:
      if (isCall(insn)) return undoCall(env, at, subsequent, wanted);
      if (isExit(insn)) return undoExit(env, subsequent, wanted);
      if (!isFromReg || operation === 0) return;
      if (!wanted.has(dst) && !wanted.has(src)) return DONE;
      if (!entry?.isSrcStack) wanted.add(src);
      if (!entry?.isDstStack) wanted.add(dst);
      return;
  }
}

function undoLoad(reg: number, entry: HistoryEntry | undefined, wanted: Wanted): typeof DONE | undefined {
  if (!wanted.has(reg)) return DONE;
  wanted.delete(reg);
  if (!entry || entry.stackSlot < 0) return DONE;
  wanted.slots[entry.stackFrame].add(entry.stackSlot);
  return;
}

function undoCall(
  env: Environment,
  at: number,
  subsequent: number,
  wanted: Wanted,
): typeof GIVE_UP | typeof DONE | undefined {
  const insn = env.insns[at];
  if (isBpfCall(insn)) {
    const callee = env.subprogs[env.subprogAt(at + insn.imm + 1)];
    if (callee.isGlobal) {
      wanted.delete(0);
      return wanted.regs[wanted.frame] & ARG_REGS ? GIVE_UP : DONE;
    }
    return leaveCallee(wanted, true);
  }
  const extern = env.externAt.get(at) ?? "";
  const callsBack = insn.src === 0
    ? isSyncCallbackHelper(insn.imm) || isAsyncCallbackHelper(insn.imm)
    : syncCallbackKfunc(extern);
  if (callsBack && at !== subsequent - 1 && wanted.frame > 0) return leaveCallee(wanted, false);
  wanted.delete(0);
  if (wanted.regs[wanted.frame] & ARG_REGS) return GIVE_UP;
  const isTailCall = insn.src === 0 && insn.imm === BPF_FUNC.tail_call;
  return isTailCall && subsequent !== at + 1 ? enterCallee(wanted) : undefined;
}

/** Going back over a call into the caller: the callee's arguments are the caller's registers. */
function leaveCallee(wanted: Wanted, passesArgs: boolean): typeof GIVE_UP | typeof DONE {
  const { frame } = wanted;
  if (frame === 0 || wanted.regs[frame] & ~ARG_REGS || !wanted.slots[frame].isEmpty) return GIVE_UP;
  if (passesArgs) wanted.regs[frame - 1] |= wanted.regs[frame];
  wanted.regs[frame] = 0;
  wanted.frame--;
  return DONE;
}

/** Going back over an exit into the callee: its r0 is what the caller saw. */
function undoExit(env: Environment, subsequent: number, wanted: Wanted): typeof GIVE_UP | typeof DONE {
  const before = subsequent > 0 ? env.insns[subsequent - 1] : undefined;
  const fromCall = before !== undefined && isBpfCall(before);
  const wantsR0 = fromCall && wanted.has(0);
  if (fromCall && wanted.regs[wanted.frame] & ARG_REGS) return GIVE_UP;
  wanted.delete(0);
  if (enterCallee(wanted) === GIVE_UP) return GIVE_UP;
  if (wantsR0) wanted.add(0);
  return DONE;
}

function enterCallee(wanted: Wanted): typeof GIVE_UP | typeof DONE {
  if (wanted.frame + 1 >= MAX_FRAMES) return GIVE_UP;
  wanted.frame++;
  wanted.regs[wanted.frame] = 0;
  wanted.slots[wanted.frame].clear();
  return DONE;
}
