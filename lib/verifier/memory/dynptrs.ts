/** Dynptrs: two stack slots that describe memory of a size known only at run time (process_dynptr_func). */
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import type { HelperArg } from "../kernel/helper_prototypes.ts";
import { destroyDynptrAt, forgetDynptr, hasSlots, isReferenced, locateSlot, objectSlot } from "./dynptr_slots.ts";
import { checkMemoryAccess } from "./memory_access.ts";
import { acquire, release } from "../state/references.ts";
import { pointer, type Reg, REG_TYPE } from "../state/register.ts";
import { allBytes, BYTE, byteType, SLOT_BYTES } from "../state/state.ts";

const DYNPTR_BYTES = 16;
const IS_DYNPTR = allBytes(BYTE.DYNPTR);

/**
 * Checks a dynptr argument, or makes one where the helper initialises it.
 *
 * @param cloned the reference of the dynptr that it is made a copy of
 */
export function processDynptr(env: Environment, regno: number, arg: HelperArg, cloned?: number): void {
  const reg = env.regs[regno];
  if (reg.type !== REG_TYPE.STACK && reg.type !== REG_TYPE.DYNPTR) {
    env.reject(ERRNO.EINVAL, `arg#${regno - 1} expected pointer to stack or const struct bpf_dynptr`);
  }
  if (arg.isUninit) return initialise(env, regno, arg.dynptr, cloned);
  if (reg.type === REG_TYPE.DYNPTR && arg.releases) {
    env.reject(ERRNO.EINVAL, "cannot pass pointer to const bpf_dynptr, the helper mutates it");
  }
  const type = dynptrType(env, reg);
  if (type === undefined) env.reject(ERRNO.EINVAL, `Expected an initialized dynptr as arg #${regno - 1}`);
  if (arg.dynptr && type !== arg.dynptr) {
    env.reject(ERRNO.EINVAL, `Expected a dynptr of type ${arg.dynptr} as arg #${regno - 1}`);
  }
  if (reg.type === REG_TYPE.STACK) {
    const at = objectSlot(env, reg, "dynptr", 2);
    env.noteSlotRead(reg.frame, at);
    env.noteSlotRead(reg.frame, at - 1);
  }
}

function initialise(env: Environment, regno: number, type: string, cloned?: number): void {
  const reg = env.regs[regno];
  if (reg.type === REG_TYPE.DYNPTR) env.reject(ERRNO.EINVAL, "Dynptr has to be an uninitialized dynptr");
  const at = objectSlot(env, reg, "dynptr", 2);
  for (let off = 0; off < DYNPTR_BYTES; off += SLOT_BYTES) {
    checkMemoryAccess(env, regno, off, SLOT_BYTES, { isWrite: true, value: -1 });
  }
  const frame = env.state.frames[reg.frame];
  destroyDynptrAt(env, frame, at);
  destroyDynptrAt(env, frame, at - 1);
  const id = env.newId();
  const slot = (isFirst: boolean): Reg => {
    const held = pointer(REG_TYPE.DYNPTR);
    held.dynptr = type;
    held.isFirstSlot = isFirst;
    held.id = id;
    return held;
  };
  const first = slot(true), second = slot(false);
  if (isReferenced(type)) first.ref = second.ref = cloned || acquire(env, env.insn);
  frame.stack[at] = { bytes: IS_DYNPTR, reg: first };
  frame.stack[at - 1] = { bytes: IS_DYNPTR, reg: second };
  env.noteSlotWritten(frame.index, at);
  env.noteSlotWritten(frame.index, at - 1);
}

/** Type of the dynptr behind a register; `undefined` when there is none. */
export function dynptrType(env: Environment, reg: Reg): string | undefined {
  if (reg.type === REG_TYPE.DYNPTR) return reg.dynptr;
  const frame = env.state.frames[reg.frame], at = objectSlot(env, reg, "dynptr", 2);
  if (!hasSlots(frame, at, 2) || !frame.stack[at].reg.isFirstSlot) return undefined;
  return frame.stack[at].bytes === IS_DYNPTR && frame.stack[at - 1].bytes === IS_DYNPTR
    ? frame.stack[at].reg.dynptr
    : undefined;
}

/** Whether a pointer to the stack names a dynptr that must be given back. */
export function isReferencedDynptr(env: Environment, reg: Reg): boolean {
  const at = locateSlot(reg, "dynptr", 2);
  if (typeof at === "number") return (env.state.frames[reg.frame].stack[at]?.reg.ref ?? 0) !== 0;
  // dynptr_get_spi says so in the log; what the program is refused for is said after it
  env.log.write(`${at}\n`);
  return false;
}

/** The register that stands for the dynptr: the argument itself, or the slot it points to. */
export function dynptrState(env: Environment, reg: Reg): Reg {
  if (reg.type === REG_TYPE.DYNPTR) return reg;
  return env.state.frames[reg.frame].stack[objectSlot(env, reg, "dynptr", 2)].reg;
}

/** Submit and discard end a dynptr (unmark_stack_slots_dynptr). */
export function endDynptr(env: Environment, regno: number): void {
  const reg = env.regs[regno], frame = env.state.frames[reg.frame], at = objectSlot(env, reg, "dynptr", 2);
  const { ref, dynptr } = frame.stack[at].reg;
  if (!isReferenced(dynptr)) return forgetDynptr(env, frame, at);
  release(env, ref);
  for (const owner of env.state.frames) {
    owner.stack.forEach((slot, index) => {
      if (byteType(slot.bytes, 0) === BYTE.DYNPTR && slot.reg.ref === ref && slot.reg.isFirstSlot) {
        forgetDynptr(env, owner, index);
      }
    });
  }
}
