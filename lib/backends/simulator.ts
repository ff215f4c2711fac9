/** The first machine: n simulated CPUs, deterministic and replayable. */
import type { Kernel } from "../bpf_helpers/kernel.ts";
import type { Profile } from "../cost/profile.ts";
import { profileNamed } from "../cost/profiles.ts";
import { TimedMachine } from "../cost/timed_run.ts";
import { Machine, type MachineOptions, type MachineOwnerOptions } from "../machine/machine.ts";
import { type Plan, plan, WorkloadError } from "../workload/plan.ts";
import { Tracer } from "../machine/trace.ts";
import type { BpfObject } from "../object/bpf_object.ts";
import { lostFraction } from "../report/lost.ts";
import { runsOf } from "../report/runs.ts";
import type { Fault, Result, Timing, TraceStep, Values } from "../report/result.ts";
import { pct } from "../schedulers/pct.ts";
import { roundRobin } from "../schedulers/round_robin.ts";
import { countChoices, DEFAULT_STEPS, runScheduler } from "../schedulers/run.ts";
import { runClock } from "../schedulers/run_clock.ts";
import { type RandomRunObserver, runRandom } from "../schedulers/run_random.ts";
import { runSerial } from "../schedulers/run_serial.ts";
import { formatSchedule } from "../schedulers/schedule.ts";
import type { Scheduler } from "../schedulers/scheduler.ts";
import { checkTimedRuns } from "../workload/check_options.ts";
import type { SimulateOptions } from "./simulate_options.ts";

/** What a simulation says of itself as JSON. */
const REPORTED = [
  ...["program", "cpus", "invocations", "seed", "serial", "final", "lost", "fault", "printed"] as const,
  ...["steps", "insns", "nsPerOp", "timing", "how"] as const,
] as const;

/** Of runs whose scheduler is asked before each step: these are ten times slower. */
const DEFAULT_STEPS_IN_TURN = DEFAULT_STEPS / 10;

/** Which steps of a run to trace. */
export interface TraceWindow {
  /** The first one; steps count from 0, which is the default. */
  readonly from?: number;
  /** How many steps. Default 20,000. */
  readonly steps?: number;
}

/** How a planned workload is run: what of the options is no part of the plan. */
export type RunChoices = Pick<SimulateOptions, "seed" | "scheduler" | "profile"> & MachineOptions;

/** A run that has come to its end, and the machine that it left. */
interface Ended {
  readonly machine: Machine;
  readonly initial: Values;
  readonly timing: Timing | undefined;
  readonly nsPerOp: number | undefined;
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
  readonly machine = "simulator";
  /** Names of the programs that ran, separated by commas. */
  readonly program: string;
  readonly cpus: number;
  /** Runs per CPU. */
  readonly invocations: number;
  /** How often what ran, in words: programs may have numbers of their own. */
  readonly runs: string;
  readonly seed: number;
  /** Shared state before the run. */
  readonly initial: Values;
  /** What one run after another gives; undefined when the run cannot be repeated that way. */
  readonly serial: Values | undefined;
  /** Shared state at the end. */
  readonly final: Values;
  /** How far counters fall short of the serial value, 0 to 1. */
  readonly lost: number;
  /** Why the run ended early, when it did. */
  readonly fault: Fault | undefined;
  /** Lines of bpf_printk. */
  readonly printed: readonly string[];
  /** Visible operations. */
  readonly steps: number;
  /** Instructions, of programs only. */
  readonly insns: number;
  /** How it was done, in one sentence. */
  readonly how: string;
  /** Nanoseconds per run by the profile; undefined without one. */
  readonly nsPerOp: number | undefined;
  /** More about time, when the run was under a profile. */
  readonly timing: Timing | undefined;
  /** What each user actor's body returned, by name. */
  readonly returned: Readonly<Record<string, unknown>>;
  readonly #run: SimulatedRun;

  /** Of a run that has ended; use `simulate`, which asks the verifier and runs. */
  constructor(run: SimulatedRun, { machine, initial, timing, nsPerOp }: Ended, serial: Values | undefined) {
    this.#run = run;
    this.cpus = run.plan.nrCpus;
    this.invocations = run.plan.invocations;
    this.seed = run.seed;
    this.runs = runsOf(machine.tasks);
    this.program = machine.image.programs.map((program) => program.name).join(", ");
    this.initial = initial;
    this.timing = timing;
    this.nsPerOp = nsPerOp;
    this.final = machine.kernel.values();
    this.fault = machine.fault;
    this.printed = machine.printed.map(({ text }) => text);
    this.steps = machine.steps;
    this.insns = machine.insns;
    this.returned = Object.fromEntries(
      machine.tasks.flatMap(({ user, returned }) => user === undefined ? [] : [[user, returned]]),
    );
    this.serial = serial;
    this.lost = serial && !this.fault ? lostFraction(initial, serial, this.final) : 0;
    this.how = `simulated: ${this.cpus} CPU${this.cpus === 1 ? "" : "s"}, ${this.runs}, ` +
      `${run.profile ? `at the pace of ${run.profile.name}` : describeScheduler(run.scheduler)}, seed ${this.seed}`;
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

/** One way to run a plan: as often as it is asked for, and the same each time. */
class SimulatedRun {
  /** What a scheduler that learns is told, once it has been counted. */
  #choices: number | undefined;
  readonly seed: number;
  readonly scheduler: SimulateOptions["scheduler"];
  readonly profile: Profile | undefined;
  readonly #machineOptions: MachineOptions;

  /** @throws WorkloadError for a profile that goes with a scheduler, or with more runs than it has time for */
  constructor(readonly plan: Plan, { seed = 1, scheduler, profile, models, nowNs }: RunChoices) {
    if (profile !== undefined && scheduler !== undefined) {
      throw new WorkloadError("`profile` decides who takes the next step: leave `scheduler` out");
    }
    if (profile !== undefined) checkTimedRuns(plan.nrCpus, plan.invocations);
    this.seed = seed;
    this.scheduler = scheduler;
    this.profile = typeof profile === "string" ? profileNamed(profile) : profile;
    this.#machineOptions = { seed, models, nowNs };
  }

  /** Runs everything. */
  run(): Ended {
    let initial: Values = {};
    const onPrepared = (kernel: Kernel) => void (initial = kernel.values());
    if (this.profile) {
      const timed = this.#timedMachine(this.profile, { onPrepared }), timing = timed.run();
      return { machine: timed.machine, initial, timing, nsPerOp: timing.nsPerOp };
    }
    const machine = this.#machine({ onPrepared }), nsPerOp = this.#schedule(machine);
    return { machine, initial, timing: undefined, nsPerOp };
  }

  /** What the tasks come to one after another. */
  serial(): Promise<Values | undefined> {
    return runSerial(this.plan, this.#machineOptions);
  }

  trace(window: { readonly from: number; readonly to: number }): TraceStep[] {
    if (this.profile) {
      const timed = this.#timedMachine(this.profile), tracer = new Tracer(timed.machine, window);
      timed.run(tracer);
      return tracer.finish();
    }
    const machine = this.#machine(), tracer = new Tracer(machine, window);
    this.#schedule(machine, { beforeStep: tracer.beforeStep, window });
    return tracer.finish();
  }

  schedule(): string {
    if (this.profile) {
      throw new WorkloadError(
        "a run under a profile has no schedule: stores wait in store buffers; its trace has times",
      );
    }
    const tasks: number[] = [];
    const tookSteps = (taken: Int32Array) => {
      for (const task of taken) tasks.push(task);
    };
    this.#schedule(this.#machine(), { tookSteps });
    return formatSchedule(tasks);
  }

  #machine(options: MachineOwnerOptions = {}): Machine {
    return new Machine(this.plan, { ...this.#machineOptions, ...options });
  }

  #timedMachine(profile: Profile, options: MachineOwnerOptions = {}): TimedMachine {
    return new TimedMachine(this.plan, { ...this.#machineOptions, ...options }, profile, this.seed);
  }

  /** Lets the scheduler run a machine; gives nanoseconds per run where it keeps clocks. */
  #schedule(machine: Machine, observer: RandomRunObserver = {}): number | undefined {
    const { scheduler = "random", plan: { invocations, workload: { limits } } } = this;
    const stop = { steps: limits?.steps ?? (scheduler === "random" ? DEFAULT_STEPS : DEFAULT_STEPS_IN_TURN) };
    if (scheduler === "random") return void runRandom(machine, this.seed, stop, observer);
    const { tookSteps } = observer;
    const beforeStep = observer.beforeStep ?? (tookSteps && ((task: number) => tookSteps(Int32Array.of(task))));
    if (scheduler === "clock") {
      const ended = runClock(machine, this.seed, stop, beforeStep);
      return invocations === 0 ? undefined : Math.max(...ended) / invocations;
    }
    const chosen = schedulerNamed(scheduler);
    // a rehearsal for each run, or what was learnt from other workloads would show in this one
    if (chosen.learn) chosen.learn(this.#choices ??= countChoices(this.#machine(), this.seed, stop));
    return void runScheduler(machine, chosen, this.seed, stop, beforeStep);
  }
}

/** Runs what has been checked and planned. */
export async function simulatePlan(plan: Plan, choices: RunChoices): Promise<Simulation> {
  const run = new SimulatedRun(plan, choices), ended = run.run(), { fault, steps } = ended.machine;
  // a run that its limit ended would take as long again one after another, for nothing
  const endless = fault && steps >= (plan.workload.limits?.steps ?? DEFAULT_STEPS_IN_TURN);
  return new Simulation(run, ended, endless ? undefined : await run.serial());
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
  return await simulatePlan(plan(object, options), options);
}

function schedulerNamed(scheduler: Exclude<SimulateOptions["scheduler"], undefined>): Scheduler {
  if (typeof scheduler !== "string") return scheduler;
  if (scheduler === "round_robin") return roundRobin();
  if (scheduler === "pct") return pct();
  throw new WorkloadError(`no scheduler is called ${scheduler}: random, round_robin, pct, clock, or one of your own`);
}

function describeScheduler(scheduler: SimulateOptions["scheduler"] = "random"): string {
  if (scheduler === "random") return "random schedule";
  if (scheduler === "clock") return "smallest clock first";
  return typeof scheduler === "string" ? scheduler.replace("_", " ") : scheduler.name;
}
