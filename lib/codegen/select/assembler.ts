/** One line of assembly, in the notation of the verifier's log and of LLVM (BPFInstrInfo.td). */
import { ALU, BPF_ATOMIC, BPF_CLASS, BPF_MODE } from "../../isa/insn.ts";
import { CALL, FRAME_POINTER, FROM_REGISTER, LD_IMM64, type MachineInsn, type Register } from "../machine.ts";
import { fitsImmediate, type Operand } from "./builder.ts";

/** A place in the text: `$0`. */
export interface AssemblyOperand {
  readonly register?: Register;
  readonly imm?: bigint;
}

type Parts = Partial<MachineInsn> & { opcode: number };

const REGISTER = String.raw`(\$\{?\d+(?::\w)?\}?|[rw]\d+)`,
  VALUE = String.raw`(\$\{?\d+(?::\w)?\}?|[rw]\d+|-?0x[0-9a-f]+|-?\d+)`;
const PLACE = String.raw`${REGISTER}\s*(?:([-+])\s*${VALUE})?`;
const SIZES: Readonly<Record<string, number>> = { 8: 0x10, 16: 0x08, 32: 0x00, 64: 0x18 };
const OPERATIONS: Readonly<Record<string, number>> = {
  ...{ "+=": ALU.ADD, "-=": ALU.SUB, "*=": ALU.MUL, "/=": ALU.DIV, "|=": ALU.OR, "&=": ALU.AND, "<<=": ALU.LSH },
  ...{ ">>=": ALU.RSH, "%=": ALU.MOD, "^=": ALU.XOR, "=": ALU.MOV, "s>>=": ALU.ARSH, "s/=": ALU.DIV, "s%=": ALU.MOD },
};
const ATOMICS: Readonly<Record<string, number>> = {
  ...{ "+=": BPF_ATOMIC.ADD, "|=": BPF_ATOMIC.OR, "&=": BPF_ATOMIC.AND, "^=": BPF_ATOMIC.XOR },
  ...{ add: BPF_ATOMIC.ADD, or: BPF_ATOMIC.OR, and: BPF_ATOMIC.AND, xor: BPF_ATOMIC.XOR },
};

/** Each form of a line, and what it stands for. */
const FORMS: readonly [RegExp, (match: RegExpExecArray, operands: Operands) => Parts | undefined][] = [
  [form(`${REGISTER} = \\*\\(([us])(8|16|32|64) \\*\\)\\(${PLACE}\\)`), ([, dst, sign, bits, ...place], operands) => ({
    opcode: BPF_CLASS.LDX | (sign === "s" ? BPF_MODE.MEMSX : BPF_MODE.MEM) | SIZES[bits],
    dst: operands.register(dst),
    ...operands.place(place, "src"),
  })],
  [form(`\\*\\(u(8|16|32|64) \\*\\)\\(${PLACE}\\) = ${VALUE}`), ([, bits, base, sign, off, value], operands) => {
    const from = operands.value(value), place = operands.place([base, sign, off], "dst");
    const opcode = ("imm" in from ? BPF_CLASS.ST : BPF_CLASS.STX) | BPF_MODE.MEM | SIZES[bits];
    return { opcode, ...place, ..."imm" in from ? from : { src: from.register } };
  }],
  [
    form(`lock \\*\\(u(32|64) \\*\\)\\(${PLACE}\\) ([-+|&^]=) ${REGISTER}`),
    ([, bits, base, sign, off, op, src], operands) => operands.atomic(ATOMICS[op], bits, [base, sign, off], src),
  ],
  [form(`${REGISTER} = atomic_fetch_(add|or|and|xor)\\(\\(u(32|64) \\*\\)\\(${PLACE}\\), ${REGISTER}\\)`), (
    [, , op, bits, base, sign, off, src],
    operands,
  ) => operands.atomic(ATOMICS[op] | BPF_ATOMIC.FETCH, bits, [base, sign, off], src)],
  [
    form(`${REGISTER} = xchg(?:32)?_(32|64)\\(${PLACE}, ${REGISTER}\\)`),
    ([, , bits, base, sign, off, src], operands) => operands.atomic(BPF_ATOMIC.XCHG, bits, [base, sign, off], src),
  ],
  [
    form(`[rw]0 = cmpxchg(?:32)?_(32|64)\\(${PLACE}, [rw]0, ${REGISTER}\\)`),
    ([, bits, base, sign, off, src], operands) => operands.atomic(BPF_ATOMIC.CMPXCHG, bits, [base, sign, off], src),
  ],
  [
    form(`${REGISTER} = load_acquire\\(\\(u(8|16|32|64) \\*\\)\\(${PLACE}\\)\\)`),
    ([, dst, bits, ...place], operands) => ({
      opcode: BPF_CLASS.STX | BPF_MODE.ATOMIC | SIZES[bits],
      imm: BPF_ATOMIC.LOAD_ACQ,
      dst: operands.register(dst),
      ...operands.place(place, "src"),
    }),
  ],
  [
    form(`store_release\\(\\(u(8|16|32|64) \\*\\)\\(${PLACE}\\), ${REGISTER}\\)`),
    ([, bits, base, sign, off, src], operands) => operands.atomic(BPF_ATOMIC.STORE_REL, bits, [base, sign, off], src),
  ],
  [
    form(`([rw]\\d+) = -\\1`),
    ([, dst], operands) => ({ opcode: operands.alu(dst) | ALU.NEG, dst: operands.register(dst) }),
  ],
  [form(`(r\\d+) = (be|le|bswap)(16|32|64) \\1`), ([, dst, way, bits], operands) => ({
    opcode: ALU.END | { be: BPF_CLASS.ALU | FROM_REGISTER, le: BPF_CLASS.ALU, bswap: BPF_CLASS.ALU64 }[way]!,
    dst: operands.register(dst),
    imm: Number(bits),
  })],
  [form(`${REGISTER} = \\(s(8|16|32)\\) ?${REGISTER}`), ([, dst, bits, src], operands) => ({
    opcode: operands.alu(dst) | ALU.MOV | FROM_REGISTER,
    dst: operands.register(dst),
    src: operands.register(src),
    off: Number(bits),
  })],
  [form(`${REGISTER} = ${VALUE} ll`), ([, dst, value], operands) => ({
    opcode: LD_IMM64,
    dst: operands.register(dst),
    imm64: BigInt.asUintN(64, operands.number(value)),
  })],
  [form(`${REGISTER} (s>>=|s/=|s%=|<<=|>>=|[-+*/|&%^]=|=) ${VALUE}`), ([, dst, op, value], operands) => {
    const from = operands.value(value), off = op === "s/=" || op === "s%=" ? 1 : 0;
    const opcode = operands.alu(dst) | OPERATIONS[op] | ("imm" in from ? 0 : FROM_REGISTER);
    return { opcode, off, dst: operands.register(dst), ..."imm" in from ? from : { src: from.register } };
  }],
  // What it reads is not said: r1 to r5 were set by the lines before.
  [
    form(`call ${VALUE}`),
    ([, value], operands) => ({ opcode: CALL, imm: Number(operands.number(value)), argumentCount: 5 }),
  ],
];

/** A pattern in which a blank stands for any number of them. */
function form(text: string): RegExp {
  return new RegExp(`^${text.replaceAll(" ", "\\s*").replaceAll("\\s\\s*", "\\s*")}$`);
}

class NotAssembly extends Error {}

/** What the places in a line stand for. */
class Operands {
  constructor(readonly given: readonly AssemblyOperand[]) {}

  value(text: string): Operand {
    const place = /^\$\{?(\d+)/.exec(text), register = /^[rw](\d+)$/.exec(text);
    if (register && Number(register[1]) <= FRAME_POINTER) return { register: Number(register[1]) };
    const found = place ? this.given[Number(place[1])] : undefined;
    if (found?.register !== undefined) return { register: found.register };
    const number = this.number(text);
    if (!fitsImmediate(number) && (number < 0n || number > 0xffffffffn)) throw new NotAssembly();
    return { imm: Number(BigInt.asIntN(32, number)) };
  }

  register(text: string): Register {
    const found = this.value(text);
    if (!("register" in found)) throw new NotAssembly();
    return found.register;
  }

  number(text: string): bigint {
    const place = /^\$\{?(\d+)/.exec(text), found = place ? this.given[Number(place[1])]?.imm : undefined;
    if (found !== undefined) return found;
    if (!/^-?(0x[0-9a-f]+|\d+)$/i.test(text)) throw new NotAssembly();
    return text[0] === "-" ? -BigInt(text.slice(1)) : BigInt(text);
  }

  /** A base register and an offset, in the operand that an instruction has for it. */
  place(
    [base, sign, off]: readonly (string | undefined)[],
    which: "dst" | "src",
  ): { off: number } & Partial<MachineInsn> {
    const bytes = off === undefined ? 0 : Number(this.number(off));
    return { [which]: this.register(base!), off: sign === "-" ? -bytes : bytes };
  }

  alu(register: string): number {
    return /^w|:w/.test(register) ? BPF_CLASS.ALU : BPF_CLASS.ALU64;
  }

  atomic(imm: number, bits: string, place: readonly (string | undefined)[], src: string): Parts | undefined {
    const opcode = BPF_CLASS.STX | BPF_MODE.ATOMIC | SIZES[bits];
    return { opcode, imm, ...this.place(place, "dst"), src: this.register(src) };
  }
}

/** @returns the instruction, or `undefined` for what is not understood */
export function assembleLine(line: string, given: readonly AssemblyOperand[]): Parts | undefined {
  const operands = new Operands(given);
  for (const [pattern, make] of FORMS) {
    const match = pattern.exec(line);
    if (!match) continue;
    try {
      return make(match, operands);
    } catch (error) {
      if (!(error instanceof NotAssembly)) throw error;
    }
  }
  return undefined;
}
