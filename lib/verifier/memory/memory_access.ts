/** What a load or store may reach, by kind of pointer (kernel/bpf/verifier.c:check_mem_access). */
import { Bounds, BPF_MAX_VAR_OFF, ZERO } from "../domain/bounds.ts";
import { checkBtfAccess, checkMapStructAccess } from "./btf_access.ts";
import { checkContextAccess } from "./context_access.ts";
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { kptrTarget } from "../state/own_objects.ts";
import { BPF_F_RDONLY_PROG, BPF_F_WRONLY_PROG } from "../../uapi/flags.ts";
import type { MapState, SpecialFieldKind } from "../kernel/map_state.ts";
import { BPF_PROG_TYPE } from "../../uapi/prog_types.ts";
import { constantScalar, FLAG, pointer, type Reg, REG_TYPE, typeName, UNKNOWN_SCALAR } from "../state/register.ts";
import { isSockField } from "./sock_fields.ts";
import { checkStackBounds, loadFromStack, storeToStack } from "./stack.ts";
import { s64, tnumAdd, tnumConst, tnumIsAligned, tnumText } from "../domain/tnum.ts";
import { signExtend } from "../domain/sign_extension.ts";

export interface Access {
  readonly isWrite: boolean;
  /** Register loaded into or stored from; -1 for none. */
  readonly value: number;
  /** Atomic instructions must be aligned on every machine. */
  readonly isStrict?: boolean;
  readonly isSignExtended?: boolean;
}

const POINTER_NAMES: Readonly<Record<number, string>> = {
  [REG_TYPE.FLOW_KEYS]: "flow keys ",
  [REG_TYPE.MAP_KEY]: "key ",
  [REG_TYPE.MAP_VALUE]: "value ",
  [REG_TYPE.CTX]: "context ",
  [REG_TYPE.STACK]: "stack ",
  [REG_TYPE.SOCKET]: "sock ",
  [REG_TYPE.SOCK_COMMON]: "sock_common ",
  [REG_TYPE.TCP_SOCK]: "tcp_sock ",
  [REG_TYPE.XDP_SOCK]: "xdp_sock ",
};
const IP_ALIGN = 2;

/** x86 reads and writes at any address, but the stack's slots and atomics must be aligned (check_ptr_alignment). */
export function checkAlignment(env: Environment, reg: Reg, off: number, size: number, isStrict: boolean): void {
  const { type, bounds } = reg;
  if (size === 1 || type === REG_TYPE.ARENA || !(isStrict || type === REG_TYPE.STACK)) return;
  const isPacket = type === REG_TYPE.PACKET || type === REG_TYPE.PACKET_META;
  const base = (isPacket ? IP_ALIGN : 0) + reg.off + off;
  if (bounds === ZERO && (base & (size - 1)) === 0) return;
  if (tnumIsAligned(tnumAdd(bounds.tnum, tnumConst(BigInt(base))), size)) return;
  const place = `${tnumText(bounds.tnum)}+${reg.off}+${off} size ${size}`;
  env.reject(
    ERRNO.EACCES,
    isPacket
      ? `misaligned packet access off ${IP_ALIGN}+${place}`
      : `misaligned ${POINTER_NAMES[type] ?? ""}access off ${place}`,
  );
}

/** Checks an access of `size` bytes at `off` from a register, and what a load puts into its register. */
export function checkMemoryAccess(env: Environment, regno: number, off: number, size: number, access: Access): void {
  const reg = env.regs[regno];
  checkAlignment(env, reg, off, size, access.isStrict ?? false);
  const at = off + reg.off;
  const loads = !access.isWrite && access.value >= 0;
  let isUnknown = false;
  switch (reg.kind) {
    case REG_TYPE.MAP_KEY:
      if (reg.type !== REG_TYPE.MAP_KEY) refuseType(env, regno);
      if (access.isWrite) env.reject(ERRNO.EACCES, `write to change key R${regno} not allowed`);
      checkRegion(env, regno, at, size, reg.map!.keySize, false);
      isUnknown = true;
      break;
    case REG_TYPE.MAP_VALUE:
      if (reg.type !== REG_TYPE.MAP_VALUE) refuseType(env, regno);
      accessMapValue(env, regno, at, size, access);
      break;
    case REG_TYPE.MEM:
      if (reg.mayBeNull) refuseType(env, regno);
      if (access.isWrite && reg.type & FLAG.RDONLY) refuseWrite(env, regno);
      // Memory that the kernel reads with a fault handler may lie anywhere.
      if (!(reg.type & FLAG.UNTRUSTED)) checkRegion(env, regno, at, size, reg.memSize, false);
      isUnknown = true;
      break;
    case REG_TYPE.CTX:
      if (reg.type !== REG_TYPE.CTX) refuseType(env, regno);
      checkContextAccess(env, regno, at, size, access);
      break;
    case REG_TYPE.STACK:
      checkStackBounds(env, regno, at, size, access.isWrite);
      if (access.isWrite) storeToStack(env, regno, at, size, access.value);
      else loadFromStack(env, regno, at, size, access.value);
      break;
    case REG_TYPE.PACKET:
    case REG_TYPE.PACKET_META:
      if (reg.mayBeNull) refuseType(env, regno);
      if (access.isWrite && !mayWritePacket(env)) env.reject(ERRNO.EACCES, "cannot write into packet");
      checkPacket(env, regno, at, size, false);
      isUnknown = true;
      break;
    case REG_TYPE.FLOW_KEYS:
      if (at < 0 || at + size > FLOW_KEYS_BYTES) {
        env.reject(ERRNO.EACCES, `invalid access to flow keys off=${at} size=${size}`);
      }
      isUnknown = true;
      break;
    case REG_TYPE.SOCKET:
    case REG_TYPE.SOCK_COMMON:
    case REG_TYPE.TCP_SOCK:
    case REG_TYPE.XDP_SOCK:
      if (reg.mayBeNull) refuseType(env, regno);
      if (access.isWrite) refuseWrite(env, regno);
      checkSock(env, regno, at, size);
      isUnknown = true;
      break;
    case REG_TYPE.TP_BUFFER:
      checkBuffer(env, regno, at, size, "tracepoint");
      isUnknown = true;
      break;
    case REG_TYPE.BTF_ID:
      if (reg.mayBeNull) refuseType(env, regno);
      checkBtfAccess(env, regno, at, size, access);
      break;
    case REG_TYPE.MAP_PTR:
      checkMapStructAccess(env, regno, at, size, access);
      break;
    case REG_TYPE.BUF:
      if (reg.mayBeNull) refuseType(env, regno);
      if (access.isWrite && reg.type & FLAG.RDONLY) refuseWrite(env, regno);
      checkBuffer(env, regno, at, size, reg.type & FLAG.RDONLY ? "rdonly" : "rdwr");
      isUnknown = true;
      break;
    case REG_TYPE.ARENA:
      isUnknown = true;
      break;
    default:
      refuseType(env, regno);
  }
  if (loads && isUnknown) env.regs[access.value] = UNKNOWN_SCALAR;
  if (loads && size < 8) narrow(env, access.value, size, access.isSignExtended ?? false);
}

function refuseType(env: Environment, regno: number): never {
  env.reject(ERRNO.EACCES, `R${regno} invalid mem access '${typeName(env.regs[regno].type)}'`);
}

function refuseWrite(env: Environment, regno: number): never {
  env.reject(ERRNO.EACCES, `R${regno} cannot write into ${typeName(env.regs[regno].type)}`);
}

/** A load of fewer than eight bytes extends what it loads. */
function narrow(env: Environment, index: number, size: number, isSigned: boolean): void {
  const reg = env.regs[index];
  if (reg === UNKNOWN_SCALAR && !isSigned) {
    env.regs[index] = NARROW_UNKNOWN[size];
    return;
  }
  if (!reg.isScalar) return;
  const bounds = reg.bounds.copy();
  if (isSigned) signExtend(bounds, size);
  else bounds.truncate(size);
  env.regs[index] = reg.withBounds(bounds);
}

/** What loads of 1, 2 and 4 bytes give when nothing is known of the memory. */
const NARROW_UNKNOWN: Readonly<Record<number, Reg>> = Object.fromEntries([1, 2, 4].map((size) => {
  const bounds = new Bounds();
  bounds.truncate(size);
  return [size, UNKNOWN_SCALAR.withBounds(bounds)];
}));

/** One bound of a region; `false` after the reason is logged. */
function checkOffset(
  env: Environment,
  regno: number,
  off: bigint,
  size: number,
  bytes: number,
  zeroOk: boolean,
): boolean {
  if (off >= 0n && (size > 0 || size === 0 && zeroOk) && off + BigInt(size) <= BigInt(bytes)) return true;
  const reg = env.regs[regno];
  const place = BigInt.asIntN(32, off);
  switch (reg.type) {
    case REG_TYPE.MAP_KEY:
      env.log.write(`invalid access to map key, key_size=${bytes} off=${place} size=${size}\n`);
      break;
    case REG_TYPE.MAP_VALUE:
      env.log.write(`invalid access to map value, value_size=${bytes} off=${place} size=${size}\n`);
      break;
    case REG_TYPE.PACKET:
    case REG_TYPE.PACKET_META:
    case REG_TYPE.PACKET_END:
      env.log.write(
        `invalid access to packet, off=${place} size=${size}, R${regno}(id=${reg.id},off=${place},r=${bytes})\n`,
      );
      break;
    default:
      env.log.write(`invalid access to memory, mem_size=${bytes >>> 0} off=${place} size=${size}\n`);
  }
  return false;
}

/** Memory of a known size, reached at a fixed and a variable offset (check_mem_region_access). */
export function checkRegion(
  env: Environment,
  regno: number,
  off: number,
  size: number,
  bytes: number,
  zeroOk: boolean,
): void {
  const { bounds } = env.regs[regno], fixed = BigInt(off);
  if (bounds.smin < 0n && (bounds.smin < -(1n << 31n) || bounds.smin + fixed < 0n)) {
    env.reject(
      ERRNO.EACCES,
      `R${regno} min value is negative, either use unsigned index or do a if (index >=0) check.`,
    );
  }
  if (!checkOffset(env, regno, bounds.smin + fixed, size, bytes, zeroOk)) {
    env.reject(ERRNO.EACCES, `R${regno} min value is outside of the allowed memory range`);
  }
  if (bounds.umax >= BPF_MAX_VAR_OFF) {
    env.reject(ERRNO.EACCES, `R${regno} unbounded memory access, make sure to bounds check any such access`);
  }
  if (!checkOffset(env, regno, bounds.umax + fixed, size, bytes, zeroOk)) {
    env.reject(ERRNO.EACCES, `R${regno} max value is outside of the allowed memory range`);
  }
}

/** Maps may be closed to programs for reading or for writing (check_map_access_type). */
export function checkMapDirection(env: Environment, map: MapState, off: number, size: number, isWrite: boolean): void {
  const place = `value_size=${map.valueSize} off=${off} size=${size}`;
  if (isWrite && map.flags & BPF_F_RDONLY_PROG) env.reject(ERRNO.EACCES, `write into map forbidden, ${place}`);
  if (!isWrite && map.flags & BPF_F_WRONLY_PROG) env.reject(ERRNO.EACCES, `read from map forbidden, ${place}`);
}

const FIELD_NAMES: Partial<Record<SpecialFieldKind, string>> = {
  kptr_ref: "kptr",
  kptr_untrusted: "kptr",
  kptr_percpu: "percpu_kptr",
};

/** A map value's bytes, except for locks, timers and the like (check_map_access). */
export function checkMapValue(
  env: Environment,
  regno: number,
  off: number,
  size: number,
  zeroOk: boolean,
  isHelper: boolean,
): void {
  const reg = env.regs[regno], map = reg.map!, { bounds } = reg;
  checkRegion(env, regno, off, size, map.valueSize, zeroOk);
  for (const field of map.fields) {
    const first = bounds.smin + BigInt(off), last = bounds.umax + BigInt(off + size);
    if (first >= BigInt(field.offset + field.size) || BigInt(field.offset) >= last) continue;
    if (!field.kind.startsWith("kptr")) {
      env.reject(ERRNO.EACCES, `${FIELD_NAMES[field.kind] ?? field.kind} cannot be accessed directly by load/store`);
    }
    if (isHelper) env.reject(ERRNO.EACCES, "kptr cannot be accessed indirectly by helper");
    if (!bounds.isConst) env.reject(ERRNO.EACCES, "kptr access cannot have variable offset");
    const exact = off + Number(bounds.value);
    if (exact !== field.offset) {
      env.reject(ERRNO.EACCES, `kptr access misaligned expected=${field.offset} off=${exact}`);
    }
    if (size !== 8) env.reject(ERRNO.EACCES, "kptr access size must be BPF_DW");
  }
}

function accessMapValue(env: Environment, regno: number, off: number, size: number, access: Access): void {
  const reg = env.regs[regno], map = reg.map!;
  checkMapDirection(env, map, off, size, access.isWrite);
  checkMapValue(env, regno, off, size, false, false);
  env.observer?.access(env, reg, off, size, access.isWrite);
  const isConst = reg.bounds.isConst, place = off + Number(s64(reg.bounds.value));
  const kptr = isConst
    ? map.fields.find((field) => field.kind.startsWith("kptr") && field.offset === place)
    : undefined;
  if (kptr) return accessKptr(env, access, kptr);
  if (access.isWrite || access.value < 0) return;
  if (!isConst || !map.frozen) {
    env.regs[access.value] = UNKNOWN_SCALAR;
    return;
  }
  // Read-only data is known: loads from it are constants (bpf_map_direct_read).
  let value = 0n;
  for (let index = size - 1; index >= 0; index--) value = (value << 8n) | BigInt(map.frozen[place + index] ?? 0);
  if (access.isSignExtended) value = BigInt.asIntN(size * 8, value);
  env.regs[access.value] = constantScalar(value);
}

/** Kinds of kernel objects that live on until the RCU read-side sections of their readers end (rcu_protected_object). */
const RCU_PROTECTED = ["task_struct", "cgroup", "bpf_cpumask", "bpf_crypto_ctx"];

/** Pointers to kernel objects in a map value (check_map_kptr_access): loads are followed, plain stores are not. */
function accessKptr(env: Environment, access: Access, kptr: MapState["fields"][number]): void {
  if (access.isStrict) env.reject(ERRNO.EACCES, "kptr in map can only be accessed using BPF_MEM instruction mode");
  if (access.isWrite) {
    const stored = access.value >= 0 ? env.regs[access.value] : undefined;
    const isZero = stored ? stored.isNull : env.insns[env.insn].imm === 0;
    if (kptr.kind !== "kptr_untrusted") env.reject(ERRNO.EACCES, "store to referenced kptr disallowed");
    if (!stored && !isZero) {
      env.reject(ERRNO.EACCES, `BPF_ST imm must be 0 when storing to kptr at off=${kptr.offset}`);
    }
    return;
  }
  if (access.value < 0) return;
  const target = kptrTarget(env, kptr), isOwn = target.id !== undefined;
  const isRcu = kptr.kind === "kptr_ref" && (isOwn || RCU_PROTECTED.includes(target.name)) && env.isInRcuSection;
  const reg = pointer(REG_TYPE.BTF_ID | FLAG.MAYBE_NULL | (isRcu ? FLAG.RCU : FLAG.UNTRUSTED));
  reg.btf = target;
  if (isRcu && isOwn) reg.type |= FLAG.ALLOC;
  reg.id = env.newId();
  env.regs[access.value] = reg;
}

const PACKET_WRITERS: readonly number[] = [
  BPF_PROG_TYPE.SCHED_CLS,
  BPF_PROG_TYPE.SCHED_ACT,
  BPF_PROG_TYPE.XDP,
  BPF_PROG_TYPE.LWT_XMIT,
  BPF_PROG_TYPE.SK_SKB,
  BPF_PROG_TYPE.SK_MSG,
  BPF_PROG_TYPE.CGROUP_SOCKOPT,
];
const PACKET_READERS: readonly number[] = [
  ...PACKET_WRITERS,
  BPF_PROG_TYPE.LWT_IN,
  BPF_PROG_TYPE.LWT_OUT,
  BPF_PROG_TYPE.LWT_SEG6LOCAL,
  BPF_PROG_TYPE.SK_REUSEPORT,
  BPF_PROG_TYPE.FLOW_DISSECTOR,
  BPF_PROG_TYPE.CGROUP_SKB,
];

export const mayWritePacket = (env: Environment): boolean => PACKET_WRITERS.includes(env.kind.type);
/** Whether a helper may be handed packet memory (may_access_direct_pkt_data). */
export const mayPassPacket = (env: Environment, takesPacket: boolean): boolean =>
  env.kind.type === BPF_PROG_TYPE.CGROUP_SOCKOPT || PACKET_READERS.includes(env.kind.type) && takesPacket;

/** Packet bytes must lie before what a comparison with the packet's end proved to be there (check_packet_access). */
export function checkPacket(env: Environment, regno: number, off: number, size: number, zeroOk: boolean): void {
  const reg = env.regs[regno];
  if (reg.bounds.smin < 0n) {
    env.reject(
      ERRNO.EACCES,
      `R${regno} min value is negative, either use unsigned index or do a if (index >=0) check.`,
    );
  }
  const isIn = reg.range >= 0 && checkOffset(env, regno, BigInt(off), size, reg.range, zeroOk);
  if (!isIn) {
    env.reject(reg.range < 0 ? ERRNO.EINVAL : ERRNO.EACCES, `R${regno} offset is outside of the packet`);
  }
}

const FLOW_KEYS_BYTES = 56;

/** Fields of struct bpf_sock, bpf_sock_common and bpf_tcp_sock (net/core/filter.c:bpf_sock_is_valid_access). */
function checkSock(env: Environment, regno: number, off: number, size: number): void {
  const reg = env.regs[regno];
  if (reg.bounds.smin < 0n) {
    env.reject(
      ERRNO.EACCES,
      `R${regno} min value is negative, either use unsigned index or do a if (index >=0) check.`,
    );
  }
  if (!isSockField(reg.type, off, size)) {
    env.reject(ERRNO.EACCES, `R${regno} invalid ${typeName(reg.type)} access off=${off} size=${size}`);
  }
}

function checkBuffer(env: Environment, regno: number, off: number, size: number, what: string): void {
  const reg = env.regs[regno];
  if (off < 0) {
    env.reject(ERRNO.EACCES, `R${regno} invalid ${what} buffer access: off=${off}, size=${size}`);
  }
  if (!reg.bounds.isConst || reg.bounds.value !== 0n) {
    env.reject(
      ERRNO.EACCES,
      `R${regno} invalid variable buffer offset: off=${off}, var_off=${tnumText(reg.bounds.tnum)}`,
    );
  }
}

/** Memory that a helper reads or writes through an argument is checked as a buffer of its own. */
export const checkHelperBuffer = checkBuffer;
