/** What computing instructions do to numbers (RFC 9669 sections 4.1 to 4.3): registers are unsigned 64-bit numbers. */
import { ALU, BPF_ATOMIC, BPF_CLASS, classOf, type Insn } from "../../isa/insn.ts";

const u64 = (x: bigint): bigint => BigInt.asUintN(64, x);

/** The new value of the destination register. */
export function compute(insn: Insn, dst: bigint, src: bigint): bigint {
  const bits = classOf(insn) === BPF_CLASS.ALU64 ? 64 : 32, operation = insn.opcode & 0xf0;
  if (operation === ALU.END) return swapBytes(insn, dst);
  return arithmetic(operation, bits, BigInt.asUintN(bits, dst), BigInt.asUintN(bits, src), insn.off);
}

function arithmetic(operation: number, bits: number, dst: bigint, src: bigint, off: number): bigint {
  const unsigned = (x: bigint) => BigInt.asUintN(bits, x), signed = (x: bigint) => BigInt.asIntN(bits, x);
  const count = src & BigInt(bits - 1);
  switch (operation) {
    case ALU.ADD:
      return unsigned(dst + src);
    case ALU.SUB:
      return unsigned(dst - src);
    case ALU.MUL:
      return unsigned(dst * src);
    case ALU.DIV:
      if (src === 0n) return 0n;
      return off === 1 ? unsigned(signed(dst) / signed(src)) : dst / src;
    case ALU.MOD:
      if (src === 0n) return dst;
      return off === 1 ? unsigned(signed(dst) % signed(src)) : dst % src;
    case ALU.OR:
      return dst | src;
    case ALU.AND:
      return dst & src;
    case ALU.XOR:
      return dst ^ src;
    case ALU.LSH:
      return unsigned(dst << count);
    case ALU.RSH:
      return dst >> count;
    case ALU.ARSH:
      return unsigned(signed(dst) >> count);
    case ALU.NEG:
      return unsigned(-dst);
    case ALU.MOV:
      return off === 0 ? src : unsigned(BigInt.asIntN(off, src));
  }
  throw new RangeError(`no arithmetic operation 0x${operation.toString(16)}`);
}

function swapBytes(insn: Insn, value: bigint): bigint {
  const bits = insn.imm, low = BigInt.asUintN(bits, value);
  // Of the 32-bit class, the source bit tells big from little; the 64-bit class always swaps.
  if (classOf(insn) === BPF_CLASS.ALU && (insn.opcode & 0x08) === 0) return low;
  let swapped = 0n;
  for (let at = 0; at < bits; at += 8) swapped = (swapped << 8n) | ((low >> BigInt(at)) & 0xffn);
  return swapped;
}

/** Whether a conditional jump is taken. */
export function isTaken(insn: Insn, dst: bigint, src: bigint): boolean {
  const bits = classOf(insn) === BPF_CLASS.JMP ? 64 : 32;
  const a = BigInt.asUintN(bits, dst), b = BigInt.asUintN(bits, src);
  const signedA = BigInt.asIntN(bits, dst), signedB = BigInt.asIntN(bits, src);
  switch (insn.opcode & 0xf0) {
    case 0x10:
      return a === b;
    case 0x50:
      return a !== b;
    case 0x20:
      return a > b;
    case 0x30:
      return a >= b;
    case 0xa0:
      return a < b;
    case 0xb0:
      return a <= b;
    case 0x40:
      return (a & b) !== 0n;
    case 0x60:
      return signedA > signedB;
    case 0x70:
      return signedA >= signedB;
    case 0xc0:
      return signedA < signedB;
    case 0xd0:
      return signedA <= signedB;
  }
  throw new RangeError(`no jump 0x${insn.opcode.toString(16)}`);
}

/** What an atomic instruction leaves in memory, of what was there and of its source register. */
export function afterAtomic(insn: Insn, bits: number, old: bigint, src: bigint): bigint {
  const operand = BigInt.asUintN(bits, src);
  if (insn.imm === BPF_ATOMIC.XCHG) return operand;
  switch (insn.imm & ~BPF_ATOMIC.FETCH) {
    case BPF_ATOMIC.ADD:
      return BigInt.asUintN(bits, old + operand);
    case BPF_ATOMIC.OR:
      return old | operand;
    case BPF_ATOMIC.AND:
      return old & operand;
    case BPF_ATOMIC.XOR:
      return old ^ operand;
  }
  throw new RangeError(`no atomic operation 0x${insn.imm.toString(16)}`);
}

/** A register as an unsigned number. */
export const asRegister = u64;
