/** Locks inside the kernel that programs never see: of hash buckets, of LRU lists. */
import { ERRNO } from "../uapi/errno.ts";
import { CPU } from "../cpu/layout.ts";
import type { Memory } from "../cpu/memory.ts";
import { calls, type Model, type Operation, type PrivateOp, store, type TaskContext } from "../cpu/operation.ts";

/** What {@link raw_res_spin_lock_irqsave} gives when this CPU holds the lock already. */
export const DEADLOCK = -BigInt(ERRNO.EDEADLK);

/**
 * kernel/bpf/rqspinlock.c:resilient_queued_spin_lock_slowpath with interrupts off: 0n, or -EDEADLK when this CPU holds
 * the lock already, or waits for it (check_deadlock_AA: an NMI finds either). The lock word holds the CPU plus one. The
 * mask comes in the same step as the exchange, as in bpf_spin_lock.
 */
export function* raw_res_spin_lock_irqsave(ctx: TaskContext, addr: number, label: string): Model {
  const owner = BigInt(ctx.cpu + 1);
  yield { kind: "work", what: "irqsave" };
  const old = yield { kind: "rmw", op: "cmpxchg", addr, size: 4, expected: 0n, value: owner, label, touches: "lock" };
  if (old === owner) return DEADLOCK;
  yield { kind: "mask", what: "irq", delta: 1 };
  if (old === 0n) return 0n;
  if (ctx.from === "nmi") return yield* waitInNmi(ctx, addr, label);
  yield setWaitsFor(ctx, addr);
  yield { kind: "await", addr, size: 4, until: (value) => value === 0n, thenStore: owner, label, touches: "lock" };
  yield setWaitsFor(ctx, 0);
  return 0n;
}

/**
 * Only in an NMI can a CPU hold one such lock and wait for another, with interrupts off. Two CPUs that do so crosswise end
 * with -EDEADLK on either (check_deadlock_ABBA, which whoever waits looks at again every millisecond).
 */
function* waitInNmi(ctx: TaskContext, addr: number, label: string): Model {
  const owner = BigInt(ctx.cpu + 1), outer = Number(yield readWaitsFor(ctx));
  const leave = function* (result: bigint): Model {
    yield setWaitsFor(ctx, outer);
    if (result !== 0n) yield { kind: "mask", what: "irq", delta: -1 };
    return result;
  };
  if (outer === addr) return yield* leave(DEADLOCK);
  yield setWaitsFor(ctx, addr);
  const crosswise = (value: bigint) => {
    const remote = waitsFor(ctx.memory, Number(value) - 1);
    return remote !== 0 && ctx.memory.read(remote, 4) === owner;
  };
  for (;;) {
    const until = (value: bigint) => value === 0n || crosswise(value);
    const found = yield { kind: "await", addr, size: 4, until, label, touches: "lock" };
    if (found !== 0n) return yield* leave(DEADLOCK);
    const old = yield { kind: "rmw", op: "cmpxchg", addr, size: 4, expected: 0n, value: owner, label, touches: "lock" };
    if (old === 0n) return yield* leave(0n);
  }
}

const waitsForAt = (memory: Memory, cpu: number): number => memory.layout.cpus + cpu * CPU.bytes + CPU.waitsFor;
const waitsFor = (memory: Memory, cpu: number): number => memory.getU32(waitsForAt(memory, cpu));

/** rqspinlock_held_locks is a per-CPU variable, which others only look at for deadlocks. */
const setWaitsFor = (ctx: TaskContext, addr: number): PrivateOp => ({
  kind: "private",
  run: (memory) => {
    memory.setU32(waitsForAt(memory, ctx.cpu), addr);
    return 0n;
  },
});
const readWaitsFor = (ctx: TaskContext): PrivateOp => ({
  kind: "private",
  run: (memory) => BigInt(waitsFor(memory, ctx.cpu)),
});

/** include/asm-generic/rqspinlock.h:res_spin_unlock: store-release of 0, in a guest too; then interrupts as they were. */
export function* raw_res_spin_unlock_irqrestore(addr: number, label: string): Model<void> {
  yield { ...store(addr, 4, 0n, label), touches: "lock" };
  yield* irqrestore();
}

function* irqrestore(): Model<void> {
  yield { kind: "mask", what: "irq", delta: -1 };
  yield { kind: "work", what: "irqrestore" };
}

/** include/linux/spinlock_api_smp.h:__raw_spin_lock, interrupts being off: a CPU that holds it already waits for good. */
export function* raw_spin_lock(ctx: TaskContext, addr: number, label: string): Model<void> {
  const owner = BigInt(ctx.cpu + 1);
  yield calls(1);
  const old = yield { kind: "rmw", op: "cmpxchg", addr, size: 4, expected: 0n, value: owner, label };
  if (old !== 0n) yield awaitLock(addr, owner, label);
}

/** Store-release of 0; in a guest with paravirtual locks a locked instruction, as bpf_spin_unlock has it. */
export function* raw_spin_unlock(addr: number, label: string): Model<void> {
  yield calls(1);
  yield { ...store(addr, 4, 0n, label), touches: "lock", paravirtual: true };
}

/** include/linux/spinlock_api_smp.h:__raw_spin_lock_irqsave; {@link raw_spin_unlock_irqrestore} ends it. */
export function* raw_spin_lock_irqsave(ctx: TaskContext, addr: number, label: string): Model<void> {
  const owner = BigInt(ctx.cpu + 1);
  yield calls(1);
  yield { kind: "work", what: "irqsave" };
  const old = yield { kind: "rmw", op: "cmpxchg", addr, size: 4, expected: 0n, value: owner, label };
  yield { kind: "mask", what: "irq", delta: 1 };
  if (old !== 0n) yield awaitLock(addr, owner, label);
}

/** kernel/locking/qspinlock.c:queued_spin_lock_slowpath; of a guest __pv_queued_spin_lock_slowpath. */
const awaitLock = (addr: number, owner: bigint, label: string): Operation => ({
  kind: "await",
  addr,
  size: 4,
  until: (value) => value === 0n,
  thenStore: owner,
  label,
  paravirtual: true,
});

/** As with the resilient lock, which is inlined; this one is a function. */
export function* raw_spin_unlock_irqrestore(addr: number, label: string): Model<void> {
  yield* raw_spin_unlock(addr, label);
  yield* irqrestore();
}
