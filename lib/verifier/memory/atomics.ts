/** Atomic instructions: sizes, operands, and which memory they may touch (kernel/bpf/verifier.c:check_atomic). */
import { accessBytes, BPF_ATOMIC, type Insn } from "../../isa/insn.ts";
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { hasSince } from "../../uapi/releases.ts";
import { checkMemoryAccess } from "./memory_access.ts";
import { checkWritable, readReg, settle } from "../state/operands.ts";
import { notePointerType } from "../state/pointer_types.ts";
import { type Reg, REG_TYPE, typeName, UNKNOWN_SCALAR } from "../state/register.ts";

const READ_MODIFY_WRITE: readonly number[] = [
  BPF_ATOMIC.ADD,
  BPF_ATOMIC.ADD | BPF_ATOMIC.FETCH,
  BPF_ATOMIC.AND,
  BPF_ATOMIC.AND | BPF_ATOMIC.FETCH,
  BPF_ATOMIC.OR,
  BPF_ATOMIC.OR | BPF_ATOMIC.FETCH,
  BPF_ATOMIC.XOR,
  BPF_ATOMIC.XOR | BPF_ATOMIC.FETCH,
  BPF_ATOMIC.XCHG,
  BPF_ATOMIC.CMPXCHG,
];

export function checkAtomic(env: Environment, insn: Insn): void {
  if (READ_MODIFY_WRITE.includes(insn.imm)) return checkReadModifyWrite(env, insn);
  const hasAcquire = hasSince(env.kernel, "6.15");
  if (hasAcquire && insn.imm === BPF_ATOMIC.LOAD_ACQ) return checkLoadAcquire(env, insn);
  if (hasAcquire && insn.imm === BPF_ATOMIC.STORE_REL) return checkStoreRelease(env, insn);
  env.reject(
    ERRNO.EINVAL,
    `BPF_ATOMIC uses invalid atomic opcode ${(insn.imm >>> 0).toString(16).padStart(2, "0")}`,
  );
}

/** Contexts, packets and sockets are no plain memory: the kernel rewrites accesses to them (atomic_ptr_type_ok). */
const isAtomicMemory = (reg: Reg): boolean =>
  !(reg.type === REG_TYPE.CTX || reg.isPacket || reg.type === REG_TYPE.FLOW_KEYS || reg.isSock);

function refuse(env: Environment, regno: number, verb: "stores into" | "loads from"): never {
  env.reject(ERRNO.EACCES, `BPF_ATOMIC ${verb} R${regno} ${typeName(env.regs[regno].type)} is not allowed`);
}

function checkReadModifyWrite(env: Environment, insn: Insn): void {
  const { dst, src, off, imm } = insn, size = accessBytes(insn);
  if (size !== 4 && size !== 8) env.reject(ERRNO.EINVAL, "invalid atomic operand size");
  readReg(env, src);
  const pointer = readReg(env, dst);
  if (imm === BPF_ATOMIC.CMPXCHG) readReg(env, 0);
  if (!isAtomicMemory(pointer)) refuse(env, dst, "stores into");
  const into = !(imm & BPF_ATOMIC.FETCH) ? -1 : imm === BPF_ATOMIC.CMPXCHG ? 0 : src;
  if (into >= 0) {
    checkWritable(env, into);
    env.regs[into] = UNKNOWN_SCALAR;
  }
  // First as a load that is thrown away: a register cannot be overwritten before its pointer is known to be sound.
  checkMemoryAccess(env, dst, off, size, { isWrite: false, value: -1, isStrict: true });
  if (into >= 0) checkMemoryAccess(env, dst, off, size, { isWrite: false, value: into, isStrict: true });
  notePointerType(env, env.regs[dst].type, false);
  checkMemoryAccess(env, dst, off, size, { isWrite: true, value: -1, isStrict: true });
}

function checkLoadAcquire(env: Environment, insn: Insn): void {
  const { dst, src, off } = insn;
  const { type } = readReg(env, src);
  checkWritable(env, dst);
  checkMemoryAccess(env, src, off, accessBytes(insn), { isWrite: false, value: dst, isStrict: true });
  notePointerType(env, type, false);
  settle(env, dst);
  if (!isAtomicMemory(env.regs[src])) refuse(env, src, "loads from");
}

function checkStoreRelease(env: Environment, insn: Insn): void {
  const { dst, src, off } = insn;
  readReg(env, src);
  const { type } = readReg(env, dst);
  checkMemoryAccess(env, dst, off, accessBytes(insn), { isWrite: true, value: src, isStrict: true });
  notePointerType(env, type, false);
  if (!isAtomicMemory(env.regs[dst])) refuse(env, dst, "stores into");
}
