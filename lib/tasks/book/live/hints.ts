/** What editors tell of the library's names: out of the comments, which `deno doc --json` gives. */

/** A name, and what it is for. */
export interface Hint {
  readonly name: string;
  /** `function`, `class`, `interface`; of an option its type. */
  readonly kind: string;
  readonly info: string;
}

/** What the editors of a page know. */
export interface Hints {
  readonly exports: readonly Hint[];
  /** Of `plot` and others: what stands behind the dot. */
  readonly members: Readonly<Record<string, readonly Hint[]>>;
  /** Options of functions, by the function's name. */
  readonly options: Readonly<Record<string, readonly Hint[]>>;
}

/** The parts of `deno doc --json` that are read here. */
export interface DocFile {
  readonly nodes: Readonly<Record<string, { readonly symbols: readonly DocSymbol[] }>>;
}
interface DocSymbol {
  readonly name: string;
  readonly declarations: readonly {
    readonly kind: string;
    readonly jsDoc?: Doc;
    readonly def?: {
      readonly params?: unknown;
      readonly extends?: readonly TypeRef[];
      readonly properties?: readonly Property[];
      readonly tsType?: { readonly kind?: string; readonly value?: { readonly properties?: readonly Property[] } };
    };
  }[];
}
interface Doc {
  readonly doc?: string;
}
interface TypeRef {
  readonly kind?: string;
  readonly value?: { readonly typeName?: string };
}
interface Property {
  readonly name: string;
  readonly jsDoc?: Doc;
  readonly tsType?: { readonly repr?: string };
}

/** The first paragraph, without the marks of links. */
const infoOf = (doc: Doc | undefined): string =>
  (doc?.doc ?? "").split("\n\n")[0].replace(/\{@link (\w+)[^}]*\}/g, "$1").replaceAll("`", "").replace(/\s+/g, " ")
    .trim();

/** Names of the types that something refers to, at any depth. */
function typesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(typesIn);
  if (typeof value !== "object" || value === null) return [];
  const { kind, value: inner } = value as TypeRef;
  const own = kind === "typeRef" && inner?.typeName !== undefined ? [inner.typeName] : [];
  return [...own, ...Object.values(value).flatMap(typesIn)];
}

const hintOf = ({ name, jsDoc, tsType }: Property): Hint => ({ name, kind: tsType?.repr ?? "", info: infoOf(jsDoc) });

/** @param file of `deno doc --json lib/mod.ts` */
export function hintsOf(file: DocFile): Hints {
  const symbols = new Map(Object.values(file.nodes).flatMap((node) => node.symbols).map((one) => [one.name, one]));
  const fieldsOf = (type: string, seen: ReadonlySet<string> = new Set()): Hint[] => {
    const def = symbols.get(type)?.declarations[0]?.def;
    if (!def?.properties || seen.has(type)) return [];
    const above = (def.extends ?? []).flatMap(({ value }) => fieldsOf(value?.typeName ?? "", new Set([...seen, type])));
    return [...def.properties.map(hintOf), ...above];
  };
  const exports: Hint[] = [], members: Record<string, Hint[]> = {}, options: Record<string, Hint[]> = {};
  for (const { name, declarations: [first] } of symbols.values()) {
    exports.push({ name, kind: first.kind, info: infoOf(first.jsDoc) });
    const own = first.def?.tsType?.value?.properties;
    if (first.kind === "variable" && own) members[name] = own.map(hintOf);
    const types = first.kind === "function" ? typesIn(first.def?.params).filter((type) => /Options$/.test(type)) : [];
    const fields = new Map(types.flatMap((type) => fieldsOf(type)).map((hint) => [hint.name, hint]));
    if (fields.size > 0) options[name] = [...fields.values()];
  }
  return { exports, members, options };
}

/** Where in a cell hints are asked for. */
export type Asked =
  | { readonly kind: "exports" }
  | { readonly kind: "members"; readonly of: string }
  | { readonly kind: "options"; readonly of: string };

/**
 * What may stand at the end of a text: a member behind `plot.`, an option within the braces of a call, else any name.
 *
 * @returns nothing within listings, comments and texts
 */
export function askedAt(before: string): Asked | undefined {
  const member = /\b(\w+)\.\w*$/.exec(before);
  if (member) return { kind: "members", of: member[1] };
  const part =
    /\/\/[^\n]*|\/\*(?:[^*]|\*(?!\/))*(?:\*\/)?|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|`(?:[^`\\]|\\[^])*`?|[^]/g;
  const open: { readonly sign: string; readonly call?: string }[] = [];
  let last = "", code = "";
  for (const [text] of before.matchAll(part)) {
    last = text;
    if ("({[".includes(text)) {
      const call = text === "(" ? /(\w+)\s*$/.exec(code)?.[1] : text === "{" ? open.at(-1)?.call : undefined;
      open.push({ sign: text, call });
    } else if (")}]".includes(text)) open.pop();
    code += text.length > 1 ? "_" : text;
  }
  const isText = last.length > 1 && !(/^["'`]/.test(last) ? last.at(-1) === last[0] : last.endsWith("*/"));
  if (isText) return undefined;
  const around = open.at(-1);
  if (around?.sign === "{" && around.call && /[{,]\s*\w*$/.test(code)) return { kind: "options", of: around.call };
  return { kind: "exports" };
}
