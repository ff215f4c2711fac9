/** What a BPF object file holds once it is read: programs, maps, types, lines. */
import type { Insn } from "../isa/insn.ts";
import type { Btf } from "./btf.ts";

/** A C line that an instruction was compiled from (from `.BTF.ext` line info). */
export interface LineInfo {
  /** Index of the first instruction of this line, in {@link Program.insns}. */
  readonly insn: number;
  /** Name of the C file, as the compiler wrote it down. */
  readonly file: string;
  /** 1-based line and column of the listing as the reader wrote it. */
  readonly line: number;
  /** Column of the listing, from 1. */
  readonly column: number;
  /** The text of the line. */
  readonly text: string;
}

/** One BPF function inside {@link Program.insns}: the main program first, then each subprogram it reaches. */
export interface Subprog {
  /** Name of the C function. */
  readonly name: string;
  /** Index of its first instruction and of the one after its last. */
  readonly start: number;
  /** Index behind its last instruction. */
  readonly end: number;
  /** Global functions are verified on their own and may not be called under a lock; static ones are followed. */
  readonly global: boolean;
  /** BTF id of its FUNC type, when the object has BTF. */
  readonly btfId?: number;
}

/** What a `BPF_LD_IMM64` or call at an instruction refers to. */
export type Relocation =
  | { readonly insn: number; readonly kind: "map"; readonly map: number }
  /** The address of a byte of an array map's only value: a global variable. */
  | { readonly insn: number; readonly kind: "mapValue"; readonly map: number; readonly offset: number }
  /** The address of a BPF function (a callback): the index of its first instruction in {@link Program.insns}. */
  | { readonly insn: number; readonly kind: "func"; readonly target: number }
  /** A kernel function or variable that the object only declares (`__ksym`). */
  | { readonly insn: number; readonly kind: "extern"; readonly name: string; readonly isWeak?: true };

/**
 * An instruction that depends on where the running kernel keeps a field, or how a type looks there (CO-RE).
 *
 * @internal
 */
export interface CoreRelocation {
  readonly insn: number;
  /** BTF id of the type at which the path begins, and the path: `0:5:2`. */
  readonly type: number;
  readonly access: string;
  /** enum bpf_core_relo_kind: 0 offset, 1 size, 2 existence of a field, and so on. */
  readonly kind: number;
}

/** A program with all the subprograms it reaches, linked as libbpf does: calls and jumps resolved, data not. */
export interface Program {
  /** Name of the C function. */
  readonly name: string;
  /** The SEC() name, e.g. `tp_btf/sys_enter`. */
  readonly section: string;
  /** `SEC("?...")`: loaded only when it is asked for by name. */
  readonly isOptional?: true;
  /** Its instructions, subprograms behind the program itself. */
  readonly insns: readonly Insn[];
  /** Its functions, the program itself first. */
  readonly subprogs: readonly Subprog[];
  /** What the loader fills in: addresses of maps and variables. */
  readonly relocations: readonly Relocation[];
  /** C lines, by rising index of instruction. */
  readonly lines: readonly LineInfo[];
  /** Absent when there are none; instructions hold what the listing's own types say. */
  readonly coreRelocations?: readonly CoreRelocation[];
}

/** A global variable, as it appears in outcomes. */
export interface Variable {
  /** C name. */
  readonly name: string;
  /** Byte offset in its section and size in bytes. */
  readonly offset: number;
  /** Size in bytes. */
  readonly size: number;
  /** BTF type id, when known. */
  readonly type?: number;
}

/** A map as the object defines it. Global data sections (`.bss`, `.data`, `.rodata`) are array maps of one value. */
export interface MapDef {
  /** C name; of global variables the section that holds them. */
  readonly name: string;
  /** Number of the map type (`BPF_MAP_TYPE_*`). */
  readonly type: number;
  /** Bytes of a key. */
  readonly keySize: number;
  /** Bytes of a value. */
  readonly valueSize: number;
  /** Entries that it has room for. */
  readonly maxEntries: number;
  /** `map_flags`, e.g. BPF_F_NO_PREALLOC = 1. */
  readonly flags: number;
  /** `map_extra`, where there is any: of a bloom filter, how many hash functions. */
  readonly extra?: number;
  /** BTF type ids of key and value, when the object says. */
  readonly keyType?: number;
  /** Id of the value's type in the object's BTF. */
  readonly valueType?: number;
  /** Shape of the inner map of a map in map. */
  readonly inner?: MapDef;
  /** Of an inner map: its shape is no more than a guess, and none is ever there. */
  readonly isGuess?: boolean;
  /**
   * For map in map: initial inner maps by slot, as indices into {@link BpfObject.maps}. For a PROG_ARRAY: initial
   * programs, as indices into {@link BpfObject.programs}.
   */
  readonly slots?: readonly { readonly key: number; readonly map: number }[];
  /** For a data section: its name, its initial bytes and its variables. */
  readonly data?: {
    readonly section: string;
    readonly bytes: Uint8Array;
    readonly variables: readonly Variable[];
    /** `.rodata`: frozen before the program runs. */
    readonly readonly: boolean;
    /** The reader set variables of it: the bytes are others than the object file's. */
    readonly isGiven?: true;
  };
}

/**
 * A BPF object file, read and linked.
 *
 * @example
 * ```ts
 * import { bpf, type BpfObject } from "interleave";
 * const sections = (object: BpfObject): string[] => object.programs.map(({ section }) => section);
 * const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
 * if (sections(racy).join() !== "raw_tp") throw new Error("one program, of one section");
 * ```
 */
export interface BpfObject {
  /** A name for messages: the file's or the listing's. */
  readonly name: string;
  /** The object file itself, for the running kernel. */
  readonly bytes: Uint8Array;
  /** In the order of the file. */
  readonly programs: readonly Program[];
  /** Maps of the listing, and one for each section of global variables. */
  readonly maps: readonly MapDef[];
  /** The types that the object carries; undefined when it was compiled without -g. */
  readonly btf?: Btf;
  /** What the section `license` says. */
  readonly license: string;
  /** What the reader gave of the kernel's configuration, as a `.config` file writes it; for the running kernel. */
  readonly kconfig?: string;
  /** The C listing, when it was compiled here. */
  readonly source?: string;
}

/** Programs that are meant where none is named: all but those of `SEC("?...")`, or these when there are no others. */
export function defaultPrograms({ programs }: Pick<BpfObject, "programs">): readonly Program[] {
  const loaded = programs.filter((program) => !program.isOptional);
  return loaded.length > 0 ? loaded : programs;
}

/** The C line of an instruction, or `undefined` where the object has no line info for it. */
export function lineOf(program: Program, insn: number): LineInfo | undefined {
  let found: LineInfo | undefined;
  for (const line of program.lines) {
    if (line.insn > insn) break;
    found = line;
  }
  return found;
}
