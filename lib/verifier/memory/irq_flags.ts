/** Interrupt flags that a program saves on its stack (kernel/bpf/verifier.c:process_irq_flag). */
import { objectSlot } from "./dynptr_slots.ts";
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { checkMemoryAccess } from "./memory_access.ts";
import { pointer, REG_TYPE } from "../state/register.ts";
import { allBytes, BYTE, EMPTY_SLOT } from "../state/state.ts";

const IS_FLAG = allBytes(BYTE.IRQ_FLAG);
/** Flags saved by a lock and flags saved by hand must be restored by their own kind. */
const classOf = (name: string): string => name.startsWith("bpf_res_spin") ? "lock" : "native";

function refusePointer(env: Environment, regno: number, index: number): void {
  if (env.regs[regno].type !== REG_TYPE.STACK) {
    env.reject(ERRNO.EINVAL, `arg#${index} doesn't point to an irq flag on stack`);
  }
}

export function startIrqFlag(env: Environment, regno: number, index: number, name: string): void {
  refusePointer(env, regno, index);
  const reg = env.regs[regno], at = objectSlot(env, reg, "irq_flag", 1), frame = env.state.frames[reg.frame];
  if (frame.stack[at]?.bytes === IS_FLAG) {
    env.reject(ERRNO.EINVAL, `expected uninitialized irq flag as arg#${index}`);
  }
  checkMemoryAccess(env, regno, 0, 8, { isWrite: true, value: -1 });
  const id = env.newId(), held = pointer(REG_TYPE.STACK);
  held.ref = id;
  held.irqClass = classOf(name);
  frame.stack[at] = { bytes: IS_FLAG, reg: held };
  env.noteSlotWritten(frame.index, at);
  env.state.references = [...env.state.references, { kind: "irq", id, insn: env.insn }];
  env.state.activeIrqId = id;
}

export function endIrqFlag(env: Environment, regno: number, index: number, name: string): void {
  refusePointer(env, regno, index);
  const reg = env.regs[regno], at = objectSlot(env, reg, "irq_flag", 1), { state } = env;
  const frame = state.frames[reg.frame], slot = frame.stack[at];
  if (slot?.bytes !== IS_FLAG) env.reject(ERRNO.EINVAL, `expected an initialized irq flag as arg#${index}`);
  env.noteSlotRead(reg.frame, at);
  if (slot.reg.irqClass !== classOf(name)) {
    env.reject(
      ERRNO.EINVAL,
      `irq flag acquired by ${slot.reg.irqClass} kfuncs cannot be restored with ${classOf(name)} kfuncs`,
    );
  }
  const id = slot.reg.ref;
  if (id !== state.activeIrqId) {
    const expected = state.references.find((held) => held.id === state.activeIrqId);
    const own = state.references.find((held) => held.id === id);
    env.reject(
      ERRNO.EACCES,
      `cannot restore irq state out of order, expected id=${state.activeIrqId} acquired at insn_idx=${
        expected?.insn ?? own?.insn ?? 0
      }`,
    );
  }
  state.references = state.references.filter((held) => held.id !== id || held.kind !== "irq");
  state.activeIrqId = state.references.findLast((held) => held.kind === "irq")?.id ?? 0;
  frame.stack[at] = EMPTY_SLOT;
  env.noteSlotWritten(frame.index, at);
}
