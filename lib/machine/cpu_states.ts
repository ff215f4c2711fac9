/**
 * Who has each CPU. Where several tasks share one, a higher context keeps the lower ones off it, a run keeps it until it
 * ends, and kernel models turn interrupts and preemption off and on. All of it is in memory, in the CPU records of
 * layout.ts.
 */
import { CPU, RUN, TASK } from "../cpu/layout.ts";
import type { Memory } from "../cpu/memory.ts";
import type { MaskOp } from "../cpu/operation.ts";
import { LEVELS } from "../workload/contexts.ts";
import type { Task } from "./task.ts";

/** Up to here a run is a thread's on some kernel, which another thread can take the CPU from. */
export const SOFTIRQ = LEVELS.indexOf("softirq");
const NMI = LEVELS.indexOf("nmi");

const MASKS = { irq: CPU.irqOff, preempt: CPU.preemptOff, instrumentation: CPU.instrumentationOff } as const;

export class CpuStates {
  readonly #preemptFull: boolean;

  /** @param preemptFull a task may take the CPU from another one in the middle of its run (CONFIG_PREEMPT) */
  constructor(readonly memory: Memory, preemptFull: boolean) {
    this.#preemptFull = preemptFull;
  }

  /** The task runs, and no other one of its level and CPU until it lets go; a softirq that it preempted is switched out. */
  occupy(task: Task): void {
    this.memory.setU32(this.#field(task.cpu, CPU.running(task.level)), task.index + 1);
    if (task.level < SOFTIRQ && this.#running(task.cpu, SOFTIRQ) !== 0) {
      this.memory.setU32(this.#field(task.cpu, CPU.running(SOFTIRQ)), 0);
    }
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
   * an NMI strikes where interrupts are off. Tasks, and softirqs as the threads that PREEMPT_RT makes of them, also take
   * the CPU from one another where preemption is on.
   */
  isFreeFor(task: Task): boolean {
    const { cpu, level, index } = task;
    for (let above = LEVELS.length - 1; above > Math.max(level, SOFTIRQ); above--) {
      if (this.#running(cpu, above) !== 0) return false;
    }
    const running = this.#running(cpu, level);
    if (level > SOFTIRQ) return running === index + 1 || (running === 0 && (level === NMI || this.#irqsOn(cpu)));
    const isOutranked = level < SOFTIRQ && this.#running(cpu, SOFTIRQ) !== 0;
    if (running === index + 1 && !isOutranked) return true;
    if (this.#preemptFull && this.#irqsOn(cpu) && this.#get(cpu, CPU.preemptOff) === 0) return true;
    if (running !== 0 || isOutranked) return false;
    // A softirq that was switched out does not strike: it goes on as the thread that it is.
    return level < SOFTIRQ || (this.#irqsOn(cpu) && this.memory.getU32(task.record + TASK.runState) === RUN.none);
  }

  #running(cpu: number, level: number): number {
    return this.#get(cpu, CPU.running(level));
  }

  #irqsOn(cpu: number): boolean {
    return this.#get(cpu, CPU.irqOff) === 0;
  }

  #get(cpu: number, field: number): number {
    return this.memory.getU32(this.#field(cpu, field));
  }

  #field(cpu: number, field: number): number {
    return this.memory.layout.cpus + cpu * CPU.bytes + field;
  }
}
