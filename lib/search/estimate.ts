/** How likely each scheduler is to find a bug that an exhaustive search has shown: sampled, beside the truth. */
import { plan, withoutBuffers } from "../workload/plan.ts";
import type { Machine } from "../machine/machine.ts";
import type { BpfObject } from "../object/bpf_object.ts";
import { textTable } from "../report/text_table.ts";
import { texts } from "../report/texts.ts";
import { pct, pctGuarantee } from "../schedulers/pct.ts";
import { roundRobin } from "../schedulers/round_robin.ts";
import { runScheduler } from "../schedulers/run.ts";
import { runClock } from "../schedulers/run_clock.ts";
import { runRandom } from "../schedulers/run_random.ts";
import { explorePlan, searchedMachine } from "./explore.ts";
import type { Exploration, ExploreOptions } from "./exploration.ts";
import { outcomeKey } from "./outcome.ts";
import { SearchState } from "./state.ts";
import { StateGraph } from "./state_graph.ts";
import { t } from "../words/translation.ts";

/** What to estimate: a search, and how often each scheduler tries. */
export interface EstimateOptions extends ExploreOptions {
  /** Runs of each scheduler; the seeds are 1 to this many. Default 1000. */
  readonly runs?: number;
  /** d of the PCT scheduler. Default 2. */
  readonly depth?: number;
}

/** How one scheduler did. */
export interface SchedulerEstimate {
  /** Its name. */
  readonly scheduler: string;
  /** Runs of it. */
  readonly runs: number;
  /** Runs that ended in an anomaly, a deadlock or a fault. */
  readonly found: number;
  /** found / runs, and where the true chance lies with 95 % confidence (Wilson's interval). */
  readonly share: number;
  /** Where the true chance lies with 95 % confidence: from, to. */
  readonly interval: readonly [number, number];
  /** The true chance, worked out from every schedule: for the random scheduler, where there are few enough states. */
  readonly truth?: number;
  /** The chance that the scheduler promises at least. */
  readonly promised?: number;
}

const MAX_GRAPH_STATES = 200_000, STEPS_OF_A_RUN = 1_000_000;

/**
 * What {@link estimate} found: what is true, and how often each scheduler shows it.
 *
 * @example
 * ```ts
 * import { bpf, type Estimate, estimate } from "interleave";
 * const exact = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { __sync_fetch_and_add(&counter, 1); return 0; }`;
 * const odds: Estimate = await estimate(exact, { cpus: 2, runs: 20 });
 * if (odds.schedulers.some(({ found }) => found > 0)) throw new Error("there is nothing to find");
 * ```
 */
export class Estimate {
  /** `estimate` makes it. */
  constructor(readonly exploration: Exploration, readonly schedulers: readonly SchedulerEstimate[]) {}

  /** The table as text. */
  toString(): string {
    const percent = (share: number | undefined) => share === undefined ? "-" : `${(100 * share).toFixed(2)} %`;
    const rows = this.schedulers.map(({ scheduler, runs, found, share, interval, truth, promised }) => [
      scheduler,
      t`${found} of ${runs}`,
      percent(share),
      t`${percent(interval[0])} to ${percent(interval[1])}`,
      percent(truth),
      percent(promised),
    ]);
    const header = [t`scheduler`, t`found in`, t`share`, t`95 % sure`, t`true chance`, t`promised at least`];
    const { observation, program, unknown, tellsNothing, conditions } = this.exploration;
    const why = unknown === undefined ? tellsNothing : t`not every schedule was covered: ${unknown}`;
    return [
      `${program}: ${observation}${why === undefined ? "" : ` (${why})`}`,
      textTable(header, rows),
      `${texts.proof.conditions}:`,
      ...conditions.map((line) => `  ${line}`),
    ].join("\n");
  }
}

/**
 * Explores a workload, then lets each scheduler run it many times and counts in how many runs the bug shows.
 *
 * @param object what `bpf` gave
 * @param options the workload (default: 2 CPUs, 1 invocation each), the bounds of the search, the number of runs
 * @returns for each scheduler the share of runs that show the bug, with its 95 % interval, and the true chance where known
 * @throws RefusedError as {@link explore} does
 * @example
 * ```ts
 * import { bpf, estimate } from "interleave";
 * const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
 * const odds = await estimate(racy, { cpus: 2, invocations: 1, runs: 200 });
 * if (odds.schedulers[0].truth !== 0.5) throw new Error(`${odds}`);
 * ```
 */
export async function estimate(object: BpfObject, options: EstimateOptions = {}): Promise<Estimate> {
  const { runs = 1000, depth = 2, ...searched } = options;
  const planned = plan(object, options, "estimate"), exploration = await explorePlan(planned, searched);
  // The search may have found that no store has to wait.
  const run = exploration.memory.buffered ? planned : withoutBuffers(planned);
  const make = () => searchedMachine(run, options);
  const bad = new Set(exploration.anomalies.map((outcome) => outcome.key));
  const isBug = (machine: Machine) =>
    machine.fault !== undefined || machine.tasks.some((task) => !machine.isDone(task)) ||
    bad.has(outcomeKey(machine));

  const graphMachine = make(), most = exploration.mostAlternatives;
  const graph = exploration.states <= MAX_GRAPH_STATES
    ? StateGraph.build(
      graphMachine,
      new SearchState(graphMachine, false),
      () => isBug(graphMachine),
      MAX_GRAPH_STATES,
      most,
    )
    : undefined;
  const sampler = new Sampler(make(), runs, isBug);
  const random = sampler.sample("random", (machine, seed) => runRandom(machine, seed, { steps: STEPS_OF_A_RUN }));
  const tasks = graphMachine.moves, steps = Math.max(sampler.longest, 1);
  const of = (scheduler: ReturnType<typeof pct>) => (machine: Machine, seed: number) =>
    runScheduler(machine, scheduler, seed, { steps: STEPS_OF_A_RUN });
  const pctScheduler = pct(depth, steps);
  return new Estimate(exploration, [
    { ...random, truth: exploration.complete ? graph?.chance() : undefined },
    { ...sampler.sample(pctScheduler.name, of(pctScheduler)), promised: pctGuarantee(tasks, steps, depth) },
    sampler.sample(roundRobin().name, of(roundRobin())),
    sampler.sample("clock", (machine, seed) => void runClock(machine, seed, { steps: STEPS_OF_A_RUN })),
  ]);
}

/** Runs one machine again and again from its first state. */
class Sampler {
  /** Steps of the longest run so far. */
  longest = 0;
  readonly #first;

  constructor(readonly machine: Machine, readonly runs: number, readonly isBug: (machine: Machine) => boolean) {
    this.#first = machine.snapshot();
  }

  sample(scheduler: string, run: (machine: Machine, seed: number) => void): SchedulerEstimate {
    const { machine, runs } = this;
    let found = 0;
    for (let seed = 1; seed <= runs; seed++) {
      machine.restore(this.#first);
      machine.steps = 0;
      machine.printed.length = 0;
      for (const task of machine.tasks) task.returned = undefined;
      run(machine, seed);
      this.longest = Math.max(this.longest, machine.steps);
      if (this.isBug(machine)) found++;
    }
    return { scheduler, runs, found, share: found / runs, interval: wilson(found, runs) };
  }
}

/** Wilson's score interval (1927) of a share, at 95 %. */
export function wilson(found: number, runs: number): readonly [number, number] {
  const z = 1.959_964, share = found / runs, scale = 1 + z * z / runs;
  const middle = (share + z * z / (2 * runs)) / scale;
  const half = z / scale * Math.sqrt(share * (1 - share) / runs + z * z / (4 * runs * runs));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}
