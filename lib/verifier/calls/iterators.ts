/** bpf_iter_num: loops over a range of numbers that the kernel counts (kernel/bpf/verifier.c:process_iter_arg). */
import { objectSlot } from "../memory/dynptr_slots.ts";
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { checkMemoryAccess } from "../memory/memory_access.ts";
import { previousEntry, widenImprecise } from "../flow/prune.ts";
import { acquire, release } from "../state/references.ts";
import { FLAG, pointer, type Reg, REG_TYPE, ZERO_SCALAR } from "../state/register.ts";
import { isIteratorDestroy, isIteratorNew } from "../kernel/kfunc_kinds.ts";
import { allBytes, BYTE, EMPTY_SLOT, SLOT_BYTES } from "../state/state.ts";

const IS_ITER = allBytes(BYTE.ITER);

/** 8-byte slots of the stack that each kind of iterator takes. */
const SLOTS: Readonly<Record<string, number>> = { num: 1, bits: 2, task_vma: 1 };
const nameOf = (kfunc: string): string => kfunc.replace(/^bpf_iter_/, "").replace(/_(new|next|destroy)$/, "");

export function checkIterator(env: Environment, regno: number, index: number, kfunc: string): void {
  const reg = env.regs[regno], name = nameOf(kfunc), slots = SLOTS[name];
  if (reg.type !== REG_TYPE.STACK) env.reject(ERRNO.EINVAL, `arg#${index} expected pointer to an iterator on stack`);
  const at = objectSlot(env, reg, "iter", slots), frame = env.state.frames[reg.frame];
  const places = Array.from({ length: slots }, (_, slot) => at - slot);
  if (isIteratorNew(kfunc)) {
    if (places.some((place) => frame.stack[place]?.bytes === IS_ITER)) {
      env.reject(ERRNO.EINVAL, `expected uninitialized iter_${name} as arg #${index}`);
    }
    for (let off = 0; off < slots * SLOT_BYTES; off += SLOT_BYTES) {
      checkMemoryAccess(env, regno, off, SLOT_BYTES, { isWrite: true, value: -1 });
    }
    const ref = acquire(env, env.insn);
    for (const place of places) {
      const held = pointer(REG_TYPE.STACK);
      held.ref = place === at ? ref : 0;
      held.iterator = { name, state: "active", depth: 0 };
      frame.stack[place] = { bytes: IS_ITER, reg: held };
      env.noteSlotWritten(frame.index, place);
    }
    return;
  }
  const isOne = places.every((place) => {
    const slot = frame.stack[place];
    return slot?.bytes === IS_ITER && slot.reg.iterator?.name === name && (slot.reg.ref !== 0) === (place === at);
  });
  if (!isOne) env.reject(ERRNO.EINVAL, `expected an initialized iter_${name} as arg #${index}`);
  for (const place of places) env.noteSlotRead(reg.frame, place);
  if (!isIteratorDestroy(kfunc)) return;
  release(env, frame.stack[at].reg.ref);
  for (const place of places) {
    frame.stack[place] = EMPTY_SLOT;
    env.noteSlotWritten(frame.index, place);
  }
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
    queued.regs[0] = number;
    const before = previousEntry(env, state.parent, env.insn);
    if (before) widenImprecise(before, queued);
  }
  const done = held.copy();
  done.iterator = { ...iterator, state: "drained" };
  state.frames[pointerReg.frame].stack[at] = { bytes: IS_ITER, reg: done };
  env.regs[0] = ZERO_SCALAR;
}
