/**
 * bpf_res_spin_lock: the kernel's resilient queued spin lock as programs take it (kernel/bpf/rqspinlock.c). Whoever would
 * wait for good is told so: -EDEADLK, or -ETIMEDOUT.
 */
import { type AtomicOp, type Model, store, type TaskContext } from "../cpu/operation.ts";
import type { HeldLocks } from "./held_locks.ts";

const LOCKED = 1n;
const LABEL = "res_spin_lock";

/**
 * kernel/bpf/rqspinlock.c:bpf_res_spin_lock, and bpf_res_spin_lock_irqsave where interrupts are masked too. The masks come
 * in the same step as the exchange, as in bpf_spin_lock; so does the entry in the table of held locks.
 */
export function* bpf_res_spin_lock(ctx: TaskContext, held: HeldLocks, lock: number, irqsave: boolean): Model {
  if (irqsave) yield { kind: "work", what: "irqsave" };
  const old = yield* tryLock(lock);
  yield { kind: "mask", what: "preempt", delta: 1 };
  if (irqsave) yield { kind: "mask", what: "irq", delta: 1 };
  const nested = yield { kind: "private", label: LABEL, run: (memory) => held.grab(memory, ctx.cpu, lock, old === 0n) };
  if (old === 0n) return 0n;
  const result = nested > 1n ? yield* waitNested(ctx, held, lock) : yield* waitAlone(lock);
  if (result === 0n) yield { kind: "private", label: LABEL, run: (memory) => held.take(memory, ctx.cpu) };
  else {
    yield release_held_lock_entry(ctx, held);
    yield* unmask(irqsave);
  }
  return result;
}

/**
 * kernel/bpf/rqspinlock.c:resilient_queued_spin_lock_slowpath of a CPU that holds no other lock: it is in no other's way,
 * and waits until it has this one. (Behind a ring of three or more it could run into its time limit as well.)
 */
function* waitAlone(addr: number): Model {
  const until = (value: bigint) => value === 0n;
  yield { kind: "await", addr, size: 4, until, thenStore: LOCKED, label: LABEL, touches: "lock" };
  return 0n;
}

/** The same of a CPU that holds others: 0n, -EDEADLK or -ETIMEDOUT. */
function* waitNested(ctx: TaskContext, held: HeldLocks, lock: number): Model {
  for (;;) {
    yield {
      kind: "wait",
      label: LABEL,
      touches: "lock",
      until: (memory) => memory.getU32(lock) === 0 || held.trouble(ctx, lock) !== 0n,
    };
    if ((yield* tryLock(lock)) === 0n) return 0n;
    const trouble = yield { kind: "private", label: LABEL, run: () => held.trouble(ctx, lock) };
    if (trouble !== 0n) return trouble;
  }
}

/**
 * include/asm-generic/rqspinlock.h:release_held_lock_entry. A step of its own: until it is done, the other CPUs of a
 * deadlock find it still, and give up too.
 */
const release_held_lock_entry = ({ cpu }: TaskContext, held: HeldLocks): AtomicOp => ({
  kind: "atomic",
  addr: held.at(cpu),
  label: "release_held_lock_entry",
  touches: "lock",
  locked: false,
  run: (memory) => {
    held.clear(memory, cpu);
    return held.drop(memory, cpu);
  },
});

/** include/asm-generic/rqspinlock.h:res_spin_unlock, then preemption and interrupts as they were. */
export function* bpf_res_spin_unlock(ctx: TaskContext, held: HeldLocks, lock: number, irqrestore: boolean): Model {
  yield { kind: "private", label: LABEL, run: (memory) => held.clear(memory, ctx.cpu) };
  yield { ...store(lock, 4, 0n, "res_spin_unlock"), touches: "lock" };
  yield { kind: "private", label: LABEL, run: (memory) => held.drop(memory, ctx.cpu) };
  yield* unmask(irqrestore);
  return 0n;
}

function* tryLock(addr: number): Model {
  const op = "cmpxchg" as const;
  return yield { kind: "rmw", op, addr, size: 4, expected: 0n, value: LOCKED, label: LABEL, touches: "lock" };
}

function* unmask(irqrestore: boolean): Model<void> {
  if (irqrestore) yield { kind: "mask", what: "irq", delta: -1 };
  yield { kind: "mask", what: "preempt", delta: -1 };
  if (irqrestore) yield { kind: "work", what: "irqrestore" };
}
