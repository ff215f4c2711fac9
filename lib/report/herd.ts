/**
 * Outcome tables in the form that herd7 and klitmus7 made standard: `States`, the states, `Witnesses`, `Observation`.
 *
 * herd7 lists the states that a search can reach; litmus7 and klitmus7 put before each how often runs ended in it, and
 * a star at those for which the condition holds. (herdtools7, doc/herd.tex and doc/litmus.tex.)
 */
import type { Values } from "./result.ts";

export type Observation = "Never" | "Sometimes" | "Always" | "Unknown";

export interface HerdState {
  /** The final state by name, or as text. */
  readonly values: Values | string;
  /** How many runs ended in it; left out for states that a search found. */
  readonly count?: number | bigint;
  /** Whether the condition holds: the anomaly, or the reader's own. */
  readonly positive: boolean;
}

export interface HerdReport {
  /** The test or the program. */
  readonly name: string;
  readonly states: readonly HerdState[];
  /** The condition in words: `not serial`, `exists (0:r1=0)`. */
  readonly condition: string;
  /** Why *Never* is no proof: the bound that a search has hit. */
  readonly unknown?: string;
  /** States listed before the rest is only counted; all where left out. */
  readonly maxStates?: number;
}

/** `0:r1=0; [x]=2;` */
export const formatState = (values: Values | string): string =>
  typeof values === "string"
    ? values
    : Object.entries(values).map(([name, value]) => `${name}=${value};`).join(" ") || "(no shared state);";

/** How many states, or runs, are positive and how many negative. */
function witnesses(states: readonly HerdState[]): { positive: bigint; negative: bigint } {
  const sum = (positive: boolean) =>
    states.filter((state) => state.positive === positive)
      .reduce((total, state) => total + BigInt(state.count ?? 1), 0n);
  return { positive: sum(true), negative: sum(false) };
}

/** What the states say of the condition. With an unfinished search, *Never* and *Always* become *Unknown*. */
export function observationOf(states: readonly HerdState[], unknown?: string): Observation {
  const { positive, negative } = witnesses(states);
  if (positive > 0n && negative > 0n) return "Sometimes";
  if (unknown !== undefined || states.length === 0) return positive > 0n ? "Sometimes" : "Unknown";
  return positive > 0n ? "Always" : "Never";
}

/**
 * The report as text.
 *
 * @example
 * ```ts
 * import { herdReport } from "./herd.ts";
 * const report = herdReport({
 *   name: "race",
 *   states: [{ values: { counter: 1n }, positive: true }, { values: { counter: 2n }, positive: false }],
 *   condition: "not serial",
 * });
 * if (!report.includes("Observation race Sometimes 1 1")) throw new Error(report);
 * ```
 */
export function herdReport({ name, states, condition, unknown, maxStates = states.length }: HerdReport): string {
  const counted = states.some((state) => state.count !== undefined);
  const width = Math.max(...states.map((state) => String(state.count ?? "").length), 0);
  const lines = states.slice(0, maxStates).map((state) =>
    counted
      ? `${String(state.count ?? 0).padEnd(width)} ${state.positive ? "*" : ":"}>${formatState(state.values)}`
      : formatState(state.values)
  );
  const { positive, negative } = witnesses(states);
  return [
    `Test ${name}`,
    counted ? `Histogram (${states.length} states)` : `States ${states.length}`,
    ...lines,
    ...(states.length > maxStates ? [`... ${states.length - maxStates} more`] : []),
    positive > 0n ? "Ok" : "No",
    "Witnesses",
    `Positive: ${positive} Negative: ${negative}`,
    `Condition ${condition}`,
    `Observation ${name} ${observationOf(states, unknown)} ${positive} ${negative}`,
  ].join("\n");
}
