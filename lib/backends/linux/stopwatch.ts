/** Times programs of an object on the running kernel, one after another, with the same threads: many figures in little time. */
import { lostOf, type Stopwatch } from "../../cost/calibration.ts";
import { BackendError } from "../../host/backend_error.ts";
import type { BpfObject } from "../../object/bpf_object.ts";
import type { Values } from "../../report/result.ts";
import { planTasks } from "../../workload/plan.ts";
import { type Factors, MAX_TURNS, scaledInvocations } from "../calibrate.ts";
import { overlapOf } from "../overlap.ts";
import { LinuxSession, newThreads } from "./session.ts";

/** A first run also compiles and loads: what it took says little. */
const MOST_GROWTH = 30;
const RUNS_OF_A_PASS = 3;
/** With less, figures of two CPUs are half those of one. */
const LEAST_OVERLAP = 0.9;

/** One run of a program on some CPUs at once. */
export interface TimedRun {
  /** Of one invocation, the mean over the CPUs. */
  readonly ns: number;
  /** Invocations of all CPUs together. */
  readonly invocations: number;
  /** How much of the time all CPUs ran, 0 to 1. */
  readonly overlap: number;
  readonly values: Values;
}

/** A program on some CPUs, loaded and ready. */
export class KernelTiming implements Disposable {
  #factors: Factors = new Map();

  constructor(readonly session: LinuxSession) {}

  /** Runs it more and more often, until a run takes about as long as wanted. */
  async settle(durationMs: number): Promise<void> {
    const { session } = this, [{ prog, invocations }] = session.plan.tasks, wantedNs = durationMs * 1e6;
    let factor = 1;
    for (let tookNs = 0; tookNs < wantedNs / 2 && factor * invocations < MAX_TURNS / 2;) {
      this.#factors = new Map([[prog!, factor]]);
      const { ns } = await this.run();
      tookNs = ns * invocations * factor;
      const growth = Math.min(MOST_GROWTH, wantedNs / tookNs);
      factor = Math.max(1, Math.min(Math.floor(MAX_TURNS / invocations), Math.round(factor * growth)));
    }
    this.#factors = new Map([[prog!, factor]]);
  }

  /** Some runs, from the shortest to the longest, without those that hardly ran together. */
  async pass(): Promise<TimedRun[]> {
    const runs: TimedRun[] = [];
    for (let i = 0; i < RUNS_OF_A_PASS; i++) runs.push(await this.run());
    return runs.filter(({ overlap }) => overlap >= LEAST_OVERLAP).sort((a, b) => a.ns - b.ns);
  }

  async run(): Promise<TimedRun> {
    const { session } = this, factors = this.#factors, { tasks } = session.plan;
    session.reset();
    const runs = await session.run(tasks, factors);
    const counts = tasks.map((task) => scaledInvocations(task, factors));
    return {
      ns: runs.reduce((sum, run, i) => sum + (run.endNs - run.startNs) / counts[i], 0) / runs.length,
      invocations: counts.reduce((sum, count) => sum + count, 0),
      overlap: overlapOf(runs),
      values: session.values(),
    };
  }

  [Symbol.dispose](): void {
    this.session.close();
  }
}

/** Loads programs for timing; `using` unloads them, and ends its threads. */
export class KernelStopwatch implements Disposable {
  readonly #threads: ReturnType<typeof newThreads>;
  readonly #loaded: KernelTiming[] = [];

  constructor(readonly cpus: number, readonly durationMs: number) {
    this.#threads = newThreads(cpus);
  }

  /** @throws BackendError when the kernel cannot run it */
  async load(object: BpfObject, program: string, cpus: number): Promise<KernelTiming> {
    const session = new LinuxSession(planTasks(object, { programs: [program], cpus }), false, this.#threads);
    try {
      const timing = new KernelTiming(session);
      await timing.settle(this.durationMs);
      this.#loaded.push(timing);
      return timing;
    } catch (error) {
      session.close();
      throw error;
    }
  }

  /**
   * The figures that a calibration asks for. Programs stay loaded from its first pass to its last: a pass is runs and
   * nothing else.
   *
   * @param leftOut told of each program that the kernel cannot run, once, and why
   */
  stopwatch(leftOut: (program: string, cpus: number, why: string) => void): Stopwatch {
    const loaded = new Map<string, KernelTiming | undefined>();
    return async (object, program, cpus, perRun) => {
      const key = `${program} ${cpus}`;
      if (!loaded.has(key)) {
        loaded.set(
          key,
          await this.load(object, program, cpus).catch((error) => {
            if (!(error instanceof BackendError)) throw error;
            leftOut(program, cpus, error.message);
            return undefined;
          }),
        );
      }
      const runs = await loaded.get(key)?.pass();
      if (runs === undefined || runs.length === 0) return undefined;
      const { ns, values, invocations } = runs[runs.length >> 1];
      return { ns, lost: lostOf(values, invocations * perRun) };
    };
  }

  [Symbol.dispose](): void {
    for (const timing of this.#loaded) timing[Symbol.dispose]();
    this.#threads.close();
  }
}
