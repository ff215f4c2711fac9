/** A lock to try instead of the kernel's: test-and-set. */
import { type Model, store, type TaskContext } from "../cpu/operation.ts";
import type { SpinLockModel } from "./spin_lock.ts";

/**
 * Exchange 1 into the lock until 0 comes back. Between two tries a waiter watches the lock without writing, and
 * whoever tries first wins: a CPU can wait for ever. The kernel's own fallback on machines without queued locks
 * (kernel/bpf/helpers.c:__bpf_spin_lock) works like this. Interrupts stay on, so a program that an interrupt runs can
 * wait for the very CPU that it interrupted: the simulator finds that deadlock.
 *
 * @example
 * ```ts
 * import { bpf, lockHelpers, simulate, testAndSetLock } from "interleave";
 * const locked = await bpf`struct elem { struct bpf_spin_lock lock; int count; };
 * struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, int); __type(value, struct elem); }
 * elems SEC(".maps");
 * SEC("tc") int count(void *ctx) {
 *   int key = 0;
 *   struct elem *e = bpf_map_lookup_elem(&elems, &key);
 *   if (!e) return 0;
 *   bpf_spin_lock(&e->lock);
 *   e->count += 1;
 *   bpf_spin_unlock(&e->lock);
 *   return 0;
 * }`;
 * const run = await simulate(locked, { cpus: 2, invocations: 20, models: lockHelpers(testAndSetLock) });
 * if (run.final["elems[0].count"] !== 40n) throw new Error("nothing is lost under a lock");
 * ```
 */
export const testAndSetLock: SpinLockModel = {
  *bpf_spin_lock(_ctx: TaskContext, addr: number): Model {
    for (;;) {
      const old = yield { kind: "rmw", op: "xchg", addr, size: 4, value: 1n, label: "test and set", touches: "lock" };
      if (old === 0n) return 0n;
      yield { kind: "await", addr, size: 4, until: (value) => value === 0n, label: "lock", touches: "lock" };
    }
  },

  *bpf_spin_unlock(_ctx: TaskContext, addr: number): Model {
    yield { ...store(addr, 4, 0n, "unlock"), touches: "lock" };
    return 0n;
  },
};
