/** C types as BTF has them, in C's notation: declarators. */
import type { Btf, BtfType } from "../../object/btf.ts";

const QUALIFIERS: Readonly<Record<string, string>> = { const: "const", volatile: "volatile", restrict: "restrict" };
/** A list of arguments is another type on BPF than in the kernel: the kernel's is written out. */
const COMPILERS_OWN = "__builtin_va_list";

const isTransparent = (type: BtfType): boolean =>
  type.kind in QUALIFIERS || type.kind === "type_tag" || type.name === COMPILERS_OWN;

/** How a type is called at the beginning of a declaration: `struct task_struct`, `u64`. */
export type NameOf = (type: BtfType) => string;

/**
 * `declare(btf, id, "handler", name)` is `void (*handler)(int)`.
 *
 * @param inner what is declared; empty for a type alone
 */
export function declare(btf: Btf, id: number, inner: string, name: NameOf): string {
  const qualifiers: string[] = [];
  let type = btf.types[id];
  for (; isTransparent(type); type = btf.types[type.type ?? 0]) {
    const word = QUALIFIERS[type.kind];
    if (word && !qualifiers.includes(word)) qualifiers.push(word);
  }
  const join = (...parts: string[]) => parts.filter((part) => part !== "").join(" ");
  switch (type.kind) {
    case "ptr": {
      const target = behindQualifiers(btf, type.type ?? 0).kind;
      const pointer = qualifiers.length > 0 ? join(`*${qualifiers.join(" ")}`, inner) : `*${inner}`;
      const grouped = target === "array" || target === "func_proto" ? `(${pointer})` : pointer;
      return declare(btf, type.type ?? 0, grouped, name);
    }
    case "array": {
      const element = declare(btf, type.type ?? 0, `${inner}[${type.nelems ?? 0}]`, name);
      return join(...qualifiers.filter((word) => !element.startsWith(`${word} `)), element);
    }
    case "func_proto":
      return declare(btf, type.type ?? 0, `${inner}(${parameters(btf, type, name)})`, name);
    default:
      return join(...qualifiers, name(type), inner);
  }
}

function parameters(btf: Btf, proto: BtfType, name: NameOf): string {
  const all = (proto.params ?? []).map(({ type }) => type === 0 ? "..." : declare(btf, type, "", name));
  return all.length > 0 ? all.join(", ") : "void";
}

export function behindQualifiers(btf: Btf, id: number): BtfType {
  let type = btf.types[id];
  while (isTransparent(type)) type = btf.types[type.type ?? 0];
  return type;
}
