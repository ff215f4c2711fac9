/** An exhaustive search as text and as Markdown: the verdict, the endings, the witness, the conditions, herd's form. */
import { type Coverage, coverageLines } from "./coverage.ts";
import { endingsOf, returnedText, shownNames, verdictOf } from "./endings.ts";
import { herdReport, type Observation } from "./herd.ts";
import {
  bullets,
  cellCode,
  codeSpan,
  escapeMarkdown,
  fenced,
  folded,
  markdownTable,
  MARKS,
  withCode,
} from "./markdown.ts";
import type { SkippedRuns, TraceStep, Values } from "./result.ts";
import { textTable } from "./text_table.ts";
import { texts } from "./texts.ts";
import { witnessTable } from "./witness_table.ts";
import { t } from "../words/translation.ts";

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
    /** Whether runs one after another can end so too. */
    readonly serial?: boolean;
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

/** Outcomes listed in herd's form before the rest is only counted. */
const MAX_OUTCOMES = 24;
/** Anomalies named beside the report. */
const MAX_ANOMALIES = 6;
/** Steps of a witness shown. */
const MAX_STEPS = 40;

function stateText(outcome: Explored["outcomes"][number], names: readonly string[]): string {
  const values = names.filter((name) => outcome.values[name] !== undefined)
    .map((name) => `${name}=${outcome.values[name]};`);
  const returned = returnedText(outcome.returned), skipped = outcome.skipped ? [`skipped:${outcome.skipped};`] : [];
  return [...values, ...(returned === "" ? [] : [returned]), ...skipped].join(" ") || t`(no shared state);`;
}

function coveredText(explored: Explored, found: boolean): string {
  const { complete, unknown, tellsNothing, coversOpen, openConditions = [], executions } = explored;
  if (executions !== undefined && complete) return found ? texts.executionFound : texts.executionsComplete;
  if (!complete) return texts.incomplete(unknown ?? "stopped");
  if (found) return texts.witnessFound;
  const under = coversOpen === false && explored.observation === "Never";
  if (tellsNothing !== undefined) return texts.empty(tellsNothing);
  return under ? [texts.completeUnder, ...openConditions].join("\n- ") : texts.complete;
}

function skippedText({ outcomes, property }: Explored): string[] {
  const some = outcomes.filter(({ skipped }) => skipped);
  if (some.length === 0) return [];
  const who = some.flatMap(({ skips = [] }) => skips.map(({ prog, cpu, guard }) => t`${prog} on CPU ${cpu}: ${guard}`));
  return [texts.skippedOutcomes(some.length, outcomes.length, [...new Set(who)], property === "serial")];
}

/** The parts of the report, which text and Markdown put in their own order. */
function explorationParts(explored: Explored) {
  const { outcomes, property, witness, conditions = [], coverage, complete } = explored, { proof } = texts;
  const names = shownNames(outcomes);
  const states = outcomes.map((outcome) => ({ values: stateText(outcome, names), positive: outcome.anomaly }));
  const condition = texts.conditions[property] ?? property;
  const unknown = complete
    ? explored.observation === "Unknown" ? explored.tellsNothing : undefined
    : explored.unknown ?? "";
  const anomalies = states.filter(({ positive }) => positive).map(({ values }) => values);
  const searched = explored.executions !== undefined
    ? texts.executions(explored.executions.toLocaleString("en-US"))
    : texts.searched(
      explored.states.toLocaleString("en-US"),
      explored.transitions.toLocaleString("en-US"),
      explored.schedules?.toLocaleString("en-US"),
    );
  return {
    heading: texts.heading(
      explored.program,
      texts.machine.simulator(explored.cpus),
      explored.invocations,
      explored.runs,
    ),
    verdict: verdictOf(explored),
    covered: coveredText(explored, anomalies.length > 0 || explored.stuck.length > 0),
    endings: endingsOf(explored),
    /** What went wrong, by name; each warning and remark a line. */
    findings: [
      ...(explored.verdicts ?? []).map(texts.verdict),
      ...explored.stuck.filter(({ kind }) => !explored.verdicts?.some((verdict) => verdict.kind === kind))
        .map(({ kind, message }) => texts.stuck(kind, message)),
      ...skippedText(explored),
      ...(explored.warnings ?? []).map(texts.warning),
      ...(explored.remark === undefined ? [] : explored.remark.split("\n")),
    ],
    witness: witness && {
      sentence: texts.witness(witness.steps, witness.preemptions, witness.shortest),
      schedule: witness.schedule,
      table: witnessTable(witness.trace, {
        parts: [{ from: 0, to: Math.min(MAX_STEPS, witness.trace.length) }],
        allLanes: true,
      }),
    },
    /** Under a memory model of executions, how an anomaly comes about and what mends it; each part is laid out as text. */
    explanation: explored.explanation ?? [],
    /** How much was searched, and by which short cuts. */
    search: [
      texts.sentence(searched),
      ...(explored.symmetry.used ? [texts.symmetry] : []),
      ...(explored.reduced ? [texts.reduction] : []),
    ],
    /** What the answer takes as given, and how much of the programs it speaks of. */
    proof: [
      { heading: proof.conditions, lines: conditions },
      {
        heading: proof.coverage(complete ? proof.allSchedules : proof.visited),
        lines: coverage ? coverageLines(coverage) : [],
      },
    ].filter(({ lines }) => lines.length > 0),
    /** For those who know it. */
    herd: [
      herdReport({ name: explored.program, states, condition, maxStates: MAX_OUTCOMES, unknown }),
      ...(anomalies.length > 0
        ? [
          "",
          texts.anomalies(condition, anomalies.slice(0, MAX_ANOMALIES), anomalies.length - MAX_ANOMALIES),
        ]
        : []),
    ].join("\n"),
  };
}

/** The report of an exhaustive search as text: the verdict first, herd's form last. */
export function explorationText(explored: Explored): string {
  const { heading, verdict, covered, endings, findings, witness, explanation, search, proof, herd } = explorationParts(
    explored,
  );
  const align = endings.header.map((_, column) => column < endings.values ? "right" as const : "left" as const);
  const table = endings.rows.length === 0
    ? []
    : ["", textTable(endings.header, endings.rows.map(({ cells }) => cells), align)];
  return [
    heading,
    `${verdict.word}: ${verdict.sentence}`,
    covered,
    ...table,
    ...(endings.order === undefined ? [] : [endings.order]),
    ...(endings.more > 0 ? [texts.verdicts.more(endings.more)] : []),
    ...(findings.length > 0 ? ["", ...findings] : []),
    ...(witness ? ["", witness.sentence, texts.schedule(witness.schedule), "", witness.table] : []),
    ...explanation.flatMap((part) => ["", part]),
    "",
    ...search,
    ...proof.flatMap(({ heading, lines }) => ["", texts.headed(heading), ...lines.map((line) => `  ${line}`)]),
    "",
    texts.headed(texts.verdicts.herd),
    "",
    herd,
  ].join("\n");
}

/** The report as Markdown, for notebooks; the witness is drawn beside it. */
export function explorationMarkdown(explored: Explored): string {
  const { heading, verdict, covered, endings, findings, witness, explanation, search, proof, herd } = explorationParts(
    explored,
  );
  const header = endings.header.map((title, column) =>
    column < endings.values && title !== texts.verdicts.ending ? cellCode(title) : escapeMarkdown(title)
  );
  const rows = endings.rows.map(({ cells, anomaly }) =>
    cells.map((cell, column) => {
      if (column < endings.values) return /^-?\d+$/.test(cell) ? cell : cellCode(cell);
      return anomaly && column === endings.judged ? `${MARKS.bad} **${cell}**` : escapeMarkdown(cell);
    })
  );
  const align = endings.header.map((title, column) =>
    column < endings.values && title !== texts.verdicts.ending ? "right" as const : "left" as const
  );
  const given = proof.map(({ heading, lines }) => `*${escapeMarkdown(heading)}*\n\n${bullets(lines.map(withCode))}`);
  const steps = witness ? [`\n${witness.sentence}\n${texts.schedule(witness.schedule)}\n\n${witness.table}`] : [];
  return [
    `**${escapeMarkdown(heading)}**`,
    `${MARKS[verdict.tone]} **${verdict.word}.** ${withCode(verdict.sentence)}`,
    covered.split("\n").map((line) => line.replace(/^(- )?(.*)$/, (_, dash = "", text) => dash + withCode(text)))
      .join("\n"),
    ...(rows.length === 0 ? [] : [markdownTable(header, rows, align)]),
    ...(endings.order === undefined ? [] : [endings.order]),
    ...(endings.more > 0 ? [texts.verdicts.more(endings.more)] : []),
    ...(findings.length > 0 ? [bullets(findings.map(withCode))] : []),
    ...(witness ? [`${escapeMarkdown(witness.sentence)}. ${texts.scheduleWord} ${codeSpan(witness.schedule)}`] : []),
    ...explanation.map(fenced),
    // Of a proof the conditions are a part; beside a witness they are for those who doubt it.
    ...(given.length === 0 ? [] : verdict.tone === "bad" ? [folded(texts.verdicts.given, given.join("\n\n"))] : given),
    folded(witness ? texts.verdicts.searchAndWitness : texts.verdicts.search, fenced([...search, ...steps].join("\n"))),
    folded(texts.verdicts.herd, fenced(herd)),
  ].join("\n\n");
}
