/** One run on the clock: what a profile says that a workload takes. */
import { Machine, type MachineOwnerOptions } from "../machine/machine.ts";
import type { Width } from "../cpu/memory.ts";
import { OverwrittenUpdates } from "../machine/overwritten.ts";
import type { Tracer } from "../machine/trace.ts";
import type { Task } from "../machine/task.ts";
import type { Plan } from "../workload/plan.ts";
import type { CpuTime, Timing } from "../report/result.ts";
import { type Core, OP } from "./core.ts";
import { Durations } from "./durations.ts";
import { MachineSource } from "./machine_source.ts";
import { checkProfile, type Profile } from "./profile.ts";
import { TimingEngine } from "./timing.ts";

const DEFAULT_OPERATIONS = 200_000_000;

/** A machine that runs under a clock. */
export class TimedMachine {
  readonly machine: Machine;
  readonly source: MachineSource;
  readonly #engine: TimingEngine;

  /** @throws WorkloadError, ProfileError for what can't be run */
  constructor(plan: Plan, options: MachineOwnerOptions, readonly profile: Profile, seed: number) {
    this.source = new MachineSource(profile, {
      operations: plan.workload.limits?.steps ?? DEFAULT_OPERATIONS,
      seed,
    });
    this.machine = new Machine(plan, {
      ...options,
      external: true,
      forgets: true,
      observer: this.source,
      nowNs: () => Math.round(this.source.nowNs),
    });
    const cpus = this.machine.kernel.options.nrCpus;
    this.#engine = new TimingEngine(checkProfile(profile), cpus, this.machine.memory, this.source, seed);
    this.source.attach(this.machine, this.#engine.cores);
  }

  /** Lets a CPU begin later than the others. */
  startLater(cpu: number, ns: number): void {
    this.#engine.cores[cpu].startsAt = ns;
  }

  /** Runs everything, once; with a tracer or a count, operations are noted when their CPU performs them. */
  run(observer?: Tracer | OverwrittenUpdates): Timing {
    const { machine } = this, engine = this.#engine, recorder = new Recorder(machine, engine.cores);
    if (observer instanceof OverwrittenUpdates) this.source.onOperation = (task, core) => count(observer, task, core);
    else if (observer) this.source.onOperation = (task, core) => record(observer, machine, task, core);
    this.source.onRunEnd = (task, core) => recorder.runEnded(task, core);
    engine.run();
    recorder.finish();
    if (!machine.fault && machine.tasks.some((task) => task.kind !== "interrupt" && !machine.isDone(task))) {
      machine.stop(machine.describeDeadlock());
    }
    return recorder.timing(this.profile, engine.lines.transfers);
  }
}

/**
 * Puts an operation into a trace. A store is shown with the value that it will write, although it leaves the store
 * buffer later: until then only its own CPU sees it.
 */
function record(tracer: Tracer, machine: Machine, task: Task, core: Core): void {
  if (core.op === OP.done) return;
  const timeNs = Math.round(core.now * 10) / 10;
  const value = BigInt.asUintN(8 * core.size, (BigInt(core.high) << 32n) | BigInt(core.low >>> 0));
  const touches = core.op !== OP.pass && core.op !== OP.wait;
  const inMemory = touches ? machine.memory.read(core.addr, core.size as Width) : undefined;
  if (core.op === OP.load || core.op === OP.watch) tracer.record(task.index, { timeNs, before: value, after: value });
  else if (core.op === OP.store) tracer.record(task.index, { timeNs, before: inMemory, after: value });
  else if (touches) tracer.record(task.index, { timeNs, before: value, after: inMemory });
  else tracer.record(task.index, { timeNs });
}

/** Hands an operation to a count of overwritten updates, with the number that the core holds, signed. */
function count(updates: OverwrittenUpdates, task: Task, core: Core): void {
  const { op, addr, size, low, high } = core, unused = 32 - 8 * size;
  if (op === OP.done || op === OP.pass || op === OP.wait) return;
  const value = size === 8 ? high * 2 ** 32 + (low >>> 0) : low << unused >> unused;
  const kind = op === OP.load || op === OP.watch ? "load" : op === OP.store ? "store" : "atomic";
  updates.performed(task.index, kind, addr, size, value);
}

/** Counts runs and their waiting as they end. */
class Recorder {
  readonly #runs: Float64Array;
  readonly #endedAt: Float64Array;
  readonly #waited: Float64Array;
  /** Operations of each CPU when the first CPU was through. */
  #operationsThen: Float64Array | undefined;
  #firstDoneAt = 0;
  readonly #waiting = new Durations();

  constructor(readonly machine: Machine, readonly cores: readonly Core[]) {
    this.#runs = new Float64Array(cores.length);
    this.#endedAt = new Float64Array(cores.length);
    this.#waited = new Float64Array(cores.length);
  }

  runEnded(task: Task, core: Core): void {
    const cpu = core.id;
    this.#runs[cpu]++;
    this.#waiting.add(core.waitedNs - this.#waited[cpu]);
    this.#waited[cpu] = core.waitedNs;
    this.#endedAt[cpu] = Math.max(core.issued, core.now);
    if (this.#operationsThen === undefined && task.kind === "process" && this.machine.isDone(task)) {
      this.#operationsThen = Float64Array.from(this.cores, ({ operations }) => operations);
      this.#firstDoneAt = this.#endedAt[cpu];
    }
  }

  /** The last runs end with the time that their core has come to. */
  finish(): void {
    for (const core of this.cores) this.#endedAt[core.id] = Math.max(core.issued, core.now);
  }

  timing(profile: Profile, transfers: number): Timing {
    const busy = this.cores.filter(({ id }) => this.#runs[id] > 0), n = busy.length;
    const done = busy.map((core) => this.#doneThen(core)), allDone = sum(done), runs = sum(this.#runs);
    const cpus = busy.map(({ id, startedAt }, i): CpuTime => ({
      cpu: id,
      runs: this.#runs[id],
      nsPerOp: (this.#endedAt[id] - startedAt) / this.#runs[id],
      share: allDone > 0 ? done[i] / allDone : 0,
    }));
    const start = Math.min(...busy.map(({ startedAt }) => startedAt));
    const totalNs = n === 0 ? 0 : Math.max(...busy.map(({ id }) => this.#endedAt[id])) - start;
    // While all CPUs are at it: what one of them needs for a run when the runs are shared out evenly.
    const together = sum(busy.map(({ startedAt }) => Math.max(0, this.#firstDoneAt - startedAt))) / allDone;
    const alone = n === 0 ? 0 : sum(cpus.map(({ nsPerOp }) => nsPerOp)) / n;
    const touches = busy.every(({ id, operations }) => operations >= this.#runs[id]);
    return {
      profile: profile.name,
      nsPerOp: touches && Number.isFinite(together) ? together : alone,
      totalNs,
      perSecond: totalNs > 0 ? (runs / totalNs) * 1e9 : 0,
      cpus,
      waiting: {
        medianNs: this.#waiting.quantile(0.5),
        p99Ns: this.#waiting.quantile(0.99),
        samples: this.#waiting.samples(200),
      },
      transfersPerOp: runs > 0 ? transfers / runs : 0,
    };
  }

  /** How many of its runs a CPU had done when the first CPU was through; parts of runs count. */
  #doneThen({ id, operations }: Core): number {
    return this.#operationsThen && operations > 0 ? (this.#runs[id] * this.#operationsThen[id]) / operations : 0;
  }
}

const sum = (numbers: Iterable<number>): number => {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
};
