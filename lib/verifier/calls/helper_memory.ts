/** Memory that a helper reads or writes through an argument (kernel/bpf/verifier.c:check_helper_mem_access). */
import { checkBtfAccess } from "../memory/btf_access.ts";
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { isFormat } from "../kernel/format_string.ts";
import { BPF_F_INNER_MAP } from "../../uapi/flags.ts";
import { BPF_MAP_TYPE } from "../../uapi/map_types.ts";
import type { MapState } from "../kernel/map_state.ts";
import {
  checkHelperBuffer,
  checkMapDirection,
  checkMapValue,
  checkMemoryAccess,
  checkPacket,
  checkRegion,
} from "../memory/memory_access.ts";
import { markPrecise, markSlotPrecise } from "../state/precision.ts";
import { BPF_PROG_TYPE } from "../../uapi/prog_types.ts";
import { hasSince } from "../../uapi/releases.ts";
import { FLAG, type Reg, REG_TYPE, typeName } from "../state/register.ts";
import { checkStackRange } from "../memory/stack.ts";
import { BYTE, byteType, isSpilledScalar, SLOT_BYTES } from "../state/state.ts";
import { s64 } from "../domain/tnum.ts";

/** Stack bytes that a helper fills in: they become known to be written after the call. */
export interface RawMemory {
  readonly regno: number;
  readonly size: number;
}

export interface HelperMemory {
  readonly isWrite: boolean;
  readonly zeroOk: boolean;
  readonly raw?: (raw: RawMemory) => void;
}

/** Program types whose context is plain memory: helpers may be handed bytes of it. */
const PLAIN_CONTEXT: readonly number[] = [
  BPF_PROG_TYPE.KPROBE,
  BPF_PROG_TYPE.TRACEPOINT,
  BPF_PROG_TYPE.RAW_TRACEPOINT,
  BPF_PROG_TYPE.RAW_TRACEPOINT_WRITABLE,
  BPF_PROG_TYPE.TRACING,
  BPF_PROG_TYPE.LSM,
  BPF_PROG_TYPE.SYSCALL,
  BPF_PROG_TYPE.CGROUP_DEVICE,
  BPF_PROG_TYPE.NETFILTER,
];

export function checkHelperMemory(env: Environment, regno: number, size: number, use: HelperMemory): void {
  const reg = env.regs[regno], { isWrite, zeroOk } = use;
  const refuseWrite = (): never => env.reject(ERRNO.EACCES, `R${regno} cannot write into ${typeName(reg.type)}`);
  switch (reg.kind) {
    case REG_TYPE.PACKET:
    case REG_TYPE.PACKET_META:
      return checkPacket(env, regno, reg.off, size, zeroOk);
    case REG_TYPE.MAP_KEY:
      if (isWrite) refuseWrite();
      return checkRegion(env, regno, reg.off, size, reg.map!.keySize, false);
    case REG_TYPE.MAP_VALUE:
      checkMapDirection(env, reg.map!, reg.off, size, isWrite);
      checkMapValue(env, regno, reg.off, size, zeroOk, true);
      return env.observer?.access(env, reg, reg.off, size, isWrite);
    case REG_TYPE.MEM:
      if (isWrite && reg.type & FLAG.RDONLY) refuseWrite();
      return checkRegion(env, regno, reg.off, size, reg.memSize, zeroOk);
    case REG_TYPE.BUF:
      if (isWrite && reg.type & FLAG.RDONLY) refuseWrite();
      return checkHelperBuffer(env, regno, reg.off, size, reg.type & FLAG.RDONLY ? "rdonly" : "rdwr");
    case REG_TYPE.STACK:
      return checkStackRange(env, regno, reg.off, size, {
        isZeroAllowed: zeroOk,
        isWrite,
        onRaw: use.raw && (() => use.raw!({ regno, size })),
      });
    case REG_TYPE.BTF_ID:
      return checkBtfAccess(env, regno, reg.off, size, { isWrite: false, value: -1 });
    case REG_TYPE.CTX:
      if (PLAIN_CONTEXT.includes(env.kind.type)) {
        if (size === 0) {
          if (!zeroOk) env.fail(ERRNO.EACCES, "invalid zero-sized read");
          return;
        }
        return checkMemoryAccess(env, regno, size - 1, 1, { isWrite, value: -1 });
      }
      break;
  }
  if (zeroOk && size === 0 && reg.isNull) return;
  env.reject(ERRNO.EACCES, `R${regno} type=${typeName(reg.type)} expected=${typeName(REG_TYPE.STACK)}`);
}

const MAX_SIZE = 1n << 29n;

/** The memory of the argument before, of at most this register's bytes (check_mem_size_reg). */
export function checkSizedMemory(env: Environment, regno: number, use: HelperMemory): void {
  const { bounds } = env.regs[regno];
  if (bounds.smin < 0n) {
    env.reject(ERRNO.EACCES, `R${regno} min value is negative, either use unsigned or 'var &= const'`);
  }
  if (bounds.umin === 0n && !use.zeroOk) {
    // Before, the memory was looked at in its smallest size.
    if (!hasSince(env.kernel, "6.12")) checkHelperMemory(env, regno - 1, 0, { ...use, raw: undefined });
    env.reject(ERRNO.EACCES, `R${regno} invalid zero-sized read: u64=[${s64(bounds.umin)},${s64(bounds.umax)}]`);
  }
  if (bounds.umax >= MAX_SIZE) {
    env.reject(
      ERRNO.EACCES,
      `R${regno} unbounded memory access, use 'var &= const' or 'if (var < const)'`,
    );
  }
  // A size that varies may leave bytes unwritten: then they must hold something before.
  const exact = bounds.isConst ? use : { ...use, raw: undefined };
  checkHelperMemory(env, regno - 1, Number(bounds.umax), exact);
  markPrecise(env, regno);
}

/** A string in read-only data that ends in a zero byte (check_reg_const_str). */
export function checkConstString(env: Environment, regno: number): void {
  const reg = env.regs[regno], map = reg.map!;
  if (!map.frozen) env.reject(ERRNO.EACCES, `R${regno} does not point to a readonly map'`);
  if (!reg.bounds.isConst) env.reject(ERRNO.EACCES, `R${regno} is not a constant address'`);
  checkMapValue(env, regno, reg.off, map.valueSize - reg.off, false, true);
  const start = reg.off + Number(s64(reg.bounds.value));
  if (!map.frozen.subarray(start).includes(0)) env.reject(ERRNO.EINVAL, "string is not zero-terminated");
}

/** bpf_snprintf()'s format fits the number of its arguments (check_bpf_snprintf_call). */
export function checkFormat(env: Environment): void {
  const format = env.regs[3], dataBytes = Number(s64(env.regs[5].bounds.value));
  if (dataBytes % 8 !== 0) env.reject(ERRNO.EINVAL, "");
  const bytes = format.map!.frozen!.subarray(format.off + Number(s64(format.bounds.value)));
  const text = String.fromCharCode(...bytes.subarray(0, bytes.indexOf(0)));
  if (!isFormat(text, dataBytes / 8)) env.reject(ERRNO.EINVAL, "Invalid format string");
}

/**
 * The key of a lookup in an array, when it is a constant that the verifier sees on the stack: a key in range needs no
 * NULL check (get_constant_map_key, 6.14).
 */
export function constantKey(env: Environment, reg: Reg, map: MapState): bigint {
  if (!hasSince(env.kernel, "6.14")) return -1n;
  const isArray = map.type === BPF_MAP_TYPE.ARRAY || map.type === BPF_MAP_TYPE.PERCPU_ARRAY;
  if (!isArray || map.isInner && map.flags & BPF_F_INNER_MAP) return -1n;
  if (reg.type !== REG_TYPE.STACK || !reg.bounds.isConst) return -1n;
  const off = reg.off + Number(s64(reg.bounds.value)), first = -off - 1;
  const at = (first / SLOT_BYTES) | 0, byte = first % SLOT_BYTES;
  const slot = env.state.frames[reg.frame].stack[at];
  const run = (type: number): number => {
    let count = 0;
    for (let index = byte; index >= 0 && byteType(slot.bytes, index) === type; index--) count++;
    return count;
  };
  if (run(BYTE.ZERO) >= map.keySize) return 0n;
  if (!isSpilledScalar(slot) || run(BYTE.SPILL) !== map.keySize || !slot.reg.bounds.isConst) return -1n;
  markSlotPrecise(env, reg.frame, at);
  return slot.reg.bounds.value;
}
