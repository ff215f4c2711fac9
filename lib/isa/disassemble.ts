/**
 * One instruction as text, in the notation of the verifier's log (kernel/bpf/disasm.c:print_bpf_insn). Where the kernel
 * prints an address, the text says what it is the address of.
 */
import {
  accessBytes,
  BPF_ATOMIC,
  BPF_CLASS,
  BPF_MODE,
  BPF_PSEUDO,
  classOf,
  type Insn,
  isWide,
  modeOf,
} from "./insn.ts";
import { helperLabel } from "../uapi/helpers.ts";

/** What the operand of an instruction refers to, for those that have a name outside of the byte code. */
export interface OperandNames {
  /** Stands for the 64-bit immediate: `map[counters]`. */
  readonly immediate?: string;
  /** Stands for the function that is called. */
  readonly callee?: string;
}

/** Operations of ALU and ALU64 by the high four bits of the opcode (RFC 9669 section 4.1). */
const ALU = ["+=", "-=", "*=", "/=", "|=", "&=", "<<=", ">>=", "neg", "%=", "^=", "=", "s>>=", "endian"];
const ALU_NEG = 8, ALU_MOV = 11, ALU_END = 13;
const ALU_SIGNED = new Map([[3, "s/="], [9, "s%="]]);
/** Conditions of JMP and JMP32 by the high four bits (RFC 9669 section 4.3); 0, 8 and 9 are goto, call, exit. */
const JUMP = ["", "==", ">", ">=", "&", "!=", "s>", "s>=", "", "", "<", "<=", "s<", "s<="];
const ATOMIC_OP = new Map<number, { readonly symbol: string; readonly name: string }>([
  [BPF_ATOMIC.ADD, { symbol: "+=", name: "add" }],
  [BPF_ATOMIC.OR, { symbol: "|=", name: "or" }],
  [BPF_ATOMIC.AND, { symbol: "&=", name: "and" }],
  [BPF_ATOMIC.XOR, { symbol: "^=", name: "xor" }],
]);
const FROM_REGISTER = 0x08;
const MAY_GOTO = 0xe5;
/** Offset of a move that is a pointer's move to another address space (arenas; include/linux/filter.h). */
const ADDR_SPACE_CAST = 1;

const signed = (number: number): string => number < 0 ? String(number) : `+${number}`;
const invalid = (insn: Insn): string => `invalid insn ${insn.opcode.toString(16).padStart(2, "0")}`;

/**
 * The text of an instruction, e.g. `r2 = *(u32 *)(r1 +0)`; an opcode that does not exist reads `invalid insn f7`.
 *
 * @param names what its operand is called; without it a map is `map[idx:0]`
 */
export function disassembleInsn(insn: Insn, names: OperandNames = {}): string {
  switch (classOf(insn)) {
    case BPF_CLASS.ALU:
    case BPF_CLASS.ALU64:
      return alu(insn);
    case BPF_CLASS.JMP:
    case BPF_CLASS.JMP32:
      return jump(insn, names);
    case BPF_CLASS.LD:
      return loadImmediate(insn, names);
    case BPF_CLASS.LDX:
      return load(insn);
    case BPF_CLASS.ST:
      return modeOf(insn) === BPF_MODE.MEM ? `${memory(insn)} = ${insn.imm}` : invalid(insn);
    default:
      return store(insn);
  }
}

function alu(insn: Insn): string {
  const is64 = classOf(insn) === BPF_CLASS.ALU64, letter = is64 ? "r" : "w", operation = insn.opcode >> 4;
  const dst = `${letter}${insn.dst}`, fromRegister = (insn.opcode & FROM_REGISTER) !== 0;
  if (operation === ALU_END) {
    const swap = is64 ? "bswap" : fromRegister ? "be" : "le";
    return `r${insn.dst} = ${swap}${insn.imm} r${insn.dst}`;
  }
  if (operation === ALU_NEG) return `${dst} = -${dst}`;
  if (operation > ALU_END) return invalid(insn);
  const symbol = insn.off === 1 ? ALU_SIGNED.get(operation) ?? ALU[operation] : ALU[operation];
  if (!fromRegister) return `${dst} ${symbol} ${insn.imm}`;
  if (operation === ALU_MOV && is64 && insn.off === ADDR_SPACE_CAST) {
    return `${dst} = addr_space_cast(r${insn.src}, ${insn.imm >>> 16}, ${insn.imm & 0xffff})`;
  }
  const extension = operation === ALU_MOV && insn.off !== 0 ? `(s${insn.off})` : "";
  return `${dst} ${symbol} ${extension}${letter}${insn.src}`;
}

function jump(insn: Insn, names: OperandNames): string {
  const is32 = classOf(insn) === BPF_CLASS.JMP32, letter = is32 ? "w" : "r";
  switch (insn.opcode) {
    case 0x05:
      return `goto pc${signed(insn.off)}`;
    case 0x06:
      return `gotol pc${signed(insn.imm)}`;
    case 0x85:
      return call(insn, names);
    case 0x95:
      return "exit";
    case MAY_GOTO:
      return `may_goto pc${signed(insn.off)}`;
  }
  const condition = JUMP[insn.opcode >> 4];
  if (!condition) return invalid(insn);
  const right = insn.opcode & FROM_REGISTER ? `${letter}${insn.src}` : `0x${(insn.imm >>> 0).toString(16)}`;
  return `if ${letter}${insn.dst} ${condition} ${right} goto pc${signed(insn.off)}`;
}

function call(insn: Insn, names: OperandNames): string {
  if (insn.src === BPF_PSEUDO.CALL) return `call pc${signed(insn.imm)}`;
  if (insn.src === BPF_PSEUDO.KFUNC_CALL) return `call ${names.callee ?? `kernel-function#${insn.imm}`}`;
  return `call ${helperLabel(insn.imm)}`;
}

function loadImmediate(insn: Insn, names: OperandNames): string {
  if (isWide(insn)) return `r${insn.dst} = ${names.immediate ?? wideImmediate(insn)}`;
  if (modeOf(insn) === BPF_MODE.ABS) return `r0 = *(${unsignedType(insn)} *)skb[${insn.imm}]`;
  if (modeOf(insn) === BPF_MODE.IND) return `r0 = *(${unsignedType(insn)} *)skb[r${insn.src} + ${insn.imm}]`;
  return invalid(insn);
}

function wideImmediate(insn: Insn): string {
  const low = insn.imm >>> 0, high = (insn.imm64 ?? 0n) >> 32n;
  switch (insn.src) {
    case BPF_PSEUDO.MAP_FD:
      return `map[fd:${low}]`;
    case BPF_PSEUDO.MAP_VALUE:
      return `map[fd:${low}][0]+${high}`;
    case BPF_PSEUDO.MAP_IDX:
      return `map[idx:${low}]`;
    case BPF_PSEUDO.MAP_IDX_VALUE:
      return `map[idx:${low}][0]+${high}`;
    case BPF_PSEUDO.FUNC:
      return `subprog[${signed(insn.imm)}]`;
    case BPF_PSEUDO.BTF_ID:
      return `ksym[btf:${low}]`;
    default:
      return `0x${(insn.imm64 ?? 0n).toString(16)}`;
  }
}

const unsignedType = (insn: Insn): string => `u${accessBytes(insn) * 8}`;
const memory = (insn: Insn, register = insn.dst): string =>
  `*(${unsignedType(insn)} *)(r${register} ${signed(insn.off)})`;

function load(insn: Insn): string {
  if (modeOf(insn) === BPF_MODE.MEM) return `r${insn.dst} = ${memory(insn, insn.src)}`;
  if (modeOf(insn) === BPF_MODE.MEMSX) return `r${insn.dst} = ${memory(insn, insn.src).replace("u", "s")}`;
  return invalid(insn);
}

function store(insn: Insn): string {
  if (modeOf(insn) === BPF_MODE.MEM) return `${memory(insn)} = r${insn.src}`;
  return modeOf(insn) === BPF_MODE.ATOMIC ? atomic(insn) : invalid(insn);
}

function atomic(insn: Insn): string {
  const place = memory(insn).slice(1), src = `r${insn.src}`;
  switch (insn.imm) {
    case BPF_ATOMIC.XCHG:
      return `${src} = atomic_xchg(${place}, ${src})`;
    case BPF_ATOMIC.CMPXCHG:
      return `r0 = atomic_cmpxchg(${place}, r0, ${src})`;
    case BPF_ATOMIC.LOAD_ACQ:
      return `r${insn.dst} = load_acquire(${memory(insn, insn.src).slice(1)})`;
    case BPF_ATOMIC.STORE_REL:
      return `store_release(${place}, ${src})`;
  }
  const operation = ATOMIC_OP.get(insn.imm & ~BPF_ATOMIC.FETCH);
  if (!operation) return invalid(insn);
  return insn.imm & BPF_ATOMIC.FETCH
    ? `${src} = atomic_fetch_${operation.name}(${place}, ${src})`
    : `lock ${memory(insn)} ${operation.symbol} ${src}`;
}
