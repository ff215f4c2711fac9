/** Fourth pass, once slots are shared: gives them their places below the frame pointer (PrologEpilogInserter.cpp). */
import { ALU, BPF_CLASS } from "../isa/insn.ts";
import { alignUp } from "./data_layout.ts";
import { FRAME_ADDRESS, FRAME_POINTER, FROM_REGISTER, type MachineFunction, type MachineInsn } from "./machine.ts";
import { ImpossibleError } from "./unsupported.ts";

/** What a BPF function may have (MAX_BPF_STACK); BPFRegisterInfo.cpp:WarnSize says it so. */
export const STACK_BYTES = 512;

/** @throws UnsupportedError when the slots take more than a function may have */
export function layOutFrame(fn: MachineFunction): void {
  let used = 0;
  const offsets = fn.slots.map(({ sizeBytes, align }) => {
    used = alignUp(used + sizeBytes, align);
    return -used;
  });
  for (const block of fn.blocks) {
    block.insns = block.insns.flatMap((insn) => {
      if (insn.slot === undefined) return [insn];
      const off = insn.off + offsets[insn.slot];
      if (used > STACK_BYTES && off < -STACK_BYTES) {
        throw new ImpossibleError(
          "Looks like the BPF stack limit is exceeded. Please move large on stack variables into BPF per-cpu array map",
          insn.location,
          fn.name,
        );
      }
      return insn.opcode === FRAME_ADDRESS ? addressInsns(insn, off) : [{ ...insn, off, slot: undefined }];
    });
  }
}

function addressInsns({ dst, location }: MachineInsn, off: number): MachineInsn[] {
  const copy = { opcode: BPF_CLASS.ALU64 | ALU.MOV | FROM_REGISTER, dst, src: FRAME_POINTER, off: 0, imm: 0, location };
  return [copy, { opcode: BPF_CLASS.ALU64 | ALU.ADD, dst, src: 0, off: 0, imm: off, location }];
}
