/** A litmus test under an axiomatic model: the states that herd7 lists, and executions as it counts them. */
import type { Candidate } from "../memory_model/candidate.ts";
import { type ExecutionLimits, executionLimits, forEachExecution, type Threads } from "../memory_model/executions.ts";
import type { AxiomaticModel } from "../memory_model/model.ts";
import { describeMemory } from "../../workload/memory_model.ts";
import { evaluate } from "./condition.ts";
import type { LitmusFile } from "./litmus_file.ts";
import { finalState, litmusThreads } from "./litmus_threads.ts";
import { compareStates, keyOf, type LitmusResult, type LitmusState } from "./run.ts";

export interface ModelRun extends LitmusResult {
  /** An execution in which what stands behind the quantifier holds, and one in which it does not. */
  readonly holding?: Candidate;
  readonly failing?: Candidate;
}

/** @throws ModelRefusal where columns access parts of variables */
export function runUnderModel(
  file: LitmusFile,
  model: AxiomaticModel,
  limits: ExecutionLimits = executionLimits(),
  threads: Threads = litmusThreads(file),
): ModelRun {
  const found = new Map<string, LitmusState>();
  let holds = 0, fails = 0, holding: Candidate | undefined, failing: Candidate | undefined;
  const { candidates, waits, bound } = forEachExecution(threads, model, limits, (candidate) => {
    const all = finalState(file, threads.memory, candidate);
    if (file.filter && !evaluate(file.filter, file, all)) return;
    if (evaluate(file.condition, file, all)) {
      holds++;
      holding ??= candidate;
    } else {
      fails++;
      failing ??= candidate;
    }
    const state = all.slice(0, file.observed.length);
    found.set(keyOf(state), state);
  });
  const states = [...found.values()].sort(compareStates);
  return {
    file,
    memory: describeMemory(model.name, true),
    states,
    holds: states.map((state) => evaluate(file.condition, file, state)),
    observation: observationOf(holds, fails, bound === undefined),
    unknown: bound,
    executions: waits || bound !== undefined ? undefined : { holds, fails },
    explored: { states: states.length, transitions: candidates },
    holding,
    failing,
  };
}

function observationOf(holds: number, fails: number, complete: boolean): LitmusResult["observation"] {
  if (holds > 0) return fails > 0 || !complete ? "Sometimes" : "Always";
  return complete ? "Never" : "Unknown";
}
