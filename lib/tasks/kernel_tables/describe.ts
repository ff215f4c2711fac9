/** What the verifier must know of a kernel's structs and tracepoints, out of its BTF. */
import type { Btf, BtfType } from "../../object/btf.ts";
import { resolveType } from "../../object/btf_types.ts";
import { argumentOf, elementOf, isAggregate, layoutOf } from "../../verifier/kernel/describe_types.ts";
import type { ArgumentData, StructData } from "../../verifier/kernel/kernel_data.ts";

/** The kernel has no struct of a name that was asked for. */
export class NoSuchStruct extends Error {
  override name = "NoSuchStruct";
}

/**
 * Layouts of the structs that the kernel has among those named, sorted by name; structs inside them that are not named
 * too are left out but for their size.
 */
export function describeStructs(btf: Btf, names: readonly string[]): Record<string, StructData> {
  const structs = structsByName(btf), wanted = new Set(names.filter((name) => structs.has(name)));
  return Object.fromEntries(
    [...wanted].sort(byCode).map((name) => [name, layoutOf(btf, structs.get(name)!, (inside) => wanted.has(inside))]),
  );
}

/**
 * The structs named and those that lie inside them.
 *
 * @throws NoSuchStruct when the kernel has none of a name
 */
export function withEmbedded(btf: Btf, names: readonly string[]): string[] {
  const structs = structsByName(btf), found = new Set<string>();
  const add = (type: BtfType) => {
    if (found.has(type.name)) return;
    if (type.name !== "") found.add(type.name);
    for (const member of type.members ?? []) {
      const inside = elementOf(btf, member.type).type;
      if (isAggregate(inside)) add(inside);
    }
  };
  for (const name of names) {
    const type = structs.get(name);
    if (!type) throw new NoSuchStruct(`this kernel's BTF has no struct ${name}`);
    add(type);
  }
  return [...found];
}

/** Sizes in bytes of the structs that the kernel has among those named, sorted by name. */
export function describeSizes(btf: Btf, names: Iterable<string>): Record<string, number> {
  const structs = structsByName(btf);
  return Object.fromEntries(
    [...new Set(names)].sort(byCode).flatMap((name) => {
      const size = structs.get(name)?.size;
      return size === undefined ? [] : [[name, size]];
    }),
  );
}

/** Arguments of every tracepoint: of `typedef void (*btf_trace_NAME)(void *, ...)` (include/trace/bpf_probe.h). */
export function describeTracepoints(btf: Btf): Record<string, ArgumentData[]> {
  const found: [string, ArgumentData[]][] = [];
  for (const typedef of btf.types) {
    if (typedef.kind !== "typedef" || !typedef.name.startsWith(PREFIX)) continue;
    const pointer = resolveType(btf, typedef.id), proto = resolveType(btf, pointer.type ?? 0);
    if (pointer.kind !== "ptr" || proto.kind !== "func_proto") continue;
    // The first argument is the tracepoint's own data, which programs do not see.
    found.push([typedef.name.slice(PREFIX.length), proto.params!.slice(1).map(({ type }) => argumentOf(btf, type))]);
  }
  return Object.fromEntries(found.sort(([a], [b]) => byCode(a, b)));
}

const PREFIX = "btf_trace_";
const byCode = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0;

function structsByName(btf: Btf): Map<string, BtfType> {
  const structs = new Map<string, BtfType>();
  for (const type of btf.types) {
    if (isAggregate(type) && type.name !== "" && !structs.has(type.name)) structs.set(type.name, type);
  }
  return structs;
}
