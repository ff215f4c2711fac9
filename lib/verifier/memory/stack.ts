/** Loads and stores on the stack: spilled registers and plain bytes (check_stack_read, check_stack_write). */
import { BPF_CLASS, BPF_MODE, classOf, type Insn, isAtomic, modeOf } from "../../isa/insn.ts";
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { hasSince } from "../../uapi/releases.ts";
import { type Bounds, BPF_MAX_VAR_OFF, UNKNOWN, ZERO } from "../domain/bounds.ts";
import { linkBeforeCopy } from "../state/operands.ts";
import { markPrecise } from "../state/precision.ts";
import { noteUndefined } from "../state/undefined_stack.ts";
import { destroyDynptrAt } from "./dynptr_slots.ts";
import {
  constantScalar,
  isSpillable,
  NOT_INIT,
  type Reg,
  REG_TYPE,
  scalar,
  UNKNOWN_SCALAR,
  ZERO_SCALAR,
} from "../state/register.ts";
import {
  BYTE,
  byteType,
  type Frame,
  isSpecialSlot,
  isSpilled,
  isSpilledScalar,
  type Slot,
  SLOT_BYTES,
  slotIndex,
  STACK_LIMIT,
  withByteType,
} from "../state/state.ts";
import { tnumText } from "../domain/tnum.ts";

/** The frame that a stack pointer points into. */
const frameOf = (env: Environment, pointer: Reg): Frame => env.state.frames[pointer.frame];

/** Most pointers to the stack have no variable offset at all. */
const constantOf = (bounds: Bounds): number => bounds === ZERO ? 0 : Number(BigInt.asIntN(64, bounds.value));

/** Byte of the slot that an offset lies in: 7 at its lowest address. */
const byteOf = (offset: number): number => (-offset - 1) % SLOT_BYTES;

/** Refuses accesses outside of the 512 bytes; makes room in the frame otherwise. */
export function checkStackBounds(
  env: Environment,
  regno: number,
  off: number,
  size: number,
  isWrite: boolean,
): void {
  const pointer = env.regs[regno], { bounds } = pointer;
  const what = isWrite ? " write to" : " read from";
  let min: number, max: number;
  if (bounds.isConst) {
    min = constantOf(bounds) + off;
    max = min + size;
  } else {
    if (bounds.smax >= BPF_MAX_VAR_OFF || bounds.smin <= -BPF_MAX_VAR_OFF) {
      env.reject(ERRNO.EACCES, `invalid unbounded variable-offset${what} stack R${regno}`);
    }
    min = Number(bounds.smin) + off;
    max = Number(bounds.smax) + off + size;
  }
  const isOutside = min < -STACK_LIMIT || min > -1;
  if (isOutside || max > 0 || size < 0) {
    const text = bounds.isConst
      ? `invalid${what} stack R${regno} off=${off} size=${size}`
      : `invalid variable-offset${what} stack R${regno} var_off=${tnumText(bounds.tnum)} off=${off} size=${size}`;
    env.reject(isOutside ? ERRNO.EACCES : max > 0 ? ERRNO.EINVAL : ERRNO.EFAULT, text);
  }
  const frame = frameOf(env, pointer);
  frame.grow(min);
  const subprog = env.subprogs[frame.subprog];
  subprog.stackDepth = Math.max(subprog.stackDepth, -min);
}

/** Stores a register, or an immediate (`value` -1), at a pointer to the stack. */
export function storeToStack(env: Environment, regno: number, off: number, size: number, value: number): void {
  const pointer = env.regs[regno], frame = frameOf(env, pointer);
  if (pointer.bounds.isConst) {
    storeAt(env, frame, off + constantOf(pointer.bounds), size, value);
  } else {
    storeSomewhere(env, frame, pointer, off, size, value);
  }
}

const isStoreImmediate = (insn: Insn): boolean => classOf(insn) === BPF_CLASS.ST && modeOf(insn) === BPF_MODE.MEM;

function storeAt(env: Environment, frame: Frame, off: number, size: number, value: number): void {
  const at = slotIndex(off), insn = env.insns[env.insn], { state } = env;
  let reg = value >= 0 ? env.regs[value] : undefined;
  destroyDynptrAt(env, frame, at);
  env.log.scratchedSlots.add(at);
  const slot = frame.stack[at];
  const isAligned = off % SLOT_BYTES === 0;
  if (reg && isAligned && reg.isScalar) {
    const fits = reg.bounds.width <= 8 * size;
    if (fits) reg = linkBeforeCopy(env, value);
    frame.stack[at] = spill(slot, fits ? reg : reg.unlinked(), size);
    if (size === SLOT_BYTES) env.noteSlotWritten(frame.index, at);
    env.rememberSlot(frame.index, at);
    return;
  }
  if (!reg && isAligned && isStoreImmediate(insn)) {
    frame.stack[at] = spill(slot, constantScalar(BigInt(insn.imm)), size);
    if (size === SLOT_BYTES) env.noteSlotWritten(frame.index, at);
    env.rememberSlot(frame.index, at);
    return;
  }
  if (reg && isSpillable(reg.type)) {
    if (size !== SLOT_BYTES) env.reject(ERRNO.EACCES, "invalid size of register spill");
    if (frame !== state.frame && reg.type === REG_TYPE.STACK) {
      env.reject(ERRNO.EINVAL, "cannot spill pointers to stack into stack frame of the caller");
    }
    frame.stack[at] = spill(slot, reg, size);
    env.noteSlotWritten(frame.index, at);
    env.rememberSlot(frame.index, at);
    return;
  }
  const isZero = reg ? reg.isNull : isStoreImmediate(insn) && insn.imm === 0;
  if (isZero && value >= 0) markPrecise(env, value);
  let { bytes } = scrub(slot);
  for (let index = 0; index < size; index++) {
    bytes = withByteType(bytes, byteOf(off + index), isZero ? BYTE.ZERO : BYTE.MISC);
  }
  frame.stack[at] = { bytes, reg: NOT_INIT };
  if (size === SLOT_BYTES) env.noteSlotWritten(frame.index, at);
}

/** A slot that holds a register in its lowest `size` bytes; what lay beside stays as plain bytes. */
function spill(slot: Slot, reg: Reg, size: number): Slot {
  let { bytes } = slot;
  for (let index = SLOT_BYTES - 1; index >= 0; index--) {
    if (index >= SLOT_BYTES - size) bytes = withByteType(bytes, index, BYTE.SPILL);
    else bytes = withByteType(bytes, index, plain(byteType(bytes, index)));
  }
  return { bytes, reg };
}

/** Bytes of a register that is no longer whole. */
const plain = (type: number): number => type === BYTE.ZERO || type === BYTE.INVALID ? type : BYTE.MISC;

function scrub(slot: Slot): Slot {
  if (!isSpilled(slot) && !isSpecialSlot(slot) && slot.reg === NOT_INIT) return slot;
  let { bytes } = slot;
  for (let index = 0; index < SLOT_BYTES; index++) {
    const type = byteType(bytes, index);
    if (type === BYTE.SPILL || type >= BYTE.DYNPTR) bytes = withByteType(bytes, index, BYTE.MISC);
  }
  return { bytes, reg: NOT_INIT };
}

function storeSomewhere(
  env: Environment,
  frame: Frame,
  pointer: Reg,
  off: number,
  size: number,
  value: number,
): void {
  const min = Number(pointer.bounds.smin) + off, max = Number(pointer.bounds.smax) + off + size;
  const insn = env.insns[env.insn];
  const isZero = value >= 0 ? env.regs[value].isNull : isStoreImmediate(insn) && insn.imm === 0;
  let usesZero = false;
  for (let at = min; at < max; at++) destroyDynptrAt(env, frame, slotIndex(at));
  for (let at = min; at < max; at++) {
    const index = slotIndex(at), slot = frame.stack[index], byte = byteOf(at), type = byteType(slot.bytes, byte);
    env.log.scratchedSlots.add(index);
    if (isZero && type === BYTE.SPILL && isSpilledScalar(slot) && slot.reg.isNull) {
      usesZero = true;
      continue;
    }
    const keepsZero = isZero && type === BYTE.ZERO;
    usesZero ||= keepsZero;
    const { bytes } = scrub(slot);
    frame.stack[index] = { bytes: withByteType(bytes, byte, keepsZero ? BYTE.ZERO : BYTE.MISC), reg: NOT_INIT };
  }
  if (usesZero && value >= 0) markPrecise(env, value);
}

/** Loads from a pointer to the stack into a register; `into` -1 only checks. */
export function loadFromStack(env: Environment, regno: number, off: number, size: number, into: number): void {
  const pointer = env.regs[regno], frame = frameOf(env, pointer);
  if (pointer.bounds.isConst) {
    loadAt(env, frame, off + constantOf(pointer.bounds), size, into);
    return;
  }
  if (into < 0) {
    env.reject(
      ERRNO.EACCES,
      `variable offset stack pointer cannot be passed into helper function; var_off=${
        tnumText(pointer.bounds.tnum)
      } off=${off} size=${size}`,
    );
  }
  checkStackRange(env, regno, off, size, { isZeroAllowed: false, isWrite: false });
  readBytes(env, frame, Number(pointer.bounds.smin) + off, Number(pointer.bounds.smax) + off + size, into);
}

function loadAt(env: Environment, frame: Frame, off: number, size: number, into: number): void {
  const at = slotIndex(off), slot = frame.stack[at];
  env.log.scratchedSlots.add(at);
  if (!isSpilled(slot)) {
    checkPlainBytes(env, slot, off, size);
    if (into >= 0) noteUndefinedLoad(env, slot, off, size);
    env.noteSlotRead(frame.index, at);
    if (into >= 0) readBytes(env, frame, off, off + size, into);
    return;
  }
  let spillSize = 1;
  for (let index = SLOT_BYTES - 1; index > 0 && byteType(slot.bytes, index - 1) === BYTE.SPILL; index--) spillSize++;
  env.noteSlotRead(frame.index, at);
  if (size === SLOT_BYTES && spillSize === SLOT_BYTES) {
    if (into >= 0) env.regs[into] = slot.reg;
    env.rememberSlot(frame.index, at);
    return;
  }
  if (!slot.reg.isScalar) env.reject(ERRNO.EACCES, "invalid size of register fill");
  if (into < 0) return;
  if (size <= spillSize && off % SLOT_BYTES === 0) {
    env.regs[into] = slot.reg.bounds.width > size * 8 ? slot.reg.unlinked() : slot.reg;
    env.rememberSlot(frame.index, at);
    return;
  }
  noteUndefinedLoad(env, slot, off, size);
  let spills = 0, zeros = 0;
  for (let index = 0; index < size; index++) {
    const type = byteType(slot.bytes, byteOf(off + index));
    if (type === BYTE.SPILL) spills++;
    else if (type === BYTE.ZERO) zeros++;
    else if (type !== BYTE.MISC && type !== BYTE.INVALID) refuseRead(env, off, index, size);
  }
  if (spills === size && slot.reg.isNull) {
    env.regs[into] = ZERO_SCALAR;
    env.rememberSlot(frame.index, at);
  } else {
    env.regs[into] = zeros === size ? ZERO_SCALAR : UNKNOWN_SCALAR;
  }
}

function refuseRead(env: Environment, off: number, index: number, size: number): never {
  env.reject(ERRNO.EACCES, `invalid read from stack off ${off}+${index} size ${size}`);
}

/** Root may read bytes that were never written; no program may read what a helper keeps on the stack. */
function checkPlainBytes(env: Environment, slot: Slot, off: number, size: number): void {
  for (let index = 0; index < size; index++) {
    const type = byteType(slot.bytes, byteOf(off + index));
    if (type >= BYTE.DYNPTR || type === BYTE.SPILL) refuseRead(env, off, index, size);
  }
}

/** Since 6.3 programs of privileged users may read what they never wrote (check_stack_range_initialized). */
function refuseUndefined(
  env: Environment,
  regno: number,
  { bounds, min, size }: { readonly bounds: Bounds; readonly min: number; readonly size: number },
  at: number,
): never {
  const place = bounds.isConst ? `off ${min}+${at}` : `var_off ${tnumText(bounds.tnum)}+${at}`;
  env.reject(ERRNO.EACCES, `invalid indirect read from stack R${regno} ${place} size ${size}`);
}

function noteUndefinedLoad(env: Environment, slot: Slot, off: number, size: number): void {
  for (let index = 0; index < size; index++) {
    if (byteType(slot.bytes, byteOf(off + index)) !== BYTE.INVALID) continue;
    if (!hasSince(env.kernel, "6.3")) {
      const insn = env.insns[env.insn], regno = isAtomic(insn) ? insn.dst : insn.src;
      env.reject(ERRNO.EACCES, `invalid read from stack R${regno} off=${off} size=${size}`);
    }
    noteUndefined(env, 0, index);
  }
}

function readBytes(env: Environment, frame: Frame, from: number, to: number, into: number): void {
  let isZero = true;
  for (let at = from; at < to; at++) {
    const slot = frame.stack[slotIndex(at)];
    env.log.scratchedSlots.add(slotIndex(at));
    if (!slot || byteType(slot.bytes, byteOf(at)) !== BYTE.ZERO) {
      isZero = false;
      break;
    }
  }
  env.regs[into] = isZero ? ZERO_SCALAR : UNKNOWN_SCALAR;
}

export interface RangeUse {
  readonly isZeroAllowed: boolean;
  /** The helper writes there: what is known of the bytes is lost. */
  readonly isWrite: boolean;
  /** Written only: called instead of looking at what is there now. */
  readonly onRaw?: () => void;
}

/** Bytes that a helper, or a load at a variable offset, reaches (check_stack_range_initialized). */
export function checkStackRange(env: Environment, regno: number, off: number, size: number, use: RangeUse): void {
  const pointer = env.regs[regno], frame = frameOf(env, pointer), { bounds } = pointer;
  if (size === 0 && !use.isZeroAllowed) env.reject(ERRNO.EACCES, "invalid zero-sized read");
  checkStackBounds(env, regno, off, size, use.isWrite);
  const isConst = bounds.isConst;
  const min = (isConst ? constantOf(bounds) : Number(bounds.smin)) + off;
  const max = (isConst ? min : Number(bounds.smax) + off) + size;
  if (isConst && use.onRaw) {
    for (let at = min; at < max; at++) {
      const slot = frame.stack[slotIndex(at)];
      if (slot && byteType(slot.bytes, byteOf(at)) === BYTE.DYNPTR) {
        env.reject(ERRNO.EACCES, `potential write to dynptr at off=${at} disallowed`);
      }
    }
    use.onRaw();
    return;
  }
  for (let at = min; at < max; at++) {
    const index = slotIndex(at), slot = frame.stack[index], type = byteType(slot.bytes, byteOf(at));
    if (type === BYTE.INVALID && !use.isWrite) {
      if (!hasSince(env.kernel, "6.3") && !isSpilled(slot)) {
        refuseUndefined(env, regno, { bounds, min, size }, at - min);
      }
      noteUndefined(env, regno, at - min);
    }
    if (type === BYTE.ZERO || type === BYTE.INVALID) {
      if (use.isWrite) {
        frame.stack[index] = { bytes: withByteType(slot.bytes, byteOf(at), BYTE.MISC), reg: slot.reg };
      }
    } else if (isSpilled(slot)) {
      if (use.isWrite) frame.stack[index] = { bytes: scrub(slot).bytes, reg: scalar(UNKNOWN) };
    } else if (type !== BYTE.MISC) {
      const place = isConst ? `off ${min}+${at - min}` : `var_off ${tnumText(bounds.tnum)}+${at - min}`;
      env.reject(ERRNO.EACCES, `invalid read from stack R${regno} ${place} size ${size}`);
    }
    env.noteSlotRead(frame.index, index);
  }
}
