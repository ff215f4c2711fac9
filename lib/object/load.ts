/** Object bytes -> {@link BpfObject}: what libbpf's open phase does, without a kernel. */
import type { BpfObject, MapDef, Program } from "./bpf_object.ts";
import { type BtfExt, readBtfExt } from "./btf_ext.ts";
import { parseBtf, type ParsedBtf } from "./btf_parser.ts";
import { ARENA_SECTION, arenaData, dataSectionMap, isDataSection } from "./data_sections.ts";
import { type Elf, readElf } from "./elf.ts";
import { type VariableValues, withVariables } from "./given_variables.ts";
import { configText, type Kconfig, type KconfigValues, type KernelConfig, readKconfig } from "./kconfig.ts";
import { type FindMap, linkPrograms } from "./link.ts";
import { type PlacedMap, readMapDefinitions } from "./map_definitions.ts";
import { type MapSizes, resizedMaps } from "./map_sizes.ts";
import { ObjectError } from "./object_error.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";

export { ObjectError };

/**
 * What the loader is told beyond the object: in the field, a program's user-space side says it before it loads.
 *
 * @example
 * ```ts
 * import { bpf, type LoadOptions } from "interleave";
 * const open = await bpf`
 * struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, __u32); __type(value, __u64); } counts SEC(".maps");
 * extern int CONFIG_HZ __kconfig __weak;
 * SEC("raw_tp") int f(void *ctx) { __u32 key = 0; return bpf_map_lookup_elem(&counts, &key) ? CONFIG_HZ : 0; }
 * `;
 * const options: LoadOptions = { maps: { counts: { maxEntries: 64 } }, kconfig: { CONFIG_HZ: 250 } };
 * const sized = bpf.object(open.bytes, "sized", options);
 * if (sized.maps[0].maxEntries !== 64) throw new Error("the reader sizes the map");
 * ```
 */
export interface LoadOptions {
  /** Maps by name, where the object leaves a size open or another is wanted: `{ counts: { maxEntries: 64 } }`. */
  readonly maps?: MapSizes;
  /**
   * Values of externs with `__kconfig`: `{ CONFIG_HZ: 250, CONFIG_IPV6: "m" }`. What is not given is the running
   * kernel's, else that of a 6.18 kernel of which only the version is known.
   */
  readonly kconfig?: KconfigValues;
  /** Global variables as user space sets them before it loads the object, `const volatile` ones too: `{ filter: true }`. */
  readonly variables?: VariableValues;
}

/** Kernel-side programs are assumed to be GPL where a listing does not say. */
const DEFAULT_LICENSE = "GPL";

/**
 * Reads and links an object file that clang wrote for BPF.
 *
 * @param bytes the object file
 * @param name what messages call it
 * @param source the C listing that it was compiled from, when there is one
 * @param options sizes of maps, values of the kernel's configuration and of global variables
 * @param kernel where values come from that the options do not give
 * @throws ObjectError when the bytes are not a whole, sound BPF object; the message starts with `name`
 */
export function loadObject(
  bytes: Uint8Array,
  name: string,
  source?: string,
  options: LoadOptions = {},
  kernel?: KernelConfig,
): BpfObject {
  try {
    return load(bytes, name, source, options, kernel);
  } catch (error) {
    if (error instanceof ObjectError) throw new ObjectError(`${name}: ${error.message}`);
    throw error;
  }
}

function load(
  bytes: Uint8Array,
  name: string,
  source: string | undefined,
  options: LoadOptions,
  kernel: KernelConfig | undefined,
): BpfObject {
  const elf = readElf(bytes);
  const section = (name: string) => elf.sections.find((section) => section.name === name && section.size > 0);
  const btfSection = section(".BTF"), extSection = section(".BTF.ext"), licenseSection = section("license");
  if (section("maps")) throw new ObjectError('maps in SEC("maps") are no longer supported; use SEC(".maps")');
  const btf = btfSection && parseBtf(btfSection.bytes);
  const ext = btf && extSection && readBtfExt(extSection.bytes, btf.strings);
  const { maps, findMap, progArrays } = readMaps(elf, btf);
  const kconfig = readKconfig(elf, btf, options.kconfig, kernel);
  const findKconfig = kconfigPlaces(kconfig, kconfig ? maps.push(kconfig.map) - 1 : 0);
  const names = { findMap, findKconfig, isKernelName: kernelNames(btf) };
  const programs = linkPrograms(elf, names, named(ext, name, source));
  if (programs.length === 0) throw new ObjectError("the object has no program: a function needs SEC(...)");
  checkNames(programs);
  fillProgArrays(maps, progArrays, programs);
  const license = licenseSection && new TextDecoder().decode(licenseSection.bytes).split("\0")[0];
  return {
    name,
    bytes,
    programs,
    maps: withVariables(resizedMaps(maps, options.maps), btf, options.variables),
    btf: btf && { types: btf.types, bytes: btf.bytes },
    license: license || DEFAULT_LICENSE,
    ...(options.kconfig ? { kconfig: configText(options.kconfig) } : {}),
    source,
  };
}

function kconfigPlaces(
  kconfig: Kconfig | undefined,
  map: number,
): (name: string) => { map: number; offset: number } | undefined {
  return (name) => {
    const offset = kconfig?.offsets.get(name);
    return offset === undefined ? undefined : { map, offset };
  };
}

/** Declared maps first, then data sections, each in the order of the file. */
function readMaps(
  elf: Elf,
  btf: ParsedBtf | undefined,
): { maps: MapDef[]; findMap: FindMap; progArrays: Map<number, PlacedMap["programs"]> } {
  const maps: MapDef[] = [];
  const progArrays = new Map<number, PlacedMap["programs"]>();
  const byPlace = new Map<string, number>(), dataMaps = new Map<number, number>();
  for (const section of elf.sections.filter((section) => section.name === ".maps" && section.size > 0)) {
    for (const { map, offset, programs } of readMapDefinitions(elf, section, btf, maps.length)) {
      const index = maps.push(map) - 1;
      byPlace.set(`${section.index}:${offset}`, index);
      if (programs.length > 0) progArrays.set(index, programs);
    }
  }
  for (const section of elf.sections.filter(isDataSection)) {
    dataMaps.set(section.index, maps.push(dataSectionMap(elf, section, btf)) - 1);
  }
  for (const section of elf.sections.filter(({ name, size }) => name === ARENA_SECTION && size > 0)) {
    const arena = maps.findIndex(({ type }) => type === BPF_MAP_TYPE.ARENA);
    if (arena < 0) {
      throw new ObjectError(`section ${section.name} holds variables of an arena, but there is no arena map`);
    }
    maps[arena] = { ...maps[arena], data: arenaData(elf, section, btf) };
    dataMaps.set(section.index, arena);
  }
  const findMap: FindMap = (section, offset) => {
    const data = dataMaps.get(section);
    if (data !== undefined) return { map: data, offset };
    const declared = byPlace.get(`${section}:${offset}`);
    return declared === undefined ? undefined : { map: declared };
  };
  return { maps, findMap, progArrays };
}

/** The compiler lists what was declared with __ksym in a section of BTF; without BTF there is no telling. */
function kernelNames(btf: ParsedBtf | undefined): (name: string) => boolean {
  if (!btf) return () => true;
  const sections = btf.types.filter((type) => type.kind === "datasec" && /^\.(ksyms|kconfig)$/.test(type.name));
  const names = new Set(sections.flatMap((one) => one.variables ?? []).map((entry) => btf.types[entry.type].name));
  return (name) => names.has(name);
}

function fillProgArrays(
  maps: MapDef[],
  progArrays: ReadonlyMap<number, PlacedMap["programs"]>,
  programs: readonly Program[],
): void {
  for (const [index, initial] of progArrays) {
    const slots = initial.map(({ key, name }) => {
      const program = programs.findIndex((program) => program.name === name);
      if (program < 0) throw new ObjectError(`map ${maps[index].name}: an initial value is not a program (${name})`);
      return { key, map: program };
    });
    maps[index] = { ...maps[index], slots };
  }
}

/**
 * Line info names the file that the compiler read, which for a listing of a notebook is not a file that the reader
 * knows. Lines whose text is the listing's own get the listing's name.
 */
function named(ext: BtfExt | undefined, name: string, source: string | undefined): BtfExt | undefined {
  if (!ext || source === undefined) return ext;
  const texts = source.split("\n").map((text) => text.trim());
  const lines = new Map(
    [...ext.lines].map(([section, records]) => [
      section,
      records.map((record) => texts[record.line - 1] === record.text ? { ...record, file: name } : record),
    ]),
  );
  return { ...ext, lines };
}

function checkNames(programs: readonly Program[]): void {
  const seen = new Set<string>();
  for (const { name } of programs) {
    if (seen.has(name)) throw new ObjectError(`two programs are called ${name}`);
    seen.add(name);
  }
}
