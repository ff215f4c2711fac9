/** Grace periods: what synchronize_rcu waits for, and what it does not. */
import { RUN, TASK } from "../cpu/layout.ts";
import type { Memory } from "../cpu/memory.ts";
import type { Model, TaskContext } from "../cpu/operation.ts";

/** Linear addresses of all task records; those that no task uses stay zero. */
function* records(memory: Memory): Iterable<number> {
  const { tasks, stacks } = memory.layout;
  for (let record = tasks; record + TASK.bytes <= stacks; record += TASK.bytes) yield record;
}

/** Inside rcu_read_lock: a non-sleepable run, or a system call on a map. */
const isReader = (memory: Memory, record: number): boolean =>
  memory.getU32(record + TASK.runState) === RUN.nonSleepable;

/** Which run of a task is inside rcu_read_lock now; 0 for none. */
export function readerOf(memory: Memory, task: number): number {
  const record = memory.layout.tasks + task * TASK.bytes;
  return isReader(memory, record) ? memory.getU32(record + TASK.runCount) : 0;
}

/**
 * kernel/rcu/tree.c:synchronize_rcu: returns when every reader that was under way when it was called has ended. It does
 * not wait for readers that began later, and not for sleepable runs, which hold rcu_read_lock_trace only.
 */
export function* synchronize_rcu(ctx: TaskContext): Model<void> {
  yield { kind: "work", what: "grace_period" };
  // One 32-bit field for each task: which of its runs is under way, 0 for none.
  const underWay = yield {
    kind: "atomic",
    addr: ctx.memory.layout.tasks + TASK.runState,
    label: "grace period begins",
    touches: "rcu",
    run: (memory) => {
      ctx.memory.buffers?.beginGrace(ctx.task);
      let fields = 0n, shift = 0n;
      for (const record of records(memory)) {
        if (isReader(memory, record)) fields |= BigInt(memory.getU32(record + TASK.runCount)) << shift;
        shift += 32n;
      }
      return fields;
    },
  };
  yield {
    kind: "wait",
    label: "grace period ends",
    touches: "rcu",
    until: (memory) => {
      const runOf = (task: number) => Number((underWay >> BigInt(32 * task)) & 0xffff_ffffn);
      if (ctx.memory.buffers?.holdUpGrace(ctx.task, runOf)) return false;
      let fields = underWay;
      for (const record of records(memory)) {
        if (fields === 0n) return true;
        const run = Number(fields & 0xffff_ffffn);
        if (run !== 0 && isReader(memory, record) && memory.getU32(record + TASK.runCount) === run) return false;
        fields >>= 32n;
      }
      return true;
    },
  };
}

/**
 * What the kernel does around a map operation of a system call: grace periods wait for it too. A step of its own, so that
 * a grace period can begin before it as well as after it.
 */
export function* rcu_read_lock(ctx: TaskContext): Model<void> {
  const record = ctx.memory.layout.tasks + ctx.task * TASK.bytes;
  yield {
    kind: "atomic",
    addr: record + TASK.runState,
    label: "rcu_read_lock",
    touches: "rcu",
    locked: false,
    run: (memory) => {
      memory.setU32(record + TASK.runState, RUN.nonSleepable);
      memory.setU32(record + TASK.runCount, memory.getU32(record + TASK.runCount) + 1);
      return 0n;
    },
  };
}

export function* rcu_read_unlock(ctx: TaskContext): Model<void> {
  const record = ctx.memory.layout.tasks + ctx.task * TASK.bytes;
  yield {
    kind: "private",
    label: "rcu_read_unlock",
    run: (memory) => (memory.setU32(record + TASK.runState, RUN.none), 0n),
  };
}
