/** What a program may return (kernel/bpf/verifier.c:check_return_code). */
import { isWithin, refuseResult } from "./calls.ts";
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { readReg } from "../state/operands.ts";
import { markPrecise } from "../state/precision.ts";
import { BPF_ATTACH_TYPE as A, BPF_PROG_TYPE as P } from "../../uapi/prog_types.ts";
import type { ProgramKind } from "../kernel/program_types.ts";
import { REG_TYPE, typeName } from "../state/register.ts";

type Range = readonly [number, number];

const ALWAYS_ONE: readonly number[] = [
  A.CGROUP_UDP4_RECVMSG,
  A.CGROUP_UDP6_RECVMSG,
  A.CGROUP_INET4_GETPEERNAME,
  A.CGROUP_INET6_GETPEERNAME,
  A.CGROUP_INET4_GETSOCKNAME,
  A.CGROUP_INET6_GETSOCKNAME,
];

/** The values that the kernel makes sense of; `undefined` where any will do. */
function returnRange({ type, attachType }: ProgramKind): Range | undefined {
  switch (type) {
    case P.CGROUP_SOCK_ADDR:
      if (ALWAYS_ONE.includes(attachType)) return [1, 1];
      return attachType === A.CGROUP_INET4_BIND || attachType === A.CGROUP_INET6_BIND ? [0, 3] : [0, 1];
    case P.CGROUP_SKB:
      return attachType === A.CGROUP_INET_EGRESS ? [0, 3] : [0, 1];
    case P.CGROUP_SOCK:
    case P.SOCK_OPS:
    case P.CGROUP_DEVICE:
    case P.CGROUP_SYSCTL:
    case P.CGROUP_SOCKOPT:
    case P.SK_LOOKUP:
    case P.NETFILTER:
      return [0, 1];
    case P.KPROBE:
      return attachType === A.TRACE_KPROBE_SESSION ? [0, 1] : undefined;
    case P.TRACING:
      if (attachType === A.TRACE_FENTRY || attachType === A.TRACE_FEXIT) return [0, 0];
      return attachType === A.TRACE_ITER ? [0, 1] : undefined;
    default:
      return undefined;
  }
}

export function checkReturnCode(env: Environment): void {
  const frame = env.state.frames[0], reg = readReg(env, 0);
  if (frame.inAsyncCallback) {
    if (reg.type !== REG_TYPE.SCALAR) refuseType(env, "At async callback return");
    markPrecise(env, 0);
    if (!isWithin(reg.bounds, [0, 0])) refuseResult(env, reg, [0, 0], "At async callback return", "R0");
    return;
  }
  if (frame.subprog !== 0) {
    if (reg.isScalar) return;
    env.reject(
      ERRNO.EINVAL,
      `At subprogram exit the register R0 is not a scalar value (${typeName(reg.type)})`,
    );
  }
  const range = returnRange(env.kind);
  if (!range) return;
  if (reg.type !== REG_TYPE.SCALAR) refuseType(env, "At program exit");
  markPrecise(env, 0);
  if (!isWithin(reg.bounds, range)) refuseResult(env, reg, range, "At program exit", "R0");
}

function refuseType(env: Environment, place: string): never {
  env.reject(ERRNO.EINVAL, `${place} the register R0 is not a known value (${typeName(env.regs[0].type)})`);
}
