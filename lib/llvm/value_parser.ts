/** Reads operands: locals, constants, constant expressions. */
import type { TokenStream } from "./lexer.ts";
import { type Constant, integerType, type Type, type Value } from "./module.ts";
import { parseType, seesType } from "./type_parser.ts";

/** Flags that say what the optimiser may assume, which the code generator does not need. */
export const FLAGS = [
  ...["nuw", "nsw", "exact", "disjoint", "nneg", "samesign", "inbounds", "nusw"],
  ...["fast", "nnan", "ninf", "nsz", "arcp", "contract", "afn", "reassoc"],
] as const;

export function skipFlags(tokens: TokenStream): void {
  while (tokens.acceptAny(FLAGS) || tokens.accept("inrange")) if (tokens.sees("(")) skipInRange(tokens);
}

/** `inrange(-8, 16)`; a constant `getelementptr (` without it begins with a type. */
function skipInRange(tokens: TokenStream): void {
  if (tokens.peek(1).kind === "number") tokens.skipGroup();
}

const EXPRESSIONS = [
  ...["getelementptr", "inttoptr", "ptrtoint", "ptrtoaddr", "bitcast", "addrspacecast", "trunc"],
  ...["add", "sub", "mul", "xor"],
] as const;

/** A type and a value of it. */
export function parseTypedValue(tokens: TokenStream, named: ReadonlyMap<string, Type>): Value {
  return parseValue(parseType(tokens, named), tokens, named);
}

/** @throws IrSyntaxError when no value of the type begins here */
export function parseValue(type: Type, tokens: TokenStream, named: ReadonlyMap<string, Type>): Value {
  if (tokens.peek().kind === "local") return { kind: "local", type, name: tokens.next().text };
  return parseConstant(type, tokens, named);
}

export function parseConstant(type: Type, tokens: TokenStream, named: ReadonlyMap<string, Type>): Constant {
  const { kind, text } = tokens.peek();
  switch (kind) {
    case "global":
      tokens.next();
      return { kind: "global", type, name: text };
    case "bytes":
      tokens.next();
      return { kind: "bytes", type, bytes: Uint8Array.from(text, (character) => character.charCodeAt(0)) };
    case "number":
      tokens.next();
      if (type.kind !== "int") return { kind: "float", type, text };
      return { kind: "integer", type, value: BigInt.asUintN(type.bits, BigInt(text)) };
    case "word":
      return parseWord(type, tokens, named);
    case "punctuation":
      return parseAggregate(type, tokens, named);
  }
  throw tokens.error(`a value expected, \`${text}\` found`);
}

function parseWord(type: Type, tokens: TokenStream, named: ReadonlyMap<string, Type>): Constant {
  const opcode = tokens.acceptAny(EXPRESSIONS);
  if (opcode) return parseExpression(type, opcode, tokens, named);
  const word = tokens.next().text;
  switch (word) {
    case "true":
    case "false":
      return { kind: "integer", type, value: word === "true" ? 1n : 0n };
    case "null":
    case "undef":
    case "poison":
      return { kind: word, type };
    case "zeroinitializer":
    case "none":
      return { kind: "zero", type };
    case "dso_local_equivalent":
    case "no_cfi":
      return { kind: "global", type, name: tokens.take("global") };
    case "splat": {
      tokens.expect("(");
      const element = parseConstant(parseType(tokens, named), tokens, named);
      tokens.expect(")");
      const length = type.kind === "vector" ? type.length : 1;
      return { kind: "aggregate", type, elements: Array.from({ length }, () => element) };
    }
  }
  throw tokens.error(`a constant expected, \`${word}\` found`);
}

function parseExpression(type: Type, opcode: string, tokens: TokenStream, named: ReadonlyMap<string, Type>): Constant {
  skipFlags(tokens);
  tokens.expect("(");
  let elementType: Type | undefined;
  if (opcode === "getelementptr") {
    elementType = parseType(tokens, named);
    tokens.expect(",");
  }
  const operands: Constant[] = [];
  do {
    operands.push(parseConstant(parseType(tokens, named), tokens, named));
  } while (tokens.accept(","));
  if (tokens.accept("to")) parseType(tokens, named);
  tokens.expect(")");
  return { kind: "expression", type, opcode, elementType, operands };
}

/** `[i32 1, i32 2]`, `{ ptr null }`, `<{ i8 1 }>`, `<i64 1, i64 2>`. */
function parseAggregate(type: Type, tokens: TokenStream, named: ReadonlyMap<string, Type>): Constant {
  const open = tokens.next().text, packed = open === "<" && tokens.accept("{");
  const close = open === "[" ? "]" : open === "{" || packed ? "}" : ">";
  const elements: Constant[] = [];
  while (!tokens.accept(close)) {
    if (!seesType(tokens)) throw tokens.error(`a constant expected, \`${tokens.peek().text}\` found`);
    elements.push(parseConstant(parseType(tokens, named), tokens, named));
    tokens.accept(",");
  }
  if (packed) tokens.expect(">");
  return { kind: "aggregate", type, elements };
}

/** An index of a `getelementptr` or a number of elements. */
export const integer = (bits: number, value: bigint): Constant => ({
  kind: "integer",
  type: integerType(bits),
  value: BigInt.asUintN(bits, value),
});
