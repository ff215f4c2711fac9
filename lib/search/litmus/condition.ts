/** Conditions over final states: what they say, and how herd7 writes them. */
import {
  type Condition,
  formatLocation,
  type LitmusFile,
  type LitmusScalar,
  type LitmusType,
  type LitmusValue,
  type Location,
  typeOf,
} from "./litmus_file.ts";

/** Whether a condition holds in a state: values of the file's watched locations, or of the first of them. */
export function evaluate(condition: Condition, file: LitmusFile, state: readonly LitmusValue[]): boolean {
  const hold = (of: Condition): boolean => evaluate(of, file, state);
  switch (condition.kind) {
    case "not":
      return !hold(condition.of);
    case "and":
      return condition.of.every(hold);
    case "or":
      return condition.of.some(hold);
    case "implies":
      return !hold(condition.left) || hold(condition.right);
    case "equal": {
      const at = (location: Location) => {
        const text = formatLocation(location);
        return state[file.watched.findIndex((one) => formatLocation(one) === text)];
      };
      const { left, right } = condition;
      // Two locations are compared as they are, a location and a constant with as many bits as the location has.
      return isLocation(right) ? same(at(left), at(right)) : same(at(left), right, typeOf(file, left));
    }
  }
}

const isLocation = (right: LitmusValue | Location): right is Location => typeof right === "object" && "kind" in right;

function same(a: LitmusValue, b: LitmusValue, type?: LitmusType): boolean {
  if (isList(a) || isList(b)) {
    return isList(a) && isList(b) && a.length === b.length && a.every((value, i) => same(value, b[i], type));
  }
  if (typeof a === "object" || typeof b === "object") {
    return typeof a === "object" && typeof b === "object" && a.address === b.address;
  }
  return type ? BigInt.asUintN(type.bits, a) === BigInt.asUintN(type.bits, b) : a === b;
}

const isList = (value: LitmusValue): value is readonly LitmusScalar[] => Array.isArray(value);

/** A value as herd7 prints it in a location of this type: `-1`, `x`, `{1,2}`. */
export function formatValue(value: LitmusValue, type: LitmusType): string {
  if (isList(value)) return `{${value.map((one) => formatValue(one, type)).join(",")}}`;
  if (typeof value === "object") return value.address;
  return `${type.signed ? BigInt.asIntN(type.bits, value) : BigInt.asUintN(type.bits, value)}`;
}

/** A location as herd7 prints it in states and conditions: arrays stand without brackets. */
export const displayLocation = (file: LitmusFile, location: Location): string =>
  location.kind === "memory" && typeOf(file, location).length !== undefined && location.index === undefined
    ? location.name
    : formatLocation(location);

/** `exists (0:r1=1 /\ [x]=2)` */
export const formatCondition = (file: LitmusFile): string =>
  `${file.quantifier} (${format(file, file.condition, undefined)})`;

/** @param inside what it stands in: `and` and `=>` put parentheses around the others */
function format(file: LitmusFile, condition: Condition, inside: Condition["kind"] | undefined): string {
  const within = (text: string) =>
    inside === undefined || inside === condition.kind || (inside === "or" && condition.kind === "and")
      ? text
      : `(${text})`;
  switch (condition.kind) {
    case "equal": {
      const { left, right } = condition;
      // Constants stand as the file has them, as far as 64 bits go.
      const text = isLocation(right) ? displayLocation(file, right) : formatValue(right, { bits: 64, signed: true });
      return `${displayLocation(file, left)}=${text}`;
    }
    case "not":
      return `not (${format(file, condition.of, undefined)})`;
    case "implies":
      return within(`${format(file, condition.left, "implies")} => ${format(file, condition.right, "implies")}`);
    default: {
      if (condition.of.length === 0) return condition.kind === "and" ? "true" : "false";
      const sign = condition.kind === "and" ? " /\\ " : " \\/ ";
      return within(condition.of.map((of) => format(file, of, condition.kind)).join(sign));
    }
  }
}
