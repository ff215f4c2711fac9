/**
 * From a workload to the tasks of a machine: who runs what, how often, on which CPU. A call makes one plan of what it
 * was given, and every machine takes that.
 */
import { ofOtherKernels, refusalOf, type RefusedError, undecided, warningsOf } from "./admission.ts";
import { type Call, checkCall } from "./check_options.ts";
import {
  baseContext,
  defaultKind,
  interruptContext,
  type InterruptKind,
  isSleepable,
  type RunContext,
  USER_CONTEXT,
} from "./contexts.ts";
import { assumed, checkKind, kindAbove, preemptRemarks, refuseStrike, whyItNeverStrikes } from "./nesting.ts";
import { describeMemory, type MemoryReport, refuseBpfModel } from "./memory_model.ts";
import { type StoreDelays, storeDelays } from "./store_delays.ts";
import { MAX_CPUS, type ProgRun, type Workload } from "./workload.ts";
import type { VerifierWarning } from "../verifier/verify.ts";
import type { UserApi } from "../maps/user_space.ts";
import { standardRuns } from "./default_programs.ts";
import { completed } from "./user_space_side.ts";
import { defaultPackets, seesPackets } from "./packets.ts";
import { deferredTasks } from "./deferred_tasks.ts";
import { type Order, tasksBefore } from "./task_order.ts";
import { type UserSpace, userSpaceOf } from "./user_calls.ts";
import type { BpfObject, Program } from "../object/bpf_object.ts";
import { didYouMean } from "../words/closest_name.ts";
import type { Model } from "../cpu/operation.ts";
import { readerModel } from "../cpu/reader_model.ts";
import { WorkloadError } from "../cpu/workload_error.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";

export { WorkloadError };

export interface PlannedTask {
  /** `timer` and `work` run callbacks that programs start (machine/deferred.ts); they come last in a plan. */
  readonly kind: "process" | "interrupt" | "user" | "timer" | "work";
  /** Only ever shown. */
  readonly name: string;
  readonly cpu: number;
  /** Name of the program, or of the user-space actor. */
  readonly prog?: string;
  readonly user?: string;
  readonly invocations: number;
  readonly sleepable: boolean;
  /** Where it runs: what it can come between, and what between it. */
  readonly context: RunContext;
  /** Of an interrupt: which kind it is. */
  readonly interrupt?: InterruptKind;
  readonly ctx?: Uint8Array;
  /** Of a program that sees packets: what its runs are handed, in turn. */
  readonly packets?: readonly Uint8Array[];
  readonly body?: (user: UserApi) => Model<unknown>;
  /** Indices of the tasks that have to be done before it begins. */
  readonly after?: readonly number[];
  /** `tgid << 32 | pid` of the task that it runs for, where the workload says so. */
  readonly pidTgid?: bigint;
  readonly pair?: Pair;
}

/** Entry and exit of something take turns: a run of the one, then a run of the other. */
export interface Pair {
  /** Index of the other task. */
  readonly partner: number;
  readonly isExit: boolean;
}

/** A workload that has been looked at: what machines are made of. */
export interface Plan {
  readonly object: BpfObject;
  readonly workload: Workload;
  /** Runs per CPU of every program that does not say otherwise. */
  readonly invocations: number;
  readonly tasks: readonly PlannedTask[];
  readonly programs: readonly Program[];
  /** CPUs that run programs: the possible CPUs of per-CPU maps. */
  readonly nrCpus: number;
  /** These and one more for each user actor that names no CPU. */
  readonly allCpus: number;
  readonly sharesCpus: boolean;
  /** What the reader may not expect of the contexts that programs run in, in sentences. */
  readonly remarks: readonly string[];
  readonly userSpace: UserSpace;
  /** What the verifier accepts in these programs although it is open what it does. */
  readonly warnings: readonly VerifierWarning[];
  readonly memory: MemoryReport;
  /**
   * Where stores have to wait in store buffers: for each program, the instructions whose stores do. Undefined where none
   * do: then the CPUs have no buffers.
   */
  readonly delays: StoreDelays | undefined;
  /** Whether none would have to if user space only loaded: then it is tried without buffers first. */
  readonly scIfUsersOnlyLoad: boolean;
  /** Maps that `prepare` fills because nothing else would (schedulers/filled_maps.ts), in words. */
  readonly filled?: readonly string[];
}

/** The kernel's own verifier is asked on `linux`; `compare` shows a refusal and goes on. */
const ADMITS: Readonly<Record<Call, boolean>> = {
  simulate: true,
  threads: true,
  linux: false,
  compare: false,
  explore: true,
  estimate: true,
  player: true,
};

/**
 * Checks what a call was given, plans its tasks, and refuses what the verifier refuses: once for each call.
 *
 * @param call whose options they are
 * @throws WorkloadError for options that can't be
 * @throws RefusedError for the first program of the workload that the kernel would not load
 */
export function plan(object: BpfObject, options: Workload, call: Call = "simulate"): Plan {
  checkCall(call, object, options);
  if (options.memory === "bpf" && call !== "threads" && call !== "linux" && call !== "explore") refuseBpfModel(call);
  const searched = call === "explore" || call === "estimate" || call === "player";
  // The running kernel is asked of the object as it is.
  const { object: whole, remarks } = call === "linux" || call === "compare"
    ? { object, remarks: [] }
    : completed(object);
  const tasks = planTasks(whole, searched ? { ...options, invocations: options.invocations ?? 1 } : options);
  const asks = options.verify === undefined && ADMITS[call];
  const doubts = asks ? [...undecided(whole, tasks.programs), ...ofOtherKernels(whole, tasks.programs)] : [];
  const planned = { ...tasks, remarks: [...tasks.remarks, ...remarks, ...doubts] };
  const refused = ADMITS[call] ? refusalOfPlan(planned) : undefined;
  if (refused) throw refused;
  return planned;
}

/**
 * The same workload where every store is in memory at once: for runs one after another, which see no difference.
 *
 * @param why in words, after "as SC"
 */
export const withoutBuffers = (plan: Plan, why?: string): Plan =>
  plan.delays
    ? { ...plan, delays: undefined, scIfUsersOnlyLoad: false, memory: describeMemory(plan.memory.model, false, why) }
    : plan;

/** Why the workload may not run, unless it asks for no verifier. */
export const refusalOfPlan = ({ object, workload, programs }: Plan): RefusedError | undefined =>
  workload.verify === false ? undefined : refusalOf(object, programs, workload.verify === true);

/**
 * The same workload on a computer that has so many CPUs: no more of them are used.
 *
 * @throws WorkloadError where a program wants a CPU that is not there
 */
export const onAtMost = (cpus: number, plan: Plan): Plan =>
  plan.nrCpus <= cpus ? plan : planTasks(plan.object, { ...plan.workload, cpus });

/**
 * Lists the tasks of a workload, whatever the verifier says of them.
 *
 * @throws WorkloadError for an unknown program, a CPU out of range, a count that is no whole number
 */
export function planTasks(object: BpfObject, workload: Workload): Plan {
  const { preempt = "none" } = workload, nrCpus = workload.cpus ?? 2, perCpu = workload.invocations ?? 1000;
  whole("cpus", nrCpus, 1, MAX_CPUS);
  whole("invocations", perCpu, 0, 1_000_000_000);
  const isDefault = workload.programs === undefined;
  const standard = isDefault ? standardRuns(object, workload.verify !== false) : undefined;
  if (standard?.runs.length === 0) refuseEmpty(object);
  const runs = standard
    ? standard.runs
    : workload.programs!.map((run): ProgRun => typeof run === "string" ? { prog: run } : run);
  const exits: { readonly entry: string; readonly task: number }[] = [];
  // What a CPU runs by default, and what belongs together as entry and exit, is run for one process.
  const isShared = (run: ProgRun) => (isDefault && runs.length > 1) || run.exitOf !== undefined || isEntry(run.prog);
  const isEntry = (prog: string) => runs.some(({ exitOf }) => exitOf === prog);
  const pidOf = (run: ProgRun, cpu: number) =>
    pidTgid(run) ?? (isShared(run) ? pidTgid({ pid: FIRST_PID + cpu }) : undefined);
  const tasks: PlannedTask[] = [], orders: Order[] = [], used = new Map<string, Program>();
  const use = (name: string) => used.set(name, findProgram(object, name));
  for (const run of runs) {
    use(run.prog);
    const sleepable = run.sleepable ?? isSleepable(used.get(run.prog)!);
    const invocations = run.invocations ?? perCpu, context = baseContext(used.get(run.prog)!, sleepable);
    whole("invocations", invocations, 0, 1_000_000_000);
    for (const cpu of run.cpus ?? Array.from({ length: nrCpus }, (_, i) => i)) {
      existing(`a CPU of program ${run.prog}`, cpu, nrCpus);
      const packets = packetsFor(used.get(run.prog)!, run.packets ?? workload.packets);
      const ran = { prog: run.prog, invocations, sleepable, context, ctx: run.ctx, packets, pidTgid: pidOf(run, cpu) };
      tasks.push({ kind: "process", name: `cpu${cpu}`, cpu, ...ran });
      if (run.exitOf !== undefined) exits.push({ entry: run.exitOf, task: tasks.length - 1 });
      orders.push({ name: run.prog, after: run.after });
    }
  }
  for (const interrupt of workload.interrupts ?? []) {
    use(interrupt.prog);
    existing(`the CPU of interrupt ${interrupt.prog}`, interrupt.cpu, nrCpus);
    const invocations = interrupt.count ?? 1;
    whole("count of an interrupt", invocations, 0, 1_000_000_000);
    const program = used.get(interrupt.prog)!, kind = interrupt.kind ?? defaultKind(program);
    checkKind(program, kind, preempt);
    tasks.push({
      kind: "interrupt",
      name: `${kind === "hardirq" ? "irq" : kind} on cpu${interrupt.cpu}`,
      cpu: interrupt.cpu,
      prog: interrupt.prog,
      invocations,
      sleepable: kind === "preemption" && isSleepable(program),
      context: interruptContext(program, kind),
      interrupt: kind,
      ctx: interrupt.ctx,
      packets: packetsFor(program, interrupt.packets ?? workload.packets),
    });
    orders.push({ name: interrupt.prog });
  }
  let allCpus = nrCpus;
  for (const actor of workload.user ?? []) {
    if (actor.cpu !== undefined) existing(`the CPU of user actor ${actor.name}`, actor.cpu, nrCpus);
    tasks.push({
      kind: "user",
      name: `user ${actor.name}`,
      user: actor.name,
      cpu: actor.cpu ?? allCpus++,
      invocations: 1,
      sleepable: true,
      context: USER_CONTEXT,
      body: (user) => readerModel(`user actor ${actor.name}`, actor.body(user)),
      pidTgid: pidTgid(actor),
    });
    orders.push({ name: actor.name, after: actor.after });
  }
  const nesting = tasks.map(({ prog, cpu, context }) => ({ program: prog ? used.get(prog) : undefined, cpu, context }));
  const remarks = preemptRemarks(nesting, preempt), firstInterrupt = tasks.findIndex(({ interrupt }) => interrupt);
  workload.interrupts?.forEach(({ kind: named, cpu }, i) => {
    const index = firstInterrupt + i, { interrupt } = tasks[index], program = nesting[index].program!;
    const beside = nesting.filter((other, at) => at !== index && other.cpu === cpu);
    const why = whyItNeverStrikes(nesting[index], interrupt!, beside, preempt);
    if (why === undefined) return;
    if (named !== undefined) refuseStrike(program, named, cpu, why);
    const kind = kindAbove(beside);
    tasks[index] = { ...tasks[index], interrupt: kind, context: { ...tasks[index].context, level: kind } };
    remarks.push(assumed(program, cpu, why));
  });
  const afters = tasksBefore(orders), paired = pairs(tasks, exits);
  const ordered = tasks.map((task, i) => ({ ...task, after: afters[i], pair: paired.get(i) }));
  if (standard && standard.leftOut.length > 0) remarks.push(leftOut(standard.leftOut, object));
  for (const { name, why } of standard?.notHere ?? []) {
    remarks.push(`${name} did not run: the kernel would not load it: ${why}`);
  }
  if (standard && standard.standIns.length > 0) remarks.push(standInText(standard.standIns));
  const userSpace = userSpaceOf(object, workload);
  for (const name of userSpace.programs) use(name);
  const perCpuTasks = new Set<number>();
  const shared = ordered.some(({ kind, cpu, after }) =>
    kind !== "process" || after.length > 0 || perCpuTasks.size === perCpuTasks.add(cpu).size
  );
  const tailCalls = object.maps.some((map) => map.type === BPF_MAP_TYPE.PROG_ARRAY);
  const programs = tailCalls ? object.programs : [...used.values()],
    deferred = deferredTasks(programs, userSpace.runs ? allCpus : nrCpus);
  const laidOut = {
    object,
    workload,
    invocations: perCpu,
    tasks: [...ordered, ...deferred],
    programs,
    nrCpus,
    allCpus,
    sharesCpus: shared || deferred.length > 0,
    userSpace,
    remarks,
    warnings: warningsOf(object, programs),
  };
  const { memory = "x86" } = workload, delays = memory === "x86" ? storeDelays(laidOut) : undefined;
  const scIfUsersOnlyLoad = delays !== undefined && storeDelays(laidOut, true) === undefined;
  return {
    ...laidOut,
    memory: describeMemory(memory, delays !== undefined),
    delays,
    scIfUsersOnlyLoad,
  };
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
  exits: readonly { readonly entry: string; readonly task: number }[],
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

const leftOut = (names: readonly string[], { programs }: BpfObject): string =>
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
