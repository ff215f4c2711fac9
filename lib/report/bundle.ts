/** What a notebook shows of a result or a search: Markdown where the front end draws it, else text. */
import { explorationMarkdown, explorationText, type Explored } from "./exploration_text.ts";
import type { Result } from "./result.ts";
import { resultMarkdown, resultText } from "./text.ts";

/** @internal */
export interface ReportBundle {
  readonly "text/plain": string;
  readonly "text/markdown": string;
}

const has = (value: object, ...names: string[]): boolean => names.every((name) => name in value);

const isResult = (value: object): value is Result => has(value, "machine", "program", "final", "lost", "how");
const isExplored = (value: object): value is Explored => has(value, "outcomes", "complete", "states", "transitions");

/**
 * The forms of a result of one of the machines or of an exhaustive search.
 *
 * @returns `undefined` for any other value.
 */
export function reportBundle(value: unknown): ReportBundle | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (isResult(value)) return { "text/plain": resultText(value), "text/markdown": resultMarkdown(value) };
  if (isExplored(value)) {
    return { "text/plain": explorationText(value), "text/markdown": explorationMarkdown(value) };
  }
  return undefined;
}
