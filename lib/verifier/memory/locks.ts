/** bpf_spin_lock and its kin: what may be locked, and in what order (kernel/bpf/verifier.c:process_spin_lock). */
import { type Environment, Rejection } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { hasSince } from "../../uapi/releases.ts";
import { isInTreeCallback, lockOwner } from "./graphs.ts";
import { fieldsBehind } from "../state/own_objects.ts";
import { acquireLock, findLock, invalidateNonOwning, releaseLock } from "../state/references.ts";
import { REG_TYPE } from "../state/register.ts";
import type { Reference } from "../state/state.ts";
import { s64 } from "../domain/tnum.ts";

export interface LockCall {
  readonly takes: boolean;
  /** bpf_res_spin_lock: may fail, may nest. */
  readonly isResilient: boolean;
  readonly savesInterrupts?: boolean;
}

export function processLock(env: Environment, regno: number, call: LockCall): void {
  if (hasSince(env.kernel, "6.12")) return process(env, regno, call);
  try {
    process(env, regno, call);
  } catch (error) {
    // check_func_arg of 6.1 gives no errno of process_spin_lock on.
    if (error instanceof Rejection) throw new Rejection(ERRNO.EACCES, error.message);
    throw error;
  }
}

function process(env: Environment, regno: number, call: LockCall): void {
  const reg = env.regs[regno], name = call.isResilient ? "bpf_res_spin" : "bpf_spin", { state } = env;
  const { bounds, map } = reg;
  if (!bounds.isConst) {
    env.reject(
      ERRNO.EINVAL,
      `R${regno} doesn't have constant offset. ${name}_lock has to be at the constant offset`,
    );
  }
  const isMap = reg.type === REG_TYPE.MAP_VALUE;
  if (isMap && !map!.hasBtf) {
    env.reject(ERRNO.EINVAL, `map '${map!.name}' has to have BTF in order to use ${name}_lock`);
  }
  if (isInTreeCallback(env)) env.reject(ERRNO.EACCES, "can't spin_{lock,unlock} in rbtree cb");
  const wanted = call.isResilient ? "bpf_res_spin_lock" : "bpf_spin_lock";
  const field = fieldsBehind(env, reg).find(({ kind }) => kind === wanted);
  if (!field) {
    env.reject(ERRNO.EINVAL, `${isMap ? `map '${map!.name}'` : "local 'kptr'"} has no valid ${name}_lock`);
  }
  const at = Number(s64(bounds.value)) + reg.off;
  if (field.offset !== at) {
    env.reject(ERRNO.EINVAL, `off ${at} doesn't point to 'struct ${name}_lock' that is at ${field.offset}`);
  }
  const owner = lockOwner(env, reg);
  const kind: Reference["kind"] = !call.isResilient ? "lock" : call.savesInterrupts ? "res_lock_irq" : "res_lock";
  if (call.takes) {
    if (!call.isResilient && state.activeLocks > 0) {
      env.reject(ERRNO.EINVAL, "Locking two bpf_spin_locks are not allowed");
    }
    if (call.isResilient && findLock(env, ["res_lock", "res_lock_irq"], reg.id, owner)) {
      env.reject(ERRNO.EINVAL, "Acquiring the same lock again, AA deadlock detected");
    }
    env.observer?.lock(env, reg, at);
    // 6.1 keeps the pointer's id alone, and takes one without for no lock: a callback's value.
    if (reg.id !== 0 || hasSince(env.kernel, "6.12")) acquireLock(env, kind, reg.id, owner);
    return;
  }
  if (state.activeLocks === 0) env.reject(ERRNO.EINVAL, `${name}_unlock without taking a lock`);
  const held = findLock(env, [kind], reg.id, owner);
  if (!held) env.reject(ERRNO.EINVAL, `${name}_unlock of different lock`);
  if (reg.id !== state.activeLockId || owner !== state.activeLockOwner) {
    env.reject(ERRNO.EINVAL, `${name}_unlock cannot be out of order`);
  }
  releaseLock(env, held);
  invalidateNonOwning(env);
}
