/** What a task has in memory: its record, its stack, and the context its program is handed. */
import { REGION_FLAG, STACK_BYTES, STACK_FRAME_BYTES, TASK } from "../cpu/layout.ts";
import { addressOf, type Memory } from "../cpu/memory.ts";
import { CTX_BYTES, PACKET, Packet, PACKET_CONTEXT_BYTES } from "../cpu/packet.ts";
import { packetContext } from "../uapi/packet_contexts.ts";
import type { Plan, PlannedTask } from "../workload/plan.ts";
import { programKind } from "../verifier/kernel/program_types.ts";
import type { Program } from "../object/bpf_object.ts";

export { CTX_BYTES };

const PRIVATE = REGION_FLAG.read | REGION_FLAG.write;

/** Regions that each task takes: its stack, its context, its packet. */
export const TASK_REGIONS = 3;

export interface TaskMemory {
  /** Linear address of its TASK record. */
  readonly record: number;
  /** Pointer to the program's context. */
  readonly ctx: bigint;
  /** Region of the packet that comes with it. */
  readonly packetRegion: number;
  /** Pointer just past its first stack frame. */
  readonly stackTop: bigint;
}

/** Bytes of a task's context, and of the packet behind it where a program of the plan is handed one. */
export const contextBytes = ({ programs }: Pick<Plan, "programs">): number =>
  programs.some((program) => contextOf(program)) ? PACKET_CONTEXT_BYTES : CTX_BYTES;

/** Lays out the task of this index, and fills its context. */
export function taskMemory(memory: Memory, task: PlannedTask, index: number, bytes: number): TaskMemory {
  const { layout } = memory, record = layout.tasks + index * TASK.bytes, stack = layout.stacks + index * STACK_BYTES;
  const stackRegion = memory.addRegion(stack, STACK_BYTES, PRIVATE, "the stack"), ctxAddr = memory.allocate(bytes, 64);
  const hasPacket = bytes > CTX_BYTES, flags = PRIVATE | (hasPacket ? REGION_FLAG.context : 0);
  const ctxRegion = memory.addRegion(ctxAddr, CTX_BYTES, flags, "the context");
  const packetRegion = memory.addRegion(ctxAddr + CTX_BYTES, 0, PRIVATE, "the packet");
  if (task.ctx) memory.writeBytes(ctxAddr, task.ctx.subarray(0, CTX_BYTES));
  memory.setU32(record + TASK.cpu, task.cpu);
  return {
    record,
    ctx: memory.pointer(ctxRegion, ctxAddr),
    packetRegion,
    stackTop: memory.pointer(stackRegion, stack + STACK_FRAME_BYTES),
  };
}

/**
 * Hands a task's next run its packet: each run has its own copy.
 *
 * @param ctx what the workload says of the context
 */
export function handPacket(
  memory: Memory,
  { ctx: pointer, packetRegion }: TaskMemory,
  program: Program,
  packet: Uint8Array,
  ctx: Uint8Array | undefined,
): void {
  const context = contextOf(program), at = addressOf(pointer);
  if (!context) return;
  memory.bytes.fill(0, at, at + CTX_BYTES);
  if (ctx) memory.bytes.set(ctx.subarray(0, CTX_BYTES), at);
  Packet.put(memory, at, packetRegion, context, packet);
}

/** Takes the packet of an earlier run away. */
export function withoutPacket(memory: Memory, { ctx, packetRegion }: TaskMemory): void {
  const at = addressOf(ctx);
  memory.bytes.fill(0, at + CTX_BYTES, at + PACKET.frame);
  memory.moveRegion(packetRegion, at + CTX_BYTES, 0);
}

const contextOf = ({ section }: Program) => packetContext(programKind(section)?.type ?? -1);
