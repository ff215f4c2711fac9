/** What the exercises of several chapters judge answers by: schedules written by hand, and searches. */
import { simulate, type Simulation } from "../../backends/simulator.ts";
import type { SimulateOptions } from "../../backends/simulate_options.ts";
import type { BpfObject } from "../../object/bpf_object.ts";
import { witnessTable } from "../../report/witness_table.ts";
import { replay } from "../../schedulers/replay.ts";
import { parseSchedule } from "../../schedulers/schedule.ts";
import type { Exploration } from "../../search/explore.ts";
import { type Marked, wantText } from "./exercise.ts";

/**
 * Plays a reader's schedule.
 *
 * @returns the run, or what is wrong with the schedule, with the steps up to there
 */
export async function play(
  object: BpfObject,
  options: SimulateOptions,
  answer: unknown,
): Promise<{ readonly run: Simulation } | { readonly wrong: Marked }> {
  const tasks = parseSchedule(wantText(answer));
  let asked = 0;
  const watched = (schedule: readonly number[]) => {
    const follow = replay(schedule);
    return {
      ...follow,
      next: (choices: Parameters<typeof follow.next>[0]) => {
        asked = choices.step;
        return follow.next(choices);
      },
    };
  };
  try {
    const run = await simulate(object, { ...options, scheduler: watched(tasks) });
    return run.fault ? { wrong: { passed: false, message: run.fault.message } } : { run };
  } catch (error) {
    if (!(error instanceof RangeError) || asked >= tasks.length) throw error;
    const upTo = asked, run = await simulate(object, { ...options, scheduler: replay(tasks.slice(0, upTo)) });
    const evidence = upTo === 0 ? undefined : witnessTable(run.trace({ steps: upTo }));
    return { wrong: { passed: false, message: error.message, evidence } };
  }
}

/**
 * The verdict on an answer whose search did not end in *Never*: what goes wrong and a witness, or that not every
 * schedule could be tried.
 */
export function notProved(found: Exploration, message: string): Marked {
  if (found.observation !== "Unknown") return { passed: false, message, evidence: found };
  const tried = `No schedule of ${found.states.toLocaleString("en")} states goes wrong, but not all could be tried`;
  return { passed: false, message: `${tried} (${found.unknown}). Fewer steps in a run make it searchable.` };
}

/** Whether every schedule was tried and none goes wrong. */
export const isProved = (found: Exploration): boolean => found.observation === "Never" && found.complete;
