/** A program as text: its instructions with the C lines that they were compiled from, as the verifier's log shows them. */
import type { BpfObject, LineInfo, MapDef, Program, Relocation } from "./bpf_object.ts";
import { disassembleInsn, type OperandNames } from "../isa/disassemble.ts";

/** One instruction of a listing. */
export interface ListedInsn {
  /** Index in {@link Program.insns}. */
  readonly insn: number;
  readonly opcode: number;
  readonly text: string;
  /** The C line that begins here. */
  readonly line?: LineInfo;
  /** The function that begins here. */
  readonly subprog?: string;
}

/** Every instruction of a program; the second half of a wide one is left out. */
export function listProgram(program: Program, maps: readonly MapDef[] = []): ListedInsn[] {
  const relocations = new Map(program.relocations.map((reloc) => [reloc.insn, reloc]));
  const lines = new Map(program.lines.map((line) => [line.insn, line]));
  const subprogs = new Map(program.subprogs.map((subprog) => [subprog.start, subprog.name]));
  const listed: ListedInsn[] = [];
  program.insns.forEach((insn, index) => {
    if (program.insns[index - 1]?.opcode === 0x18) return;
    const names = operandNames(relocations.get(index), maps, program);
    listed.push({
      insn: index,
      opcode: insn.opcode,
      text: disassembleInsn(insn, names),
      line: lines.get(index),
      subprog: subprogs.get(index),
    });
  });
  return listed;
}

/**
 * The text of a program in the notation of the kernel's log: `; C text @ file:line` before the instructions of each
 * line (kernel/bpf/disasm.c:print_bpf_insn).
 *
 * @param program one of an object's `programs`
 * @param maps the object's maps, for their names
 *
 * @example
 * ```ts
 * import { bpf, disassemble } from "interleave";
 * const exact = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { __sync_fetch_and_add(&counter, 1); return 0; }`;
 * const text = disassemble(exact.programs[0], exact.maps);
 * if (!text.includes("atomic_fetch_add")) throw new Error(text);
 * ```
 */
export function disassemble(program: Program, maps: readonly MapDef[] = []): string {
  if (!Array.isArray(program?.insns)) {
    throw new TypeError("disassemble takes one program of an object, such as racy.programs[0]");
  }
  const text: string[] = [];
  const digits = String(program.insns.length).length;
  let shown = "";
  for (const { insn, opcode, text: words, line, subprog } of listProgram(program, maps)) {
    if (subprog !== undefined) text.push(`${subprog}:`);
    const place = line && `; ${line.text} @ ${line.file}:${line.line}`;
    if (place && (place !== shown || subprog !== undefined)) text.push(place);
    shown = place ?? shown;
    text.push(`${String(insn).padStart(digits + 1)}: (${opcode.toString(16).padStart(2, "0")}) ${words}`);
  }
  return text.join("\n") + "\n";
}

/** The text of every program of an object. */
export function disassembleObject(object: BpfObject): string {
  return object.programs.map((program) => `SEC("${program.section}")\n${disassemble(program, object.maps)}`).join("\n");
}

function operandNames(reloc: Relocation | undefined, maps: readonly MapDef[], program: Program): OperandNames {
  switch (reloc?.kind) {
    case "map":
      return { immediate: `map[${maps[reloc.map]?.name ?? `idx:${reloc.map}`}]` };
    case "mapValue":
      return { immediate: variableName(reloc.map, reloc.offset, maps) };
    case "func":
      return {
        immediate: `subprog[${program.subprogs.find((one) => one.start === reloc.target)?.name ?? reloc.target}]`,
      };
    case "extern":
      return { immediate: `ksym[${reloc.name}]`, callee: reloc.name };
    default:
      return {};
  }
}

/** `map[.bss][0]+8 (counter)`: the address as bpftool prints it, and the variable that lies there. */
function variableName(map: number, offset: number, maps: readonly MapDef[]): string {
  const definition = maps[map];
  const address = `map[${definition?.name ?? `idx:${map}`}][0]+${offset}`;
  const variable = definition?.data?.variables.find((one) => offset >= one.offset && offset < one.offset + one.size);
  if (!variable) return address;
  const within = offset - variable.offset;
  return `${address} (${variable.name}${within > 0 ? `+${within}` : ""})`;
}
