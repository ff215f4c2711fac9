/** What an exhaustive search is asked and what it answers. */
import { conditionsOf } from "../workload/conditions.ts";
import type { Plan } from "../workload/plan.ts";
import type { Workload } from "../workload/workload.ts";
import type { Machine, MachineOptions } from "../machine/machine.ts";
import { drawnContexts } from "../machine/traced_contexts.ts";
import type { Coverage } from "../report/coverage.ts";
import type { MemoryReport } from "../workload/memory_model.ts";
import type { SkippedRuns, TraceStep, Values } from "../report/result.ts";
import { runsOf } from "../report/runs.ts";
import { warningText } from "../verifier/verdict_text.ts";
import type { Finding } from "./verdicts.ts";
import { t } from "../words/translation.ts";

/** What stops a search that is not done. */
export interface Bounds {
  /** States that differ. Default 20 million. */
  readonly states?: number;
  /** Visible operations of one schedule. Default 100,000. */
  readonly depth?: number;
  /** Time of the search. Default 60. */
  readonly seconds?: number;
  /** Bytes of the search's own tables. Default 2 GiB. */
  readonly memoryBytes?: number;
}

/**
 * What to search: a workload, when to stop, and what counts as wrong.
 *
 * @example
 * ```ts
 * import { bpf, explore, type ExploreOptions } from "interleave";
 * const exact = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { __sync_fetch_and_add(&counter, 1); return 0; }`;
 * const options: ExploreOptions = { cpus: 3, invocations: 1, holds: (values) => values.counter === 3n };
 * if ((await explore(exact, options)).observation !== "Never") throw new Error("three atomic adds make three");
 * ```
 */
export interface ExploreOptions extends Workload {
  /** Where to stop; what is not finished then is reported as unknown. */
  readonly bounds?: Bounds;
  /** The reader's own property of a final state; an end where it is false counts instead of a non-serial outcome. */
  readonly holds?: (values: Values, returned: Readonly<Record<string, unknown>>) => boolean;
  /** Off: do not use symmetry (state counts as SPIN stores them). */
  readonly symmetry?: boolean;
  /** Off: do not use partial-order reduction. Default off when schedules are to be counted. */
  readonly reduction?: boolean;
  /** Models of the reader's own for helpers, by kernel name. */
  readonly models?: MachineOptions["models"];
  /**
   * Threads that a large search is shared by; default: one for each core of this computer. 1 keeps to the main thread.
   * The answer is the same, but for a search that stops at a bound: which part of the states it has seen then differs.
   */
  readonly workers?: number;
  /** Called several times a second. */
  readonly onProgress?: (progress: { states: number; share: number; seconds: number }) => void | Promise<void>;
}

/** One way in which a workload can end. */
export interface ExploredOutcome {
  /** Tells outcomes apart: equal keys are equal outcomes (all_schedules.ts). */
  readonly key: string;
  /** Shared state at this end. */
  readonly values: Values;
  /** What user actors returned, where there are any. */
  readonly returned?: Readonly<Record<string, unknown>>;
  /** Runs that the kernel skips on the way here, and which: such an outcome is held against the runs that happened. */
  readonly skipped: number;
  /** Which runs were skipped. */
  readonly skips: readonly SkippedRuns[];
  /** Whether runs one after another can end here too. */
  readonly serial: boolean;
  /** Whether this is what the search is after: a non-serial outcome, or one for which `holds` is false. */
  readonly anomaly: boolean;
  /** A schedule that ends here. */
  readonly witness: string;
}

/** No way on: every task waits, one did what is not allowed, or no schedule ever leads to an end. */
export interface StuckEnd {
  /** What keeps it from an end. */
  readonly kind: "deadlock" | "fault" | "livelock";
  /** What happened, for the reader. */
  readonly message: string;
  /** A schedule that gets stuck so. */
  readonly witness: string;
}

/** A schedule to look at: it replays anywhere. */
export interface Witness {
  /** Which task takes each step, as {@link replay} takes it. */
  readonly schedule: string;
  /** Visible operations of the schedule. */
  readonly steps: number;
  /** How often a task that could have gone on had to stop. */
  readonly preemptions: number;
  /** False where the state space was too large to be sure that no shorter one exists. */
  readonly shortest: boolean;
  /** Its steps, one by one. */
  readonly trace: TraceStep[];
  /** What was simulated, as a figure names its source. */
  readonly on: string;
  /** Where it comes from, in words. */
  readonly how: string;
}

/**
 * What all schedules of a workload can do. `explore` makes it.
 *
 * @example
 * ```ts
 * import { bpf, explore, replay, simulate } from "interleave";
 * const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
 * const { outcomes, witness } = await explore(racy, { cpus: 2, invocations: 1 });
 * const ends = outcomes.map(({ values }) => values.counter).sort().join(", ");
 * const again = await simulate(racy, { cpus: 2, invocations: 1, scheduler: replay(witness!.schedule) });
 * if (ends !== "1, 2" || again.final.counter !== 1n) throw new Error("the witness replays the lost update");
 * ```
 */
export class Exploration {
  /** Always the simulator. */
  readonly machine = "simulator";
  /** The memory model that it holds under, and whether the programs can tell it from sequential consistency. */
  readonly memory: MemoryReport;
  /** Names of the programs that run, separated by commas. */
  readonly program: string;
  /** Simulated CPUs. */
  readonly cpus: number;
  /** Runs per CPU. */
  readonly invocations: number;
  /** How often what ran, in words: programs may have numbers of their own. */
  readonly runs: string;
  /** Every schedule was covered: *Never* is a proof, of what {@link openConditions} name. */
  complete = false;
  /** The bound that was hit, when not complete. */
  unknown: string | undefined;
  /** States that differ, and steps between them. */
  states = 0;
  /** Steps between states. */
  transitions = 0;
  /** Under a memory model of executions instead of schedules: how many were looked at. */
  executions: number | undefined;
  /** Under such a model: how an anomaly comes about that sequential consistency forbids, and what mends it, in words. */
  explanation: readonly string[] = [];
  /** The same, of two lines of a program each: what the model does not keep in their order, and why. */
  reordered: readonly { readonly earlier: string; readonly later: string; readonly why: string }[] = [];
  /** The most alternatives that the kernel left open in one step; 1 where it left nothing open. */
  mostAlternatives = 1;
  /** How many schedules there are; undefined where they were not counted. */
  schedules: bigint | undefined;
  /** Every way to end, each once. */
  outcomes: ExploredOutcome[] = [];
  /** Deadlocks, faults, livelocks. */
  stuck: StuckEnd[] = [];
  /** The ends of runs one after another, in every order. */
  serial: Values[] = [];
  /** What the kernel accepts although it is open what it does, with C lines. */
  readonly warnings: readonly string[];
  /** What was covered of all that the kernel leaves open (hash seeds, random numbers, time), a line each. */
  openConditions: readonly string[] = [];
  /** Whether that was all of it: else *Never* holds for what these lines name, and says nothing of the rest. */
  coversOpen = true;
  /** Why the state count is what it is. */
  symmetry: { readonly used: boolean; readonly reason?: string };
  /** Whether orders of operations on disjoint data were left out (partial-order reduction). */
  reduced = false;
  /** What the reader may have overlooked, in a sentence. */
  remark: string | undefined;
  /** Where the search stopped or was to stop, in words. */
  bounds = "";
  /** Which lines and branches ran, and which data several contexts touched, over all that was visited. */
  coverage: Coverage | undefined;
  /** What the search took: time, and bytes of its tables. */
  seconds = 0;
  /** Bytes that the states took. */
  bytes = 0;
  /** The shortest schedule to an anomaly, a deadlock or a fault; undefined when there is none. */
  witness: Witness | undefined;

  /** What the anomalies and the stuck schedules are, by name: one of each kind and section of the document. */
  verdicts: readonly Finding[] = [];

  readonly #plan: Plan;
  readonly #models: MachineOptions["models"];

  /** Made by `explore`. */
  constructor(machine: Machine, readonly property: string, symmetry: Exploration["symmetry"]) {
    this.#plan = machine.plan;
    this.#models = machine.options.models;
    this.program = machine.image.programs.map((program) => program.name).join(", ");
    this.cpus = machine.nrCpus;
    this.invocations = machine.plan.invocations;
    this.memory = machine.plan.memory;
    this.runs = runsOf(machine.tasks);
    this.symmetry = symmetry;
    this.warnings = machine.plan.warnings.map(warningText);
  }

  /** Outcomes that the search is after. */
  get anomalies(): ExploredOutcome[] {
    return this.outcomes.filter((outcome) => outcome.anomaly);
  }

  /** The most runs that the kernel skips on the way to any outcome. */
  get skipped(): number {
    return Math.max(0, ...this.outcomes.map(({ skipped }) => skipped));
  }

  /** Ends in which every task waits. */
  get deadlocks(): StuckEnd[] {
    return this.stuck.filter((end) => end.kind === "deadlock");
  }

  /** Schedules that never end. */
  get livelocks(): StuckEnd[] {
    return this.stuck.filter((end) => end.kind === "livelock");
  }

  /** Ends by a fault of a program. */
  get faults(): StuckEnd[] {
    return this.stuck.filter((end) => end.kind === "fault");
  }

  /** What the answer takes as given, a line for each: memory model, what the kernel leaves open, contexts, bounds. */
  get conditions(): readonly string[] {
    const { memory, openConditions, bounds } = this;
    const drawn = { by: t`the seed (others not tried)`, programs: drawnContexts(this.#plan) };
    return conditionsOf(this.#plan, { memory: memory.text, open: openConditions, models: this.#models, drawn, bounds });
  }

  /**
   * Why a complete search that found nothing says nothing about races: no context wrote what another one touched. Undefined
   * where one did.
   */
  get tellsNothing(): string | undefined {
    return this.complete ? this.coverage?.tellsNothing : undefined;
  }

  /**
   * Of the anomaly, over all ends. `Unknown`: none was found, and not everything was looked at, or no context wrote what
   * another one touched (`tellsNothing` says what is lacking), unless each CPU wrote its own copy of a per-CPU map, or the
   * entry of its own number.
   */
  get observation(): "Never" | "Sometimes" | "Always" | "Unknown" {
    const bad = this.anomalies.length + this.stuck.length, ends = this.outcomes.length + this.stuck.length;
    if (bad === 0) return this.complete && !this.#isEmpty ? "Never" : "Unknown";
    return bad === ends && this.complete ? "Always" : "Sometimes";
  }

  /** A reader's own property is asked of every end, whoever wrote what. */
  get #isEmpty(): boolean {
    const { coverage } = this;
    if (this.property !== "serial" || coverage?.tellsNothing === undefined) return false;
    const own = coverage.own ?? [], writers = new Set(own.flatMap(({ writers }) => writers));
    const areApart = own.every(({ perCpu, byCpu }) => perCpu || byCpu);
    // One context alone has none to race with, and these are apart whatever the contexts; other keys meet with other ones.
    return coverage.contexts > 1 && (writers.size < 2 || !areApart) || writers.size < 1;
  }

  /** What `explore --json` prints. */
  toJSON(): unknown {
    const {
      program,
      cpus,
      invocations,
      memory,
      complete,
      unknown,
      states,
      transitions,
      schedules,
      observation,
      seconds,
    } = this;
    return {
      program,
      cpus,
      invocations,
      memory,
      complete,
      unknown,
      states,
      transitions,
      schedules,
      skipped: this.skipped,
      outcomes: this.outcomes.map(({ key: _key, ...outcome }) => outcome),
      deadlocks: this.deadlocks,
      faults: this.faults,
      livelocks: this.livelocks,
      serial: this.serial,
      observation,
      symmetry: this.symmetry,
      reduced: this.reduced,
      seconds,
      openConditions: this.openConditions,
      coversOpen: this.coversOpen,
      warnings: this.warnings,
      witness: this.witness?.schedule,
      verdicts: this.verdicts,
      tellsNothing: this.tellsNothing,
      executions: this.executions,
      explanation: this.explanation,
      conditions: this.conditions,
      coverage: this.coverage,
    };
  }
}
