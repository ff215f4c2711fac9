/** Memory that is freed behind a grace period: used again when every run that was under way then has ended. */
import { RUN, TASK } from "../cpu/layout.ts";
import type { Memory } from "../cpu/memory.ts";
import type { Model } from "../cpu/operation.ts";

/** What a slot is. */
const UNUSED = 0, USED = 1, FREED = 2;
const STATUS = 0, WAITS = 4;

/**
 * Slots of equal kind (kernel/bpf/memalloc.c, call_rcu_tasks_trace). It waits for sleepable runs as for others, since a
 * grace period of that kind implies one of the common kind (rcu_trace_implies_rcu_gp).
 */
export class RcuPool {
  readonly #slotBytes: number;

  /**
   * @param base address of {@link RcuPool.bytes} bytes
   * @param tasks number of the machine's tasks
   */
  constructor(readonly base: number, readonly count: number, readonly tasks: number) {
    this.#slotBytes = slotBytes(tasks);
  }

  static bytes(count: number, tasks: number): number {
    return count * slotBytes(tasks);
  }

  /** The number of a slot, the lowest that can be had; -1n where there is none. */
  *alloc(label: string): Model {
    yield { kind: "work", what: "alloc" };
    return yield {
      kind: "atomic",
      addr: this.base,
      label,
      touches: "free_list",
      locked: false,
      run: (memory) => {
        for (let slot = 0; slot < this.count; slot++) {
          const status = memory.getU32(this.#at(slot) + STATUS);
          if (status === USED || (status === FREED && !this.#isOver(memory, slot))) continue;
          memory.setU32(this.#at(slot) + STATUS, USED);
          for (let task = 0; task < this.tasks; task++) memory.setU32(this.#waits(slot, task), 0);
          return BigInt(slot);
        }
        return -1n;
      },
    };
  }

  /** Gives a slot back. @param published whether readers may hold it: then they are waited for */
  *free(slot: number, published: boolean, label: string): Model<void> {
    yield {
      kind: "atomic",
      addr: this.base,
      label,
      touches: "free_list",
      locked: false,
      run: (memory) => {
        memory.setU32(this.#at(slot) + STATUS, published ? FREED : UNUSED);
        for (let task = 0; published && task < this.tasks; task++) {
          const record = memory.layout.tasks + task * TASK.bytes;
          const isUnderWay = memory.getU32(record + TASK.runState) !== RUN.none;
          memory.setU32(this.#waits(slot, task), isUnderWay ? memory.getU32(record + TASK.runCount) : 0);
        }
        return 0n;
      },
    };
  }

  #isOver(memory: Memory, slot: number): boolean {
    for (let task = 0; task < this.tasks; task++) {
      const run = memory.getU32(this.#waits(slot, task)), record = memory.layout.tasks + task * TASK.bytes;
      if (run === 0 || memory.getU32(record + TASK.runState) === RUN.none) continue;
      if (memory.getU32(record + TASK.runCount) === run) return false;
    }
    return true;
  }

  #at(slot: number): number {
    return this.base + slot * this.#slotBytes;
  }

  #waits(slot: number, task: number): number {
    return this.#at(slot) + WAITS + 4 * task;
  }
}

const slotBytes = (tasks: number): number => WAITS + 4 * tasks;
