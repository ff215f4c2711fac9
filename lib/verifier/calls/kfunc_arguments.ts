/** Whether registers fit the arguments of a kernel function (kernel/bpf/verifier.c:check_kfunc_args). */
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import type { Kfunc, KfuncArg } from "../../uapi/kfuncs.ts";
import { BPF_PROG_TYPE } from "../../uapi/prog_types.ts";
import { checkUnmoved } from "../memory/context_access.ts";
import { dynptrState, dynptrType, processDynptr } from "../memory/dynptrs.ts";
import { checkNodeArgument, checkRootArgument } from "../memory/graphs.ts";
import { endIrqFlag, startIrqFlag } from "../memory/irq_flags.ts";
import { processLock } from "../memory/locks.ts";
import { ownFields } from "../state/own_objects.ts";
import { fieldOf, type MapState, type SpecialField } from "../kernel/map_state.ts";
import { holdsStruct, isScalarStruct, structLayout } from "../kernel/kernel_structs.ts";
import { structSize } from "../kernel/kernel_objects.ts";
import type { KernelType } from "../kernel/kernel_type.ts";

import { checkMemory } from "./calls.ts";
import { checkConstString, checkSizedMemory } from "./helper_memory.ts";
import type { HelperArg } from "../kernel/helper_prototypes.ts";
import { checkIterator } from "./iterators.ts";
import { processWork } from "./timers.ts";
import { readReg } from "../state/operands.ts";
import { markPrecise } from "../state/precision.ts";
import { Rejection } from "../state/environment.ts";
import { FLAG, isTrusted, kindOf, type Reg, REG_TYPE, typeName } from "../state/register.ts";

/** What the arguments of a call tell about it as a whole (struct bpf_kfunc_call_arg_meta). */
export class KfuncMeta {
  constant = 0n;
  releaseReg = 0;
  ref = 0;
  subprog = 0;
  root: SpecialField | undefined;
  /** The type of an object of the program's own that an argument points to. */
  own: KernelType | null = null;
  /** A reference that the program owns, so that taking one more cannot fail. */
  isOwned = false;
  /** The map of a work queue, or the one that is passed. */
  map: MapState | null = null;
  mapUid = 0;
  dynptr: { readonly id: number; readonly type: string; readonly ref: number } | null = null;

  constructor(readonly kfunc: Kfunc) {}
}

export function checkKfuncArguments(env: Environment, meta: KfuncMeta): void {
  const { kfunc } = meta;
  for (let index = 0; index < kfunc.args.length; index++) {
    const arg = kfunc.args[index];
    if (arg.kind === "ignored") continue;
    checkArgument(env, meta, arg, index);
    // The size is checked with the memory.
    if (arg.kind === "sized") index++;
  }
  if (kfunc.isRelease && meta.releaseReg === 0) {
    env.reject(ERRNO.EINVAL, `release kernel function ${kfunc.name} expects refcounted PTR_TO_BTF_ID`);
  }
}

function checkArgument(env: Environment, meta: KfuncMeta, arg: KfuncArg, index: number): void {
  const regno = index + 1, reg = env.regs[regno], { kfunc } = meta;
  env.log.touchReg(regno);
  if (arg.kind === "scalar" || arg.kind === "constant") {
    if (!reg.isScalar) env.reject(ERRNO.EINVAL, `R${regno} is not a scalar`);
    if (arg.kind === "constant") meta.constant = constantOf(env, regno);
    return;
  }
  if ((kfunc.takesTrusted || kfunc.takesRcu) && (reg.isNull || reg.mayBeNull) && !arg.mayBeNull) {
    env.reject(ERRNO.EACCES, `Possibly NULL pointer passed to trusted arg${index}`);
  }
  if (reg.ref !== 0) {
    meta.ref = reg.ref;
    if (kfunc.isRelease) meta.releaseReg = regno;
  }
  if (arg.mayBeNull && reg.isNull && arg.kind !== "sized") return;
  // Memory whose size is in no number is taken for a pointer to something of known size, which void is not.
  if (arg.kind === "sized" && !env.regs[regno + 1].isScalar) {
    env.reject(ERRNO.EINVAL, `arg#${index} pointer type UNKNOWN  must point to scalar, or struct with scalar`);
  }
  const isObject = arg.kind === "object" && kindOf(reg.type) === REG_TYPE.BTF_ID || arg.kind === "allocated";
  if (isObject && (kfunc.takesTrusted || kfunc.takesRcu)) checkTrust(env, meta, reg, regno);
  // The kernel does not ask here whether anything was written to the register (check_func_arg_reg_off).
  if (reg.type === REG_TYPE.NOT_INIT) checkUnmoved(env, reg, regno);
  if (arg.kind !== "sized" && arg.kind !== "memory") checkPlace(env, meta, reg, regno);
  checkContent(env, meta, arg, index);
}

function checkTrust(env: Environment, { kfunc }: KfuncMeta, reg: Reg, regno: number): void {
  if (isTrusted(reg)) return;
  if (!kfunc.takesRcu) env.reject(ERRNO.EINVAL, `R${regno} must be referenced or trusted`);
  if (!(reg.type & FLAG.RCU)) env.reject(ERRNO.EINVAL, `R${regno} must be a rcu pointer`);
}

/** check_func_arg_reg_off */
function checkPlace(env: Environment, { kfunc, releaseReg }: KfuncMeta, reg: Reg, regno: number): void {
  if (kfunc.isRelease && releaseReg === regno) {
    if (reg.off !== 0) {
      env.reject(
        ERRNO.EINVAL,
        `R${regno} must have zero offset when passed to release func or trusted arg to kfunc`,
      );
    }
    return checkUnmoved(env, reg, regno);
  }
  switch (kindOf(reg.type)) {
    case REG_TYPE.STACK:
    case REG_TYPE.PACKET:
    case REG_TYPE.PACKET_META:
    case REG_TYPE.MAP_KEY:
    case REG_TYPE.MAP_VALUE:
    case REG_TYPE.MEM:
    case REG_TYPE.BUF:
    case REG_TYPE.SCALAR:
      return reg.mayBeNull ? checkUnmoved(env, reg, regno) : undefined;
    case REG_TYPE.BTF_ID:
      return checkUnmoved(env, reg, regno, !reg.mayBeNull);
    default:
      return checkUnmoved(env, reg, regno);
  }
}

function checkContent(env: Environment, meta: KfuncMeta, arg: KfuncArg, index: number): void {
  const regno = index + 1, reg = env.regs[regno], { kfunc } = meta;
  switch (arg.kind) {
    case "ctx":
      // Programs without such a context pass the kernel's own struct (btf_is_projection_of).
      if (arg.isStruct && !hasContext(env, arg.type)) {
        return checkObject(env, meta, { ...arg, type: BEHIND[arg.type] }, index);
      }
      if (reg.type !== REG_TYPE.CTX) {
        env.reject(ERRNO.EINVAL, `arg#${index} expected pointer to ctx, but got ${typeName(reg.type)}`);
      }
      return;
    case "res_lock":
      if (reg.type !== REG_TYPE.MAP_VALUE && reg.type !== (REG_TYPE.BTF_ID | FLAG.ALLOC)) {
        env.reject(ERRNO.EINVAL, `arg#${index} doesn't point to map value or allocated object`);
      }
      return processLock(env, regno, {
        takes: kfunc.name.startsWith("bpf_res_spin_lock"),
        isResilient: true,
        savesInterrupts: kfunc.name.includes("irq"),
      });
    case "wq":
      if (reg.type !== REG_TYPE.MAP_VALUE) env.reject(ERRNO.EINVAL, `arg#${index} doesn't point to a map value`);
      return processWork(env, regno, meta);
    case "map":
      return checkMap(env, regno, meta);
    case "irq_flag":
      if (/_(save|lock_irqsave)$/.test(kfunc.name)) return startIrqFlag(env, regno, index, kfunc.name);
      return endIrqFlag(env, regno, index, kfunc.name);
    case "iterator":
      return checkIterator(env, regno, index, kfunc.name);
    case "list_head":
    case "rb_root":
      meta.root = checkRootArgument(env, regno, index, arg.kind === "list_head" ? "bpf_list_head" : "bpf_rb_root");
      return;
    case "list_node":
    case "rb_node":
      return checkNodeArgument(env, regno, index, kfunc.name, meta.root!);
    case "allocated":
      return checkAllocated(env, meta, reg, index);
    case "refcounted":
      return checkRefcounted(env, meta, reg, index);
    case "callback":
      if (reg.type !== REG_TYPE.FUNC) env.reject(ERRNO.EINVAL, `arg${index} expected pointer to func`);
      meta.subprog = reg.subprog;
      return;
    case "dynptr":
      return checkDynptr(env, meta, arg, regno);
    case "string":
      if (reg.type !== REG_TYPE.MAP_VALUE) env.reject(ERRNO.EINVAL, `arg#${index} doesn't point to a const string`);
      return checkConstString(env, regno);
    case "object":
      return checkObject(env, meta, arg, index);
    case "memory": {
      const memSize = MEMORY_BYTES[arg.type];
      if (memSize === undefined) env.unsupported(`argument ${index} of the kernel function ${kfunc.name}`);
      return checkMemory(env, regno, { kind: "mem", maybeNull: false, memSize });
    }
    case "sized":
      return checkSized(env, meta, arg, index);
    default:
      env.unsupported(`argument ${index} of the kernel function ${kfunc.name}`);
  }
}

/** The map that a work queue is said to stand in has to be that of its value. */
function checkMap(env: Environment, regno: number, meta: KfuncMeta): void {
  const { map, mapUid } = env.regs[regno];
  if (!map) env.reject(ERRNO.EINVAL, `pointer in R${regno} isn't map pointer`);
  if (meta.map && fieldOf(map, "bpf_wq") && (meta.map !== map || meta.mapUid !== mapUid)) {
    env.reject(
      ERRNO.EINVAL,
      `workqueue pointer in R1 map_uid=${meta.mapUid} doesn't match map pointer in R2 map_uid=${mapUid}`,
    );
  }
  meta.map = map;
  meta.mapUid = mapUid;
}

/** Of plain types that arguments and results point to. */
export const MEMORY_BYTES: Readonly<Record<string, number>> = { int: 4, u64: 8 };

const BEHIND: Readonly<Record<string, string>> = { __sk_buff: "sk_buff", xdp_md: "xdp_buff" };
const hasContext = (env: Environment, type: string): boolean =>
  type === "__sk_buff" ? env.kind.takesSkb : env.kind.type === BPF_PROG_TYPE.XDP;

function constantOf(env: Environment, regno: number): bigint {
  const { bounds } = env.regs[regno];
  if (!bounds.isConst) env.reject(ERRNO.EINVAL, `R${regno} must be a known constant`);
  markPrecise(env, regno);
  return bounds.value;
}

const OWN = REG_TYPE.BTF_ID | FLAG.ALLOC;

function checkAllocated(env: Environment, meta: KfuncMeta, reg: Reg, index: number): void {
  if (reg.type !== OWN) env.reject(ERRNO.EINVAL, `arg#${index} expected pointer to allocated object`);
  if (reg.ref === 0) env.reject(ERRNO.EINVAL, "allocated object must be referenced");
  meta.own = reg.btf;
}

function checkRefcounted(env: Environment, meta: KfuncMeta, reg: Reg, index: number): void {
  if (kindOf(reg.type) !== REG_TYPE.BTF_ID || !(reg.type & FLAG.ALLOC)) {
    env.reject(ERRNO.EINVAL, `arg#${index} is neither owning or non-owning ref`);
  }
  if (!(reg.type & FLAG.NON_OWN_REF) && reg.ref !== 0) meta.isOwned = true;
  if (!ownFields(env, reg.btf).some(({ kind }) => kind === "bpf_refcount")) {
    env.reject(ERRNO.EINVAL, `arg#${index} doesn't point to a type with bpf_refcount field`);
  }
  meta.own = reg.btf;
}

function checkDynptr(env: Environment, meta: KfuncMeta, arg: KfuncArg, regno: number): void {
  const made = meta.kfunc.name === "bpf_dynptr_from_skb"
    ? "skb"
    : meta.kfunc.name === "bpf_dynptr_from_xdp"
    ? "xdp"
    : meta.dynptr?.type ?? "";
  const asked: HelperArg = {
    ...DYNPTR,
    isUninit: arg.isUninit,
    isReadOnly: env.regs[regno].type === REG_TYPE.DYNPTR,
    dynptr: arg.isUninit ? made : "",
  };
  processDynptr(env, regno, asked, arg.isUninit ? meta.dynptr?.ref : undefined);
  if (arg.isUninit) return;
  const reg = env.regs[regno], { id, ref } = dynptrState(env, reg);
  meta.dynptr = { id, ref, type: dynptrType(env, reg) ?? "" };
}

const DYNPTR: HelperArg = {
  kind: "dynptr",
  mayBeNull: false,
  isReadOnly: false,
  isWritten: false,
  isUninit: false,
  isAligned: false,
  releases: false,
  dynptr: "",
  fixedSize: 0,
};

/** Sockets stand for the kernel's own structs (reg2btf_ids). */
const STANDS_FOR: Readonly<Record<number, string>> = {
  [REG_TYPE.SOCKET]: "sock",
  [REG_TYPE.SOCK_COMMON]: "sock_common",
  [REG_TYPE.TCP_SOCK]: "tcp_sock",
  [REG_TYPE.MAP_PTR]: "bpf_map",
};
const SURE = FLAG.ALLOC | FLAG.TRUSTED | FLAG.NON_OWN_REF;

function checkObject(env: Environment, meta: KfuncMeta, arg: KfuncArg, index: number): void {
  const regno = index + 1, reg = env.regs[regno], stands = STANDS_FOR[kindOf(reg.type)];
  if (kindOf(reg.type) !== REG_TYPE.BTF_ID && stands === undefined) {
    if (!isScalarStruct(arg.type)) {
      const what = `pointer type STRUCT ${arg.type} must point to scalar, or struct with scalar`;
      env.reject(ERRNO.EINVAL, `arg#${index} ${what}`);
    }
    return checkMemory(env, regno, { kind: "mem", maybeNull: false, memSize: structSize(arg.type) ?? 0 });
  }
  const isUnsafe = (reg.type & ~0xff & ~SURE) !== 0 && !(reg.type & FLAG.RCU);
  if (stands === undefined && isUnsafe) {
    const expected = typeName(REG_TYPE.BTF_ID | (reg.type & SURE));
    env.reject(ERRNO.EINVAL, `arg#${index} is ${typeName(reg.type)} expected ${expected} or socket`);
  }
  const name = stands ?? reg.btf?.name ?? "", isStrict = meta.kfunc.isRelease && reg.ref !== 0;
  const fits = reg.btf?.id === undefined &&
    (isStrict ? name === arg.type && reg.off === 0 : holdsStruct(name, arg.type, reg.off));
  if (fits) return;
  if (reg.btf?.id === undefined && name !== arg.type && !structLayout(name)) {
    env.unsupported(`whether the kernel's struct ${name} begins with a struct ${arg.type}`);
  }
  const wanted = `expected pointer to STRUCT ${arg.type}`;
  env.reject(
    ERRNO.EINVAL,
    `kernel function ${meta.kfunc.name} args#${index} ${wanted} but R${regno} has a pointer to STRUCT ${name}`,
  );
}

/** Memory, and its size in the next argument (check_kfunc_mem_size_reg). */
function checkSized(env: Environment, meta: KfuncMeta, arg: KfuncArg, index: number): void {
  const regno = index + 1, buffer = env.regs[regno], size = readReg(env, regno + 1);
  if (!size.isScalar) env.reject(ERRNO.EINVAL, `R${regno + 1} is not a scalar`);
  if (!buffer.isNull || !arg.mayBeNull) {
    try {
      for (const isWrite of [false, true]) checkSizedMemory(env, regno + 1, { isWrite, zeroOk: true });
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      env.reject(
        error.errno,
        `arg#${index} arg#${index + 1} memory, len pair leads to invalid memory access`,
      );
    }
  }
  if (arg.hasConstantSize) meta.constant = constantOf(env, regno + 1);
}
