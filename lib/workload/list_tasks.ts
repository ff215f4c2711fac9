/** The tasks that a workload names: programs on their CPUs, interrupts, user-space actors; who comes before whom. */
import { readerModel } from "../cpu/reader_model.ts";
import { WorkloadError } from "../cpu/workload_error.ts";
import type { BpfObject, Program } from "../object/bpf_object.ts";
import { didYouMean } from "../words/closest_name.ts";
import { baseContext, defaultKind, interruptContext, isSleepable, USER_CONTEXT } from "./contexts.ts";
import { type StandardRuns, standardRuns } from "./default_programs.ts";
import { assumed, checkKind, kindAbove, preemptRemarks, refuseStrike, whyItNeverStrikes } from "./nesting.ts";
import { defaultPackets, seesPackets } from "./packets.ts";
import type { Pair, PlannedTask } from "./plan.ts";
import { type Order, tasksBefore } from "./task_order.ts";
import { MAX_CPUS, type ProgRun, type Workload } from "./workload.ts";

const MOST_INVOCATIONS = 1_000_000_000;

/** What a workload asks for. */
export interface ListedTasks {
  readonly tasks: readonly PlannedTask[];
  /** The programs that they run, by name. */
  readonly programs: Map<string, Program>;
  readonly nrCpus: number;
  /** CPUs with those that user actors have to themselves. */
  readonly allCpus: number;
  /** Runs per CPU of every program that does not say otherwise. */
  readonly invocations: number;
  /** For the reader. */
  readonly remarks: string[];
}

/** @throws WorkloadError for an unknown program, a CPU out of range, a count that is no whole number */
export function listTasks(object: BpfObject, workload: Workload): ListedTasks {
  return new TaskList(object, workload).finish();
}

class TaskList {
  readonly #object: BpfObject;
  readonly #workload: Workload;
  readonly #nrCpus: number;
  readonly #invocations: number;
  readonly #tasks: PlannedTask[] = [];
  /** For each task, what it is called in `after`, and what it comes after. */
  readonly #orders: Order[] = [];
  readonly #programs = new Map<string, Program>();
  #allCpus: number;

  constructor(object: BpfObject, workload: Workload) {
    this.#object = object;
    this.#workload = workload;
    this.#nrCpus = this.#allCpus = workload.cpus ?? 2;
    this.#invocations = workload.invocations ?? 1000;
    whole("cpus", this.#nrCpus, 1, MAX_CPUS);
    whole("invocations", this.#invocations, 0, MOST_INVOCATIONS);
  }

  finish(): ListedTasks {
    const object = this.#object, { programs, interrupts = [], user = [], verify } = this.#workload;
    const standard = programs === undefined ? standardRuns(object, verify !== false) : undefined;
    if (standard?.runs.length === 0) refuseEmpty(object);
    const runs = standard?.runs ?? programs!.map((run): ProgRun => typeof run === "string" ? { prog: run } : run);
    const exits = this.#addRuns(runs, standard !== undefined);
    for (const interrupt of interrupts) this.#addInterrupt(interrupt);
    for (const actor of user) this.#addActor(actor);
    const remarks = this.#settleInterrupts();
    const afters = tasksBefore(this.#orders), paired = pairs(this.#tasks, exits);
    return {
      tasks: this.#tasks.map((task, i) => ({ ...task, after: afters[i], pair: paired.get(i) })),
      programs: this.#programs,
      nrCpus: this.#nrCpus,
      allCpus: this.#allCpus,
      invocations: this.#invocations,
      remarks: [...remarks, ...(standard ? notRun(standard, object) : [])],
    };
  }

  #use(name: string): Program {
    const program = findProgram(this.#object, name);
    this.#programs.set(name, program);
    return program;
  }

  /**
   * @param isDefault the workload names no programs
   * @returns the tasks that are exits, with the program that is their entry
   */
  #addRuns(runs: readonly ProgRun[], isDefault: boolean): Exit[] {
    const exits: Exit[] = [], isEntry = (prog: string) => runs.some(({ exitOf }) => exitOf === prog);
    // What a CPU runs by default, and what belongs together as entry and exit, is run for one process.
    const isShared = (run: ProgRun) => (isDefault && runs.length > 1) || run.exitOf !== undefined || isEntry(run.prog);
    for (const run of runs) {
      const program = this.#use(run.prog), sleepable = run.sleepable ?? isSleepable(program);
      const invocations = run.invocations ?? this.#invocations, context = baseContext(program, sleepable);
      whole("invocations", invocations, 0, MOST_INVOCATIONS);
      for (const cpu of run.cpus ?? Array.from({ length: this.#nrCpus }, (_, i) => i)) {
        existing(`a CPU of program ${run.prog}`, cpu, this.#nrCpus);
        if (run.exitOf !== undefined) exits.push({ entry: run.exitOf, task: this.#tasks.length });
        this.#tasks.push({
          kind: "process",
          name: `cpu${cpu}`,
          cpu,
          prog: run.prog,
          invocations,
          sleepable,
          context,
          ctx: run.ctx,
          packets: packetsFor(program, run.packets ?? this.#workload.packets),
          pidTgid: pidTgid(run) ?? (isShared(run) ? pidTgid({ pid: FIRST_PID + cpu }) : undefined),
        });
        this.#orders.push({ name: run.prog, after: run.after });
      }
    }
    return exits;
  }

  #addInterrupt(interrupt: NonNullable<Workload["interrupts"]>[number]): void {
    const { prog, cpu, count: invocations = 1, ctx, packets } = interrupt, program = this.#use(prog);
    existing(`the CPU of interrupt ${prog}`, cpu, this.#nrCpus);
    whole("count of an interrupt", invocations, 0, MOST_INVOCATIONS);
    const kind = interrupt.kind ?? defaultKind(program);
    checkKind(program, kind, this.#preempt);
    this.#tasks.push({
      kind: "interrupt",
      name: `${kind === "hardirq" ? "irq" : kind} on cpu${cpu}`,
      cpu,
      prog,
      invocations,
      sleepable: kind === "preemption" && isSleepable(program),
      context: interruptContext(program, kind),
      interrupt: kind,
      ctx,
      packets: packetsFor(program, packets ?? this.#workload.packets),
    });
    this.#orders.push({ name: prog });
  }

  #addActor(actor: NonNullable<Workload["user"]>[number]): void {
    if (actor.cpu !== undefined) existing(`the CPU of user actor ${actor.name}`, actor.cpu, this.#nrCpus);
    this.#tasks.push({
      kind: "user",
      name: `user ${actor.name}`,
      user: actor.name,
      cpu: actor.cpu ?? this.#allCpus++,
      invocations: 1,
      sleepable: true,
      context: USER_CONTEXT,
      body: (user) => readerModel(`user actor ${actor.name}`, actor.body(user)),
      pidTgid: pidTgid(actor),
    });
    this.#orders.push({ name: actor.name, after: actor.after });
  }

  /** Interrupts of no named kind strike where their CPU's other tasks can be struck; gives what is to be said of it. */
  #settleInterrupts(): string[] {
    const tasks = this.#tasks, preempt = this.#preempt;
    const nesting = tasks.map(({ prog, cpu, context }) => ({
      program: prog ? this.#programs.get(prog) : undefined,
      cpu,
      context,
    }));
    const remarks = preemptRemarks(nesting, preempt), first = tasks.findIndex(({ interrupt }) => interrupt);
    this.#workload.interrupts?.forEach(({ kind: named, cpu }, i) => {
      const index = first + i, { interrupt } = tasks[index], program = nesting[index].program!;
      const beside = nesting.filter((other, at) => at !== index && other.cpu === cpu);
      const why = whyItNeverStrikes(nesting[index], interrupt!, beside, preempt);
      if (why === undefined) return;
      if (named !== undefined) refuseStrike(program, named, cpu, why);
      const kind = kindAbove(beside);
      tasks[index] = { ...tasks[index], interrupt: kind, context: { ...tasks[index].context, level: kind } };
      remarks.push(assumed(program, cpu, why));
    });
    return remarks;
  }

  get #preempt(): NonNullable<Workload["preempt"]> {
    return this.#workload.preempt ?? "none";
  }
}

/** A task whose program is the exit of another one. */
interface Exit {
  readonly entry: string;
  readonly task: number;
}

/** What the runs of a program are handed in turn; undefined for one that sees no packet. */
function packetsFor(program: Program, given: readonly Uint8Array[] | undefined): readonly Uint8Array[] | undefined {
  return seesPackets(program) ? given ?? defaultPackets(program) : undefined;
}

const pidTgid = ({ pid, tgid = pid }: { readonly pid?: number; readonly tgid?: number }): bigint | undefined =>
  tgid === undefined ? undefined : (BigInt(tgid) << 32n) | BigInt(pid ?? tgid);

const FIRST_PID = 1000;

/** For each task of an entry or exit program its partner on the same CPU. */
function pairs(
  tasks: readonly PlannedTask[],
  exits: readonly Exit[],
): Map<number, Pair> {
  const paired = new Map<number, Pair>();
  for (const { entry, task: exit } of exits) {
    const { cpu, prog, invocations } = tasks[exit];
    const found = tasks.findIndex((task, i) =>
      task.kind === "process" && task.prog === entry && task.cpu === cpu && !paired.has(i) && i !== exit
    );
    if (found < 0) throw new WorkloadError(`${prog} is the exit of ${entry}, which does not run on CPU ${cpu}`);
    if (tasks[found].invocations !== invocations) {
      throw new WorkloadError(
        `${prog} runs ${invocations} times on CPU ${cpu} and ${entry}, whose exit it is, ${
          tasks[found].invocations
        } times`,
      );
    }
    paired.set(exit, { partner: found, isExit: true });
    paired.set(found, { partner: exit, isExit: false });
  }
  return paired;
}

/** What of an object's programs did not run, and why. */
function notRun({ leftOut, notHere, standIns }: StandardRuns, object: BpfObject): string[] {
  return [
    ...(leftOut.length > 0 ? [leftOutText(leftOut, object)] : []),
    ...notHere.map(({ name, why }) => `${name} did not run: the kernel would not load it: ${why}`),
    ...(standIns.length > 0 ? [standInText(standIns)] : []),
  ];
}

const leftOutText = (names: readonly string[], { programs }: BpfObject): string =>
  `${names.join(", ")} did not run: ${
    names.length === 1 ? "it shares" : "they share"
  } no map and no variable with the ` +
  `others; programs: ["${names[0] ?? programs[0].name}"] runs it`;

const standInText = (standIns: readonly { readonly name: string; readonly runs: string }[]): string =>
  `${
    standIns.map(({ name, runs }) => `${name} did not run: ${runs} is at the same hook`).join("; ")
  }; tools load one of ` +
  "them (programs: [...], --programs, says otherwise)";

function refuseEmpty(object: BpfObject): never {
  throw new WorkloadError(`${object.name} has no program: give a function a section, SEC("raw_tp") for one`);
}

/** The program of this name. */
export function findProgram(object: BpfObject, name: string): Program {
  const found = object.programs.find((program) => program.name === name);
  if (found) return found;
  const names = object.programs.map((program) => program.name);
  throw new WorkloadError(
    `${object.name} has no program ${name}; it has ${names.join(", ") || "none"}${didYouMean(name, names)}`,
  );
}

function whole(what: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new WorkloadError(`${what} is ${value}: it must be a whole number from ${min} to ${max.toLocaleString("en")}`);
}

/** CPUs count from 0. */
function existing(what: string, cpu: number, nrCpus: number): void {
  if (Number.isInteger(cpu) && cpu >= 0 && cpu < nrCpus) return;
  const there = nrCpus === 1 ? "there is CPU 0 only (cpus: 1)" : `there are CPUs 0 to ${nrCpus - 1} (cpus: ${nrCpus})`;
  throw new WorkloadError(`${what} is ${cpu}: ${there}`);
}
