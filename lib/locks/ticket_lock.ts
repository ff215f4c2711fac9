/** A lock to try instead of the kernel's: the ticket lock, first come, first served. */
import { load, type Model, store, type TaskContext } from "../cpu/operation.ts";
import type { SpinLockModel } from "./spin_lock.ts";

/** The two halves of the 4-byte lock word. */
const NEXT_TICKET = 0;
const NOW_SERVING = 2;

/**
 * Linux's spin lock on x86 until 4.2: a waiter draws a ticket with one atomic add and waits until it is served, so the
 * order of arrival is the order of entry. All waiters watch the same word, which is what made it slow on many CPUs.
 *
 * @example
 * ```ts
 * import { bpf, lockHelpers, simulate, ticketLock } from "interleave";
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
 * const run = await simulate(locked, { cpus: 2, invocations: 20, models: lockHelpers(ticketLock) });
 * if (run.final["elems[0].count"] !== 40n) throw new Error("nothing is lost under a lock");
 * ```
 */
export const ticketLock: SpinLockModel = {
  *bpf_spin_lock(_ctx: TaskContext, addr: number): Model {
    const next = addr + NEXT_TICKET, serving = addr + NOW_SERVING;
    const ticket = yield {
      kind: "rmw",
      op: "add",
      addr: next,
      size: 2,
      value: 1n,
      label: "draw a ticket",
      touches: "lock",
    };
    yield { kind: "mask", what: "irq", delta: 1 };
    yield { kind: "mask", what: "preempt", delta: 1 };
    yield {
      kind: "await",
      addr: serving,
      size: 2,
      until: (value) => value === ticket,
      label: "now serving",
      touches: "lock",
    };
    return 0n;
  },

  *bpf_spin_unlock(_ctx: TaskContext, addr: number): Model {
    const serving = yield { ...load(addr + NOW_SERVING, 2, "now serving"), touches: "lock" };
    yield { ...store(addr + NOW_SERVING, 2, (serving + 1n) & 0xffffn, "serve the next"), touches: "lock" };
    yield { kind: "mask", what: "preempt", delta: -1 };
    yield { kind: "mask", what: "irq", delta: -1 };
    return 0n;
  },
};
