/** What a program may return (kernel/bpf/verifier.c:check_return_code). */
import { isWithin, refuseResult } from "./calls.ts";
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { readReg } from "../state/operands.ts";
import { markPrecise } from "../state/precision.ts";
import { BPF_ATTACH_TYPE as A, BPF_PROG_TYPE as P } from "../../uapi/prog_types.ts";
import { hookFunction, lsmReturnRange } from "../kernel/attach_targets.ts";
import { kernelHook } from "../kernel/hooks.ts";
import type { ProgramKind } from "../kernel/program_types.ts";
import { REG_TYPE, typeName } from "../state/register.ts";

interface Range {
  readonly min: number;
  readonly max: number;
  /** Only the low 32 bits count. */
  readonly isNarrow?: boolean;
}
const range = (min: number, max: number): Range => ({ min, max });

const ALWAYS_ONE: readonly number[] = [
  A.CGROUP_UDP4_RECVMSG,
  A.CGROUP_UDP6_RECVMSG,
  A.CGROUP_INET4_GETPEERNAME,
  A.CGROUP_INET6_GETPEERNAME,
  A.CGROUP_INET4_GETSOCKNAME,
  A.CGROUP_INET6_GETSOCKNAME,
  A.CGROUP_UNIX_RECVMSG,
  A.CGROUP_UNIX_GETPEERNAME,
  A.CGROUP_UNIX_GETSOCKNAME,
];

/** The values that the kernel makes sense of; `undefined` where any will do. */
function returnRange({ type, attachType, target }: ProgramKind, isVoid: boolean): Range | undefined {
  switch (type) {
    case P.CGROUP_SOCK_ADDR:
      if (ALWAYS_ONE.includes(attachType)) return range(1, 1);
      return attachType === A.CGROUP_INET4_BIND || attachType === A.CGROUP_INET6_BIND ? range(0, 3) : range(0, 1);
    case P.CGROUP_SKB:
      return attachType === A.CGROUP_INET_EGRESS ? range(0, 3) : range(0, 1);
    case P.CGROUP_SOCK:
    case P.SOCK_OPS:
    case P.CGROUP_DEVICE:
    case P.CGROUP_SYSCTL:
    case P.CGROUP_SOCKOPT:
    case P.SK_LOOKUP:
    case P.NETFILTER:
      return range(0, 1);
    case P.KPROBE:
      return attachType === A.TRACE_KPROBE_SESSION || attachType === A.TRACE_UPROBE_SESSION ? range(0, 1) : undefined;
    case P.TRACING:
      if (attachType === A.TRACE_FENTRY || attachType === A.TRACE_FEXIT) return range(0, 0);
      return attachType === A.TRACE_ITER ? range(0, 1) : undefined;
    case P.LSM:
      if (attachType === A.LSM_CGROUP) return isVoid ? range(1, 1) : range(0, 1);
      return { ...range(...lsmReturnRange(target)), isNarrow: true };
    default:
      return undefined;
  }
}

/** @param regno r0; of a thrown exception the register of its cookie */
export function checkReturnCode(env: Environment, regno = 0): void {
  const frame = env.state.frames[0], isMain = frame.subprog === 0, { kind } = env;
  const isVoid = isMain && kind.type === P.LSM && !frame.inAsyncCallback && isVoidHook(env);
  if (isVoid && kind.attachType !== A.LSM_CGROUP) return;
  const reg = readReg(env, regno);
  if (frame.inAsyncCallback) return checkRange(env, regno, range(0, 0), "At async callback return", false);
  if (!isMain) {
    if (reg.isScalar) return;
    env.reject(
      ERRNO.EINVAL,
      `At subprogram exit the register R${regno} is not a scalar value (${typeName(reg.type)})`,
    );
  }
  const wanted = returnRange(kind, isVoid);
  if (wanted) checkRange(env, regno, wanted, "At program exit", isVoid);
}

function isVoidHook(env: Environment): boolean {
  const hook = kernelHook(hookFunction(env.kind));
  if (!hook || hook === "missing") env.unsupported(`what the kernel's ${hookFunction(env.kind)} gives back`);
  return hook.returns.kind === "void";
}

function checkRange(env: Environment, regno: number, wanted: Range, place: string, isVoid: boolean): void {
  const reg = env.regs[regno], { min, max, isNarrow } = wanted, name = `R${regno}`;
  if (reg.type !== REG_TYPE.SCALAR) {
    env.reject(ERRNO.EINVAL, `${place} the register ${name} is not a known value (${typeName(reg.type)})`);
  }
  markPrecise(env, regno);
  const { bounds } = reg;
  if (isNarrow ? min <= bounds.s32min && bounds.s32max <= max : isWithin(bounds, [min, max])) return;
  refuseResult(env, reg, [min, max], place, name, isVoid ? VOID_NOTE : "");
}

const VOID_NOTE = "Note, BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value!\n";
