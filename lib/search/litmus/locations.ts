/** The init block and the conditions: text about registers, places in memory and their values. */
import {
  type Condition,
  type LitmusScalar,
  type LitmusType,
  type LitmusValue,
  type Location,
  registerNumber,
} from "./litmus_file.ts";
import { isName, isNumber, type Tokens } from "./tokens.ts";

/** herdtools7, lib/testType.ml; a pointer is as wide as a register. */
const TYPES: Readonly<Record<string, LitmusType>> = {
  int: { bits: 32, signed: true },
  long: { bits: 32, signed: true },
  atomic_t: { bits: 32, signed: false },
  char: { bits: 8, signed: true },
  short: { bits: 16, signed: true },
  int8_t: { bits: 8, signed: true },
  int16_t: { bits: 16, signed: true },
  int32_t: { bits: 32, signed: true },
  int64_t: { bits: 64, signed: true },
  intptr_t: { bits: 64, signed: true },
  uint8_t: { bits: 8, signed: false },
  uint16_t: { bits: 16, signed: false },
  uint32_t: { bits: 32, signed: false },
  uint64_t: { bits: 64, signed: false },
  uintptr_t: { bits: 64, signed: false },
};
const POINTER: LitmusType = { bits: 64, signed: false };

/** `0:r1`, `P0:r1`, `x`, `[x]`, `*x`, `x[2]`. */
function parseLocation(tokens: Tokens): Location {
  if (tokens.accept("[")) {
    const name = tokens.take();
    if (!isName(name)) tokens.fail(`[${name}]: a name is expected in brackets`);
    tokens.expect("]");
    return { kind: "memory", name };
  }
  tokens.accept("*");
  const first = tokens.take();
  if (tokens.peek() === ":" && /^P?\d+$/.test(first)) {
    tokens.take();
    const name = tokens.take(), register = registerNumber(name);
    if (register === undefined) tokens.fail(`${name} is no BPF register: r0 to r10 are`);
    return { kind: "register", proc: Number(first.replace("P", "")), register };
  }
  if (!isName(first)) tokens.fail(`a register (0:r1) or a place in memory (x) is expected, not ${first}`);
  if (!tokens.accept("[")) return { kind: "memory", name: first };
  const index = tokens.take();
  if (!/^\d+$/.test(index)) tokens.fail(`${first}[${index}]: a number is expected in brackets`);
  tokens.expect("]");
  return { kind: "memory", name: first, index: Number(index) };
}

function parseScalar(tokens: Tokens): LitmusScalar {
  tokens.accept("&");
  const text = tokens.take();
  if (isNumber(text)) return BigInt.asIntN(64, text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text));
  if (isName(text)) return { address: text };
  return tokens.fail(`a number or the name of a place in memory is expected, not ${text}`);
}

/** A scalar, or `{1,2}`. */
function parseValue(tokens: Tokens): LitmusValue {
  if (!tokens.accept("{")) return parseScalar(tokens);
  const values = [parseScalar(tokens)];
  while (tokens.accept(",")) values.push(parseScalar(tokens));
  tokens.expect("}");
  return values;
}

export interface InitEntry {
  readonly location: Location;
  readonly value: LitmusValue;
  readonly type?: LitmusType;
}

/** One `0:r1=x`, `x=1`, `int x = 1`, `uint32_t *p = &x`, `[x]=2`, `0:r3`, `int x[2]`, `int x[2] = {1,2}`. */
export function parseInit(tokens: Tokens): InitEntry {
  tokens.accept("_Atomic");
  let type: LitmusType | undefined;
  while (isName(tokens.peek()) && /^([A-Za-z_*[]|\d+$|P\d+$)/.test(tokens.peek(1)) && !isElement(tokens)) {
    const name = tokens.take();
    type = TYPES[name] ?? type ?? tokens.fail(`${name} is no type that litmus files know`);
  }
  if (tokens.accept("*")) type = POINTER;
  const location = parseLocation(tokens);
  if (location.kind === "memory" && location.index !== undefined) return parseArray(tokens, location, type);
  if (!tokens.accept("=")) return { location, value: 0n, type };
  const wrapped = tokens.accept("ATOMIC_INIT"), value = wrapped ? parseWrapped(tokens) : parseScalar(tokens);
  return { location, value, type };
}

/** `x[2]`, in contrast to `int [x]`. */
const isElement = (tokens: Tokens): boolean => tokens.peek(1) === "[" && /^\d+$/.test(tokens.peek(2));

function parseWrapped(tokens: Tokens): LitmusScalar {
  tokens.expect("(");
  const value = parseScalar(tokens);
  tokens.expect(")");
  return value;
}

function parseArray(tokens: Tokens, location: Location & { kind: "memory" }, type: LitmusType | undefined): InitEntry {
  const { name, index: length = 0 } = location;
  if (!type) tokens.fail(`${name}[${length}]: an array needs a type (int ${name}[${length}])`);
  if (length < 1) tokens.fail(`${name}[${length}]: an array has at least one element`);
  const value = tokens.accept("=") ? parseValue(tokens) : Array<LitmusScalar>(length).fill(0n);
  if (!Array.isArray(value) || value.length !== length) {
    tokens.fail(`${name}[${length}] takes ${length} values in braces`);
  }
  return { location: { kind: "memory", name }, value, type: { ...type, length } };
}

/** A condition: `/\` and `\/` bind alike weaker than `~`, `/\` stronger than `\/`, `=>` between, to the right. */
export function parseCondition(tokens: Tokens): Condition {
  const or = [parseAnd(tokens)];
  while (tokens.accept("\\/", "or")) or.push(parseAnd(tokens));
  return or.length === 1 ? or[0] : { kind: "or", of: or };
}

function parseAnd(tokens: Tokens): Condition {
  const and = [parseImplies(tokens)];
  while (tokens.accept("/\\")) and.push(parseImplies(tokens));
  return and.length === 1 ? and[0] : { kind: "and", of: and };
}

function parseImplies(tokens: Tokens): Condition {
  const left = parseAtom(tokens);
  return tokens.accept("=>") ? { kind: "implies", left, right: parseImplies(tokens) } : left;
}

function parseAtom(tokens: Tokens): Condition {
  if (tokens.accept("~", "not")) return { kind: "not", of: parseAtom(tokens) };
  if (tokens.accept("true")) return { kind: "and", of: [] };
  if (tokens.accept("false")) return { kind: "or", of: [] };
  if (tokens.accept("(")) {
    const inner = parseCondition(tokens);
    tokens.expect(")");
    return inner;
  }
  const left = parseLocation(tokens);
  const different = tokens.accept("!=", "<>");
  if (!different && !tokens.accept("=", "==")) tokens.fail(`= is expected, not ${tokens.peek() || "the end"}`);
  const another = ["[", "*"].includes(tokens.peek()) || (/^P?\d+$/.test(tokens.peek()) && tokens.peek(1) === ":");
  const equal: Condition = { kind: "equal", left, right: another ? parseLocation(tokens) : parseValue(tokens) };
  return different ? { kind: "not", of: equal } : equal;
}

/** `[0:r1; x; y]` behind `locations`. */
export function parseLocations(tokens: Tokens): Location[] {
  const found: Location[] = [];
  tokens.expect("[");
  while (!tokens.accept("]")) {
    found.push(parseLocation(tokens));
    // A type behind it changes nothing.
    while (isName(tokens.peek()) || tokens.peek() === "*") tokens.take();
    if (!tokens.accept(";") && tokens.peek() !== "]") tokens.fail(`; or ] is expected, not ${tokens.peek()}`);
  }
  return found;
}

/** The locations that a condition speaks of. */
export function locationsOf(condition: Condition): Location[] {
  switch (condition.kind) {
    case "equal":
      return typeof condition.right === "object" && "kind" in condition.right
        ? [condition.left, condition.right]
        : [condition.left];
    case "not":
      return locationsOf(condition.of);
    case "implies":
      return [...locationsOf(condition.left), ...locationsOf(condition.right)];
    default:
      return condition.of.flatMap(locationsOf);
  }
}
