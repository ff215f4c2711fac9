/** The C line of an instruction. */
import type { LineInfo, Program } from "../../object/bpf_object.ts";

/** The last line that begins at or before an instruction, by bisection (find_linfo). */
export function lineAt(program: Program, insn: number): LineInfo | undefined {
  const { lines } = program;
  let low = 0, high = lines.length - 1;
  if (high < 0 || lines[0].insn > insn) return undefined;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (lines[middle].insn <= insn) low = middle;
    else high = middle - 1;
  }
  return lines[low];
}
