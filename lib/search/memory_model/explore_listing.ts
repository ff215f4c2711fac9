/** C programs under an axiomatic model: every way in which their runs can end, and how the surprising ones come about. */
import { Machine } from "../../machine/machine.ts";
import type { Values } from "../../report/result.ts";
import { type Plan, withoutBuffers } from "../../workload/plan.ts";
import { exploreSerial } from "../all_schedules.ts";
import type { ExploreOptions } from "../exploration.ts";
import { outcomeKey } from "../outcome.ts";
import { askHolds } from "../reader_property.ts";
import type { Candidate } from "./candidate.ts";
import { type ExecutionLimits, executionLimits, forEachExecution, type Threads } from "./executions.ts";
import { explainExecution, type WeakWitness } from "./explain.ts";
import { listingThreads } from "./listing_threads.ts";
import { type AxiomaticModel, brokenAxiom } from "./model.ts";
import { axiomaticModels } from "./models.ts";
import { scModel } from "./sc_model.ts";
import { findRepairs, type TriedRepair } from "./repair.ts";
import { writeBytes } from "./shared_memory.ts";

const REPAIR_MS = 5000;

/** One way in which the runs can end. */
export interface ModelOutcome {
  /** Equal keys are equal outcomes; they are those of `explore`. */
  readonly key: string;
  readonly values: Values;
  /** Whether runs one after another can end here too. */
  readonly serial: boolean;
  /** Whether an order of all accesses can: sequential consistency. */
  readonly sequential: boolean;
  /** A non-serial outcome, or one for which `holds` is false. */
  readonly anomaly: boolean;
}

export interface ModelExploration {
  readonly model: AxiomaticModel["name"];
  /** The model in words. */
  readonly under: string;
  readonly outcomes: readonly ModelOutcome[];
  /** Of the anomaly. `Unknown`: none was found, and not everything was looked at. */
  readonly observation: "Never" | "Sometimes" | "Always" | "Unknown";
  /** Every execution was looked at: *Never* is a proof under the model. */
  readonly complete: boolean;
  /** The bound that was hit, when not complete. */
  readonly unknown?: string;
  /** Executions that were looked at. */
  readonly candidates: number;
  /** How an anomaly comes about that sequential consistency forbids, and what was tried against it. */
  readonly witness?: WeakWitness;
  readonly repairs?: readonly TriedRepair[];
}

/**
 * Works out what a workload can do under a memory model.
 *
 * @param plan programs on CPUs of their own, without helpers, interrupts and user space
 * @throws ModelRefusal where it does what the model has no rules for, with the line and the reason
 */
export async function exploreUnderModel(
  plan: Plan,
  memory: AxiomaticModel["name"],
  options: ExploreOptions = {},
): Promise<ModelExploration> {
  const model = axiomaticModels[memory], limits = executionLimits(options.bounds?.seconds);
  const machine = new Machine(withoutBuffers(plan), { models: options.models, nowNs: () => 1000 });
  const endings = new Endings(machine, plan), threads = listingThreads(plan, endings.initial);
  const { holds } = options, mapNames = plan.object.maps.map(({ name }) => name);
  const serial = await serialOutcomes(plan, options, limits);
  const isAnomaly = (key: string) =>
    holds ? !askHolds(holds, machine.kernel, {}, mapNames) : serial !== undefined && !serial.has(key);
  // Every execution that sequential consistency allows is allowed by the other models too.
  const sequential = new Set<string>(),
    reached = new Map<string, { values: Values; anomaly: boolean; by: Candidate }>();
  const { candidates, bound } = forEachExecution(threads, model, limits, (by) => {
    const key = endings.of(threads, by);
    if (!reached.has(key)) reached.set(key, { values: machine.kernel.values(), anomaly: isAnomaly(key), by });
    if (!sequential.has(key) && brokenAxiom(scModel.axioms, by) === undefined) sequential.add(key);
  });
  const outcomes = [...reached].map(([key, { values, anomaly }]): ModelOutcome => ({
    key,
    values,
    serial: serial?.has(key) ?? false,
    sequential: sequential.has(key),
    anomaly,
  }));
  const bad = outcomes.filter(({ anomaly }) => anomaly).length;
  const complete = bound === undefined && (holds !== undefined || serial !== undefined);
  const result: ModelExploration = {
    model: memory,
    under: model.title,
    outcomes,
    observation: bad === 0
      ? complete ? "Never" : "Unknown"
      : bad === outcomes.length && complete
      ? "Always"
      : "Sometimes",
    complete,
    unknown: bound ?? (complete ? undefined : "runs one after another did not come to an end"),
    candidates,
  };
  const surprise = outcomes.find(({ anomaly, sequential }) => anomaly && !sequential);
  const witness = surprise && bound === undefined
    ? explainExecution(reached.get(surprise.key)!.by, threads.threads, threads.memory, model)
    : undefined;
  if (!witness) return result;
  const until = { ...executionLimits(REPAIR_MS / 1000) };
  const repairs = findRepairs(witness, threads.threads, (changed) => {
    let happens = false;
    const { bound } = forEachExecution({ ...threads, threads: changed }, model, until, (candidate) => {
      const key = endings.of(threads, candidate);
      happens ||= isAnomaly(key) && !sequential.has(key);
    });
    return happens ? "Sometimes" : bound === undefined ? "Never" : "Unknown";
  }, until.until);
  return { ...result, witness, repairs };
}

async function serialOutcomes(
  plan: Plan,
  { models, symmetry }: ExploreOptions,
  { until }: ExecutionLimits,
): Promise<ReadonlySet<string> | undefined> {
  const machine = new Machine(withoutBuffers(plan), { models, nowNs: () => 1000 });
  const limits = { maxStates: 1_000_000, maxDepth: 1_000_000, until, seconds: 60, memoryBytes: 2 ** 30 };
  const outcomes = await exploreSerial(machine, limits, { symmetric: symmetry ?? false });
  return outcomes && new Set(outcomes.keys());
}

/** Puts the ends of executions into a machine's memory, so that they are named and compared as `explore` does it. */
class Endings {
  /** What each global data section begins with, by index of its map. */
  readonly initial = new Map<number, Uint8Array>();
  readonly #starts = new Map<number, number>();

  constructor(readonly machine: Machine, readonly plan: Plan) {
    plan.object.maps.forEach(({ data, valueSize }, map) => {
      if (!data) return;
      const start = Number(BigInt.asUintN(32, machine.kernel.valuePointer(map, 0)));
      this.#starts.set(map, start);
      this.initial.set(map, machine.memory.bytes.slice(start, start + valueSize));
    });
  }

  /** Key of the outcome; the machine holds it until the next one. */
  of({ memory }: Threads, candidate: Candidate): string {
    const { bytes } = this.machine.memory;
    for (const [map, start] of this.#starts) {
      const initial = this.initial.get(map)!, section = this.plan.object.maps[map].data!.section;
      bytes.set(initial, start);
      memory.cells.forEach(({ region, offset, bytes: size }, cell) => {
        const value = region.name === section ? candidate.finalOf(cell) : undefined;
        if (value !== undefined) writeBytes(bytes, start + offset, size, value);
      });
    }
    return outcomeKey(this.machine);
  }
}
