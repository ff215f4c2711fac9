/** One workload on the running kernel: object, ways to run, threads; everything is given back by `close`. */
import { type PlannedTask, planTasks, type TaskPlan } from "../../cpu/plan.ts";
import type { BpfObject } from "../../object/bpf_object.ts";
import type { Values } from "../../report/result.ts";
import { BackendError } from "../backend.ts";
import { Crew } from "../crew.ts";
import type { RealMachine } from "../measure.ts";
import { newStartLine, runFromStartLine } from "../start_line.ts";
import { allowedCpus } from "../thread_control.ts";
import type { Workload } from "../workload.ts";
import { linuxAvailable } from "./available.ts";
import { errnoName } from "./errno.ts";
import { type KernelMap, KernelObject } from "./kernel_object.ts";
import { type Element, readMap, restoreMap } from "./map_contents.ts";
import type { Job, RunReply, RunRequest } from "./pinned_worker.ts";
import { loadedProgram, Runner } from "./runner.ts";
import { linuxValues } from "./values.ts";
import { verdictOf } from "./verify.ts";

export class LinuxSession implements RealMachine, Disposable {
  readonly plan: TaskPlan;
  /** CPUs of this computer by CPU number of the workload. */
  readonly cpus: readonly number[];
  readonly #kernel: KernelObject;
  readonly #maps: readonly KernelMap[];
  readonly #initial: ReadonlyMap<string, readonly Element[]>;
  readonly #runners = new Map<string, Runner>();
  readonly #startLine = newStartLine();
  #threads: Crew<RunRequest, RunReply> | undefined;

  /**
   * @param exact run each invocation as a call of its own
   * @throws BackendError when there is no kernel to run on, it refuses a program, or the workload needs what it lacks
   */
  constructor(readonly object: BpfObject, workload: Workload, readonly exact: boolean) {
    const availability = linuxAvailable();
    if (!availability.available) {
      throw new BackendError(`no running kernel to use: ${availability.reason}. ${availability.remedy}`);
    }
    this.cpus = allowedCpus();
    this.plan = planTasks(object, { ...workload, cpus: Math.min(workload.cpus ?? 2, this.cpus.length) });
    if (this.plan.tasks.some((task) => task.kind === "user")) {
      throw new BackendError("user-space actors: run them with the simulator");
    }
    this.#kernel = new KernelObject(object.bytes, object.name);
    try {
      this.#load();
      this.#maps = this.#kernel.maps();
      this.#initial = new Map(this.#maps.map((map) => [map.name, readMap(map)]));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Runs tasks together, each from the start line, processes `factor` times their invocations. */
  async run(tasks: readonly PlannedTask[], factor: number): Promise<readonly RunReply[]> {
    const crew = this.#threads ??= new Crew(new URL("./pinned_worker.ts", import.meta.url), this.plan.tasks.length);
    const jobs = tasks.map((task) => this.#job(task, factor)), startLine = this.#startLine;
    const alone = new Set(jobs.map((job) => job.cpu)).size === jobs.length;
    const replies = await runFromStartLine(
      startLine,
      () => jobs.map((job, index) => crew.ask(index, { ...job, threads: jobs.length, startLine, alone })),
    );
    replies.forEach((reply, index) => {
      if (reply.errno === 0) return;
      throw new BackendError(`BPF_PROG_RUN of ${tasks[index].prog} failed: ${errnoName(reply.errno)}`);
    });
    return replies;
  }

  /** Puts every map back to what it was after loading. */
  reset(): void {
    for (const map of this.#maps) restoreMap(map, this.#initial.get(map.name) ?? []);
  }

  /** Shared state now. */
  values(): Values {
    return linuxValues(this.object, this.#maps, this.plan.nrCpus);
  }

  /** How each program is run, in words. */
  describe(): string {
    return [...new Set([...this.#runners.values()].map((runner) => runner.describe()))].join("; ");
  }

  close(): void {
    this.#threads?.close();
    for (const runner of this.#runners.values()) runner.close();
    this.#runners.clear();
    this.#kernel.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #load(): void {
    const names = this.plan.programs.map((program) => program.name);
    const outcome = this.#kernel.load(names);
    if (outcome.errno === 0) return;
    const { message, errname } = verdictOf(names.join(", "), "", outcome);
    throw new BackendError(`the kernel refuses ${this.object.name}: ${message} (${errname})`);
  }

  #job(task: PlannedTask, factor: number): Job {
    const cpu = this.cpus[task.cpu];
    if (task.kind === "process") return this.#runner(task).job(task.invocations * factor, cpu, task.ctx);
    // an interrupt is sent from another CPU, an idle one where there is one
    const others = this.cpus.filter((other) => other !== cpu);
    const busy = this.plan.tasks.filter((other) => other.kind === "process").map((other) => this.cpus[other.cpu]);
    const sender = others.find((other) => !busy.includes(other)) ?? others[0];
    if (sender === undefined) throw new BackendError("interrupts are sent from another CPU, and this computer has one");
    return this.#runner(task).job(task.invocations, sender, task.ctx, cpu);
  }

  /** Tasks of one program with as many invocations share a runner. */
  #runner(task: PlannedTask): Runner {
    const key = `${task.kind} ${task.prog} ${task.invocations}`;
    let runner = this.#runners.get(key);
    if (!runner) {
      const program = loadedProgram(this.#kernel, task.prog!);
      runner = task.kind === "interrupt"
        ? Runner.forInterrupt(program, this.object.license)
        : Runner.for(program, this.object.license, this.exact);
      this.#runners.set(key, runner);
    }
    return runner;
  }
}
