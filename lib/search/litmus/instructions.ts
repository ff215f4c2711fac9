/**
 * Instructions as litmus files write them (herdtools7, lib/BPFParser.mly), to BPF instructions.
 *
 * herd7 knows no mixed sizes: whatever size is written, a place in memory holds one whole value. So every access here
 * has 64 bits, and addresses fit into memory as they do there; the size that was written stands beside it.
 */
import { BPF_ATOMIC, type Insn } from "../../isa/insn.ts";
import { LitmusError, registerNumber } from "./litmus_file.ts";

const ALU64 = 0x07, JMP = 0x05, X = 0x08;
const LDX_DW = 0x79, ST_DW = 0x7a, STX_DW = 0x7b, ATOMIC_DW = 0xdb, LD_IMM64 = 0x18, GOTO = 0x05, MOV = 0xb0;
export const EXIT: Insn = { opcode: 0x95, dst: 0, src: 0, off: 0, imm: 0 };

/** herd7 divides signed numbers: offset 1 says so. */
const SIGNED_DIVISION = ["/=", "%="];

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
  readonly insn: Insn;
  /** Label that a jump goes to. */
  readonly target?: string;
  /** What stands for the source register: an immediate of more than 32 bits. */
  readonly constant?: bigint;
  /** Size that an access to memory was written with. */
  readonly bytes?: number;
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

function number(text: string, cell: Cell): bigint {
  const value = BigInt(text.replace(/^[-+]/, "")) * (text.startsWith("-") ? -1n : 1n);
  if (value < -(1n << 63n) || value >= 1n << 64n) fail(cell, `${text} does not fit 64 bits`);
  return BigInt.asIntN(64, value);
}

const insn = (opcode: number, dst: number, src: number, off = 0, imm = 0): Insn => ({ opcode, dst, src, off, imm });
const fits32 = (value: bigint): boolean => BigInt.asIntN(32, value) === value;

/** An instruction with an immediate, or with the constant that its source register holds. */
function withConstant(immediate: number, fromRegister: number, dst: number, off: number, value: bigint): ParsedInsn {
  return fits32(value)
    ? { insn: insn(immediate, dst, 0, off, Number(value)) }
    : { insn: insn(fromRegister, dst, 0, off), constant: value };
}

/** An access to memory. */
const access = (size: string, ...fields: Parameters<typeof insn>): ParsedInsn => ({
  insn: insn(...fields),
  bytes: Number(size) / 8,
});

/** `rd = 64-bit immediate`, in two slots. */
export function loadImmediate(dst: number, value: bigint): Insn[] {
  const imm64 = BigInt.asUintN(64, value);
  const half = (bits: bigint) => Number(BigInt.asIntN(32, bits));
  return [{ ...insn(LD_IMM64, dst, 0, 0, half(imm64)), imm64 }, insn(0, 0, 0, 0, half(imm64 >> 32n))];
}

export const store = (base: number, src: number, off = 0): Insn => insn(STX_DW, base, src, off);
export const load = (dst: number, base: number, off = 0): Insn => insn(LDX_DW, dst, base, off);

/** The same access with the size that it was written with: atomics that compute know 4 and 8 bytes only. */
export function resize(access: Insn, bytes: number): Insn {
  const codes: Readonly<Record<number, number>> = { 1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18 };
  const computes = access.opcode === ATOMIC_DW && access.imm !== BPF_ATOMIC.LOAD_ACQ &&
    access.imm !== BPF_ATOMIC.STORE_REL;
  return { ...access, opcode: (access.opcode & ~0x18) | codes[computes ? Math.max(bytes, 4) : bytes] };
}

/** Whether an instruction leaves the row. */
export const isJump = ({ opcode }: Insn): boolean => (opcode & 0x07) === JMP;

const R = "([A-Za-z]\\w*)", K = "([-+]?(?:0[xX][0-9a-fA-F]+|\\d+))", SIZE = "\\([us](8|16|32|64)\\*\\)";
const PLACE = `\\(${R}([-+]\\d+)?\\)`, SIZED = `\\(${SIZE}${PLACE}`, WIDTH = "_?(64|32(?=_32))(?:_32)?";

/** Every form, tried in turn on the cell without its blanks. */
const FORMS: readonly (readonly [RegExp, Build])[] = [
  [/^exit$/, () => ({ insn: EXIT })],
  [form(`goto(.+)`), ([, target]) => ({ insn: insn(GOTO, 0, 0), target })],
  [form(`if${R}(==|!=|s?[<>]=?|&)(?:${K}|${R})goto(.+)`), ([, left, condition, k, right, target], cell) => {
    const dst = register(left, cell), op = CONDITIONS[condition] | JMP;
    return k !== undefined
      ? { ...withConstant(op, op | X, dst, 0, number(k, cell)), target }
      : { insn: insn(op | X, dst, register(right, cell)), target };
  }],
  [form(`lock\\*${SIZE}${PLACE}([-+*/%&|^<>s]+=)${R}`), ([, size, base, off, op, src], cell) => {
    const imm = LOCK_OPS[op] ?? fail(cell, `there is no atomic ${op}`);
    return access(size, ATOMIC_DW, register(base, cell), register(src, cell), offset(off, cell), imm);
  }],
  [form(`${R}=atomic_fetch_(add|and|or|xor)${SIZED},${R}\\)`), ([, , op, size, base, off, src], cell) => {
    // The old value goes where the operand came from: the instruction has no third register.
    const imm = FETCHES[op] | BPF_ATOMIC.FETCH;
    return access(size, ATOMIC_DW, register(base, cell), register(src, cell), offset(off, cell), imm);
  }],
  [
    form(`${R}=xchg${WIDTH}\\(${R}([-+]\\d+)?,${R}\\)`),
    ([, , size, base, off, src], cell) =>
      access(size, ATOMIC_DW, register(base, cell), register(src, cell), offset(off, cell), BPF_ATOMIC.XCHG),
  ],
  [
    form(`${R}=cmpxchg${WIDTH}\\(${R}([-+]\\d+)?,${R},${R}\\)`),
    ([, , size, base, off, , src], cell) =>
      access(size, ATOMIC_DW, register(base, cell), register(src, cell), offset(off, cell), BPF_ATOMIC.CMPXCHG),
  ],
  [
    form(`${R}=load_acquire${SIZED}\\)`),
    ([, dst, size, base, off], cell) =>
      access(size, ATOMIC_DW, register(dst, cell), register(base, cell), offset(off, cell), BPF_ATOMIC.LOAD_ACQ),
  ],
  [
    form(`store_release${SIZED},${R}\\)`),
    ([, size, base, off, src], cell) =>
      access(size, ATOMIC_DW, register(base, cell), register(src, cell), offset(off, cell), BPF_ATOMIC.STORE_REL),
  ],
  [
    form(`${R}=\\*${SIZE}${PLACE}`),
    ([, dst, size, base, off], cell) =>
      access(size, LDX_DW, register(dst, cell), register(base, cell), offset(off, cell)),
  ],
  [
    form(`\\*${SIZE}${PLACE}=${R}`),
    ([, size, base, off, src], cell) =>
      access(size, STX_DW, register(base, cell), register(src, cell), offset(off, cell)),
  ],
  [form(`\\*${SIZE}${PLACE}=${K}`), ([, size, base, off, k], cell) => ({
    ...withConstant(ST_DW, STX_DW, register(base, cell), offset(off, cell), number(k, cell)),
    bytes: Number(size) / 8,
  })],
  [form(`${R}(s>>=|<<=|>>=|[-+*/%&|^]=)(?:${K}|${R})`), ([, left, op, k, right], cell) => {
    const dst = register(left, cell), opcode = ALU_OPS[op] | ALU64, off = SIGNED_DIVISION.includes(op) ? 1 : 0;
    return k !== undefined
      ? withConstant(opcode, opcode | X, dst, off, number(k, cell))
      : { insn: insn(opcode | X, dst, register(right, cell), off) };
  }],
  [
    form(`${R}=${R}`),
    ([, dst, src], cell) => ({ insn: insn(MOV | ALU64 | X, register(dst, cell), register(src, cell)) }),
  ],
  [
    form(`${R}=${K}`),
    ([, dst, k], cell) => withConstant(MOV | ALU64, MOV | ALU64 | X, register(dst, cell), 0, number(k, cell)),
  ],
];

/** `rd = value` in as few slots as it takes. */
export function setRegister(dst: number, value: bigint): readonly Insn[] {
  return fits32(value) ? [insn(MOV | ALU64, dst, 0, 0, Number(value))] : loadImmediate(dst, value);
}

function form(pattern: string): RegExp {
  return new RegExp(`^${pattern}$`);
}

function offset(text: string | undefined, cell: Cell): number {
  const value = Number(text ?? "0");
  if (value < -32768 || value > 32767) fail(cell, `the offset ${text} does not fit 16 bits`);
  return value;
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
