/** Whether a program may be attached to what its section names (kernel/bpf/verifier.c:check_attach_btf_id). */
import { ERRNO } from "../../uapi/errno.ts";
import { BPF_ATTACH_TYPE as A, BPF_PROG_TYPE as T } from "../../uapi/prog_types.ts";
import {
  hasHook,
  hookFunction,
  isDenied,
  isDisabledLsm,
  isSleepableLsm,
  mayFail,
  neverReturns,
} from "../kernel/attach_targets.ts";
import type { Environment } from "../state/environment.ts";

export function checkAttachTarget(env: Environment): void {
  const { kind } = env, { attachType, target } = kind;
  if (!hasHook(kind) || attachType === A.TRACE_ITER) return;
  const isLsm = kind.type === T.LSM, name = hookFunction(kind), isOwnSleep = kind.isSleepable && target !== "";
  if (isOwnSleep && isLsm && !isSleepableLsm(target)) env.reject(ERRNO.EINVAL, `${name} is not sleepable`);
  if (isOwnSleep && !isLsm && !mayFail(name)) env.unsupported(`whether a program may sleep in the kernel's ${name}`);
  if (!kind.isSleepable && attachType === A.MODIFY_RETURN && target !== "") {
    // check_attach_modify_return: LSM's own hooks, and functions that may be failed on purpose.
    if (!name.startsWith("security_") && !mayFail(name)) {
      env.unsupported(`whether a program may change what the kernel's ${name} gives back`);
    }
  }
  if (isLsm) {
    if (!env.isGpl) env.reject(ERRNO.EINVAL, "LSM programs must have a GPL compatible license");
    if (isDisabledLsm(target)) env.reject(ERRNO.EINVAL, `attach_btf_id # points to disabled hook ${name}`);
    return;
  }
  if (isDenied(name)) {
    env.reject(ERRNO.EINVAL, `Attaching tracing programs to function '${name}' is rejected.`);
  }
  if (neverReturns(name) && (attachType === A.TRACE_FEXIT || attachType === A.MODIFY_RETURN)) {
    env.reject(ERRNO.EINVAL, `Attaching fexit/fsession/fmod_ret to __noreturn function '${name}' is rejected.`);
  }
}
