/** Functions of an object that clang wrote, as our code generator would hand them to the writer of objects. */
import type { AssembledFunction, LineEntry, Relocation } from "../../lib/codegen/assembled.ts";
import { alignUp, sizeOf } from "../../lib/codegen/data_layout.ts";
import { globalSectionName } from "../../lib/codegen/object/sections.ts";
import { Metadata } from "../../lib/llvm/metadata.ts";
import type { Module } from "../../lib/llvm/module.ts";
import { readBtfExt } from "../../lib/object/btf_ext.ts";
import { parseBtf } from "../../lib/object/btf_parser.ts";
import { type Elf, type ElfSymbol, R_BPF, readElf, STB, STT } from "../../lib/object/elf.ts";

const INSN_BYTES = 8;

/**
 * @param bytes the object
 * @param module of the same listing
 */
export function functionsOf(bytes: Uint8Array, module: Module): AssembledFunction[] {
  const elf = readElf(bytes), section = (name: string) => elf.sections.find((one) => one.name === name)!.bytes;
  const ext = readBtfExt(section(".BTF.ext"), parseBtf(section(".BTF")).strings);
  const locations = locationsByPlace(module), core = typesByName(module);
  const btf = parseBtf(section(".BTF"));
  const functions = elf.symbols.filter(({ type, size }) => type === STT.FUNC && size > 0)
    .sort((a, b) => a.section - b.section || a.value - b.value);
  return functions.map((symbol) => {
    const code = elf.sections[symbol.section], start = symbol.value, end = start + symbol.size;
    const inside = <T extends { byteOffset: number }>(records: readonly T[] | undefined) =>
      (records ?? []).filter(({ byteOffset }) => byteOffset >= start && byteOffset < end)
        .map((record) => ({ ...record, offset: record.byteOffset - start }));
    const insns = code.bytes.slice(start, end), view = new DataView(insns.buffer);
    const declared = module.functions.find(({ name }) => name === symbol.name);
    const relocations: Relocation[] = (elf.relocations.get(code.index) ?? [])
      .filter(({ offset }) => offset >= start && offset < end)
      .map((relocation) => {
        const offset = relocation.offset - start, isCall = relocation.type === R_BPF.CALL;
        const inPlace = view.getInt32(offset + 4, true);
        view.setInt32(offset + 4, isCall ? -1 : 0, true);
        const target = targetOf(elf, module, relocation.symbol, isCall ? (inPlace + 1) * INSN_BYTES : inPlace);
        return { offset, kind: isCall ? "call" : "address", ...target };
      });
    return {
      name: symbol.name,
      section: code.name,
      linkage: symbol.binding === STB.LOCAL ? "internal" : symbol.binding === STB.WEAK ? "weak" : "external",
      visibility: symbol.visibility === 2 ? "hidden" : "default",
      subprogram: declared?.subprogram,
      insns,
      relocations,
      lines: inside(ext.lines.get(code.name)).flatMap(({ offset, file, line, column }): LineEntry[] => {
        const location = locations.get(`${file}:${line}:${column}`);
        return location === undefined ? [] : [{ offset, location }];
      }),
      coreRelocations: inside(ext.core.get(code.name)).map(({ offset, type, access, kind }) => {
        const found = core.get(btf.types[type].name);
        if (found === undefined) throw new Error(`no metadata of type ${btf.types[type].name}`);
        return { offset, type: found, access, kind: kind as AssembledFunction["coreRelocations"][number]["kind"] };
      }),
    };
  });
}

/** A symbol by name and the bytes beyond it; relocations of what is static name its section. */
function targetOf(elf: Elf, module: Module, symbol: ElfSymbol, addend: number): { symbol: string; addend: number } {
  if (symbol.type !== STT.SECTION) return { symbol: symbol.name, addend };
  const inside = elf.symbols.find((one) =>
    one.section === symbol.section && one.type !== STT.SECTION && one.name !== "" && addend >= one.value &&
    addend < one.value + one.size
  );
  return inside
    ? { symbol: inside.name, addend: addend - inside.value }
    : unnamedAt(module, elf.sections[symbol.section].name, addend);
}

/** What is private to the compiler has no symbol: the global that lies there when all of its section are laid out. */
function unnamedAt(module: Module, section: string, at: number): { symbol: string; addend: number } {
  let end = 0;
  for (const global of module.globals.filter((one) => one.initializer && globalSectionName(one) === section)) {
    const start = alignUp(end, global.align ?? 1);
    end = start + sizeOf(global.type);
    if (at >= start && at < end) return { symbol: global.name, addend: at - start };
  }
  throw new Error(`nothing lies at byte ${at} of ${section}`);
}

function locationsByPlace(module: Module): Map<string, number> {
  const metadata = new Metadata(module.metadata), found = new Map<string, number>();
  for (const [name, text] of module.metadata) {
    if (!/^(distinct )?!DILocation\(/.test(text)) continue;
    const node = metadata.get(Number(name)), file = node.node("scope")?.node("file");
    const path = `${file?.text("directory")}/${file?.text("filename")}`.replace(/^\.\//, "");
    found.set(`${path}:${node.number("line")}:${node.number("column")}`, node.id);
  }
  return found;
}

function typesByName(module: Module): Map<string, number> {
  const metadata = new Metadata(module.metadata), found = new Map<string, number>();
  for (const [name, text] of module.metadata) {
    if (!/^(distinct )?!DI(Composite|Derived|Basic)Type\(/.test(text) || text.includes("DW_TAG_member")) continue;
    const node = metadata.get(Number(name));
    if (!found.has(node.text("name"))) found.set(node.text("name"), node.id);
  }
  return found;
}
