/** Reads one instruction of a basic block, with what is attached to it. */
import { parseCall, parseCallBranch } from "./call_parser.ts";
import { type Body, type ModuleNames, parseLabel, seesOperand } from "./instruction_parts.ts";
import type { TokenStream } from "./lexer.ts";
import { parseAlloca, parseFence, parseMemory } from "./memory_parser.ts";
import {
  type BinaryOpcode,
  type CastOpcode,
  type Condition,
  type Instruction,
  integerType,
  type Type,
  type Value,
  VOID,
} from "./module.ts";
import { parseType } from "./type_parser.ts";
import { parseTypedValue, parseValue, skipFlags } from "./value_parser.ts";

const BINARY: readonly BinaryOpcode[] = [
  ...["add", "sub", "mul", "udiv", "sdiv", "urem", "srem", "shl", "lshr", "ashr", "and", "or", "xor"] as const,
];
const CASTS: readonly CastOpcode[] = [
  ...["trunc", "zext", "sext", "ptrtoint", "inttoptr", "bitcast", "addrspacecast", "ptrtoaddr"] as const,
];
const CONDITIONS: readonly Condition[] = ["eq", "ne", "ugt", "uge", "ult", "ule", "sgt", "sge", "slt", "sle"];
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
      return parseFence(tokens);
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
    case "callbr":
      return parseCallBranch(tokens, names);
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
