/** Whether a register fits a helper's argument (kernel/bpf/verifier.c:check_func_arg). */
import { checkUnmoved } from "../memory/context_access.ts";
import { isReferencedDynptr, processDynptr } from "../memory/dynptrs.ts";
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { BPF_FUNC } from "../../uapi/helpers.ts";
import type { ArgKind, HelperArg, HelperPrototype } from "../kernel/helper_prototypes.ts";
import { checkConstString, checkHelperMemory, checkSizedMemory, constantKey, type RawMemory } from "./helper_memory.ts";
import { processLock } from "../memory/locks.ts";
import { BPF_MAP_TYPE } from "../../uapi/map_types.ts";
import type { MapState, SpecialField } from "../kernel/map_state.ts";
import { checkAlignment, mayPassPacket } from "../memory/memory_access.ts";
import { holdsStruct } from "../kernel/kernel_structs.ts";
import { fieldsBehind, kptrTarget } from "../state/own_objects.ts";
import { readReg } from "../state/operands.ts";
import { markPrecise } from "../state/precision.ts";
import { FLAG, kindOf, mayBeNull, type Reg, REG_TYPE, typeName } from "../state/register.ts";
import { processTimer } from "./timers.ts";

/** What the arguments of a call tell about it as a whole (struct bpf_call_arg_meta). */
export class CallMeta {
  map: MapState | null = null;
  mapUid = 0;
  /** Memory that the helper fills in without looking. */
  raw: RawMemory | null = null;
  memSize = 0;
  maxSize = 0n;
  ref = 0;
  releaseReg = 0;
  subprog = 0;
  /** Constant key of a lookup; -1 when it is not known. */
  key = -1n;
  returnBtf: Reg["btf"] = null;

  constructor(readonly helper: HelperPrototype) {}
}

const B = REG_TYPE.BTF_ID, F = FLAG;
/** Register types that each kind of argument takes, in the order that messages list them. */
const COMPATIBLE: Partial<Record<ArgKind, readonly number[]>> = {
  key: memory(),
  value: memory(),
  mem: memory(),
  size: [REG_TYPE.SCALAR],
  size0: [REG_TYPE.SCALAR],
  alloc: [REG_TYPE.SCALAR],
  scalar: [REG_TYPE.SCALAR],
  map: [REG_TYPE.MAP_PTR],
  ctx: [REG_TYPE.CTX],
  sock_common: [REG_TYPE.SOCK_COMMON, REG_TYPE.SOCKET, REG_TYPE.TCP_SOCK, REG_TYPE.XDP_SOCK],
  btf_sock_common: [REG_TYPE.SOCK_COMMON, REG_TYPE.SOCKET, REG_TYPE.TCP_SOCK, REG_TYPE.XDP_SOCK, B, B | F.TRUSTED],
  socket: [REG_TYPE.SOCKET],
  btf: [B, B | F.TRUSTED, B | F.RCU],
  lock: [REG_TYPE.MAP_VALUE, B | F.ALLOC],
  ringbuf: [REG_TYPE.MEM | F.RINGBUF],
  percpu: [B | F.PERCPU, B | F.PERCPU | F.RCU, B | F.PERCPU | F.TRUSTED],
  func: [REG_TYPE.FUNC],
  stack: [REG_TYPE.STACK],
  str: [REG_TYPE.MAP_VALUE],
  timer: [REG_TYPE.MAP_VALUE],
  kptr: [REG_TYPE.MAP_VALUE, B | F.ALLOC],
  dynptr: [REG_TYPE.STACK, REG_TYPE.DYNPTR],
};

function memory(): readonly number[] {
  return [
    REG_TYPE.STACK,
    REG_TYPE.PACKET,
    REG_TYPE.PACKET_META,
    REG_TYPE.MAP_KEY,
    REG_TYPE.MAP_VALUE,
    REG_TYPE.MEM,
    REG_TYPE.MEM | FLAG.RINGBUF,
    REG_TYPE.BUF,
    REG_TYPE.BTF_ID | FLAG.TRUSTED,
  ];
}
const isMemory = (kind: ArgKind): boolean => kind === "key" || kind === "value" || kind === "mem";

export function checkHelperArg(env: Environment, index: number, meta: CallMeta): void {
  const regno = index + 1;
  let arg = meta.helper.args[index];
  if (arg.kind === "none") return;
  const reg = readReg(env, regno);
  if (arg.kind === "any") return;
  if (reg.isPacket && !mayPassPacket(env, meta.helper.takesPacket)) {
    env.reject(ERRNO.EACCES, "helper access to the packet is not allowed");
  }
  if (arg.kind === "value") arg = resolveValue(env, arg, meta);
  const isNull = reg.isNull && arg.mayBeNull;
  if (isNull) {
    markPrecise(env, regno);
  } else {
    checkType(env, regno, arg, meta);
    checkOffset(env, regno, arg);
  }
  noteReference(env, regno, arg, meta);
  checkContent(env, index, arg, meta, isNull);
}

/** Socket maps take a socket as value; a bloom filter's peek reads its value. */
function resolveValue(env: Environment, arg: HelperArg, meta: CallMeta): HelperArg {
  if (!meta.map) env.reject(ERRNO.EACCES, "invalid map_ptr to access map->type");
  if (meta.map.type === BPF_MAP_TYPE.SOCKMAP || meta.map.type === BPF_MAP_TYPE.SOCKHASH) {
    if (arg.isUninit || arg.mayBeNull) env.reject(ERRNO.EINVAL, "invalid arg_type for sockmap/sockhash");
    return { ...arg, kind: "btf_sock_common" };
  }
  if (meta.map.type === BPF_MAP_TYPE.BLOOM_FILTER && meta.helper.number === BPF_FUNC.map_peek_elem) {
    return { ...arg, isUninit: false, isWritten: false };
  }
  return arg;
}

/** check_reg_type */
export function checkType(env: Environment, regno: number, arg: HelperArg, meta: CallMeta): void {
  const reg = env.regs[regno], allowed = COMPATIBLE[arg.kind] ?? [];
  let { type } = reg;
  if (arg.isReadOnly) type &= ~FLAG.RDONLY;
  if (arg.mayBeNull) type &= ~FLAG.MAYBE_NULL;
  if (meta.helper.number === BPF_FUNC.kptr_xchg && regno === 2) type &= ~(FLAG.ALLOC | FLAG.PERCPU);
  if (!allowed.includes(type)) {
    env.reject(ERRNO.EACCES, `R${regno} type=${typeName(reg.type)} expected=${allowed.map(typeName).join(", ")}`);
  }
  if (reg.kind !== REG_TYPE.BTF_ID) return;
  if (meta.helper.number === BPF_FUNC.kptr_xchg && regno === 2 && reg.btf !== meta.returnBtf) {
    const wanted = `expected=ptr_${meta.returnBtf?.name}`;
    env.reject(ERRNO.EACCES, `invalid kptr access, R${regno} type=${typeName(reg.type)}${reg.btf?.name} ${wanted}`);
  }
  if (isMemory(arg.kind)) {
    if (!arg.isReadOnly) {
      env.reject(
        ERRNO.EACCES,
        `${meta.helper.name}() may write into memory pointed by R${regno} type=${typeName(reg.type)}`,
      );
    }
    return;
  }
  if (mayBeNull(reg.type) && (!arg.mayBeNull || arg.releases)) {
    env.reject(ERRNO.EACCES, `Possibly NULL pointer passed to helper arg${regno}`);
  }
  if (
    arg.kind === "btf" && arg.type && reg.btf && !isFirstMember(reg.btf.name, arg.type) &&
    !holdsStruct(reg.btf.name, arg.type, reg.off)
  ) {
    env.reject(ERRNO.EACCES, `R${regno} is of type ${reg.btf.name} but ${arg.type} is expected`);
  }
}

/** Sockets begin with each other: a tcp_sock is a sock. */
function isFirstMember(type: string, wanted: string): boolean {
  return wanted === "sock_common" && /sock$/.test(type) || wanted === "sock" && /_sock$/.test(type);
}

/** Kinds of pointer that may be moved before they are passed (check_func_arg_reg_off). */
function checkOffset(env: Environment, regno: number, arg: HelperArg): void {
  const reg = env.regs[regno];
  if (arg.releases) {
    if (arg.kind === "dynptr" && reg.type === REG_TYPE.STACK) return;
    if (reg.off !== 0) {
      env.reject(
        ERRNO.EINVAL,
        `R${regno} must have zero offset when passed to release func or trusted arg to kfunc`,
      );
    }
    return checkUnmoved(env, reg, regno);
  }
  const { type } = reg;
  switch (kindOf(type)) {
    case REG_TYPE.STACK:
    case REG_TYPE.PACKET:
    case REG_TYPE.PACKET_META:
    case REG_TYPE.MAP_KEY:
    case REG_TYPE.MAP_VALUE:
    case REG_TYPE.MEM:
    case REG_TYPE.BUF:
    case REG_TYPE.ARENA:
    case REG_TYPE.SCALAR:
      if (!mayBeNull(type)) return;
      return checkUnmoved(env, reg, regno);
    case REG_TYPE.BTF_ID:
      return checkUnmoved(env, reg, regno, true);
    default:
      return checkUnmoved(env, reg, regno);
  }
}

function noteReference(env: Environment, regno: number, arg: HelperArg, meta: CallMeta): void {
  const reg = env.regs[regno];
  if (arg.releases) {
    if (arg.kind === "dynptr") {
      if (reg.type !== REG_TYPE.STACK) env.reject(ERRNO.EINVAL, "cannot release unowned const bpf_dynptr");
      if (!isReferencedDynptr(env, reg)) env.reject(ERRNO.EINVAL, `arg ${regno} is an unacquired reference`);
    } else if (reg.ref === 0 && !reg.isNull) {
      env.reject(ERRNO.EINVAL, `R${regno} must be referenced when passed to release function`);
    }
    meta.releaseReg = regno;
  }
  if (reg.ref !== 0 && arg.kind !== "kptr") meta.ref = reg.ref;
}

function checkContent(env: Environment, index: number, arg: HelperArg, meta: CallMeta, isNull: boolean): void {
  const regno = index + 1, reg = env.regs[regno];
  switch (arg.kind) {
    case "map":
      if (meta.map && (meta.map !== reg.map || meta.mapUid !== reg.mapUid)) {
        env.reject(
          ERRNO.EINVAL,
          `timer pointer in R1 map_uid=${meta.mapUid} doesn't match map pointer in R2 map_uid=${reg.mapUid}`,
        );
      }
      meta.map = reg.map;
      meta.mapUid = reg.mapUid;
      return;
    case "key":
      if (!meta.map) env.reject(ERRNO.EACCES, "invalid map_ptr to access map->key");
      checkHelperMemory(env, regno, meta.map.keySize, { isWrite: false, zeroOk: false });
      meta.key = constantKey(env, reg, meta.map);
      return;
    case "value":
      if (isNull) return;
      checkHelperMemory(env, regno, meta.map!.valueSize, {
        isWrite: arg.isWritten,
        zeroOk: false,
        raw: rawOf(arg, meta),
      });
      return;
    case "mem":
      if (isNull || arg.fixedSize === 0) return;
      checkHelperMemory(env, regno, arg.fixedSize, { isWrite: arg.isWritten, zeroOk: false, raw: rawOf(arg, meta) });
      if (arg.isAligned) checkAlignment(env, env.regs[regno], 0, arg.fixedSize, true);
      return;
    case "size":
    case "size0": {
      const memory = meta.helper.args[index - 1];
      meta.maxSize = reg.bounds.umax;
      checkSizedMemory(env, regno, {
        isWrite: memory.isWritten,
        zeroOk: arg.kind === "size0",
        raw: rawOf(memory, meta),
      });
      return;
    }
    case "alloc":
      if (!reg.bounds.isConst) env.reject(ERRNO.EACCES, `R${regno} is not a known constant'`);
      meta.memSize = Number(reg.bounds.value);
      markPrecise(env, regno);
      return;
    case "lock":
      processLock(env, regno, { takes: meta.helper.number === BPF_FUNC.spin_lock, isResilient: false });
      return;
    case "timer":
      processTimer(env, regno, meta);
      return;
    case "func":
      meta.subprog = reg.subprog;
      return;
    case "str":
      checkConstString(env, regno);
      return;
    case "dynptr":
      processDynptr(env, regno, arg);
      return;
    case "percpu":
      meta.returnBtf = reg.btf;
      return;
    case "kptr":
      meta.returnBtf = kptrTarget(env, kptrAt(env, regno));
      return;
    default:
      return;
  }
}

/** The pointer field of a map value that bpf_kptr_xchg is to exchange (process_kptr_func). */
function kptrAt(env: Environment, regno: number): SpecialField {
  const { map, bounds, off } = env.regs[regno];
  if (map && !map.hasBtf) {
    env.reject(ERRNO.EINVAL, `map '${map.name}' has to have BTF in order to use bpf_kptr_xchg`);
  }
  if (!bounds.isConst) {
    env.reject(ERRNO.EINVAL, `R${regno} doesn't have constant offset. kptr has to be at the constant offset`);
  }
  const kptrs = fieldsBehind(env, env.regs[regno]).filter((field) => field.kind.startsWith("kptr"));
  if (kptrs.length === 0) env.reject(ERRNO.EINVAL, `R${regno} has no valid kptr`);
  const place = off + Number(bounds.value), found = kptrs.find((field) => field.offset === place);
  if (!found) env.reject(ERRNO.EACCES, `off=${place} doesn't point to kptr`);
  if (found.kind === "kptr_untrusted") env.reject(ERRNO.EACCES, `off=${place} kptr isn't referenced kptr`);
  return found;
}

const rawOf = (arg: HelperArg, meta: CallMeta): ((raw: RawMemory) => void) | undefined =>
  arg.isUninit ? (raw) => (meta.raw = raw) : undefined;
