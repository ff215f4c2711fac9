/** A lock to try instead of the kernel's: test-and-set. */
import { type Model, store, type TaskContext } from "../cpu/operation.ts";
import type { SpinLockModel } from "./spin_lock.ts";

/**
 * Exchange 1 into the lock until 0 comes back. Between two tries a waiter watches the lock without writing, and
 * whoever tries first wins: a CPU can wait for ever. The kernel's own fallback on machines without queued locks
 * (kernel/bpf/helpers.c:__bpf_spin_lock) works like this. Interrupts stay on, so a program that an interrupt runs can
 * wait for the very CPU that it interrupted: the simulator finds that deadlock.
 */
export const testAndSetLock: SpinLockModel = {
  *bpf_spin_lock(_ctx: TaskContext, addr: number): Model {
    for (;;) {
      const old = yield { kind: "rmw", op: "xchg", addr, size: 4, value: 1n, label: "test and set" };
      if (old === 0n) return 0n;
      yield { kind: "await", addr, size: 4, until: (value) => value === 0n, label: "lock" };
    }
  },

  *bpf_spin_unlock(_ctx: TaskContext, addr: number): Model {
    yield store(addr, 4, 0n, "unlock");
    return 0n;
  },
};
