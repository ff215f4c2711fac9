/**
 * What the kernel that a program runs on is configured as: externs with `__kconfig`, gathered in a map of one value that
 * programs only read (libbpf.c:bpf_object__collect_externs, bpf_object__resolve_externs).
 */
import type { MapDef, Variable } from "./bpf_object.ts";
import type { Btf, BtfType } from "./btf.ts";
import { alignmentOf, resolveType, sizeOfType } from "./btf_types.ts";
import { type Elf, SHN_UNDEF, STB } from "./elf.ts";
import { ObjectError } from "./object_error.ts";
import { didYouMean } from "../words/closest_name.ts";
import { BPF_F_MMAPABLE, BPF_F_RDONLY_PROG } from "../uapi/flags.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";

/** Values by name: `CONFIG_HZ: 250`, `CONFIG_IPV6: "m"`, `CONFIG_SMP: true`, `LINUX_KERNEL_VERSION: 0x060c00`. */
export type KconfigValues = Readonly<Record<string, string | number | bigint | boolean>>;

/** A kernel's own account of itself. */
export interface KernelConfig {
  /** As LINUX_KERNEL_VERSION counts: 0x061200 is 6.18. */
  readonly version: number;
  /** What its `.config` says behind `CONFIG_X=`: `y`, `250`, `"(none)"`; undefined for what is not set. */
  option(name: string): string | undefined;
}

/** The kernel that is simulated, of which no configuration is known. */
const SIMULATED: KernelConfig = { version: 6 << 16 | 18 << 8, option: () => undefined };
const SECTION = ".kconfig";

/** A map with a place in it for each name; undefined for an object that asks for nothing. */
export interface Kconfig {
  readonly map: MapDef;
  /** Byte of the map's value at which a name's own begins. */
  readonly offsets: ReadonlyMap<string, number>;
}

/**
 * @param given the reader's values, which come first
 * @param kernel what the rest is taken from
 * @throws ObjectError for a value that does not fit its type, or a name without __weak of which nothing is known
 */
export function readKconfig(
  elf: Elf,
  btf: Btf | undefined,
  given: KconfigValues = {},
  kernel: KernelConfig = SIMULATED,
): Kconfig | undefined {
  const externs = btf ? externsOf(elf, btf) : [];
  checkGiven(given, externs);
  if (!btf || externs.length === 0) return undefined;
  const variables: Variable[] = [];
  let size = 0;
  for (const { name, type, bytes, align } of externs) {
    const offset = Math.ceil(size / align) * align;
    variables.push({ name, offset, size: bytes, type });
    size = offset + bytes;
  }
  const value = new Uint8Array(size);
  externs.forEach((extern, index) => {
    const text = valueOf(extern.name, given, kernel);
    if (text !== undefined) value.set(encode(btf, extern, text), variables[index].offset);
    else if (!extern.isWeak) throw new ObjectError(unknownValue(extern.name));
  });
  const map: MapDef = {
    name: SECTION,
    type: BPF_MAP_TYPE.ARRAY,
    keySize: 4,
    valueSize: size,
    maxEntries: 1,
    flags: BPF_F_MMAPABLE | BPF_F_RDONLY_PROG,
    data: { section: SECTION, bytes: value, variables, readonly: true },
  };
  return { map, offsets: new Map(variables.map(({ name, offset }) => [name, offset])) };
}

/** Values as a `.config` file writes them, for libbpf. */
export function configText(given: KconfigValues): string {
  return Object.entries(given).map(([name, value]) => `${name}=${textOf(value)}\n`).join("");
}

interface Extern {
  readonly name: string;
  readonly type: number;
  readonly bytes: number;
  readonly align: number;
  readonly isWeak: boolean;
}

/** Those that code refers to, in libbpf's order (libbpf.c:cmp_externs). */
function externsOf(elf: Elf, btf: Btf): Extern[] {
  const section = btf.types.find((type) => type.kind === "datasec" && type.name === SECTION);
  const externs = (section?.variables ?? []).flatMap(({ type: id }): Extern[] => {
    const { name, type = 0 } = btf.types[id];
    const symbol = elf.symbols.find((one) => one.name === name && one.section === SHN_UNDEF);
    if (!symbol) return [];
    const bytes = sizeOfType(btf, type);
    if (bytes === 0) throw new ObjectError(`${name}: a value of the kernel's configuration needs a type with a size`);
    return [{ name, type, bytes, align: alignmentOf(btf, type), isWeak: symbol.binding === STB.WEAK }];
  });
  return externs.sort((a, b) => b.align - a.align || a.bytes - b.bytes || (a.name < b.name ? -1 : 1));
}

function checkGiven(given: KconfigValues, externs: readonly Extern[]): void {
  const names = externs.map(({ name }) => name);
  for (const name of Object.keys(given)) {
    if (names.includes(name)) continue;
    const known = names.length > 0 ? `it asks for ${names.join(", ")}` : "it asks for none";
    throw new ObjectError(`kconfig: the object does not ask for ${name}: ${known}${didYouMean(name, names)}`);
  }
}

function unknownValue(name: string): string {
  return `${name} is not known here: give it, as in kconfig: { ${name}: ${name.startsWith("CONFIG_") ? '"y"' : 1} }, ` +
    "or declare it __weak, which makes it 0";
}

function valueOf(name: string, given: KconfigValues, kernel: KernelConfig): string | undefined {
  if (Object.hasOwn(given, name)) return textOf(given[name]);
  if (name === "LINUX_KERNEL_VERSION") return String(kernel.version);
  // Both are true of every x86-64 kernel since 5.15.
  if (name === "LINUX_HAS_BPF_COOKIE" || name === "LINUX_HAS_SYSCALL_WRAPPER") return "1";
  return kernel.option(name);
}

function textOf(value: string | number | bigint | boolean): string {
  if (typeof value === "boolean") return value ? "y" : "n";
  if (typeof value !== "string") return String(value);
  return /^([ymn]|-?\d+|0x[\da-f]+|".*")$/i.test(value) ? value : `"${value}"`;
}

const TRISTATE: Readonly<Record<string, bigint>> = { n: 0n, y: 1n, m: 2n };

/** As libbpf.c:set_kcfg_value_tri, set_kcfg_value_str and set_kcfg_value_num take them. */
function encode(btf: Btf, { name, type: id, bytes }: Extern, text: string): Uint8Array {
  const type = resolveType(btf, id), value = new Uint8Array(bytes);
  const wrong = () => new ObjectError(`${name} is ${text}, which is no value for its type in the listing`);
  if (text.startsWith('"')) {
    if (type.kind !== "array" || resolveType(btf, type.type ?? 0).size !== 1) throw wrong();
    value.set(new TextEncoder().encode(text.slice(1, -1)).subarray(0, bytes - 1));
    return value;
  }
  const letter = TRISTATE[text];
  if (letter !== undefined && isChar(type)) value[0] = text.charCodeAt(0);
  else put(value, letter === undefined ? numberIn(type, text, wrong) : stateIn(type, letter, wrong));
  return value;
}

const isChar = (type: BtfType): boolean => type.kind === "int" && type.size === 1 && type.name === "char";

function stateIn(type: BtfType, state: bigint, wrong: () => Error): bigint {
  const isBool = type.kind === "int" && type.size === 1;
  if (type.kind !== "enum" && !isBool || isBool && state === TRISTATE.m) throw wrong();
  return state;
}

function numberIn(type: BtfType, text: string, wrong: () => Error): bigint {
  let number: bigint;
  try {
    number = text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text);
  } catch {
    throw wrong();
  }
  const bits = (type.size ?? 0) * 8;
  const fits = type.signed ? BigInt.asIntN(bits, number) === number : BigInt.asUintN(bits, number) === number;
  if (type.kind !== "int" || !fits) throw wrong();
  return number;
}

function put(value: Uint8Array, number: bigint): void {
  for (let i = 0; i < value.length; i++) value[i] = Number(BigInt.asUintN(8, number >> BigInt(8 * i)));
}
