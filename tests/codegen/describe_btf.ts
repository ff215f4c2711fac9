/** BTF in words that do not depend on the order of its types: what two compilers should agree on. */
import type { Btf, BtfType } from "../../lib/object/btf.ts";

/** Each type that has a name, and each tag, once, in words; sorted. */
export function describeBtf(btf: Btf): string[] {
  const words = btf.types.slice(1).filter((type) => type.name !== "").map((type) => describe(btf, type));
  return [...new Set(words)].sort();
}

function describe(btf: Btf, type: BtfType): string {
  const refer = (id = 0): string => reference(btf, btf.types[id]);
  const head = `${type.kind} ${type.name}`;
  switch (type.kind) {
    case "datasec": {
      const variables = (type.variables ?? []).map((one) => `${refer(one.type)}:${one.size}`);
      return `${head} { ${variables.sort().join(", ")} }`;
    }
    case "var":
      return `${head} linkage ${type.linkage}: ${refer(type.type)}`;
    case "func":
      return `${head} linkage ${type.linkage}: ${body(btf, btf.types[type.type ?? 0])}`;
    case "decl_tag":
      return `${head} of ${refer(type.type)} part ${type.component}`;
    case "typedef":
      return `${head} = ${refer(type.type)}`;
    default:
      return `${head} ${body(btf, type)}`;
  }
}

/** A type as others speak of it: by its name, or in full where it has none. */
function reference(btf: Btf, type: BtfType): string {
  const refer = (id = 0): string => reference(btf, btf.types[id]);
  if (type.kind === "type_tag") return `tag(${type.name}) ${refer(type.type)}`;
  if (type.name !== "") return `${type.kind} ${type.name}`;
  if (type.kind === "ptr") return `*${refer(type.type)}`;
  if (type.kind === "const" || type.kind === "volatile" || type.kind === "restrict") {
    return `${type.kind} ${refer(type.type)}`;
  }
  return body(btf, type);
}

function body(btf: Btf, type: BtfType): string {
  const refer = (id = 0): string => reference(btf, btf.types[id]);
  switch (type.kind) {
    case "int":
      return `${type.size} bytes ${type.signed ? "signed" : "unsigned"}`;
    case "array":
      return `[${type.nelems}] ${refer(type.type)}`;
    case "struct":
    case "union": {
      const members = (type.members ?? []).map((one) =>
        `${one.name}@${one.bitOffset}${one.bitSize ? `:${one.bitSize}` : ""} ${refer(one.type)}`
      );
      return `${type.kind} ${type.size} bytes { ${members.join(", ")} }`;
    }
    case "enum":
    case "enum64":
      return `${type.size} bytes ${type.signed ? "signed " : ""}{ ${
        (type.values ?? []).map(({ name, value }) => `${name}=${value}`).join(", ")
      } }`;
    case "func_proto":
      return `(${(type.params ?? []).map((one) => `${one.name} ${refer(one.type)}`).join(", ")}) ${refer(type.type)}`;
    case "float":
      return `${type.size} bytes`;
    default:
      return "";
  }
}
