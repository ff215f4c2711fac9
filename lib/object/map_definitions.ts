/** Maps that the listing declares in SEC(".maps"): BTF says what each one is (libbpf.c:parse_btf_map_def). */
import type { MapDef } from "./bpf_object.ts";
import type { Btf, BtfType } from "./btf.ts";
import { resolveType, sizeOfType } from "./btf_types.ts";
import { type Elf, type ElfSymbol, R_BPF, type Section } from "./elf.ts";
import { ObjectError } from "./object_error.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";

/** A map with the place of its variable in the `.maps` section. */
export interface PlacedMap {
  readonly map: MapDef;
  readonly offset: number;
  /** Of a PROG_ARRAY: initial programs by slot, by name. */
  readonly programs: readonly { readonly key: number; readonly name: string }[];
}

const POINTER_BYTES = 8;

/**
 * Every map of the `.maps` section in the order of its variables.
 *
 * @param firstIndex how many maps come before these in {@link BpfObject.maps}
 * @throws ObjectError when BTF is missing or a definition makes no sense
 */
export function readMapDefinitions(elf: Elf, section: Section, btf: Btf | undefined, firstIndex: number): PlacedMap[] {
  if (!btf) throw new ObjectError("section .maps without BTF: compile with -g");
  const datasec = btf.types.find((type) => type.kind === "datasec" && type.name === section.name);
  if (!datasec) throw new ObjectError("BTF does not describe section .maps: compile with -g");
  const placed = (datasec.variables ?? []).map((entry) => {
    const variable = btf.types[entry.type];
    if (variable.kind !== "var") {
      throw new ObjectError("corrupt .BTF: section .maps holds something that is no variable");
    }
    const symbol = elf.symbols.find((symbol) => symbol.section === section.index && symbol.name === variable.name);
    const struct = structOf(btf, variable.type ?? 0, variable.name);
    return { struct, offset: symbol?.value ?? entry.offset, map: mapOf(btf, struct, variable.name) };
  }).sort((a, b) => a.offset - b.offset);
  return placed.map(({ struct, offset, map }) => {
    const initial = initialValues(elf, section, struct, offset, placed);
    if (map.type === BPF_MAP_TYPE.PROG_ARRAY) {
      return { offset, map, programs: initial.map(({ key, symbol }) => ({ key, name: symbol.name })) };
    }
    const slots = initial.map(({ key, symbol }) => {
      const index = placed.findIndex((other) => symbol.section === section.index && other.offset === symbol.value);
      if (index < 0) throw new ObjectError(`map ${map.name}: an initial value is not a map (${symbol.name})`);
      return { key, map: firstIndex + index };
    });
    return { offset, map: slots.length > 0 ? { ...map, slots } : map, programs: [] };
  });
}

function structOf(btf: Btf, id: number, name: string): BtfType {
  const struct = resolveType(btf, id);
  if (struct.kind !== "struct") throw new ObjectError(`map ${name}: its type is a ${struct.kind}, not a struct`);
  return struct;
}

function mapOf(btf: Btf, struct: BtfType, name: string): MapDef {
  const numbers: Record<string, number> = {};
  let keyType: number | undefined, valueType: number | undefined, inner: MapDef | undefined;
  for (const member of struct.members ?? []) {
    if (member.name === "key") keyType = pointee(btf, member.type, name, "key");
    else if (member.name === "value") valueType = pointee(btf, member.type, name, "value");
    else if (member.name === "values") inner = innerMapOf(btf, member.type, name);
    else numbers[member.name] = numberOf(btf, member.type, name, member.name);
  }
  const type = numbers.type ?? 0;
  if (type === 0) throw new ObjectError(`map ${name} has no type: write __uint(type, BPF_MAP_TYPE_...)`);
  // What user space writes into a map of maps or of programs is a file descriptor.
  const hasValues = struct.members?.some((member) => member.name === "values");
  return {
    name,
    type,
    keySize: sizeFor(btf, name, "key", keyType, numbers.key_size, 0),
    valueSize: sizeFor(btf, name, "value", valueType, numbers.value_size, hasValues ? 4 : 0),
    maxEntries: numbers.max_entries ?? 0,
    flags: numbers.map_flags ?? 0,
    ...(numbers.map_extra ? { extra: numbers.map_extra } : {}),
    keyType,
    valueType,
    inner,
  };
}

/** `__type(key, T)` declares a pointer to T. */
function pointee(btf: Btf, id: number, map: string, field: string): number {
  const pointer = resolveType(btf, id);
  if (pointer.kind !== "ptr") throw new ObjectError(`map ${map}: ${field} is not written as __type(${field}, ...)`);
  return pointer.type ?? 0;
}

/** `__uint(field, N)` declares a pointer to an array of N ints; `__ulong` an enum with one constant. */
function numberOf(btf: Btf, id: number, map: string, field: string): number {
  const type = resolveType(btf, id);
  const array = type.kind === "ptr" ? resolveType(btf, type.type ?? 0) : type;
  if (type.kind === "ptr" && array.kind === "array") return array.nelems ?? 0;
  if ((type.kind === "enum64" || type.kind === "enum") && type.values?.[0]) return Number(type.values[0].value);
  throw new ObjectError(`map ${map}: ${field} is not written as __uint(${field}, ...)`);
}

/** `__array(values, struct inner)` declares an array of pointers to the inner map's struct (or to functions). */
function innerMapOf(btf: Btf, id: number, map: string): MapDef | undefined {
  const array = resolveType(btf, id);
  if (array.kind !== "array") throw new ObjectError(`map ${map}: values is not written as __array(values, ...)`);
  const pointer = resolveType(btf, array.type ?? 0);
  if (pointer.kind !== "ptr") throw new ObjectError(`map ${map}: values are not pointers`);
  const target = resolveType(btf, pointer.type ?? 0);
  if (target.kind === "func_proto") return undefined;
  if (target.kind !== "struct") throw new ObjectError(`map ${map}: values point to a ${target.kind}, not to a map`);
  if (target.members?.some((member) => member.name === "values")) {
    throw new ObjectError(`map ${map}: its inner map is a map in map itself, which the kernel does not allow`);
  }
  return mapOf(btf, target, `${map}.inner`);
}

function sizeFor(
  btf: Btf,
  map: string,
  field: string,
  type: number | undefined,
  written: number | undefined,
  otherwise: number,
): number {
  const fromType = type === undefined ? undefined : sizeOfType(btf, type);
  if (fromType !== undefined && written !== undefined && fromType !== written) {
    throw new ObjectError(`map ${map}: ${field}_size says ${written} bytes, its type has ${fromType}`);
  }
  return fromType ?? written ?? otherwise;
}

/** Initial inner maps or programs: relocations inside the variable's `values` array name them. */
function initialValues(
  elf: Elf,
  section: Section,
  struct: BtfType,
  offset: number,
  placed: readonly { readonly offset: number }[],
): { key: number; symbol: ElfSymbol }[] {
  const values = struct.members?.find((member) => member.name === "values");
  if (!values) return [];
  const start = offset + values.bitOffset / 8;
  const end = placed.find((other) => other.offset > offset)?.offset ?? section.size;
  return (elf.relocations.get(section.index) ?? [])
    .filter((reloc) => reloc.type === R_BPF.ABS64 && reloc.offset >= start && reloc.offset < end)
    .map((reloc) => ({ key: Math.floor((reloc.offset - start) / POINTER_BYTES), symbol: reloc.symbol }));
}
