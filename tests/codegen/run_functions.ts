/** Runs assembled functions: RFC 9669 as plain as it can be, on a memory of our own. */
import type { AssembledFunction } from "../../lib/codegen/assembled.ts";
import {
  accessBytes,
  BPF_ATOMIC,
  BPF_CLASS,
  BPF_MODE,
  classOf,
  decode,
  type Insn,
  isWide,
  modeOf,
} from "../../lib/isa/insn.ts";
import type { Memory } from "./evaluate_ir.ts";

const MAX_STEPS = 100_000, FRAME_BYTES = 512n;
/** What registers hold before they are written: no value that a program could mistake for one of its own. */
const junk = (register: number): bigint => 0xdead_beef_cafe_f00dn * BigInt(register * 2 + 1);
const signed = (value: bigint, bits: number): bigint => BigInt.asIntN(bits, value);
const unsigned = (value: bigint, bits = 64): bigint => BigInt.asUintN(bits, value);

/** @returns what is in r0 at the end */
export function runFunction(
  functions: readonly AssembledFunction[],
  name: string,
  args: readonly bigint[],
  memory: Memory,
  frame = 15_000n,
): bigint {
  const fn = functions.find((one) => one.name === name)!, insns = decode(fn.insns);
  const registers = Array.from({ length: 11 }, (_, i) => unsigned(junk(i)));
  args.forEach((value, i) => registers[i + 1] = value);
  registers[10] = frame;
  const relocations = new Map(fn.relocations.map((one) => [one.offset / 8, one]));
  for (let at = 0, steps = 0;; steps++) {
    const insn = insns[at], { opcode, dst, src, off, imm } = insn, relocation = relocations.get(at);
    if (steps > MAX_STEPS) throw new Error("the machine code does not end");
    if (opcode === 0x95) return registers[0];
    if (isWide(insn)) {
      registers[dst] = relocation ? memory.globals.get(relocation.symbol)! + BigInt(relocation.addend) : insn.imm64!;
      at += 2;
      continue;
    }
    if (opcode === 0x85) {
      registers[0] = runFunction(functions, relocation!.symbol, registers.slice(1, 6), memory, frame - FRAME_BYTES);
      for (let i = 1; i <= 5; i++) registers[i] = unsigned(junk(i + steps));
      at++;
      continue;
    }
    at++;
    switch (classOf(insn)) {
      case BPF_CLASS.ALU:
      case BPF_CLASS.ALU64:
        registers[dst] = arithmetic(insn, registers);
        continue;
      case BPF_CLASS.LDX: {
        const value = memory.read(registers[src] + BigInt(off), accessBytes(insn));
        registers[dst] = modeOf(insn) === BPF_MODE.MEMSX ? unsigned(signed(value, accessBytes(insn) * 8)) : value;
        continue;
      }
      case BPF_CLASS.ST:
        memory.write(registers[dst] + BigInt(off), accessBytes(insn), unsigned(BigInt(imm)));
        continue;
      case BPF_CLASS.STX:
        if (modeOf(insn) === BPF_MODE.ATOMIC) atomic(insn, registers, memory);
        else memory.write(registers[dst] + BigInt(off), accessBytes(insn), registers[src]);
        continue;
    }
    if (opcode === 0x05) at += off;
    else if (opcode === 0x06) at += imm;
    else if (holds(insn, registers)) at += off;
  }
}

const operand = (insn: Insn, registers: readonly bigint[], bits: number): bigint =>
  unsigned(insn.opcode & 8 ? registers[insn.src] : BigInt(insn.imm), bits);

function arithmetic(insn: Insn, registers: readonly bigint[]): bigint {
  const bits = classOf(insn) === BPF_CLASS.ALU64 ? 64 : 32, { off, imm } = insn;
  const a = unsigned(registers[insn.dst], bits), b = operand(insn, registers, bits), by = b & BigInt(bits - 1);
  const cut = (value: bigint) => unsigned(value, bits);
  switch (insn.opcode & 0xf0) {
    case 0x00:
      return cut(a + b);
    case 0x10:
      return cut(a - b);
    case 0x20:
      return cut(a * b);
    case 0x30:
      return b === 0n ? 0n : cut(off === 1 ? signed(a, bits) / signed(b, bits) : a / b);
    case 0x40:
      return a | b;
    case 0x50:
      return a & b;
    case 0x60:
      return cut(a << by);
    case 0x70:
      return a >> by;
    case 0x80:
      return cut(-a);
    case 0x90:
      return b === 0n ? a : cut(off === 1 ? signed(a, bits) % signed(b, bits) : a % b);
    case 0xa0:
      return a ^ b;
    case 0xb0:
      return cut(off === 0 ? b : signed(b, off));
    case 0xc0:
      return cut(signed(a, bits) >> by);
    default: {
      const low = unsigned(registers[insn.dst], imm).toString(16).padStart(imm / 4, "0");
      return BigInt(`0x${low.match(/../g)!.reverse().join("")}`);
    }
  }
}

function atomic({ opcode, dst, src, off, imm }: Insn, registers: bigint[], memory: Memory): void {
  const size = (opcode & 0x18) === 0 ? 4 : 8, at = registers[dst] + BigInt(off), old = memory.read(at, size);
  const by = unsigned(registers[src], size * 8);
  if (imm === BPF_ATOMIC.CMPXCHG) {
    if (old === unsigned(registers[0], size * 8)) memory.write(at, size, by);
    registers[0] = old;
    return;
  }
  const now = {
    [BPF_ATOMIC.ADD]: old + by,
    [BPF_ATOMIC.OR]: old | by,
    [BPF_ATOMIC.AND]: old & by,
    [BPF_ATOMIC.XOR]: old ^ by,
    [BPF_ATOMIC.XCHG & ~BPF_ATOMIC.FETCH]: by,
  }[imm & ~BPF_ATOMIC.FETCH]!;
  memory.write(at, size, unsigned(now, size * 8));
  if (imm & BPF_ATOMIC.FETCH) registers[src] = old;
}

function holds(insn: Insn, registers: readonly bigint[]): boolean {
  const bits = classOf(insn) === BPF_CLASS.JMP ? 64 : 32;
  const a = unsigned(registers[insn.dst], bits), b = operand(insn, registers, bits);
  const [p, q] = [signed(a, bits), signed(b, bits)];
  switch (insn.opcode & 0xf0) {
    case 0x10:
      return a === b;
    case 0x20:
      return a > b;
    case 0x30:
      return a >= b;
    case 0x40:
      return (a & b) !== 0n;
    case 0x50:
      return a !== b;
    case 0x60:
      return p > q;
    case 0x70:
      return p >= q;
    case 0xa0:
      return a < b;
    case 0xb0:
      return a <= b;
    case 0xc0:
      return p < q;
    case 0xd0:
      return p <= q;
  }
  throw new Error(`no jump 0x${insn.opcode.toString(16)}`);
}
