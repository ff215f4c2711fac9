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
  return trace.filter(({ touches, kind }) => touches === "data" && kind !== "start" || kind === "skip")
    .map(({ cpu, line, kind, target, before, after, prog }) => {
      if (kind === "skip") return t`CPU ${cpu}: ${prog} is skipped`;
      const value = kind === "load" ? before : after;
      const what = `${kind} ${target}${value === undefined ? "" : ` = ${value}`}`;
      return line ? t`CPU ${cpu}: line ${line.line} ${what}` : t`CPU ${cpu}: ${what}`;
    }).join("\n");
}
