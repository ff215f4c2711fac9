/** Reads types: `i64`, `ptr addrspace(1)`, `[4 x i8]`, `{ i32, ptr }`, `%struct.task`, `i64 (ptr, ...)`. */
import type { TokenStream } from "./lexer.ts";
import type { Type } from "./module.ts";

const FLOATS = ["half", "bfloat", "float", "double", "fp128", "x86_fp80", "ppc_fp128"];

/** Whether a type begins here. */
export function seesType(tokens: TokenStream): boolean {
  const { kind, text } = tokens.peek();
  if (kind === "local") return true;
  if (kind === "punctuation") return text === "[" || text === "{" || text === "<";
  return kind === "word" && (/^i\d+$/.test(text) || PLAIN.has(text) || FLOATS.includes(text));
}

const PLAIN = new Set(["ptr", "void", "label", "metadata", "opaque"]);

/**
 * @param named the module's named structs
 * @throws IrSyntaxError when no type begins here
 */
export function parseType(tokens: TokenStream, named: ReadonlyMap<string, Type>): Type {
  let type = parseSimpleType(tokens, named);
  while (tokens.sees("(")) type = parseFunctionType(type, tokens, named);
  return type;
}

function parseSimpleType(tokens: TokenStream, named: ReadonlyMap<string, Type>): Type {
  const { kind, text } = tokens.next();
  if (kind === "local") {
    const type = named.get(text);
    if (!type) throw tokens.error(`unknown type %${text}`);
    return type;
  }
  if (kind === "word") {
    if (/^i\d+$/.test(text)) return { kind: "int", bits: Number(text.slice(1)) };
    if (text === "ptr") return { kind: "ptr", addressSpace: parseAddressSpace(tokens) };
    if (text === "void" || text === "label" || text === "metadata") return { kind: text };
    if (text === "opaque") return { kind: "struct", packed: false };
    if (FLOATS.includes(text)) return { kind: "float", name: text };
  }
  switch (kind === "punctuation" ? text : "") {
    case "[":
      return parseSequence("array", "]", tokens, named);
    case "{":
      return { kind: "struct", packed: false, fields: parseFields(tokens, named) };
    case "<": {
      if (!tokens.accept("{")) return parseSequence("vector", ">", tokens, named);
      const fields = parseFields(tokens, named);
      tokens.expect(">");
      return { kind: "struct", packed: true, fields };
    }
  }
  throw tokens.error(`a type expected, \`${text}\` found`);
}

/** `addrspace(1)`, or nothing. */
export function parseAddressSpace(tokens: TokenStream): number {
  if (!tokens.accept("addrspace")) return 0;
  tokens.expect("(");
  const space = Number(tokens.take("number"));
  tokens.expect(")");
  return space;
}

function parseSequence(
  kind: "array" | "vector",
  close: string,
  tokens: TokenStream,
  named: ReadonlyMap<string, Type>,
): Type {
  const length = Number(tokens.take("number"));
  tokens.expect("x");
  const element = parseType(tokens, named);
  tokens.expect(close);
  return { kind, length, element };
}

function parseFields(tokens: TokenStream, named: ReadonlyMap<string, Type>): Type[] {
  const fields: Type[] = [];
  while (!tokens.accept("}")) {
    fields.push(parseType(tokens, named));
    tokens.accept(",");
  }
  return fields;
}

function parseFunctionType(result: Type, tokens: TokenStream, named: ReadonlyMap<string, Type>): Type {
  tokens.expect("(");
  const parameters: Type[] = [];
  let variadic = false;
  while (!tokens.accept(")")) {
    if (tokens.accept("...")) variadic = true;
    else parameters.push(parseType(tokens, named));
    tokens.accept(",");
  }
  return { kind: "function", result, parameters, variadic };
}
