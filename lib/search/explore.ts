/** Every schedule of a workload, or a clear word on where the search stopped. */
import { flushOf } from "../cpu/store_buffers.ts";
import { parallelism } from "../host/environment.ts";
import { DEFAULT_DEPTH } from "../workload/check_options.ts";
import { type Plan, plan, withoutBuffers } from "../workload/plan.ts";
import { Machine, type MachineOwnerOptions, UserStores } from "../machine/machine.ts";
import { HashLayouts } from "../maps/hash_layouts.ts";
import type { BpfObject, MapDef } from "../object/bpf_object.ts";
import { SeededRandom } from "../schedulers/random_numbers.ts";
import { withFilledMaps } from "../schedulers/filled_maps.ts";
import { formatSchedule, hashSeedOf } from "../schedulers/schedule.ts";
import { exploreAll, exploreSerial, type Limits, type SearchCost, type SearchOptions } from "./all_schedules.ts";
import { Ends } from "./ends.ts";
import { coverageOf } from "./coverage.ts";
import { Exploration, type ExploredOutcome, type ExploreOptions, type StuckEnd } from "./exploration.ts";
import { exploreUnderModel } from "./memory_model/explore_listing.ts";
import { reorderedIn, repairText, witnessText } from "./memory_model/witness_text.ts";
import { openConditions } from "./open_choices.ts";
import { neverRight } from "./reader_property.ts";
import { SearchState } from "./state.ts";
import { StateGraph } from "./state_graph.ts";
import { asymmetry } from "./symmetry.ts";
import { type Finding, judgeSkips, judgeStuck, judgeTrace } from "./verdicts.ts";
import { findWitness, traceSchedule } from "./witness.ts";
import { t } from "../words/translation.ts";

export {
  type Bounds,
  Exploration,
  type ExploredOutcome,
  type ExploreOptions,
  type StuckEnd,
  type Witness,
} from "./exploration.ts";

/** States up to which schedules are counted. */
const COUNT_STATES = 100_000;

/** Anomalies whose own witness is looked at for verdicts. */
const JUDGED_ANOMALIES = 8;

/** Layouts of hash maps that are searched. */
const MOST_LAYOUTS = 16;

/** Deadlocks and faults that are told apart, by their messages. */
const MOST_STUCK = 100;

const LIVELOCK = "from here on tasks take steps for ever, and no schedule leads to an end";
const TIMED = "; the kernel ends a loop with may_goto after a quarter of a second";

/**
 * Visits every schedule of a workload.
 *
 * Memory is that of x86 unless `memory` says otherwise: a store waits in the store buffer of its CPU, and the step that
 * moves it to memory is part of the schedule (`f1` is one of CPU 1's). Where no store of the workload can be told to
 * have waited, the search does without buffers and says so; `Never` is then, as always, a proof for that memory.
 *
 * @param object what `bpf` or `loadObject` gave
 * @param options the workload (default: 2 CPUs, 1 invocation each), the memory model, bounds, and the reader's own property
 * @returns outcomes, deadlocks, faults, and the shortest witness of an anomaly; `complete` says whether *Never* is a proof
 *
 * @example
 * ```ts
 * import { bpf, explore } from "interleave";
 * const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
 * const all = await explore(racy, { cpus: 2, invocations: 1 });
 * if (all.observation !== "Sometimes" || !all.complete) throw new Error("two CPUs can lose an update");
 * ```
 */
export async function explore(object: BpfObject, options: ExploreOptions = {}): Promise<Exploration> {
  return await explorePlan(withFilledMaps(plan(object, options, "explore"), options), options);
}

/** The machines of a search: what the kernel leaves open is branched over, and drawn where a run is only a sample. */
export function searchedMachine(
  plan: Plan,
  { models }: ExploreOptions,
  own: Pick<MachineOwnerOptions, "hashSeed" | "layouts" | "usersOnlyLoad"> = {},
): Machine {
  const numbers = new SeededRandom(1);
  return new Machine(plan, { ...own, models, branches: true, draw: (alternatives) => numbers.below(alternatives) });
}

const boundsText = ({ maxStates, maxDepth, seconds }: Limits): string =>
  t`none was hit (${maxStates.toLocaleString("en")} states, ${
    maxDepth.toLocaleString("en")
  } steps deep, ${seconds} seconds)`;

/** What tests and shards ask of a search beside a reader's options. */
export interface OwnOptions extends Pick<SearchOptions, "large"> {
  /** What visits the schedules with hash maps' seeds drawn from a number; default: {@link exploreAll}. */
  readonly exploreWith?: (hashSeed: number) => typeof exploreAll;
  /** Which part of a search this is; the answer is then unknown, whatever was found. */
  readonly part?: string;
  /** What its reader is to know of how it was done. */
  readonly remark?: string;
}

/** Visits every schedule of what has been checked and planned. */
export async function explorePlan(plan: Plan, options: ExploreOptions, own: OwnOptions = {}): Promise<Exploration> {
  if (plan.memory.model === "bpf") return await exploreExecutions(plan, options);
  // Shards would not agree on whether user space stores.
  if (plan.scIfUsersOnlyLoad && !own.exploreWith) {
    // Where no schedule without buffers has user space store, none with buffers has: they are the same ones.
    try {
      return await new PlanSearch(withoutBuffers(plan), options, own, true).run();
    } catch (error) {
      if (!(error instanceof UserStores)) throw error;
    }
  }
  return await new PlanSearch(plan, options, own, false).run();
}

/** Under the kernel's BPF memory model: no schedules, but all executions that its axioms allow (memory_model/). */
async function exploreExecutions(plan: Plan, options: ExploreOptions): Promise<Exploration> {
  const began = performance.now(), found = await exploreUnderModel(plan, "bpf", options);
  const result = new Exploration(searchedMachine(plan, options), options.holds ? "holds" : "serial", {
    used: false,
    reason: "executions are enumerated, not schedules",
  });
  result.outcomes = found.outcomes.map(({ sequential: _, ...outcome }) => ({
    ...outcome,
    skipped: 0,
    skips: [],
    witness: "",
  }));
  result.serial = found.outcomes.filter(({ serial }) => serial).map(({ values }) => values);
  result.executions = found.candidates;
  result.complete = found.complete;
  result.unknown = found.unknown;
  result.bounds = found.unknown === undefined ? t`none was hit` : t`stopped after ${found.unknown}`;
  result.explanation = [
    ...(found.witness ? [witnessText(found.witness)] : []),
    ...(found.repairs ? [repairText(found.repairs)] : []),
  ];
  result.reordered = found.witness ? reorderedIn(found.witness) : [];
  if (options.holds && result.observation === "Always") result.remark = neverRight(options.holds);
  result.seconds = (performance.now() - began) / 1000;
  return result;
}

/** The search of a plan under one layout of its hash maps after another, all of it told in one exploration. */
class PlanSearch {
  readonly #began = performance.now();
  readonly #limits: Limits;
  readonly #layouts = new HashLayouts();
  readonly #machine: Machine;
  readonly #result: Exploration;
  readonly #symmetric: boolean;
  /** Ends by the number that the seeds of a layout are drawn from; deadlocks and faults by what they say. */
  readonly #ends = new Map<number, Ends>();
  readonly #stuck = new Map<string, StuckEnd>();
  /** With the marks of what each layout's search ran. */
  readonly #machines: Machine[] = [];
  /** Whether an end came while something waited for a timer. */
  #leftAny = false;

  /** @param usersOnlyLoad ends with {@link UserStores} where user space stores */
  constructor(
    readonly plan: Plan,
    readonly options: ExploreOptions,
    readonly own: OwnOptions,
    readonly usersOnlyLoad: boolean,
  ) {
    const { bounds, symmetry, holds } = options, seconds = bounds?.seconds ?? 60;
    this.#limits = {
      maxStates: bounds?.states ?? 20_000_000,
      maxDepth: bounds?.depth ?? DEFAULT_DEPTH,
      until: this.#began + 1000 * seconds,
      seconds,
      memoryBytes: bounds?.memoryBytes ?? 2 ** 31,
    };
    this.#machine = this.#make(0);
    const reason = symmetry === false ? "switched off" : asymmetry(this.#machine);
    this.#symmetric = reason === undefined;
    this.#result = new Exploration(this.#machine, holds ? "holds" : "serial", { used: this.#symmetric, reason });
  }

  async run(): Promise<Exploration> {
    const result = this.#result, tried = await this.#searchLayouts();
    this.#tell(tried);
    if (result.complete && result.states <= COUNT_STATES / 5) this.#walkGraphs(tried);
    const make = (hashSeed = 0) => this.#make(hashSeed);
    result.witness = findWitness(make, result, (of) => this.#ends.get(of.options.hashSeed ?? 0)!.isAnomaly(of));
    result.verdicts = judge(make, result, this.plan.object.maps);
    result.seconds = (performance.now() - this.#began) / 1000;
    return result;
  }

  #make(hashSeed: number, plan = this.plan): Machine {
    const own = { hashSeed, layouts: this.#layouts, usersOnlyLoad: this.usersOnlyLoad };
    return searchedMachine(plan, this.options, own);
  }

  /** One layout, and others in which keys share other buckets, as many as there is time for; gives which. */
  async #searchLayouts(): Promise<number[]> {
    const result = this.#result, first = await this.#search(0), tried = [0];
    result.reduced = first.reduced;
    result.unknown = first.bound;
    result.complete = first.bound === undefined;
    const half = (this.#began + this.#limits.until) / 2;
    while (result.complete && tried.length < MOST_LAYOUTS && performance.now() < half) {
      const hashSeed = this.#layouts.another(tried);
      if (hashSeed === undefined || (await this.#search(hashSeed)).bound !== undefined) break;
      tried.push(hashSeed);
    }
    return tried;
  }

  /** Every schedule, with hash maps' seeds drawn from one number; the bound that was hit. */
  async #search(hashSeed: number): Promise<SearchCost> {
    const { plan, options, own } = this, result = this.#result, { onProgress, holds } = options;
    const serially = (of: Plan, symmetric: boolean) =>
      exploreSerial(this.#make(hashSeed, withoutBuffers(of)), this.#limits, { symmetric, onProgress });
    const ends = new Ends(plan, holds, hashSeed, await serially(plan, this.#symmetric));
    this.#ends.set(hashSeed, ends);
    const visit = own.exploreWith?.(hashSeed) ?? exploreAll;
    const how: SearchOptions = {
      symmetric: this.#symmetric,
      reduce: options.reduction !== false,
      onProgress,
      workers: options.workers ?? parallelism(),
      large: own.large,
      onAnew: () => {
        ends.forget();
        for (const [message, { witness }] of this.#stuck) {
          if (hashSeedOf(witness) === hashSeed) this.#stuck.delete(message);
        }
      },
    };
    const cost = await visit(() => this.#make(hashSeed), this.#limits, how, (end, at, path) => {
      this.#leftAny ||= at.kernel.async?.leftAny(at.memory) ?? false;
      if (end.kind === "done") return ends.add(at, path);
      const message = end.kind === "fault" ? at.fault!.message : at.describeDeadlock();
      if (this.#stuck.size >= MOST_STUCK || this.#stuck.has(message)) return;
      const witness = formatSchedule([...path, ...leftWaiting(at)], hashSeed);
      this.#stuck.set(message, { kind: end.kind, message, witness });
    });
    this.#machines.push(cost.machine);
    const compared = await ends.compareSkipping((happening) => serially(happening, false));
    result.states += cost.states;
    result.transitions += cost.transitions;
    result.bytes = Math.max(result.bytes, cost.bytes);
    result.mostAlternatives = Math.max(result.mostAlternatives, cost.mostAlternatives);
    const bound = cost.bound ?? (compared || holds ? undefined : "runs one after another where some are skipped");
    return { ...cost, bound };
  }

  /** What was found, and on which conditions. */
  #tell(tried: readonly number[]): void {
    const { plan, own, options: { holds } } = this, result = this.#result, ends = [...this.#ends.values()];
    if (own.part !== undefined) {
      result.complete = false;
      result.unknown ??= own.part;
    }
    result.serial = [...new Map(ends.flatMap(({ serial }) => [...serial ?? []])).values()];
    result.outcomes = joined(ends.flatMap(({ outcomes }) => outcomes));
    result.stuck = [...this.#stuck.values()];
    result.coverage = coverageOf(this.#machines, this.#symmetric);
    result.bounds = result.unknown === undefined ? boundsText(this.#limits) : t`stopped after ${result.unknown}`;
    const open = openConditions(this.#machine, this.#layouts, tried, this.#leftAny);
    result.openConditions = open.lines;
    result.coversOpen = open.complete;
    const remarks = [...(holds && result.observation === "Always" ? [neverRight(holds)] : []), ...plan.remarks];
    if (own.remark !== undefined) remarks.push(own.remark);
    if (remarks.length > 0) result.remark = remarks.join("\n");
  }

  /** How many schedules there are, and whether one goes on for ever: in small graphs of states. */
  #walkGraphs(tried: readonly number[]): void {
    const result = this.#result;
    for (const hashSeed of tried) {
      const machine = this.#make(hashSeed), state = new SearchState(machine, false);
      const graph = StateGraph.build(machine, state, () => true, COUNT_STATES, result.mostAlternatives);
      if (tried.length === 1) result.schedules = graph?.schedules();
      const path = graph?.livelock();
      if (!path) continue;
      const message = LIVELOCK + (machine.image.hasTimedLoops ? TIMED : "");
      result.stuck.push({ kind: "livelock", message, witness: formatSchedule(path, hashSeed) });
      return;
    }
  }
}

/** Ends of several layouts, each once; one that is an anomaly under one of them is one. */
function joined(outcomes: readonly ExploredOutcome[]): ExploredOutcome[] {
  const byKey = new Map<string, ExploredOutcome>();
  for (const outcome of outcomes) {
    const known = byKey.get(outcome.key);
    if (!known || (outcome.anomaly && !known.anomaly)) byKey.set(outcome.key, outcome);
  }
  return [...byKey.values()];
}

/**
 * Flushes that a fault has kept from coming, behind its schedule: they are not taken, but say that stores waited, which
 * a replay has to know.
 */
function leftWaiting({ buffers }: Machine): number[] {
  const cpus = Array.from({ length: buffers?.cpus ?? 0 }, (_, cpu) => cpu);
  return cpus.filter((cpu) => buffers!.count(cpu) > 0).map(flushOf);
}

/** Verdicts on the shortest witness first, then on the other anomalies' own. */
function judge(
  make: (hashSeed: number) => Machine,
  { witness, anomalies, stuck, property }: Exploration,
  maps: readonly MapDef[],
): Finding[] {
  const verdicts: Finding[] = stuck.map((end) => ({ ...judgeStuck(end.kind, end.message), witness: end.witness }));
  const traces = anomalies.length > 0 && witness ? [{ schedule: witness.schedule, trace: witness.trace }] : [];
  for (const { witness: schedule } of anomalies.slice(0, JUDGED_ANOMALIES)) {
    traces.push({ schedule, trace: traceSchedule(make(hashSeedOf(schedule)), schedule).trace });
  }
  for (const { schedule, trace } of traces) {
    const found = judgeTrace(trace, maps), skipped = property === "holds" ? judgeSkips(trace) : undefined;
    for (const verdict of skipped ? [...found, skipped] : found) verdicts.push({ ...verdict, witness: schedule });
  }
  const same = (a: Finding, b: Finding) => a.kind === b.kind && a.section === b.section;
  return verdicts.filter((verdict, i) => verdicts.findIndex((one) => same(one, verdict)) === i);
}
