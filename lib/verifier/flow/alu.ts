/** ALU instructions (kernel/bpf/verifier.c:check_alu_op). */
import { ALU, BPF_CLASS, classOf, type Insn } from "../../isa/insn.ts";
import { Bounds } from "../domain/bounds.ts";
import { PairMemo } from "../domain/memo.ts";
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { hasSince } from "../../uapi/releases.ts";
import { checkWritable, linkBeforeCopy, readReg, settle } from "../state/operands.ts";
import { aluSymbol, pointerArithmetic } from "./pointer_arithmetic.ts";
import { markPrecise } from "../state/precision.ts";
import { constantScalar, pointer, type Reg, REG_TYPE, scalar, UNKNOWN_SCALAR, ZERO_SCALAR } from "../state/register.ts";
import { scalarArithmetic } from "../domain/scalar_arithmetic.ts";
import { s64, tnumSubregIsConst } from "../domain/tnum.ts";
import { signExtend, signExtend32 } from "../domain/sign_extension.ts";

const FROM_REGISTER = 0x08;
const ADDRESS_SPACE_CAST = 1;
const S32_MAX = 0x7fff_ffffn, S32_MIN = -0x8000_0000n, U32_MAX = 0xffff_ffffn;

export function checkAlu(env: Environment, insn: Insn): void {
  const operation = insn.opcode & 0xf0;
  switch (operation) {
    case ALU.END:
    case ALU.NEG:
      swapOrNegate(env, insn, operation);
      break;
    case ALU.MOV:
      move(env, insn);
      break;
    default:
      if (operation > ALU.END) env.reject(ERRNO.EINVAL, `invalid BPF_ALU opcode ${operation.toString(16)}`);
      binary(env, insn, operation);
  }
  settle(env, insn.dst);
}

function swapOrNegate(env: Environment, insn: Insn, operation: number): void {
  const is64 = classOf(insn) === BPF_CLASS.ALU64, { dst, src, off, imm, opcode } = insn;
  if (operation === ALU.NEG) {
    if (opcode & FROM_REGISTER || src !== 0 || off !== 0 || imm !== 0) {
      env.reject(ERRNO.EINVAL, "BPF_NEG uses reserved fields");
    }
  } else if (src !== 0 || off !== 0 || ![16, 32, 64].includes(imm) || is64 && opcode & FROM_REGISTER) {
    env.reject(ERRNO.EINVAL, "BPF_END uses reserved fields");
  }
  const reg = readReg(env, dst);
  checkWritable(env, dst);
  if (!reg.isScalar) {
    env.regs[dst] = UNKNOWN_SCALAR;
  } else if (operation === ALU.NEG) {
    env.regs[dst] = scalar(scalarArithmetic(ALU.SUB, Bounds.constant(0n), reg.bounds, !is64));
  } else {
    const bounds = reg.bounds.copy(), swaps = is64 || (opcode & FROM_REGISTER) !== 0;
    bounds.swapBytes(imm / 8, swaps);
    env.regs[dst] = swaps || imm < 64 ? scalar(bounds) : reg.withBounds(bounds);
  }
}

function move(env: Environment, insn: Insn): void {
  const { dst, src, off, imm, opcode } = insn, is64 = classOf(insn) === BPF_CLASS.ALU64;
  if (!(opcode & FROM_REGISTER)) {
    if (src !== 0 || off !== 0) env.reject(ERRNO.EINVAL, "BPF_MOV uses reserved fields");
    checkWritable(env, dst);
    env.regs[dst] = constantScalar(is64 ? BigInt(imm) : BigInt(imm >>> 0));
    return;
  }
  const widths = !hasSince(env.kernel, "6.6") ? [0] : is64 ? [0, 8, 16, 32] : [0, 8, 16];
  // BPF_ADDR_SPACE_CAST: from an arena's own pointers to the kernel's, and back.
  if (is64 && off === ADDRESS_SPACE_CAST) return castAddressSpace(env, insn);
  if (!widths.includes(off) || imm !== 0) env.reject(ERRNO.EINVAL, "BPF_MOV uses reserved fields");
  const from = readReg(env, src);
  checkWritable(env, dst);
  if (is64) {
    if (off === 0) env.regs[dst] = linkBeforeCopy(env, src);
    else env.regs[dst] = from.isScalar ? moveExtended(env, src, off, 64) : UNKNOWN_SCALAR;
    return;
  }
  let reg: Reg;
  if (!from.isScalar) reg = UNKNOWN_SCALAR;
  else if (off !== 0) reg = moveExtended(env, src, off, 32);
  else reg = from.bounds.width <= 32 ? linkBeforeCopy(env, src) : from.unlinked();
  if (off === 0 && reg.isScalar && reg.bounds.width <= 32 && reg.bounds.smin >= 0n) {
    env.regs[dst] = reg;
    return;
  }
  const bounds = reg.bounds.copy();
  bounds.zeroExtend32();
  env.regs[dst] = reg.withBounds(bounds.sync());
}

/** From user space's address of an arena to the kernel's pointer, or back to a number. */
function castAddressSpace(env: Environment, { dst, src, imm }: Insn): void {
  if (imm !== 1 && imm !== 1 << 16) {
    env.reject(ERRNO.EINVAL, "addr_space_cast insn can only convert between address space 1 and 0");
  }
  if (!env.hasArena) {
    env.reject(ERRNO.EINVAL, "addr_space_cast insn can only be used in a program that has an associated arena");
  }
  readReg(env, src);
  checkWritable(env, dst);
  env.regs[dst] = imm === 1 ? pointer(REG_TYPE.ARENA) : UNKNOWN_SCALAR;
}

/** A move that extends the sign of the low `bits`. */
function moveExtended(env: Environment, src: number, bits: number, width: 32 | 64): Reg {
  const keepsValue = env.regs[src].bounds.umax < 1n << BigInt(bits - 1);
  const reg = keepsValue ? linkBeforeCopy(env, src) : env.regs[src].unlinked();
  const bounds = reg.bounds.copy();
  if (width === 64) signExtend(bounds, bits / 8);
  else signExtend32(bounds, bits / 8);
  return reg.withBounds(bounds);
}

function binary(env: Environment, insn: Insn, operation: number): void {
  const { dst, src, off, imm, opcode } = insn, isFromReg = (opcode & FROM_REGISTER) !== 0;
  const is64 = classOf(insn) === BPF_CLASS.ALU64;
  const divides = operation === ALU.DIV || operation === ALU.MOD;
  const isReserved = isFromReg ? imm !== 0 : src !== 0;
  const isSigned = off === 1 && divides && hasSince(env.kernel, "6.6");
  if (isReserved || off !== 0 && !isSigned) {
    env.reject(ERRNO.EINVAL, "BPF_ALU uses reserved fields");
  }
  if (isFromReg) readReg(env, src);
  readReg(env, dst);
  if (divides && !isFromReg && imm === 0) env.reject(ERRNO.EINVAL, "div by zero");
  const shifts = operation === ALU.LSH || operation === ALU.RSH || operation === ALU.ARSH;
  if (shifts && !isFromReg && (imm < 0 || imm >= (is64 ? 64 : 32))) {
    env.reject(ERRNO.EINVAL, `invalid shift ${imm}`);
  }
  checkWritable(env, dst);
  combine(env, insn, operation, is64, isFromReg ? env.regs[src] : constantScalar(BigInt(imm)));
}

const computed = new PairMemo<Reg>();

/** adjust_reg_min_max_vals */
function combine(env: Environment, insn: Insn, operation: number, is64: boolean, from: Reg): void {
  const { dst, src, opcode } = insn, to = env.regs[dst], isFromReg = (opcode & FROM_REGISTER) !== 0;
  if (to.type === REG_TYPE.ARENA || from.type === REG_TYPE.ARENA) {
    if (to.type !== REG_TYPE.ARENA) env.regs[dst] = from;
    return;
  }
  if (!from.isScalar) {
    if (!to.isScalar) {
      if (operation !== ALU.SUB) env.reject(ERRNO.EACCES, `R${dst} pointer ${aluSymbol(operation)} pointer prohibited`);
      env.regs[dst] = UNKNOWN_SCALAR;
      return;
    }
    // scalar += pointer makes the destination a pointer.
    markPrecise(env, dst);
    return pointerArithmetic(env, insn, from, to, false);
  }
  if (!to.isScalar) {
    if (isFromReg) markPrecise(env, src);
    return pointerArithmetic(env, insn, to, from, true);
  }
  forkOnSignMask(env, insn, operation, from);
  const before = env.regs[dst];
  const a = before.bounds, b = from.bounds, rule = operation | (is64 ? 1 : 0);
  const result = computed.get(a, b, rule, () => scalar(scalarArithmetic(operation, a, b, !is64)));
  env.regs[dst] = relink(result, before, operation, is64, from, isFromReg && src === dst);
}

/** `x & mask` where x is 0 or -1, as compilers make it of a comparison: both are followed (maybe_fork_scalars). */
function forkOnSignMask(env: Environment, insn: Insn, operation: number, from: Reg): void {
  if (operation !== ALU.AND && operation !== ALU.OR || !from.bounds.isConst) return;
  const { dst } = insn, reg = env.regs[dst], { bounds } = reg;
  const is64 = bounds.smin === -1n && bounds.smax === 0n;
  const is32 = !is64 && bounds.s32min === -1 && bounds.s32max === 0;
  if (!is64 && !is32) return;
  const branch = env.push(env.insn, env.insn);
  if (is64) {
    branch.regs[dst] = reg.withBounds(ZERO_SCALAR.bounds);
    env.regs[dst] = reg.withBounds(Bounds.constant(-1n));
    return;
  }
  const known = (value: number): Reg => {
    const next = bounds.copy();
    next.set32(value);
    return reg.withBounds(next);
  };
  branch.regs[dst] = known(0);
  env.regs[dst] = known(-1);
}

/** Adding a constant keeps a scalar linked to its copies at that distance; everything else ends the link. */
function relink(plain: Reg, before: Reg, operation: number, is64: boolean, from: Reg, isOwn: boolean): Reg {
  const adds = operation === ALU.ADD || operation === ALU.SUB;
  if (!adds || before.id === 0 || isOwn || before.addConst !== 0) return plain;
  const { tnum } = from.bounds;
  if (is64 ? tnum.mask !== 0n : !tnumSubregIsConst(tnum)) return plain;
  if (!is64 && before.bounds.umax > U32_MAX) return plain;
  const value = is64 ? s64(tnum.value) : BigInt.asIntN(32, tnum.value);
  if (value < S32_MIN || value > S32_MAX || operation === ALU.SUB && value === S32_MIN) return plain;
  const result = before.withBounds(plain.bounds);
  result.id = before.id;
  result.addConst = is64 ? 64 : 32;
  result.off = Number(operation === ALU.SUB ? -value : value);
  return result;
}
