/**
 * Who has each CPU. Where several tasks share one, an interrupt keeps the others off it, a run keeps it until it ends,
 * and kernel models turn interrupts and preemption off and on. All of it is in memory, in the CPU records of layout.ts.
 */
import { CPU } from "../cpu/layout.ts";
import type { Memory } from "../cpu/memory.ts";
import type { MaskOp } from "../cpu/operation.ts";
import type { Task } from "./task.ts";

export class CpuStates {
  readonly #preemptFull: boolean;

  /** @param preemptFull a task may take the CPU from another one in the middle of its run (CONFIG_PREEMPT) */
  constructor(readonly memory: Memory, preemptFull: boolean) {
    this.#preemptFull = preemptFull;
  }

  /** The task runs, and no other one of its CPU until it lets go. */
  occupy(task: Task): void {
    this.memory.setU32(this.#field(task.cpu, CPU.current), task.index + 1);
  }

  /** The task's run ended, or sleeps. */
  release(task: Task): void {
    this.memory.setU32(this.#field(task.cpu, CPU.current), 0);
  }

  enterInterrupt(task: Task): void {
    this.memory.setU32(this.#field(task.cpu, CPU.inIrq), task.index + 1);
  }

  leaveInterrupt(task: Task): void {
    this.memory.setU32(this.#field(task.cpu, CPU.inIrq), 0);
  }

  /** Interrupts or preemption off (+1) or on again (-1). */
  mask(cpu: number, what: MaskOp["what"], delta: number): void {
    const field = this.#field(cpu, what === "irq" ? CPU.irqOff : CPU.preemptOff);
    this.memory.setU32(field, this.memory.getU32(field) + delta);
  }

  /** Whether interrupts, and other tasks of the same CPU, leave the CPU to this task (kernel/sched, local_irq_save). */
  isFreeFor(task: Task): boolean {
    const inIrq = this.#get(task.cpu, CPU.inIrq), irqOff = this.#get(task.cpu, CPU.irqOff);
    if (task.kind === "interrupt") return inIrq === task.index + 1 || (inIrq === 0 && irqOff === 0);
    if (inIrq !== 0) return false;
    const current = this.#get(task.cpu, CPU.current);
    if (current === 0 || current === task.index + 1) return true;
    return this.#preemptFull && irqOff === 0 && this.#get(task.cpu, CPU.preemptOff) === 0;
  }

  #get(cpu: number, field: number): number {
    return this.memory.getU32(this.#field(cpu, field));
  }

  #field(cpu: number, field: number): number {
    return this.memory.layout.cpus + cpu * CPU.bytes + field;
  }
}
