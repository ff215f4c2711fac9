/** Calls of kernel functions, as far as they are followed here (kernel/bpf/verifier.c:check_kfunc_call). */
import type { Insn } from "../../isa/insn.ts";
import { Bounds } from "../domain/bounds.ts";
import type { Environment } from "../state/environment.ts";
import { ERRNO, MAX_ERRNO } from "../../uapi/errno.ts";
import { checkIterator, stepIterator } from "./iterators.ts";
import { endIrqFlag, startIrqFlag } from "../memory/irq_flags.ts";
import { isAvailable } from "../kernel/kfunc_kinds.ts";
import { type Kfunc, type KfuncArg, KFUNCS } from "../../uapi/kfuncs.ts";
import { kernelType } from "../kernel/kernel_type.ts";
import { processLock } from "../memory/locks.ts";
import { clearCallerSaved, readReg } from "../state/operands.ts";
import { acquire, invalidateRcu, release } from "../state/references.ts";
import {
  FLAG,
  isTrusted,
  kindOf,
  NOT_INIT,
  pointer,
  type Reg,
  REG_TYPE,
  scalar,
  ZERO_SCALAR,
} from "../state/register.ts";

/** May be called while a lock is held (kfunc_spin_allowed). */
export const isAllowedUnderLock = (name: string): boolean => /^bpf_res_spin_|^bpf_iter_num_/.test(name);

export function checkKfuncCall(env: Environment, insn: Insn): void {
  const name = env.externAt.get(env.insn) ?? "", kfunc = KFUNCS[name];
  // Compilers call it where the behaviour of the C code is undefined.
  if (name === "__bpf_trap") {
    env.reject(ERRNO.EFAULT, "unexpected __bpf_trap() due to uninitialized variable?");
  }
  if (!kfunc) {
    env.unsupported(`the kernel function ${name || insn.imm}`);
  }
  if (!isAvailable(kfunc, env.kind.type)) env.reject(ERRNO.EACCES, `calling kernel function ${name} is not allowed`);
  const takesLock = name.startsWith("bpf_res_spin_lock");
  if (takesLock) forkFailure(env);
  if (kfunc.maySleep && !env.isSleepable) {
    env.reject(ERRNO.EACCES, `program must be sleepable to call sleepable kfunc ${name}`);
  }
  let released = 0;
  kfunc.args.forEach((arg, index) => {
    const ref = checkArgument(env, name, kfunc, index);
    if (arg === "release") released = ref;
  });
  const isIteratorStep = name === "bpf_iter_num_next", iterator = env.regs[1];
  sections(env, name, kfunc);
  if (released !== 0) release(env, released);
  clearCallerSaved(env, env.regs);
  env.regs[0] = resultOf(env, name, kfunc);
  if (isIteratorStep) stepIterator(env, iterator);
}

/** Taking the lock may fail: that path goes on without it, with an error number in r0. */
function forkFailure(env: Environment): void {
  const failed = env.push(env.insn + 1, env.insn), { regs } = failed;
  for (let index = 0; index < 6; index++) regs[index] = NOT_INIT;
  const bounds = new Bounds();
  bounds.smin = BigInt(-MAX_ERRNO);
  bounds.smax = -1n;
  bounds.s32min = -MAX_ERRNO;
  bounds.s32max = -1;
  regs[0] = scalar(bounds.sync());
}

/** RCU read-side sections, which 6.18 does not let nest, and preemption, which may. */
function sections(env: Environment, name: string, kfunc: Kfunc): void {
  const { state } = env;
  switch (name) {
    case "bpf_rcu_read_lock":
      if (state.rcuLocks > 0) env.reject(ERRNO.EINVAL, `nested rcu read lock (kernel function ${name})`);
      state.rcuLocks++;
      return;
    case "bpf_rcu_read_unlock":
      if (state.rcuLocks === 0) {
        env.reject(ERRNO.EINVAL, `unmatched rcu read unlock (kernel function ${name})`);
      }
      if (--state.rcuLocks === 0) invalidateRcu(env);
      return;
    case "bpf_preempt_disable":
      state.preemptLocks++;
      return;
    case "bpf_preempt_enable":
      if (state.preemptLocks === 0) {
        env.reject(ERRNO.EINVAL, `unmatched attempt to enable preemption (kernel function ${name})`);
      }
      state.preemptLocks--;
      return;
  }
  if (kfunc.maySleep && !env.maySleepHere) {
    env.reject(ERRNO.EACCES, `kernel func ${name} is sleepable within a non-sleepable region`);
  }
}

/** Checks one argument; gives the reference of one that is released. */
function checkArgument(env: Environment, name: string, kfunc: Kfunc, index: number): number {
  const regno = index + 1, reg = readReg(env, regno), arg = kfunc.args[index];
  switch (arg) {
    case "scalar":
      if (!reg.isScalar) env.reject(ERRNO.EINVAL, `R${regno} is not a scalar`);
      return 0;
    case "res_lock":
      if (reg.type !== REG_TYPE.MAP_VALUE && reg.type !== (REG_TYPE.BTF_ID | FLAG.ALLOC)) {
        env.reject(ERRNO.EINVAL, `arg#${index} doesn't point to map value or allocated object`);
      }
      processLock(env, regno, {
        takes: name.startsWith("bpf_res_spin_lock"),
        isResilient: true,
        savesInterrupts: name.includes("irq"),
      });
      return 0;
    case "irq_flag_init":
      startIrqFlag(env, regno, index, name);
      return 0;
    case "irq_flag":
      endIrqFlag(env, regno, index, name);
      return 0;
    case "iter_num_new":
    case "iter_num":
      checkIterator(env, regno, index, name);
      return 0;
    case "trusted":
    case "trusted_or_null":
    case "release":
      return trustedArgument(env, name, kfunc, reg, index, arg);
  }
}

function trustedArgument(
  env: Environment,
  name: string,
  kfunc: Kfunc,
  reg: Reg,
  index: number,
  arg: KfuncArg,
): number {
  const regno = index + 1, type = kfunc.argType ?? "";
  if (reg.mayBeNull || reg.isNull) {
    env.reject(ERRNO.EACCES, `Possibly NULL pointer passed to trusted arg${index}`);
  }
  if (kindOf(reg.type) !== REG_TYPE.BTF_ID) {
    env.reject(ERRNO.EINVAL, `arg#${index} pointer type STRUCT ${type} must point to scalar, or struct with scalar`);
  }
  if (!isTrusted(reg) && !(kfunc.takesRcu && reg.type & FLAG.RCU)) {
    const what = kfunc.takesRcu ? "a rcu pointer" : "referenced or trusted";
    env.reject(ERRNO.EINVAL, `R${regno} must be ${what}`);
  }
  if (arg === "release" && reg.ref === 0) {
    env.reject(ERRNO.EINVAL, `release kernel function ${name} expects refcounted PTR_TO_BTF_ID`);
  }
  if (reg.btf && reg.btf.name !== type) {
    env.reject(
      ERRNO.EINVAL,
      `kernel function ${name} args#${index} expected pointer to STRUCT ${type} but R${regno} has a pointer to STRUCT ${reg.btf.name}`,
    );
  }
  return reg.ref;
}

function resultOf(env: Environment, name: string, kfunc: Kfunc): Reg {
  if (kfunc.returns === "void") return NOT_INIT;
  if (name.startsWith("bpf_res_spin_lock")) return ZERO_SCALAR;
  if (kfunc.returns === "int") {
    const bounds = new Bounds();
    return scalar(bounds);
  }
  const nullable = kfunc.mayReturnNull ? FLAG.MAYBE_NULL : 0;
  const reg = kfunc.returnType ? pointer(REG_TYPE.BTF_ID | nullable) : pointer(REG_TYPE.MEM | FLAG.RDONLY | nullable);
  if (kfunc.returnType) reg.btf = kernelType(kfunc.returnType);
  else reg.memSize = 4;
  if (nullable) reg.id = env.newId();
  if (kfunc.isAcquire) reg.id = reg.ref = acquire(env, env.insn);
  return reg;
}
