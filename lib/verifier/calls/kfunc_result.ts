/** What r0 holds after a call of a kernel function (the second half of kernel/bpf/verifier.c:check_kfunc_call). */
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { kernelType } from "../kernel/kernel_type.ts";
import { isIteratorNext, isListOrTree } from "../kernel/kfunc_kinds.ts";
import { graphNode } from "../memory/graphs.ts";
import { mayHoldLock, ownType } from "../state/own_objects.ts";
import { mayWritePacket } from "../memory/memory_access.ts";
import { acquire } from "../state/references.ts";
import { FLAG, NOT_INIT, pointer, type Reg, REG_TYPE, UNKNOWN_SCALAR, ZERO_SCALAR } from "../state/register.ts";
import { kernelBtf } from "../kernel/kernel_btf.ts";
import { BPF_PROG_TYPE } from "../../uapi/prog_types.ts";
import { type KfuncMeta, MEMORY_BYTES } from "./kfunc_arguments.ts";

export function kfuncResult(env: Environment, meta: KfuncMeta): Reg {
  const { kfunc } = meta, { returns } = kfunc;
  if (returns.kind === "void") return NOT_INIT;
  if (kfunc.name.startsWith("bpf_res_spin_lock")) return ZERO_SCALAR;
  if (returns.kind !== "pointer") return UNKNOWN_SCALAR;
  // Of an arena programs hold user space's addresses: numbers, until they are cast.
  if (kfunc.name === "bpf_arena_alloc_pages") return UNKNOWN_SCALAR;
  const reg = pointed(env, meta, returns);
  // Another reference to an object that the program owns can always be had.
  const mayBeNull = kfunc.mayReturnNull && !(kfunc.name === "bpf_refcount_acquire_impl" && meta.isOwned);
  if (mayBeNull) {
    reg.type |= FLAG.MAYBE_NULL;
    reg.id = env.newId();
  }
  if (kfunc.isAcquire) {
    reg.ref = acquire(env, env.insn);
    if (mayBeNull) reg.id = reg.ref;
  }
  if (reg.id === 0 && mayHoldLock(env, reg)) reg.id = env.newId();
  return reg;
}

function pointed(
  env: Environment,
  meta: KfuncMeta,
  returns: { readonly type: string; readonly isStruct: boolean },
): Reg {
  const { kfunc } = meta;
  if (isListOrTree(kfunc.name)) return graphNode(env, meta.root!, { isOwned: kfunc.isAcquire });
  switch (kfunc.name) {
    case "bpf_obj_new_impl": {
      const reg = pointer(REG_TYPE.BTF_ID | FLAG.ALLOC);
      reg.btf = newType(env, meta.constant);
      return reg;
    }
    case "bpf_refcount_acquire_impl": {
      const reg = pointer(REG_TYPE.BTF_ID | FLAG.ALLOC);
      reg.btf = meta.own;
      return reg;
    }
    case "bpf_rdonly_cast":
      return readOnlyCast(env, meta.constant);
    case "bpf_cast_to_kern_ctx":
      return kernelContext(env);
    case "bpf_dynptr_slice":
    case "bpf_dynptr_slice_rdwr":
      return slice(env, meta);
  }
  if (!returns.isStruct) {
    const reg = pointer(REG_TYPE.MEM | FLAG.RDONLY);
    reg.memSize = MEMORY_BYTES[returns.type] ?? 0;
    reg.ref = meta.ref;
    return reg;
  }
  const reg = pointer(REG_TYPE.BTF_ID | (isIteratorNext(kfunc.name) ? FLAG.TRUSTED : 0));
  reg.btf = kernelType(returns.type);
  return reg;
}

/** A pointer of which nothing is sure but how it is read: as a struct, or as plain memory for the type `void`. */
function readOnlyCast(env: Environment, id: bigint): Reg {
  if (id === 0n) return pointer(REG_TYPE.MEM | FLAG.RDONLY | FLAG.UNTRUSTED);
  const btf = kernelBtf();
  if (!btf) env.unsupported("bpf_rdonly_cast() without the BTF of a kernel");
  const type = btf.types[Number(id)];
  if (type?.kind !== "struct" && type?.kind !== "union") {
    env.reject(ERRNO.EINVAL, "kfunc bpf_rdonly_cast type ID argument must be of a struct or void");
  }
  const reg = pointer(REG_TYPE.BTF_ID | FLAG.UNTRUSTED);
  reg.btf = kernelType(type.name);
  return reg;
}

/** The kernel's own struct behind a context (get_kern_ctx_btf_id). */
function kernelContext(env: Environment): Reg {
  const { takesSkb, type } = env.kind, struct = takesSkb ? "sk_buff" : KERNEL_CONTEXTS[type];
  if (!struct) env.unsupported("the kernel's struct behind the context of this program type");
  const reg = pointer(REG_TYPE.BTF_ID | FLAG.TRUSTED);
  reg.btf = kernelType(struct);
  return reg;
}

const KERNEL_CONTEXTS: Readonly<Record<number, string>> = {
  [BPF_PROG_TYPE.XDP]: "xdp_buff",
  [BPF_PROG_TYPE.SOCK_OPS]: "bpf_sock_ops_kern",
  [BPF_PROG_TYPE.CGROUP_SOCK_ADDR]: "bpf_sock_addr_kern",
  [BPF_PROG_TYPE.PERF_EVENT]: "bpf_perf_event_data_kern",
};

/** The type that bpf_obj_new() is given: a struct of the program's own. */
function newType(env: Environment, id: bigint): NonNullable<Reg["btf"]> {
  if (id !== BigInt.asUintN(32, id)) {
    env.reject(ERRNO.EINVAL, "local type ID argument must be in range [0, U32_MAX]");
  }
  if (!env.btf) env.reject(ERRNO.EINVAL, "bpf_obj_new/bpf_percpu_obj_new requires prog BTF");
  if (env.btf.types[Number(id)]?.kind !== "struct") {
    env.reject(ERRNO.EINVAL, "bpf_obj_new/bpf_percpu_obj_new type ID argument must be of a struct");
  }
  return ownType(env, Number(id));
}

/** Part of a dynptr's memory: a packet's may be copied to the buffer that was passed. */
function slice(env: Environment, { kfunc, constant, dynptr }: KfuncMeta): Reg {
  const reg = pointer(REG_TYPE.MEM | (dynptr?.type === "ringbuf" ? FLAG.RINGBUF : 0));
  reg.memSize = Number(constant);
  if (kfunc.name === "bpf_dynptr_slice") reg.type |= FLAG.RDONLY;
  else if (!mayWritePacket(env)) env.reject(ERRNO.EINVAL, "the prog does not allow writes to packet data");
  reg.dynptrId = dynptr?.id ?? 0;
  return reg;
}
