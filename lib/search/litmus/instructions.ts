/**
 * Instructions as litmus files write them (herdtools7, lib/BPFParser.mly), to BPF instructions.
 *
 * herd7 knows no mixed sizes: whatever size is written, a place in memory holds one whole value. So every access here
 * has 64 bits, and addresses fit into memory as they do there.
 */
import { BPF_ATOMIC, type Insn } from "../../isa/insn.ts";
import { LitmusError, registerNumber } from "./litmus_file.ts";

const ALU64 = 0x07, JMP = 0x05, X = 0x08;
const LDX_DW = 0x79, ST_DW = 0x7a, STX_DW = 0x7b, ATOMIC_DW = 0xdb, LD_IMM64 = 0x18, GOTO = 0x05, MOV = 0xb0;
export const EXIT: Insn = { opcode: 0x95, dst: 0, src: 0, off: 0, imm: 0 };

const ALU_OPS: Readonly<Record<string, number>> = {
  "+=": 0x00,
  "-=": 0x10,
  "*=": 0x20,
  "/=": 0x30,
  "|=": 0x40,
  "&=": 0x50,
  "<<=": 0x60,
  ">>=": 0x70,
  "%=": 0x90,
  "^=": 0xa0,
  "s>>=": 0xc0,
};

/** herd7 compares as signed numbers. */
const CONDITIONS: Readonly<Record<string, number>> = {
  "==": 0x10,
  "!=": 0x50,
  ">": 0x60,
  ">=": 0x70,
  "<": 0xc0,
  "<=": 0xd0,
  "s>": 0x60,
  "s>=": 0x70,
  "s<": 0xc0,
  "s<=": 0xd0,
  "&": 0x40,
};

const FETCHES: Readonly<Record<string, number>> = {
  add: BPF_ATOMIC.ADD,
  and: BPF_ATOMIC.AND,
  or: BPF_ATOMIC.OR,
  xor: BPF_ATOMIC.XOR,
};
const LOCK_OPS: Readonly<Record<string, number>> = {
  "+=": BPF_ATOMIC.ADD,
  "&=": BPF_ATOMIC.AND,
  "|=": BPF_ATOMIC.OR,
  "^=": BPF_ATOMIC.XOR,
};

export interface ParsedInsn {
  /** One, or two slots for a 64-bit immediate. */
  readonly insns: readonly Insn[];
  readonly target?: string;
}

type Build = (match: RegExpExecArray, at: Cell) => ParsedInsn;

/** The cell that is being read, for messages. */
interface Cell {
  readonly text: string;
  readonly line: number;
}

const fail = (cell: Cell, reason: string): never => {
  throw new LitmusError(cell.line, `${reason}: ${cell.text}`);
};

function register(name: string, cell: Cell): number {
  return registerNumber(name) ?? fail(cell, `${name} is no BPF register (r0 to r10 are)`);
}

function number(text: string, cell: Cell, bits: number): number {
  const value = Number(text.replace("+", "")), limit = 2 ** (bits - 1);
  if (!Number.isSafeInteger(value) || value < -limit || value >= limit) fail(cell, `${text} does not fit ${bits} bits`);
  return value;
}

const insn = (opcode: number, dst: number, src: number, off = 0, imm = 0): Insn => ({ opcode, dst, src, off, imm });
const one = (...fields: Parameters<typeof insn>): ParsedInsn => ({ insns: [insn(...fields)] });

/** `rd = 64-bit immediate`, in two slots. */
export function loadImmediate(dst: number, value: bigint): Insn[] {
  const imm64 = BigInt.asUintN(64, value);
  const half = (bits: bigint) => Number(BigInt.asIntN(32, bits));
  return [{ ...insn(LD_IMM64, dst, 0, 0, half(imm64)), imm64 }, insn(0, 0, 0, 0, half(imm64 >> 32n))];
}

export const store = (base: number, src: number): Insn => insn(STX_DW, base, src);

const R = "([A-Za-z]\\w*)", K = "([-+]?(?:0[xX][0-9a-fA-F]+|\\d+))", SIZE = "\\([us](?:8|16|32|64)\\*\\)";
const PLACE = `\\(${R}([-+]\\d+)?\\)`, SIZED = `\\(${SIZE}${PLACE}`;

/** Every form, tried in turn on the cell without its blanks. */
const FORMS: readonly (readonly [RegExp, Build])[] = [
  [/^exit$/, () => ({ insns: [EXIT] })],
  [form(`goto(.+)`), ([, target]) => ({ insns: [insn(GOTO, 0, 0)], target })],
  [form(`if${R}(==|!=|s?[<>]=?|&)(?:${K}|${R})goto(.+)`), ([, left, condition, k, right, target], cell) => {
    const dst = register(left, cell), op = CONDITIONS[condition] | JMP;
    return k !== undefined
      ? { insns: [insn(op, dst, 0, 0, number(k, cell, 32))], target }
      : { insns: [insn(op | X, dst, register(right, cell))], target };
  }],
  [form(`lock\\*${SIZE}${PLACE}([-+*/%&|^<>s]+=)${R}`), ([, base, off, op, src], cell) => {
    const imm = LOCK_OPS[op] ?? fail(cell, `there is no atomic ${op}`);
    return one(ATOMIC_DW, register(base, cell), register(src, cell), offset(off, cell), imm);
  }],
  [form(`${R}=atomic_fetch_(add|and|or|xor)${SIZED},${R}\\)`), ([, , op, base, off, src], cell) =>
    // The old value goes where the operand came from: the instruction has no third register.
    one(
      ATOMIC_DW,
      register(base, cell),
      register(src, cell),
      offset(off, cell),
      FETCHES[op] | BPF_ATOMIC.FETCH,
    )],
  [
    form(`${R}=xchg_?(?:64|32_32)\\(${R}([-+]\\d+)?,${R}\\)`),
    ([, , base, off, src], cell) =>
      one(ATOMIC_DW, register(base, cell), register(src, cell), offset(off, cell), BPF_ATOMIC.XCHG),
  ],
  [
    form(`${R}=cmpxchg_?(?:64|32_32)\\(${R}([-+]\\d+)?,${R},${R}\\)`),
    ([, , base, off, , src], cell) =>
      one(ATOMIC_DW, register(base, cell), register(src, cell), offset(off, cell), BPF_ATOMIC.CMPXCHG),
  ],
  [
    form(`${R}=load_acquire${SIZED}\\)`),
    ([, dst, base, off], cell) =>
      one(ATOMIC_DW, register(dst, cell), register(base, cell), offset(off, cell), BPF_ATOMIC.LOAD_ACQ),
  ],
  [
    form(`store_release${SIZED},${R}\\)`),
    ([, base, off, src], cell) =>
      one(ATOMIC_DW, register(base, cell), register(src, cell), offset(off, cell), BPF_ATOMIC.STORE_REL),
  ],
  [
    form(`${R}=\\*${SIZE}${PLACE}`),
    ([, dst, base, off], cell) => one(LDX_DW, register(dst, cell), register(base, cell), offset(off, cell)),
  ],
  [
    form(`\\*${SIZE}${PLACE}=${R}`),
    ([, base, off, src], cell) => one(STX_DW, register(base, cell), register(src, cell), offset(off, cell)),
  ],
  [
    form(`\\*${SIZE}${PLACE}=${K}`),
    ([, base, off, k], cell) => one(ST_DW, register(base, cell), 0, offset(off, cell), number(k, cell, 32)),
  ],
  [form(`${R}(s>>=|<<=|>>=|[-+*/%&|^]=)(?:${K}|${R})`), ([, left, op, k, right], cell) => {
    const dst = register(left, cell), opcode = ALU_OPS[op] | ALU64;
    return k !== undefined ? one(opcode, dst, 0, 0, number(k, cell, 32)) : one(opcode | X, dst, register(right, cell));
  }],
  [form(`${R}=${R}`), ([, dst, src], cell) => one(MOV | ALU64 | X, register(dst, cell), register(src, cell))],
  [form(`${R}=${K}`), ([, dst, k], cell) => {
    const value = BigInt(k.replace(/^[-+]/, "")) * (k.startsWith("-") ? -1n : 1n);
    if (BigInt.asIntN(64, value) !== value) fail(cell, `${k} does not fit 64 bits`);
    return { insns: setRegister(register(dst, cell), value) };
  }],
];

/** `rd = value` in as few slots as it takes. */
export function setRegister(dst: number, value: bigint): readonly Insn[] {
  return BigInt.asIntN(32, value) === value ? [insn(MOV | ALU64, dst, 0, 0, Number(value))] : loadImmediate(dst, value);
}

function form(pattern: string): RegExp {
  return new RegExp(`^${pattern}$`);
}

function offset(text: string | undefined, cell: Cell): number {
  return text === undefined ? 0 : number(text, cell, 16);
}

/**
 * One instruction of a column.
 *
 * @throws LitmusError when it is none
 */
export function parseInstruction(text: string, line: number): ParsedInsn {
  const cell = { text: text.trim(), line }, compact = text.replace(/\s+/g, "").replace(/;$/, "");
  for (const [pattern, build] of FORMS) {
    const match = pattern.exec(compact);
    if (match) return build(match, cell);
  }
  return fail(cell, "no BPF instruction that litmus files know");
}
