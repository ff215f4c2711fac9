/** What a kernel leaves to chance and a program cannot foresee, drawn by the seed: the same at every run of one seed. */
import type { TaskContext } from "../cpu/operation.ts";
import { TASK } from "../cpu/layout.ts";

/** A 32-bit number that depends on all of these. */
export function hash32(...words: readonly number[]): number {
  let h = 0x9e37_79b9;
  for (const word of words) {
    h = Math.imul(h ^ word, 0x85eb_ca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
    h ^= h >>> 16;
  }
  return h >>> 0;
}

/** Runs that a task has begun so far. */
export const runCountOf = ({ memory, task }: TaskContext): number =>
  memory.getU32(memory.layout.tasks + task * TASK.bytes + TASK.runCount);
