/** Reads instructions on memory: variables on the stack, loads, stores, atomic operations, fences. */
import { type Body, parseAlign, seesOperand } from "./instruction_parts.ts";
import type { TokenStream } from "./lexer.ts";
import { integerType, type Ordering, type Type, type Value, VOID } from "./module.ts";
import { parseAddressSpace, parseType } from "./type_parser.ts";
import { integer, parseTypedValue } from "./value_parser.ts";

const ORDERINGS: readonly Ordering[] = ["unordered", "monotonic", "acquire", "release", "acq_rel", "seq_cst"];

export function parseAlloca(tokens: TokenStream, types: ReadonlyMap<string, Type>): Body {
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

function parseSyncScope(tokens: TokenStream): string | undefined {
  if (!tokens.accept("syncscope")) return undefined;
  tokens.expect("(");
  const scope = tokens.take("string");
  tokens.expect(")");
  return scope;
}

const parseOrdering = (tokens: TokenStream): Ordering | undefined => tokens.acceptAny(ORDERINGS);

export function parseMemory(
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

export function parseFence(tokens: TokenStream): Body {
  const syncScope = parseSyncScope(tokens), ordering = parseOrdering(tokens);
  if (!ordering) throw tokens.error("a fence without an order");
  return { opcode: "fence", syncScope, ordering, type: VOID };
}
