/** The text twin of an exhaustive search: herd's report, how much was searched, and the witness. */
import { type Coverage, coverageLines } from "./coverage.ts";
import { herdReport, type Observation } from "./herd.ts";
import type { SkippedRuns, TraceStep, Values } from "./result.ts";
import { texts } from "./texts.ts";
import { witnessTable } from "./witness_table.ts";

/** What a search found, as far as its report needs it; `explore` returns one. */
export interface Explored {
  readonly program: string;
  readonly cpus: number;
  readonly invocations: number;
  /** The memory model, in words. */
  readonly memory: { readonly text: string };
  /** How often what ran, in words, where it is not the same for all. */
  readonly runs?: string;
  readonly outcomes: readonly {
    readonly values: Values;
    readonly returned?: Readonly<Record<string, unknown>>;
    /** Runs that did not happen on the way there. */
    readonly skipped?: number;
    readonly skips?: readonly SkippedRuns[];
    readonly anomaly: boolean;
  }[];
  readonly complete: boolean;
  readonly unknown?: string;
  readonly states: number;
  readonly transitions: number;
  readonly schedules?: bigint;
  /** Under a memory model of executions: how many were looked at, and what explains an anomaly. */
  readonly executions?: number;
  readonly explanation?: readonly string[];
  readonly stuck: readonly { readonly kind: "deadlock" | "fault" | "livelock"; readonly message: string }[];
  readonly symmetry: { readonly used: boolean };
  readonly reduced: boolean;
  /** What the kernel accepts although it is open what it does, with C lines. */
  readonly warnings?: readonly string[];
  /** What was covered of all that the kernel leaves open; and whether that was all of it. */
  readonly openConditions?: readonly string[];
  readonly coversOpen?: boolean;
  /** What the reader may have overlooked. */
  readonly remark?: string;
  /** What went wrong, by name and with the document's section. */
  readonly verdicts?: readonly {
    readonly kind: string;
    readonly what: string;
    readonly section: string;
    readonly claims: readonly string[];
  }[];
  /** What the answer takes as given, and what of the programs ran. */
  readonly conditions?: readonly string[];
  readonly coverage?: Coverage;
  /** Why *Never* would say nothing, and the answer that stands for it. */
  readonly tellsNothing?: string;
  readonly observation?: Observation;
  /** What an anomaly violates: `serial`, or the reader's `holds`. */
  readonly property: string;
  readonly witness?: {
    readonly schedule: string;
    readonly steps: number;
    readonly preemptions: number;
    readonly shortest: boolean;
    readonly trace: readonly TraceStep[];
  };
}

/** Outcomes listed before the rest is only counted. */
const MAX_OUTCOMES = 24;
/** Anomalies named beside the report. */
const MAX_ANOMALIES = 6;
/** Steps of a witness shown. */
const MAX_STEPS = 40;

/** Names whose value is the same in every outcome say nothing: they are left out where others remain. */
function varying(outcomes: Explored["outcomes"]): (name: string) => boolean {
  const names = new Set(outcomes.flatMap(({ values }) => Object.keys(values)));
  const varied = [...names].filter((name) => new Set(outcomes.map(({ values }) => values[name])).size > 1);
  if (names.size <= 6 || varied.length === 0) return () => true;
  const kept = new Set(varied);
  return (name) => kept.has(name);
}

function stateText(outcome: Explored["outcomes"][number], keep: (name: string) => boolean): string {
  const values = Object.entries(outcome.values).filter(([name]) => keep(name)).map(([name, value]) =>
    `${name}=${value};`
  );
  const returned = Object.entries(outcome.returned ?? {})
    .filter(([, value]) => value !== undefined).map(([name, value]) => `${name}:${plainValue(value)};`);
  const skipped = outcome.skipped ? [`skipped:${outcome.skipped};`] : [];
  return [...values, ...returned, ...skipped].join(" ") || "(no shared state);";
}

const plainValue = (value: unknown): string =>
  JSON.stringify(value, (_, part) => typeof part === "bigint" ? Number(part) : part) ?? String(value);

function coveredText(explored: Explored, found: boolean): string {
  const { complete, unknown, tellsNothing, coversOpen, openConditions = [], executions } = explored;
  if (executions !== undefined && complete) return found ? texts.executionFound : texts.executionsComplete;
  if (!complete) return texts.incomplete(unknown ?? "stopped");
  if (found) return texts.witnessFound;
  const under = coversOpen === false && explored.observation === "Never";
  if (tellsNothing !== undefined && !under) return texts.empty(tellsNothing);
  return under ? [texts.completeUnder, ...openConditions].join("\n- ") : texts.complete;
}

/** What the answer takes as given, and how much of the programs it speaks of. */
function proofText({ conditions = [], coverage, complete }: Explored): string[] {
  const { proof } = texts,
    block = (heading: string, lines: readonly string[]) =>
      lines.length === 0 ? [] : ["", `${heading}:`, ...lines.map((line) => `  ${line}`)];
  return [
    ...block(proof.conditions, conditions),
    ...(coverage ? block(proof.coverage(complete ? proof.allSchedules : proof.visited), coverageLines(coverage)) : []),
  ];
}

function skippedText({ outcomes, property }: Explored): string[] {
  const some = outcomes.filter(({ skipped }) => skipped);
  if (some.length === 0) return [];
  const who = some.flatMap(({ skips = [] }) => skips.map(({ prog, cpu, guard }) => `${prog} on CPU ${cpu}: ${guard}`));
  return [texts.skippedOutcomes(some.length, outcomes.length, [...new Set(who)], property === "serial")];
}

/** The report of an exhaustive search as text. */
export function explorationText(explored: Explored): string {
  const keep = varying(explored.outcomes);
  const states = explored.outcomes.map((outcome) => ({ values: stateText(outcome, keep), positive: outcome.anomaly }));
  const condition = texts.conditions[explored.property] ?? explored.property;
  const unknown = explored.complete
    ? explored.observation === "Unknown" ? explored.tellsNothing : undefined
    : explored.unknown ?? "";
  const report = herdReport({ name: explored.program, states, condition, maxStates: MAX_OUTCOMES, unknown });
  const anomalies = states.filter(({ positive }) => positive).map(({ values }) => values);
  const found = anomalies.length > 0 || explored.stuck.length > 0;
  const { witness } = explored;
  return [
    texts.heading(explored.program, texts.machine.simulator(explored.cpus), explored.invocations, explored.runs),
    "",
    report,
    "",
    ...(anomalies.length > 0
      ? [texts.anomalies(condition, anomalies.slice(0, MAX_ANOMALIES), anomalies.length - MAX_ANOMALIES)]
      : []),
    explored.executions !== undefined ? texts.executions(explored.executions.toLocaleString("en-US")) : texts.searched(
      explored.states.toLocaleString("en-US"),
      explored.transitions.toLocaleString("en-US"),
      explored.schedules?.toLocaleString("en-US"),
    ) + ".",
    coveredText(explored, found),
    ...skippedText(explored),
    ...(explored.warnings ?? []).map(texts.warning),
    ...(explored.remark === undefined ? [] : [explored.remark]),
    ...(explored.symmetry.used ? [texts.symmetry] : []),
    ...(explored.reduced ? [texts.reduction] : []),
    ...explored.stuck.filter(({ kind }) => !explored.verdicts?.some((verdict) => verdict.kind === kind))
      .map(({ kind, message }) => texts.stuck(kind, message)),
    ...(explored.verdicts ?? []).map(texts.verdict),
    ...(witness
      ? [
        "",
        texts.witness(witness.steps, witness.preemptions, witness.shortest),
        texts.schedule(witness.schedule),
        "",
        witnessTable(witness.trace, { parts: [{ from: 0, to: Math.min(MAX_STEPS, witness.trace.length) }] }),
      ]
      : []),
    ...(explored.explanation ?? []).flatMap((part) => ["", part]),
    ...proofText(explored),
  ].join("\n");
}
