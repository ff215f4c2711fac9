/**
 * A litmus test's result in herd7's own form (herdtools7, herd/top_herd.ml).
 *
 * Behind `Positive`, `Negative` and `Observation` stand executions, of which several may end in one state. Where they
 * were not counted, the states are.
 */
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
} from "../../report/markdown.ts";
import { texts } from "../../report/texts.ts";
import { t } from "../../words/translation.ts";
import { memoryLine } from "../../workload/conditions.ts";
import { repairText, witnessText } from "../memory_model/witness_text.ts";
import { formatCondition } from "./condition.ts";
import type { LitmusReport } from "./litmus.ts";
import type { Executions } from "./executions.ts";
import type { LitmusFile } from "./litmus_file.ts";
import { formatState, type LitmusResult } from "./run.ts";

const KINDS = { "exists": "Allowed", "~exists": "Forbidden", "forall": "Required" } as const;

/** What the states take as given, a line for each. */
const conditionsOfLitmus = ({ memory, unknown }: LitmusResult): string[] => [
  memoryLine(memory.text),
  t`bounds: ${unknown === undefined ? t`none was hit` : t`stopped after ${unknown}`}`,
];

export function litmusText(result: LitmusResult): string {
  const { file, states, holds, observation, unknown } = result;
  const inStates = holds.filter(Boolean).length;
  const counted = result.executions ?? { holds: inStates, fails: holds.length - inStates };
  return [
    titleLine(file),
    `States ${states.length}`,
    ...states.map((state) => formatState(file, state)),
    ...witnessLines(file, counted, observation),
    ...(unknown === undefined ? [] : [`Stopped after ${unknown}: states may be missing`]),
    texts.headed(texts.proof.conditions),
    ...conditionsOfLitmus(result).map((line) => `  ${line}`),
  ].join("\n");
}

export const titleLine = ({ name, quantifier }: LitmusFile): string => `Test ${name} ${KINDS[quantifier]}`;

/** From `Ok` to `Observation`, of how often what stands behind the quantifier held and how often it did not. */
export function witnessLines(file: LitmusFile, { holds, fails }: Executions, observation: string): string[] {
  const [positive, negative] = file.quantifier === "~exists" ? [fails, holds] : [holds, fails];
  const ok = file.quantifier === "exists" ? holds > 0 : file.quantifier === "forall" ? fails === 0 : holds === 0;
  return [
    ok ? "Ok" : "No",
    "Witnesses",
    `Positive: ${positive} Negative: ${negative}`,
    `Condition ${formatCondition(file)}`,
    `Observation ${file.name} ${observation} ${holds} ${fails}`,
  ];
}

/** herd7's report, what it holds under, and how what sequential consistency forbids comes about. */
export function litmusReportText(report: Omit<LitmusReport, "toBundle">): string {
  const { witness, repairs } = report;
  return [
    litmusText(report),
    ...(witness ? ["", witnessText(witness)] : []),
    ...(repairs ? [repairText(repairs)] : []),
  ].join("\n");
}

/** Final states listed before the rest is only counted. */
const MOST_STATES = 24;

/** The same for notebooks: the answer in a sentence, the states as a table; herd7's own report is folded. */
export function litmusMarkdown(report: Omit<LitmusReport, "toBundle">): string {
  const { file, states, holds, observation, unknown, under, witness, repairs } = report, { litmus } = texts;
  const held = holds.filter(Boolean).length, { quantifier } = file, wanted = quantifier === "forall";
  // What may happen (exists) is neither right nor wrong; what must or must not is.
  const broken = wanted ? held < holds.length : quantifier === "~exists" && held > 0;
  const mark = unknown !== undefined && !broken
    ? `${MARKS.unknown} `
    : broken
    ? `${MARKS.bad} `
    : quantifier === "exists"
    ? ""
    : `${MARKS.good} `;
  const rows = states.slice(0, MOST_STATES).map((state, i) => [
    cellCode(formatState(file, state)),
    holds[i] === wanted || quantifier === "exists"
      ? litmus.answer(holds[i])
      : `${MARKS.bad} **${litmus.answer(holds[i])}**`,
  ]);
  const explained = [...(witness ? [witnessText(witness)] : []), ...(repairs ? [repairText(repairs)] : [])];
  return [
    `**${escapeMarkdown(titleLine(file))}**, ${escapeMarkdown(under)}`,
    `${mark}**${observation}.** ${litmus.holdsIn(held, holds.length)} ${codeSpan(formatCondition(file))}`,
    markdownTable([litmus.state, litmus.condition], rows, ["left", "left"]),
    ...(states.length > MOST_STATES ? [texts.verdicts.more(states.length - MOST_STATES)] : []),
    ...(unknown === undefined ? [] : [escapeMarkdown(`Stopped after ${unknown}: states may be missing`)]),
    ...explained.map(fenced),
    `*${texts.proof.conditions}*\n\n${bullets(conditionsOfLitmus(report).map(withCode))}`,
    folded(texts.verdicts.herd, fenced(litmusText(report))),
  ].join("\n\n");
}

/** The same as JSON. */
export function litmusReportJson(report: LitmusReport): unknown {
  const { witness, repairs, executions } = report;
  return { ...litmusJson(report) as object, executions, witness, repairs };
}

/** `{"states": [...], "observation": "..."}` with the states as herd7 prints them. */
export function litmusJson(result: LitmusResult): unknown {
  const { file, states, observation, unknown, explored } = result;
  return {
    test: file.name,
    memory: result.memory,
    states: states.map((state) => formatState(file, state)),
    observation,
    complete: unknown === undefined,
    unknown,
    conditions: conditionsOfLitmus(result),
    explored: { states: explored.states, transitions: explored.transitions },
  };
}
