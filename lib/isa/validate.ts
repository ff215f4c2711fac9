/**
 * Refuses byte code that no machine here can run, before anything is made of it.
 *
 * These are the structural rules: every opcode known, every reserved field zero, every register there, every jump to an
 * instruction of the same function. They are RFC 9669's and, in words and order, those of kernel/bpf/verifier.c
 * (check_subprogs, resolve_pseudo_ldimm64, check_atomic, check_alu_op). What a program does with its values is the
 * verifier's business (lib/verifier) and that of the bounds checks at run time.
 */
import {
  ALU,
  BPF_ATOMIC,
  BPF_CLASS,
  BPF_MODE,
  BPF_PSEUDO,
  classOf,
  type Insn,
  isBpfCall,
  isExit,
  isGoto,
  isJump,
  isWide,
  jumpTarget,
  modeOf,
} from "./insn.ts";

/** Byte code that is not well formed, or that uses what this project does not support. */
export class ByteCodeError extends Error {
  override name = "ByteCodeError";
  /** @param insn index of the offending instruction, or `undefined` where it is the whole program */
  constructor(readonly reason: string, readonly insn?: number) {
    super(insn === undefined ? reason : `insn ${insn}: ${reason}`);
  }
}

/** The kernel's limit for a privileged loader (BPF_COMPLEXITY_LIMIT_INSNS). */
export const MAX_INSNS = 1_000_000;

const FRAME_POINTER = 10;
const hasSourceRegister = (insn: Insn): boolean => (insn.opcode & 0x08) !== 0;

/**
 * Checks one program with the functions it calls.
 *
 * @param insns instructions as `decode` gives them
 * @param functions first instructions of functions besides the main program and those that are called (callbacks)
 * @throws ByteCodeError naming the first offending instruction
 */
export function validate(insns: readonly Insn[], functions: readonly number[] = []): void {
  if (insns.length === 0) throw new ByteCodeError("the program has no instructions");
  if (insns.length > MAX_INSNS) {
    throw new ByteCodeError(`the program has ${insns.length} instructions; the limit is ${MAX_INSNS}`);
  }
  for (let index = 0; index < insns.length; index += isWide(insns[index]) ? 2 : 1) {
    const reason = reject(insns[index]) || rejectSecondHalf(insns, index);
    if (reason) throw new ByteCodeError(reason, index);
  }
  checkControlFlow(insns, functions);
}

/** Why an instruction by itself cannot be run; the empty string when it can. */
function reject(insn: Insn): string {
  const { dst, src } = insn;
  if (dst > FRAME_POINTER) return `R${dst} is invalid`;
  switch (classOf(insn)) {
    case BPF_CLASS.LD:
      return rejectWide(insn);
    case BPF_CLASS.LDX:
      return src > FRAME_POINTER ? `R${src} is invalid` : rejectLoad(insn);
    case BPF_CLASS.ST:
      if (modeOf(insn) !== BPF_MODE.MEM) return unknown(insn);
      return src !== 0 ? "BPF_ST uses reserved fields" : "";
    case BPF_CLASS.STX:
      return src > FRAME_POINTER ? `R${src} is invalid` : rejectStore(insn);
    case BPF_CLASS.ALU:
    case BPF_CLASS.ALU64:
      return src > FRAME_POINTER ? `R${src} is invalid` : rejectAlu(insn);
    default:
      return rejectJump(insn);
  }
}

const unknown = (insn: Insn): string => `unknown opcode ${insn.opcode.toString(16).padStart(2, "0")}`;
const readOnlyFrame = "frame pointer is read only";

function rejectWide(insn: Insn): string {
  if (modeOf(insn) === BPF_MODE.ABS || modeOf(insn) === BPF_MODE.IND) {
    return "legacy packet access (BPF_LD with BPF_ABS or BPF_IND) is not supported: use direct packet access";
  }
  if (!isWide(insn)) return unknown(insn);
  if (insn.src > BPF_PSEUDO.MAP_IDX_VALUE) return "unrecognized bpf_ld_imm64 insn";
  if (insn.off !== 0) return "BPF_LD_IMM64 uses reserved fields";
  return insn.dst === FRAME_POINTER ? readOnlyFrame : "";
}

function rejectSecondHalf(insns: readonly Insn[], index: number): string {
  if (!isWide(insns[index])) return "";
  const second = insns[index + 1];
  const valid = second && second.opcode === 0 && second.dst === 0 && second.src === 0 && second.off === 0;
  return valid && insns[index].imm64 !== undefined ? "" : "invalid bpf_ld_imm64 insn";
}

function rejectLoad(insn: Insn): string {
  const mode = modeOf(insn), isDoubleWord = (insn.opcode & 0x18) === 0x18;
  if (mode !== BPF_MODE.MEM && !(mode === BPF_MODE.MEMSX && !isDoubleWord)) return unknown(insn);
  if (insn.imm !== 0) return "BPF_LDX uses reserved fields";
  return insn.dst === FRAME_POINTER ? readOnlyFrame : "";
}

const RMW_OPERATIONS = new Set<number>([
  ...[BPF_ATOMIC.ADD, BPF_ATOMIC.OR, BPF_ATOMIC.AND, BPF_ATOMIC.XOR].flatMap((op) => [op, op | BPF_ATOMIC.FETCH]),
  BPF_ATOMIC.XCHG,
  BPF_ATOMIC.CMPXCHG,
]);

function rejectStore(insn: Insn): string {
  if (modeOf(insn) === BPF_MODE.MEM) return insn.imm !== 0 ? "BPF_STX uses reserved fields" : "";
  if (modeOf(insn) !== BPF_MODE.ATOMIC) return unknown(insn);
  if (insn.imm === BPF_ATOMIC.STORE_REL) return "";
  if (insn.imm === BPF_ATOMIC.LOAD_ACQ) return insn.dst === FRAME_POINTER ? readOnlyFrame : "";
  if (!RMW_OPERATIONS.has(insn.imm)) {
    return `BPF_ATOMIC uses invalid atomic opcode ${(insn.imm >>> 0).toString(16).padStart(2, "0")}`;
  }
  const isHalfOrByte = (insn.opcode & 0x18) === 0x08 || (insn.opcode & 0x18) === 0x10;
  if (isHalfOrByte) return "invalid atomic operand size: a read-modify-write takes 4 or 8 bytes";
  const fetches = (insn.imm & BPF_ATOMIC.FETCH) !== 0 && insn.imm !== BPF_ATOMIC.CMPXCHG;
  return fetches && insn.src === FRAME_POINTER ? readOnlyFrame : "";
}

function rejectAlu(insn: Insn): string {
  const { src, off, imm, dst } = insn, operation = insn.opcode & 0xf0;
  const is64 = classOf(insn) === BPF_CLASS.ALU64, byRegister = hasSourceRegister(insn);
  if (operation === ALU.END) {
    if (is64 && byRegister) return unknown(insn);
    if (src !== 0 || off !== 0 || (imm !== 16 && imm !== 32 && imm !== 64)) return "BPF_END uses reserved fields";
  } else if (operation === ALU.NEG) {
    if (byRegister) return unknown(insn);
    if (src !== 0 || off !== 0 || imm !== 0) return "BPF_NEG uses reserved fields";
  } else if (operation > ALU.END) {
    return unknown(insn);
  } else {
    const mayBeSigned = operation === ALU.DIV || operation === ALU.MOD;
    const extends_ = operation === ALU.MOV && byRegister && (off === 8 || off === 16 || (is64 && off === 32));
    const offAllowed = off === 0 || (mayBeSigned && off === 1) || extends_;
    const name = operation === ALU.MOV ? "BPF_MOV" : "BPF_ALU";
    if (!offAllowed || (byRegister ? imm !== 0 : src !== 0)) return `${name} uses reserved fields`;
  }
  return dst === FRAME_POINTER ? readOnlyFrame : "";
}

const JA = 0x00, CALL = 0x80, EXIT = 0x90, JCOND = 0xe0;

function rejectJump(insn: Insn): string {
  const { dst, src, off, imm } = insn, operation = insn.opcode & 0xf0;
  const is64 = classOf(insn) === BPF_CLASS.JMP, byRegister = hasSourceRegister(insn);
  switch (operation) {
    case JA:
      if (byRegister) return unknown(insn);
      return dst !== 0 || src !== 0 || (is64 ? imm : off) !== 0 ? "BPF_JA uses reserved fields" : "";
    case CALL:
      if (is64 && byRegister) return "a call through a register (callx) is not supported";
      if (!is64) return unknown(insn);
      if (src > BPF_PSEUDO.KFUNC_CALL || dst !== 0) return "BPF_CALL uses reserved fields";
      return off !== 0 && src !== BPF_PSEUDO.KFUNC_CALL ? "BPF_CALL uses reserved fields" : "";
    case EXIT:
      if (!is64 || byRegister) return unknown(insn);
      return dst !== 0 || src !== 0 || off !== 0 || imm !== 0 ? "BPF_EXIT uses reserved fields" : "";
    case JCOND:
      return is64 && !byRegister ? "may_goto is not supported: use a bounded loop or bpf_loop" : unknown(insn);
    default:
      if (operation > JCOND) return unknown(insn);
      if (byRegister ? imm !== 0 : src !== 0) return "BPF_JMP uses reserved fields";
      return src > FRAME_POINTER ? `R${src} is invalid` : "";
  }
}

/** Jumps stay in their function and meet instructions; no function runs past its end (check_subprogs). */
function checkControlFlow(insns: readonly Insn[], functions: readonly number[]): void {
  const isSecondHalf = new Uint8Array(insns.length + 1);
  const starts = new Set([0, ...functions]);
  insns.forEach((insn, index) => {
    if (isWide(insn)) isSecondHalf[index + 1] = 1;
  });
  const meetsInsn = (target: number) => target >= 0 && target < insns.length && !isSecondHalf[target];
  insns.forEach((insn, index) => {
    if (isSecondHalf[index] || !isBpfCall(insn)) return;
    const target = index + 1 + insn.imm;
    if (!meetsInsn(target)) throw new ByteCodeError(`call to insn ${target}, which is not there`, index);
    starts.add(target);
  });
  const bounds = [...starts].sort((a, b) => a - b);
  bounds.forEach((start, i) => checkFunction(insns, start, bounds[i + 1] ?? insns.length, meetsInsn));
}

function checkFunction(
  insns: readonly Insn[],
  start: number,
  end: number,
  meetsInsn: (target: number) => boolean,
): void {
  let last = start;
  for (let index = start; index < end; index += isWide(insns[index]) ? 2 : 1) {
    last = index;
    if (!isJump(insns[index])) continue;
    const target = jumpTarget(insns[index], index);
    if (target < start || target >= end) {
      throw new ByteCodeError(`jump out of range from insn ${index} to ${target}`, index);
    }
    if (!meetsInsn(target)) throw new ByteCodeError(`jump to insn ${target}, the second half of a wide insn`, index);
  }
  if (!isExit(insns[last]) && !isGoto(insns[last])) {
    throw new ByteCodeError("last insn is not an exit or jmp: control would fall off the end", last);
  }
}
