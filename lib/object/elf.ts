/** The parts of an ELF file (64-bit, little-endian, relocatable) that a BPF object uses. */
import { ByteReader } from "./byte_reader.ts";
import { ObjectError } from "./object_error.ts";

/** Section types, symbol types and bindings as elf.h numbers them. */
export const SHT = { PROGBITS: 1, SYMTAB: 2, NOBITS: 8, REL: 9 } as const;
const SHF_EXECINSTR = 4;
export const STT = { NOTYPE: 0, OBJECT: 1, FUNC: 2, SECTION: 3 } as const;
export const STB = { LOCAL: 0, GLOBAL: 1, WEAK: 2 } as const;
/** Visibility: what another object may call, or only functions of this one. */
export const STV = { DEFAULT: 0, INTERNAL: 1, HIDDEN: 2 } as const;
/** Section index of a symbol that the object only declares. */
export const SHN_UNDEF = 0;

/** BPF relocation types (LLVM's R_BPF_*; Documentation/bpf/llvm_reloc.rst). */
export const R_BPF = { LD_IMM64: 1, ABS64: 2, ABS32: 3, NODYLD32: 4, CALL: 10 } as const;

export interface Section {
  readonly index: number;
  readonly name: string;
  readonly type: number;
  readonly executable: boolean;
  readonly size: number;
  /** Empty for a section without bytes in the file (`.bss`). */
  readonly bytes: Uint8Array;
}

export interface ElfSymbol {
  readonly name: string;
  readonly type: number;
  readonly binding: number;
  readonly visibility: number;
  /** Index of its section, or {@link SHN_UNDEF}, or a special number above all sections. */
  readonly section: number;
  /** Byte offset in its section. */
  readonly value: number;
  readonly size: number;
}

export interface ElfRelocation {
  /** Byte offset in the section that is to be patched. */
  readonly offset: number;
  readonly type: number;
  readonly symbol: ElfSymbol;
}

export interface Elf {
  readonly sections: readonly Section[];
  readonly symbols: readonly ElfSymbol[];
  /** Relocations by index of the section that they patch. */
  readonly relocations: ReadonlyMap<number, readonly ElfRelocation[]>;
}

const EM_BPF = 247;
const MACHINES: Record<number, string> = {
  3: "x86",
  8: "MIPS",
  20: "PowerPC",
  21: "PowerPC 64",
  22: "S/390",
  40: "Arm",
  62: "x86-64",
  183: "AArch64",
  243: "RISC-V",
  258: "LoongArch",
};
const HEADER_BYTES = 64;
const SECTION_HEADER_BYTES = 64;
const SYMBOL_BYTES = 24;
const REL_BYTES = 16;

/**
 * Reads the sections, symbols and relocations of an object file.
 *
 * @throws ObjectError when the bytes are no relocatable little-endian ELF file for BPF, or are damaged
 */
export function readElf(bytes: Uint8Array): Elf {
  const file = new ByteReader(bytes, "the object file");
  checkHeader(file);
  const headers = sectionHeaders(file);
  const sections = headers.map((header, index) => readSection(file, headers, header, index));
  const symtab = headers.find((header) => header.type === SHT.SYMTAB);
  if (!symtab) throw new ObjectError("the object has no symbol table: it was stripped; compile it again");
  const symbols = readSymbols(file, headers, symtab);
  const relocations = new Map<number, ElfRelocation[]>();
  for (const header of headers) {
    if (header.type !== SHT.REL) continue;
    const found = readRelocations(file.part(header.offset, header.size, "a relocation section"), symbols);
    relocations.set(header.info, [...relocations.get(header.info) ?? [], ...found]);
  }
  return { sections, symbols, relocations };
}

function checkHeader(file: ByteReader): void {
  if (file.length === 0) throw new ObjectError("the object file is empty");
  if (file.length < 4 || file.u32(0) !== 0x464c457f) {
    throw new ObjectError("not an ELF file: an object that clang -target bpf writes starts with the bytes 7f 45 4c 46");
  }
  if (file.length < HEADER_BYTES) {
    throw new ObjectError(`truncated: ${file.length} bytes are less than an ELF header (${HEADER_BYTES})`);
  }
  if (file.u8(5) === 2) throw new ObjectError("a big-endian object; compile with -target bpfel");
  const machine = file.u16(18);
  if (machine !== EM_BPF) {
    const name = MACHINES[machine] ?? `machine number ${machine}`;
    throw new ObjectError(`an object for ${name}, not for BPF; compile with -target bpf`);
  }
  if (file.u8(4) !== 2) throw new ObjectError("a 32-bit ELF file; BPF objects are 64-bit");
  if (file.u16(16) !== 1) throw new ObjectError("not a relocatable object; compile with -c");
}

interface SectionHeader {
  readonly name: number;
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
}

function sectionHeaders(file: ByteReader): SectionHeader[] {
  const offset = file.u64(40), entryBytes = file.u16(58), count = file.u16(60);
  if (count === 0) throw new ObjectError("the object has no sections");
  if (entryBytes !== SECTION_HEADER_BYTES) {
    throw new ObjectError(`corrupt ELF header: section headers of ${entryBytes} bytes instead of 64`);
  }
  const table = file.part(offset, count * SECTION_HEADER_BYTES, "the section header table");
  return Array.from({ length: count }, (_, index) => {
    const at = index * SECTION_HEADER_BYTES;
    return {
      name: table.u32(at),
      type: table.u32(at + 4),
      flags: table.u64(at + 8),
      offset: table.u64(at + 24),
      size: table.u64(at + 32),
      link: table.u32(at + 40),
      info: table.u32(at + 44),
    };
  });
}

function readSection(
  file: ByteReader,
  headers: readonly SectionHeader[],
  header: SectionHeader,
  index: number,
): Section {
  const names = stringTable(file, headers, file.u16(62));
  const name = names.string(header.name);
  const empty = header.type === SHT.NOBITS || header.type === 0;
  const bytes = empty ? new Uint8Array() : file.part(header.offset, header.size, `section ${name}`).bytes;
  return {
    index,
    name,
    type: header.type,
    executable: header.type === SHT.PROGBITS && (header.flags & SHF_EXECINSTR) !== 0,
    size: header.size,
    bytes,
  };
}

function stringTable(file: ByteReader, headers: readonly SectionHeader[], index: number): ByteReader {
  const header = headers[index];
  if (!header) throw new ObjectError(`corrupt ELF file: its names should be in section ${index}, which does not exist`);
  return file.part(header.offset, header.size, "a string table");
}

function readSymbols(file: ByteReader, headers: readonly SectionHeader[], symtab: SectionHeader): ElfSymbol[] {
  const names = stringTable(file, headers, symtab.link);
  const table = file.part(symtab.offset, symtab.size, "the symbol table");
  return Array.from({ length: Math.floor(table.length / SYMBOL_BYTES) }, (_, index) => {
    const at = index * SYMBOL_BYTES, info = table.u8(at + 4);
    return {
      name: names.string(table.u32(at)),
      type: info & 0x0f,
      binding: info >> 4,
      visibility: table.u8(at + 5) & 0x03,
      section: table.u16(at + 6),
      value: table.u64(at + 8),
      size: table.u64(at + 16),
    };
  });
}

function readRelocations(table: ByteReader, symbols: readonly ElfSymbol[]): ElfRelocation[] {
  return Array.from({ length: Math.floor(table.length / REL_BYTES) }, (_, index) => {
    const at = index * REL_BYTES, symbol = symbols[table.u32(at + 12)];
    if (!symbol) throw new ObjectError(`corrupt relocation: symbol ${table.u32(at + 12)} does not exist`);
    return { offset: table.u64(at), type: table.u32(at + 8), symbol };
  });
}
