/** Which of the kernel's functions programs call. */
import { isKfuncCall } from "../isa/insn.ts";
import type { Program } from "../object/bpf_object.ts";

/** Names of all kernel functions that a program calls, one for each call. */
export const calledKfuncs = ({ insns, relocations }: Pick<Program, "insns" | "relocations">): string[] =>
  relocations.flatMap((one) => one.kind === "extern" && isKfuncCall(insns[one.insn]) ? [one.name] : []);

/** Whether a program calls a kernel function whose name begins so. */
export const callsKfunc = (programs: readonly Program[], start: string): boolean =>
  programs.some((program) => calledKfuncs(program).some((name) => name.startsWith(start)));
