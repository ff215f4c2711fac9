/** One workload on threads: shared memory, its translation, a worker for each task; all ended by `close`. */
import { KIND } from "../../cpu/layout.ts";
import { onAtMost, type Plan, type PlannedTask } from "../../workload/plan.ts";
import { readerModel } from "../../cpu/reader_model.ts";
import { translate } from "../../translate/translate.ts";
import type { Values } from "../../report/result.ts";
import { BackendError } from "../../host/backend_error.ts";
import { Crew } from "../../host/crew.ts";
import { type Factors, scaledInvocations } from "../calibrate.ts";
import type { RealMachine } from "../measure.ts";
import { newStartLine, runFromStartLine } from "../start_line.ts";
import { allowedCpus } from "../thread_control.ts";
import { requireThreads } from "./available.ts";
import { SharedMachine } from "./shared_machine.ts";
import { SharedOperations } from "./shared_operations.ts";
import type { Run, RunReply, SetUp } from "./thread.ts";

export class ThreadSession implements RealMachine, Disposable {
  readonly plan: Plan;
  readonly #machine: SharedMachine;
  readonly #crew: Crew<SetUp | Run, RunReply>;
  readonly #startLine = newStartLine();
  readonly #initial: Uint8Array;

  private constructor(machine: SharedMachine, crew: Crew<SetUp | Run, RunReply>) {
    this.plan = machine.plan;
    this.#machine = machine;
    this.#crew = crew;
    this.#initial = machine.memory.bytes.slice(0, machine.memory.heapEnd);
  }

  /**
   * Translates the programs and starts the threads.
   *
   * @throws BackendError when threads cannot run this workload, saying what it is that they cannot
   */
  static async start(asked: Plan): Promise<ThreadSession> {
    requireThreads();
    const plan = onAtMost(allowedCpus().length, asked), { prepare } = plan.workload;
    refuseWhatThreadsLack(plan);
    const machine = new SharedMachine(plan);
    const { layout } = machine.memory;
    const translation = translate(machine.image.insns, machine.image.entries, {
      layout,
      direct: true,
      shared: true,
      packetLoads: machine.image.packetLoads,
      arena: machine.image.arena,
    });
    const module = await WebAssembly.compile(translation.wasm);
    // user space's functions stay here
    const sent = { ...plan, workload: {} };
    const crew = new Crew<SetUp | Run, RunReply>(new URL("./thread_worker.ts", import.meta.url), machine.tasks.length);
    try {
      await Promise.all(machine.tasks.map(({ program }, task) =>
        crew.ask(task, {
          kind: "set up",
          plan: sent,
          memory: machine.memory.wasm,
          module,
          task,
          entry: KIND.none | (translation.entryBlock(program.start) << 8),
        })
      ));
      if (prepare) {
        const operations = new SharedOperations(machine.memory, machine.atomicLock, []);
        operations.run(readerModel("prepare", prepare(machine.kernel.userApi(0, 0))));
      }
      return new ThreadSession(machine, crew);
    } catch (error) {
      crew.close();
      throw error;
    }
  }

  async run(tasks: readonly PlannedTask[], factors: Factors): Promise<readonly RunReply[]> {
    const startLine = this.#startLine, threads = tasks.length, cpus = allowedCpus();
    const alone = new Set(tasks.map((task) => task.cpu)).size === threads;
    return await runFromStartLine(startLine, () =>
      tasks.map((task) => {
        const invocations = scaledInvocations(task, factors), cpu = alone ? cpus[task.cpu] : undefined;
        return this.#crew.ask(this.plan.tasks.indexOf(task), { kind: "run", invocations, threads, startLine, cpu });
      }));
  }

  reset(): void {
    this.#machine.memory.bytes.set(this.#initial);
  }

  values(): Values {
    return this.#machine.kernel.values();
  }

  stateKey(): string {
    return this.#machine.kernel.stateKey();
  }

  /** A copy of what the only value of a map holds now. */
  dataOf(map: number, bytes: number): Uint8Array {
    const start = Number(BigInt.asUintN(32, this.#machine.kernel.valuePointer(map, 0)));
    return this.#machine.memory.bytes.slice(start, start + bytes);
  }

  close(): void {
    this.#crew.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Threads have no kernel around them: no interrupts, no system calls, no task that sleeps. */
function refuseWhatThreadsLack({ tasks }: Plan): void {
  const instead = "use the simulator, or the running kernel";
  const has = (kind: PlannedTask["kind"]) => tasks.some((task) => task.kind === kind);
  if (has("interrupt")) throw new BackendError(`interrupts do not strike threads; ${instead}`);
  if (has("user")) throw new BackendError(`user-space actors do not run on threads; ${instead}`);
  if (tasks.some(({ after = [] }) => after.length > 0)) {
    throw new BackendError(`threads begin together, so that none begins after another; ${instead}`);
  }
  if (tasks.some(({ pidTgid }) => pidTgid !== undefined)) {
    throw new BackendError(`threads have no pid to be chosen; ${instead}`);
  }
  const sleeper = tasks.find((task) => task.sleepable);
  if (sleeper) throw new BackendError(`${sleeper.prog} may sleep, which threads cannot show; ${instead}`);
}
