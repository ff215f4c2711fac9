/** Checkpoints: where paths meet, a state that was explored before ends the path (is_state_visited). */
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { type Reg, UNKNOWN_SCALAR } from "../state/register.ts";
import { BYTE, byteType, FP, isSpilled, markSlotRead, SLOT_BYTES, type State } from "../state/state.ts";
import { isMayGoto } from "./control_flow.ts";
import { propagatePrecision } from "../state/precision.ts";
import { stateText } from "../state/state_text.ts";
import { hidesUndefined } from "../state/undefined_stack.ts";
import { statesEqual } from "../state/state_equality.ts";

const ALL_REGS = 0x7ff;
/** A path that grows longer than this without a checkpoint gets one. */
const MAX_HISTORY = 40;

/** Whether the current state need not be followed any further; makes a checkpoint of it where that pays. */
export function isVisited(env: Environment): boolean {
  const { state: current, insn } = env, note = env.notes[insn];
  const isForced = note.isForcedCheckpoint || current.historyEnd - current.historyStart > MAX_HISTORY;
  let addsNew = isForced ||
    env.processedJumps - env.checkpointJumps >= 2 && env.processedInsns - env.checkpointInsns >= 8;
  current.insn = insn;
  const list = env.explored.get(insn);
  if (list) {
    for (let at = 0; at < list.length; at++) {
      const old = list[at];
      const outcome = compare(env, old, note);
      if (outcome === "hit" && hidesUndefined(old, current)) {
        env.hidUndefined = true;
        if (env.tellsUndefined) continue;
      }
      if (outcome === "hit") {
        old.hit++;
        takeOver(env, old);
        return true;
      }
      if (
        outcome === "unfinished" && !isForced && env.processedJumps - env.checkpointJumps < 20 &&
        env.processedInsns - env.checkpointInsns < 100
      ) addsNew = false;
      if (isStale(old, addsNew, note.isForcedCheckpoint)) list.splice(at--, 1);
    }
  }
  if (addsNew) addCheckpoint(env, insn);
  return false;
}

function compare(env: Environment, old: State, note: Environment["notes"][number]): "hit" | "unfinished" | "miss" {
  const { state: current } = env;
  if (old.branches > 0) {
    const frame = old.frame;
    if (frame.inAsyncCallback && frame.asyncEntries !== current.frame.asyncEntries) return "unfinished";
    if (note.isIteratorNext) {
      if (statesEqual(env, old, current, "within") && activeIterator(current)) {
        updateLoopEntry(current, old);
        return "hit";
      }
      return "unfinished";
    }
    if (isMayGoto(env.insns[env.insn])) {
      if (old.mayGotoDepth !== current.mayGotoDepth && statesEqual(env, old, current, "within")) {
        updateLoopEntry(current, old);
        return "hit";
      }
    }
    if (note.callsCallback) return statesEqual(env, old, current, "within") ? "hit" : "unfinished";
    if (
      mayLoop(old, current) && statesEqual(env, old, current, "exact") && !iteratorDepthsDiffer(old, current) &&
      old.mayGotoDepth === current.mayGotoDepth && old.callbackUnrollDepth === current.callbackUnrollDepth
    ) reportLoop(env, old);
    return "unfinished";
  }
  const entry = loopEntryOf(old);
  const isInLoop = entry !== null && entry.branches > 0;
  if (!statesEqual(env, old, current, isInLoop ? "within" : "covers")) return "miss";
  if (isInLoop) updateLoopEntry(current, entry);
  return "hit";
}

function reportLoop(env: Environment, old: State): never {
  const frame = env.state.frames.length - 1;
  env.log.write(`infinite loop detected at insn ${env.insn}\n`);
  env.log.write(`cur state:${stateText(env.state, frame, ALL_REGS, "all")}\n`);
  env.log.write(`old state:${stateText(old, frame, ALL_REGS, "all")}\n`);
  env.fail(ERRNO.EINVAL, `infinite loop detected at insn ${env.insn}`);
}

/** The registers of the current frame are the same ones, ids and all (states_maybe_looping). */
function mayLoop(old: State, current: State): boolean {
  if (old.frames.length !== current.frames.length) return false;
  const was = old.frame.regs, is = current.frame.regs;
  for (let reg = 0; reg <= FP; reg++) {
    const a = was[reg], b = is[reg];
    if (a === b) continue;
    if (!a.sameContent(b) || a.id !== b.id || a.ref !== b.ref || !a.bounds.equals(b.bounds)) return false;
  }
  return true;
}

function activeIterator(state: State): boolean {
  const pointer = state.regs[1], frame = state.frames[pointer.frame];
  const slot = frame?.stack[((-(pointer.off + Number(BigInt.asIntN(64, pointer.bounds.value))) - 1) / SLOT_BYTES) | 0];
  return slot?.reg.iterator?.state === "active";
}

function iteratorDepthsDiffer(old: State, current: State): boolean {
  return old.frames.some((frame, index) =>
    frame.stack.some((slot, at) =>
      byteType(slot.bytes, 0) === BYTE.ITER && slot.reg.iterator?.state === "active" &&
      current.frames[index].stack[at]?.reg.iterator?.depth !== slot.reg.iterator.depth
    )
  );
}

/** Checkpoints that never end a path are dropped. */
function isStale(old: State, counts: boolean, isForced: boolean): boolean {
  if (counts) old.missed++;
  const factor = isForced && old.branches > 0 ? 64 : 3;
  return old.missed > old.hit * factor + factor;
}

/** The path ends here: what the old state's paths read and needed exactly counts for this one too. */
function takeOver(env: Environment, old: State): void {
  old.frames.forEach((frame, index) => {
    const { readSlots } = frame;
    if (readSlots.isEmpty) return;
    for (let slot = 0; slot < 64; slot++) if (readSlots.has(slot)) markSlotRead(env.state, index, slot);
  });
  if (env.notes[env.insn].isJumpPoint) env.remember();
  propagatePrecision(env, old);
}

function addCheckpoint(env: Environment, insn: number): void {
  const { state: current } = env;
  env.checkpointJumps = env.processedJumps;
  env.checkpointInsns = env.processedInsns;
  const checkpoint = current.copy();
  checkpoint.insn = insn;
  checkpoint.loopEntry = current.loopEntry;
  const list = env.explored.get(insn);
  if (list) list.unshift(checkpoint);
  else env.explored.set(insn, [checkpoint]);
  current.parent = checkpoint;
  current.firstInsn = insn;
  current.historyStart = current.historyEnd;
  current.depth = checkpoint.depth + 1;
  current.loopEntry = null;
  for (const frame of current.frames) frame.writtenSlots.clear();
}

/** Follows a loop entry to the outermost one (get_loop_entry). */
function loopEntryOf(state: State): State | null {
  let entry = state.loopEntry;
  while (entry && entry.loopEntry && entry !== entry.loopEntry) entry = entry.loopEntry;
  return entry;
}

function updateLoopEntry(current: State, header: State): void {
  const entry = loopEntryOf(header) ?? header;
  const own = loopEntryOf(current) ?? current;
  if (entry.branches > 0 && entry.depth <= own.depth) {
    current.loopEntry = entry;
    entry.isLoopEntry = true;
  }
}

/** A path has ended: its checkpoints have one path less to wait for (update_branch_counts). */
export function pathEnded(state: State): void {
  let child = state;
  for (let at: State | null = state; at; at = at.parent) {
    at.branches--;
    if (at !== child && child.loopEntry) updateLoopEntry(at, child.loopEntry);
    if (at.branches > 0) return;
    child = at;
  }
}

/**
 * The checkpoint of the same calls at an instruction that a loop comes back to, made before `from` (find_prev_entry):
 * where a checkpoint was made of this very visit, the one of the round before counts.
 */
export function previousEntry(env: Environment, from: State | null, insn: number): State | undefined {
  for (let at = from?.parent ?? null; at; at = at.parent) {
    if (at.insn !== insn || at.frames.length !== env.state.frames.length) continue;
    if (at.frames.every((frame, index) => frame.callsite === env.state.frames[index].callsite)) return at;
  }
  return undefined;
}

/** Scalars that changed over one round of a loop, and need not be exact, may be anything from now on. */
export function widenImprecise(old: State, current: State): void {
  const widened = (was: Reg | undefined, is: Reg, isPrecise: boolean): Reg => {
    if (!was || !was.isScalar || !is.isScalar || isPrecise) return is;
    return was.bounds.equals(is.bounds) && was.id === is.id ? is : UNKNOWN_SCALAR;
  };
  current.frames.forEach((frame, index) => {
    const before = old.frames[index];
    if (!before) return;
    for (let reg = 0; reg < FP; reg++) {
      frame.regs[reg] = widened(before.regs[reg], frame.regs[reg], (before.preciseRegs & (1 << reg)) !== 0);
    }
    frame.stack.forEach((slot, at) => {
      const was = before.stack[at];
      if (!was || !isSpilled(slot) || !isSpilled(was)) return;
      const to = widened(was.reg, slot.reg, before.preciseSlots.has(at));
      if (to !== slot.reg) frame.stack[at] = { bytes: slot.bytes, reg: to };
    });
  });
}
