/** Programs over shared 64-bit variables, made instruction by instruction: no compiler decides how they touch memory. */
import type { Insn } from "../../lib/isa/insn.ts";
import type { BpfObject, Program } from "../../lib/object/bpf_object.ts";

/** `x = 5`; `r = x`; `if (y != 2) return`. */
export type Statement =
  | { readonly set: string; readonly to: number | string }
  | { readonly unless: string; readonly is: number };

const insn = (opcode: number, dst = 0, src = 0, off = 0, imm = 0): Insn => ({ opcode, dst, src, off, imm });
const WORD_BYTES = 8;

/** An object whose programs take the statements in turn, on variables that are 0 at first. */
export function wordPrograms(
  variables: readonly string[],
  programs: Readonly<Record<string, readonly Statement[]>>,
): BpfObject {
  return {
    name: "words",
    bytes: new Uint8Array(),
    programs: Object.entries(programs).map(([name, statements]) => programOf(name, statements, variables)),
    maps: [{
      name: ".bss",
      type: 2,
      keySize: 4,
      valueSize: WORD_BYTES * variables.length,
      maxEntries: 1,
      flags: 0,
      data: {
        section: ".bss",
        bytes: new Uint8Array(WORD_BYTES * variables.length),
        variables: variables.map((name, i) => ({ name, offset: WORD_BYTES * i, size: WORD_BYTES })),
        readonly: false,
      },
    }],
    license: "GPL",
  };
}

function programOf(name: string, statements: readonly Statement[], variables: readonly string[]): Program {
  // r1 = .bss; r0 = 0
  const insns: Insn[] = [{ ...insn(0x18, 1), imm64: 0n }, insn(0), insn(0xb7)];
  const at = (variable: string) => WORD_BYTES * variables.indexOf(variable);
  for (const statement of statements) {
    if ("unless" in statement) {
      insns.push(insn(0x79, 2, 1, at(statement.unless)), insn(0x15, 2, 0, 1, statement.is), insn(0x95));
    } else {
      const { set, to } = statement;
      insns.push(typeof to === "string" ? insn(0x79, 2, 1, at(to)) : insn(0xb7, 2, 0, 0, to));
      insns.push(insn(0x7b, 1, 2, at(set)));
    }
  }
  insns.push(insn(0x95));
  const subprogs = [{ name, start: 0, end: insns.length, global: true }];
  const relocations = [{ insn: 0, kind: "mapValue", map: 0, offset: 0 } as const];
  return { name, section: "raw_tp", insns, relocations, subprogs, lines: [] };
}
