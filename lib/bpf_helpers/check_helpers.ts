/** Refuses, before anything runs, programs that call a helper without a model. */
import { helperLabel, helperName } from "../uapi/helpers.ts";
import { isHelperCall } from "../isa/insn.ts";
import { lineOf, type Program } from "../object/bpf_object.ts";
import type { Kernel } from "./kernel.ts";

/** A program calls a helper function that the simulator has no model of. */
export class UnsupportedHelper extends Error {
  override name = "UnsupportedHelper";
}

/**
 * Looks through every call of programs.
 *
 * @throws UnsupportedHelper naming the helper, the program and the C line
 */
export function checkHelpers(kernel: Kernel, programs: readonly Program[]): void {
  for (const program of programs) {
    program.insns.forEach((insn, index) => {
      if (!isHelperCall(insn) || kernel.helper(insn.imm)) return;
      const line = lineOf(program, index), name = helperName(insn.imm);
      throw new UnsupportedHelper(
        `${program.name} calls ${name ?? helperLabel(insn.imm)}, which the simulator does not model` +
          (line ? ` (line ${line.line}: ${line.text.trim()})` : "") +
          (name ? `; a model of your own can stand in: { models: { ${name}: ... } }` : ""),
      );
    });
  }
}
