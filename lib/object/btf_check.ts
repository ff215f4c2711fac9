/**
 * Makes sure that walking a type always ends: the kernel's own BTF check (kernel/bpf/btf.c:btf_resolve) asks the same
 * of every struct, so what a compiler wrote always passes and only damage is refused.
 */
import type { BtfType } from "./btf.ts";
import { ObjectError } from "./object_error.ts";

/** Numbers inside one value, as many as the largest data section could hold. */
const MAX_LEAVES = 16 << 20;
const MAX_NESTING = 32;
const POINTER_BYTES = 8;
const TRANSPARENT = new Set(["typedef", "volatile", "const", "restrict", "type_tag", "var"]);

interface Extent {
  /** Bytes of a value, and how many numbers it holds. */
  readonly size: number;
  readonly leaves: number;
}

/**
 * @param types every type by id
 * @throws ObjectError when a type holds itself, members lie outside of their struct, or a value would be huge
 */
export function checkTypes(types: readonly BtfType[]): void {
  const known = new Map<number, Extent>(), open = new Set<number>();
  for (const type of types) extentOf(type, types, known, open);
}

function extentOf(
  type: BtfType,
  types: readonly BtfType[],
  known: Map<number, Extent>,
  open: Set<number>,
): Extent {
  const before = known.get(type.id);
  if (before) return before;
  if (open.has(type.id) || open.size > MAX_NESTING * 2) {
    throw new ObjectError(`corrupt .BTF: type ${type.id} (${type.kind} ${type.name}) holds itself, or nests too deep`);
  }
  open.add(type.id);
  const extent = measure(type, (id) => extentOf(types[id], types, known, open));
  open.delete(type.id);
  // an array by itself may only be how __uint(max_entries, N) writes its number down
  if (extent.leaves > MAX_LEAVES && type.kind !== "array") {
    throw new ObjectError(`type ${type.id} (${type.kind} ${type.name}) of .BTF holds more than ${MAX_LEAVES} numbers`);
  }
  known.set(type.id, extent);
  return extent;
}

function measure(type: BtfType, extent: (id: number) => Extent): Extent {
  if (TRANSPARENT.has(type.kind)) return extent(type.type ?? 0);
  switch (type.kind) {
    case "ptr":
      return { size: POINTER_BYTES, leaves: 1 };
    case "array": {
      const element = extent(type.type ?? 0), nelems = type.nelems ?? 0;
      return { size: element.size * nelems, leaves: Math.max(1, element.leaves) * nelems };
    }
    case "struct":
    case "union": {
      const size = type.size ?? 0;
      let leaves = 0;
      for (const member of type.members ?? []) {
        const inside = extent(member.type);
        const bits = member.bitOffset + (member.bitSize || inside.size * 8);
        if (bits > size * 8) {
          throw new ObjectError(
            `corrupt .BTF: member ${member.name} of ${type.kind} ${type.name} ends beyond its ${size} bytes`,
          );
        }
        leaves += inside.leaves;
      }
      return { size, leaves };
    }
    default:
      return { size: type.size ?? 0, leaves: 1 };
  }
}
