/** What a program may read and write of its context (is_valid_access of each program type). */
import { Bounds } from "../domain/bounds.ts";
import { contextFields } from "./context_fields.ts";
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { hasTrustedArguments, hookFunction, lsmReturnRange } from "../kernel/attach_targets.ts";
import { type Hook, type HookValue, kernelHook } from "../kernel/hooks.ts";
import { type IteratorObject, ITERATORS } from "../kernel/iterators.ts";
import { tracepointArgs } from "../kernel/kernel_objects.ts";
import { kernelType } from "../kernel/kernel_type.ts";
import type { Access } from "./memory_access.ts";
import { BPF_ATTACH_TYPE, BPF_PROG_TYPE } from "../../uapi/prog_types.ts";
import { FLAG, pointer, type Reg, REG_TYPE, scalar, typeName, UNKNOWN_SCALAR } from "../state/register.ts";
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
  /** Of a number. */
  readonly range?: readonly [min: number, max: number];
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
  if (field.range) {
    env.regs[access.value] = scalar(Bounds.between(...field.range));
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

/** Arguments of what a tracing program is attached to (kernel/bpf/btf.c:btf_ctx_access). */
function tracedArgument(env: Environment, off: number, size: number): ContextField {
  const { target, attachType } = env.kind;
  if (attachType === BPF_ATTACH_TYPE.TRACE_RAW_TP) return tracepointArgument(env, target, off, size);
  const name = hookFunction(env.kind), place = { name, off, size };
  if (off % 8 !== 0) return refuse(env, `func '${name}' offset ${off} is not multiple of 8`);
  const hook = kernelHook(name);
  if (!hook || hook === "missing") env.unsupported(`reading the arguments of the kernel's function ${name}`);
  const index = argumentAt(hook, off), isTrusted = hasTrustedArguments(env.kind);
  if (index === hook.args.length) return returnValue(env, hook, place);
  if (index > hook.args.length) return lacksArgument(env, name, index);
  const arg = hook.args[index];
  const object = attachType === BPF_ATTACH_TYPE.TRACE_ITER ? ITERATORS[target]?.[index] : undefined;
  const field = pointerField(env, place, arg, object);
  if (field === undefined || field === "scalar" || !field.struct) return field;
  const trusted = object ? object === "trusted" : isTrusted;
  return { ...field, type: field.type | (trusted ? FLAG.TRUSTED : 0) | (arg.mayBeNull ? FLAG.MAYBE_NULL : 0) };
}

interface HookAccess {
  readonly name: string;
  readonly off: number;
  readonly size: number;
}

function tracepointArgument(env: Environment, name: string, off: number, size: number): ContextField {
  if (off % 8 !== 0) return refuse(env, `func '${name}' offset ${off} is not multiple of 8`);
  const args = tracepointArgs(name);
  // A program of tp_btf that names no tracepoint cannot be loaded on its own.
  if (!args) return "scalar";
  const arg = args[off / 8];
  if (!arg) return lacksArgument(env, name, off / 8);
  if (arg.kind === "scalar") return "scalar";
  if (size !== 8) return refuse(env, `func '${name}' size ${size} must be 8`);
  const nullable = arg.mayBeNull ? FLAG.MAYBE_NULL : 0;
  return { type: REG_TYPE.BTF_ID | FLAG.TRUSTED | nullable, struct: arg.type };
}

/** Structs by value take as many words of ctx as they have; what follows the last argument is what is given back. */
function argumentAt(hook: Hook, off: number): number {
  let end = 0;
  for (const [index, { words }] of [...hook.args, hook.returns].entries()) {
    end += words * 8;
    if (off < end) return index;
  }
  return hook.args.length + 1;
}

/** Exit programs and LSM programs see what the function gives back, behind its arguments. */
function returnValue(env: Environment, hook: Hook, place: HookAccess): ContextField {
  switch (env.kind.attachType) {
    case BPF_ATTACH_TYPE.LSM_MAC:
      if (hook.returns.kind === "integer") return { type: REG_TYPE.SCALAR, range: lsmReturnRange(place.name) };
      return pointerField(env, place, hook.returns);
    case BPF_ATTACH_TYPE.LSM_CGROUP:
    case BPF_ATTACH_TYPE.TRACE_FEXIT:
      return pointerField(env, place, hook.returns);
    case BPF_ATTACH_TYPE.MODIFY_RETURN:
      if (hook.returns.kind === "integer") return "scalar";
      return refuse(env, `ret type ${hook.returns.kind.toUpperCase()} not allowed for fmod_ret`);
    default:
      return lacksArgument(env, place.name, hook.args.length);
  }
}

function pointerField(
  env: Environment,
  { name, size }: HookAccess,
  { kind, type }: HookValue,
  object?: IteratorObject,
): ContextField {
  if (kind === "integer" || kind === "value") return "scalar";
  if (size !== 8) return refuse(env, `func '${name}' size ${size} must be 8`);
  if (object === "buffer") return { type: REG_TYPE.BUF | FLAG.MAYBE_NULL };
  if (object === "rdonly") return { type: REG_TYPE.BUF | FLAG.RDONLY | FLAG.MAYBE_NULL };
  if (kind !== "struct") return "scalar";
  return { type: REG_TYPE.BTF_ID | (object ? FLAG.MAYBE_NULL : 0), struct: type };
}

const lacksArgument = (env: Environment, name: string, index: number): undefined =>
  refuse(env, `func '${name}' doesn't have ${index + 1}-th argument`);

function refuse(env: Environment, why: string): undefined {
  env.log.write(`${why}\n`);
  return undefined;
}
