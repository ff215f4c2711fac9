/** The init block and the conditions: text about registers, places in memory and their values. */
import { type Condition, type LitmusValue, type Location, registerNumber } from "./litmus_file.ts";
import { isName, isNumber, type Tokens } from "./tokens.ts";

/** `0:r1`, `P0:r1`, `x`, `[x]`, `*x`. */
export function parseLocation(tokens: Tokens): Location {
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
  return { kind: "memory", name: first };
}

export function parseValue(tokens: Tokens): LitmusValue {
  tokens.accept("&");
  const text = tokens.take();
  if (isNumber(text)) return BigInt.asIntN(64, BigInt(text));
  if (isName(text)) return { address: text };
  return tokens.fail(`a number or the name of a place in memory is expected, not ${text}`);
}

/** One `0:r1=x`, `x=1`, `int x = 1`, `uint32_t *p = &x`, `[x]=2`, `0:r3`. A type changes nothing: values have 64 bits. */
export function parseInit(tokens: Tokens): { location: Location; value: LitmusValue } {
  tokens.accept("_Atomic");
  const typed = isName(tokens.peek()) && /^([A-Za-z_\d[*])/.test(tokens.peek(1)) && tokens.peek(1) !== "";
  if (typed) { while (isName(tokens.peek()) && !/^[=;:]?$/.test(tokens.peek(1))) tokens.take(); }
  const location = parseLocation(tokens);
  if (tokens.peek() === "[") tokens.fail("arrays are not supported: give each element a name of its own");
  return { location, value: tokens.accept("=") ? parseValue(tokens) : 0n };
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
