/** bpf_spin_lock as the kernel takes it. */
import { calls, type Model, store, type TaskContext } from "../cpu/operation.ts";

/**
 * How the lock inside a map value is taken and released; a reader may pass another pair by {@link lockHelpers}.
 *
 * @example
 * ```ts
 * import type { SpinLockModel } from "interleave";
 * const noLock: SpinLockModel = {
 *   *bpf_spin_lock() {
 *     return 0n;
 *   },
 *   *bpf_spin_unlock() {
 *     return 0n;
 *   },
 * };
 * ```
 */
export interface SpinLockModel {
  /** Takes the 4-byte lock at `addr`. */
  readonly bpf_spin_lock: (ctx: TaskContext, addr: number) => Model;
  /** Gives it back. */
  readonly bpf_spin_unlock: (ctx: TaskContext, addr: number) => Model;
}

const LOCKED = 1n;

/**
 * kernel/bpf/helpers.c:__bpf_spin_lock_irqsave: interrupts of this CPU off, preemption off, then arch_spin_lock: one
 * compare-and-exchange when the lock is free, otherwise wait in turn. No owner, no recursion check. Waiting is blocked,
 * not spinning; who waits longest is not always next (the queue is not fair under a hypervisor).
 *
 * The exchange is yielded first and the masks behind it, because what is no scheduling point belongs to the step before
 * it: so an interrupt can strike up to the exchange, and not after it.
 */
export function* bpf_spin_lock(_ctx: TaskContext, addr: number): Model {
  yield calls(1);
  yield { kind: "work", what: "irqsave" };
  const old = yield {
    kind: "rmw",
    op: "cmpxchg",
    addr,
    size: 4,
    expected: 0n,
    value: LOCKED,
    label: "lock",
    touches: "lock",
  };
  yield { kind: "mask", what: "irq", delta: 1 };
  yield { kind: "mask", what: "preempt", delta: 1 };
  if (old !== 0n) {
    const until = (value: bigint) => value === 0n;
    yield { kind: "await", addr, size: 4, until, thenStore: LOCKED, label: "lock", touches: "lock", paravirtual: true };
  }
  return 0n;
}

/**
 * kernel/bpf/helpers.c:__bpf_spin_unlock_irqrestore: store-release, then preemption and interrupts on again. (In a guest
 * kernel/locking/qspinlock_paravirt.h:__pv_queued_spin_unlock looks in the same step whether a waiter sleeps.)
 */
export function* bpf_spin_unlock(_ctx: TaskContext, addr: number): Model {
  yield calls(1);
  yield { ...store(addr, 4, 0n, "unlock"), touches: "lock", paravirtual: true };
  yield { kind: "mask", what: "preempt", delta: -1 };
  yield { kind: "mask", what: "irq", delta: -1 };
  yield { kind: "work", what: "irqrestore" };
  return 0n;
}
