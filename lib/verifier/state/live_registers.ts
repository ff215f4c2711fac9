/** Which registers an instruction's future may read: others need not match (compute_live_registers, 6.16). */
import {
  ALU,
  BPF_ATOMIC,
  BPF_CLASS,
  classOf,
  type Insn,
  isAtomic,
  isBpfCall,
  isCall,
  isExit,
  isWide,
} from "../../isa/insn.ts";
import { Worklist } from "./edges.ts";
import type { Environment } from "./environment.ts";
import { prototypeFor } from "../kernel/helper_prototypes.ts";
import { kfuncOf } from "../kernel/kfunc_kinds.ts";
import { FP } from "./state.ts";

const CALLER_SAVED = 0b111111;
const ARGS = 0b111110;
const bit = (reg: number): number => 1 << reg;

/** Registers an instruction reads and writes, as bit sets. */
function usesOf(env: Environment, at: number): { use: number; def: number } {
  const insn = env.insns[at], { dst, src, opcode } = insn;
  const isFromReg = (opcode & 0x08) !== 0;
  switch (classOf(insn)) {
    case BPF_CLASS.LD:
      if (isWide(insn)) return { use: 0, def: bit(dst) };
      if (opcode === 0) return { use: 0, def: 0 };
      return { use: bit(6) | ((opcode & 0xe0) === 0x40 ? bit(src) : 0), def: CALLER_SAVED };
    case BPF_CLASS.LDX:
      return { use: bit(src), def: bit(dst) };
    case BPF_CLASS.ST:
      return { use: bit(dst), def: 0 };
    case BPF_CLASS.STX:
      return isAtomic(insn) ? atomicUses(insn) : { use: bit(dst) | bit(src), def: 0 };
    case BPF_CLASS.ALU:
    case BPF_CLASS.ALU64: {
      const operation = opcode & 0xf0;
      if (operation === ALU.END || operation === ALU.NEG) return { use: bit(dst), def: bit(dst) };
      const use = isFromReg ? bit(src) : 0;
      return { use: operation === ALU.MOV ? use : use | bit(dst), def: bit(dst) };
    }
    default:
      if (isExit(insn)) return { use: bit(0), def: 0 };
      if (isCall(insn)) return { use: argumentsOf(env, at), def: CALLER_SAVED };
      if (opcode === 0x05 || opcode === 0x06 || opcode === 0xe5) return { use: 0, def: 0 };
      return { use: bit(dst) | (isFromReg ? bit(src) : 0), def: 0 };
  }
}

function atomicUses(insn: Insn): { use: number; def: number } {
  const { dst, src, imm } = insn;
  if (imm === BPF_ATOMIC.CMPXCHG) return { use: bit(0) | bit(dst) | bit(src), def: bit(0) };
  if (imm === BPF_ATOMIC.LOAD_ACQ) return { use: bit(src), def: bit(dst) };
  if (imm === BPF_ATOMIC.STORE_REL) return { use: bit(dst) | bit(src), def: 0 };
  return { use: bit(dst) | bit(src), def: imm & BPF_ATOMIC.FETCH ? bit(src) : 0 };
}

function argumentsOf(env: Environment, at: number): number {
  const insn = env.insns[at];
  if (isBpfCall(insn)) return ARGS;
  const low = (count: number) => ((1 << count) - 1) << 1;
  if (insn.src !== 0) return low(kfuncOf(env.externAt.get(at) ?? "")?.args.length ?? 5);
  const prototype = prototypeFor(insn.imm, env.kind);
  return prototype ? low(prototype.args.filter((arg) => arg.kind !== "none").length) : ARGS;
}

/** Fills in `liveRegs` of every instruction: a backward data flow over each function. */
export function computeLiveRegisters(env: Environment): void {
  const { notes, edges } = env, { next, jump } = edges, count = notes.length;
  const live = new Int32Array(count + 1), use = new Int32Array(count), def = new Int32Array(count);
  const waiting = new Worklist(count);
  for (let at = 0; at < count; at++) {
    const uses = usesOf(env, at);
    use[at] = uses.use;
    def[at] = uses.def;
    waiting.add(at);
  }
  const add = (at: number): void => waiting.add(at);
  for (let at = waiting.take(); at !== undefined; at = waiting.take()) {
    let out = 0;
    if (next[at] >= 0) out |= live[next[at]];
    if (jump[at] >= 0) out |= live[jump[at]];
    const before = (out & ~def[at]) | use[at];
    if (before === live[at]) continue;
    live[at] = before;
    edges.forEachBefore(at, add);
  }
  for (let at = 0; at < count; at++) notes[at].liveRegs = live[at] | bit(FP);
}
