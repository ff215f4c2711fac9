/** What tasks wait for whose CPU is free: one another, a partner, a timer, stores in a buffer; and how a wait is told. */
import { KIND, TASK } from "../cpu/layout.ts";
import type { Operation } from "../cpu/operation.ts";
import type { StoreBuffers } from "../cpu/store_buffers.ts";
import type { Machine } from "./machine.ts";
import { runningModel, type Task } from "./task.ts";

/** What is looked at; nothing of it is changed here. */
type Looked = Pick<Machine, "memory" | "kernel" | "tasks" | "buffers" | "nrCpus" | "isDone" | "isEnabled">;

/** Whether a task's next run may not begin yet: others have to be done first, or it is its partner's turn. */
export function isHeldBack(machine: Looked, task: Task): boolean {
  if (task.after.length === 0 && task.pair === undefined) return false;
  return task.after.some((before) => !isBehind(machine, before)) || awaitsPartner(machine, task);
}

/** Whether a task is done and what it stored is in memory: whoever waits for a task hears of its end behind a barrier. */
function isBehind(machine: Looked, index: number): boolean {
  const task = machine.tasks[index];
  return machine.isDone(task) && (machine.buffers?.count(task.cpu) ?? 0) === 0;
}

/** Entry and exit: as many of the one's runs as of the other's, the entry first. */
function awaitsPartner({ memory, tasks }: Looked, { record, pair }: Task): boolean {
  if (!pair) return false;
  const ended = (at: number) => memory.getU32(at + TASK.invocation);
  const own = ended(record), others = ended(tasks[pair.partner].record);
  return pair.isExit ? others <= own : others !== own;
}

/** Whether no program will start a callback any more, and none waits. */
export function isQuiet(machine: Looked): boolean {
  return machine.kernel.async!.isIdle(machine.memory) &&
    machine.tasks.every((task) => task.context.defers !== undefined || machine.isDone(task));
}

/** Whether a timer is due: by the clock, or because nothing else could go on before the next one is. */
export function isDue(machine: Looked, expiresNs: bigint): boolean {
  const { kernel, memory, tasks } = machine, async = kernel.async!;
  if (expiresNs <= BigInt(Math.floor(kernel.nowNs?.() ?? 0))) return true;
  if (tasks.some((task) => task.context.defers !== "timer" && machine.isEnabled(task.index))) return false;
  for (let cpu = 0; cpu < machine.nrCpus; cpu++) {
    if (async.next(memory, cpu, "timer", false).some((other) => other.expiresNs < expiresNs)) return false;
  }
  return true;
}

/**
 * Whether a task can go on although stores wait in its CPU's buffer.
 *
 * @param op the operation of the kernel model that it is in
 */
export function goesOnBehindStores(
  { memory }: Looked,
  buffers: StoreBuffers,
  task: Task,
  op: Operation | undefined,
): boolean {
  const isLocked = op ? isLockedOperation(op) : (memory.getU32(task.record + TASK.pending) & 0xff) === KIND.rmw;
  if (isLocked || buffers.isFull(task.cpu)) return false;
  return op?.kind !== "await" || op.until(buffers.read(task.cpu, op.addr, op.size));
}

/**
 * Whether an operation waits for its CPU's store buffer to be empty: a locked instruction, which all BPF atomics and all
 * lock acquisitions are on x86 (arch/x86/net/bpf_jit_comp.c:emit_atomic_rmw), and whatever switches tasks.
 */
function isLockedOperation(op: Operation): boolean {
  switch (op.kind) {
    case "rmw":
    case "wait":
    case "sleep":
      return true;
    case "await":
      return op.thenStore !== undefined;
    case "atomic":
      return op.locked !== false;
    default:
      return false;
  }
}

/** What a task that is neither done nor enabled waits for: `waits for lock`, `begins after cpu0`. */
export function waitsFor(machine: Looked, task: Task): string {
  const op = runningModel(task)?.pending;
  if (op?.kind === "await") return `waits for ${machine.kernel.placeOf(op.addr)?.name ?? op.label ?? "a lock"}`;
  if (op?.kind === "wait") return `waits for ${op.label ?? "a condition"}`;
  const before = task.after.find((before) => !isBehind(machine, before));
  const first = before ?? (isHeldBack(machine, task) ? task.pair!.partner : undefined);
  return first === undefined ? "waits for its CPU" : `begins after ${machine.tasks[first].name}`;
}

/** Says what stops all tasks, when none is enabled and some are not done. */
export function describeDeadlock(machine: Looked): string {
  const waiting = machine.tasks.filter((task) => !task.context.defers && !machine.isDone(task));
  return `deadlock: ${waiting.map((task) => `${task.name} ${waitsFor(machine, task)}`).join("; ")}`;
}
