/** How types of a kernel's BTF stand in the tables of the verifier. */
import type { Btf, BtfType } from "../../object/btf.ts";
import { resolveType, sizeOfType } from "../../object/btf_types.ts";
import type { ArgumentData, FieldData, StructData } from "./kernel_data.ts";

export const isAggregate = ({ kind }: BtfType): boolean => kind === "struct" || kind === "union";

/** As kernel/bpf/btf.c:btf_ctx_access sees it. */
export function argumentOf(btf: Btf, id: number): ArgumentData {
  const type = resolveType(btf, id);
  if (type.kind !== "ptr") return isAggregate(type) ? "value" : "integer";
  const target = resolveType(btf, type.type ?? 0);
  return target.kind === "struct" ? { struct: target.name } : "pointer";
}

/** @param isKnown whether a struct that lies inside is described elsewhere; of others only the size is told */
export function layoutOf(btf: Btf, type: BtfType, isKnown: (name: string) => boolean): StructData {
  const fields = (type.members ?? []).map((member): FieldData => {
    const { name, bitOffset, bitSize } = member;
    if (bitSize) {
      const { signed } = resolveType(btf, member.type), size = sizeOfType(btf, member.type);
      return { name, bit: bitOffset, bits: bitSize, size, ...(signed ? { signed } : {}) };
    }
    const { type: element, count } = elementOf(btf, member.type);
    const field = { name, offset: bitOffset / 8, ...fieldType(btf, element, isKnown) };
    return count === undefined ? field : { ...field, count };
  });
  const size = type.size ?? 0;
  return type.kind === "union" ? { union: true, size, fields } : { size, fields };
}

/** What an array holds, and how many over all its dimensions; no count for what is no array. */
export function elementOf(btf: Btf, id: number): { type: BtfType; count?: number } {
  let type = resolveType(btf, id), count: number | undefined;
  while (type.kind === "array") {
    count = (count ?? 1) * (type.nelems ?? 0);
    type = resolveType(btf, type.type ?? 0);
  }
  return { type, count };
}

function fieldType(btf: Btf, type: BtfType, isKnown: (name: string) => boolean): Partial<FieldData> {
  if (isAggregate(type)) {
    if (type.name === "") return { layout: layoutOf(btf, type, isKnown) };
    return isKnown(type.name) ? { struct: type.name } : { omitted: type.size ?? 0 };
  }
  if (type.kind !== "ptr") return { size: sizeOfType(btf, type.id) };
  const target = resolveType(btf, type.type ?? 0);
  return { pointer: target.kind === "struct" ? target.name || "?" : null };
}
