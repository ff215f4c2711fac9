/**
 * Values that find no register are kept on the stack: written there where they are made, read back where they are used.
 * Numbers and addresses are made anew instead.
 */
import { BPF_CLASS, BPF_MODE, BPF_SIZE } from "../../isa/insn.ts";
import {
  classOf,
  FRAME_ADDRESS,
  FRAME_POINTER,
  isVirtual,
  LD_IMM64,
  type MachineFunction,
  type MachineInsn,
  type Register,
  registersOf,
  renameRegisters,
} from "../machine.ts";

const SLOT_BYTES = 8;
const LOAD = BPF_CLASS.LDX | BPF_MODE.MEM | BPF_SIZE.DW, STORE = BPF_CLASS.STX | BPF_MODE.MEM | BPF_SIZE.DW;

/** An instruction that makes the same wherever it stands: a number, the address of a global or of the stack. */
function isAnywhere(insn: MachineInsn): boolean {
  if (insn.core || insn.keep) return false;
  if (insn.opcode === LD_IMM64 || insn.opcode === FRAME_ADDRESS) return true;
  const isMove = (insn.opcode & 0xf8) === 0xb0;
  return isMove && (classOf(insn) === BPF_CLASS.ALU || classOf(insn) === BPF_CLASS.ALU64);
}

/** The only instruction that writes a register, where it can stand anywhere. */
export function remakeable(fn: MachineFunction): Map<Register, MachineInsn> {
  const found = new Map<Register, MachineInsn | undefined>();
  for (const insn of fn.blocks.flatMap((block) => block.insns)) {
    for (const register of registersOf(insn).defs) {
      if (!isVirtual(register)) continue;
      found.set(register, !found.has(register) && isAnywhere(insn) ? insn : undefined);
    }
  }
  return new Map([...found].flatMap(([register, insn]) => insn ? [[register, insn] as const] : []));
}

/** Rewrites a function so that these registers live for one instruction only. @returns the short-lived ones */
export function spill(fn: MachineFunction, registers: readonly Register[]): Register[] {
  const anew = remakeable(fn), short: Register[] = [], slots = new Map<Register, number>();
  for (const register of registers) {
    if (anew.has(register)) continue;
    slots.set(register, fn.slots.length);
    fn.slots.push({ sizeBytes: SLOT_BYTES, align: SLOT_BYTES });
  }
  for (const block of fn.blocks) {
    block.insns = block.insns.flatMap((insn) => {
      const { defs, uses } = registersOf(insn), { location } = insn;
      const touched = new Set([...defs, ...uses].filter((register) => registers.includes(register)));
      if (touched.size === 0) return [insn];
      const before: MachineInsn[] = [], after: MachineInsn[] = [];
      for (const register of touched) {
        const made = anew.get(register), slot = slots.get(register);
        if (made === insn) return [];
        const own = fn.nextRegister++, common = { off: 0, imm: 0, slot, location };
        short.push(own);
        if (uses.includes(register)) {
          before.push(
            made ? { ...made, dst: own, location } : { ...common, opcode: LOAD, dst: own, src: FRAME_POINTER },
          );
        }
        if (defs.includes(register)) after.push({ ...common, opcode: STORE, dst: FRAME_POINTER, src: own });
        renameRegisters(insn, (one) => one === register ? own : one);
      }
      return [...before, insn, ...after];
    });
  }
  return short;
}
