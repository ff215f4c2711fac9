/**
 * Rules for what a reader writes as an object: which names it may have, what stands under each.
 *
 * A rule is data; `valueProblem` and `recordProblem` say in words what is wrong, and their callers throw errors of
 * their own. Options of runs (workload/check_options.ts) and profiles (cost/profile.ts) are checked by them.
 */
import { closestName, didYouMean } from "./closest_name.ts";

/** What may stand under a name. */
export interface Rule {
  /** In words, after "it must be". */
  readonly wants: string;
  readonly example?: string;
  /** The texts that fit, where there are few. */
  readonly names?: readonly string[];
  readonly fits: (value: unknown) => boolean;
  /** What is wrong inside a value that fits; `path` names it. */
  readonly inside?: (value: unknown, path: string) => string | undefined;
}
export type Rules = Readonly<Record<string, Rule | undefined>>;

export interface RecordRules {
  readonly rules: Rules;
  /** Names that have to be there. */
  readonly required?: readonly string[];
  /** What to write where one of them is missing. */
  readonly example?: string;
  /** What a name stands for; default: option. */
  readonly called?: string;
  /** Why a name has no place here, for names that belong elsewhere. */
  readonly elsewhere?: Readonly<Record<string, string>>;
  /** What stands before a name in messages; default: the record's path and a dot. */
  readonly prefix?: string;
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function whole(least: number, most: number, example?: string): Rule {
  return {
    // Asked for where a value is refused: formatting a number first loads what V8 knows of languages, some 20 ms.
    get wants() {
      if (most === Infinity) return `a whole number, at least ${least}`;
      return `a whole number from ${least} to ${most.toLocaleString("en")}`;
    },
    example,
    fits: (value) => typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most,
  };
}

export const above = (example?: string): Rule => ({
  wants: "a number above 0",
  example,
  fits: (value) => typeof value === "number" && value > 0,
});

export const text = (wants: string, example?: string): Rule => ({
  wants,
  example,
  fits: (value) => typeof value === "string" && value !== "",
});

export const either = (example?: string): Rule => ({
  wants: "true or false",
  example,
  fits: (value) => typeof value === "boolean",
});

export const callable = (wants: string, example: string): Rule => ({
  wants,
  example,
  fits: (value) => typeof value === "function",
});

export const oneOf = (names: readonly string[], example: string): Rule => ({
  wants: names.map((name) => `"${name}"`).join(" or "),
  example,
  names,
  fits: (value) => names.includes(value as string),
});

export const record = (wants: string, rules: Rules, required: readonly string[], example: string): Rule => ({
  wants,
  example,
  fits: isRecord,
  inside: (value, path) => recordProblem(path, value as Record<string, unknown>, { rules, required, example }),
});

export const list = (wants: string, item: Rule, example: string): Rule => ({
  wants,
  example,
  fits: Array.isArray,
  inside: (value, path) => firstOf(value as unknown[], (one, i) => valueProblem(`${path}[${i}]`, one, item)),
});

/** What is wrong with a value, for a message; undefined when nothing is. `path` names the value. */
export function valueProblem(path: string, value: unknown, rule: Rule): string | undefined {
  if (rule.fits(value)) return rule.inside?.(value, path);
  const example = rule.example === undefined ? "" : `, for example ${rule.example}`;
  const meant = typeof value === "string" && rule.names ? didYouMean(value, rule.names) : "";
  return `${path} is ${shown(value)}: it must be ${rule.wants}${example}${meant}`;
}

/** The same for a record: names that are not known, values that do not fit, names that are missing, in this order. */
export function recordProblem(path: string, given: object, allowed: RecordRules): string | undefined {
  const { rules, required = [], example, prefix = `${path}.` } = allowed;
  return firstOf(Object.entries(given).filter(([, value]) => value !== undefined), ([name, value]) => {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    return rule ? valueProblem(prefix + name, value, rule) : unknownName(path, name, allowed);
  }) ?? firstOf(required.filter((name) => (given as Record<string, unknown>)[name] === undefined), (name) => {
    return `${path} has no ${name}${
      example === undefined ? `: it must be ${rules[name]?.wants}` : `; write ${example}`
    }`;
  });
}

function unknownName(path: string, name: string, { rules, called = "option", elsewhere = {} }: RecordRules): string {
  const names = Object.keys(rules).filter((name) => rules[name]), meant = closestName(name, names);
  const why = meant === undefined && Object.hasOwn(elsewhere, name) ? `: ${elsewhere[name]}` : "";
  const there = meant === undefined ? `; it has ${names.join(", ")}` : `; did you mean ${meant}?`;
  return `${path} has no ${called} ${name}${why || there}`;
}

function firstOf<T>(items: readonly T[], problem: (item: T, i: number) => string | undefined): string | undefined {
  for (const [i, item] of items.entries()) {
    const found = problem(item, i);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A value as a reader would write it. */
export function shown(value: unknown): string {
  if (typeof value === "string") return `the text "${value}"`;
  if (typeof value === "bigint") return `${value}n, a bigint`;
  if (typeof value === "function") return "a function";
  if (value instanceof Promise) return "a promise (await is missing)";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (isRecord(value)) {
    return Object.keys(value).length === 0 ? "{}" : `an object with ${Object.keys(value).join(", ")}`;
  }
  return String(value);
}
