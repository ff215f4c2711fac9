/** Adding to and subtracting from pointers (kernel/bpf/verifier.c:adjust_ptr_min_max_vals). */
import { ALU, BPF_CLASS, classOf, type Insn } from "../../isa/insn.ts";
import { BPF_MAX_VAR_OFF, S64_MAX, S64_MIN, ZERO } from "../domain/bounds.ts";
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { FLAG, type Reg, REG_TYPE, typeName, UNKNOWN_SCALAR } from "../state/register.ts";
import { s64, tnumAdd, tnumSub, U64_MAX } from "../domain/tnum.ts";

const ALU_SYMBOLS: Readonly<Record<number, string>> = {
  [ALU.ADD]: "+=",
  [ALU.SUB]: "-=",
  [ALU.MUL]: "*=",
  [ALU.DIV]: "/=",
  [ALU.OR]: "|=",
  [ALU.AND]: "&=",
  [ALU.LSH]: "<<=",
  [ALU.RSH]: ">>=",
  [ALU.NEG]: "neg",
  [ALU.MOD]: "%=",
  [ALU.XOR]: "^=",
  [ALU.MOV]: "=",
  [ALU.ARSH]: "s>>=",
};
export const aluSymbol = (operation: number): string => ALU_SYMBOLS[operation] ?? "?";

const fits64 = (value: bigint): boolean => value >= S64_MIN && value <= S64_MAX;
const fits32 = (value: bigint): boolean => value >= -(1n << 31n) && value < 1n << 31n;

/** Kinds that stay pointers when something is added. */
const MOVABLE: readonly number[] = [
  REG_TYPE.CTX,
  REG_TYPE.MAP_VALUE,
  REG_TYPE.MAP_KEY,
  REG_TYPE.STACK,
  REG_TYPE.PACKET_META,
  REG_TYPE.PACKET,
  REG_TYPE.TP_BUFFER,
  REG_TYPE.BTF_ID,
  REG_TYPE.MEM,
  REG_TYPE.BUF,
  REG_TYPE.FUNC,
  REG_TYPE.DYNPTR,
];

const MAX_OFF = Number(BPF_MAX_VAR_OFF);

/** Offsets must stay well inside what 64 bits can hold (check_reg_sane_offset). */
function checkSane(env: Environment, reg: Reg, type: number): void {
  const { bounds } = reg;
  if (bounds === ZERO && reg.off === 0) return;
  const value = s64(bounds.value);
  if (bounds.isConst && (value >= BPF_MAX_VAR_OFF || value <= -BPF_MAX_VAR_OFF)) {
    env.reject(ERRNO.EINVAL, `math between ${typeName(type)} pointer and ${value} is not allowed`);
  }
  if (reg.type !== REG_TYPE.SCALAR && Math.abs(reg.off) >= MAX_OFF) {
    env.reject(ERRNO.EINVAL, `${typeName(type)} pointer offset ${reg.off} is not allowed`);
  }
  if (bounds.smin === S64_MIN) {
    env.reject(
      ERRNO.EINVAL,
      `math between ${typeName(type)} pointer and register with unbounded min value is not allowed`,
    );
  }
  if (bounds.smin >= BPF_MAX_VAR_OFF || bounds.smin <= -BPF_MAX_VAR_OFF) {
    env.reject(ERRNO.EINVAL, `value ${bounds.smin} makes ${typeName(type)} pointer be out of bounds`);
  }
}

/** `dst op= offset` where one of them is a pointer; `isDstPointer` tells which. */
export function pointerArithmetic(env: Environment, insn: Insn, from: Reg, offset: Reg, isDstPointer: boolean): void {
  const { dst } = insn, operation = insn.opcode & 0xf0, by = offset.bounds;
  const isKnown = by.isConst;
  if (isKnown && (by.smin !== by.smax || by.umin !== by.umax) || by.smin > by.smax || by.umin > by.umax) {
    env.regs[dst] = UNKNOWN_SCALAR;
    return;
  }
  if (classOf(insn) !== BPF_CLASS.ALU64) {
    if (operation === ALU.SUB) {
      env.regs[dst] = UNKNOWN_SCALAR;
      return;
    }
    env.reject(ERRNO.EACCES, `R${dst} 32-bit pointer arithmetic prohibited`);
  }
  if (from.mayBeNull) {
    env.reject(
      ERRNO.EACCES,
      `R${dst} pointer arithmetic on ${typeName(from.type)} prohibited, null-check it first`,
    );
  }
  // Such memory is read with a fault handler at hand: where it lies need not be known.
  if (from.kind === REG_TYPE.MEM && from.type & FLAG.UNTRUSTED) return;
  const isMovable = MOVABLE.includes(from.kind) || from.kind === REG_TYPE.FLOW_KEYS && isKnown ||
    (from.kind === REG_TYPE.MAP_PTR || from.kind === REG_TYPE.FLOW_KEYS) && isKnown && by.smin === 0n &&
      operation === ALU.ADD;
  if (!isMovable) env.reject(ERRNO.EACCES, `R${dst} pointer arithmetic on ${typeName(from.type)} prohibited`);
  checkSane(env, offset, from.type);
  checkSane(env, from, from.type);
  const to = from.copy();
  if (!isDstPointer) {
    // scalar += pointer: 6.18 takes over the pointer but not the frame it points into, nor its reference.
    to.frame = 0;
    to.ref = 0;
  }
  const bounds = from.bounds.copy();
  bounds.forget32();
  switch (operation) {
    case ALU.ADD:
      add(env, from, offset, to, bounds);
      break;
    case ALU.SUB:
      if (!isDstPointer) env.reject(ERRNO.EACCES, `R${dst} tried to subtract pointer from scalar`);
      if (from.type === REG_TYPE.STACK) env.reject(ERRNO.EACCES, `R${dst} subtraction from stack pointer prohibited`);
      subtract(env, from, offset, to, bounds);
      break;
    case ALU.AND:
    case ALU.OR:
    case ALU.XOR:
      env.reject(ERRNO.EACCES, `R${dst} bitwise operator ${aluSymbol(operation)} on pointer prohibited`);
      break;
    default:
      env.reject(ERRNO.EACCES, `R${dst} pointer arithmetic with ${aluSymbol(operation)} operator prohibited`);
  }
  env.regs[dst] = to;
  // A fixed offset moved by a constant leaves the variable one as it was.
  to.bounds = from.bounds === ZERO && bounds.isConst && bounds.value === 0n ? ZERO : bounds;
  checkSane(env, to, from.type);
  if (to.bounds === bounds) bounds.sync();
}

function add(env: Environment, from: Reg, offset: Reg, to: Reg, bounds: Reg["bounds"]): void {
  const by = offset.bounds;
  if (by.isConst && fits32(BigInt(from.off) + by.smin)) {
    to.off = from.off + Number(by.smin);
    return;
  }
  const smin = bounds.smin + by.smin, smax = bounds.smax + by.smax;
  const signedFits = fits64(smin) && fits64(smax);
  bounds.smin = signedFits ? smin : S64_MIN;
  bounds.smax = signedFits ? smax : S64_MAX;
  const umin = bounds.umin + by.umin, umax = bounds.umax + by.umax;
  const unsignedFits = umin <= U64_MAX && umax <= U64_MAX;
  bounds.umin = unsignedFits ? umin : 0n;
  bounds.umax = unsignedFits ? umax : U64_MAX;
  bounds.tnum = tnumAdd(bounds.tnum, by.tnum);
  if (from.isPacket) {
    // A packet pointer at a new variable offset must be compared with the end anew.
    to.id = env.newId();
    to.range = 0;
  }
}

function subtract(env: Environment, from: Reg, offset: Reg, to: Reg, bounds: Reg["bounds"]): void {
  const by = offset.bounds;
  if (by.isConst && fits32(BigInt(from.off) - by.smin)) {
    to.off = from.off - Number(by.smin);
    return;
  }
  const smin = bounds.smin - by.smax, smax = bounds.smax - by.smin;
  const signedFits = fits64(smin) && fits64(smax);
  bounds.smin = signedFits ? smin : S64_MIN;
  bounds.smax = signedFits ? smax : S64_MAX;
  const isBelow = bounds.umin < by.umax;
  const { umin, umax } = bounds;
  bounds.umin = isBelow ? 0n : umin - by.umax;
  bounds.umax = isBelow ? U64_MAX : umax - by.umin;
  bounds.tnum = tnumSub(bounds.tnum, by.tnum);
  if (from.isPacket) {
    to.id = env.newId();
    if (by.smin < 0n) to.range = 0;
  }
}
