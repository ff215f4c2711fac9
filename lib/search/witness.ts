/** The schedule that shows an anomaly best, and what each of its steps did. */
import type { Machine } from "../machine/machine.ts";
import { Tracer } from "../machine/trace.ts";
import { runsOf } from "../report/runs.ts";
import { alternativeOf, formatSchedule, hashSeedOf, parseSchedule, taskOf } from "../schedulers/schedule.ts";
import type { Exploration, Witness } from "./exploration.ts";
import { SearchState } from "./state.ts";
import { StateGraph } from "./state_graph.ts";
import { t } from "../words/translation.ts";

/** States times tasks up to which the shortest witness is worked out. */
const SHORTEST_NODES = 400_000;

/**
 * The shortest witness of an anomaly, or any where the state space is too large for that; of a deadlock, fault or
 * livelock where there is no anomaly.
 */
export function findWitness(
  make: (hashSeed: number) => Machine,
  result: Exploration,
  isAnomaly: (machine: Machine) => boolean,
): Witness | undefined {
  const { anomalies, stuck, states } = result, known = (anomalies[0] ?? stuck[0])?.witness;
  if (known === undefined) return undefined;
  const hashSeed = hashSeedOf(known), machine = make(hashSeed);
  const mostStates = SHORTEST_NODES / machine.tasks.length / result.mostAlternatives;
  const isGoal = () => {
    const done = !machine.fault && machine.tasks.every((task) => machine.isDone(task));
    return anomalies.length === 0 ? !done : done && isAnomaly(machine);
  };
  const found = states <= mostStates
    ? StateGraph.build(machine, new SearchState(machine, false), isGoal, mostStates, result.mostAlternatives)
      ?.shortest()
    : undefined;
  const schedule = found ? formatSchedule(found.path, hashSeed) : known;
  const { trace, preemptions, steps } = traceSchedule(make(hashSeed), schedule);
  const which = found ? t`the shortest schedule that goes wrong` : t`a schedule that goes wrong`;
  const n = machine.nrCpus,
    runs = runsOf(machine.tasks),
    on = n === 1 ? t`${which}; ${n} CPU, ${runs}` : t`${which}; ${n} CPUs, ${runs}`;
  return { schedule, steps, preemptions, shortest: found !== undefined, trace, on, how: t`simulated: ${on}` };
}

/**
 * Replays a schedule, to its end and no further, and says what each step did.
 *
 * @throws RangeError for a step of a task that is not there, is done or has to wait
 */
export function traceSchedule(machine: Machine, schedule: string) {
  const tracer = new Tracer(machine, { from: 0, to: Infinity }), path = schedule === "" ? [] : parseSchedule(schedule);
  let last = -1, preemptions = 0, steps = 0;
  for (const step of path) {
    if (machine.fault) break;
    const task = taskOf(step), alternative = alternativeOf(step);
    const enabled = machine.enabled();
    if (!enabled.includes(task)) {
      const others = enabled.join(" or ") || "none";
      throw new RangeError(`schedule: step ${steps} is for ${task}, which cannot go on there; ${others} can`);
    }
    steps++;
    if (task >= 0 && last >= 0 && last !== task && machine.isEnabled(last)) preemptions++;
    if (task >= 0) last = task;
    tracer.beforeStep(task, undefined, alternative);
    if (alternative > 0) machine.choose(task, alternative);
    else machine.step(task);
  }
  return { trace: tracer.finish(), preemptions, steps };
}
