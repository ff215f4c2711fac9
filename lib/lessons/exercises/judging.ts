/** What the exercises of several chapters judge answers by: schedules played by hand, and searches. */
import { simulate, type Simulation } from "../../backends/simulator.ts";
import type { BpfObject } from "../../object/bpf_object.ts";
import { exercisePlayer } from "../../player/exercise_player.ts";
import { timeline } from "../../plot/timeline.ts";
import type { Player } from "../../player/player.ts";
import type { TraceStep, Values } from "../../report/result.ts";
import { replay } from "../../schedulers/replay.ts";
import { formatSchedule, hashSeedOf, parseSchedule } from "../../schedulers/schedule.ts";
import type { Scheduler } from "../../schedulers/scheduler.ts";
import type { Exploration } from "../../search/exploration.ts";
import type { Workload } from "../../workload/workload.ts";
import { type Exercise, type Marked, wantText } from "./exercise.ts";
import { texts } from "./texts.ts";
import { lastStepOf, operationsOf, whyNotProved } from "./why.ts";
import { t } from "../../words/translation.ts";

/** An exercise whose answer is a schedule. */
interface ScheduleExercise extends Omit<Exercise, "mark" | "play" | "asks"> {
  readonly object: () => Promise<BpfObject>;
  readonly workload: Workload;
  /** Whether a schedule that ends so is one that is asked for. */
  readonly reached: (values: Values) => boolean;
  /** What is to be said of such an end. */
  readonly passed: (values: Values) => string;
  /** What is to be said of any other, with the steps that decided. */
  readonly failed: (values: Values, trace: readonly TraceStep[]) => string;
}

/** An exercise to break something by playing the scheduler: where a schedule fails, it is laid out to be played on. */
export function bySchedule(exercise: ScheduleExercise): Exercise {
  const { id, title, hints, object, workload, reached, passed, failed } = exercise;
  const play = async (schedule?: string, trace: readonly TraceStep[] = []): Promise<Player> =>
    await exercisePlayer(await object(), workload, {
      title: texts.title(id),
      reached,
      asked: texts.asked,
      notAsked: texts.notAsked,
      ...(schedule !== undefined && { played: { schedule, trace, sentence: texts.yourSchedule(trace.length) } }),
    });
  const mark = async (answer: unknown): Promise<Marked> => {
    const followed = await follow(await object(), workload, wantText(answer));
    if ("upTo" in followed) {
      return { passed: false, message: followed.why, evidence: await play(followed.upTo, followed.trace) };
    }
    const { run } = followed;
    const trace = run.trace();
    if (run.fault) return { passed: false, message: run.fault.message, evidence: await play(run.schedule(), trace) };
    if (reached(run.final)) return { passed: true, message: passed(run.final) };
    return { passed: false, message: failed(run.final, trace), evidence: await play(run.schedule(), trace) };
  };
  return { id, title, hints, asks: "break", mark, play };
}

/**
 * Follows a reader's schedule.
 *
 * @returns the run; or why it cannot be followed, and the schedule up to there
 */
async function follow(
  object: BpfObject,
  workload: Workload,
  schedule: string,
): Promise<
  { readonly run: Simulation } | { readonly why: string; readonly upTo: string; readonly trace: readonly TraceStep[] }
> {
  const steps = parseSchedule(schedule), follows = replay(schedule);
  let asked = 0;
  const watched: Scheduler = {
    ...follows,
    next: (choices) => {
      asked = choices.step;
      return follows.next(choices);
    },
  };
  try {
    return { run: await simulate(object, { ...workload, scheduler: watched }) };
  } catch (error) {
    if (!(error instanceof RangeError) || asked >= steps.length) throw error;
    const taken = asked, upTo = formatSchedule(steps.slice(0, taken), hashSeedOf(schedule));
    const run = taken > 0 ? await simulate(object, { ...workload, scheduler: replay(upTo) }) : undefined;
    const trace = run?.trace({ steps: taken }) ?? [];
    return { why: [`${error.message}.`, lastStepOf(trace)].filter(Boolean).join(" "), upTo, trace };
  }
}

/**
 * The verdict on an answer whose search did not end in *Never*: what goes wrong and a witness, or that not every
 * schedule could be tried.
 */
export function notProved(found: Exploration, message: string): Marked {
  if (found.observation !== "Unknown") {
    return { passed: false, message: [message, whyNotProved(found)].filter(Boolean).join(" "), evidence: found };
  }
  const tried = t`No schedule of ${found.states.toLocaleString("en")} states goes wrong, but not all could be tried`;
  return { passed: false, message: t`${tried} (${found.unknown}). Fewer steps in a run make it searchable.` };
}

/** The verdict on an answer whose runs do too much: what, by C line, and the steps to look at. */
export const tooMuch = (message: string, trace: readonly TraceStep[]): Marked => ({
  passed: false,
  message: `${message} ${operationsOf(trace)}`,
  evidence: timeline(trace, { finding: message }),
});

/** Whether every schedule was tried and none goes wrong. */
export const isProved = (found: Exploration): boolean => found.observation === "Never" && found.complete;
