/** One run on the clock: what a profile says that a workload takes. */
import type { MachineOptions } from "../cpu/machine.ts";
import { Machine } from "../cpu/machine.ts";
import type { Task } from "../cpu/task.ts";
import type { Workload } from "../backends/workload.ts";
import type { BpfObject } from "../object/bpf_object.ts";
import type { Core } from "./core.ts";
import { Durations } from "./durations.ts";
import { MachineSource } from "./machine_source.ts";
import type { Profile } from "./profile.ts";
import { TimingEngine } from "./timing.ts";

/** What one CPU did. */
export interface CpuTime {
  readonly cpu: number;
  /** Runs that ended on it, and the time per run in nanoseconds. */
  readonly runs: number;
  readonly nsPerOp: number;
  /** Part of all runs that it had done when the first CPU was through, 0 to 1: equal parts are fair. */
  readonly share: number;
}

/** What a run took, by the profile. All times are nanoseconds of the simulated machine. */
export interface Timing {
  readonly profile: string;
  /** Mean over the CPUs of their time per run. */
  readonly nsPerOp: number;
  /** From the first CPU's start to the last one's end. */
  readonly totalNs: number;
  /** Runs of all CPUs together, for each second. */
  readonly perSecond: number;
  readonly cpus: readonly CpuTime[];
  /** Waiting of a run for lines, locks and room in the store buffer. */
  readonly waiting: { readonly medianNs: number; readonly p99Ns: number };
  /** Cache lines that moved from one CPU to another, for each run. */
  readonly transfersPerOp: number;
}

/** A machine that has run under a clock. */
export interface TimedRun {
  readonly machine: Machine;
  readonly timing: Timing;
}

const DEFAULT_OPERATIONS = 200_000_000;

/**
 * Runs a workload under a profile's clock.
 *
 * @throws WorkloadError, ProfileError for what can't be run
 */
export function runTimed(
  object: BpfObject,
  workload: Workload,
  options: MachineOptions,
  profile: Profile,
  seed: number,
): TimedRun {
  const source = new MachineSource(profile, { operations: workload.limits?.steps ?? DEFAULT_OPERATIONS });
  const machine = new Machine(object, workload, {
    ...options,
    external: true,
    observer: source,
    nowNs: () => Math.round(source.nowNs),
  });
  const engine = new TimingEngine(profile, machine.kernel.options.nrCpus, machine.memory, source, seed);
  source.attach(machine, engine.cores);
  const recorder = new Recorder(machine, engine.cores);
  source.onRunEnd = (task, core) => recorder.runEnded(task, core);
  engine.run();
  recorder.finish();
  if (!machine.fault && machine.tasks.some((task) => task.kind !== "interrupt" && !machine.isDone(task))) {
    machine.stop(machine.describeDeadlock());
  }
  return { machine, timing: recorder.timing(profile, engine.lines.transfers) };
}

/** Counts runs and their waiting as they end. */
class Recorder {
  readonly #runs: Float64Array;
  readonly #startedAt: Float64Array;
  readonly #endedAt: Float64Array;
  readonly #waited: Float64Array;
  /** Runs of each CPU when the first CPU was through. */
  #firstDone: Float64Array | undefined;
  readonly #waiting = new Durations();

  constructor(readonly machine: Machine, readonly cores: readonly Core[]) {
    this.#runs = new Float64Array(cores.length);
    this.#startedAt = new Float64Array(cores.length).fill(Infinity);
    this.#endedAt = new Float64Array(cores.length);
    this.#waited = new Float64Array(cores.length);
  }

  runEnded(task: Task, core: Core): void {
    const cpu = core.id;
    if (this.#startedAt[cpu] === Infinity) this.#startedAt[cpu] = core.startedAt;
    this.#runs[cpu]++;
    this.#waiting.add(core.waitedNs - this.#waited[cpu]);
    this.#waited[cpu] = core.waitedNs;
    this.#endedAt[cpu] = Math.max(core.issued, core.now);
    if (task.kind === "process" && this.machine.isDone(task)) this.#firstDone ??= Float64Array.from(this.#runs);
  }

  /** The last runs end with the time that their core has come to. */
  finish(): void {
    for (const core of this.cores) {
      if (this.#runs[core.id] > 0) this.#endedAt[core.id] = Math.max(core.issued, core.now, this.#endedAt[core.id]);
    }
  }

  timing(profile: Profile, transfers: number): Timing {
    const done = this.#firstDone ?? this.#runs, allDone = done.reduce((a, b) => a + b, 0);
    const cpus: CpuTime[] = [];
    this.#runs.forEach((runs, cpu) => {
      if (runs === 0) return;
      const nsPerOp = (this.#endedAt[cpu] - this.#startedAt[cpu]) / runs;
      cpus.push({ cpu, runs, nsPerOp, share: allDone ? done[cpu] / allDone : 0 });
    });
    const runs = cpus.reduce((sum, cpu) => sum + cpu.runs, 0);
    const start = Math.min(...cpus.map(({ cpu }) => this.#startedAt[cpu]));
    const totalNs = cpus.length === 0 ? 0 : Math.max(...cpus.map(({ cpu }) => this.#endedAt[cpu])) - start;
    return {
      profile: profile.name,
      nsPerOp: cpus.length === 0 ? 0 : cpus.reduce((sum, cpu) => sum + cpu.nsPerOp, 0) / cpus.length,
      totalNs,
      perSecond: totalNs > 0 ? (runs / totalNs) * 1e9 : 0,
      cpus,
      waiting: { medianNs: this.#waiting.quantile(0.5), p99Ns: this.#waiting.quantile(0.99) },
      transfersPerOp: runs > 0 ? transfers / runs : 0,
    };
  }
}
