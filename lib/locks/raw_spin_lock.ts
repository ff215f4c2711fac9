/** Locks inside the kernel that programs never see: of hash buckets, of LRU lists. */
import { ERRNO } from "../uapi/errno.ts";
import { type Model, store, type TaskContext } from "../cpu/operation.ts";

/** What {@link raw_res_spin_lock_irqsave} gives when this CPU holds the lock already. */
export const DEADLOCK = -BigInt(ERRNO.EDEADLK);

/**
 * kernel/bpf/rqspinlock.c:resilient_queued_spin_lock_slowpath with interrupts off: 0n, or -EDEADLK when this CPU holds
 * the lock already. The lock word holds the CPU plus one. The mask comes in the same step as the exchange, as in
 * bpf_spin_lock.
 */
export function* raw_res_spin_lock_irqsave(ctx: TaskContext, addr: number, label: string): Model {
  const owner = BigInt(ctx.cpu + 1);
  yield { kind: "work", what: "irqsave" };
  const old = yield { kind: "rmw", op: "cmpxchg", addr, size: 4, expected: 0n, value: owner, label, touches: "lock" };
  if (old === owner) return DEADLOCK;
  yield { kind: "mask", what: "irq", delta: 1 };
  if (old === 0n) return 0n;
  yield { kind: "await", addr, size: 4, until: (value) => value === 0n, thenStore: owner, label, touches: "lock" };
  return 0n;
}

/** Store-release of 0, then interrupts as they were. */
export function* raw_res_spin_unlock_irqrestore(addr: number, label: string): Model<void> {
  yield { ...store(addr, 4, 0n, label), touches: "lock" };
  yield { kind: "mask", what: "irq", delta: -1 };
  yield { kind: "work", what: "irqrestore" };
}

/** include/linux/spinlock_api_smp.h:__raw_spin_lock, interrupts being off: a CPU that holds it already waits for good. */
export function* raw_spin_lock(ctx: TaskContext, addr: number, label: string): Model<void> {
  const owner = BigInt(ctx.cpu + 1);
  const old = yield { kind: "rmw", op: "cmpxchg", addr, size: 4, expected: 0n, value: owner, label };
  if (old !== 0n) yield { kind: "await", addr, size: 4, until: (value) => value === 0n, thenStore: owner, label };
}

/** Store-release of 0. */
export function* raw_spin_unlock(addr: number, label: string): Model<void> {
  yield store(addr, 4, 0n, label);
}

/** include/linux/spinlock_api_smp.h:__raw_spin_lock_irqsave; {@link raw_spin_unlock_irqrestore} ends it. */
export function* raw_spin_lock_irqsave(ctx: TaskContext, addr: number, label: string): Model<void> {
  const owner = BigInt(ctx.cpu + 1);
  yield { kind: "work", what: "irqsave" };
  const old = yield { kind: "rmw", op: "cmpxchg", addr, size: 4, expected: 0n, value: owner, label };
  yield { kind: "mask", what: "irq", delta: 1 };
  if (old !== 0n) yield { kind: "await", addr, size: 4, until: (value) => value === 0n, thenStore: owner, label };
}

/** As with the resilient lock. */
export const raw_spin_unlock_irqrestore = raw_res_spin_unlock_irqrestore;
