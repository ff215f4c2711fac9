/**
 * One BPF instruction, decoded (RFC 9669 section 3), and the numbers that name opcodes.
 *
 * A wide instruction (`BPF_LD_IMM64`) takes two slots; the second slot is kept in the list as an instruction with
 * `opcode` 0, so that an index into the list is always the index that jumps and line info count in.
 */
export interface Insn {
  /** The opcode byte. */
  readonly opcode: number;
  /** Destination register, 0 to 10. */
  readonly dst: number;
  /** Source register, 0 to 10, or a pseudo source (`BPF_PSEUDO_*`) in `BPF_LD_IMM64` and calls. */
  readonly src: number;
  /** Signed 16-bit offset. */
  readonly off: number;
  /** Signed 32-bit immediate. */
  readonly imm: number;
  /** The 64-bit immediate of a wide instruction, as an unsigned number; `undefined` elsewhere. */
  readonly imm64?: bigint;
}

/** Instruction classes: the low three bits of an opcode (RFC 9669 section 3.1). */
export const BPF_CLASS = { LD: 0, LDX: 1, ST: 2, STX: 3, ALU: 4, JMP: 5, JMP32: 6, ALU64: 7 } as const;

/** Modes of load and store instructions: the high three bits (RFC 9669 section 5). */
export const BPF_MODE = { IMM: 0x00, ABS: 0x20, IND: 0x40, MEM: 0x60, MEMSX: 0x80, ATOMIC: 0xc0 } as const;

/** Sizes of load and store instructions: bits 3 and 4. */
export const BPF_SIZE = { W: 0x00, H: 0x08, B: 0x10, DW: 0x18 } as const;

/** Arithmetic operations: the high four bits of an opcode (RFC 9669 section 4.1). */
export const ALU = {
  ADD: 0x00,
  SUB: 0x10,
  MUL: 0x20,
  DIV: 0x30,
  OR: 0x40,
  AND: 0x50,
  LSH: 0x60,
  RSH: 0x70,
  NEG: 0x80,
  MOD: 0x90,
  XOR: 0xa0,
  MOV: 0xb0,
  ARSH: 0xc0,
  END: 0xd0,
} as const;

/** Atomic operations: the immediate of an instruction of mode ATOMIC (RFC 9669 section 5.3). */
export const BPF_ATOMIC = {
  ADD: 0x00,
  OR: 0x40,
  AND: 0x50,
  XOR: 0xa0,
  FETCH: 0x01,
  XCHG: 0xe1,
  CMPXCHG: 0xf1,
  LOAD_ACQ: 0x100,
  STORE_REL: 0x110,
} as const;

/** Pseudo sources of `BPF_LD_IMM64` and of calls (RFC 9669 section 5.4, include/uapi/linux/bpf.h). */
export const BPF_PSEUDO = {
  MAP_FD: 1,
  MAP_VALUE: 2,
  BTF_ID: 3,
  FUNC: 4,
  MAP_IDX: 5,
  MAP_IDX_VALUE: 6,
  CALL: 1,
  KFUNC_CALL: 2,
} as const;

const SIZE_BYTES = [4, 2, 1, 8] as const;

export const classOf = (insn: Insn): number => insn.opcode & 0x07;
export const modeOf = (insn: Insn): number => insn.opcode & 0xe0;
/** Bytes that a load, store or atomic instruction touches: 1, 2, 4 or 8. */
export const accessBytes = (insn: Insn): 1 | 2 | 4 | 8 => SIZE_BYTES[(insn.opcode >> 3) & 3];
export const isWide = (insn: Insn): boolean => insn.opcode === 0x18;
export const isExit = (insn: Insn): boolean => insn.opcode === 0x95;
/** A call of a helper, a BPF function or a kernel function; `src` tells which. */
export const isCall = (insn: Insn): boolean => insn.opcode === 0x85;
export const isHelperCall = (insn: Insn): boolean => isCall(insn) && insn.src === 0;
export const isKfuncCall = (insn: Insn): boolean => isCall(insn) && insn.src === BPF_PSEUDO.KFUNC_CALL;
export const isBpfCall = (insn: Insn): boolean => isCall(insn) && insn.src === BPF_PSEUDO.CALL;
export const isLoad = (insn: Insn): boolean => classOf(insn) === BPF_CLASS.LDX;
export const isAtomic = (insn: Insn): boolean => classOf(insn) === BPF_CLASS.STX && modeOf(insn) === BPF_MODE.ATOMIC;
export const isStore = (insn: Insn): boolean =>
  (classOf(insn) === BPF_CLASS.ST || classOf(insn) === BPF_CLASS.STX) && !isAtomic(insn);
export const isMemoryAccess = (insn: Insn): boolean => isLoad(insn) || isStore(insn) || isAtomic(insn);
/** An unconditional jump: `goto` (16-bit offset) or `gotol` (32-bit offset in imm). */
export const isGoto = (insn: Insn): boolean => insn.opcode === 0x05 || insn.opcode === 0x06;
export const isJump = (insn: Insn): boolean =>
  (classOf(insn) === BPF_CLASS.JMP || classOf(insn) === BPF_CLASS.JMP32) && !isCall(insn) && !isExit(insn);
/** Index of the instruction that a jump at `index` goes to. */
export const jumpTarget = (insn: Insn, index: number): number =>
  index + 1 + (insn.opcode === 0x06 ? insn.imm : insn.off);

/**
 * Decodes byte code into instructions, one per 8-byte slot.
 *
 * @throws RangeError when the length is not a multiple of 8 or a wide instruction lacks its second slot.
 */
export function decode(bytes: Uint8Array): Insn[] {
  if (bytes.length % 8 !== 0) {
    throw new RangeError(`byte code of ${bytes.length} bytes: every instruction takes 8`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const insns: Insn[] = [];
  for (let at = 0; at < bytes.length; at += 8) {
    const registers = view.getUint8(at + 1);
    const insn = {
      opcode: view.getUint8(at),
      dst: registers & 0x0f,
      src: registers >> 4,
      off: view.getInt16(at + 2, true),
      imm: view.getInt32(at + 4, true),
    };
    if (!isWide(insn)) {
      insns.push(insn);
      continue;
    }
    if (at + 16 > bytes.length) throw new RangeError(`insn ${at / 8}: BPF_LD_IMM64 without its second half`);
    const high = view.getInt32(at + 12, true);
    const imm64 = BigInt.asUintN(64, (BigInt(high) << 32n) | BigInt(insn.imm >>> 0));
    insns.push({ ...insn, imm64 });
    at += 8;
    const second = view.getUint8(at + 1);
    insns.push({
      opcode: view.getUint8(at),
      dst: second & 0x0f,
      src: second >> 4,
      off: view.getInt16(at + 2, true),
      imm: high,
    });
    if (view.getUint8(at) !== 0) throw new RangeError(`insn ${at / 8 - 1}: invalid second half of BPF_LD_IMM64`);
  }
  return insns;
}

/** Encodes instructions back into byte code; the inverse of {@link decode}. */
export function encode(insns: readonly Insn[]): Uint8Array {
  const bytes = new Uint8Array(insns.length * 8);
  const view = new DataView(bytes.buffer);
  insns.forEach((insn, index) => {
    const at = index * 8;
    view.setUint8(at, insn.opcode);
    view.setUint8(at + 1, (insn.src << 4) | insn.dst);
    view.setInt16(at + 2, insn.off, true);
    view.setInt32(at + 4, insn.imm, true);
  });
  return bytes;
}
