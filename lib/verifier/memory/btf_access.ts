/** Loads through pointers to kernel structs (kernel/bpf/verifier.c:check_ptr_to_btf_access). */
import { hasSince } from "../../uapi/releases.ts";
import { type Walked, walkStruct } from "./btf_walk.ts";
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { structSize } from "../kernel/kernel_objects.ts";
import { structLayout } from "../kernel/kernel_structs.ts";
import { kernelType } from "../kernel/kernel_type.ts";
import { BPF_MAP_TYPE } from "../../uapi/map_types.ts";
import { checkOwnAccess } from "./own_access.ts";
import type { Access } from "./memory_access.ts";
import { FLAG, isTrusted, pointer, type Reg, REG_TYPE, UNKNOWN_SCALAR } from "../state/register.ts";
import { tnumText } from "../domain/tnum.ts";

/** Kernel structs may be read, not written; a pointer found in one can be followed, as far as it can be trusted. */
export function checkBtfAccess(env: Environment, regno: number, off: number, size: number, access: Access): void {
  const reg = env.regs[regno], name = reg.btf?.name ?? "";
  if (!env.isGpl) {
    env.reject(ERRNO.EINVAL, `Cannot access kernel 'struct ${name}' from non-GPL compatible program`);
  }
  if (off < 0) env.reject(ERRNO.EACCES, `R${regno} is ptr_${name} invalid negative access: off=${off}`);
  if (!reg.bounds.isConst || reg.bounds.value !== 0n) {
    env.reject(
      ERRNO.EACCES,
      `R${regno} is ptr_${name} invalid variable offset: off=${off}, var_off=${tnumText(reg.bounds.tnum)}`,
    );
  }
  if (reg.type & FLAG.USER) env.reject(ERRNO.EACCES, `R${regno} is ptr_${name} access user memory: off=${off}`);
  if (reg.type & FLAG.PERCPU) env.reject(ERRNO.EACCES, `R${regno} is ptr_${name} access percpu memory: off=${off}`);
  if (reg.type & FLAG.ALLOC && reg.btf?.id !== undefined) {
    const { kind } = checkOwnAccess(env, reg, off, size);
    // What the program itself put there is no pointer that the kernel could trust.
    if (access.value >= 0 && !access.isWrite) {
      env.regs[access.value] = kind === "memory" ? bareMemory(env) : UNKNOWN_SCALAR;
    }
    return;
  }
  if (access.isWrite) env.reject(ERRNO.EACCES, "only read is supported");
  const walked = walk(env, name, off, size);
  if (access.value < 0) return;
  env.regs[access.value] = walked.kind === "struct"
    ? followed(env, walked.to, trustOf(env, reg, walked))
    : walked.kind === "memory"
    ? bareMemory(env)
    : UNKNOWN_SCALAR;
}

/** Of structs that only their size is known of, every load gives a plain number. */
function walk(env: Environment, name: string, off: number, size: number): Walked {
  if (structLayout(name)) return walkStruct(env, name, off, size);
  const bytes = structSize(name);
  if (bytes !== undefined && off + size > bytes) {
    env.reject(ERRNO.EACCES, `access beyond struct ${name} at off ${off} size ${size}`);
  }
  return { kind: "scalar" };
}

/** What stands behind a pointer to no struct: memory to read since 6.17, before that its address was a number. */
function bareMemory(env: Environment): Reg {
  if (!hasSince(env.kernel, "6.17")) return UNKNOWN_SCALAR;
  const reg = pointer(REG_TYPE.MEM | FLAG.RDONLY | FLAG.UNTRUSTED);
  reg.memSize = 0;
  return reg;
}

function followed(env: Environment, to: string, flags: number): Reg {
  const reg = pointer(REG_TYPE.BTF_ID | flags);
  reg.btf = kernelType(to);
  if (flags & FLAG.MAYBE_NULL) reg.id = env.newId();
  return reg;
}

/** Fields that are as sure to be alive as the struct they stand in (BTF_TYPE_SAFE_TRUSTED and its like). */
const SAFE_TRUSTED = [
  "bpf_iter_meta.seq",
  "bpf_iter__task.meta",
  "bpf_iter__task.task",
  "linux_binprm.file",
  "file.f_inode",
];
const SAFE_TRUSTED_OR_NULL = ["dentry.d_inode", "socket.sk", "vm_area_struct.vm_mm", "vm_area_struct.vm_file"];
/** Fields that are while an RCU read-side section lasts. */
const SAFE_RCU = [
  "task_struct.cpus_ptr",
  "task_struct.cgroups",
  "task_struct.real_parent",
  "task_struct.group_leader",
  "cgroup.kn",
  "css_set.dfl_cgrp",
  "cgroup_subsys_state.cgroup",
];
const SAFE_RCU_OR_NULL = ["mm_struct.exe_file", "mm_struct.owner", "sk_buff.sk", "request_sock.sk"];

function trustOf(env: Environment, reg: Reg, walked: Walked & { kind: "struct" }): number {
  if (reg.type & FLAG.UNTRUSTED) return FLAG.UNTRUSTED;
  const untrusted = walked.isUntrusted ? FLAG.UNTRUSTED : 0;
  if (!isTrusted(reg) && !(reg.type & FLAG.RCU)) return untrusted;
  const field = `${reg.btf?.name}.${walked.field}`;
  if (SAFE_TRUSTED.includes(field)) return untrusted | FLAG.TRUSTED;
  if (SAFE_TRUSTED_OR_NULL.includes(field)) return untrusted | FLAG.TRUSTED | FLAG.MAYBE_NULL;
  if (!env.isInRcuSection || reg.mayBeNull) return FLAG.UNTRUSTED;
  if (SAFE_RCU.includes(field)) return untrusted | FLAG.RCU;
  if (SAFE_RCU_OR_NULL.includes(field)) return FLAG.RCU | FLAG.MAYBE_NULL;
  return untrusted;
}

/** The struct that stands behind a map of each type (map_btf_id of its operations). */
function mapStruct(type: number): string {
  switch (type) {
    case BPF_MAP_TYPE.HASH:
    case BPF_MAP_TYPE.PERCPU_HASH:
    case BPF_MAP_TYPE.LRU_HASH:
    case BPF_MAP_TYPE.LRU_PERCPU_HASH:
    case BPF_MAP_TYPE.HASH_OF_MAPS:
      return "bpf_htab";
    default:
      return MAP_STRUCTS[type] ?? "bpf_array";
  }
}

const MAP_STRUCTS: Readonly<Record<number, string>> = {
  7: "bpf_stack_map",
  11: "lpm_trie",
  14: "bpf_dtab",
  15: "bpf_stab",
  16: "bpf_cpu_map",
  17: "xsk_map",
  18: "bpf_shtab",
  19: "bpf_cgroup_storage_map",
  20: "reuseport_array",
  21: "bpf_cgroup_storage_map",
  22: "bpf_queue_stack",
  23: "bpf_queue_stack",
  24: "bpf_local_storage_map",
  25: "bpf_dtab",
  27: "bpf_ringbuf_map",
  28: "bpf_local_storage_map",
  29: "bpf_local_storage_map",
  30: "bpf_bloom_filter",
  31: "bpf_ringbuf_map",
  32: "bpf_local_storage_map",
  33: "bpf_arena",
};

/** Fields of `struct bpf_map` and of the map types' own structs, through a map pointer (check_ptr_to_map_access). */
export function checkMapStructAccess(env: Environment, regno: number, off: number, size: number, access: Access): void {
  const name = mapStruct(env.regs[regno].map!.type);
  if (off < 0) env.reject(ERRNO.EACCES, `R${regno} is ${name} invalid negative access: off=${off}`);
  if (access.isWrite) env.reject(ERRNO.EACCES, `only read from ${name} is supported`);
  const walked = walkStruct(env, name, off, size);
  if (access.value < 0) return;
  env.regs[access.value] = walked.kind === "struct"
    ? followed(env, walked.to, walked.isUntrusted ? FLAG.UNTRUSTED : 0)
    : walked.kind === "memory"
    ? bareMemory(env)
    : UNKNOWN_SCALAR;
}
