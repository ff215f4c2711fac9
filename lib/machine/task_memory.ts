/** What a task has in memory: its record, its stack, and the context its program is handed. */
import { REGION_FLAG, STACK_BYTES, STACK_FRAME_BYTES, TASK } from "../cpu/layout.ts";
import type { Memory } from "../cpu/memory.ts";
import type { PlannedTask } from "../workload/plan.ts";

/** Bytes of a program's context; all zero where the workload does not say. */
export const CTX_BYTES = 256;

const PRIVATE = REGION_FLAG.read | REGION_FLAG.write;

export interface TaskMemory {
  /** Linear address of its TASK record. */
  readonly record: number;
  /** Pointer to the program's context. */
  readonly ctx: bigint;
  /** Pointer just past its first stack frame. */
  readonly stackTop: bigint;
}

/** Lays out the task of this index, and fills its context. */
export function taskMemory(memory: Memory, task: PlannedTask, index: number): TaskMemory {
  const { layout } = memory, record = layout.tasks + index * TASK.bytes, stack = layout.stacks + index * STACK_BYTES;
  const stackRegion = memory.addRegion(stack, STACK_BYTES, PRIVATE, "the stack");
  const ctxAddr = memory.allocate(CTX_BYTES, 64),
    ctxRegion = memory.addRegion(ctxAddr, CTX_BYTES, PRIVATE, "the context");
  if (task.ctx) memory.writeBytes(ctxAddr, task.ctx.subarray(0, CTX_BYTES));
  memory.setU32(record + TASK.cpu, task.cpu);
  return {
    record,
    ctx: memory.pointer(ctxRegion, ctxAddr),
    stackTop: memory.pointer(stackRegion, stack + STACK_FRAME_BYTES),
  };
}
