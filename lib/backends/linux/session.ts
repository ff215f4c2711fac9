/** One workload on the running kernel: object, ways to run, threads; everything is given back by `close`. */
import { onAtMost, type Plan, type PlannedTask } from "../../workload/plan.ts";
import { readerModel } from "../../cpu/reader_model.ts";
import type { BpfObject } from "../../object/bpf_object.ts";
import type { Model } from "../../cpu/operation.ts";
import type { UserApi } from "../../maps/user_space.ts";
import type { Values } from "../../report/result.ts";
import { BackendError } from "../../host/backend_error.ts";
import { whyNot } from "../backend.ts";
import { Crew } from "../../host/crew.ts";
import { type Factors, MAX_TURNS, scaledInvocations } from "../calibrate.ts";
import { type RealMachine, sharing, type ThreadRun } from "../measure.ts";
import { newStartLine, runFromStartLine, waitForStart } from "../start_line.ts";
import { allowedCpus, awayFrom, nowNs } from "../thread_control.ts";
import { actsOnHost } from "./acts_on_host.ts";
import { linuxAvailable } from "./available.ts";
import { errnoName } from "../../uapi/errno.ts";
import { KernelMaps } from "./kernel_maps.ts";
import { KernelObject, programsToLoad } from "./kernel_object.ts";
import { checkedCalls } from "../../maps/user_calls.ts";
import { LinuxUser } from "./linux_user.ts";
import { PreparedTestRun } from "./test_run.ts";
import { endTask, mayBegin, newTaskOrder } from "./task_order.ts";
import type { Job, RunReply, RunRequest } from "./pinned_worker.ts";
import { loadedProgram, Runner } from "./runner.ts";
import { linuxStateKey } from "./state_key.ts";
import { linuxValues } from "./values.ts";
import { verdictOf } from "./verify.ts";

/** The verifier of the running kernel does not accept the program. */
export class RefusedByKernel extends BackendError {
  override name = "RefusedByKernel";
}

/** What a program does to this computer would outlast the run: nothing of the kind is even loaded. */
function refuseWhatActsOnHost(object: BpfObject, names: readonly string[]): void {
  const loaded = programsToLoad(object, names);
  const reasons = object.programs.filter(({ name }) => loaded.includes(name)).flatMap((program) =>
    actsOnHost(program, object) ?? []
  );
  if (reasons.length === 0) return;
  throw new BackendError(
    `not run on this kernel: ${reasons.join("; ")}. Its verifier can be asked (linuxVerify, linux --verify-only)`,
  );
}

/** Threads that run programs: for one session, or for many, since starting them takes longer than most runs. */
export const newThreads = (count: number): Crew<RunRequest, RunReply> =>
  new Crew(new URL("./pinned_worker.ts", import.meta.url), count);

const TURNS_IN_COMPANY = 64;

export class LinuxSession implements RealMachine, Disposable {
  readonly plan: Plan;
  readonly object: BpfObject;
  /** CPUs of this computer by CPU number of the workload. */
  readonly cpus: readonly number[];
  #kernel!: KernelObject;
  #maps!: KernelMaps;
  readonly #runners = new Map<string, Runner>();
  /** Of programs that actors run, by program and context. */
  readonly #userRuns = new Map<string, PreparedTestRun>();
  readonly #startLine = newStartLine();
  #crew: Crew<RunRequest, RunReply> | undefined;

  /**
   * @param exact run each invocation as a call of its own
   * @param threads of {@link newThreads}, as many as the workload has tasks at least, that outlive the session
   * @throws BackendError when there is no kernel to run on, it refuses a program, or the workload needs what it lacks
   */
  constructor(asked: Plan, readonly exact: boolean, readonly threads?: Crew<RunRequest, RunReply>) {
    const availability = linuxAvailable();
    if (!availability.available) {
      throw new BackendError(`no running kernel to use: ${whyNot(availability)}`);
    }
    this.cpus = allowedCpus();
    this.plan = onAtMost(this.cpus.length, asked);
    this.object = this.plan.object;
    refuseWhatActsOnHost(this.object, this.plan.programs.map(({ name }) => name));
    if (this.plan.tasks.some(({ pidTgid }) => pidTgid !== undefined)) {
      throw new BackendError("the running kernel numbers its tasks itself: pid and tgid are for simulate and explore");
    }
    this.#open();
  }

  #open(): void {
    const { object, workload } = this.plan;
    this.#kernel = new KernelObject(object);
    try {
      this.#load();
      this.#maps = new KernelMaps(this.#kernel.maps(), object, this.#kernel.loadedPrograms());
      if (workload.prepare) this.#prepare(workload.prepare);
      this.#maps.keep();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  async run(tasks: readonly PlannedTask[], factors: Factors): Promise<readonly ThreadRun[]> {
    const programs = tasks.filter((task) => task.kind !== "user"),
      actors = tasks.filter((task) => task.kind === "user");
    const jobs = programs.map((task) => this.#job(task, factors)), startLine = this.#startLine;
    const crew = this.threads ?? (this.#crew ??= newThreads(this.plan.tasks.length));
    const used = new Set(jobs.map((job) => job.cpu));
    // actors run on this thread, which must get a CPU too
    const alone = used.size === jobs.length && (actors.length === 0 || used.size < this.cpus.length);
    let acted: readonly ThreadRun[] = [];
    const replies = await runFromStartLine(startLine, () => {
      const order = newTaskOrder(this.plan.tasks, tasks);
      const places = programs.map((task) => ({ order, task: this.plan.tasks.indexOf(task), after: task.after ?? [] }));
      const asked = jobs.map((job, i) =>
        crew.ask(i, { ...job, threads: jobs.length, startLine, alone, place: places[i] })
      );
      if (actors.length > 0) {
        acted = awayFrom(
          jobs.map((job) => job.cpu),
          () => jobs.length === 0 || waitForStart(startLine) ? this.#act(actors, order) : [],
        );
      }
      return asked;
    });
    replies.forEach((reply, index) => {
      if (reply.errno === 0) return;
      throw new BackendError(`BPF_PROG_RUN of ${programs[index].prog} failed: ${errnoName(reply.errno)}`);
    });
    return tasks.map((task) => replies[programs.indexOf(task)] ?? acted[actors.indexOf(task)]);
  }

  /** Runs user-space actors on this thread, taking turns after each call; each begins when the order lets it. */
  #act(actors: readonly PlannedTask[], order: Int32Array): ThreadRun[] {
    const startNs = nowNs(), runs: ThreadRun[] = [];
    const bodies = actors.map((actor) => actor.body!(this.#user()));
    try {
      for (let under = bodies.length; under > 0;) {
        bodies.forEach((body, index) => {
          if (runs[index] || !mayBegin(order, actors[index].after ?? [])) return;
          const { done, value } = body.next(0n);
          if (!done) return;
          runs[index] = { startNs, endNs: nowNs(), returned: value };
          endTask(order, this.plan.tasks.indexOf(actors[index]));
          under--;
        });
      }
    } finally {
      // Well or badly: no thread waits for an actor any longer.
      for (const actor of actors) endTask(order, this.plan.tasks.indexOf(actor));
    }
    return runs;
  }

  #user(): UserApi {
    return checkedCalls(new LinuxUser(this.#maps, this.object, (name, ctx) => this.#runForUser(name, ctx)));
  }

  /** BPF_PROG_RUN on this thread. */
  #runForUser(name: string, ctx: Uint8Array | undefined): number {
    const key = `${name} ${ctx ?? ""}`;
    let run = this.#userRuns.get(key);
    if (!run) {
      const runnerKey = `user ${name}`;
      let runner = this.#runners.get(runnerKey);
      if (!runner) {
        runner = Runner.for(loadedProgram(this.#kernel, name), this.object.license, true);
        this.#runners.set(runnerKey, runner);
      }
      this.#userRuns.set(key, run = new PreparedTestRun(runner.job(1, this.cpus[0], ctx, 1).run));
    }
    const failed = run.call();
    if (failed < 0) throw new BackendError(`BPF_PROG_RUN of ${name} failed: ${errnoName(failed)}`);
    return run.returned;
  }

  /** BPF_PROG_RUN itself looks at no guard; what else of the system runs a program does. */
  recursionMisses(): number {
    const byProgram = new Map([...this.#runners.values()].map((runner) => [runner.fd, runner.recursionMisses()]));
    return [...byProgram.values()].reduce((sum, misses) => sum + misses, 0);
  }

  /** Puts every map back to what it was after loading. */
  reset(): void {
    if (this.#maps.isResettable) return this.#maps.reset();
    this.#closeObject();
    this.#open();
  }

  /** Shared state now. */
  values(): Values {
    return linuxValues(this.object, this.#maps, this.cpus.slice(0, this.plan.nrCpus));
  }

  /** Shared state now, as text that tells states apart. */
  stateKey(): string {
    return linuxStateKey(this.#maps, this.cpus.slice(0, this.plan.nrCpus));
  }

  /** How each program is run, in words. */
  describe(): string {
    return [...new Set([...this.#runners.values()].map((runner) => runner.describe()))].join("; ");
  }

  close(): void {
    this.#crew?.close();
    this.#closeObject();
  }

  #closeObject(): void {
    for (const runner of this.#runners.values()) runner.close();
    this.#runners.clear();
    this.#userRuns.clear();
    this.#maps?.close();
    this.#kernel.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #prepare(body: (user: UserApi) => Model<unknown>): void {
    const running = readerModel("prepare", body(this.#user()));
    while (!running.next(0n).done);
  }

  #load(): void {
    const names = this.plan.programs.map((program) => program.name);
    const outcome = this.#kernel.load(programsToLoad(this.object, names));
    if (outcome.errno === 0) return;
    const { message, errname } = verdictOf(names.join(", "), "", outcome);
    throw new RefusedByKernel(`the kernel refuses ${this.object.name}: ${message} (${errname})`);
  }

  #job(task: PlannedTask, factors: Factors): Job {
    const cpu = this.cpus[task.cpu];
    if (task.kind === "process") {
      return this.#runner(task).job(
        scaledInvocations(task, factors),
        cpu,
        task.packets?.[0] ?? task.ctx,
        this.#turnsPerCall(),
      );
    }
    if (task.interrupt === "nmi" || task.interrupt === "preemption") {
      throw new BackendError(
        `${task.prog} as ${task.interrupt}: BPF_PROG_RUN strikes a CPU by an inter-processor interrupt only; use the simulator`,
      );
    }
    // an interrupt is sent from another CPU, an idle one where there is one
    const others = this.cpus.filter((other) => other !== cpu);
    const busy = this.plan.tasks.filter((other) => other.kind === "process").map((other) => this.cpus[other.cpu]);
    const sender = others.find((other) => !busy.includes(other)) ?? others[0];
    if (sender === undefined) throw new BackendError("interrupts are sent from another CPU, and this computer has one");
    return this.#runner(task).interruptJob(task.invocations, sender, task.ctx, cpu);
  }

  /**
   * A loop in the kernel is one run of a program, which an update of a map in map waits for and which nothing preempts.
   * Where user space takes part, or programs share a CPU, runs must be as short as they expect them.
   */
  #turnsPerCall(): number {
    const alone = sharing(this.plan) === 1 && this.plan.tasks.every((task) => task.kind !== "user");
    return alone ? MAX_TURNS : TURNS_IN_COMPANY;
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
