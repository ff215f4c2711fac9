/**
 * A litmus test's result in herd7's own form (herdtools7, herd/top_herd.ml).
 *
 * Behind `Positive`, `Negative` and `Observation` stand executions, of which several may end in one state. Where they
 * were not counted, the states are.
 */
import { texts } from "../../report/texts.ts";
import { memoryLine } from "../../workload/conditions.ts";
import { formatCondition } from "./condition.ts";
import { formatState, type LitmusResult } from "./run.ts";

const KINDS = { "exists": "Allowed", "~exists": "Forbidden", "forall": "Required" } as const;

/** What the states take as given, a line for each. */
const conditionsOfLitmus = ({ memory, unknown }: LitmusResult): string[] => [
  memoryLine(memory.text),
  `bounds: ${unknown === undefined ? "none was hit" : `stopped after ${unknown}`}`,
];

export function litmusText(result: LitmusResult): string {
  const { file, states, holds, observation, unknown } = result;
  const inStates = holds.filter(Boolean).length;
  const { holds: held, fails: failed } = result.executions ?? { holds: inStates, fails: holds.length - inStates };
  const [positive, negative] = file.quantifier === "~exists" ? [failed, held] : [held, failed];
  const ok = file.quantifier === "exists" ? held > 0 : file.quantifier === "forall" ? failed === 0 : held === 0;
  return [
    `Test ${file.name} ${KINDS[file.quantifier]}`,
    `States ${states.length}`,
    ...states.map((state) => formatState(file, state)),
    ok ? "Ok" : "No",
    "Witnesses",
    `Positive: ${positive} Negative: ${negative}`,
    `Condition ${formatCondition(file)}`,
    `Observation ${file.name} ${observation} ${held} ${failed}`,
    ...(unknown === undefined ? [] : [`Stopped after ${unknown}: states may be missing`]),
    `${texts.proof.conditions}:`,
    ...conditionsOfLitmus(result).map((line) => `  ${line}`),
  ].join("\n");
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
