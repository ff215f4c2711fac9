/** The first machine: n simulated CPUs, deterministic and replayable. */
import type { Kernel } from "../bpf_helpers/kernel.ts";
import type { MachineOptions } from "../machine/machine.ts";
import { skipsOf } from "../machine/skips.ts";
import type { BpfObject } from "../object/bpf_object.ts";
import { type Losses, lossesOf } from "./lost_updates.ts";
import type { Coverage } from "../report/coverage.ts";
import { runsOf } from "../report/runs.ts";
import type { Fault, ModelRange, Result, SkippedRuns, Timing, TraceStep, Values } from "../report/result.ts";
import { warningText } from "../verifier/verdict_text.ts";
import type { Image } from "../machine/image.ts";
import { codeCoverage, marksOf } from "../search/coverage.ts";
import { type Plan, plan } from "../workload/plan.ts";
import type { MemoryReport } from "../workload/memory_model.ts";
import { affordableRuns } from "../schedulers/affordable_runs.ts";
import { withFilledMaps } from "../schedulers/filled_maps.ts";
import type { SimulateOptions } from "./simulate_options.ts";
import { type Ended, type RunChoices, SimulatedRun } from "./simulated_run.ts";
import { t } from "../words/translation.ts";

/** What a simulation says of itself as JSON. */
const REPORTED = [
  ...[
    "program",
    "cpus",
    "invocations",
    "seed",
    "memory",
    "serial",
    "final",
    "lost",
    "orderDependent",
    "skipped",
  ] as const,
  ...["fault", "printed", "steps", "insns", "nsPerOp", "timing", "range", "remarks", "how", "warnings"] as const,
  ...["conditions", "coverage"] as const,
] as const;

/** Which steps of a run to trace. */
export interface TraceWindow {
  /** The first one; steps count from 0, which is the default. */
  readonly from?: number;
  /** How many steps. Default 20,000. */
  readonly steps?: number;
}

/**
 * A finished simulation: a {@link Result} that can be replayed for a trace or for its schedule. `simulate` makes it.
 *
 * @example
 * ```ts
 * import { bpf, replay, simulate } from "interleave";
 * const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
 * const options = { cpus: 2, invocations: 10, seed: 5 };
 * const run = await simulate(racy, options);
 * const again = await simulate(racy, { ...options, scheduler: replay(run.schedule()) });
 * if (again.final.counter !== run.final.counter) throw new Error("a schedule replays the run");
 * ```
 */
export class Simulation implements Result {
  /** Always the simulator. */
  readonly machine = "simulator";
  /** Names of the programs that ran, separated by commas. */
  readonly program: string;
  /** Simulated CPUs. */
  readonly cpus: number;
  /** Runs per CPU. */
  readonly invocations: number;
  /** How often what ran, in words: programs may have numbers of their own. */
  readonly runs: string;
  /** Seed of the schedule, and of what the kernel leaves open. */
  readonly seed: number;
  /** The memory model, and whether the programs can tell it from sequential consistency. */
  readonly memory: MemoryReport;
  /** Shared state before the run. */
  readonly initial: Values;
  /** What one run after another gives; undefined when the run cannot be repeated that way. */
  readonly serial: Values | undefined;
  /** Shared state at the end. */
  readonly final: Values;
  /**
   * Whether the final state is another than that of one run after another, in any byte; false where that run cannot be
   * made.
   */
  readonly anomaly: boolean;
  /** The share of updates that were overwritten unseen, 0 to 1; see {@link Result.lost}. */
  readonly lost: number;
  /** Runs that the kernel would have skipped (recursion_misses): `serial` and `lost` are of those that happened. */
  readonly skipped: number;
  /** The same by program and CPU. */
  readonly skips: readonly SkippedRuns[];
  /** Names whose value depends on the order of runs, the clock or random numbers, where the end is not the serial one. */
  readonly orderDependent: readonly string[];
  /** Why the run ended early, when it did. */
  readonly fault: Fault | undefined;
  /** Lines of bpf_printk. */
  readonly printed: readonly string[];
  /** Visible operations. */
  readonly steps: number;
  /** Instructions, of programs only. */
  readonly insns: number;
  /** What was simulated, as a figure names its source. */
  readonly on: string;
  /** How it was done, in one sentence. */
  readonly how: string;
  /** Nanoseconds per run by the profile; undefined without one. */
  readonly nsPerOp: number | undefined;
  /** More about time, when the run was under a profile. */
  readonly timing: Timing | undefined;
  /** What each user actor's body returned, by name. */
  readonly returned: Readonly<Record<string, unknown>>;
  /** What the reader may have overlooked, in sentences. */
  readonly remarks: readonly string[];
  /** What the kernel accepts although it is open what it does, with C lines. */
  readonly warnings: readonly string[];
  readonly #run: SimulatedRun;
  readonly #image: Image;
  readonly #marks: Uint8Array;
  readonly #markedSteps: number | undefined;

  /** Of a run that has ended; use `simulate`, which asks the verifier and runs. */
  constructor(
    run: SimulatedRun,
    { machine, initial, timing, nsPerOp }: Ended,
    serial: Kernel | undefined,
    { lost, orderDependent }: Losses,
  ) {
    this.#run = run;
    this.#image = machine.image;
    this.#marks = marksOf(machine).slice();
    this.#markedSteps = machine.markedSteps;
    this.cpus = run.plan.nrCpus;
    this.invocations = run.plan.invocations;
    this.seed = run.seed;
    this.warnings = run.plan.warnings.map(warningText);
    this.memory = run.memory;
    this.runs = runsOf(machine.tasks);
    this.program = machine.image.programs.map((program) => program.name).join(", ");
    this.initial = initial;
    this.timing = timing;
    this.nsPerOp = nsPerOp;
    this.final = machine.kernel.values();
    this.remarks = run.plan.remarks;
    this.skips = skipsOf(machine);
    this.skipped = this.skips.reduce((sum, { runs }) => sum + runs, 0);
    this.fault = machine.fault;
    this.printed = machine.printed.map(({ text }) => text);
    this.steps = machine.steps;
    this.insns = machine.insns;
    this.returned = Object.fromEntries(
      machine.tasks.flatMap(({ user, returned }) => user === undefined ? [] : [[user, returned]]),
    );
    this.serial = serial?.values();
    this.anomaly = serial !== undefined && serial.stateKey() !== machine.kernel.stateKey();
    this.lost = lost;
    this.orderDependent = orderDependent;
    const pace = run.profile ? t`at the pace of ${run.profile.name}` : describeScheduler(run.scheduler);
    this.on = this.cpus === 1
      ? t`${this.cpus} CPU, ${this.runs}, ${pace}, seed ${this.seed}`
      : t`${this.cpus} CPUs, ${this.runs}, ${pace}, seed ${this.seed}`;
    this.how = t`simulated: ${this.on}`;
  }

  /**
   * Between what values time and losses lie, by some more and shorter runs with lines that are faster and slower; under a
   * profile, of several CPUs without user space.
   */
  get range(): ModelRange | undefined {
    return this.#range ??= this.#run.range(this.nsPerOp, this.lost);
  }
  #range: ModelRange | undefined;

  /** What the result takes as given, a line for each. */
  get conditions(): readonly string[] {
    return this.#run.conditions();
  }

  /** Which C lines and branches ran; of a long random run, in its first steps. */
  get coverage(): Coverage {
    const { plan } = this.#run;
    return { steps: this.#markedSteps, ...codeCoverage(this.#image, this.#marks, plan.tasks.length, plan.object) };
  }

  /**
   * Runs the simulation again and records what each step did.
   *
   * @returns the steps of the window in order
   */
  trace({ from = 0, steps = 20_000 }: TraceWindow = {}): TraceStep[] {
    return this.#run.trace({ from, to: from + steps });
  }

  /**
   * The schedule as text, which `replay` takes on any machine: which task took each step.
   *
   * @throws WorkloadError for a run under a profile: its stores take effect later than their steps
   */
  schedule(): string {
    return this.#run.schedule();
  }

  /** What `simulate --json` prints. */
  toJSON(): unknown {
    return Object.fromEntries(REPORTED.map((name) => [name, this[name]]));
  }
}

/** Runs what has been checked and planned. */
export async function simulatePlan(plan: Plan, choices: RunChoices): Promise<Simulation> {
  const run = new SimulatedRun(plan, choices), ended = run.run();
  const serial = await run.serial(ended);
  return new Simulation(run, ended, serial, await lossesOf(run, ended, serial));
}

/**
 * Runs programs on simulated CPUs.
 *
 * @param object what `bpf` or `loadObject` gave
 * @param options CPUs, invocations per CPU, scheduler, seed, interrupts, user-space actors
 * @returns what the run ended with, what one after another would have given, and how much was lost
 * @throws WorkloadError when the workload can't be run as asked
 * @throws RefusedError when the verifier refuses one of its programs
 *
 * @example
 * ```ts
 * import { bpf, simulate } from "interleave";
 * const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
 * const run = await simulate(racy, { cpus: 2, invocations: 100, seed: 1 });
 * if (run.serial?.counter !== 200n) throw new Error("two times a hundred");
 * ```
 */
export async function simulate(
  object: BpfObject,
  options: SimulateOptions & MachineOptions = {},
): Promise<Simulation> {
  return await simulatePlan(affordable(withFilledMaps(plan(object, options), options), object, options), options);
}

/** The plan with fewer runs where the reader asks for no number of them, and each is long. */
function affordable(planned: Plan, object: BpfObject, options: SimulateOptions & MachineOptions): Plan {
  const { invocations, scheduler, profile, programs = [] } = options, isGiven = invocations !== undefined;
  if (
    isGiven || scheduler || profile || programs.some((run) => typeof run !== "string" && run.invocations !== undefined)
  ) {
    return planned;
  }
  const runs = affordableRuns(planned, options, planned.invocations);
  if (runs === planned.invocations) return planned;
  const { tasks, workload: { prepare }, filled } = planned, fewer = plan(object, { ...options, invocations: runs });
  const remark =
    `Runs are long here: ${runs} of each on each CPU, not ${planned.invocations.toLocaleString("en-US")} ` +
    "(invocations, --invocations, says otherwise)";
  return tasks.length !== fewer.tasks.length ? planned : {
    ...fewer,
    workload: { ...fewer.workload, prepare },
    filled,
    remarks: [...fewer.remarks, remark],
  };
}

function describeScheduler(scheduler: SimulateOptions["scheduler"] = "random"): string {
  if (scheduler === "random") return t`random schedule`;
  if (scheduler === "clock") return t`smallest clock first`;
  if (scheduler === "round_robin") return t`round robin`;
  return typeof scheduler === "string" ? scheduler : scheduler.name;
}
