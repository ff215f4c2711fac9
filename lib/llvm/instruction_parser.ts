/** Reads one instruction of a basic block, with what is attached to it. */
import { parseFunctionAttributes, parseParameterAttributes } from "./attribute_parser.ts";
import type { TokenStream } from "./lexer.ts";
import {
  type BinaryOpcode,
  type CastOpcode,
  type Condition,
  type Instruction,
  integerType,
  type Ordering,
  type Type,
  type Value,
  VOID,
} from "./module.ts";
import { parseAddressSpace, parseType } from "./type_parser.ts";
import { integer, parseTypedValue, parseValue, skipFlags } from "./value_parser.ts";

/** What instructions refer to outside of their function. */
export interface ModuleNames {
  readonly types: ReadonlyMap<string, Type>;
  /** Attributes of `#0`, by `0`. */
  readonly attributeGroups: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

const BINARY: readonly BinaryOpcode[] = [
  ...["add", "sub", "mul", "udiv", "sdiv", "urem", "srem", "shl", "lshr", "ashr", "and", "or", "xor"] as const,
];
const CASTS: readonly CastOpcode[] = [
  ...["trunc", "zext", "sext", "ptrtoint", "inttoptr", "bitcast", "addrspacecast", "ptrtoaddr"] as const,
];
const CONDITIONS: readonly Condition[] = ["eq", "ne", "ugt", "uge", "ult", "ule", "sgt", "sge", "slt", "sle"];
const ORDERINGS: readonly Ordering[] = ["unordered", "monotonic", "acquire", "release", "acq_rel", "seq_cst"];
/** Calling conventions; C's is not written. */
const CONVENTIONS = ["fastcc", "coldcc", "ccc"];

/** What an instruction says of itself, without what is attached to it. */
type Body = Instruction extends infer I
  ? I extends Instruction ? Omit<I, "name" | "location" | "preserveAccessIndex"> : never
  : never;

/** @throws IrSyntaxError when the text is not an instruction */
export function parseInstruction(tokens: TokenStream, names: ModuleNames): Instruction {
  let name: string | undefined;
  if (tokens.peek().kind === "local") {
    name = tokens.next().text;
    tokens.expect("=");
  }
  const { line } = tokens.peek(), body = parseBody(tokens, names);
  const attached = body.opcode === "unsupported" ? skipLine(tokens, line) : parseAttached(tokens);
  return { ...body, ...attached, name } as Instruction;
}

function parseBody(tokens: TokenStream, names: ModuleNames): Body {
  const { types } = names, typed = () => parseTypedValue(tokens, types);
  const comma = () => tokens.expect(",");
  const word = tokens.take("word");
  const binary = BINARY.find((opcode) => opcode === word);
  if (binary) {
    skipFlags(tokens);
    const left = typed();
    comma();
    return { opcode: binary, type: left.type, left, right: parseValue(left.type, tokens, types) };
  }
  const cast = CASTS.find((opcode) => opcode === word);
  if (cast) {
    const exact = cast === "trunc" && tokens.accept("nuw");
    skipFlags(tokens);
    const operand = typed();
    tokens.expect("to");
    return { opcode: cast, operand, exact, type: parseType(tokens, types) };
  }
  switch (word) {
    case "freeze": {
      const operand = typed();
      return { opcode: word, operand, type: operand.type };
    }
    case "icmp": {
      skipFlags(tokens);
      const condition = tokens.acceptAny(CONDITIONS);
      if (!condition) throw tokens.error(`a condition expected, \`${tokens.peek().text}\` found`);
      const left = typed();
      comma();
      return { opcode: word, condition, left, right: parseValue(left.type, tokens, types), type: integerType(1) };
    }
    case "select": {
      skipFlags(tokens);
      const test = typed();
      comma();
      const whenTrue = typed();
      comma();
      return { opcode: word, test, whenTrue, whenFalse: typed(), type: whenTrue.type };
    }
    case "phi":
      return parsePhi(tokens, types);
    case "alloca":
      return parseAlloca(tokens, types);
    case "load":
    case "store":
    case "atomicrmw":
    case "cmpxchg":
      return parseMemory(word, tokens, types);
    case "fence":
      return { opcode: word, syncScope: parseSyncScope(tokens), ordering: parseOrdering(tokens)!, type: VOID };
    case "getelementptr": {
      skipFlags(tokens);
      const elementType = parseType(tokens, types);
      comma();
      const pointer = typed(), indices: Value[] = [];
      while (seesOperand(tokens) && tokens.accept(",")) indices.push(typed());
      return { opcode: word, elementType, pointer, indices, type: pointer.type };
    }
    case "extractvalue": {
      const aggregate = typed(), indices = parseIndices(tokens);
      return { opcode: word, aggregate, indices, type: memberType(aggregate.type, indices) };
    }
    case "insertvalue": {
      const aggregate = typed();
      comma();
      const value = typed();
      return { opcode: word, aggregate, value, indices: parseIndices(tokens), type: aggregate.type };
    }
    case "tail":
    case "musttail":
    case "notail":
      tokens.expect("call");
      return parseCall(tokens, names);
    case "call":
      return parseCall(tokens, names);
    case "callbr": {
      const { callee, arguments: arguments_, type } = parseCall(tokens, names) as Body & { opcode: "call" };
      tokens.expect("to");
      const targets = [parseLabel(tokens)];
      tokens.expect("[");
      while (!tokens.accept("]")) {
        targets.push(parseLabel(tokens));
        tokens.accept(",");
      }
      return { opcode: word, callee, arguments: arguments_, targets, type };
    }
    case "br": {
      if (tokens.sees("label")) return { opcode: word, targets: [parseLabel(tokens)], type: VOID };
      const test = typed();
      comma();
      const first = parseLabel(tokens);
      comma();
      return { opcode: word, test, targets: [first, parseLabel(tokens)], type: VOID };
    }
    case "switch":
      return parseSwitch(tokens, types);
    case "ret":
      if (tokens.accept("void")) return { opcode: word, type: VOID };
      return { opcode: word, value: typed(), type: VOID };
    case "unreachable":
      return { opcode: word, type: VOID };
    default:
      return { opcode: "unsupported", what: word, type: VOID };
  }
}

/** Whether a comma with another operand follows, and not one with what is attached. */
const seesOperand = (tokens: TokenStream): boolean =>
  tokens.sees(",") && tokens.peek(1).kind !== "metadata" && tokens.peek(1).text !== "align";

function parseLabel(tokens: TokenStream): string {
  tokens.expect("label");
  return tokens.take("local");
}

function parseIndices(tokens: TokenStream): number[] {
  const indices: number[] = [];
  while (seesOperand(tokens) && tokens.accept(",")) indices.push(Number(tokens.take("number")));
  return indices;
}

function memberType(type: Type, indices: readonly number[]): Type {
  return indices.reduce((type, index) => {
    if (type.kind === "struct" && type.fields) return type.fields[index];
    return type.kind === "array" ? type.element : type;
  }, type);
}

function parsePhi(tokens: TokenStream, types: ReadonlyMap<string, Type>): Body {
  skipFlags(tokens);
  const type = parseType(tokens, types), incoming: { value: Value; block: string }[] = [];
  do {
    tokens.expect("[");
    const value = parseValue(type, tokens, types);
    tokens.expect(",");
    incoming.push({ value, block: tokens.take("local") });
    tokens.expect("]");
  } while (seesOperand(tokens) && tokens.accept(","));
  return { opcode: "phi", type, incoming };
}

function parseAlloca(tokens: TokenStream, types: ReadonlyMap<string, Type>): Body {
  const allocated = parseType(tokens, types);
  let count: Value = integer(32, 1n);
  if (seesOperand(tokens) && tokens.peek(1).text !== "addrspace") {
    tokens.expect(",");
    count = parseTypedValue(tokens, types);
  }
  const align = parseAlign(tokens) ?? 1;
  const addressSpace = tokens.peek(1).text === "addrspace" && tokens.accept(",") ? parseAddressSpace(tokens) : 0;
  return { opcode: "alloca", allocated, count, align, type: { kind: "ptr", addressSpace } };
}

/** `, align 8`, or nothing. */
export function parseAlign(tokens: TokenStream): number | undefined {
  if (!tokens.sees(",") || tokens.peek(1).text !== "align") return undefined;
  tokens.next();
  tokens.next();
  return Number(tokens.take("number"));
}

function parseSyncScope(tokens: TokenStream): string | undefined {
  if (!tokens.accept("syncscope")) return undefined;
  tokens.expect("(");
  const scope = tokens.take("string");
  tokens.expect(")");
  return scope;
}

const parseOrdering = (tokens: TokenStream): Ordering | undefined => tokens.acceptAny(ORDERINGS);

function parseMemory(
  opcode: "load" | "store" | "atomicrmw" | "cmpxchg",
  tokens: TokenStream,
  types: ReadonlyMap<string, Type>,
): Body {
  const typed = () => parseTypedValue(tokens, types), comma = () => tokens.expect(",");
  tokens.accept("atomic");
  tokens.accept("weak");
  const volatile = tokens.accept("volatile");
  const end = () => {
    const syncScope = parseSyncScope(tokens), ordering = parseOrdering(tokens);
    if (opcode === "cmpxchg") parseOrdering(tokens);
    return { volatile, syncScope, ordering, align: parseAlign(tokens) };
  };
  if (opcode === "load") {
    const type = parseType(tokens, types);
    comma();
    const pointer = typed();
    return { opcode, type, pointer, ...end() };
  }
  if (opcode === "store") {
    const value = typed();
    comma();
    const pointer = typed();
    return { opcode, type: VOID, value, pointer, ...end() };
  }
  if (opcode === "atomicrmw") {
    const operation = tokens.take("word"), pointer = typed();
    comma();
    const value = typed();
    return { opcode, operation, type: value.type, pointer, value, ...end() };
  }
  const pointer = typed();
  comma();
  const expected = typed();
  comma();
  const value = typed(), type: Type = { kind: "struct", packed: false, fields: [value.type, integerType(1)] };
  return { opcode, type, pointer, expected, value, ...end() };
}

function parseSwitch(tokens: TokenStream, types: ReadonlyMap<string, Type>): Body {
  const value = parseTypedValue(tokens, types);
  tokens.expect(",");
  const otherwise = parseLabel(tokens), cases: { value: bigint; target: string }[] = [];
  tokens.expect("[");
  while (!tokens.accept("]")) {
    const one = parseTypedValue(tokens, types);
    if (one.kind !== "integer") throw tokens.error("a case that is no number");
    tokens.expect(",");
    cases.push({ value: one.value, target: parseLabel(tokens) });
  }
  return { opcode: "switch", value, otherwise, cases, type: VOID };
}

function parseCall(tokens: TokenStream, { types, attributeGroups }: ModuleNames): Body {
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

interface Attached {
  readonly location?: number;
  readonly preserveAccessIndex?: number;
}

/** `, align 8, !dbg !12, !llvm.preserve.access.index !7` */
function parseAttached(tokens: TokenStream): Attached {
  const numbers = new Map<string, number>();
  while (tokens.accept(",")) {
    if (tokens.accept("align")) {
      tokens.take("number");
      continue;
    }
    const name = tokens.take("metadata");
    const value = tokens.take("metadata");
    if (tokens.sees("{") || tokens.sees("(")) tokens.skipGroup();
    else numbers.set(name, Number(value));
  }
  return { location: numbers.get("dbg"), preserveAccessIndex: numbers.get("llvm.preserve.access.index") };
}

/** Over the rest of an instruction that is not understood, but for where it comes from. */
function skipLine(tokens: TokenStream, line: number): Attached {
  let location: number | undefined;
  while (tokens.peek().line === line && !tokens.isAtEnd) {
    const { kind, text } = tokens.next();
    if (kind === "metadata" && text === "dbg") location = Number(tokens.take("metadata"));
  }
  return { location };
}
