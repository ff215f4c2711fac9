/** Where objects that take several stack slots lie, and what a store does to a dynptr (destroy_if_dynptr_stack_slot). */
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { invalidated } from "../state/references.ts";
import { kindOf, type Reg, REG_TYPE } from "../state/register.ts";
import { BYTE, byteType, EMPTY_SLOT, type Frame, SLOT_BYTES, slotIndex } from "../state/state.ts";

export const isReferenced = (type: string): boolean => type === "ringbuf";

/** Index of the slot that a pointer to a stack object names, or what is wrong with the pointer (stack_slot_obj_get_spi). */
export function locateSlot(reg: Reg, what: string, slots: number): number | string {
  if (!reg.bounds.isConst) return `${what} has to be at a constant offset`;
  const off = reg.off + Number(BigInt.asIntN(64, reg.bounds.value)), at = slotIndex(off);
  return off % SLOT_BYTES !== 0 || at + 1 < slots || off >= 0 ? `cannot pass in ${what} at an offset=${off}` : at;
}

/** The same, of a pointer that has to name one. */
export function objectSlot(env: Environment, reg: Reg, what: string, slots: number): number {
  const at = locateSlot(reg, what, slots);
  return typeof at === "number" ? at : env.reject(ERRNO.EINVAL, at);
}

export const hasSlots = (frame: Frame, at: number, slots: number): boolean =>
  at - slots + 1 >= 0 && at < frame.stack.length;

/** A store hits a slot of a dynptr: it is none any more, unless it must be given back first. */
export function destroyDynptrAt(env: Environment, frame: Frame, slot: number): void {
  let at = slot;
  const held = frame.stack[at];
  if (!held || byteType(held.bytes, 0) !== BYTE.DYNPTR) return;
  if (!held.reg.isFirstSlot) at++;
  const first = frame.stack[at].reg;
  if (isReferenced(first.dynptr)) env.reject(ERRNO.EINVAL, "cannot overwrite referenced dynptr");
  forgetDynptr(env, frame, at);
}

/** Ends a dynptr whose first slot is `at`, and with it the slices of its memory. */
export function forgetDynptr(env: Environment, frame: Frame, at: number): void {
  const { id } = frame.stack[at].reg;
  frame.stack[at] = EMPTY_SLOT;
  frame.stack[at - 1] = EMPTY_SLOT;
  env.noteSlotWritten(frame.index, at);
  env.noteSlotWritten(frame.index, at - 1);
  env.state.mapRegs((reg) => kindOf(reg.type) === REG_TYPE.MEM && reg.dynptrId === id ? invalidated() : reg);
}
