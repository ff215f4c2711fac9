/**
 * Arithmetic and conditions: RFC 9669 sections 4.1 to 4.3, one instruction to a few Wasm instructions.
 *
 * A BPF register is an i64 local. A 32-bit instruction works on the low halves and clears the upper half of its result.
 * Where Wasm already does what BPF asks (wrap-around, shift counts taken modulo the width) nothing is added.
 */
import { ALU, BPF_CLASS, classOf, type Insn } from "../isa/insn.ts";
import { register, SCRATCH } from "./translate_locals.ts";
import type { PlainOp, WasmCode } from "./wasm_assembler.ts";

const BINARY: Record<number, string> = {
  [ALU.ADD]: "add",
  [ALU.SUB]: "sub",
  [ALU.MUL]: "mul",
  [ALU.OR]: "or",
  [ALU.AND]: "and",
  [ALU.LSH]: "shl",
  [ALU.RSH]: "shr_u",
  [ALU.XOR]: "xor",
  [ALU.ARSH]: "shr_s",
};

const COMPARISON: Record<number, string> = {
  0x10: "eq",
  0x20: "gt_u",
  0x30: "ge_u",
  0x50: "ne",
  0x60: "gt_s",
  0x70: "ge_s",
  0xa0: "lt_u",
  0xb0: "le_u",
  0xc0: "lt_s",
  0xd0: "le_s",
};
const JSET = 0x40;

/** The second operand is a register, not the immediate. */
const hasSourceRegister = (insn: Insn): boolean => (insn.opcode & 0x08) !== 0;

/** Reads operands and writes results of one instruction in its own width. */
class Operands {
  readonly type: "i32" | "i64";

  constructor(readonly code: WasmCode, readonly insn: Insn, readonly wide: boolean) {
    this.type = wide ? "i64" : "i32";
  }

  op(name: string): this {
    this.code.op(`${this.type}.${name}` as PlainOp);
    return this;
  }
  constant(value: number): this {
    if (this.wide) this.code.i64(value);
    else this.code.i32(value);
    return this;
  }
  dst(): this {
    return this.#read(this.insn.dst);
  }
  /** The source register, or the immediate, sign-extended to the width. */
  src(): this {
    return hasSourceRegister(this.insn) ? this.#read(this.insn.src) : this.constant(this.insn.imm);
  }
  /** Takes the result off the stack into dst; a 32-bit one with zeros above it. */
  store(): void {
    if (!this.wide) this.code.op("i64.extend_i32_u");
    this.code.set(register(this.insn.dst));
  }
  #read(r: number): this {
    this.code.get(register(r));
    if (!this.wide) this.code.op("i32.wrap_i64");
    return this;
  }
}

/** Emits an instruction of class ALU or ALU64. */
export function emitAlu(code: WasmCode, insn: Insn): void {
  const operands = new Operands(code, insn, classOf(insn) === BPF_CLASS.ALU64);
  const operation = insn.opcode & 0xf0;
  switch (operation) {
    case ALU.DIV:
      return emitDivision(operands, "div");
    case ALU.MOD:
      return emitDivision(operands, "rem");
    case ALU.NEG:
      return operands.constant(0).dst().op("sub").store();
    case ALU.MOV:
      return emitMove(operands);
    case ALU.END:
      return emitByteSwap(code, insn);
    default:
      return operands.dst().src().op(BINARY[operation]).store();
  }
}

/** A move, or with an offset of 8, 16 or 32 a sign-extending move of so many bits. */
function emitMove(operands: Operands): void {
  const { imm64 } = operands.insn;
  if (imm64 !== undefined) return emitCast(operands.code, operands.insn, imm64);
  operands.src();
  if (operands.insn.off !== 0) operands.op(`extend${operands.insn.off}_s`);
  operands.store();
}

/** A pointer's move to another address space: NULL stays 0 on its way to user space (arch/x86/net/bpf_jit_comp.c). */
function emitCast(code: WasmCode, { src, dst, imm }: Insn, high: bigint): void {
  code.get(register(src)).i64(0xffff_ffffn).op("i64.and").tee(SCRATCH.wide).i64(high).op("i64.or");
  if (imm !== 1) code.i64(0).get(SCRATCH.wide).op("i64.eqz").op("i32.eqz").op("select");
  code.set(register(dst));
}

/**
 * Division and modulo; offset 1 makes them signed. Dividing by 0 gives 0 and modulo 0 leaves dst as it was; the
 * smallest number divided by -1 is itself (Wasm would trap on it).
 */
function emitDivision(operands: Operands, name: "div" | "rem"): void {
  const { code, insn, type } = operands;
  const signed = insn.off === 1;
  const byRegister = hasSourceRegister(insn);
  const emitNonZero = () => {
    const overflows = signed && name === "div";
    if (overflows && (byRegister || insn.imm === -1)) {
      operands.src().constant(-1).op("eq");
      code.if(type);
      operands.constant(0).dst().op("sub");
      code.else();
      operands.dst().src().op("div_s");
      code.end();
    } else {
      operands.dst().src().op(name + (signed ? "_s" : "_u"));
    }
  };
  if (!byRegister && insn.imm !== 0) {
    emitNonZero();
  } else {
    operands.src().op("eqz");
    code.if(type);
    if (name === "div") operands.constant(0);
    else operands.dst();
    code.else();
    emitNonZero();
    code.end();
  }
  operands.store();
}

/**
 * Byte swaps. Class ALU64 always swaps; class ALU converts to little endian (this machine's order: only truncates)
 * or, with the source bit, to big endian. The immediate is the width in bits.
 */
function emitByteSwap(code: WasmCode, insn: Insn): void {
  const local = register(insn.dst);
  const swaps = classOf(insn) === BPF_CLASS.ALU64 || hasSourceRegister(insn);
  if (swaps) {
    // Exchange neighbouring bytes, then neighbouring pairs, then halves; a narrower value moves down from the top.
    code.get(local);
    emitExchange(code, 8, 0x00ff_00ff_00ff_00ffn);
    emitExchange(code, 16, 0x0000_ffff_0000_ffffn);
    code.i64(32).op("i64.rotl");
    if (insn.imm < 64) code.i64(64 - insn.imm).op("i64.shr_u");
    code.set(local);
  } else if (insn.imm < 64) {
    code.get(local).i64((1n << BigInt(insn.imm)) - 1n).op("i64.and").set(local);
  }
}

/** Exchanges neighbouring groups of `bits` bits of the number on the stack; `mask` selects every second group. */
function emitExchange(code: WasmCode, bits: number, mask: bigint): void {
  code.tee(SCRATCH.wide).i64(bits).op("i64.shr_u").i64(mask).op("i64.and");
  code.get(SCRATCH.wide).i64(mask).op("i64.and").i64(bits).op("i64.shl").op("i64.or");
}

/** Leaves 1 on the stack where a conditional jump is taken, else 0. */
export function emitCondition(code: WasmCode, insn: Insn): void {
  const operands = new Operands(code, insn, classOf(insn) === BPF_CLASS.JMP);
  operands.dst().src();
  const operation = insn.opcode & 0xf0;
  if (operation === JSET) operands.op("and").constant(0).op("ne");
  else operands.op(COMPARISON[operation]);
}
