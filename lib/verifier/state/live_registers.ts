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
import { successors } from "../flow/successors.ts";
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
  const { insns, notes } = env;
  const uses = insns.map((_, at) => usesOf(env, at));
  for (const note of notes) note.liveRegs = 0;
  for (let changed = true; changed;) {
    changed = false;
    for (let at = insns.length - 1; at >= 0; at--) {
      let out = 0;
      for (const next of successors(insns, at)) out |= notes[next]?.liveRegs ?? 0;
      const before = (out & ~uses[at].def) | uses[at].use;
      if (before !== notes[at].liveRegs) {
        notes[at].liveRegs = before;
        changed = true;
      }
    }
  }
  for (const note of notes) note.liveRegs |= bit(FP);
}
