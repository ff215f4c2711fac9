/** Numbers of the Wasm locals of the translated function `step(task)`. */
import type { ValueType } from "./wasm_assembler.ts";

/** Parameter: linear address of the task record. */
export const TASK_LOCAL = 0;

/** The local of a BPF register, r0 to r10. */
export const register = (r: number): number => 1 + r;

export const SCRATCH = {
  /** i64: a value in the middle of one instruction. */
  wide: 12,
  /** i64: the pointer of a memory access. */
  pointer: 13,
  /** i32: linear address of a memory access. */
  addr: 14,
  /** i32: byte offset of a region's entry in the region table. */
  region: 15,
  /** i32: permissions of a region, or any other small number. */
  flags: 16,
} as const;

/** i32: instructions that ran in this step, but for those that the code at hand counts as a constant. */
export const COUNT_LOCAL = 17;
/** i32: entry of the dispatch table to go to next; in the fault block, the insn at fault. */
export const NEXT_LOCAL = 18;

/** Types of these locals after the parameter. */
export const LOCAL_TYPES: readonly ValueType[] = [
  ...Array<ValueType>(13).fill("i64"),
  ...Array<ValueType>(5).fill("i32"),
];

export const CALLEE_SAVED = 0b11_1100_0000;
export const CALLER_SAVED = 0b00_0011_1111;
export const ARGUMENTS = 0b00_0011_1110;
/** r0 to r9: what is kept in the task record; r10 always stands there. */
export const GENERAL = 0b11_1111_1111;
export const FRAME_POINTER = 10;

/** Numbers of the registers in a mask, rising. */
export function registersIn(mask: number): number[] {
  const found = [];
  for (let r = 0; r <= 10; r++) if (mask & (1 << r)) found.push(r);
  return found;
}
