/** Collects what an object says of its source: types, functions, variables, lines, relocations for other kernels. */
import type { Constant, Global, Module } from "../../llvm/module.ts";
import type { Metadata, MetadataNode } from "../../llvm/metadata.ts";
import type { AssembledFunction } from "../assembled.ts";
import { CORE_RELO } from "../../uapi/core_relo.ts";
import { sizeOf } from "../data_layout.ts";
import { BTF_HEADER_BYTES } from "./btf_entries.ts";
import { BtfExtWriter, type CodeOffset } from "./btf_ext_writer.ts";
import { BTF_LINKAGE, BtfTypes } from "./btf_types.ts";
import type { StringTable } from "./byte_writer.ts";
import type { OutputSection } from "./elf_writer.ts";
import { globalSectionName } from "./sections.ts";
import type { FindSource } from "./write_object.ts";

export interface PlacedFunction {
  readonly fn: AssembledFunction;
  readonly section: OutputSection;
  /** Byte offset of its first instruction in its section. */
  readonly offset: number;
}

/** Where a global or a function of the object begins. */
export interface Placed {
  readonly section: OutputSection;
  readonly offset: number;
}

/** A variable or function in a section, as BTF lists them. */
interface SectionEntry {
  readonly name: string;
  readonly type: number;
  readonly size: number;
}

const MAPS = ".maps";

export class DebugInfo {
  readonly types = new BtfTypes();
  readonly ext: BtfExtWriter;
  /** Where in `.BTF` offsets of variables stand; filled when it is written. */
  readonly variableOffsets: CodeOffset[] = [];
  readonly #sections = new Map<string, SectionEntry[]>();
  readonly #prototypes = new Set<string>();
  readonly #lines = new Map<string, readonly string[]>();

  constructor(
    readonly module: Module,
    readonly metadata: Metadata,
    readonly places: ReadonlyMap<string, Placed>,
    strings: StringTable,
    readonly findSource: FindSource,
  ) {
    this.ext = new BtfExtWriter(strings);
    // Before any function: what a map's keys and values point to is wanted with its members.
    this.#addGlobals(true);
  }

  addFunction({ fn, section, offset }: PlacedFunction): void {
    if (fn.subprogram !== undefined) {
      const subprogram = this.metadata.get(fn.subprogram);
      this.ext.addFunction(section, offset, this.#functionType(subprogram));
      this.#addLines(fn, subprogram, section, offset);
    }
    const referred = fn.relocations.map(({ offset, symbol }) => ({ offset, add: () => this.#addPrototype(symbol) }));
    const relocated = fn.coreRelocations.map((relocation) => ({
      offset: relocation.offset,
      add: () => this.#addCoreRelocation(relocation, section, offset),
    }));
    for (const { add } of [...referred, ...relocated].sort((a, b) => a.offset - b.offset)) add();
  }

  /** When all functions are added. */
  finish(): void {
    this.#addGlobals(false);
    for (const [name, entries] of [...this.#sections].sort(([a], [b]) => a < b ? -1 : 1)) {
      // The section's size is libbpf's to fill in (libbpf.c:btf_fixup_datasec).
      this.types.add({
        kind: "datasec",
        name,
        sizeOrType: 0,
        count: entries.length,
        tail: (out) => {
          for (const { name, type, size } of entries) {
            const place = this.places.get(name);
            out.u32(type);
            if (place) this.variableOffsets.push({ offset: BTF_HEADER_BYTES + out.length, section: place.section });
            out.u32(place?.offset ?? 0, size);
          }
        },
      });
    }
    this.types.finish();
  }

  /** The FUNC of a definition, with the names of its arguments. */
  #functionType(subprogram: MetadataNode): number {
    const names = new Map<number, string>();
    for (const variable of subprogram.list("retainedNodes")) {
      const argument = variable?.kind === "DILocalVariable" ? variable.number("arg") : 0;
      if (!variable || argument === 0) continue;
      this.types.visit(variable.node("type"));
      names.set(argument, variable.text("name"));
    }
    const prototype = this.types.prototype(subprogram.node("type")!, names);
    const isStatic = subprogram.has("spFlags", "DISPFlagLocalToUnit");
    return this.#addFunctionType(subprogram, prototype, isStatic ? BTF_LINKAGE.STATIC : BTF_LINKAGE.GLOBAL);
  }

  #addFunctionType(subprogram: MetadataNode, prototype: number, linkage: number): number {
    const name = subprogram.text("name");
    const id = this.types.add({ kind: "func", name, sizeOrType: prototype, count: linkage });
    for (const variable of subprogram.list("retainedNodes")) {
      const argument = variable?.kind === "DILocalVariable" ? variable.number("arg") : 0;
      if (variable && argument > 0) this.types.declarationTags(variable, id, argument - 1);
    }
    this.types.declarationTags(subprogram, id, -1);
    return id;
  }

  /** The FUNC of a function that is only declared: a kernel function; once, however often it is called. */
  #addPrototype(name: string): void {
    const fn = this.module.functions.find((fn) => fn.name === name);
    if (fn?.subprogram === undefined || fn.blocks.length > 0 || this.#prototypes.has(name)) return;
    this.#prototypes.add(name);
    const subprogram = this.metadata.get(fn.subprogram), signature = subprogram.node("type")!;
    const prototype = this.types.prototype(signature, new Map(), signature);
    const id = this.#addFunctionType(subprogram, prototype, BTF_LINKAGE.EXTERN);
    if (fn.section) this.#addToSection(fn.section, { name, type: id, size: 0 });
  }

  #addGlobals(maps: boolean): void {
    for (const global of this.module.globals) {
      const section = globalSectionName(global);
      if (section.startsWith(MAPS) !== maps) continue;
      if (global.debug !== undefined) this.#addGlobal(global, section);
      // Variables without a name of C, such as initial values of locals: the section is listed, empty.
      else if (section === ".rodata" && global.linkage === "private" && !this.#sections.has(section)) {
        this.#sections.set(section, []);
      }
    }
  }

  #addGlobal(global: Global, section: string): void {
    const variable = this.metadata.get(global.debug!).node("var")!, type = variable.node("type");
    const typeId = section.startsWith(MAPS) ? this.types.visitMapDefinition(type) : this.types.visit(type);
    if (!["internal", "external", "weak", "extern_weak"].includes(global.linkage)) return;
    const allocated = global.initializer ? BTF_LINKAGE.GLOBAL : BTF_LINKAGE.EXTERN;
    const linkage = global.linkage === "internal" ? BTF_LINKAGE.STATIC : allocated;
    const id = this.types.add({
      kind: "var",
      name: global.name,
      sizeOrType: typeId,
      tail: (out) => out.u32(linkage),
    });
    this.types.declarationTags(variable, id, -1);
    if (section === "") return;
    this.#addToSection(section, { name: global.name, type: id, size: sizeOf(global.type) });
    if (global.initializer) this.#addInitialFunctions(global.initializer);
  }

  /** Functions of other objects in a map's initial values. */
  #addInitialFunctions(constant: Constant): void {
    if (constant.kind === "global") this.#addPrototype(constant.name);
    if (constant.kind === "aggregate") constant.elements.forEach((element) => this.#addInitialFunctions(element));
  }

  #addToSection(name: string, entry: SectionEntry): void {
    const entries = this.#sections.get(name) ?? [];
    this.#sections.set(name, entries);
    entries.push(entry);
  }

  /** The kernel wants the first line of a function at its first instruction (kernel/bpf/verifier.c:check_btf_line). */
  #addLines(fn: AssembledFunction, subprogram: MetadataNode, section: OutputSection, start: number): void {
    let last = -1, lastOffset = -1;
    const add = (offset: number, file: MetadataNode | undefined, line: number, column: number) => {
      const name = fileName(file);
      this.ext.addLine(section, start + offset, { file: name, text: this.#textOf(name, line), line, column });
      lastOffset = offset;
    };
    const lines = fn.lines.filter(({ location }) => this.metadata.get(location).number("line") > 0);
    if (lines[0]?.offset !== 0) add(0, subprogram.node("file"), subprogram.number("line"), 0);
    for (const { offset, location } of lines) {
      if (location === last || offset === lastOffset) continue;
      const node = this.metadata.get(location);
      add(offset, node.node("scope")?.node("file"), node.number("line"), node.number("column"));
      last = location;
    }
  }

  #textOf(file: string, line: number): string {
    let lines = this.#lines.get(file);
    if (!lines) this.#lines.set(file, lines = (this.findSource(file) ?? "").split(/\r?\n/));
    return lines[line - 1] ?? "";
  }

  #addCoreRelocation(
    { offset, type, access, kind }: AssembledFunction["coreRelocations"][number],
    section: OutputSection,
    start: number,
  ): void {
    const id = this.types.visit(this.metadata.get(type));
    this.ext.addCoreRelocation(section, start + offset, id, access, kind);
    // Only here is the number known that the type has in this object.
    if (kind === CORE_RELO.TYPE_ID_LOCAL || kind === CORE_RELO.TYPE_ID_TARGET) {
      section.patchU32(start + offset + 4, id);
    }
  }
}

/** As clang joins it: the folder that it ran in, and the name that it was given. */
function fileName(file: MetadataNode | undefined): string {
  const name = file?.text("filename") ?? "", folder = file?.text("directory") ?? "";
  return name.startsWith("/") || folder === "" ? name : `${folder}/${name}`;
}
