/** Reads the attributes of functions, parameters and results, of which the code generator needs a few. */
import type { TokenStream } from "./lexer.ts";
import type { Type } from "./module.ts";
import { parseType } from "./type_parser.ts";

/** Attributes that stand before a value or after a type (LangRef, "Parameter Attributes"). */
const PARAMETER_ATTRIBUTES = new Set([
  ...["zeroext", "signext", "noext", "inreg", "byval", "byref", "preallocated", "inalloca", "sret", "elementtype"],
  ...["align", "noalias", "nocapture", "captures", "nofree", "nest", "returned", "nonnull", "dereferenceable"],
  ...["dereferenceable_or_null", "swiftself", "swifterror", "swiftasync", "immarg", "noundef", "nofpclass"],
  ...["alignstack", "allocalign", "allocptr", "readnone", "readonly", "writeonly", "writable", "dead_on_unwind"],
  ...["dead_on_return", "range", "initializes"],
]);

export interface ParameterAttributes {
  readonly words: string[];
  /** Of `elementtype(T)`. */
  readonly elementType?: Type;
  /** Bytes of `align 8`. */
  readonly align?: number;
}

export function parseParameterAttributes(
  tokens: TokenStream,
  named: ReadonlyMap<string, Type>,
): ParameterAttributes {
  const words: string[] = [];
  let elementType: Type | undefined, align: number | undefined;
  for (;;) {
    const { kind, text } = tokens.peek();
    if (kind === "string") {
      tokens.next();
      if (tokens.accept("=")) tokens.take("string");
      continue;
    }
    if (kind !== "word" || !PARAMETER_ATTRIBUTES.has(text)) return { words, elementType, align };
    tokens.next();
    words.push(text);
    if (text === "elementtype") {
      tokens.expect("(");
      elementType = parseType(tokens, named);
      tokens.expect(")");
    } else if (tokens.sees("(")) tokens.skipGroup();
    else if (text === "align") align = Number(tokens.take("number"));
  }
}

/**
 * The attributes of a function or of a call, up to the end of the line or to a word that is none:
 * `nounwind memory(none) "target-cpu"="v3" #0`.
 *
 * @param groups attributes of `#0`, by `0`
 */
export function parseFunctionAttributes(
  tokens: TokenStream,
  groups: ReadonlyMap<string, ReadonlyMap<string, string>>,
  stopWords: readonly string[] = [],
): Map<string, string> {
  const found = new Map<string, string>(), { line } = tokens.peek();
  while (tokens.peek().line === line) {
    const { kind, text } = tokens.peek();
    if (kind === "attributes") {
      for (const [name, value] of groups.get(text) ?? []) found.set(name, value);
      tokens.next();
    } else if (kind === "string") {
      tokens.next();
      found.set(text, tokens.accept("=") ? tokens.take("string") : "");
    } else if (kind === "word" && !stopWords.includes(text)) {
      tokens.next();
      found.set(text, "");
      if (tokens.sees("(")) tokens.skipGroup();
      else if (tokens.accept("=")) tokens.next();
    } else break;
  }
  return found;
}
