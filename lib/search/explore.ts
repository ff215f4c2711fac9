/** Every schedule of a workload, or a clear word on where the search stopped. */
import { admit } from "../backends/admission.ts";
import type { SimulateOptions } from "../backends/workload.ts";
import { Machine, type MachineOptions } from "../cpu/machine.ts";
import type { BpfObject } from "../object/bpf_object.ts";
import type { TraceStep, Values } from "../report/result.ts";
import { Tracer } from "../cpu/trace.ts";
import { replay } from "../schedulers/replay.ts";
import { runScheduler } from "../schedulers/run.ts";
import { formatSchedule } from "../schedulers/schedule.ts";
import { DepthFirst, type End } from "./depth_first.ts";
import { DisjointData } from "./disjoint_data.ts";
import { countSchedules, shortestSchedule } from "./shortest.ts";
import { describeReturned, SearchState } from "./state.ts";
import { asymmetry } from "./symmetry.ts";

/** What stops a search that is not done. */
export interface Bounds {
  /** Default 20 million. */
  readonly states?: number;
  /** Visible operations of one schedule. Default 100,000. */
  readonly depth?: number;
  /** Default 60. */
  readonly seconds?: number;
  /** Bytes of the search's own tables. Default 2 GiB. */
  readonly memoryBytes?: number;
}

export interface ExploreOptions extends Omit<SimulateOptions, "seed" | "scheduler"> {
  readonly bounds?: Bounds;
  /** The reader's own property of a final state; an end where it is false counts instead of a non-serial outcome. */
  readonly holds?: (values: Values, returned: Readonly<Record<string, unknown>>) => boolean;
  /** Off: do not use symmetry (state counts as SPIN stores them). */
  readonly symmetry?: boolean;
  /** Off: do not use partial-order reduction. Default off when schedules are to be counted. */
  readonly reduction?: boolean;
  readonly models?: MachineOptions["models"];
  /** Called several times a second. */
  readonly onProgress?: (progress: { states: number; share: number; seconds: number }) => void | Promise<void>;
}

export interface ExploredOutcome {
  readonly values: Values;
  /** What user actors returned, where there are any. */
  readonly returned?: Readonly<Record<string, unknown>>;
  /** Whether runs one after another can end here too. */
  readonly serial: boolean;
  /** Whether this is what the search is after: a non-serial outcome, or one for which `holds` is false. */
  readonly anomaly: boolean;
  /** A schedule that ends here. */
  readonly witness: string;
}

export interface StuckEnd {
  readonly kind: "deadlock" | "fault";
  readonly message: string;
  readonly witness: string;
}

/** A schedule to look at: it replays anywhere. */
export interface Witness {
  readonly schedule: string;
  readonly steps: number;
  readonly preemptions: number;
  /** False where the state space was too large to be sure that no shorter one exists. */
  readonly shortest: boolean;
  readonly trace: TraceStep[];
}

const SLICE_MS = 100;
/** States times tasks up to which the shortest witness is worked out. */
const SHORTEST_NODES = 400_000;
const COUNT_STATES = 100_000;

/** What all schedules of a workload can do. */
export class Exploration {
  readonly machine = "simulator";
  readonly program: string;
  readonly cpus: number;
  readonly invocations: number;
  /** Every schedule was covered: *Never* is a proof. */
  complete = false;
  /** The bound that was hit, when not complete. */
  unknown: string | undefined;
  states = 0;
  transitions = 0;
  /** How many schedules there are; undefined where they were not counted. */
  schedules: bigint | undefined;
  outcomes: ExploredOutcome[] = [];
  stuck: StuckEnd[] = [];
  serial: Values[] = [];
  /** Why the state count is what it is. */
  symmetry: { readonly used: boolean; readonly reason?: string };
  reduced = false;
  seconds = 0;
  bytes = 0;
  witness: Witness | undefined;

  constructor(machine: Machine, readonly property: string, symmetry: Exploration["symmetry"]) {
    this.program = machine.image.programs.map((program) => program.name).join(", ");
    this.cpus = machine.nrCpus;
    this.invocations = machine.workload.invocations ?? 1;
    this.symmetry = symmetry;
  }

  get anomalies(): ExploredOutcome[] {
    return this.outcomes.filter((outcome) => outcome.anomaly);
  }

  get deadlocks(): StuckEnd[] {
    return this.stuck.filter((end) => end.kind === "deadlock");
  }

  get faults(): StuckEnd[] {
    return this.stuck.filter((end) => end.kind === "fault");
  }

  /** Of the anomaly, over all ends. `Unknown`: none was found, and not everything was looked at. */
  get observation(): "Never" | "Sometimes" | "Always" | "Unknown" {
    const bad = this.anomalies.length + this.stuck.length, ends = this.outcomes.length + this.stuck.length;
    if (bad === 0) return this.complete ? "Never" : "Unknown";
    return bad === ends && this.complete ? "Always" : "Sometimes";
  }

  toJSON(): unknown {
    const { program, cpus, invocations, complete, unknown, states, transitions, schedules, observation, seconds } =
      this;
    return {
      program,
      cpus,
      invocations,
      complete,
      unknown,
      states,
      transitions,
      schedules,
      outcomes: this.outcomes,
      deadlocks: this.deadlocks,
      faults: this.faults,
      serial: this.serial,
      observation,
      symmetry: this.symmetry,
      reduced: this.reduced,
      seconds,
      witness: this.witness?.schedule,
    };
  }
}

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
  const workload = { ...options, invocations: options.invocations ?? 1 };
  admit(object, workload);
  const make = () => new Machine(object, workload, { models: options.models, nowNs: () => 1000 });
  const began = performance.now(), seconds = options.bounds?.seconds ?? 60;
  const limits = {
    maxStates: options.bounds?.states ?? 20_000_000,
    maxDepth: options.bounds?.depth ?? 100_000,
    until: began + 1000 * seconds,
    memoryBytes: options.bounds?.memoryBytes ?? 2 ** 31,
  };
  const machine = make();
  const reason = options.symmetry === false ? "switched off" : asymmetry(machine);
  const result = new Exploration(machine, options.holds ? "holds" : "serial", { used: !reason, reason });
  const serialOutcomes = await exploreSerial(make(), limits);
  result.serial = serialOutcomes ? [...serialOutcomes.values()] : [];

  const returnedOf = (of: Machine) =>
    Object.fromEntries(of.tasks.filter((t) => t.kind === "user").map((t) => [t.name.slice(5), t.returned]));
  const isAnomaly = (of: Machine) => {
    const values = of.kernel.values();
    if (options.holds) return !options.holds(values, returnedOf(of));
    return serialOutcomes !== undefined && !serialOutcomes.has(outcomeKey(of, values));
  };
  const reported = new Set<string>();
  const search = await exploreAll(
    make,
    machine,
    !reason,
    options.reduction !== false,
    limits,
    options,
    (end, at, path) => {
      if (end.kind !== "done") {
        const message = end.kind === "fault" ? at.fault!.message : at.describeDeadlock();
        if (result.stuck.length < 100) result.stuck.push({ kind: end.kind, message, witness: formatSchedule(path) });
        return;
      }
      const values = at.kernel.values(), key = outcomeKey(at, values);
      if (reported.has(key)) return;
      reported.add(key);
      const users = at.tasks.some((task) => task.kind === "user");
      result.outcomes.push({
        values,
        returned: users ? returnedOf(at) : undefined,
        serial: serialOutcomes?.has(key) ?? false,
        anomaly: isAnomaly(at),
        witness: formatSchedule(path),
      });
    },
  );
  result.states = search.states;
  result.transitions = search.transitions;
  result.bytes = search.bytes;
  result.reduced = search.reduced;
  result.unknown = search.bound;
  result.complete = search.bound === undefined;
  result.stuck = distinct(result.stuck);

  if (result.complete && search.states <= COUNT_STATES / 5) {
    const fresh = make();
    result.schedules = countSchedules(fresh, new SearchState(fresh, false), COUNT_STATES);
  }
  result.witness = findWitness(make, result, isAnomaly);
  result.seconds = (performance.now() - began) / 1000;
  return result;
}

interface Limits {
  readonly maxStates: number;
  readonly maxDepth: number;
  readonly until: number;
  readonly memoryBytes: number;
}

/** The outcomes of runs one after another, in every order; undefined when that could not be finished. */
async function exploreSerial(machine: Machine, limits: Limits): Promise<Map<string, Values> | undefined> {
  const outcomes = new Map<string, Values>(), state = new SearchState(machine, false);
  const search = new DepthFirst(machine, state, {
    serial: true,
    maxStates: limits.maxStates,
    maxDepth: limits.maxDepth,
    onEnd(end) {
      if (end.kind !== "done") return;
      const values = machine.kernel.values();
      outcomes.set(outcomeKey(machine, values), values);
    },
  });
  while (!search.finished) {
    search.run(performance.now() + SLICE_MS);
    if (search.bound || performance.now() > limits.until) return undefined;
    if (!search.finished) await pause();
  }
  return outcomes;
}

async function exploreAll(
  make: () => Machine,
  first: Machine,
  symmetric: boolean,
  reduce: boolean,
  limits: Limits,
  options: ExploreOptions,
  onOutcome: (end: End, machine: Machine, path: number[]) => void,
) {
  const began = performance.now(), data = reduce ? new DisjointData(make) : undefined;
  for (let machine = first;; machine = make()) {
    const state = new SearchState(machine, symmetric), seen = new Set<string>(), ends: [End, number[]][] = [];
    const pending: (() => void)[] = [];
    const search = new DepthFirst(machine, state, {
      maxStates: limits.maxStates,
      maxDepth: limits.maxDepth,
      isLocal: data?.useful ? data.watch(machine) : undefined,
      onEnd(end) {
        const key = `${end.kind} ${state.sharedA} ${state.sharedB} ${returnedKey(machine)} ${
          machine.fault?.message ?? ""
        }`;
        if (seen.has(key)) return;
        seen.add(key);
        ends.push([end, end.path()]);
        if (!data?.useful) onOutcome(end, machine, ends.at(-1)![1]);
        else {
          const path = ends.at(-1)![1], snapshot = machine.snapshot(), fault = machine.fault;
          pending.push(() => {
            machine.restore(snapshot);
            machine.fault = fault;
            onOutcome(end, machine, path);
          });
        }
      },
    });
    let bound: string | undefined;
    while (!search.finished && !bound) {
      const now = performance.now();
      search.run(Math.min(now + SLICE_MS, limits.until));
      if (search.finished) break;
      const bytes = search.visited.bytes + state.bytes;
      bound = search.bound === "states"
        ? `${limits.maxStates.toLocaleString("en")} states`
        : performance.now() > limits.until
        ? `${options.bounds?.seconds ?? 60} seconds`
        : bytes > limits.memoryBytes
        ? `${limits.memoryBytes} bytes of memory`
        : undefined;
      const seconds = (performance.now() - began) / 1000;
      await options.onProgress?.({ states: search.visited.size, share: search.progress, seconds });
      await pause();
    }
    if (data?.useful && !bound && data.learn()) continue;
    for (const report of pending) report();
    if (search.bound === "depth") bound ??= `${limits.maxDepth} steps deep`;
    return {
      states: search.visited.size,
      transitions: search.transitions,
      bytes: search.visited.bytes + state.bytes,
      reduced: data?.useful ?? false,
      bound,
    };
  }
}

function findWitness(
  make: () => Machine,
  result: Exploration,
  isAnomaly: (machine: Machine) => boolean,
): Witness | undefined {
  const stuck = result.stuck[0]?.witness, bad = result.anomalies[0]?.witness ?? stuck;
  if (bad === undefined) return undefined;
  const deadlock = result.anomalies.length === 0;
  const machine = make(), state = new SearchState(machine, false);
  const isGoal = () => {
    const done = !machine.fault && machine.tasks.every((task) => machine.isDone(task));
    return deadlock ? !done : done && isAnomaly(machine);
  };
  const found = result.states <= SHORTEST_NODES / machine.tasks.length
    ? shortestSchedule(machine, state, isGoal, SHORTEST_NODES)
    : undefined;
  const schedule = found ? formatSchedule(found.path) : bad;
  const { trace, preemptions, steps } = traceSchedule(make(), schedule);
  return { schedule, steps, preemptions, shortest: found !== undefined, trace };
}

/** Replays a schedule and says what each step did. */
export function traceSchedule(machine: Machine, schedule: string) {
  const tracer = new Tracer(machine, { from: 0, to: Infinity });
  let last = -1, preemptions = 0, steps = 0;
  runScheduler(machine, replay(schedule), 1, { steps: 10_000_000 }, (task) => {
    if (last >= 0 && last !== task && machine.isEnabled(last)) preemptions++;
    last = task;
    steps++;
    tracer.beforeStep(task);
  });
  return { trace: tracer.finish(), preemptions, steps };
}

function returnedKey(machine: Machine): string {
  return machine.tasks.map((task) => task.kind === "user" ? describeReturned(task.returned) : "").join(" ");
}

function outcomeKey(machine: Machine, values: Values): string {
  return `${Object.entries(values).map(([name, value]) => `${name}=${value}`).join(" ")} ${returnedKey(machine)}`;
}

function distinct(ends: readonly StuckEnd[]): StuckEnd[] {
  const byMessage = new Map<string, StuckEnd>();
  for (const end of ends) if (!byMessage.has(end.message)) byMessage.set(end.message, end);
  return [...byMessage.values()];
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
