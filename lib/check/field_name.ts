/** The C name of the bytes at an offset of a map's value: `counter`, `stats.bytes`, `slots[*]`. */
import type { MapDef } from "../object/bpf_object.ts";
import type { Btf } from "../object/btf.ts";
import { resolveType, sizeOfType } from "../object/btf_types.ts";

/** Bytes of a value: one access, or all that an index can make it touch. */
export interface ByteRange {
  readonly offset: number;
  /** Bytes of one access. */
  readonly size: number;
  /** How far an index can move it; 0 for a fixed place. */
  readonly spread: number;
}

/** A global variable's name and field, or the field of a map's value behind its map: `stats.packets`. */
export function fieldName(map: MapDef, btf: Btf | undefined, range: ByteRange): string {
  if (map.data) {
    const { offset } = range;
    const variable = map.data.variables.find((one) => one.offset <= offset && offset < one.offset + one.size);
    if (!variable) return `${map.data.section}+${offset}`;
    return variable.name + pathIn(btf, variable.type, { ...range, offset: offset - variable.offset });
  }
  return map.name + pathIn(btf, map.valueType, range);
}

/** Where a path ends: at the number that the access is made of, or at a struct that it covers as a whole. */
function pathIn(btf: Btf | undefined, id: number | undefined, { offset, size, spread }: ByteRange): string {
  if (!btf || !id) return offset === 0 && spread === 0 ? "" : `+${offset}`;
  const type = resolveType(btf, id);
  if (type.kind === "array" && type.type) {
    const stride = sizeOfType(btf, type.type);
    if (stride === 0 || size > stride) return "";
    const index = Math.floor(offset / stride), isFixed = spread === 0;
    return `[${isFixed ? index : "*"}]${pathIn(btf, type.type, { offset: offset % stride, size, spread: 0 })}`;
  }
  if (type.kind !== "struct" && type.kind !== "union") return "";
  if (offset === 0 && size >= sizeOfType(btf, id) && (type.members?.length ?? 0) > 1) return "";
  const inside = (type.members ?? []).filter((member) => {
    const start = member.bitOffset >>> 3;
    return start <= offset && offset < start + Math.max(1, sizeOfType(btf, member.type));
  });
  // Of a union's members the one whose size fits.
  const member = inside.find((one) => sizeOfType(btf, one.type) === size) ?? inside[0];
  if (!member) return `+${offset}`;
  const rest = pathIn(btf, member.type, { offset: offset - (member.bitOffset >>> 3), size, spread });
  return member.name === "" ? rest : `.${member.name}${rest}`;
}
