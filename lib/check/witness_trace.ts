/** The steps of a schedule that a search found, and what they do to data in words. */
import type { TraceStep } from "../report/result.ts";
import { hashSeedOf } from "../schedulers/schedule.ts";
import { type ExploreOptions, searchedMachine } from "../search/explore.ts";
import { traceSchedule } from "../search/witness.ts";
import type { Plan } from "../workload/plan.ts";
import { t } from "../words/translation.ts";

export interface Shown {
  readonly schedule: string;
  readonly trace: readonly TraceStep[];
}

/** What was searched. */
export interface Searched {
  readonly plan: Plan;
  readonly options: ExploreOptions;
}

export function traced({ plan, options }: Searched, schedule: string): Shown {
  const machine = searchedMachine(plan, options, { hashSeed: hashSeedOf(schedule) });
  return { schedule, trace: traceSchedule(machine, schedule).trace };
}

/** Each access of the programs to data, and each run that is left out, a line each. */
export function story(trace: readonly TraceStep[]): string {
  const told = trace.filter(({ touches, kind }) => touches === "data" && kind !== "start" || kind === "skip");
  const lines: string[] = [];
  for (let at = 0; at < told.length;) {
    let end = at + 1;
    while (end < told.length && isAnotherWord(told[at], told[end])) end++;
    const words = end - at, shown = words > MOST_ALIKE + 1 ? MOST_ALIKE : words;
    lines.push(...told.slice(at, at + shown).map(inWords));
    if (shown < words) {
      const { cpu, line, target } = told[at];
      lines.push(t`CPU ${cpu}: line ${line!.line} load ${nameOf(target!)}, ${words - shown} words more`);
    }
    at = end;
  }
  return lines.join("\n");
}

/** Steps alike that are told before the rest of them is only counted: a struct that is copied is loaded word by word. */
const MOST_ALIKE = 2;

/** Of `stats.total` and `stats[3]`: `stats`. */
const nameOf = (target: string): string => /^\w+/.exec(target)?.[0] ?? target;

/** Whether a step loads another word of what the one before it loads, in the same line. */
const isAnotherWord = (a: TraceStep, b: TraceStep): boolean =>
  [a, b].every(({ kind, line, target }) => kind === "load" && line !== undefined && /^\w+[.[]/.test(target ?? "")) &&
  a.cpu === b.cpu && a.line!.line === b.line!.line && nameOf(a.target!) === nameOf(b.target!);

function inWords({ cpu, line, kind, target, before, after, prog }: TraceStep): string {
  if (kind === "skip") return t`CPU ${cpu}: ${prog} is skipped`;
  const value = kind === "load" ? before : after;
  const what = `${kind} ${target}${value === undefined ? "" : ` = ${value}`}`;
  return line ? t`CPU ${cpu}: line ${line.line} ${what}` : t`CPU ${cpu}: ${what}`;
}
