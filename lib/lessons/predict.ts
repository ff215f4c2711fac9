/** Predict, then run: the reader commits to an answer before the result shows. */
import { t } from "../words/translation.ts";

/** What the reader expects. */
export interface Prediction {
  /** What was asked. */
  readonly question: string;
  /** What the reader said; nothing where the reader gave no guess. */
  readonly answer: number | string | undefined;
  /** The prediction beside what came out: show it after the run. */
  against(found: number | bigint | string, unit?: string): string;
  /** Question and answer, for `show`. */
  toString(): string;
}

/**
 * Takes the reader's prediction.
 *
 * @param question what is to be guessed
 * @param answer the guess; `undefined` while there is none
 *
 * @example
 * ```ts
 * import { predict } from "interleave";
 * const guess = predict("4 CPUs count to 1000 each. What will the counter say?", 4000);
 * if (!guess.against(1536).includes("1,536")) throw new Error("says what came out");
 * ```
 */
export function predict(question: string, answer?: number | string): Prediction {
  const said = answer === undefined ? "?" : format(answer);
  return {
    question,
    answer,
    against(found, unit = "") {
      const got = `${format(found)}${unit}`;
      if (answer === undefined) {
        return t`${question}\n  you: ? (put a guess into the cell above first: it is worth more than the answer)\n  found: ${got}`;
      }
      return t`${question}\n  you: ${said}${unit}\n  found: ${got}${judge(answer, found)}`;
    },
    toString: () =>
      answer === undefined
        ? t`${question}\n  you: ? (change \`undefined\` to your guess)`
        : t`${question}\n  you: ${said}`,
  };
}

function format(value: number | bigint | string): string {
  return typeof value === "string" ? value : value.toLocaleString("en");
}

function judge(answer: number | string, found: number | bigint | string): string {
  if (String(answer) === String(found)) return t`  (exactly)`;
  if (typeof answer === "string" || typeof found === "string") return "";
  const off = Number(answer) - Number(found);
  if (Number.isNaN(off)) return "";
  const exact = Number.isInteger(off) ? off : Number(off.toPrecision(3));
  const by = format(Math.abs(exact));
  return off > 0 ? t`  (${by} too high)` : t`  (${by} too low)`;
}
