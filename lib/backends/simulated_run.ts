/** One way to run a planned workload on simulated CPUs: as often as it is asked for, and the same each time. */
import type { Kernel } from "../bpf_helpers/kernel.ts";
import type { Profile } from "../cost/profile.ts";
import { profileNamed } from "../cost/profiles.ts";
import { modelRange } from "../cost/model_range.ts";
import { TimedMachine } from "../cost/timed_run.ts";
import { drawnContexts } from "../machine/traced_contexts.ts";
import { Machine, type MachineOptions, type MachineOwnerOptions, UserStores } from "../machine/machine.ts";
import { Htab } from "../maps/htab.ts";
import { withoutSkipped } from "../machine/skips.ts";
import { conditionsOf, fixedChoices } from "../workload/conditions.ts";
import { isDeferred } from "../workload/deferred_tasks.ts";
import { type Plan, withoutBuffers, WorkloadError } from "../workload/plan.ts";
import { type Overwritten, OverwrittenUpdates } from "../machine/overwritten.ts";
import { Tracer } from "../machine/trace.ts";
import type { ModelRange, Timing, TraceStep, Values } from "../report/result.ts";
import { pct } from "../schedulers/pct.ts";
import { roundRobin } from "../schedulers/round_robin.ts";
import { countChoices, DEFAULT_STEPS, runScheduler } from "../schedulers/run.ts";
import { runClock } from "../schedulers/run_clock.ts";
import { type RandomRunObserver, runRandom } from "../schedulers/run_random.ts";
import { runSerial, type SerialOrder } from "../schedulers/run_serial.ts";
import { formatSchedule } from "../schedulers/schedule.ts";
import { SeededRandom } from "../schedulers/random_numbers.ts";
import type { Scheduler } from "../schedulers/scheduler.ts";
import { checkTimedRuns } from "../workload/check_options.ts";
import { describeMemory, type MemoryReport } from "../workload/memory_model.ts";
import type { SimulateOptions } from "./simulate_options.ts";
import { t } from "../words/translation.ts";

/** Of runs whose scheduler is asked before each step: these are ten times slower. */
const DEFAULT_STEPS_IN_TURN = DEFAULT_STEPS / 10;

/** An order in which user space polls for what never comes is given up after so many steps. */
const MOST_TIMES_LONGER = 4, LEAST_STEPS = 10_000;
/** How another clock and other random numbers differ from those of the run. */
const OTHER_SEED = 7919, OTHER_CLOCK_NS = 1_000_003, OTHER_TICK_NS = 37;
/** Why a run has no store buffers, although the program could tell. */
const clocked = (): string => t`by this scheduler every store is in memory when its step ends`;
const replayed = (): string => t`the schedule flushes no store buffer`;

/** How a planned workload is run: what of the options is no part of the plan. */
export type RunChoices = Pick<SimulateOptions, "seed" | "scheduler" | "profile"> & MachineOptions;

/** A run that has come to its end, and the machine that it left. */
export interface Ended {
  readonly machine: Machine;
  readonly initial: Values;
  readonly timing: Timing | undefined;
  readonly nsPerOp: number | undefined;
  /** Updates that were overwritten unseen, by name; under a profile, where they are counted as they happen. */
  readonly overwritten?: ReadonlyMap<string, Overwritten>;
}

export class SimulatedRun {
  /** What a scheduler that learns is told, once it has been counted. */
  #choices: number | undefined;
  readonly seed: number;
  #plan: Plan;
  /** Whether the run is tried on a machine without buffers, for user space that only loads. */
  #usersOnlyLoad = false;
  readonly scheduler: SimulateOptions["scheduler"];
  readonly profile: Profile | undefined;
  readonly #machineOptions: MachineOwnerOptions;

  /** @throws WorkloadError for a profile that goes with a scheduler, or with more runs than it has time for */
  constructor(plan: Plan, { seed = 1, scheduler, profile, models, nowNs }: RunChoices) {
    if (profile !== undefined && scheduler !== undefined) {
      throw new WorkloadError("`profile` decides who takes the next step: leave `scheduler` out");
    }
    if (profile !== undefined) checkTimedRuns(plan.nrCpus, plan.invocations);
    if (profile !== undefined && plan.tasks.some(isDeferred)) {
      throw new WorkloadError("a profile has no price for timers and work queues yet: leave `profile` out");
    }
    const { memory } = plan.workload;
    if (profile !== undefined && memory === "sc") {
      throw new WorkloadError(
        'memory is "sc", but a profile has store buffers, as x86 has: leave one of the two out',
      );
    }
    const replaysWithout = typeof scheduler === "object" && scheduler.withoutBuffers;
    this.#plan = replaysWithout
      ? withoutBuffers(plan, replayed())
      : scheduler === "clock"
      ? withoutBuffers(plan, clocked())
      : plan;
    this.seed = seed;
    this.scheduler = scheduler;
    this.profile = typeof profile === "string" ? profileNamed(profile) : profile;
    const { branches = false, hashSeed = seed } = (typeof scheduler === "object" && scheduler.follows) || {};
    this.#machineOptions = { seed, models, nowNs, branches, hashSeed };
  }

  get plan(): Plan {
    return this.#plan;
  }

  /** The memory model, and whether there are store buffers; once it has run. */
  get memory(): MemoryReport {
    return this.profile ? describeMemory("x86", true) : this.#plan.memory;
  }

  /** Runs everything. */
  run(): Ended {
    if (!this.#plan.scIfUsersOnlyLoad || this.profile) return this.#run();
    const plan = this.#plan;
    this.#plan = withoutBuffers(plan);
    this.#usersOnlyLoad = true;
    try {
      return this.#run();
    } catch (error) {
      if (!(error instanceof UserStores)) throw error;
      this.#plan = plan;
    } finally {
      this.#usersOnlyLoad = false;
    }
    return this.#run();
  }

  #run(): Ended {
    let initial: Values = {};
    const onPrepared = (kernel: Kernel) => void (initial = kernel.values());
    if (this.profile) {
      const timed = this.#timedMachine(this.profile, { onPrepared }), updates = new OverwrittenUpdates(timed.machine);
      const timing = timed.run(updates);
      return { machine: timed.machine, initial, timing, nsPerOp: timing.nsPerOp, overwritten: updates.finish() };
    }
    const machine = this.#machine({ onPrepared, forgets: true }), nsPerOp = this.#schedule(machine);
    return { machine, initial, timing: undefined, nsPerOp };
  }

  /** The kernel that the runs that happened leave one after another; undefined where that has no end either. */
  async serial({ machine }: Ended): Promise<Kernel | undefined> {
    const { fault, steps, seemsEndless } = machine;
    // a run that its limit ended would take as long again one after another, for nothing
    if (seemsEndless || fault && steps >= (this.plan.workload.limits?.steps ?? DEFAULT_STEPS_IN_TURN)) return undefined;
    return await runSerial(withoutSkipped(this.plan, machine), this.#machineOptions);
  }

  /**
   * The kernel after runs one after another in other orders, on another clock and with other random numbers: what
   * differs there depends on them.
   */
  async otherSerials({ machine }: Ended, orders: readonly SerialOrder[]): Promise<Kernel[]> {
    const options = { ...this.#machineOptions, seed: this.seed + OTHER_SEED };
    const kernels: Kernel[] = [], most = MOST_TIMES_LONGER * machine.steps + LEAST_STEPS;
    const happened = withoutSkipped(this.plan, machine);
    for (const order of orders) {
      let now = OTHER_CLOCK_NS;
      const kernel = await runSerial(happened, { ...options, nowNs: () => now += OTHER_TICK_NS }, order, most);
      if (kernel) kernels.push(kernel);
    }
    return kernels;
  }

  /** Runs the simulation again, up to `steps`, and counts by name the updates that were overwritten unseen. */
  overwritten(steps: number): Map<string, Overwritten> {
    const machine = this.#machine({ forgets: true }), updates = new OverwrittenUpdates(machine);
    this.#schedule(machine, { beforeStep: updates.beforeStep }, steps);
    return updates.finish();
  }

  /** What a result of it takes as given, a line for each. */
  conditions(): string[] {
    const { plan, profile, seed } = this, { models, nowNs } = this.#machineOptions;
    const time = profile
      ? t`the simulated CPUs' own clocks`
      : nowNs
      ? t`as the reader gives it`
      : t`1 ns for each visible operation`;
    const open = fixedChoices(plan, {
      hash: t`drawn from seed ${this.#machineOptions.hashSeed}, one of many`,
      time,
      random: t`one sequence for each CPU, drawn from seed ${seed}`,
    });
    const drawn = { by: t`seed ${seed}`, programs: drawnContexts(plan) };
    return conditionsOf(plan, { memory: this.memory.text, open, models, drawn });
  }

  /** What a profile cannot know better; undefined without one, with one CPU, and where user space takes part. */
  range(nsPerOp: number | undefined, lost: number): ModelRange | undefined {
    const { plan, profile, seed } = this;
    if (!profile || nsPerOp === undefined || plan.nrCpus < 2 || plan.tasks.some(({ kind }) => kind === "user")) {
      return undefined;
    }
    const found = modelRange(plan, this.#machineOptions, profile, seed);
    const including = ([least, most]: readonly [number, number], own: number) =>
      [Math.min(least, own), Math.max(most, own)] as const;
    return { ...found, nsPerOp: including(found.nsPerOp, nsPerOp), lost: including(found.lost, lost) };
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
    const machine = this.#machine({ forgets: true });
    this.#schedule(machine, { tookSteps });
    const hasSeeds = machine.kernel.maps.some((map) => map instanceof Htab && map.isSeeded);
    return formatSchedule(tasks, hasSeeds ? this.#machineOptions.hashSeed : 0);
  }

  #machine(options: MachineOwnerOptions = {}): Machine {
    const numbers = new SeededRandom(this.seed);
    return new Machine(this.#plan, {
      ...this.#machineOptions,
      draw: (alternatives) => numbers.below(alternatives),
      ...options,
      usersOnlyLoad: this.#usersOnlyLoad,
    });
  }

  #timedMachine(profile: Profile, options: MachineOwnerOptions = {}): TimedMachine {
    return new TimedMachine(this.plan, { ...this.#machineOptions, ...options }, profile, this.seed);
  }

  /** Lets the scheduler run a machine; gives nanoseconds per run where it keeps clocks. */
  #schedule(machine: Machine, observer: RandomRunObserver = {}, most = Infinity): number | undefined {
    const { scheduler = "random", plan: { invocations, workload: { limits } } } = this;
    const limit = limits?.steps ?? (scheduler === "random" ? DEFAULT_STEPS : DEFAULT_STEPS_IN_TURN);
    const stop = { steps: Math.min(limit, most) };
    if (scheduler === "random") return void runRandom(machine, this.seed, stop, observer);
    const { tookSteps } = observer;
    const beforeStep = observer.beforeStep ?? (tookSteps && ((task: number) => tookSteps(Int32Array.of(task))));
    if (scheduler === "clock") {
      const ended = runClock(machine, this.seed, stop, beforeStep);
      return invocations === 0 ? undefined : Math.max(...ended) / invocations;
    }
    const chosen = schedulerNamed(scheduler);
    // a rehearsal for each run, or what was learnt from other workloads would show in this one
    if (chosen.learn) chosen.learn(this.#choices ??= countChoices(this.#machine({ forgets: true }), this.seed, stop));
    return void runScheduler(machine, chosen, this.seed, stop, beforeStep);
  }
}

function schedulerNamed(scheduler: Exclude<SimulateOptions["scheduler"], undefined>): Scheduler {
  if (typeof scheduler !== "string") return scheduler;
  if (scheduler === "round_robin") return roundRobin();
  if (scheduler === "pct") return pct();
  throw new WorkloadError(`no scheduler is called ${scheduler}: random, round_robin, pct, clock, or one of your own`);
}
