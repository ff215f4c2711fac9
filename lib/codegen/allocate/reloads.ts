/**
 * Stack traffic that spilling leaves behind: what a register still holds need not be read again, and what is never read
 * need not be written.
 */
import { ALU, BPF_CLASS, BPF_MODE, BPF_SIZE } from "../../isa/insn.ts";
import { FROM_REGISTER, type MachineFunction, type MachineInsn, type Register, registersOf } from "../machine.ts";

const LOAD = BPF_CLASS.LDX | BPF_MODE.MEM | BPF_SIZE.DW, STORE = BPF_CLASS.STX | BPF_MODE.MEM | BPF_SIZE.DW;

/** @param firstSpill slots from this one on hold spilled values, whose addresses nothing else has */
export function removeNeedlessReloads(fn: MachineFunction, firstSpill: number): void {
  const isSpill = (insn: MachineInsn, opcode: number) =>
    insn.opcode === opcode && insn.slot !== undefined && insn.slot >= firstSpill;
  for (const block of fn.blocks) {
    // Which slot each register holds the value of.
    const holds = new Map<Register, number>();
    block.insns = block.insns.flatMap((insn) => {
      if (isSpill(insn, LOAD)) {
        const holder = [...holds].find(([, slot]) => slot === insn.slot)?.[0];
        const isThere = holds.get(insn.dst) === insn.slot;
        holds.set(insn.dst, insn.slot!);
        if (isThere) return [];
        if (holder === undefined) return [insn];
        const { dst, location } = insn;
        return [{ opcode: BPF_CLASS.ALU64 | ALU.MOV | FROM_REGISTER, dst, src: holder, off: 0, imm: 0, location }];
      }
      for (const register of registersOf(insn).defs) holds.delete(register);
      if (isSpill(insn, STORE)) {
        for (const [register, slot] of holds) if (slot === insn.slot) holds.delete(register);
        holds.set(insn.src, insn.slot!);
      }
      return [insn];
    });
  }
  // A store that another one to the same slot follows, with no read between.
  const removeOverwritten = (insns: readonly MachineInsn[]): MachineInsn[] =>
    insns.filter((insn, i) => {
      if (!isSpill(insn, STORE)) return true;
      const next = insns.slice(i + 1).find((one) => one.slot === insn.slot);
      return !next || !isSpill(next, STORE);
    });
  const read = new Set(
    fn.blocks.flatMap((block) => block.insns.filter((insn) => isSpill(insn, LOAD)).map(({ slot }) => slot)),
  );
  for (const block of fn.blocks) {
    block.insns = removeOverwritten(block.insns.filter((insn) => !isSpill(insn, STORE) || read.has(insn.slot)));
  }
}
