/** Whether a state is covered by one explored before (kernel/bpf/verifier.c:states_equal). */
import type { Environment } from "./environment.ts";
import { FLAG, type Reg, REG_TYPE, UNKNOWN_SCALAR } from "./register.ts";
import {
  allBytes,
  BYTE,
  byteType,
  FP,
  type Frame,
  isSpilledScalar64,
  MAIN_CALLSITE,
  type Slot,
  SLOT_BYTES,
  type State,
} from "./state.ts";
import { tnumIn } from "../domain/tnum.ts";

/**
 * `covers`: every path from the old state is explored, so what it did not read or need exactly may differ.
 * `exact`: for finding endless loops. `within`: for loops that converge, ranges may only be narrower.
 */
export type Exactness = "covers" | "exact" | "within";

/** Ids need not be equal, but must pair up one to one. */
class IdPairs {
  /** Old and current id, in turns. */
  readonly #pairs: number[] = [];
  #length = 0;
  #fresh = 0;

  /** Empty again; one object serves all comparisons, of which none begins within another. */
  from(lastId: number): this {
    this.#length = 0;
    this.#fresh = lastId;
    return this;
  }

  check(old: number, current: number): boolean {
    if ((old !== 0) !== (current !== 0)) return false;
    if (old === 0) return true;
    for (let at = 0; at < this.#length; at += 2) {
      if (this.#pairs[at] === old) return this.#pairs[at + 1] === current;
      if (this.#pairs[at + 1] === current) return false;
    }
    this.#pairs[this.#length++] = old;
    this.#pairs[this.#length++] = current;
    return true;
  }

  checkScalar(old: number, current: number): boolean {
    return old === 0 || this.check(old, current || ++this.#fresh);
  }
}

const shared = new IdPairs();

export function statesEqual(env: Environment, old: State, current: State, how: Exactness): boolean {
  if (old.frames.length !== current.frames.length) return false;
  if (
    old.rcuLocks !== current.rcuLocks || old.preemptLocks !== current.preemptLocks ||
    old.isSleepable !== current.isSleepable
  ) return false;
  const ids = shared.from(env.ids);
  if (!referencesEqual(old, current, ids)) return false;
  for (let index = 0; index < old.frames.length; index++) {
    const frame = old.frames[index], other = current.frames[index];
    const at = index === old.frames.length - 1 ? old.insn : old.frames[index + 1].callsite;
    const live = at === MAIN_CALLSITE ? 0x7ff : env.notes[at].liveRegs;
    if (frame.callsite !== other.callsite || !framesEqual(frame, other, live, ids, how)) return false;
  }
  return true;
}

function referencesEqual(old: State, current: State, ids: IdPairs): boolean {
  if (old.references.length !== current.references.length) return false;
  if (old.activeLocks !== current.activeLocks || old.activeLockOwner !== current.activeLockOwner) return false;
  if (!ids.check(old.activeIrqId, current.activeIrqId)) return false;
  if (!ids.check(old.activeLockId, current.activeLockId)) return false;
  for (let index = 0; index < old.references.length; index++) {
    const reference = old.references[index], other = current.references[index];
    if (reference.kind !== other.kind || reference.owner !== other.owner || !ids.check(reference.id, other.id)) {
      return false;
    }
  }
  return true;
}

function framesEqual(old: Frame, current: Frame, live: number, ids: IdPairs, how: Exactness): boolean {
  if (old.callbackDepth > current.callbackDepth) return false;
  for (let reg = 0; reg <= FP; reg++) {
    if (!(live & (1 << reg))) continue;
    const isPrecise = (old.preciseRegs & (1 << reg)) !== 0;
    if (!regCovers(old.regs[reg], current.regs[reg], isPrecise, ids, how)) return false;
  }
  return stackCovers(old, current, ids, how);
}

function regsExact(old: Reg, current: Reg, ids: IdPairs): boolean {
  return old.sameContent(current) && old.bounds.equals(current.bounds) && ids.check(old.id, current.id) &&
    ids.check(old.ref, current.ref);
}

const isWithin = (old: Reg, current: Reg): boolean =>
  old.bounds === current.bounds ||
  old.bounds.contains(current.bounds) && tnumIn(old.bounds.tnum, current.bounds.tnum);

function regCovers(old: Reg, current: Reg, isPrecise: boolean, ids: IdPairs, how: Exactness): boolean {
  if (how === "exact") return regsExact(old, current, ids) && old.frame === current.frame;
  if (old.type === REG_TYPE.NOT_INIT && (how === "covers" || current.type === REG_TYPE.NOT_INIT)) return true;
  // A register that holds anything may stand for one whose trust differs, but never for another kind.
  if (old.type !== current.type) return false;
  switch (old.kind) {
    case REG_TYPE.SCALAR:
      if (!isPrecise && how === "covers") return true;
      if (old.addConst !== current.addConst && old.id !== 0) return false;
      if (old.addConst && old.off !== current.off) return false;
      return ids.checkScalar(old.id, current.id) && isWithin(old, current);
    case REG_TYPE.MAP_KEY:
    case REG_TYPE.MAP_VALUE:
    case REG_TYPE.MEM:
    case REG_TYPE.BUF:
    case REG_TYPE.TP_BUFFER:
      return old.sameContent(current) && isWithin(old, current) && ids.check(old.id, current.id) &&
        ids.check(old.ref, current.ref);
    case REG_TYPE.PACKET_META:
    case REG_TYPE.PACKET:
      if (old.range < 0 || current.range < 0 ? old.range !== current.range : old.range > current.range) return false;
      return old.off === current.off && ids.check(old.id, current.id) && isWithin(old, current);
    case REG_TYPE.STACK:
      return regsExact(old, current, ids) && old.frame === current.frame;
    case REG_TYPE.ARENA:
      return true;
    default:
      return regsExact(old, current, ids);
  }
}

const ALL_MISC = allBytes(BYTE.MISC);

/** Slots that hold a whole scalar, or bytes of which nothing is known, compare as registers. */
function scalarOf(slot: Slot): Reg | undefined {
  if (isSpilledScalar64(slot)) return slot.reg;
  if (slot.bytes === ALL_MISC || slot.bytes === 0) return UNKNOWN_SCALAR;
  for (let byte = 0; byte < SLOT_BYTES; byte++) {
    const type = byteType(slot.bytes, byte);
    if (type !== BYTE.MISC && type !== BYTE.INVALID) return undefined;
  }
  return UNKNOWN_SCALAR;
}

function stackCovers(old: Frame, current: Frame, ids: IdPairs, how: Exactness): boolean {
  for (let at = 0; at < old.stack.length; at++) {
    const was = old.stack[at], is = current.stack[at];
    const isPrecise = old.preciseSlots.has(at);
    if (how !== "covers" && (!is || was.bytes !== is.bytes)) return false;
    if (was.bytes === 0) continue;
    if (was === is && !isLinked(was.reg)) continue;
    if (!slotCovers(was, is, isPrecise, ids, how)) return false;
  }
  return true;
}

const isLinked = (reg: Reg): boolean => reg.id !== 0 || reg.ref !== 0 || (reg.type & FLAG.MAYBE_NULL) !== 0;

function slotCovers(old: Slot, current: Slot | undefined, isPrecise: boolean, ids: IdPairs, how: Exactness): boolean {
  for (let byte = 0; byte < SLOT_BYTES; byte++) {
    const was = byteType(old.bytes, byte);
    if (was === BYTE.INVALID || was === BYTE.MISC) continue;
    if (!current) return false;
    const oldScalar = scalarOf(old), newScalar = scalarOf(current);
    if (oldScalar && newScalar) return regCovers(oldScalar, newScalar, isPrecise, ids, how);
    const is = byteType(current.bytes, byte);
    if (was !== is) return false;
    if (byte < SLOT_BYTES - 1) continue;
    switch (was) {
      case BYTE.SPILL:
        return regCovers(old.reg, current.reg, isPrecise, ids, how);
      case BYTE.DYNPTR:
        return old.reg.dynptr === current.reg.dynptr && old.reg.isFirstSlot === current.reg.isFirstSlot &&
          ids.check(old.reg.ref, current.reg.ref);
      case BYTE.ITER:
        return old.reg.type === current.reg.type && old.reg.iterator?.name === current.reg.iterator?.name &&
          old.reg.iterator?.state === current.reg.iterator?.state && ids.check(old.reg.ref, current.reg.ref);
      case BYTE.IRQ_FLAG:
        return old.reg.irqClass === current.reg.irqClass && ids.check(old.reg.ref, current.reg.ref);
    }
  }
  return true;
}
