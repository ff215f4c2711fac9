/** Checkpoints: where paths meet, a state that was explored before ends the path (is_state_visited). */
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { NOT_INIT, type Reg, UNKNOWN_SCALAR } from "../state/register.ts";
import { BYTE, byteType, EMPTY_SLOT, FP, isSpilled, SLOT_BYTES, type State } from "../state/state.ts";
import { enterLoop, isIncomplete, type LoopVisit } from "./loops.ts";
import { isMayGoto } from "./control_flow.ts";
import { markEverything, propagatePrecision } from "../state/precision.ts";
import { stateText } from "../state/state_text.ts";
import { hidesUndefined } from "../state/undefined_stack.ts";
import { statesEqual } from "../state/state_equality.ts";

const ALL_REGS = 0x7ff;
/** A path that grows longer than this without a checkpoint gets one. */
const MAX_HISTORY = 40;

/** Whether the current state need not be followed any further; makes a checkpoint of it where that pays. */
export function isVisited(env: Environment): boolean {
  const { state: current, insn } = env, note = env.notes[insn];
  const isForced = note.isForcedCheckpoint || current.historyLength > MAX_HISTORY;
  let addsNew = isForced ||
    env.processedJumps - env.checkpointJumps >= 2 && env.processedInsns - env.checkpointInsns >= 8;
  current.insn = insn;
  // The kernel keeps checkpoints by instruction and call site, too (explored_state).
  const key = insn * (env.insns.length + 1) + current.frame.callsite + 1, list = env.explored.get(key);
  if (list) {
    cleanCheckpoints(env, list);
    const comparison = new Comparison(env, note);
    for (let at = 0; at < list.length; at++) {
      const old = list[at];
      const outcome = comparison.with(old);
      if (outcome === "hit" && hidesUndefined(old, current)) {
        env.hidUndefined = true;
        if (env.tellsUndefined) continue;
      }
      if (outcome === "hit") {
        old.hit++;
        takeOver(env, old, comparison.isInLoop);
        return true;
      }
      if (
        outcome === "unfinished" && !isForced && env.processedJumps - env.checkpointJumps < 20 &&
        env.processedInsns - env.checkpointInsns < 100
      ) addsNew = false;
      if (isStale(old, addsNew, note.isForcedCheckpoint)) list.splice(at--, 1);
    }
  }
  if (addsNew) addCheckpoint(env, insn, key);
  return false;
}

/** Of checkpoints whose paths are all explored, what none of them reads is cleared (clean_live_states). */
function cleanCheckpoints(env: Environment, list: readonly State[]): void {
  for (const old of list) {
    if (old.isCleaned || old.branches > 0 || isIncomplete(old) || !hasSameCalls(old, env.state)) continue;
    old.isCleaned = true;
    const last = old.frames.length - 1;
    old.frames.forEach((frame, index) => {
      const at = index === last ? old.insn : old.frames[index + 1].callsite, live = env.notes[at].liveRegs;
      for (let reg = 0; reg < FP; reg++) if (!(live & (1 << reg))) frame.regs[reg] = NOT_INIT;
      frame.preciseRegs &= live;
      if (frame.stack.length === 0) return;
      const alive = env.liveness.live(old, index, (insn) => env.notes[insn].callsCallback);
      for (let slot = 0; slot < frame.stack.length; slot++) if (!alive.has(slot)) frame.stack[slot] = EMPTY_SLOT;
    });
  }
}

function hasSameCalls(a: State, b: State): boolean {
  if (a.frames.length !== b.frames.length) return false;
  for (let index = 0; index < a.frames.length; index++) {
    if (a.frames[index].callsite !== b.frames[index].callsite) return false;
  }
  return true;
}

/** Comparisons of the current state with the checkpoints made at its instruction, one after another. */
class Comparison {
  /** The state ended within a loop: what it needs exactly comes when the loop's paths are all explored. */
  isInLoop = false;

  constructor(readonly env: Environment, readonly note: Environment["notes"][number]) {}

  with(old: State): "hit" | "unfinished" | "miss" {
    const { env, note } = this, { state: current } = env;
    if (old.branches === 0) {
      this.isInLoop = isIncomplete(old);
      return statesEqual(env, old, current, this.isInLoop ? "within" : "covers") ? "hit" : "miss";
    }
    const frame = old.frame;
    if (frame.inAsyncCallback && frame.asyncEntries !== current.frame.asyncEntries) return "unfinished";
    if (note.isIteratorNext) {
      if (!statesEqual(env, old, current, "within") || !activeIterator(current)) return "unfinished";
      this.isInLoop = true;
      return "hit";
    }
    if (
      isMayGoto(env.insns[env.insn]) && old.mayGotoDepth !== current.mayGotoDepth &&
      statesEqual(env, old, current, "within")
    ) {
      this.isInLoop = true;
      return "hit";
    }
    if (note.callsCallback) return statesEqual(env, old, current, "within") ? "hit" : "unfinished";
    if (
      mayLoop(old, current) && statesEqual(env, old, current, "exact") && !iteratorDepthsDiffer(old, current) &&
      old.mayGotoDepth === current.mayGotoDepth && old.callbackUnrollDepth === current.callbackUnrollDepth
    ) reportLoop(env, old);
    return "unfinished";
  }
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

/** The path ends here: what the old state's paths needed exactly counts for this one too. */
function takeOver(env: Environment, old: State, isInLoop: boolean): void {
  if (env.notes[env.insn].isJumpPoint) env.remember();
  propagatePrecision(env, old);
  if (!isInLoop || !old.visit) return;
  const state = env.state.copy();
  state.insn = env.insn;
  state.equal = old;
  old.visit.backEdges.push(state);
}

function addCheckpoint(env: Environment, insn: number, key: number): void {
  const { state: current } = env;
  env.checkpointJumps = env.processedJumps;
  env.checkpointInsns = env.processedInsns;
  const checkpoint = current.copy();
  checkpoint.insn = insn;
  enterLoop(env, checkpoint);
  const list = env.explored.get(key);
  if (list) list.unshift(checkpoint);
  else env.explored.set(key, [checkpoint]);
  current.parent = checkpoint;
  current.firstInsn = insn;
  current.history = null;
  current.historyLength = 0;
  current.depth = checkpoint.depth + 1;
}

/** A path has ended: its checkpoints have one path less to wait for (update_branch_counts). */
export function pathEnded(env: Environment, state: State): void {
  for (let at: State | null = state; at; at = at.parent) {
    at.branches--;
    if (at.branches > 0) return;
    if (at.visit?.entry === at) leaveLoop(env, at.visit);
  }
}

const MAX_ROUNDS = 64;

/** All paths of a loop are explored: what its states need exactly goes round until nothing changes (maybe_exit_scc). */
function leaveLoop(env: Environment, visit: LoopVisit): void {
  visit.entry = null;
  for (let round = 0, changes = true; changes; round++) {
    changes = false;
    for (const state of visit.backEdges) {
      if (round >= MAX_ROUNDS) markEverything(state);
      else if (propagatePrecision(env, state.equal!, state, state.insn)) changes = true;
    }
  }
  visit.backEdges = [];
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
