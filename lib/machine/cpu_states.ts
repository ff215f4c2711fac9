/**
 * Who has each CPU. Where several tasks share one, a higher context keeps the lower ones off it, a run keeps it until it
 * ends, and kernel models turn interrupts and preemption off and on. All of it is in memory, in the CPU records of
 * layout.ts.
 */
import { CPU } from "../cpu/layout.ts";
import type { Memory } from "../cpu/memory.ts";
import type { MaskOp } from "../cpu/operation.ts";
import { LEVELS } from "../workload/contexts.ts";
import type { Task } from "./task.ts";

const TASK_LEVEL = LEVELS.indexOf("task"), NMI = LEVELS.indexOf("nmi");

const MASKS = { irq: CPU.irqOff, preempt: CPU.preemptOff, instrumentation: CPU.instrumentationOff } as const;

export class CpuStates {
  readonly #preemptFull: boolean;

  /** @param preemptFull a task may take the CPU from another one in the middle of its run (CONFIG_PREEMPT) */
  constructor(readonly memory: Memory, preemptFull: boolean) {
    this.#preemptFull = preemptFull;
  }

  /** The task runs, and no other one of its level and CPU until it lets go. */
  occupy(task: Task): void {
    this.memory.setU32(this.#field(task.cpu, CPU.running(task.level)), task.index + 1);
  }

  /** The task's run ended, or sleeps. */
  release(task: Task): void {
    this.memory.setU32(this.#field(task.cpu, CPU.running(task.level)), 0);
  }

  /** Interrupts, preemption or instrumentation off (+1) or on again (-1). */
  mask(cpu: number, what: MaskOp["what"], delta: number): void {
    const field = this.#field(cpu, MASKS[what]);
    this.memory.setU32(field, this.memory.getU32(field) + delta);
  }

  /** Whether user space's call on a map keeps programs guarded by bpf_prog_active away. */
  isInstrumentationOff(cpu: number): boolean {
    return this.#get(cpu, CPU.instrumentationOff) !== 0;
  }

  /**
   * Whether interrupts, and other tasks of the same CPU, leave the CPU to this task (kernel/sched, local_irq_save,
   * kernel/softirq.c:irq_exit): a run under way in a higher context comes first, one of the same level has to end, and only
   * an NMI strikes where interrupts are off.
   */
  isFreeFor({ cpu, level, index }: Task): boolean {
    for (let above = LEVELS.length - 1; above > level; above--) {
      if (this.#get(cpu, CPU.running(above)) !== 0) return false;
    }
    const running = this.#get(cpu, CPU.running(level));
    if (running === index + 1) return true;
    const irqsOn = this.#get(cpu, CPU.irqOff) === 0;
    if (level === TASK_LEVEL) {
      return running === 0 || (this.#preemptFull && irqsOn && this.#get(cpu, CPU.preemptOff) === 0);
    }
    return running === 0 && (level === NMI || irqsOn);
  }

  #get(cpu: number, field: number): number {
    return this.memory.getU32(this.#field(cpu, field));
  }

  #field(cpu: number, field: number): number {
    return this.memory.layout.cpus + cpu * CPU.bytes + field;
  }
}
