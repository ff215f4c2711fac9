/** Every schedule of a workload, or a clear word on where the search stopped. */
import { DEFAULT_DEPTH } from "../workload/check_options.ts";
import { type Plan, plan } from "../workload/plan.ts";
import { Machine } from "../machine/machine.ts";
import { skipsKey, skipsOf, withoutSkipped } from "../machine/skips.ts";
import type { BpfObject, MapDef } from "../object/bpf_object.ts";
import { SeededRandom } from "../schedulers/random_numbers.ts";
import { formatSchedule } from "../schedulers/schedule.ts";
import { exploreAll, exploreSerial } from "./all_schedules.ts";
import { Exploration, type ExploredOutcome, type ExploreOptions, type StuckEnd } from "./exploration.ts";
import { endKey, outcomeKey } from "./outcome.ts";
import { askHolds, neverRight } from "./reader_property.ts";
import { SearchState } from "./state.ts";
import { StateGraph } from "./state_graph.ts";
import { asymmetry } from "./symmetry.ts";
import { type Finding, judgeSkips, judgeStuck, judgeTrace } from "./verdicts.ts";
import { findWitness, traceSchedule } from "./witness.ts";

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

/** Deadlocks and faults that are told apart, by their messages. */
const MOST_STUCK = 100;

const LIVELOCK = "from here on tasks take steps for ever, and no schedule leads to an end";

/**
 * Visits every schedule of a workload.
 *
 * @param object what `bpf` or `loadObject` gave
 * @param options the workload (default: 2 CPUs, 1 invocation each), bounds, and the reader's own property
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
  return await explorePlan(plan(object, options, "explore"), options);
}

/** The machines of a search: what the kernel leaves open is branched over, and drawn where a run is only a sample. */
export function searchedMachine(plan: Plan, { models }: ExploreOptions, hashSeed = 0): Machine {
  const numbers = new SeededRandom(1);
  return new Machine(plan, { models, branches: true, hashSeed, draw: (alternatives) => numbers.below(alternatives) });
}

/** Visits every schedule of what has been checked and planned. */
export async function explorePlan(plan: Plan, options: ExploreOptions): Promise<Exploration> {
  const make = () => searchedMachine(plan, options);
  const began = performance.now(), seconds = options.bounds?.seconds ?? 60;
  const limits = {
    maxStates: options.bounds?.states ?? 20_000_000,
    maxDepth: options.bounds?.depth ?? DEFAULT_DEPTH,
    until: began + 1000 * seconds,
    seconds,
    memoryBytes: options.bounds?.memoryBytes ?? 2 ** 31,
  };
  const machine = make();
  const reason = options.symmetry === false ? "switched off" : asymmetry(machine);
  const result = new Exploration(machine, options.holds ? "holds" : "serial", { used: !reason, reason });
  const serialOutcomes = await exploreSerial(make(), limits, { symmetric: !reason, onProgress: options.onProgress });
  result.serial = serialOutcomes ? [...serialOutcomes.values()] : [];

  const returnedOf = (of: Machine) =>
    Object.fromEntries(of.tasks.flatMap(({ user, returned }) => user === undefined ? [] : [[user, returned]]));
  const { holds, models } = options, mapNames = plan.object.maps.map(({ name }) => name);
  // By what is skipped: the ends of the runs that happen, one after another.
  const serialEnds = new Map([["", serialOutcomes]]), skipping = new Map<string, Plan>();
  const isAnomaly = (of: Machine) => {
    if (holds) return !askHolds(holds, of.kernel, returnedOf(of), mapNames);
    const ends = serialEnds.get(skipsKey(of));
    return ends !== undefined && !ends.has(endKey(of));
  };
  const reported = new Map<string, ExploredOutcome & { readonly end: string; readonly skipsKey: string }>(),
    stuck = new Map<string, StuckEnd>();
  // Which inner map user space made first is no part of an outcome, but a property may ask for it by name.
  const asksNames = holds !== undefined && plan.object.maps.some(({ inner }) => inner);
  const search = await exploreAll(
    make,
    limits,
    { symmetric: !reason, reduce: options.reduction !== false, onProgress: options.onProgress },
    (end, at, path) => {
      if (end.kind !== "done") {
        const message = end.kind === "fault" ? at.fault!.message : at.describeDeadlock();
        if (stuck.size < MOST_STUCK && !stuck.has(message)) {
          stuck.set(message, { kind: end.kind, message, witness: formatSchedule(path) });
        }
        return;
      }
      const key = outcomeKey(at), known = reported.get(key);
      if (known && (!asksNames || known.anomaly)) return;
      const anomaly = holds !== undefined && isAnomaly(at), skips = skipsOf(at), which = skipsKey(at);
      if (known && !anomaly) return;
      if (which !== "" && !skipping.has(which)) skipping.set(which, withoutSkipped(plan, at));
      const users = at.tasks.some((task) => task.kind === "user");
      reported.set(key, {
        key,
        values: at.kernel.values(),
        returned: users ? returnedOf(at) : undefined,
        skipped: skips.reduce((sum, { runs }) => sum + runs, 0),
        skips,
        serial: false,
        anomaly,
        end: endKey(at),
        skipsKey: which,
        witness: formatSchedule(path),
      });
    },
  );
  for (const [which, happened] of skipping) {
    const options = { symmetric: false };
    serialEnds.set(which, await exploreSerial(searchedMachine(happened, { models }), limits, options));
  }
  result.outcomes = [...reported.values()].map(({ end, skipsKey: which, ...outcome }) => {
    const ends = serialEnds.get(which), serial = ends?.has(end) ?? false;
    return { ...outcome, serial, anomaly: holds ? outcome.anomaly : ends !== undefined && !serial };
  });
  result.stuck = [...stuck.values()];
  result.states = search.states;
  result.transitions = search.transitions;
  result.bytes = search.bytes;
  result.reduced = search.reduced;
  result.mostAlternatives = search.mostAlternatives;
  const unfinished = [...skipping.keys()].some((which) => serialEnds.get(which) === undefined);
  result.unknown = search.bound ?? (unfinished && !holds ? "runs one after another where some are skipped" : undefined);
  result.complete = result.unknown === undefined;
  const remarks = [...(holds && result.observation === "Always" ? [neverRight(holds)] : []), ...plan.remarks];
  if (remarks.length > 0) result.remark = remarks.join("\n");

  if (result.complete && search.states <= COUNT_STATES / 5) {
    const fresh = make();
    const graph = StateGraph.build(
      fresh,
      new SearchState(fresh, false),
      () => true,
      COUNT_STATES,
      search.mostAlternatives,
    );
    result.schedules = graph?.schedules();
    const path = graph?.livelock();
    if (path) result.stuck.push({ kind: "livelock", message: LIVELOCK, witness: formatSchedule(path) });
  }
  result.witness = findWitness(make, result, isAnomaly);
  result.verdicts = judge(make, result, plan.object.maps);
  result.seconds = (performance.now() - began) / 1000;
  return result;
}

/** Verdicts on the shortest witness first, then on the other anomalies' own. */
function judge(
  make: () => Machine,
  { witness, anomalies, stuck, property }: Exploration,
  maps: readonly MapDef[],
): Finding[] {
  const verdicts: Finding[] = stuck.map((end) => ({ ...judgeStuck(end.kind, end.message), witness: end.witness }));
  const traces = anomalies.length > 0 && witness ? [{ schedule: witness.schedule, trace: witness.trace }] : [];
  for (const { witness: schedule } of anomalies.slice(0, JUDGED_ANOMALIES)) {
    traces.push({ schedule, trace: traceSchedule(make(), schedule).trace });
  }
  for (const { schedule, trace } of traces) {
    const found = judgeTrace(trace, maps), skipped = property === "holds" ? judgeSkips(trace) : undefined;
    for (const verdict of skipped ? [...found, skipped] : found) verdicts.push({ ...verdict, witness: schedule });
  }
  const same = (a: Finding, b: Finding) => a.kind === b.kind && a.section === b.section;
  return verdicts.filter((verdict, i) => verdicts.findIndex((one) => same(one, verdict)) === i);
}
