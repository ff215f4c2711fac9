/** Writes a relocatable ELF file for BPF: sections, symbols, relocations (64-bit, little-endian). */
import { R_BPF, SHN_UNDEF, SHT, STB, STT, STV } from "../../object/elf.ts";
import { ByteWriter, StringTable } from "./byte_writer.ts";

/** Flags of sections, as elf.h numbers them. */
export const SHF = { WRITE: 1, ALLOC: 2, EXECINSTR: 4, MERGE: 0x10, STRINGS: 0x20, INFO_LINK: 0x40 } as const;
const SHT_STRTAB = 3;
const EM_BPF = 247;
const HEADER_BYTES = 64, SYMBOL_BYTES = 24, REL_BYTES = 16;

export interface OutputSymbol {
  readonly name: string;
  readonly type: number;
  readonly binding: number;
  readonly visibility: number;
  /** None: it is declared only. */
  readonly section?: OutputSection;
  readonly value: number;
  readonly size: number;
}

interface OutputRelocation {
  readonly offset: number;
  readonly type: number;
  readonly symbol: OutputSymbol;
}

/** A section that is filled from its beginning to its end. */
export class OutputSection {
  readonly contents = new ByteWriter();
  readonly relocations: OutputRelocation[] = [];
  /** Largest alignment of what it holds. */
  align = 1;
  /** Stands for the section's first byte. */
  readonly symbol: OutputSymbol = {
    name: "",
    type: STT.SECTION,
    binding: STB.LOCAL,
    visibility: STV.DEFAULT,
    section: this,
    value: 0,
    size: 0,
  };

  constructor(
    readonly name: string,
    readonly type: number,
    readonly flags: number,
    readonly entryBytes = 0,
  ) {}

  /** Appends bytes; gives their place. */
  append(bytes: Uint8Array, align: number): number {
    this.align = Math.max(this.align, align);
    const at = this.contents.alignTo(align).length;
    this.contents.bytes(bytes);
    return at;
  }

  patchU32(at: number, value: number): void {
    this.contents.patchU32(at, value);
  }

  patchU64(at: number, value: number): void {
    const number = BigInt.asUintN(64, BigInt(value));
    this.contents.patchU32(at, Number(number & 0xffff_ffffn));
    this.contents.patchU32(at + 4, Number(number >> 32n));
  }
}

export class ElfWriter {
  readonly #sections = new Map<string, OutputSection>();
  readonly #symbols: OutputSymbol[] = [];

  /** The section of a name; the first that asks decides of its type and flags. */
  section(name: string, type: number, flags: number, entryBytes = 0): OutputSection {
    const found = this.#sections.get(name) ?? new OutputSection(name, type, flags, entryBytes);
    this.#sections.set(name, found);
    return found;
  }

  addSymbol(symbol: OutputSymbol): OutputSymbol {
    this.#symbols.push(symbol);
    return symbol;
  }

  toBytes(): Uint8Array {
    const sections = [...this.#sections.values()], names = new StringTable(), file = new ByteWriter();
    const indexOf = new Map(sections.map((section, index) => [section, index + 1]));
    // Local symbols stand before all others (ELF specification, "Symbol Table").
    const locals = this.#symbols.filter(({ binding }) => binding === STB.LOCAL);
    const others = this.#symbols.filter(({ binding }) => binding !== STB.LOCAL);
    const symbols = [...sections.map(({ symbol }) => symbol), ...locals, ...others];
    const symbolIndex = new Map(symbols.map((symbol, index) => [symbol, index + 1]));
    const relocated = sections.filter(({ relocations }) => relocations.length > 0);
    const symtabIndex = 1 + sections.length + relocated.length, strtabIndex = symtabIndex + 1;
    const headers = new ByteWriter().bytes(new Uint8Array(HEADER_BYTES));
    const header = (
      name: string,
      { type, flags = 0, at, size, link = 0, info = 0, align, entryBytes = 0 }: {
        type: number;
        flags?: number;
        at: number;
        size: number;
        link?: number;
        info?: number;
        align: number;
        entryBytes?: number;
      },
    ) =>
      headers.u32(names.add(name), type).u64(flags, 0, at, size).u32(link, info)
        .u64(align, entryBytes);

    file.bytes(new Uint8Array(HEADER_BYTES));
    for (const { name, type, flags, align, entryBytes, contents } of sections) {
      const at = file.alignTo(align).length, size = contents.length;
      if (type !== SHT.NOBITS) file.bytes(contents.toBytes());
      header(name, { type, flags, at, size, align, entryBytes });
    }
    for (const section of relocated) {
      const at = file.alignTo(8).length;
      for (const { offset, type, symbol } of section.relocations) {
        file.u64(offset).u32(type, symbolIndex.get(symbol)!);
      }
      header(`.rel${section.name}`, {
        ...{ type: SHT.REL, flags: SHF.INFO_LINK, at, size: file.length - at, align: 8, entryBytes: REL_BYTES },
        ...{ link: symtabIndex, info: indexOf.get(section)! },
      });
    }
    const symtabAt = file.alignTo(8).length;
    file.bytes(new Uint8Array(SYMBOL_BYTES));
    for (const { name, type, binding, visibility, section, value, size } of symbols) {
      file.u32(names.add(name)).u8(binding << 4 | type).u8(visibility)
        .u16(section ? indexOf.get(section)! : SHN_UNDEF).u64(value, size);
    }
    header(".symtab", {
      ...{ type: SHT.SYMTAB, at: symtabAt, size: file.length - symtabAt, align: 8, entryBytes: SYMBOL_BYTES },
      // The first symbol that is not local.
      ...{ link: strtabIndex, info: 1 + sections.length + locals.length },
    });
    names.add(".strtab");
    const strings = names.toBytes(), stringsAt = file.length;
    file.bytes(strings);
    header(".strtab", { type: SHT_STRTAB, at: stringsAt, size: strings.length, align: 1 });
    const headersAt = file.alignTo(8).length;
    const bytes = file.bytes(headers.toBytes()).toBytes();
    bytes.set(fileHeader(headersAt, strtabIndex));
    return bytes;
  }
}

function fileHeader(headersAt: number, strtabIndex: number): Uint8Array {
  const ident = [0x7f, 0x45, 0x4c, 0x46, /* 64-bit */ 2, /* little-endian */ 1, /* version */ 1];
  const relocatable = 1;
  return new ByteWriter().bytes(Uint8Array.from({ length: 16 }, (_, index) => ident[index] ?? 0))
    .u16(relocatable).u16(EM_BPF).u32(1).u64(0, 0, headersAt).u32(0)
    .u16(HEADER_BYTES).u16(0).u16(0).u16(64).u16(strtabIndex + 1).u16(strtabIndex).toBytes();
}

export { R_BPF, SHT, STB, STT, STV };
