/** bpf_iter_num: loops over a range of numbers that the kernel counts (kernel/bpf/verifier.c:process_iter_arg). */
import { objectSlot } from "../memory/dynptr_slots.ts";
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { checkMemoryAccess } from "../memory/memory_access.ts";
import { previousEntry, widenImprecise } from "../flow/prune.ts";
import { acquire, release } from "../state/references.ts";
import { FLAG, pointer, type Reg, REG_TYPE, ZERO_SCALAR } from "../state/register.ts";
import { allBytes, BYTE, EMPTY_SLOT, markSlotRead } from "../state/state.ts";

const IS_ITER = allBytes(BYTE.ITER);

export function checkIterator(env: Environment, regno: number, index: number, name: string): void {
  const reg = env.regs[regno];
  if (reg.type !== REG_TYPE.STACK) env.reject(ERRNO.EINVAL, `arg#${index} expected pointer to an iterator on stack`);
  const at = objectSlot(env, reg, "iter", 1), frame = env.state.frames[reg.frame], slot = frame.stack[at];
  if (name.endsWith("_new")) {
    if (slot?.bytes === IS_ITER) {
      env.reject(ERRNO.EINVAL, `expected uninitialized iter_num as arg #${index}`);
    }
    checkMemoryAccess(env, regno, 0, 8, { isWrite: true, value: -1 });
    const held = pointer(REG_TYPE.STACK);
    held.ref = acquire(env, env.insn);
    held.iterator = { name: "num", state: "active", depth: 0 };
    frame.stack[at] = { bytes: IS_ITER, reg: held };
    frame.writtenSlots.add(at);
    return;
  }
  if (slot?.bytes !== IS_ITER) env.reject(ERRNO.EINVAL, `expected an initialized iter_num as arg #${index}`);
  markSlotRead(env.state, reg.frame, at);
  if (!name.endsWith("_destroy")) return;
  release(env, slot.reg.ref);
  frame.stack[at] = EMPTY_SLOT;
  frame.writtenSlots.add(at);
}

/** The next number, or the end: both are followed (process_iter_next_call). */
export function stepIterator(env: Environment, pointerReg: Reg): void {
  const at = objectSlot(env, pointerReg, "iter", 1), { state } = env;
  const held = state.frames[pointerReg.frame].stack[at].reg, iterator = held.iterator!;
  if (iterator.state === "active") {
    const queued = env.push(env.insn + 1, env.insn);
    const next = held.copy();
    next.iterator = { ...iterator, depth: iterator.depth + 1 };
    queued.frames[pointerReg.frame].stack[at] = { bytes: IS_ITER, reg: next };
    const number = queued.regs[0].copy();
    number.type &= ~FLAG.MAYBE_NULL;
    number.id = 0;
    queued.regs[0] = number;
    const before = previousEntry(env, state.parent, env.insn);
    if (before) widenImprecise(before, queued);
  }
  const done = held.copy();
  done.iterator = { ...iterator, state: "drained" };
  state.frames[pointerReg.frame].stack[at] = { bytes: IS_ITER, reg: done };
  env.regs[0] = ZERO_SCALAR;
}
