/** The resilient spin lock as kernel functions (kernel/bpf/rqspinlock.c). */
import { addressOf } from "../cpu/memory.ts";
import type { Model, TaskContext } from "../cpu/operation.ts";
import type { HeldLocks } from "../locks/held_locks.ts";
import * as rqspinlock from "../locks/rqspinlock.ts";
import { faultWith } from "../maps/source.ts";
import type { HelperModel, Kernel } from "./kernel.ts";

const LOCK_BYTES = 4;

function* onLock(
  kernel: Kernel,
  ctx: TaskContext,
  pointer: bigint,
  name: string,
  then: (held: HeldLocks, lock: number) => Model,
): Model {
  const reason = ctx.memory.explain(pointer, LOCK_BYTES, true);
  if (reason) return yield* faultWith(`${name}: ${reason}`);
  return yield* then(kernel.heldLocks!, addressOf(pointer));
}

/** bpf_res_spin_lock(lock): 0, -EDEADLK or -ETIMEDOUT. */
export const bpf_res_spin_lock: HelperModel = (kernel, ctx, [lock]) =>
  onLock(kernel, ctx, lock, "bpf_res_spin_lock", (held, at) => rqspinlock.bpf_res_spin_lock(ctx, held, at, false));

/** bpf_res_spin_unlock(lock). */
export const bpf_res_spin_unlock: HelperModel = (kernel, ctx, [lock]) =>
  onLock(kernel, ctx, lock, "bpf_res_spin_unlock", (held, at) => rqspinlock.bpf_res_spin_unlock(ctx, held, at, false));

/** bpf_res_spin_lock_irqsave(lock, flags): what it stores at `flags` only its partner may use. */
export const bpf_res_spin_lock_irqsave: HelperModel = (kernel, ctx, [lock]) =>
  onLock(
    kernel,
    ctx,
    lock,
    "bpf_res_spin_lock_irqsave",
    (held, at) => rqspinlock.bpf_res_spin_lock(ctx, held, at, true),
  );

/** bpf_res_spin_unlock_irqrestore(lock, flags). */
export const bpf_res_spin_unlock_irqrestore: HelperModel = (kernel, ctx, [lock]) =>
  onLock(
    kernel,
    ctx,
    lock,
    "bpf_res_spin_unlock_irqrestore",
    (held, at) => rqspinlock.bpf_res_spin_unlock(ctx, held, at, true),
  );
