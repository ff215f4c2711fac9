/** Writes machine instructions at the end of a block. */
import { ALU, BPF_CLASS, BPF_MODE, BPF_SIZE } from "../../isa/insn.ts";
import {
  CALL,
  EXIT,
  FIRST_VIRTUAL,
  FRAME_ADDRESS,
  FRAME_POINTER,
  FROM_REGISTER,
  GOTO,
  LD_IMM64,
  type MachineBlock,
  type MachineFunction,
  type MachineInsn,
  type Register,
} from "../machine.ts";

/** Where memory is: a register, or a slot of the stack, and bytes from there. */
export interface Address {
  readonly base: Register;
  readonly slot?: number;
  readonly off: number;
  /** The loader adjusts `off`. */
  readonly core?: MachineInsn["core"];
}

export type Width = 32 | 64;
/** A register, or an immediate that fits 32 bits. */
export type Operand = { readonly register: Register } | { readonly imm: number };

const SIZES: Readonly<Record<number, number>> = { 1: BPF_SIZE.B, 2: BPF_SIZE.H, 4: BPF_SIZE.W, 8: BPF_SIZE.DW };
const aluClass = (width: Width): number => width === 64 ? BPF_CLASS.ALU64 : BPF_CLASS.ALU;
export const fitsImmediate = (value: bigint): boolean => BigInt.asIntN(32, value) === value;

export class Builder {
  readonly machine: MachineFunction;
  block: MachineBlock;
  /** Given to what is written next. */
  location: number | undefined;

  constructor(name: string) {
    this.machine = { name, blocks: [], slots: [], nextRegister: FIRST_VIRTUAL };
    this.block = { name: "", insns: [], loopDepth: 0 };
  }

  newBlock(name: string, loopDepth = this.block.loopDepth): MachineBlock {
    return { name, insns: [], loopDepth };
  }

  /** From here on instructions go into this block, which stands behind those that are there. */
  startBlock(block: MachineBlock): void {
    this.machine.blocks.push(block);
    this.block = block;
  }

  newRegister(): Register {
    return this.machine.nextRegister++;
  }

  emit(parts: Partial<MachineInsn> & { opcode: number }): MachineInsn {
    const insn = { dst: 0, src: 0, off: 0, imm: 0, location: this.location, ...parts };
    this.block.insns.push(insn);
    return insn;
  }

  copy(dst: Register, src: Register): void {
    if (dst !== src) this.emit({ opcode: BPF_CLASS.ALU64 | ALU.MOV | FROM_REGISTER, dst, src });
  }

  /** A move of the lower half, which clears the upper half (v3). */
  copyLow(dst: Register, src: Register): void {
    this.emit({ opcode: BPF_CLASS.ALU | ALU.MOV | FROM_REGISTER, dst, src });
  }

  /** A move that extends the sign of the lower bits (v4). */
  copySigned(dst: Register, src: Register, bits: number, width: Width): void {
    this.emit({ opcode: aluClass(width) | ALU.MOV | FROM_REGISTER, dst, src, off: bits });
  }

  /** The shortest instruction that makes a 64-bit number; `low` where 32-bit moves are there. */
  immediate(dst: Register, value: bigint, low: boolean): void {
    const signed = BigInt.asIntN(64, value);
    if (low && signed >= 0n && signed <= 0xffffffffn) {
      this.emit({ opcode: BPF_CLASS.ALU | ALU.MOV, dst, imm: Number(BigInt.asIntN(32, signed)) });
    } else if (fitsImmediate(signed)) {
      this.emit({ opcode: BPF_CLASS.ALU64 | ALU.MOV, dst, imm: Number(signed) });
    } else this.emit({ opcode: LD_IMM64, dst, imm64: BigInt.asUintN(64, value) });
  }

  /** `dst op= right`; `signed` chooses signed division (v4). */
  alu(operation: number, width: Width, dst: Register, right: Operand, signed = false): MachineInsn {
    const opcode = aluClass(width) | operation, off = signed ? 1 : 0;
    if ("imm" in right) return this.emit({ opcode, dst, imm: right.imm, off });
    return this.emit({ opcode: opcode | FROM_REGISTER, dst, src: right.register, off });
  }

  negate(width: Width, dst: Register): void {
    this.emit({ opcode: aluClass(width) | ALU.NEG, dst });
  }

  symbol(dst: Register, symbol: string): void {
    this.emit({ opcode: LD_IMM64, dst, imm64: 0n, symbol });
  }

  frameAddress(dst: Register, slot: number, off: number): void {
    this.emit({ opcode: FRAME_ADDRESS, dst, src: FRAME_POINTER, slot, off });
  }

  load(dst: Register, { base, slot, off, core }: Address, sizeBytes: number, signed = false): MachineInsn {
    const mode = signed ? BPF_MODE.MEMSX : BPF_MODE.MEM;
    return this.emit({ opcode: BPF_CLASS.LDX | mode | SIZES[sizeBytes], dst, src: base, slot, off, core, keep: true });
  }

  store({ base, slot, off, core }: Address, value: Operand, sizeBytes: number): MachineInsn {
    const size = SIZES[sizeBytes];
    if ("imm" in value) {
      return this.emit({ opcode: BPF_CLASS.ST | BPF_MODE.MEM | size, dst: base, slot, off, core, imm: value.imm });
    }
    return this.emit({ opcode: BPF_CLASS.STX | BPF_MODE.MEM | size, dst: base, slot, off, core, src: value.register });
  }

  /** @param imm which operation (isa/insn.ts:BPF_ATOMIC) */
  atomic(imm: number, { base, slot, off, core }: Address, src: Register, sizeBytes: number): void {
    this.emit({ opcode: BPF_CLASS.STX | BPF_MODE.ATOMIC | SIZES[sizeBytes], dst: base, src, slot, off, core, imm });
  }

  call(parts: { imm: number; src: number; symbol?: string; argumentCount: number }): void {
    this.emit({ opcode: CALL, ...parts });
  }

  goto(target: MachineBlock): void {
    this.emit({ opcode: GOTO, target });
  }

  /** @param condition the high four bits of the opcode (RFC 9669 section 4.3) */
  branch(condition: number, width: Width, dst: Register, right: Operand, target: MachineBlock): void {
    const opcode = (width === 64 ? BPF_CLASS.JMP : BPF_CLASS.JMP32) | condition;
    if ("imm" in right) this.emit({ opcode, dst, imm: right.imm, target });
    else this.emit({ opcode: opcode | FROM_REGISTER, dst, src: right.register, target });
  }

  exit(returns: boolean): void {
    this.emit({ opcode: EXIT, returns });
  }
}
