/** Sweeps: techniques against numbers of CPUs, on all cores of this computer. */
import { checkCostCurve } from "../workload/check_options.ts";
import { Crew } from "../host/crew.ts";
import { parallelism } from "../host/environment.ts";
import { stoppable } from "../host/stop.ts";
import { hasWorkers } from "../host/workers.ts";
import type { Workload } from "../workload/workload.ts";
import type { MachineOptions } from "../machine/machine.ts";
import type { BpfObject } from "../object/bpf_object.ts";
import type { Waiting } from "../report/result.ts";
import type { Profile } from "../cost/profile.ts";
import { profileNamed } from "../cost/profiles.ts";
import { type PointRequest, type PointResult, runPoint } from "./cost_point.ts";
import type { WorkerRequest } from "./cost_worker.ts";

/** A way of doing something, as a program that does it. */
export interface CostCurveTechnique<Technique extends string = string> {
  /** The book's name for it, which gives its colour; or a name of the reader's own. */
  readonly technique?: Technique;
  /** A name of the reader's own. */
  readonly name?: string;
  /** The object that holds the program. */
  readonly object: BpfObject;
  /** Which program; default: the object's only one. */
  readonly program?: string;
  /** Operations that one run of the program does. Default 1. */
  readonly operationsPerRun?: number;
  /** Size of the value that it works on, for figures against size. */
  readonly bytes?: number;
  /** More of the workload: what user space prepares, sleepable programs, interrupts. */
  readonly workload?: Omit<Workload, "cpus" | "invocations">;
  /** Kernel models of the reader's own: another lock, say. */
  readonly models?: MachineOptions["models"];
}

/** Over what cost curves go, and how large its points are. */
export interface CostCurveOptions {
  /** A profile or the name of a shipped one. Default `xeon-kvm`. */
  readonly profile?: string | Profile;
  /** Numbers of CPUs. Default 1, 2, 4 ... 128. */
  readonly cpus?: readonly number[];
  /**
   * Operations of all CPUs together at each point; default 10,000. Each CPU does at least 20 runs, and as many
   * operations as fill its store buffer twice.
   */
  readonly operations?: number;
  /** Seed of all points. Default 1. */
  readonly seed?: number;
  /** Also work out how many updates are lost: takes a second, serial run of each point. */
  readonly lost?: boolean;
  /**
   * Threads. Default: one for each core of this computer, as soon as what is left to do is worth their start. 1 keeps to
   * the main thread.
   */
  readonly workers?: number;
  /** Told how many points of how many are done. `withProgress` makes one. */
  readonly progress?: (done: number, total: number) => void | Promise<void>;
}

/** One point of a cost curve; plot.costAgainstCpus and plot.costAgainstSize take them as they are. */
export interface CostCurvePoint<Technique extends string = string> {
  /** The book's name for the technique. */
  readonly technique?: Technique;
  /** The reader's own name for it. */
  readonly name?: string;
  /** Name of the profile. */
  readonly on: string;
  /** Number of CPUs. */
  readonly cpus: number;
  /** Size of the value. */
  readonly bytes: number;
  /** Nanoseconds per operation. */
  readonly ns: number;
  /** Part of the updates that is gone, 0 to 1; where it was asked for. */
  readonly lost?: number;
  /** Operations of all CPUs together in a second. */
  readonly perSecond: number;
  /** Each CPU's part of the runs when the first was through: equal parts are fair. */
  readonly shares: readonly number[];
  /** How long runs waited for others. */
  readonly waiting: Waiting;
  /** Cache lines that moved, for each operation. */
  readonly transfersPerOp: number;
}

const CPUS = [1, 2, 4, 8, 16, 32, 64, 128];
const LEAST_RUNS = 20;
/** What fits into a store buffer costs nothing yet: a run that ends there would tell a lie about plain stores. */
const STORE_BUFFERS = 2;

/**
 * Predicts what techniques cost on many CPUs.
 *
 * @returns a point for each technique and number of CPUs, in that order
 * @throws ProfileError, WorkloadError for what can't be run; Error when a program ends in a fault
 *
 * @example
 * ```ts
 * import { bpf, costCurve } from "interleave";
 * const object = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { __sync_fetch_and_add(&counter, 1); return 0; }`;
 * const points = await costCurve([{ technique: "atomic", object }], { cpus: [1, 4], operations: 400 });
 * if (!(points[1].ns > points[0].ns)) throw new Error("four CPUs on one line are not free");
 * ```
 */
export async function costCurve<Technique extends string = string>(
  techniques: readonly CostCurveTechnique<Technique>[],
  options: CostCurveOptions = {},
): Promise<CostCurvePoint<Technique>[]> {
  checkCostCurve(techniques, options);
  const { cpus = CPUS, operations = 10_000, seed = 1, lost = false } = options;
  const profile = typeof options.profile === "object" ? options.profile : profileNamed(options.profile ?? "xeon-kvm");
  const jobs = techniques.flatMap((technique) =>
    cpus.map((n): Job => {
      const { operationsPerRun = 1, workload, program, object, models } = technique;
      const each = Math.max(operations / n, n === 1 ? 0 : STORE_BUFFERS * profile.storeBuffer);
      const invocations = Math.max(LEAST_RUNS, Math.ceil(each / operationsPerRun));
      const programs = workload?.programs ?? (program === undefined ? undefined : [program]);
      return {
        object,
        request: {
          workload: { ...workload, programs, cpus: n, invocations },
          options: { seed, models },
          profile,
          seed,
          operationsPerRun,
          countLost: lost,
        },
      };
    })
  );
  const results = await runJobs(jobs, options);
  return results.map((result, i) => {
    const { technique, name, bytes = 0 } = techniques[Math.floor(i / cpus.length)];
    return { technique, name, bytes, on: profile.name, cpus: cpus[i % cpus.length], ...result };
  });
}

interface Job {
  readonly object: BpfObject;
  readonly request: PointRequest;
}

/** Functions can't be sent to a worker: models of the reader's own, what user space prepares. */
const canBeSent = ({ request: { workload, options } }: Job): boolean =>
  options.models === undefined && workload.prepare === undefined && !workload.user?.length;

/** A worker has to load the engine and to learn what makes it fast: that takes about as long as it has to save. */
const WORTH_WORKERS_MS = 1000;

/**
 * Runs all points: this thread from the small ones on, its workers from the large ones on, which the progress bar and the
 * stop button would wait for here. A thread more would only have to learn all over again what makes the engine fast.
 */
async function runJobs(jobs: readonly Job[], options: CostCurveOptions): Promise<PointResult[]> {
  const results = new Array<PointResult>(jobs.length);
  const threads = hasWorkers ? options.workers ?? parallelism() : 1;
  let done = 0;
  const finish = async (i: number, result: PointResult) => {
    results[i] = result;
    await options.progress?.(++done, jobs.length);
  };
  const size = (i: number) => jobs[i].request.workload.cpus ?? 0;
  const rising = jobs.map((_, i) => i).sort((a, b) => size(a) - size(b));
  const isSent = (i: number) => threads > 1 && canBeSent(jobs[i]);
  const sent = rising.filter(isSent), kept = rising.filter((i) => !isSent(i));
  let crew: Crew<WorkerRequest, PointResult> | undefined;
  const ids = new Map(
    jobs.map(({ object }) => object).filter((o, i, all) => all.indexOf(o) === i).map((o, i) => [o, i]),
  );
  const work = async (crew: Crew<WorkerRequest, PointResult>, worker: number) => {
    for (let i = sent.pop(); i !== undefined; i = sent.pop()) {
      const { object, request } = jobs[i], { name, bytes } = object;
      await finish(i, await crew.ask(worker, { object: { id: ids.get(object)!, name, bytes }, ...request }));
    }
  };
  const workers: Promise<void>[] = [];
  let isFailed = false;
  const startWorkers = () => {
    const size = Math.min(threads - 1, sent.length);
    if (crew || size === 0) return;
    const started = crew = new Crew(new URL("./cost_worker.ts", import.meta.url), size);
    for (let worker = 0; worker < size; worker++) {
      const working = work(started, worker);
      working.catch(() => isFailed = true); // waited for below
      workers.push(working);
    }
  };
  const runsOf = (i: number) => size(i) * Number(jobs[i].request.workload.invocations);
  const began = performance.now();
  let runs = 0;
  try {
    if (options.workers !== undefined) startWorkers();
    await stoppable(async (signal) => {
      for (let i = kept.shift() ?? sent.shift(); i !== undefined; i = kept.shift() ?? sent.shift()) {
        await finish(i, await runPoint(jobs[i].object, jobs[i].request));
        runs += runsOf(i);
        const left = [...kept, ...sent].reduce((sum, i) => sum + runsOf(i), 0);
        if (((performance.now() - began) / runs) * left > WORTH_WORKERS_MS) startWorkers();
        await new Promise((resolve) => setTimeout(resolve, 0));
        signal.throwIfAborted();
        if (isFailed) break;
      }
      await Promise.all(workers);
    });
  } finally {
    crew?.close();
  }
  return results;
}
