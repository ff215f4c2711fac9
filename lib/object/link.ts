/**
 * Links programs as libbpf does: a program's instructions, then those of every function that it reaches, calls adjusted
 * (libbpf.c:bpf_object__reloc_calls).
 */
import { BPF_PSEUDO, decode, type Insn, isBpfCall, isCall, isWide } from "../isa/insn.ts";
import type { CoreRelocation, LineInfo, Program, Relocation, Subprog } from "./bpf_object.ts";
import type { BtfExt } from "./btf_ext.ts";
import { type Elf, type ElfRelocation, type ElfSymbol, R_BPF, type Section, SHN_UNDEF, STB, STT, STV } from "./elf.ts";
import { ObjectError } from "./object_error.ts";

const INSN_BYTES = 8;
const TEXT = ".text";
/** The kernel refuses programs beyond a million instructions; no listing comes near. */
const MAX_INSNS = 1_000_000;

/** A C function as it stands in its section; `start` and `end` count instructions. */
interface CFunction {
  readonly name: string;
  readonly code: CodeSection;
  readonly start: number;
  readonly end: number;
  readonly global: boolean;
}

interface CodeSection {
  readonly section: Section;
  readonly insns: readonly Insn[];
  /** Relocations by index of the instruction. */
  readonly relocations: ReadonlyMap<number, ElfRelocation>;
  readonly functions: readonly CFunction[];
}

/** Which map a symbol of a data or map section means, and which byte of it. */
export type FindMap = (
  section: number,
  offset: number,
) => { readonly map: number; readonly offset?: number } | undefined;

/** What code may refer to besides code. */
export interface OutsideNames {
  readonly findMap: FindMap;
  /** Where the value of a `__kconfig` name is. */
  readonly findKconfig: (name: string) => { readonly map: number; readonly offset: number } | undefined;
  /** Whether something that the object does not define was declared as the kernel's. */
  readonly isKernelName: (name: string) => boolean;
}

/**
 * Every program of an object: each function outside `.text` (or, where nothing else exists, in it).
 *
 * @throws ObjectError when code, symbols or relocations are damaged, or something has no definition
 */
export function linkPrograms(elf: Elf, names: OutsideNames, ext: BtfExt | undefined): Program[] {
  const codes = new Map<number, CodeSection>();
  for (const section of elf.sections) {
    if (section.executable && section.size > 0) codes.set(section.index, readCode(elf, section));
  }
  const outside = [...codes.values()].filter((code) => code.section.name !== TEXT);
  const entries = (outside.length > 0 ? outside : [...codes.values()]).flatMap((code) => code.functions);
  return entries.map((entry) => new Linker(codes, names, ext, entry).link());
}

function readCode(elf: Elf, section: Section): CodeSection {
  let insns: Insn[];
  try {
    insns = decode(section.bytes);
  } catch (error) {
    throw new ObjectError(`section ${section.name}: ${(error as Error).message}`);
  }
  const relocations = new Map<number, ElfRelocation>();
  for (const reloc of elf.relocations.get(section.index) ?? []) {
    const index = reloc.offset / INSN_BYTES;
    if (!Number.isInteger(index) || index >= insns.length) {
      throw new ObjectError(`section ${section.name}: corrupt relocation at byte ${reloc.offset}`);
    }
    relocations.set(index, reloc);
  }
  const functions: CFunction[] = [];
  const code = { section, insns, relocations, functions };
  for (const symbol of elf.symbols) {
    if (symbol.section !== section.index || symbol.type !== STT.FUNC || symbol.size === 0) continue;
    const start = symbol.value / INSN_BYTES, end = start + symbol.size / INSN_BYTES;
    if (!Number.isInteger(start) || !Number.isInteger(end) || end > insns.length) {
      throw new ObjectError(`section ${section.name}: function ${symbol.name} lies outside of it`);
    }
    functions.push({ name: symbol.name, code, start, end, global: isGlobal(symbol) });
  }
  if (functions.length === 0) throw new ObjectError(`section ${section.name} holds code but no function`);
  functions.sort((a, b) => a.start - b.start);
  return code;
}

/** What is hidden from other objects is verified as if it were static (libbpf.c:bpf_object__add_programs). */
const isGlobal = ({ binding, visibility }: ElfSymbol): boolean =>
  binding !== STB.LOCAL && visibility !== STV.HIDDEN && visibility !== STV.INTERNAL;

class Linker {
  readonly #insns: Insn[] = [];
  readonly #subprogs: Subprog[] = [];
  readonly #relocations: Relocation[] = [];
  readonly #lines: LineInfo[] = [];
  readonly #core: CoreRelocation[] = [];
  /** Where each function that was appended begins. */
  readonly #placed = new Map<CFunction, number>();

  constructor(
    readonly codes: ReadonlyMap<number, CodeSection>,
    readonly names: OutsideNames,
    readonly ext: BtfExt | undefined,
    readonly entry: CFunction,
  ) {}

  link(): Program {
    // Depth first with a list of our own: a chain of calls may be longer than JavaScript's stack.
    this.#append(this.entry);
    const walk = [{ fn: this.entry, at: this.entry.start }];
    for (let top = walk.at(-1); top; top = walk.at(-1)) {
      if (top.at >= top.fn.end) {
        walk.pop();
        continue;
      }
      const reached = this.#relocate(top.fn, top.at++);
      if (reached) walk.push({ fn: reached, at: reached.start });
    }
    this.#relocations.sort((a, b) => a.insn - b.insn);
    const section = this.entry.code.section.name, isOptional = section.startsWith("?");
    return {
      name: this.entry.name,
      section: isOptional ? section.slice(1) : section,
      ...(isOptional ? { isOptional } : {}),
      insns: this.#insns,
      subprogs: this.#subprogs,
      relocations: this.#relocations,
      lines: this.#lines,
      ...(this.#core.length > 0 ? { coreRelocations: this.#core } : {}),
    };
  }

  #append(fn: CFunction): void {
    const start = this.#insns.length, { name, section } = { name: fn.name, section: fn.code.section.name };
    const end = start + fn.end - fn.start;
    if (end > MAX_INSNS) throw new ObjectError(`program ${this.entry.name} has more than ${MAX_INSNS} instructions`);
    for (let at = fn.start; at < fn.end; at++) this.#insns.push(fn.code.insns[at]);
    const inFunction = (record: { byteOffset: number }) =>
      record.byteOffset >= fn.start * INSN_BYTES && record.byteOffset < fn.end * INSN_BYTES;
    const btfId = this.ext?.funcs.get(section)?.find((record) => record.byteOffset === fn.start * INSN_BYTES)?.type;
    this.#subprogs.push({ name, start, end, global: fn.global, btfId });
    const lines = (this.ext?.lines.get(section) ?? []).filter(inFunction).sort((a, b) => a.byteOffset - b.byteOffset);
    for (const { byteOffset, ...place } of lines) {
      this.#lines.push({ insn: start + Math.floor(byteOffset / INSN_BYTES) - fn.start, ...place });
    }
    for (const { byteOffset, ...relocation } of (this.ext?.core.get(section) ?? []).filter(inFunction)) {
      this.#core.push({ insn: start + Math.floor(byteOffset / INSN_BYTES) - fn.start, ...relocation });
    }
    this.#placed.set(fn, start);
  }

  /** Resolves what the instruction at `at` of a function refers to; gives a function that this appended. */
  #relocate(fn: CFunction, at: number): CFunction | undefined {
    const insn = fn.code.insns[at], reloc = fn.code.relocations.get(at);
    const where = (this.#placed.get(fn) ?? 0) + at - fn.start;
    if (!reloc) return isBpfCall(insn) ? this.#link(where, insn, fn.code, at + 1 + insn.imm) : undefined;
    const target = this.codes.get(reloc.symbol.section);
    if (reloc.type === R_BPF.CALL && isCall(insn)) {
      if (reloc.symbol.section === SHN_UNDEF) return this.#extern(where, insn, reloc);
      if (target) return this.#link(where, insn, target, reloc.symbol.value / INSN_BYTES + insn.imm + 1);
    } else if (reloc.type === R_BPF.LD_IMM64 && isWide(insn)) {
      if (reloc.symbol.section === SHN_UNDEF) return this.#extern(where, insn, reloc);
      if (target) return this.#link(where, insn, target, (reloc.symbol.value + insn.imm) / INSN_BYTES);
      return this.#data(where, insn, reloc);
    }
    throw new ObjectError(
      `program ${this.entry.name}, insn ${where}: unsupported relocation ${reloc.type} against ${reloc.symbol.name}`,
    );
  }

  /** A call, or the address, of the function that starts at `start` of a section. */
  #link(where: number, insn: Insn, code: CodeSection, start: number): CFunction | undefined {
    const callee = code.functions.find((fn) => fn.start === start);
    if (!callee) {
      throw new ObjectError(
        `program ${this.entry.name}, insn ${where}: no function starts at insn ${start} of section ${code.section.name}`,
      );
    }
    const isNew = !this.#placed.has(callee);
    if (isNew) this.#append(callee);
    const target = this.#placed.get(callee) ?? 0;
    if (isWide(insn)) {
      this.#patchWide(where, insn, BPF_PSEUDO.FUNC, target - where - 1, 0);
      this.#relocations.push({ insn: where, kind: "func", target });
    } else {
      this.#insns[where] = { ...insn, src: BPF_PSEUDO.CALL, imm: target - where - 1 };
    }
    return isNew ? callee : undefined;
  }

  #extern(where: number, insn: Insn, reloc: ElfRelocation): undefined {
    const value = isWide(insn) ? this.names.findKconfig(reloc.symbol.name) : undefined;
    if (value) return this.#value(where, insn, value.map, value.offset);
    if (!this.names.isKernelName(reloc.symbol.name)) {
      throw new ObjectError(
        `program ${this.entry.name}, insn ${where}: ${reloc.symbol.name} is declared but nowhere defined; ` +
          "one that another file of the project defines comes with that file, by --include-file FILE (includeFiles), or with " +
          "an object linked of both (bpftool gen object); a function or variable of the kernel is declared with __ksym",
      );
    }
    const isWeak = reloc.symbol.binding === STB.WEAK;
    this.#relocations.push({ insn: where, kind: "extern", name: reloc.symbol.name, ...(isWeak ? { isWeak } : {}) });
    if (isWide(insn)) this.#patchWide(where, insn, BPF_PSEUDO.BTF_ID, 0, 0);
    else this.#insns[where] = { ...insn, src: BPF_PSEUDO.KFUNC_CALL, imm: 0 };
  }

  #data(where: number, insn: Insn, reloc: ElfRelocation): undefined {
    const found = this.names.findMap(reloc.symbol.section, reloc.symbol.value + insn.imm);
    if (!found) {
      throw new ObjectError(
        `program ${this.entry.name}, insn ${where}: ${
          reloc.symbol.name || "something"
        } is neither a map nor a variable; a map is declared with SEC(".maps") behind its name`,
      );
    }
    const { map, offset } = found;
    if (offset === undefined) {
      this.#relocations.push({ insn: where, kind: "map", map });
      this.#patchWide(where, insn, BPF_PSEUDO.MAP_IDX, map, 0);
    } else {
      this.#value(where, insn, map, offset);
    }
  }

  #value(where: number, insn: Insn, map: number, offset: number): undefined {
    this.#relocations.push({ insn: where, kind: "mapValue", map, offset });
    this.#patchWide(where, insn, BPF_PSEUDO.MAP_IDX_VALUE, map, offset);
  }

  #patchWide(where: number, insn: Insn, src: number, low: number, high: number): void {
    const imm64 = BigInt.asUintN(64, (BigInt(high) << 32n) | BigInt(low >>> 0));
    this.#insns[where] = { ...insn, src, imm: low, imm64 };
    this.#insns[where + 1] = { ...this.#insns[where + 1], imm: high };
  }
}
