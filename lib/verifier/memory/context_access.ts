/** What a program may read and write of its context (is_valid_access of each program type). */
import { contextFields } from "./context_fields.ts";
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { tracepointArgs } from "../kernel/kernel_objects.ts";
import { kernelType } from "../kernel/kernel_type.ts";
import type { Access } from "./memory_access.ts";
import { BPF_ATTACH_TYPE, BPF_PROG_TYPE } from "../../uapi/prog_types.ts";
import { FLAG, pointer, type Reg, REG_TYPE, typeName, UNKNOWN_SCALAR } from "../state/register.ts";
import { tnumText } from "../domain/tnum.ts";

/** A pointer that must not have been moved (check_ptr_off_reg). */
export function checkUnmoved(env: Environment, reg: Reg, regno: number, isFixedOk = false): void {
  const name = typeName(reg.type);
  if (reg.off < 0) env.reject(ERRNO.EACCES, `negative offset ${name} ptr R${regno} off=${reg.off} disallowed`);
  if (!isFixedOk && reg.off !== 0) {
    env.reject(ERRNO.EACCES, `dereference of modified ${name} ptr R${regno} off=${reg.off} disallowed`);
  }
  if (!reg.bounds.isConst || reg.bounds.value !== 0n) {
    env.reject(ERRNO.EACCES, `variable ${name} access var_off=${tnumText(reg.bounds.tnum)} disallowed`);
  }
}

/** A context field of a pointer type; a load gives this instead of a number. */
export interface ContextPointer {
  readonly type: number;
  readonly struct?: string;
}

/** `undefined`: the access is refused; `"scalar"`: it gives a number. */
export type ContextField = ContextPointer | "scalar" | undefined;

export function checkContextAccess(
  env: Environment,
  regno: number,
  off: number,
  size: number,
  access: Access,
): void {
  checkUnmoved(env, env.regs[regno], regno);
  const field = fieldAt(env, off, size, access);
  if (field === undefined) env.reject(ERRNO.EACCES, `invalid bpf_context access off=${off} size=${size}`);
  if (access.isWrite || access.value < 0) return;
  if (field === "scalar") {
    env.regs[access.value] = UNKNOWN_SCALAR;
    return;
  }
  const reg = pointer(field.type);
  if (field.type & FLAG.MAYBE_NULL) reg.id = env.newId();
  if (field.struct) reg.btf = kernelType(field.struct);
  env.regs[access.value] = reg;
}

const MAX_ARGS_BYTES = 12 * 8;
const PT_REGS_BYTES = 168, PERF_TRACE_BYTES = 8192;

function fieldAt(env: Environment, off: number, size: number, access: Access): ContextField {
  const { kind } = env, isAligned = off % size === 0;
  switch (kind.type) {
    case BPF_PROG_TYPE.KPROBE:
      return off >= 0 && off + size <= PT_REGS_BYTES && isAligned && !access.isWrite ? "scalar" : undefined;
    case BPF_PROG_TYPE.TRACEPOINT:
      return off >= 8 && off < PERF_TRACE_BYTES && isAligned && !access.isWrite ? "scalar" : undefined;
    case BPF_PROG_TYPE.RAW_TRACEPOINT:
    case BPF_PROG_TYPE.RAW_TRACEPOINT_WRITABLE: {
      if (off < 0 || off >= MAX_ARGS_BYTES || access.isWrite || !isAligned) return undefined;
      if (kind.type === BPF_PROG_TYPE.RAW_TRACEPOINT_WRITABLE && off === 0) {
        return size === 8 ? { type: REG_TYPE.TP_BUFFER } : undefined;
      }
      return "scalar";
    }
    case BPF_PROG_TYPE.TRACING:
    case BPF_PROG_TYPE.LSM:
      if (off < 0 || off >= MAX_ARGS_BYTES || access.isWrite || !isAligned) return undefined;
      return tracedArgument(env, off, size);
    case BPF_PROG_TYPE.SYSCALL:
      return off >= 0 && off < 0xffff ? "scalar" : undefined;
    case BPF_PROG_TYPE.PERF_EVENT: {
      if (off < 0 || off >= PT_REGS_BYTES + 16 || access.isWrite || !isAligned) return undefined;
      return off >= PT_REGS_BYTES || size === 8 ? "scalar" : undefined;
    }
    case BPF_PROG_TYPE.NETFILTER:
      if (access.isWrite || size !== 8) return undefined;
      if (off === 0) return { type: REG_TYPE.BTF_ID | FLAG.TRUSTED, struct: "nf_hook_state" };
      return off === 8 ? { type: REG_TYPE.BTF_ID | FLAG.TRUSTED, struct: "sk_buff" } : undefined;
    default:
      return contextFields(kind, off, size, access.isWrite, access.isSignExtended ?? false);
  }
}

/** Arguments of what a tracing program is attached to (btf_ctx_access). */
function tracedArgument(env: Environment, off: number, size: number): ContextField {
  const { target, attachType } = env.kind;
  const name = attachType === BPF_ATTACH_TYPE.TRACE_ITER ? `bpf_iter_${target}` : target;
  if (off % 8 !== 0) {
    env.log.write(`func '${name}' offset ${off} is not multiple of 8\n`);
    return undefined;
  }
  const index = off / 8;
  if (attachType === BPF_ATTACH_TYPE.TRACE_ITER) return iteratorArgument(env, name, index, size);
  const args = attachType === BPF_ATTACH_TYPE.TRACE_RAW_TP ? tracepointArgs(target) : undefined;
  // Functions of the kernel are not listed: their arguments are numbers.
  if (!args) return "scalar";
  const arg = args[index];
  if (!arg) {
    env.log.write(`func '${name}' doesn't have ${index + 1}-th argument\n`);
    return undefined;
  }
  if (arg.kind === "scalar") return "scalar";
  if (size !== 8) {
    env.log.write(`func '${name}' size ${size} must be 8\n`);
    return undefined;
  }
  const nullable = arg.mayBeNull ? FLAG.MAYBE_NULL : 0;
  return { type: REG_TYPE.BTF_ID | FLAG.TRUSTED | nullable, struct: arg.type };
}

/** What an iterator program finds: its meta data, then one or two objects, NULL at the end. */
const ITERATORS: Readonly<Record<string, readonly (string | "buffer" | "rdonly" | "scalar")[]>> = {
  task: ["task_struct"],
  task_file: ["task_struct", "scalar", "file"],
  bpf_map: ["bpf_map"],
  bpf_map_elem: ["bpf_map", "rdonly", "buffer"],
  bpf_prog: ["bpf_prog"],
  cgroup: ["cgroup"],
};

function iteratorArgument(env: Environment, name: string, index: number, size: number): ContextField {
  const objects = ITERATORS[env.kind.target];
  if (index === 0) return { type: REG_TYPE.BTF_ID | FLAG.TRUSTED, struct: "bpf_iter_meta" };
  const object = objects?.[index - 1];
  if (objects && object === undefined) {
    env.log.write(`func '${name}' doesn't have ${index + 1}-th argument\n`);
    return undefined;
  }
  if (object === undefined || object === "scalar") return "scalar";
  if (size !== 8) {
    env.log.write(`func '${name}' size ${size} must be 8\n`);
    return undefined;
  }
  if (object === "buffer") return { type: REG_TYPE.BUF | FLAG.MAYBE_NULL };
  if (object === "rdonly") return { type: REG_TYPE.BUF | FLAG.RDONLY | FLAG.MAYBE_NULL };
  return { type: REG_TYPE.BTF_ID | FLAG.TRUSTED | FLAG.MAYBE_NULL, struct: object };
}
