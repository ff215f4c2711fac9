/** What values and objects lead to: the lists, trees and pointers in them, as reports show them and as states are compared. */
import { addressOf, type Memory } from "../cpu/memory.ts";
import type { MapDef } from "../object/bpf_object.ts";
import type { Btf } from "../object/btf.ts";
import { resolveType, sizeOfType } from "../object/btf_types.ts";
import type { SpecialField } from "../object/special_fields.ts";
import type { Values } from "../report/result.ts";
import { linksOf, next } from "./list_head.ts";
import type { OwnObjects } from "./own_objects.ts";
import { inOrder, rootOf } from "./rbtree.ts";
import { readLeaf } from "./value_layout.ts";

const LEADING = new Set(["kptr_ref", "kptr_untrusted", "kptr_percpu", "bpf_list_head", "bpf_rb_root"]);

/** The fields that lead to something. */
export const leadingFields = (fields: readonly SpecialField[]): SpecialField[] =>
  fields.filter(({ kind }) => LEADING.has(kind));

/** Addresses of the objects that a field leads to now, in order. */
export function objectsBehind(own: OwnObjects | undefined, memory: Memory, field: SpecialField, at: number): number[] {
  const offset = field.contains?.nodeOffset ?? 0;
  switch (field.kind) {
    case "bpf_list_head":
      return next(memory, at) === 0 ? [] : Array.from(linksOf(memory, at), (node) => node - offset);
    case "bpf_rb_root":
      return Array.from(inOrder(memory, rootOf(memory, at)), (node) => node - offset);
    default: {
      const addr = addressOf(memory.read(at, 8));
      return own?.at(addr) ? [addr] : [];
    }
  }
}

/**
 * Numbers of all objects that fields lead to, by name: `head[0].key`, `value.node->key`; and how many are in a list or tree.
 *
 * @param whole the struct that the fields are of, and what it is called
 * @param above objects on the way here, so that a ring has an end
 */
export function ownedValues(
  own: OwnObjects | undefined,
  btf: Btf | undefined,
  memory: Memory,
  whole: { readonly fields: readonly SpecialField[]; readonly addr: number; readonly pathOf: PathOf },
  values: Values,
  above: readonly number[] = [],
): void {
  for (const field of leadingFields(whole.fields)) {
    const at = whole.addr + field.offset, name = whole.pathOf(field.offset);
    const objects = objectsBehind(own, memory, field, at), isPointer = field.kind.startsWith("kptr");
    if (!isPointer) values[name] = BigInt(objects.length);
    else if (objects.length === 0) {
      values[name] = memory.read(at, 8) === 0n ? 0n : `a struct ${field.target ?? "of the kernel"}`;
    }
    for (const [index, addr] of objects.entries()) {
      const { type } = own!.at(addr)!, item = isPointer ? name : `${name}[${index}]`;
      const nameOf = (path: string) => isPointer ? `${item}->${path.replace(/^\./, "")}` : item + path;
      for (const leaf of type.leaves) values[nameOf(leaf.path)] = readLeaf(memory.bytes, leaf, addr);
      if (above.includes(addr)) continue;
      const inner = (offset: number) => nameOf(btf ? pathTo(btf, type.id, offset) : `+${offset}`);
      ownedValues(own, btf, memory, { fields: type.fields, addr, pathOf: inner }, values, [...above, addr]);
    }
  }
}

/** What a byte of a struct is called. */
export type PathOf = (offset: number) => string;

/** Names of the fields of a map's value, behind what the value is called; global variables have names of their own. */
export function fieldNames(btf: Btf | undefined, { data, valueType }: MapDef, value: string): PathOf {
  return (offset) => {
    if (!btf) return `${value}+${offset}`;
    if (!data) return value + (valueType === undefined ? `+${offset}` : pathTo(btf, valueType, offset));
    const variable = data.variables.find((one) => offset >= one.offset && offset < one.offset + one.size);
    if (!variable) return `${data.section}+${offset}`;
    return variable.name + (variable.type === undefined ? "" : pathTo(btf, variable.type, offset - variable.offset));
  };
}

/** `.field[2].inner`: the innermost member that begins at an offset of a type, the outermost of those that are special. */
function pathTo(btf: Btf, id: number, offset: number): string {
  const type = resolveType(btf, id);
  if (type.kind === "array") {
    const stride = Math.max(1, sizeOfType(btf, type.type ?? 0)), index = Math.floor(offset / stride);
    return `[${index}]${pathTo(btf, type.type ?? 0, offset % stride)}`;
  }
  if ((type.kind !== "struct" && type.kind !== "union") || /^bpf_(list_head|rb_root)$/.test(type.name)) return "";
  const member = type.members?.findLast(({ bitOffset }) => bitOffset / 8 <= offset);
  if (!member) return "";
  const inside = pathTo(btf, member.type, offset - member.bitOffset / 8);
  return (member.name === "" ? "" : `.${member.name}`) + inside;
}
