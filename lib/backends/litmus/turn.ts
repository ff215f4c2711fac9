/** One turn of a litmus test's thread, as BPF instructions: where its cells are, waiting for the others, the column. */
import type { Insn } from "../../isa/insn.ts";
import { appendColumn, type Assembler } from "../../search/litmus/column.ts";
import type { Column, LitmusFile } from "../../search/litmus/litmus_file.ts";
import { Arrays, TURNS } from "./arrays.ts";

/** How often a thread looks whether another has come to the turn before it goes on alone: some hundred nanoseconds. */
const LOOKS = 128;
/** Frame offsets: of the turn in its array of results, and of the first address; a column's own registers are above. */
const RESULT_OFFSET_SLOT = -32, ADDRESS_SLOT = -40;

const insn = (opcode: number, dst: number, src: number, off = 0, imm = 0): Insn => ({ opcode, dst, src, off, imm });
const MOV = 0xbf, MOV_K = 0xb7, ADD = 0x0f, ADD_K = 0x07, AND_K = 0x57, MUL_K = 0x27, LSH_K = 0x67, SUB_K = 0x17;
const LDX = 0x79, STX = 0x7b, JGE = 0x3d, JNE_K = 0x55;

/** Puts the address of a byte of the shared memory into a register. */
export type LoadAddress = (assembler: Assembler, register: number, offset: number) => void;

/**
 * Appends a turn. Its number is in r1 when it begins; all registers are used.
 *
 * @param waits whether to wait for the other threads: not where they need this CPU
 */
export function appendTurn(
  assembler: Assembler,
  file: LitmusFile,
  column: Column,
  arrays: Arrays,
  loadAddress: LoadAddress,
  waits: boolean,
): void {
  const { insns } = assembler, thread = file.columns.indexOf(column), slots = new Map<string, number>();
  insns.push(insn(AND_K, 1, 0, 0, TURNS - 1));
  insns.push(insn(MOV, 2, 1), insn(LSH_K, 2, 0, 0, 3), insn(STX, 10, 2, RESULT_OFFSET_SLOT));
  for (const { proc, value } of file.registers) {
    if (proc !== column.proc || typeof value !== "object" || slots.has(value.address)) continue;
    const { offset, shift, factor } = arrays.places.get(value.address)!, slot = ADDRESS_SLOT - 8 * slots.size;
    slots.set(value.address, slot);
    insns.push(
      insn(MOV, 3, 1),
      insn(MUL_K, 3, 0, 0, factor),
      insn(AND_K, 3, 0, 0, TURNS - 1),
      insn(LSH_K, 3, 0, 0, shift),
    );
    loadAddress(assembler, 2, offset);
    insns.push(insn(ADD, 2, 3), insn(STX, 10, 2, slot));
  }
  if (waits) waitForOthers(assembler, file, thread, loadAddress);
  appendColumn(assembler, file, column, {
    sized: arrays.sized,
    loadPlace: (register, name) => insns.push(insn(LDX, register, 10, slots.get(name)!)),
    loadResult: (register, watched) => {
      // The other scratch register is free here: the value is fetched afterwards.
      const [base, other] = assembler.homes.scratch, index = register === base ? other : base;
      loadAddress(assembler, register, arrays.results.get(watched)!);
      insns.push(insn(LDX, index, 10, RESULT_OFFSET_SLOT), insn(AND_K, index, 0, 0, 8 * (TURNS - 1)));
      insns.push(insn(ADD, register, index));
    },
  });
}

/** Says that this thread has come to its turn (in r1), and looks for a while whether the others have. */
function waitForOthers(assembler: Assembler, file: LitmusFile, thread: number, loadAddress: LoadAddress): void {
  const { insns } = assembler;
  insns.push(insn(ADD_K, 1, 0, 0, 1));
  loadAddress(assembler, 2, Arrays.counter(thread));
  insns.push(insn(STX, 2, 1));
  file.columns.forEach((_, other) => {
    if (other === thread) return;
    loadAddress(assembler, 2, Arrays.counter(other));
    insns.push(
      insn(MOV_K, 3, 0, 0, LOOKS),
      insn(LDX, 4, 2),
      insn(JGE, 4, 1, 2),
      insn(SUB_K, 3, 0, 0, 1),
      insn(JNE_K, 3, 0, -4),
    );
  });
}
