/** Questions about BTF types: what a name stands for, how many bytes it takes. */
import type { Btf, BtfType } from "./btf.ts";
import { ObjectError } from "./object_error.ts";

/** Longer chains of typedefs, qualifiers and arrays are damage, not C (the kernel stops at 32: MAX_RESOLVE_DEPTH). */
const MAX_DEPTH = 32;
const POINTER_BYTES = 8;
const TRANSPARENT = new Set(["typedef", "volatile", "const", "restrict", "type_tag", "decl_tag"]);

/**
 * The type behind typedefs and qualifiers.
 *
 * @throws ObjectError when the chain never ends or `id` does not exist
 */
export function resolveType(btf: Btf, id: number): BtfType {
  let type = btf.types[id];
  for (let depth = 0; type; depth++) {
    if (!TRANSPARENT.has(type.kind)) return type;
    if (depth === MAX_DEPTH) throw new ObjectError(`corrupt .BTF: type ${id} is a chain of typedefs without an end`);
    type = btf.types[type.type ?? 0];
  }
  throw new ObjectError(`type ${id} does not exist in .BTF`);
}

/**
 * Bytes that a value of a type takes; 0 for void, functions and types that were only declared.
 *
 * @throws ObjectError when arrays nest without an end
 */
export function sizeOfType(btf: Btf, id: number): number {
  let elements = 1;
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const type = resolveType(btf, id);
    if (type.kind !== "array") return elements * (type.kind === "ptr" ? POINTER_BYTES : type.size ?? 0);
    elements *= type.nelems ?? 0;
    id = type.type ?? 0;
  }
  throw new ObjectError(`corrupt .BTF: type ${id} is an array of arrays without an end`);
}

/** Whether a struct does not keep to the alignment of its members: BTF does not say so, its offsets do. */
export function isPacked(btf: Btf, { members = [], size = 0 }: BtfType): boolean {
  return members.some((member) => {
    const align = alignmentOf(btf, member.type);
    return size % align !== 0 || member.bitSize === 0 && member.bitOffset % (align * 8) !== 0;
  });
}

const alignments = new WeakMap<Btf, Map<number, number>>();

/** Bytes, on BPF. */
export function alignmentOf(btf: Btf, id: number): number {
  const known = alignments.get(btf) ?? new Map<number, number>();
  alignments.set(btf, known);
  const align = known.get(id) ?? computedAlignment(btf, id);
  known.set(id, align);
  return align;
}

function computedAlignment(btf: Btf, id: number): number {
  const type = resolveType(btf, id);
  if (type.kind === "array") return alignmentOf(btf, type.type ?? 0);
  if (type.kind === "struct" || type.kind === "union") {
    if (isPacked(btf, type)) return 1;
    return Math.max(1, ...(type.members ?? []).map((member) => alignmentOf(btf, member.type)));
  }
  return type.kind === "ptr" ? POINTER_BYTES : Math.max(1, sizeOfType(btf, id));
}
