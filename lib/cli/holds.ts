/** `--holds 'counter == 2 && stats[1].packets > 0'`: a property of a final state, in C's operators on the values' names. */
import { InvalidArgumentError } from "commander";
import { didYouMean } from "../words/closest_name.ts";
import type { Values } from "../report/result.ts";

const TOKEN =
  /\s*(?:([A-Za-z_]\w*(?:\[[^\]]*\]|\.\w+)*)|(0x[\da-fA-F]+|\d[\d_]*)|(==|!=|<=|>=|&&|\|\||[<>!+\-*/%()]))/y;

/** Level of each operator, as C has them. */
const LEVELS: readonly (readonly string[])[] = [
  ["||"],
  ["&&"],
  ["==", "!="],
  ["<=", ">=", "<", ">"],
  ["+", "-"],
  ["*", "/", "%"],
];

type Value = bigint | boolean;
type Expression = (values: Values) => Value;

/**
 * The property that an expression says.
 *
 * @throws InvalidArgumentError where it is none
 */
export function parseHolds(text: string): (values: Values) => boolean {
  const tokens = tokenize(text);
  let at = 0;
  const fail = (): never => {
    const where = at < tokens.length ? `at "${tokens[at]}"` : "at its end";
    throw new InvalidArgumentError(`it cannot be read ${where}; write for instance 'counter == 2 && errors < 1'`);
  };
  const level = (index: number): Expression => {
    if (index === LEVELS.length) return unary();
    let left = level(index + 1);
    while (LEVELS[index].includes(tokens[at])) {
      const operator = tokens[at++], a = left, b = level(index + 1);
      left = (values) => apply(operator, a(values), () => b(values));
    }
    return left;
  };
  const unary = (): Expression => {
    const token = tokens[at++];
    if (token === "!" || token === "-") {
      const of = unary();
      return token === "!" ? (values) => !of(values) : (values) => -number(of(values));
    }
    if (token === "(") {
      const inner = level(0);
      if (tokens[at++] !== ")") fail();
      return inner;
    }
    if (token !== undefined && /^\d/.test(token)) {
      const value = BigInt(token.replaceAll("_", ""));
      return () => value;
    }
    if (token !== undefined && /^[A-Za-z_]/.test(token)) return (values) => named(values, token);
    at--;
    return fail();
  };
  const expression = level(0);
  if (at < tokens.length) fail();
  return (values) => Boolean(expression(values));
}

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  let at = 0;
  while (text.slice(at).trim() !== "") {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    if (!found) throw new InvalidArgumentError(`"${text.slice(at).trim()}" cannot be read`);
    tokens.push(found[1] ?? found[2] ?? found[3]);
    at = TOKEN.lastIndex;
  }
  return tokens;
}

function named(values: Values, name: string): bigint {
  const value = values[name];
  if (typeof value === "bigint") return value;
  if (value !== undefined) throw new RangeError(`${name} is no number`);
  throw new RangeError(`there is no value ${name}${didYouMean(name, Object.keys(values))}`);
}

const number = (value: Value): bigint => typeof value === "bigint" ? value : value ? 1n : 0n;

function apply(operator: string, left: Value, right: () => Value): Value {
  if (operator === "||") return Boolean(left) || Boolean(right());
  if (operator === "&&") return Boolean(left) && Boolean(right());
  const a = number(left), b = number(right());
  switch (operator) {
    case "==":
      return a === b;
    case "!=":
      return a !== b;
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
  }
  if (b === 0n) throw new RangeError("a division by zero");
  return operator === "/" ? a / b : a % b;
}
