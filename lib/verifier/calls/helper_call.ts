/** Calls of helper functions (kernel/bpf/verifier.c:check_helper_call). */
import type { Insn } from "../../isa/insn.ts";
import { pushAsyncCallback, pushCallback, returnByTailCall } from "./calls.ts";
import { dynptrState, dynptrType, endDynptr } from "../memory/dynptrs.ts";
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { CallMeta, checkHelperArg } from "./helper_arguments.ts";
import { changesPacketData } from "../kernel/helper_kinds.ts";
import { BPF_FUNC, helperLabel } from "../../uapi/helpers.ts";
import { type HelperPrototype, helperPrototype, prototypeFor } from "../kernel/helper_prototypes.ts";
import { helperResult } from "./helper_result.ts";
import { checkFormat } from "./helper_memory.ts";
import { checkMapForHelper } from "./map_compatibility.ts";
import { BPF_F_RDONLY_PROG } from "../../uapi/flags.ts";
import { BPF_MAP_TYPE } from "../../uapi/map_types.ts";
import type { MapState } from "../kernel/map_state.ts";
import { checkMemoryAccess } from "../memory/memory_access.ts";
import { clearCallerSaved } from "../state/operands.ts";
import { markPrecise } from "../state/precision.ts";
import { BPF_ATTACH_TYPE, BPF_PROG_TYPE } from "../../uapi/prog_types.ts";
import { invalidatePackets, release } from "../state/references.ts";
import { pointer, type Reg, REG_TYPE, typeName, UNKNOWN_SCALAR } from "../state/register.ts";
import { checkResourceLeak } from "../state/resource_leaks.ts";
import { kernelType } from "../kernel/kernel_type.ts";

export function checkHelperCall(env: Environment, insn: Insn): void {
  const prototype = lookUp(env, insn.imm);
  if (prototype.maySleep) refuseSleeping(env, prototype);
  const meta = new CallMeta(prototype);
  for (let index = 0; index < 5; index++) checkHelperArg(env, index, meta);
  checkMapUse(env, meta);
  env.observer?.call(env, meta.helper.number, meta.map);
  if (meta.raw) {
    for (let at = 0; at < meta.raw.size; at++) {
      checkMemoryAccess(env, meta.raw.regno, at, 1, { isWrite: true, value: -1 });
    }
  }
  releaseArgument(env, meta);
  const changesPacket = special(env, meta) || changesPacketData(prototype.number);
  const caller = env.regs.slice();
  clearCallerSaved(env, env.regs);
  env.regs[0] = helperResult(env, meta, caller);
  env.log.touchReg(0);
  checkMapForHelper(env, meta.map, prototype.number);
  if (prototype.number !== BPF_FUNC.tail_call) {
    if (changesPacket) invalidatePackets(env);
  } else if (env.state.frames.length > 1) returnByTailCall(env);
}

function lookUp(env: Environment, number: number): HelperPrototype {
  const name = helperLabel(number);
  if (!helperPrototype(number)) {
    env.reject(ERRNO.EINVAL, `invalid func ${name}`);
  }
  const prototype = prototypeFor(number, env.kind);
  if (!prototype) env.reject(ERRNO.EINVAL, `program of this type cannot use helper ${name}`);
  if (prototype.isGplOnly && !env.isGpl) {
    env.reject(ERRNO.EINVAL, "cannot call GPL-restricted function from non-GPL compatible program");
  }
  return prototype;
}

/** Where a helper that may sleep must not be called. */
function refuseSleeping(env: Environment, prototype: HelperPrototype): void {
  const { state } = env, name = `${prototype.name}#${prototype.number}`;
  if (!env.isSleepable) env.reject(ERRNO.EINVAL, "helper call might sleep in a non-sleepable prog");
  if (state.rcuLocks > 0) env.reject(ERRNO.EINVAL, `sleepable helper ${name} in rcu_read_lock region`);
  if (state.preemptLocks > 0) env.reject(ERRNO.EINVAL, `sleepable helper ${name} in non-preemptible region`);
  if (state.activeIrqId !== 0) env.reject(ERRNO.EINVAL, `sleepable helper ${name} in IRQ-disabled region`);
}

const WRITERS: readonly number[] = [
  BPF_FUNC.map_delete_elem,
  BPF_FUNC.map_update_elem,
  BPF_FUNC.map_push_elem,
  BPF_FUNC.map_pop_elem,
];

function checkMapUse(env: Environment, { map, helper }: CallMeta): void {
  if (!map) return;
  if (map.flags & BPF_F_RDONLY_PROG && WRITERS.includes(helper.number)) {
    env.reject(ERRNO.EACCES, "write into map forbidden");
  }
  if (helper.number !== BPF_FUNC.tail_call) return;
  if (map.type !== BPF_MAP_TYPE.PROG_ARRAY) env.reject(ERRNO.EINVAL, "expected prog array map for tail call");
  const { bounds } = env.regs[3];
  if (env.regs[3].isScalar && bounds.isConst && bounds.value < BigInt(map.maxEntries)) markPrecise(env, 3);
}

function releaseArgument(env: Environment, meta: CallMeta): void {
  const regno = meta.releaseReg;
  if (regno === 0) return;
  const arg = meta.helper.args[regno - 1];
  if (arg.kind === "dynptr") return endDynptr(env, regno);
  const isDone = meta.ref !== 0 ? release(env, meta.ref) : env.regs[regno].isNull;
  if (!isDone) {
    env.reject(
      ERRNO.EINVAL,
      `func ${meta.helper.name}#${meta.helper.number} reference has not been acquired before`,
    );
  }
}

/** kernel/bpf/verifier.c:check_get_func_ip: only probes of functions and trampolines know the function. */
function checkFuncIp(env: Environment, { name, number }: CallMeta["helper"]): void {
  const { type, attachType } = env.kind;
  if (type === BPF_PROG_TYPE.KPROBE) return;
  if (type !== BPF_PROG_TYPE.TRACING) {
    env.reject(ERRNO.ENOTSUPP, `func ${name}#${number} not supported for program type ${type}`);
  }
  if (attachType === BPF_ATTACH_TYPE.TRACE_RAW_TP || attachType === BPF_ATTACH_TYPE.TRACE_ITER) {
    env.reject(ERRNO.ENOTSUPP, `func ${name}#${number} supported only for fentry/fexit/fmod_ret programs`);
  }
}

/** Helpers with rules of their own; `true` when packet memory may have moved. */
function special(env: Environment, meta: CallMeta): boolean {
  const { regs } = env;
  switch (meta.helper.number) {
    case BPF_FUNC.tail_call:
      checkResourceLeak(env, true, "tail_call");
      return false;
    case BPF_FUNC.snprintf:
      checkFormat(env);
      return false;
    case BPF_FUNC.get_func_ip:
      checkFuncIp(env, meta.helper);
      return false;
    case BPF_FUNC.get_local_storage:
      if (!regs[2].isNull) env.reject(ERRNO.EINVAL, "get_local_storage() doesn't support non-zero flags");
      markPrecise(env, 2);
      return false;
    case BPF_FUNC.for_each_map_elem:
      pushCallback(env, { subprog: meta.subprog, regs: elementArguments(env, meta.map), range: [0, 1] });
      return false;
    case BPF_FUNC.loop:
      markPrecise(env, 1);
      if (BigInt(env.frame.callbackDepth) < regs[1].bounds.umax) {
        pushCallback(env, { subprog: meta.subprog, regs: [UNKNOWN_SCALAR, regs[3]], range: [0, 1] });
      } else {
        env.frame.callbackDepth = 0;
      }
      return false;
    case BPF_FUNC.timer_set_callback:
      pushAsyncCallback(env, { subprog: meta.subprog, regs: timerArguments(regs[1]), range: [0, 0] }, false);
      return false;
    case BPF_FUNC.find_vma: {
      const vma = pointer(REG_TYPE.BTF_ID);
      vma.btf = kernelType("vm_area_struct");
      pushCallback(env, { subprog: meta.subprog, regs: [regs[1], vma, regs[4]], range: [0, 1] });
      return false;
    }
    case BPF_FUNC.user_ringbuf_drain: {
      const sample = pointer(REG_TYPE.DYNPTR);
      sample.dynptr = "local";
      sample.isFirstSlot = true;
      sample.id = env.newId();
      pushCallback(env, { subprog: meta.subprog, regs: [sample, regs[3]], range: [0, 1] });
      return false;
    }
    case BPF_FUNC.dynptr_from_mem:
      if (regs[1].type !== REG_TYPE.MAP_VALUE) {
        env.reject(ERRNO.EACCES, `Unsupported reg type ${typeName(regs[1].type)} for bpf_dynptr_from_mem data`);
      }
      return false;
    case BPF_FUNC.dynptr_data:
      meta.ref = dynptrState(env, regs[1]).ref;
      return false;
    case BPF_FUNC.dynptr_write:
      return dynptrType(env, regs[1]) === "skb";
    default:
      return false;
  }
}

/** Maps whose elements bpf_for_each_map_elem can walk. */
const WALKABLE: readonly number[] = [
  BPF_MAP_TYPE.ARRAY,
  BPF_MAP_TYPE.PERCPU_ARRAY,
  BPF_MAP_TYPE.HASH,
  BPF_MAP_TYPE.PERCPU_HASH,
  BPF_MAP_TYPE.LRU_HASH,
  BPF_MAP_TYPE.LRU_PERCPU_HASH,
];

function elementArguments(env: Environment, map: MapState | null): readonly Reg[] {
  if (!map || !WALKABLE.includes(map.type)) env.reject(ERRNO.ENOTSUPP, "callback function not allowed for map");
  return [...elementPointers(env.regs[1], env.regs[1]), env.regs[3]];
}

/** Map, key and value as a callback gets them. */
function elementPointers(from: Reg, map: Reg): [Reg, Reg, Reg] {
  const of = (kind: number): Reg => {
    const reg = pointer(kind);
    reg.map = from.map;
    reg.mapUid = from.mapUid;
    return reg;
  };
  return [map, of(REG_TYPE.MAP_KEY), of(REG_TYPE.MAP_VALUE)];
}

/** What the callback of a timer, or of work, is called with. */
export function timerArguments(timer: Reg): readonly Reg[] {
  const map = pointer(REG_TYPE.MAP_PTR);
  map.map = timer.map;
  map.mapUid = timer.mapUid;
  return elementPointers(timer, map);
}
