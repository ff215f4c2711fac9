/** Kernel functions about tasks and about RCU (kernel/bpf/helpers.c). */
import { RUN, TASK } from "../cpu/layout.ts";
import type { HelperModel } from "./kernel.ts";

/**
 * bpf_rcu_read_lock(): in a program that is inside of rcu_read_lock anyway it does nothing; a sleepable one becomes a
 * reader that grace periods wait for.
 */
export const bpf_rcu_read_lock: HelperModel = function* (_kernel, ctx) {
  if (ctx.from !== "sleepable") return 0n;
  const record = ctx.memory.layout.tasks + ctx.task * TASK.bytes;
  return yield {
    kind: "atomic",
    addr: record + TASK.runState,
    label: "rcu_read_lock",
    touches: "rcu",
    run: (memory) => {
      memory.setU32(record + TASK.runState, RUN.nonSleepable);
      memory.setU32(record + TASK.runCount, memory.getU32(record + TASK.runCount) + 1);
      return 0n;
    },
  };
};

/** bpf_rcu_read_unlock(). */
export const bpf_rcu_read_unlock: HelperModel = function* (_kernel, ctx) {
  if (ctx.from !== "sleepable") return 0n;
  const record = ctx.memory.layout.tasks + ctx.task * TASK.bytes;
  return yield {
    kind: "private",
    label: "rcu_read_unlock",
    run: (memory) => (memory.setU32(record + TASK.runState, RUN.sleepable), 0n),
  };
};

/** bpf_task_from_pid(pid): the struct of one of the machine's tasks, NULL for any other number. */
export const bpf_task_from_pid: HelperModel = (kernel, _ctx, [pid]) =>
  kernel.objects?.taskOf(BigInt.asUintN(32, pid)) ?? 0n;
export const bpf_task_from_vpid: HelperModel = bpf_task_from_pid;

/** bpf_task_acquire(p): the tasks of a machine live as long as it, so that no count is kept. */
export const bpf_task_acquire: HelperModel = (_kernel, _ctx, [task]) => task;
export const bpf_task_release: HelperModel = () => 0n;
