/** Conditions over final states: what they say, and how herd7 writes them. */
import { type Condition, formatLocation, type LitmusFile, type LitmusValue, type Location } from "./litmus_file.ts";

/** Whether a condition holds in a state; `observed` says which location each value of the state belongs to. */
export function evaluate(condition: Condition, observed: readonly Location[], state: readonly LitmusValue[]): boolean {
  const hold = (of: Condition): boolean => evaluate(of, observed, state);
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
        return state[observed.findIndex((one) => formatLocation(one) === text)];
      };
      const { left, right } = condition;
      return same(at(left), typeof right === "object" && "kind" in right ? at(right) : right);
    }
  }
}

const same = (a: LitmusValue, b: LitmusValue): boolean =>
  typeof a === "object" && typeof b === "object" ? a.address === b.address : a === b;

/** `exists (0:r1=1 /\ [x]=2)` */
export function formatCondition({ quantifier, condition }: LitmusFile): string {
  return `${quantifier} (${format(condition, "or")})`;
}

function format(condition: Condition, inside: Condition["kind"]): string {
  switch (condition.kind) {
    case "equal": {
      const { left, right } = condition;
      const text = typeof right === "bigint" ? `${right}` : "kind" in right ? formatLocation(right) : right.address;
      return `${formatLocation(left)}=${text}`;
    }
    case "not":
      return `not (${format(condition.of, "or")})`;
    case "implies":
      return `(${format(condition.left, "implies")} => ${format(condition.right, "implies")})`;
    default: {
      if (condition.of.length === 0) return condition.kind === "and" ? "true" : "false";
      const text = condition.of.map((of) => format(of, condition.kind)).join(
        condition.kind === "and" ? " /\\ " : " \\/ ",
      );
      return condition.kind === "or" && inside !== "or" ? `(${text})` : text;
    }
  }
}
