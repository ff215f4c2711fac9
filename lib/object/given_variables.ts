/** Values of global variables that the reader sets before a program is loaded, as user space does through a skeleton. */
import type { MapDef, Variable } from "./bpf_object.ts";
import type { Btf } from "./btf.ts";
import { resolveType, sizeOfType } from "./btf_types.ts";
import { ObjectError } from "./object_error.ts";
import { didYouMean } from "../words/closest_name.ts";

/**
 * By name; parts of structs and arrays as C writes them: `{ filter: true, "range.from": 10, "ports[1]": 443 }`. A text
 * stands for a number (`"0x1f"`, `"true"`) or for what a char array holds.
 */
export type VariableValues = Readonly<Record<string, string | number | bigint | boolean>>;

interface Place {
  readonly offset: number;
  readonly size: number;
  /** BTF type id, where one is known. */
  readonly type?: number;
}

/**
 * The maps of an object with other initial bytes in its data sections: `.rodata` (`const volatile`) as well, which is
 * frozen only when the object is loaded.
 *
 * @throws ObjectError for a variable that the object does not have, or a value that does not fit it
 */
export function withVariables(
  maps: readonly MapDef[],
  btf: Btf | undefined,
  given: VariableValues = {},
): readonly MapDef[] {
  const changed = new Map<MapDef, Uint8Array>();
  for (const [path, value] of Object.entries(given)) {
    const { map, place } = find(maps, btf, path);
    const bytes = changed.get(map) ?? map.data!.bytes.slice();
    write(bytes, place, btf, path, value);
    changed.set(map, bytes);
  }
  return maps.map((map) => {
    const bytes = changed.get(map);
    return bytes ? { ...map, data: { ...map.data!, bytes, isGiven: true } } : map;
  });
}

function find(maps: readonly MapDef[], btf: Btf | undefined, path: string): { map: MapDef; place: Place } {
  const [name, ...parts] = path.split(/(?=[.[])/), known: string[] = [];
  for (const map of maps) {
    // Texts of the program's own, which the compiler names, are no variables; nor is what the kernel's configuration says.
    for (const variable of map.data && map.name !== ".kconfig" ? map.data.variables : []) {
      if (variable.name === name) {
        return {
          map,
          place: parts.reduce((at, part) => inside(btf, at, part, path), place(variable)),
        };
      }
      known.push(variable.name);
    }
  }
  throw new ObjectError(
    `variables: the object has no variable ${name}: it has ${known.join(", ") || "none"}${didYouMean(name, known)}`,
  );
}

const place = ({ offset, size, type }: Variable): Place => ({ offset, size, type });

function inside(btf: Btf | undefined, at: Place, part: string, path: string): Place {
  const type = btf && at.type !== undefined ? resolveType(btf, at.type) : undefined;
  if (part.startsWith("[")) {
    const index = Number(/^\[(\d+)\]$/.exec(part)?.[1] ?? NaN);
    if (type?.kind !== "array" || !(index < (type.nelems ?? 0))) {
      throw new ObjectError(`variables: ${path}: there is no element ${part}`);
    }
    const size = sizeOfType(btf!, type.type ?? 0);
    return { offset: at.offset + index * size, size, type: type.type };
  }
  const name = part.slice(1), members = type ? membersOf(btf!, type.id, 0) : [];
  const member = members.find((one) => one.name === name);
  if (!member) {
    const names = members.map((one) => one.name);
    throw new ObjectError(
      `variables: ${path}: there is no field ${name}; it has ${names.join(", ") || "none"}${didYouMean(name, names)}`,
    );
  }
  return { offset: at.offset + member.offset, size: sizeOfType(btf!, member.type), type: member.type };
}

/** Members of a struct or union, with those of its nameless parts. Bit fields are not among them. */
function membersOf(btf: Btf, id: number, offset: number): { name: string; offset: number; type: number }[] {
  const { kind, members = [] } = resolveType(btf, id);
  if (kind !== "struct" && kind !== "union") return [];
  return members.filter(({ bitSize }) => !bitSize).flatMap((member) => {
    const at = offset + (member.bitOffset >> 3);
    return member.name === ""
      ? membersOf(btf, member.type, at)
      : [{ name: member.name, offset: at, type: member.type }];
  });
}

function write(
  bytes: Uint8Array,
  { offset, size, type }: Place,
  btf: Btf | undefined,
  path: string,
  value: VariableValues[string],
): void {
  const kind = btf && type !== undefined ? resolveType(btf, type) : undefined;
  if (kind?.kind === "array" && sizeOfType(btf!, kind.type ?? 0) === 1) {
    const text = new TextEncoder().encode(String(value));
    if (text.length >= size) {
      throw new ObjectError(`variables: ${path}: ${JSON.stringify(value)} does not fit in ${size} bytes with its end`);
    }
    bytes.fill(0, offset, offset + size).set(text, offset);
    return;
  }
  const number = numberOf(value, kind?.values);
  if (kind && !["int", "enum", "enum64", "ptr"].includes(kind.kind) || size > 8 || number === undefined) {
    const wanted = kind?.kind === "struct" || kind?.kind === "union"
      ? "one of its fields"
      : kind?.kind === "array"
      ? "one of its elements"
      : "a number";
    throw new ObjectError(`variables: ${path} is given ${JSON.stringify(String(value))}: ${wanted} is needed`);
  }
  const bits = 8 * size;
  if (BigInt.asUintN(bits, number) !== number && BigInt.asIntN(bits, number) !== number) {
    throw new ObjectError(`variables: ${path}: ${number} does not fit in ${size} byte${size === 1 ? "" : "s"}`);
  }
  for (let i = 0; i < size; i++) bytes[offset + i] = Number((number >> BigInt(8 * i)) & 0xffn);
}

function numberOf(
  value: VariableValues[string],
  names: readonly { readonly name: string; readonly value: bigint }[] = [],
): bigint | undefined {
  if (typeof value !== "string") {
    return typeof value === "number" && !Number.isInteger(value) ? undefined : BigInt(value);
  }
  if (value === "true" || value === "false") return BigInt(value === "true");
  const named = names.find(({ name }) => name === value);
  if (named) return named.value;
  return /^-?(\d+|0x[0-9a-f]+)$/i.test(value)
    ? (value.startsWith("-") ? -BigInt(value.slice(1)) : BigInt(value))
    : undefined;
}
