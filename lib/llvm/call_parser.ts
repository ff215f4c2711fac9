/** Reads calls: of functions, of numbers, of inline assembly. */
import { parseFunctionAttributes, parseParameterAttributes } from "./attribute_parser.ts";
import { type Body, type ModuleNames, parseLabel } from "./instruction_parts.ts";
import type { TokenStream } from "./lexer.ts";
import type { Type, Value } from "./module.ts";
import { parseAddressSpace, parseType } from "./type_parser.ts";
import { parseValue, skipFlags } from "./value_parser.ts";

/** Calling conventions; C's is not written. */
const CONVENTIONS = ["fastcc", "coldcc", "ccc"];

export function parseCall(tokens: TokenStream, { types, attributeGroups }: ModuleNames): Body {
  skipFlags(tokens);
  while (CONVENTIONS.includes(tokens.peek().text)) tokens.next();
  if (tokens.accept("cc")) tokens.take("number");
  const { words } = parseParameterAttributes(tokens, types);
  parseAddressSpace(tokens);
  const given = parseType(tokens, types), type = given.kind === "function" ? given.result : given;
  const callee = parseCallee(given, tokens, types);
  tokens.expect("(");
  const arguments_: Value[] = [];
  const alignments: (number | undefined)[] = [], argumentAttributes: (readonly string[])[] = [];
  let elementType: Type | undefined;
  while (!tokens.accept(")")) {
    const argument = parseArgument(tokens, types);
    alignments.push(argument.align);
    argumentAttributes.push(argument.attributes);
    if (arguments_.length === 0) elementType = argument.elementType;
    arguments_.push(argument.value);
    tokens.accept(",");
  }
  const { line } = tokens.peek(-1), hasAttributes = tokens.peek().line === line;
  const attributes = hasAttributes ? parseFunctionAttributes(tokens, attributeGroups) : new Map<string, string>();
  if (tokens.sees("[")) tokens.skipGroup();
  return {
    opcode: "call",
    type,
    callee,
    arguments: arguments_,
    elementType,
    alignments,
    argumentAttributes,
    attributes: words,
    noReturn: attributes.has("noreturn"),
  };
}

interface Argument {
  readonly value: Value;
  readonly elementType?: Type;
  readonly align?: number;
  readonly attributes: readonly string[];
}

function parseArgument(tokens: TokenStream, types: ReadonlyMap<string, Type>): Argument {
  const type = parseType(tokens, types);
  if (type.kind === "metadata") {
    const text = tokens.peek().kind === "metadata" ? tokens.next().text : "";
    if (text === "" && tokens.peek().kind === "string") tokens.next();
    else if (text === "") tokens.skipGroup();
    else if (tokens.sees("(")) tokens.skipGroup();
    return { value: { kind: "metadata", type, text }, attributes: [] };
  }
  const { elementType, align, words } = parseParameterAttributes(tokens, types);
  return { value: parseValue(type, tokens, types), elementType, align, attributes: words };
}

function parseCallee(type: Type, tokens: TokenStream, types: ReadonlyMap<string, Type>): Value {
  if (!tokens.accept("asm")) return parseValue({ kind: "ptr", addressSpace: 0 }, tokens, types);
  const hasSideEffects = tokens.accept("sideeffect");
  tokens.acceptAny(["alignstack"]);
  tokens.acceptAny(["inteldialect"]);
  tokens.acceptAny(["unwind"]);
  const text = tokens.take("string");
  tokens.expect(",");
  return { kind: "asm", type, text, constraints: tokens.take("string"), hasSideEffects };
}

/** `asm goto`: a call, and the labels that it may go to. */
export function parseCallBranch(tokens: TokenStream, names: ModuleNames): Body {
  const { callee, arguments: arguments_, type } = parseCall(tokens, names) as Body & { opcode: "call" };
  tokens.expect("to");
  const targets = [parseLabel(tokens)];
  tokens.expect("[");
  while (!tokens.accept("]")) {
    targets.push(parseLabel(tokens));
    tokens.accept(",");
  }
  return { opcode: "callbr", callee, arguments: arguments_, targets, type };
}
