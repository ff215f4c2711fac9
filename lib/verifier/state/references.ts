/** Things that a program takes and must give back (acquire_reference, release_reference). */
import type { Environment } from "./environment.ts";
import { FLAG, type Reg, UNKNOWN_SCALAR } from "./register.ts";
import type { Reference } from "./state.ts";

/** Takes a reference at the current instruction; gives its id. */
export function acquire(env: Environment, insn: number): number {
  const id = env.newId();
  env.state.references = [...env.state.references, { kind: "pointer", id, insn }];
  return id;
}

export function acquireLock(env: Environment, kind: Reference["kind"], id: number, owner: unknown): void {
  const { state } = env;
  state.references = [...state.references, { kind, id, insn: env.insn, owner }];
  state.activeLocks++;
  state.activeLockId = id;
  state.activeLockOwner = owner;
}

export function findLock(
  env: Environment,
  kinds: readonly Reference["kind"][],
  id: number,
  owner: unknown,
): Reference | undefined {
  return env.state.references.find((held) => kinds.includes(held.kind) && held.id === id && held.owner === owner);
}

/** Gives a lock back; the one taken before it becomes the innermost. */
export function releaseLock(env: Environment, lock: Reference): void {
  const { state } = env;
  state.references = state.references.filter((held) => held !== lock);
  state.activeLocks--;
  const outer = state.references.findLast((held) => held.kind === "lock" || held.kind.startsWith("res_lock"));
  state.activeLockId = outer?.id ?? 0;
  state.activeLockOwner = outer?.owner ?? null;
}

/** Forgets a reference; `false` when there is none of that id. */
export function dropReference(env: Environment, id: number): boolean {
  const { state } = env;
  const found = state.references.find((held) => held.kind === "pointer" && held.id === id);
  if (!found) return false;
  state.references = state.references.filter((held) => held !== found);
  return true;
}

/** Gives a reference back: every register that came from it may no longer be used as a pointer. */
export function release(env: Environment, id: number): boolean {
  if (!dropReference(env, id)) return false;
  env.state.mapRegs((reg) => reg.ref === id ? invalidated() : reg);
  return true;
}

/** Root may go on using the number, not the pointer. */
export const invalidated = (): Reg => UNKNOWN_SCALAR;

/** What only a lock protected is gone when the lock is. */
export function invalidateNonOwning(env: Environment): void {
  env.state.mapRegs((reg) => reg.type & FLAG.NON_OWN_REF ? invalidated() : reg);
}

/** Packet memory may have moved. */
export function invalidatePackets(env: Environment): void {
  env.state.mapRegs((reg) => reg.isPacketOrEnd ? invalidated() : reg);
}

/** Leaving an RCU read-side section: its pointers are no longer trusted. */
export function invalidateRcu(env: Environment): void {
  env.state.mapRegs((reg) => {
    if (!(reg.type & FLAG.RCU)) return reg;
    const to = reg.copy();
    to.type = (to.type & ~(FLAG.RCU | FLAG.MAYBE_NULL)) | FLAG.UNTRUSTED;
    return to;
  });
}
