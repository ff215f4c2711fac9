/** Global variables: each data section becomes an array map of one value, as libbpf makes it. */
import type { MapDef, Variable } from "./bpf_object.ts";
import type { Btf, BtfType } from "./btf.ts";
import { sizeOfType } from "./btf_types.ts";
import { type Elf, type ElfSymbol, type Section, SHT, STT } from "./elf.ts";
import { ObjectError } from "./object_error.ts";
import { BPF_F_MMAPABLE, BPF_F_RDONLY_PROG } from "../uapi/flags.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";

/** An array map may be larger, but simulated memory is not; damaged sizes stop here too. */
const MAX_DATA_BYTES = 16 << 20;

/** Whether a section holds global variables. */
export function isDataSection(section: Section): boolean {
  return section.size > 0 && !section.executable && (section.type === SHT.PROGBITS || section.type === SHT.NOBITS) &&
    /^\.(bss|data|rodata)(\..*)?$/.test(section.name);
}

/** Where libbpf puts variables of the address space that an arena is (libbpf.c: ARENA_SEC). */
export const ARENA_SECTION = ".addr_space.1";

/** What a section of an arena's variables begins it with. */
export function arenaData(elf: Elf, section: Section, btf: Btf | undefined): NonNullable<MapDef["data"]> {
  const datasec = btf?.types.find((type) => type.kind === "datasec" && type.name === section.name);
  const bytes = new Uint8Array(section.size);
  bytes.set(section.bytes.subarray(0, section.size));
  return { section: section.name, bytes, variables: variablesOf(elf, section, btf, datasec), readonly: false };
}

/**
 * The map of a data section.
 *
 * @throws ObjectError when the section is too large
 */
export function dataSectionMap(elf: Elf, section: Section, btf: Btf | undefined): MapDef {
  if (section.size > MAX_DATA_BYTES) {
    throw new ObjectError(`section ${section.name} has ${section.size} bytes; at most ${MAX_DATA_BYTES} are supported`);
  }
  const readonly = section.name.startsWith(".rodata");
  const bytes = new Uint8Array(section.size);
  bytes.set(section.bytes.subarray(0, section.size));
  const datasec = btf?.types.find((type) => type.kind === "datasec" && type.name === section.name);
  return {
    name: section.name,
    type: BPF_MAP_TYPE.ARRAY,
    keySize: 4,
    valueSize: section.size,
    maxEntries: 1,
    flags: BPF_F_MMAPABLE | (readonly ? BPF_F_RDONLY_PROG : 0),
    valueType: datasec?.id,
    data: { section: section.name, bytes, variables: variablesOf(elf, section, btf, datasec), readonly },
  };
}

/**
 * Variables by offset. The symbol table knows where each one is (BTF leaves offsets of global variables 0 until a
 * linker fills them in), BTF what it is.
 */
function variablesOf(elf: Elf, section: Section, btf: Btf | undefined, datasec: BtfType | undefined): Variable[] {
  const symbols = elf.symbols.filter((symbol) =>
    symbol.section === section.index && symbol.type !== STT.SECTION && symbol.name !== ""
  );
  const found = new Map<string, Variable>();
  for (const entry of datasec?.variables ?? []) {
    const type = btf?.types[entry.type];
    if (!type || type.kind !== "var" || !btf) continue;
    const symbol = symbols.find((symbol) => symbol.name === type.name);
    const variable = {
      name: type.name,
      offset: symbol?.value ?? entry.offset,
      size: entry.size || sizeOfType(btf, type.type ?? 0),
      type: type.type,
    };
    found.set(variable.name, variable);
  }
  for (const symbol of symbols) {
    if (!found.has(symbol.name) && isNamedByC(symbol)) found.set(symbol.name, variableOf(symbol));
  }
  return [...found.values()]
    .filter((variable) => variable.size > 0 && variable.offset + variable.size <= section.size)
    .sort((a, b) => a.offset - b.offset);
}

const isNamedByC = (symbol: ElfSymbol): boolean => symbol.size > 0 && !symbol.name.startsWith(".L");
const variableOf = (symbol: ElfSymbol): Variable => ({ name: symbol.name, offset: symbol.value, size: symbol.size });
