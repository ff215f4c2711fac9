/** Calls of kernel functions, as far as they are followed here (kernel/bpf/verifier.c:check_kfunc_call). */
import type { Insn } from "../../isa/insn.ts";
import { Bounds } from "../domain/bounds.ts";
import type { Environment } from "../state/environment.ts";
import { ERRNO, MAX_ERRNO } from "../../uapi/errno.ts";
import { pushAsyncCallback, pushCallback } from "./calls.ts";
import { timerArguments } from "./helper_call.ts";
import { stepIterator } from "./iterators.ts";
import { graphNode, insertIntoGraph } from "../memory/graphs.ts";
import { resolveExtern } from "../kernel/externs.ts";
import { lacksFunction } from "../kernel/older_kernels.ts";
import { isAvailable, isIteratorNext, kfuncOf } from "../kernel/kfunc_kinds.ts";
import type { Kfunc } from "../../uapi/kfuncs.ts";
import { checkKfuncArguments, KfuncMeta } from "./kfunc_arguments.ts";
import { kfuncResult } from "./kfunc_result.ts";
import { checkReturnCode } from "./return_code.ts";
import { clearCallerSaved } from "../state/operands.ts";
import { checkResourceLeak } from "../state/resource_leaks.ts";
import { invalidateRcu, release } from "../state/references.ts";
import { NOT_INIT, scalar } from "../state/register.ts";

/** @returns whether the path ends with the call */
export function checkKfuncCall(env: Environment, insn: Insn): boolean {
  const name = env.externAt.get(env.insn) ?? "", kfunc = kfuncOf(name);
  // Compilers call it where the behaviour of the C code is undefined.
  if (name === "__bpf_trap") {
    env.reject(ERRNO.EFAULT, "unexpected __bpf_trap() due to uninitialized variable?");
  }
  if (lacksFunction(name, env.kernel)) env.unsupported(`what ${env.kernel} says of calls of the ${name} that it lacks`);
  if (env.weakAt.has(env.insn) && resolveExtern(env.btf, name).kind === "missing") {
    // libbpf's words for its poison, `invalid func unknown#2002000000` and on (libbpf.c:fixup_log_missing_kfunc_call).
    env.reject(ERRNO.EINVAL, `kfunc '${name}' is referenced but wasn't resolved`);
  }
  if (!kfunc) env.unsupported(`the kernel function ${name || insn.imm}`);
  if (!isAvailable(kfunc, env.kind.type)) env.reject(ERRNO.EACCES, `calling kernel function ${name} is not allowed`);
  if (kfunc.name.startsWith("bpf_res_spin_lock")) forkFailure(env);
  if (kfunc.maySleep && !env.isSleepable) {
    env.reject(ERRNO.EACCES, `program must be sleepable to call sleepable kfunc ${name}`);
  }
  const meta = new KfuncMeta(kfunc);
  checkKfuncArguments(env, meta);
  if (kfunc.name === "bpf_rbtree_add_impl") {
    const node = () => graphNode(env, meta.root!, { isOwned: false });
    pushCallback(env, { subprog: meta.subprog, regs: [node(), node()], range: [0, 1] });
  }
  if (kfunc.name === "bpf_wq_set_callback_impl") {
    pushAsyncCallback(env, { subprog: meta.subprog, regs: timerArguments(env.regs[1]), range: [0, 0] }, true);
  }
  sections(env, name, kfunc);
  if (meta.releaseReg !== 0) release(env, env.regs[meta.releaseReg].ref);
  insertIntoGraph(env, kfunc.name);
  if (kfunc.name === "bpf_throw") return throwException(env);
  const iterator = env.regs[1];
  clearCallerSaved(env, env.regs);
  env.regs[0] = kfuncResult(env, meta);
  if (isIteratorNext(kfunc.name)) stepIterator(env, iterator);
  return false;
}

/** The default handler gives the cookie back from the program, so it must be a value that the program may return. */
function throwException(env: Environment): boolean {
  checkReturnCode(env, 1);
  checkResourceLeak(env, true, "bpf_throw", true);
  return true;
}

/** Taking the lock may fail: that path goes on without it, with an error number in r0. */
function forkFailure(env: Environment): void {
  const failed = env.push(env.insn + 1, env.insn), { regs } = failed;
  for (let index = 0; index < 6; index++) regs[index] = NOT_INIT;
  regs[0] = scalar(Bounds.between(-MAX_ERRNO, -1));
}

/** RCU read-side sections, which 6.18 does not let nest, and preemption, which may. */
function sections(env: Environment, name: string, kfunc: Kfunc): void {
  const { state } = env;
  switch (kfunc.name) {
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
  if (!kfunc.maySleep || env.maySleepHere) return;
  const region = state.rcuLocks > 0 ? "rcu_read_lock region" : state.preemptLocks > 0 ? "non-preemptible region" : "";
  env.reject(ERRNO.EACCES, `kernel func ${name} is sleepable within ${region || "IRQ-disabled region"}`);
}
