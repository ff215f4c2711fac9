/** Which section a global or a function goes to (llvm/lib/Target/TargetLoweringObjectFile.cpp:getKindForGlobal). */
import type { Constant, Function, Global, Type } from "../../llvm/module.ts";
import { sizeOf } from "../data_layout.ts";
import { type ElfWriter, type OutputSection, SHF, SHT } from "./elf_writer.ts";

/** Section names that say what a section is, whatever it holds. */
const ZEROS_BY_NAME = /^\.bss(\..*)?$/;
const MERGEABLE_BYTES = [4, 8, 16, 32];

export function codeSection(elf: ElfWriter, name: string): OutputSection {
  return elf.section(name, SHT.PROGBITS, SHF.ALLOC | SHF.EXECINSTR);
}

export const functionSectionName = ({ section }: Pick<Function, "section">): string => section ?? ".text";

/** Empty for a global that is only declared, and in no section. */
export function globalSectionName(global: Global): string {
  return placeOf(global).name;
}

export function globalSection(elf: ElfWriter, global: Global): OutputSection {
  const { name, type, flags, entryBytes } = placeOf(global);
  return elf.section(name, type, flags, entryBytes);
}

interface Place {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly entryBytes?: number;
}

function placeOf(global: Global): Place {
  const { initializer, isConstant, section } = global;
  const flags = SHF.ALLOC | (isConstant ? 0 : SHF.WRITE);
  if (section !== undefined) {
    return { name: section, type: ZEROS_BY_NAME.test(section) ? SHT.NOBITS : SHT.PROGBITS, flags };
  }
  if (global.addressSpace !== 0) {
    return { name: `.addr_space.${global.addressSpace}`, type: SHT.PROGBITS, flags };
  }
  if (!initializer) return { name: "", type: SHT.PROGBITS, flags };
  if (!isConstant) {
    return isZero(initializer)
      ? { name: ".bss", type: SHT.NOBITS, flags }
      : { name: ".data", type: SHT.PROGBITS, flags };
  }
  return mergeablePlace(global, initializer) ?? { name: ".rodata", type: SHT.PROGBITS, flags };
}

/** Constants whose address tells nothing: a linker may keep equal ones once. */
function mergeablePlace({ type, isUnnamed, align = 1 }: Global, initializer: Constant): Place | undefined {
  if (!isUnnamed || hasAddress(initializer)) return undefined;
  if (isText(type, initializer)) {
    const flags = SHF.ALLOC | SHF.MERGE | SHF.STRINGS;
    return { name: `.rodata.str1.${align}`, type: SHT.PROGBITS, flags, entryBytes: 1 };
  }
  const size = sizeOf(type);
  if (!MERGEABLE_BYTES.includes(size)) return undefined;
  return { name: `.rodata.cst${size}`, type: SHT.PROGBITS, flags: SHF.ALLOC | SHF.MERGE, entryBytes: size };
}

/** Characters that end with the only zero among them. */
function isText(type: Type, initializer: Constant): boolean {
  if (type.kind !== "array" || type.element.kind !== "int" || type.element.bits !== 8) return false;
  if (initializer.kind === "zero") return type.length === 1;
  return initializer.kind === "bytes" && initializer.bytes.indexOf(0) === initializer.bytes.length - 1;
}

export function isZero(constant: Constant): boolean {
  switch (constant.kind) {
    case "zero":
    case "null":
    case "undef":
    case "poison":
      return true;
    case "integer":
      return constant.value === 0n;
    case "bytes":
      return constant.bytes.every((byte) => byte === 0);
    case "aggregate":
      return constant.elements.every(isZero);
    default:
      return false;
  }
}

function hasAddress(constant: Constant): boolean {
  if (constant.kind === "global") return true;
  if (constant.kind === "aggregate") return constant.elements.some(hasAddress);
  return constant.kind === "expression" && constant.operands.some(hasAddress);
}
