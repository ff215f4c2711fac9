/** Says, for the reader of a notebook, why an instruction faulted. */
import { disassembleInsn } from "../isa/disassemble.ts";
import { accessBytes, BPF_ATOMIC, type Insn, isAtomic, isBpfCall, isLoad } from "../isa/insn.ts";
import type { Fault } from "../report/result.ts";
import { type Image, imageLine, programAt } from "./image.ts";
import { STACK_FRAME_BYTES, TASK } from "../cpu/layout.ts";
import type { Memory } from "../cpu/memory.ts";
import type { Task } from "./task.ts";

/**
 * The reason for a `KIND.fault`, in words.
 *
 * @param insn the instruction at fault (`TASK.insn`)
 * @param pointer the pointer it used (`TASK.faultPointer`)
 */
export function explainFault(memory: Memory, insn: Insn, pointer: bigint): string {
  if (isBpfCall(insn)) return `the call stack of ${TASK.maxFrames} frames is full: calls nest too deep`;
  const size = accessBytes(insn);
  const reads = isLoad(insn) || (isAtomic(insn) && insn.imm === BPF_ATOMIC.LOAD_ACQ);
  const reason = memory.explain(pointer, size, !reads);
  if (reason) return reason;
  const verb = reads ? "read" : "write";
  const base = isLoad(insn) || (isAtomic(insn) && insn.imm === BPF_ATOMIC.LOAD_ACQ) ? insn.src : insn.dst;
  if (base === 10 && (insn.off < -STACK_FRAME_BYTES || insn.off + size > 0)) {
    return `${verb} of ${size} bytes at r10${
      insn.off < 0 ? "" : "+"
    }${insn.off}, outside the function's stack of ${STACK_FRAME_BYTES} bytes (r10-${STACK_FRAME_BYTES} to r10-1)`;
  }
  return `misaligned atomic access of ${size} bytes at address ${
    pointer & 0xffff_ffffn
  }: atomics need an address that is a multiple of their size`;
}

/** What ended a task's run, with the place: an instruction of the image, or -1 for none. */
export function faultAt(image: Image, insn: number, task: Task, message: string): Fault {
  if (insn < 0) return { message, prog: task.name, cpu: task.cpu, insn, text: "", line: undefined };
  const program = programAt(image, insn), line = imageLine(image, insn);
  return {
    message,
    prog: program?.name ?? task.name,
    cpu: task.cpu,
    insn: program ? insn - program.start : -1,
    text: disassembleInsn(image.insns[insn]),
    line: line && { file: line.file, line: line.line, text: line.text },
  };
}
