/** The reader's own property of an ending, asked so that a mistake in it is told and not taken for an answer. */
import { WorkloadError } from "../cpu/workload_error.ts";
import { didYouMean } from "../words/closest_name.ts";
import type { Values } from "../report/result.ts";
import type { ExploreOptions } from "./exploration.ts";

type Holds = NonNullable<ExploreOptions["holds"]>;
/** Shared state by name, and what names stand for that are left out of it because there are too many. */
interface Asked {
  values(): Values;
  leftOutValue(name: string): bigint | string | undefined;
}

type Returned = Parameters<Holds>[1];

/** The first name of `stats[3].bytes`. */
const variableOf = (name: string): string => /^\w+/.exec(name)?.[0] ?? name;

/**
 * Whether an ending is right, as the reader's `holds` says.
 *
 * @param known names of all maps: an element that is in none of them is simply not there
 * @throws WorkloadError when it throws, answers anything but true or false, or asks for a name that there is not
 */
export function askHolds(holds: Holds, kernel: Asked, returned: Returned, known: readonly string[]): boolean {
  const values = kernel.values(),
    names = Object.keys(values),
    variables = new Set([...names.map(variableOf), ...known]);
  const guarded = guard(values, (name) => {
    const parts = names.filter((one) => one.startsWith(name) && /^[@.[]/.test(one.slice(name.length)));
    if (parts.length > 0) return `${name} is not one value; there are ${parts.slice(0, 4).join(", ")}`;
    if (variables.has(variableOf(name))) return undefined;
    return `there is no ${name}; there are ${names.slice(0, 8).join(", ")}${didYouMean(name, [...variables])}`;
  }, (name) => kernel.leftOutValue(name));
  const actors = Object.keys(returned);
  const guardedReturned = guard(
    returned,
    (name) => `no user actor is called ${name}; there are ${actors.join(", ") || "none"}${didYouMean(name, actors)}`,
  );
  let answer: unknown;
  try {
    answer = holds(guarded, guardedReturned);
  } catch (error) {
    const said = error instanceof WorkloadError ? error.message : `it threw ${error}`;
    throw new WorkloadError(`holds: ${said}\n${ending(values, returned)}`, { cause: error });
  }
  if (typeof answer === "boolean") return answer;
  const given = answer instanceof Promise ? "a promise: it must not be async" : describe(answer);
  throw new WorkloadError(
    `holds has to say true or false, as in (values) => values.counter === 2n; it gave ${given}\n${
      ending(values, returned)
    }`,
  );
}

/**
 * What to say when no ending at all is right: a bigint never equals a number, and forgetting the n is easily done.
 */
export function neverRight(holds: Holds): string | undefined {
  return /[!=]==?\s*-?\d[\d_]*\b(?!n)(?!\.\d)/.test(String(holds))
    ? "holds is false for every ending. Values are bigints: compare with 0n, not with 0."
    : undefined;
}

/** Asks `wrong` about names that an object lacks and `leftOut` does not know; it says what is wrong with them. */
function guard<T extends object>(
  of: T,
  wrong: (name: string) => string | undefined,
  leftOut: (name: string) => unknown = () => undefined,
): T {
  return new Proxy(of, {
    has: (target, name) => name in target || (typeof name === "string" && leftOut(name) !== undefined),
    get(target, name) {
      if (typeof name === "string" && !(name in target)) {
        const value = leftOut(name);
        if (value !== undefined) return value;
        const message = wrong(name);
        if (message !== undefined) throw new WorkloadError(message);
      }
      return Reflect.get(target, name);
    },
  });
}

function ending(values: Values, returned: Returned): string {
  const parts = Object.entries(values).map(([name, value]) => `${name}=${value}`);
  const said = Object.entries(returned).map(([name, value]) => `${name} returned ${describe(value)}`);
  return `the ending it was asked about: ${[...parts, ...said].slice(0, 24).join("; ") || "(no shared state)"}`;
}

function describe(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  const text = JSON.stringify(value, (_, part) => typeof part === "bigint" ? `${part}n` : part);
  return text ?? String(value);
}
