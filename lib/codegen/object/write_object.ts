/**
 * Machine code, globals and debug metadata become an object file such as clang writes it: what our loader, libbpf and the
 * kernel's verifier read.
 */
import type { Function, Global, Linkage, Module, Visibility } from "../../llvm/module.ts";
import { Metadata } from "../../llvm/metadata.ts";
import type { AssembledFunction } from "../assembled.ts";
import { alignOf, sizeOf } from "../data_layout.ts";
import { StringTable } from "./byte_writer.ts";
import { writeBtf } from "./btf_entries.ts";
import { DebugInfo, type Placed, type PlacedFunction } from "./debug_info.ts";
import { ElfWriter, type OutputSection, type OutputSymbol, R_BPF, SHT, STB, STT, STV } from "./elf_writer.ts";
import { type InitialAddress, initialBytes } from "./initial_bytes.ts";
import { codeSection, functionSectionName, globalSection } from "./sections.ts";

/** Gives the text of a source file, by the name that debug metadata has of it: `./listing.bpf.c`. */
export type FindSource = (file: string) => string | undefined;

const INSN_BYTES = 8;

/**
 * @param module what the functions were made of: its globals and its metadata
 * @param functions in the order of the module
 * @param findSource for the C lines that the object holds; without it they are empty
 * @returns the bytes of an ELF file
 * @throws UnsupportedError for a global that no object can hold
 */
export function writeObject(
  module: Module,
  functions: readonly AssembledFunction[],
  findSource: FindSource = () => undefined,
): Uint8Array {
  return new ObjectWriter(module, functions, findSource).write();
}

interface Place extends Placed {
  /** Of a global or weak one: relocations name it, and a linker may put another in its place. */
  readonly symbol?: OutputSymbol;
}

class ObjectWriter {
  readonly #elf = new ElfWriter();
  readonly #places = new Map<string, Place>();
  readonly #externs = new Map<string, OutputSymbol>();
  readonly #addresses: { readonly place: Place; readonly address: InitialAddress }[] = [];

  constructor(
    readonly module: Module,
    readonly functions: readonly AssembledFunction[],
    readonly findSource: FindSource,
  ) {}

  write(): Uint8Array {
    codeSection(this.#elf, functionSectionName({}));
    const placed = this.functions.map((fn) => this.#placeFunction(fn));
    const dropped = readByCompilerAlone(this.module);
    for (const global of this.module.globals) {
      if (isWritten(global) && !dropped.has(global.name)) this.#placeGlobal(global);
    }
    this.#writeDebugInfo(placed);
    for (const { fn, section, offset } of placed) {
      for (const relocation of fn.relocations) {
        const type = relocation.kind === "call" ? R_BPF.CALL : R_BPF.LD_IMM64;
        this.#relocate(section, offset + relocation.offset, type, relocation.symbol, relocation.addend);
      }
    }
    for (const { place, address } of this.#addresses) {
      this.#relocate(place.section, place.offset + address.offset, R_BPF.ABS64, address.symbol, address.addend);
    }
    return this.#elf.toBytes();
  }

  #placeFunction(fn: AssembledFunction): PlacedFunction {
    const section = codeSection(this.#elf, fn.section), offset = section.append(fn.insns, INSN_BYTES);
    this.#define(fn.name, fn, section, offset, STT.FUNC, fn.insns.length);
    return { fn, section, offset };
  }

  #placeGlobal(global: Global): void {
    const section = globalSection(this.#elf, global), { bytes, addresses } = initialBytes(global.initializer!);
    const offset = section.append(bytes, global.align ?? alignOf(global.type));
    const place = this.#define(global.name, global, section, offset, STT.OBJECT, sizeOf(global.type));
    for (const address of addresses) this.#addresses.push({ place, address });
  }

  #define(
    name: string,
    { linkage, visibility }: { readonly linkage: Linkage; readonly visibility: Visibility },
    section: OutputSection,
    value: number,
    type: number,
    size: number,
  ): Place {
    const binding = bindingOf(linkage);
    // What is private to the compiler has no name in the object.
    const symbol = linkage === "private" ? undefined : this.#elf.addSymbol(
      { name, type, binding, visibility: visibility === "hidden" ? STV.HIDDEN : STV.DEFAULT, section, value, size },
    );
    const place = { section, offset: value, symbol: binding === STB.LOCAL ? undefined : symbol };
    this.#places.set(name, place);
    return place;
  }

  /**
   * Relocations have no addend of their own: it stands in the place that is to be relocated, of a call in instructions
   * beyond the one after it (llvm/lib/Target/BPF/MCTargetDesc/BPFAsmBackend.cpp:applyFixup).
   */
  #relocate(section: OutputSection, at: number, type: number, name: string, addend: number): void {
    const place = this.#places.get(name), symbol = place ? place.symbol ?? place.section.symbol : this.#extern(name);
    const inPlace = addend + (place && !place.symbol ? place.offset : 0);
    section.relocations.push({ offset: at, type, symbol });
    if (type === R_BPF.ABS64) section.patchU64(at, inPlace);
    else section.patchU32(at + 4, type === R_BPF.CALL ? inPlace / INSN_BYTES - 1 : inPlace);
  }

  #extern(name: string): OutputSymbol {
    const known = this.#externs.get(name);
    if (known) return known;
    const declared: Function | Global | undefined = this.module.functions.find((fn) => fn.name === name) ??
      this.module.globals.find((global) => global.name === name);
    const binding = declared?.linkage === "extern_weak" ? STB.WEAK : STB.GLOBAL;
    const visibility = declared?.visibility === "hidden" ? STV.HIDDEN : STV.DEFAULT;
    const symbol = this.#elf.addSymbol({ name, type: STT.NOTYPE, binding, visibility, value: 0, size: 0 });
    this.#externs.set(name, symbol);
    return symbol;
  }

  #writeDebugInfo(placed: readonly PlacedFunction[]): void {
    if (!this.module.metadata.has("llvm.dbg.cu")) return;
    const strings = new StringTable(), metadata = new Metadata(this.module.metadata);
    const debug = new DebugInfo(this.module, metadata, this.#places, strings, this.findSource);
    for (const fn of placed) debug.addFunction(fn);
    debug.finish();
    const ext = debug.ext.toBytes(), types = writeBtf(debug.types.entries, strings);
    const btf = this.#elf.section(".BTF", SHT.PROGBITS, 0), btfExt = this.#elf.section(".BTF.ext", SHT.PROGBITS, 0);
    btf.append(types, 4);
    btfExt.append(ext.bytes, 4);
    for (const [out, offsets] of [[btf, debug.variableOffsets], [btfExt, ext.codeOffsets]] as const) {
      for (const { offset, section } of offsets) {
        out.relocations.push({ offset, type: R_BPF.NODYLD32, symbol: section.symbol });
      }
    }
  }
}

/** Defined here, and no list that only the compiler reads (`llvm.used`, `llvm.compiler.used`). */
const isWritten = ({ initializer, linkage, section }: Global): boolean =>
  initializer !== undefined && linkage !== "available_externally" && section !== "llvm.metadata";

/** Texts that only an intrinsic of CO-RE is handed: they say what a relocation is about, which says so itself. */
function readByCompilerAlone({ functions }: Module): Set<string> {
  const names = new Set<string>();
  for (const { instructions } of functions.flatMap(({ blocks }) => blocks)) {
    for (const instruction of instructions) {
      if (instruction.opcode !== "call" || instruction.callee.kind !== "global") continue;
      if (!instruction.callee.name.startsWith("llvm.bpf.")) continue;
      for (const argument of instruction.arguments) if (argument.kind === "global") names.add(argument.name);
    }
  }
  return names;
}

function bindingOf(linkage: Linkage): number {
  if (linkage === "internal" || linkage === "private") return STB.LOCAL;
  return linkage === "weak" || linkage === "extern_weak" ? STB.WEAK : STB.GLOBAL;
}
