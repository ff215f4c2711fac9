/**
 * What runs the callbacks of timers and work queues: on each CPU the softirq of timers, and a worker
 * (kernel/time/hrtimer.c:hrtimer_run_softirq, kernel/workqueue.c:worker_thread).
 */
import { RUN, TASK } from "../cpu/layout.ts";
import type { Memory } from "../cpu/memory.ts";
import { load, type Model, type TaskContext } from "../cpu/operation.ts";
import type { Kernel } from "../bpf_helpers/kernel.ts";
import type { AsyncKind, Waiting } from "../maps/async_callbacks.ts";

/** How the machine tells when a timer is due. */
export interface Clock {
  /** Time is open, as in a search: what waits may be due at any moment. */
  readonly isOpen: boolean;
  /** Whether a timer is due on a clock that goes on; one that nothing else would let come is due, too. */
  readonly isDue: (expiresNs: bigint) => boolean;
}

/** Runs one callback: from the moment when one is due to its end. */
export function* runDeferred(
  kernel: Kernel,
  ctx: TaskContext,
  kind: AsyncKind,
  stackTop: bigint,
  clock: Clock,
): Model<void> {
  const async = kernel.async!, { cpu } = ctx, record = ctx.memory.layout.tasks + ctx.task * TASK.bytes;
  const due = (memory: Memory): Waiting[] => {
    const next = async.next(memory, cpu, kind, clock.isOpen);
    return kind === "work" || clock.isOpen ? next : next.filter(({ expiresNs }) => clock.isDue(expiresNs));
  };
  const label = kind === "timer" ? "a timer" : "work";
  yield { kind: "wait", label, until: (memory) => async.waitingOn(memory, cpu, kind) > 0 && due(memory).length > 0 };
  const alternatives = Number(yield { kind: "private", label, run: (memory) => BigInt(due(memory).length) });
  const chosen = alternatives <= 1 ? 1n : yield {
    kind: "choose",
    label: "timers",
    alternatives,
    describe: (alternative) => `the ${alternative}. of ${alternatives} timers comes first`,
  };
  const cb = Number(
    yield {
      kind: "private",
      label,
      run: (memory) => {
        // One that was chosen can have been cancelled before this step.
        const one = due(memory)[Number(chosen) - 1]?.cb;
        if (one === undefined) return 0n;
        if (kind === "timer" && !clock.isOpen) async.skipTo(memory, one, Math.floor(kernel.nowNs?.() ?? 0));
        async.begin(memory, one, cpu, kind);
        memory.setU32(record + TASK.runState, kind === "timer" ? RUN.nonSleepable : RUN.sleepable);
        memory.setU32(record + TASK.runCount, memory.getU32(record + TASK.runCount) + 1);
        memory.setU32(record + TASK.depth, 0);
        memory.setU32(record + TASK.stackFill, 0);
        memory.write(record + TASK.registers + 80, 8, stackTop);
        return BigInt(one);
      },
    },
  );
  if (cb === 0) return;
  // bpf_timer_cb, bpf_wq_work: a cancel can have come in between.
  const func = yield load(async.callbackAt(cb), 8, "cb.callback_fn");
  if (func !== 0n) {
    const of = yield { kind: "private", label, run: (memory) => async.valueOf(memory, cb) };
    const map = kernel.maps[Number(of >> 64n)], value = BigInt.asUintN(64, of);
    yield { kind: "callback", func, args: [map.pointer, yield* map.map_key_from_value(ctx, value), value, 0n, 0n] };
  }
  yield {
    kind: "private",
    label,
    run: (memory) => {
      async.end(memory, cb, cpu, kind);
      memory.setU32(record + TASK.runState, RUN.none);
      return 0n;
    },
  };
}
