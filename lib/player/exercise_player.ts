/** The player of an exercise: its ends are those that are asked for and the others, and a reader's schedule is laid out. */
import { HashLayouts } from "../maps/hash_layouts.ts";
import type { BpfObject } from "../object/bpf_object.ts";
import { timeline } from "../plot/timeline.ts";
import type { TraceStep, Values } from "../report/result.ts";
import { alternativeOf, hashSeedOf, parseSchedule, taskOf } from "../schedulers/schedule.ts";
import { cpuOfFlush } from "../cpu/store_buffers.ts";
import { explorePlan, searchedMachine } from "../search/explore.ts";
import { traceSchedule } from "../search/witness.ts";
import type { Machine } from "../machine/machine.ts";
import type { Exploration } from "../search/exploration.ts";
import { plan, withoutBuffers } from "../workload/plan.ts";
import type { Workload } from "../workload/workload.ts";
import { type EndRemarks, type Graph, MOST_STATES, wholeGraph } from "./graph.ts";
import { Player, type Shown } from "./player.ts";
import { texts } from "./texts.ts";

export interface ExerciseGame extends EndRemarks {
  readonly title: string;
  /** Whether an end is one that is asked for. */
  readonly reached: (values: Values) => boolean;
  /** The reader's schedule and its steps: it is laid out in the widget, and stands for it where no script runs. */
  readonly played?: { readonly schedule: string; readonly trace: readonly TraceStep[]; readonly sentence: string };
}

/**
 * Makes the workload of an exercise playable.
 *
 * @throws RangeError for a workload with more states than can be played: it makes no exercise
 */
export async function exercisePlayer(object: BpfObject, workload: Workload, game: ExerciseGame): Promise<Player> {
  const options = { ...workload, holds: (values: Values) => !game.reached(values) };
  const planned = plan(object, options, "player"), exploration = await explorePlan(planned, options);
  const hashSeed = hashSeedOf(exploration.witness?.schedule ?? ""), layouts = new HashLayouts();
  // Where user space only loads, the search did without store buffers, and so does the player.
  const played = exploration.memory === planned.memory ? planned : withoutBuffers(planned);
  const make = () => searchedMachine(played, options, { hashSeed, layouts });
  const graph = wholeGraph(make(), exploration, game);
  if (!graph || !exploration.complete) throw new RangeError(texts.onlyPath(MOST_STATES.toLocaleString("en-US")));
  const data = {
    title: game.title,
    ...graph,
    hashSeed,
    notes: [],
    exercise: { path: game.played ? pathOf(graph, hashSeed, game.played.schedule) : [] },
    words: texts.words,
  };
  return new Player(exploration, data, true, game.played ? drawn(game.played) : anyOther(make(), exploration));
}

const drawn = (shown: Omit<Shown, "figure">): Shown => ({
  ...shown,
  figure: timeline({ trace: shown.trace, preemptions: 0, on: shown.sentence.toLowerCase() }),
});

/** A schedule that does not give away what is asked for. */
function anyOther(machine: Machine, { outcomes }: Exploration): Shown {
  const schedule = (outcomes.find(({ anomaly }) => !anomaly) ?? outcomes[0]).witness;
  const { trace, steps, preemptions } = traceSchedule(machine, schedule);
  return drawn({ schedule, trace, sentence: texts.oneSchedule(steps, preemptions) });
}

/** The steps of a graph that a schedule takes, up to the first that is not there; none under other seeds of hash maps. */
function pathOf({ tasks, steps }: Graph, hashSeed: number, schedule: string): number[] {
  if (schedule === "" || hashSeedOf(schedule) !== hashSeed) return [];
  const buffers = tasks.findIndex(({ key }) => key.startsWith("f")), path: number[] = [];
  let at = 0;
  for (const step of parseSchedule(schedule)) {
    const task = step < 0 ? buffers + cpuOfFlush(step) : taskOf(step), alternative = alternativeOf(step);
    const taken = steps.findIndex(([from, who, which]) => from === at && who === task && which === alternative);
    if (taken < 0) break;
    path.push(taken);
    at = steps[taken][3];
  }
  return path;
}
