/**
 * A function between selection and encoding: BPF instructions (RFC 9669) whose registers may still be virtual, in basic
 * blocks. Numbers 0 to 10 are the machine's registers, those from {@link FIRST_VIRTUAL} on are virtual, of which a
 * function may have any number; the allocator (allocate/) replaces them.
 *
 * Instructions are two-address from the start, as the machine's are: `r1 += r2` reads and writes r1.
 */
import { ALU, BPF_ATOMIC, BPF_CLASS, BPF_MODE } from "../isa/insn.ts";
import type { CoreRelocation } from "./assembled.ts";

export type Register = number;

export const R0 = 0, FRAME_POINTER = 10, FIRST_VIRTUAL = 16, NO_REGISTER = -1;
/** What calls leave undefined, besides the result in r0. */
export const CALLER_SAVED: readonly Register[] = [0, 1, 2, 3, 4, 5];
export const MAX_ARGUMENTS = 5;
export const isVirtual = (register: Register): boolean => register >= FIRST_VIRTUAL;

/** `dst` = address of a stack slot plus `off`: two instructions later, or one where the slot is the frame's edge. */
export const FRAME_ADDRESS = 0x100;
/** From here on, up to here, a stack slot holds something: no instructions, but for stack_sharing.ts. */
export const LIFETIME_START = 0x101, LIFETIME_END = 0x102;
export const LD_IMM64 = 0x18, GOTO = 0x05, GOTOL = 0x06, CALL = 0x85, EXIT = 0x95;
/** BPF_JCOND: goes on, or to its target when the loop has had its share (kernel/bpf/verifier.c: may_goto). */
export const MAY_GOTO = 0xe5;
export const FROM_REGISTER = 0x08;

export interface MachineInsn {
  opcode: number;
  dst: Register;
  src: Register;
  off: number;
  imm: number;
  /** Immediate of LD_IMM64. */
  imm64?: bigint;
  /** The global or function whose address or code it is about. */
  symbol?: string;
  /** The stack slot that `off` counts from; the base register is the frame pointer then. */
  slot?: number;
  /** Where a jump goes. */
  target?: MachineBlock;
  /** How many of r1 to r5 a call reads. */
  argumentCount?: number;
  /** An exit that reads r0. */
  returns?: boolean;
  /** Is kept even when nothing reads what it makes. */
  keep?: boolean;
  core?: Omit<CoreRelocation, "offset">;
  /** Number of the `!DILocation`. */
  location?: number;
}

export interface MachineBlock {
  readonly name: string;
  /** At the end: a conditional jump and `goto`, a `goto`, or `exit`; or nothing, where control cannot come. */
  insns: MachineInsn[];
  /** Loops that it is in, for the cost of spills. */
  loopDepth: number;
}

export interface StackSlot {
  readonly sizeBytes: number;
  readonly align: number;
}

export interface MachineFunction {
  readonly name: string;
  readonly blocks: MachineBlock[];
  readonly slots: StackSlot[];
  /** The next virtual register's number. */
  nextRegister: Register;
}

export const classOf = (insn: MachineInsn): number => insn.opcode & 7;
const isAtomic = (insn: MachineInsn): boolean =>
  classOf(insn) === BPF_CLASS.STX && (insn.opcode & 0xe0) === BPF_MODE.ATOMIC;
export const isConditional = (insn: MachineInsn): boolean =>
  insn.opcode < 0x100 && (classOf(insn) === BPF_CLASS.JMP || classOf(insn) === BPF_CLASS.JMP32) &&
  ![GOTO, GOTOL, CALL, EXIT].includes(insn.opcode);
const isMarker = ({ opcode }: MachineInsn): boolean => opcode === LIFETIME_START || opcode === LIFETIME_END;
/** `dst = src`, all 64 bits of it. */
export const isCopy = (insn: MachineInsn): boolean =>
  insn.opcode === (BPF_CLASS.ALU64 | ALU.MOV | FROM_REGISTER) && insn.off === 0;

/** Successors in the order in which its jumps name them. */
export const successors = (block: MachineBlock): MachineBlock[] =>
  block.insns.flatMap((insn) => insn.target ? [insn.target] : []);

export interface RegisterUse {
  readonly defs: readonly Register[];
  readonly uses: readonly Register[];
}

/** Registers that an instruction writes and reads, without the frame pointer, which every one may read. */
export function registersOf(insn: MachineInsn): RegisterUse {
  const { dst, src } = insn, use = (...uses: Register[]) => uses.filter((one) => one !== FRAME_POINTER && one >= 0);
  if (isMarker(insn)) return { defs: [], uses: [] };
  if (insn.opcode === FRAME_ADDRESS || insn.opcode === LD_IMM64) return { defs: [dst], uses: [] };
  const fromRegister = (insn.opcode & FROM_REGISTER) !== 0, operation = insn.opcode & 0xf0;
  switch (classOf(insn)) {
    case BPF_CLASS.ALU:
    case BPF_CLASS.ALU64: {
      const reads = operation === ALU.MOV ? [] : [dst];
      const isUnary = operation === ALU.NEG || operation === ALU.END;
      return { defs: [dst], uses: use(...reads, ...(fromRegister && !isUnary ? [src] : [])) };
    }
    case BPF_CLASS.LDX:
      return { defs: [dst], uses: use(src) };
    case BPF_CLASS.ST:
      return { defs: [], uses: use(dst) };
    case BPF_CLASS.STX:
      return isAtomic(insn) ? registersOfAtomic(insn) : { defs: [], uses: use(dst, src) };
  }
  if (insn.opcode === CALL) {
    return { defs: CALLER_SAVED, uses: Array.from({ length: insn.argumentCount ?? 0 }, (_, i) => i + 1) };
  }
  if (insn.opcode === EXIT) return { defs: [], uses: insn.returns ? [R0] : [] };
  if (!isConditional(insn) || insn.opcode === MAY_GOTO) return { defs: [], uses: [] };
  return { defs: [], uses: use(dst, ...(fromRegister ? [src] : [])) };
}

function registersOfAtomic({ dst, src, imm }: MachineInsn): RegisterUse {
  const use = (...uses: Register[]) => uses.filter((one) => one !== FRAME_POINTER);
  if (imm === BPF_ATOMIC.LOAD_ACQ) return { defs: [dst], uses: use(src) };
  if (imm === BPF_ATOMIC.CMPXCHG) return { defs: [R0], uses: use(dst, src, R0) };
  return { defs: (imm & BPF_ATOMIC.FETCH) !== 0 ? [src] : [], uses: use(dst, src) };
}

/** Replaces the registers that an instruction names; those that calls and exits name otherwise stay. */
export function renameRegisters(insn: MachineInsn, rename: (register: Register) => Register): void {
  if (isVirtual(insn.dst)) insn.dst = rename(insn.dst);
  if (isVirtual(insn.src)) insn.src = rename(insn.src);
}

/** Whether an instruction does nothing but make a value. */
export function isPure(insn: MachineInsn): boolean {
  if (insn.keep || isMarker(insn)) return false;
  if (insn.opcode === FRAME_ADDRESS || insn.opcode === LD_IMM64) return true;
  return classOf(insn) === BPF_CLASS.ALU || classOf(insn) === BPF_CLASS.ALU64;
}
