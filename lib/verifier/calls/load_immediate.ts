/** `BPF_LD_IMM64`: constants, maps, map values, functions; and the old packet loads (check_ld_imm, check_ld_abs). */
import { BPF_MODE, BPF_PSEUDO, type Insn, isWide, modeOf } from "../../isa/insn.ts";
import { returnToCaller } from "./calls.ts";
import { checkUnmoved } from "../memory/context_access.ts";
import { isFuncAddress } from "../flow/control_flow.ts";
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { hasSince } from "../../uapi/releases.ts";
import { fieldOf } from "../kernel/map_state.ts";
import { BPF_MAP_TYPE } from "../../uapi/map_types.ts";
import { checkWritable, clearCallerSaved, readReg } from "../state/operands.ts";
import { BPF_PROG_TYPE } from "../../uapi/prog_types.ts";
import { resolveExtern } from "../kernel/externs.ts";
import { kernelType } from "../kernel/kernel_type.ts";
import { constantScalar, FLAG, pointer, type Reg, REG_TYPE, UNKNOWN_SCALAR, ZERO_SCALAR } from "../state/register.ts";
import { checkResourceLeak } from "../state/resource_leaks.ts";

export function checkLoadImmediate(env: Environment, insn: Insn): void {
  if (!isWide(insn)) env.reject(ERRNO.EINVAL, "invalid BPF_LD_IMM insn");
  if (insn.off !== 0) env.reject(ERRNO.EINVAL, "BPF_LD_IMM64 uses reserved fields");
  const { dst } = insn;
  checkWritable(env, dst);
  const loaded = env.mapAt.get(env.insn);
  if (loaded) {
    const { map, offset } = loaded;
    if (offset !== undefined && map.type === BPF_MAP_TYPE.ARENA) {
      env.regs[dst] = UNKNOWN_SCALAR;
      return;
    }
    const reg = pointer(offset === undefined ? REG_TYPE.MAP_PTR : REG_TYPE.MAP_VALUE);
    reg.map = map;
    reg.off = offset ?? 0;
    // 6.1: each address of a section with a lock is another lock.
    if (offset !== undefined && fieldOf(map, "bpf_spin_lock") && !hasSince(env.kernel, "6.12")) reg.id = env.newId();
    env.regs[dst] = reg;
  } else if (isFuncAddress(insn)) {
    env.regs[dst] = functionAddress(env, insn);
  } else if (insn.src === BPF_PSEUDO.BTF_ID) {
    env.regs[dst] = externValue(env);
  } else {
    env.regs[dst] = constantScalar(insn.imm64 ?? 0n);
  }
}

/** What the object only declares: the kernel's address of it, or 0 where it may be missing (check_pseudo_btf_id). */
function externValue(env: Environment): Reg {
  const name = env.externAt.get(env.insn) ?? "", found = resolveExtern(env.btf, name);
  switch (found.kind) {
    case "function":
      return readOnlyMemory(0);
    case "address":
      return UNKNOWN_SCALAR;
    case "missing":
      if (env.weakAt.has(env.insn)) return ZERO_SCALAR;
      return env.unsupported(`the kernel's ${name}, which is not in its own BTF and may be in a module's`);
    case "kconfig":
      return env.unsupported(`the value of ${name} (.kconfig)`);
    case "unknown":
      return env.unsupported(`whether the kernel has ${name}`);
    case "variable": {
      if (!found.isPerCpu && found.struct === undefined) return readOnlyMemory(found.bytes);
      const reg = pointer(REG_TYPE.BTF_ID | (found.isPerCpu ? FLAG.PERCPU : 0));
      reg.btf = found.struct === undefined ? { name: "", bytes: found.bytes } : kernelType(found.struct);
      return reg;
    }
  }
}

function readOnlyMemory(bytes: number): Reg {
  const reg = pointer(REG_TYPE.MEM | FLAG.RDONLY);
  reg.memSize = bytes;
  return reg;
}

function functionAddress(env: Environment, insn: Insn): Reg {
  const index = env.subprogAt(env.insn + insn.imm + 1);
  if (!env.btf) env.reject(ERRNO.EINVAL, "missing btf func_info");
  if (env.subprogs[index].isGlobal) env.reject(ERRNO.EINVAL, "callback function not static");
  if (index === 0) env.reject(ERRNO.EINVAL, "callback function cannot be the main program");
  const reg = pointer(REG_TYPE.FUNC);
  reg.subprog = index;
  return reg;
}

const CONTEXT = 6;

/** Loads from the packet by absolute or indirect offset, as classic BPF had them. */
export function checkPacketLoad(env: Environment, insn: Insn): void {
  const { type } = env.kind;
  if (type !== BPF_PROG_TYPE.SOCKET_FILTER && type !== BPF_PROG_TYPE.SCHED_CLS && type !== BPF_PROG_TYPE.SCHED_ACT) {
    env.reject(ERRNO.EINVAL, "BPF_LD_[ABS|IND] instructions not allowed for this program type");
  }
  readReg(env, CONTEXT);
  checkResourceLeak(env, true, "BPF_LD_[ABS|IND]");
  const context = env.regs[CONTEXT];
  if (context.type !== REG_TYPE.CTX) {
    env.reject(ERRNO.EINVAL, "at the time of BPF_LD_ABS|IND R6 != pointer to skb");
  }
  if (modeOf(insn) === BPF_MODE.IND) readReg(env, insn.src);
  checkUnmoved(env, context, CONTEXT);
  clearCallerSaved(env, env.regs);
  env.regs[0] = UNKNOWN_SCALAR;
  if (env.state.frames.length === 1) return;
  // A load beyond the packet ends the whole program: in a function that is a return of 0 from it.
  env.push(env.insn + 1, env.insn);
  env.regs[0] = ZERO_SCALAR;
  returnToCaller(env);
  env.insn--;
}
