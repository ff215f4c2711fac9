/** What a search says in one sentence, and its endings as rows of a table: the same for text and Markdown. */
import type { Explored } from "./exploration_text.ts";
import { type Observation, observationOf } from "./herd.ts";
import { texts } from "./texts.ts";

/** How a verdict is coloured. `partly`: nothing was found, in less than all that there is. */
export type Tone = "good" | "bad" | "partly" | "unknown";

export interface Verdict {
  readonly tone: Tone;
  /** One word or two, to stand out. */
  readonly word: string;
  readonly sentence: string;
}

type Outcome = Explored["outcomes"][number];

/** Outcomes listed before the rest is only counted. */
const MAX_ROWS = 16;
/** Values that get columns of their own; more of them stand in one. */
const MAX_COLUMNS = 4;

/** Of the anomaly, over all ends, those included in which nothing goes on. */
export function observed(explored: Explored): Observation {
  const { observation, outcomes, stuck, complete, unknown, tellsNothing } = explored;
  if (observation !== undefined) return observation;
  const states = [
    ...outcomes.map(({ anomaly }) => ({ values: "", positive: anomaly })),
    ...stuck.map(() => ({ values: "", positive: true })),
  ];
  return observationOf(states, complete ? tellsNothing : unknown ?? "");
}

/** What the search says, for a reader who knows nothing of model checkers; how much it covered is said beside it. */
export function verdictOf(explored: Explored): Verdict {
  const { tellsNothing, coversOpen, property } = explored, { verdicts } = texts, said = observed(explored);
  if (said === "Sometimes" || said === "Always") {
    return { tone: "bad", word: verdicts[said], sentence: badEnds(explored) };
  }
  if (said === "Unknown") return { tone: "unknown", word: verdicts.Unknown, sentence: verdicts.nothingFound };
  const sentence = property === "serial" ? verdicts.allSerial : verdicts.allHold;
  if (coversOpen === false) return { tone: "partly", word: verdicts.NeverOfCovered, sentence: verdicts.nothingFound };
  return { tone: tellsNothing === undefined ? "good" : "partly", word: verdicts.Never, sentence };
}

function badEnds({ outcomes, stuck, property }: Explored): string {
  const bad = outcomes.filter(({ anomaly }) => anomaly).length, kinds = new Set(stuck.map(({ kind }) => kind));
  const parts = [
    ...(bad > 0 ? [texts.verdicts.bad(bad, outcomes.length, property === "serial")] : []),
    ...[...kinds].map(texts.verdicts.stuck),
  ];
  const sentence = texts.clauses(parts);
  return texts.sentence(`${sentence[0].toUpperCase()}${sentence.slice(1)}`);
}

/** A table of endings: those that one run after another reach come first, each kind by its values. Cells are plain text. */
export interface Endings {
  readonly header: readonly string[];
  readonly rows: readonly { readonly cells: readonly string[]; readonly anomaly: boolean }[];
  /** Columns of values, which stand to the left of the words; and the column that says why the ending is wrong. */
  readonly values: number;
  readonly judged: number;
  readonly more: number;
  /** In which order they stand, where there are several of both kinds. */
  readonly order?: string;
}

export function endingsOf({ outcomes, property }: Explored): Endings {
  const names = shownNames(outcomes), inColumns = names.length <= MAX_COLUMNS;
  const byValues = (a: Outcome, b: Outcome) => compareEndings(a, b, names);
  const right = outcomes.filter(({ anomaly }) => !anomaly).sort(byValues);
  const wrong = outcomes.filter(({ anomaly }) => anomaly).sort(byValues);
  const sorted = shownOf(right, wrong);
  const returns = outcomes.some(({ returned }) => returnedText(returned) !== "");
  const skips = outcomes.some(({ skipped }) => skipped);
  const valuesOf = ({ values }: Outcome) =>
    inColumns
      ? names.map((name) => String(values[name] ?? texts.verdicts.absent))
      : [names.filter((name) => values[name] !== undefined).map((name) => `${name}=${values[name]}`).join(" ")];
  const serial = ({ serial, anomaly }: Outcome) => (serial ?? !anomaly) ? texts.verdicts.yes : texts.verdicts.no;
  const own = property !== "serial";
  const header = [
    ...(inColumns ? names : [texts.verdicts.ending]),
    ...(returns ? [texts.verdicts.returned] : []),
    ...(skips ? [texts.verdicts.skipped] : []),
    ...(own ? [texts.verdicts.property] : []),
    ...(!own || outcomes.every(({ serial }) => serial !== undefined) ? [texts.verdicts.serial] : []),
  ];
  const rows = sorted.map((outcome) => ({
    anomaly: outcome.anomaly,
    cells: [
      ...valuesOf(outcome),
      ...(returns ? [returnedText(outcome.returned)] : []),
      ...(skips ? [String(outcome.skipped ?? 0)] : []),
      ...(own ? [outcome.anomaly ? texts.verdicts.broken : texts.verdicts.holds] : []),
      ...(header.at(-1) === texts.verdicts.serial ? [serial(outcome)] : []),
    ],
  }));
  const values = (inColumns ? names.length : 1) + (returns ? 1 : 0);
  const judged = header.indexOf(own ? texts.verdicts.property : texts.verdicts.serial, values);
  const order = right.length > 0 && wrong.length > 0 && outcomes.length > 2
    ? own ? texts.verdicts.orderByProperty : texts.verdicts.order
    : undefined;
  return { header, rows, values, judged, more: outcomes.length - rows.length, ...(order !== undefined && { order }) };
}

/** Of both kinds some, where there are more than a table has rows for: none is crowded out by the other. */
function shownOf(right: readonly Outcome[], wrong: readonly Outcome[]): Outcome[] {
  const half = MAX_ROWS / 2;
  const rights = Math.max(half, MAX_ROWS - wrong.length), wrongs = Math.max(half, MAX_ROWS - right.length);
  return [...right.slice(0, rights), ...wrong.slice(0, wrongs)];
}

/** By the values of the columns from left to right, numbers by size; then by what user space returned. */
function compareEndings(a: Outcome, b: Outcome, names: readonly string[]): number {
  for (const name of names) {
    const [left, right] = [a.values[name], b.values[name]];
    if (left === right) continue;
    if (left === undefined || right === undefined) return left === undefined ? -1 : 1;
    return left < right ? -1 : 1;
  }
  return returnedText(a.returned).localeCompare(returnedText(b.returned), "en", { numeric: true });
}

/** Names whose value is the same in every outcome say nothing: they are left out where others remain. */
export function shownNames(outcomes: Explored["outcomes"]): string[] {
  const names = [...new Set(outcomes.flatMap(({ values }) => Object.keys(values)))];
  const varied = names.filter((name) => new Set(outcomes.map(({ values }) => values[name])).size > 1);
  return names.length <= 6 || varied.length === 0 ? names : varied;
}

/** An ending in a line: `counter=1`, with what user actors returned and how many runs were skipped. */
export function endingLabel(outcomes: readonly Outcome[], { values, returned, skipped }: Outcome): string {
  const state = shownNames(outcomes).filter((name) => values[name] !== undefined)
    .map((name) => `${name}=${values[name]}`);
  const parts = [...state, returnedText(returned), skipped ? `${texts.verdicts.skipped}: ${skipped}` : ""];
  return parts.filter((part) => part !== "").join(" ");
}

/** What user actors returned, in words; nothing where none returned anything. */
export const returnedText = (returned: Outcome["returned"]): string =>
  Object.entries(returned ?? {}).filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}:${plainValue(value)};`).join(" ");

const plainValue = (value: unknown): string =>
  JSON.stringify(value, (_, part) => typeof part === "bigint" ? Number(part) : part) ?? String(value);
