/**
 * The language that texts are in. English is the source: it stands in the code, and no table is read for it.
 *
 * A text with nothing to fill in stands in an object that `translated` wraps; one with values is a template with the tag
 * `t`. `deno task messages` finds both and writes them into locale/; what it makes of the translations is a catalogue.
 */

/** Translations by English text, where `{0}`, `{1}`, ... stand for a template's values. */
export type Catalogue = Readonly<Record<string, string>>;

let catalogue: Catalogue | undefined;

/** Has texts looked up in a catalogue; undefined: English. */
export function useCatalogue(chosen: Catalogue | undefined): void {
  catalogue = chosen;
}

export const usedCatalogue = (): Catalogue | undefined => catalogue;

/** Runs `work`, which waits for nothing, with texts looked up in another catalogue. */
export function inCatalogue<T>(chosen: Catalogue | undefined, work: () => T): T {
  const before = catalogue;
  catalogue = chosen;
  try {
    return work();
  } finally {
    catalogue = before;
  }
}

/** A text as the catalogue has it; the text itself where it has none. */
const lookUp = (text: string, from: Catalogue): string => Object.hasOwn(from, text) ? from[text] : text;

/** A template's text, with numbers in the place of its values: what its translation is found by. */
const templateId = (parts: readonly string[]): string =>
  parts.reduce((text, part, n) => n === 0 ? part : `${text}{${n - 1}}${part}`, "");

/** Ids of templates, which are the same array each time. */
const ids = new WeakMap<TemplateStringsArray, string>();

/**
 * A text with values in it: in English the template as it stands, else its translation with the same values.
 *
 * @example
 * ```ts
 * import { t } from "./translation.ts";
 * const steps = 3;
 * if (t`${steps} steps not shown` !== "3 steps not shown") throw new Error("English is the source");
 * ```
 */
export function t(parts: TemplateStringsArray, ...values: readonly unknown[]): string {
  if (catalogue === undefined) {
    let text = parts[0];
    for (let n = 0; n < values.length; n++) text += `${values[n]}${parts[n + 1]}`;
    return text;
  }
  let id = ids.get(parts);
  if (id === undefined) ids.set(parts, id = templateId(parts));
  return lookUp(id, catalogue).replace(/\{(\d+)\}/g, (_, n) => String(values[n]));
}

/** A copy with translated texts; functions stay, as they translate what they say themselves. */
function copyIn(value: unknown, from: Catalogue, only: ReadonlySet<string> | undefined, name?: string): unknown {
  if (typeof value === "string") {
    return only === undefined || (name !== undefined && only.has(name)) ? lookUp(value, from) : value;
  }
  if (Array.isArray(value)) return value.map((one) => copyIn(one, from, only, name));
  // Patterns and other things with a class of their own are no texts.
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, copyIn(one, from, only, key)]));
}

/**
 * Texts that change with the language: an object or an array that is read as it was written, texts in it at any depth.
 *
 * @param texts as they are in English
 * @param only names of the properties that are texts for a reader; without it all are
 *
 * @example
 * ```ts
 * import { translated } from "./translation.ts";
 * const texts = translated({ step: "step", lanes: { memory: "memory" } });
 * if (texts.lanes.memory !== "memory") throw new Error("English is the source");
 * ```
 */
export function translated<const T extends object>(texts: T, only?: readonly string[]): T {
  const copies = new WeakMap<Catalogue, T>(), names = only && new Set(only);
  return new Proxy(texts, {
    get(english, key) {
      if (catalogue === undefined) return Reflect.get(english, key);
      let copy = copies.get(catalogue);
      if (!copy) copies.set(catalogue, copy = copyIn(english, catalogue, names) as T);
      return Reflect.get(copy, key);
    },
  });
}
