/**
 * From a workload to the tasks of a machine: who runs what, how often, on which CPU. A call makes one plan of what it
 * was given, and every machine takes that.
 */
import type { Model } from "../cpu/operation.ts";
import { WorkloadError } from "../cpu/workload_error.ts";
import type { UserApi } from "../maps/user_space.ts";
import type { BpfObject, Program } from "../object/bpf_object.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import type { VerifierWarning } from "../verifier/verify.ts";
import { ofOtherKernels, refusalOf, type RefusedError, undecided, warningsOf } from "./admission.ts";
import { type Call, checkCall } from "./check_options.ts";
import type { InterruptKind, RunContext } from "./contexts.ts";
import { deferredTasks } from "./deferred_tasks.ts";
import { findProgram, listTasks } from "./list_tasks.ts";
import { describeMemory, type MemoryReport, refuseBpfModel } from "./memory_model.ts";
import { type StoreDelays, storeDelays } from "./store_delays.ts";
import { type UserSpace, userSpaceOf } from "./user_calls.ts";
import { completed } from "./user_space_side.ts";
import type { Workload } from "./workload.ts";

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
  const { tasks: named, programs: used, nrCpus, allCpus, invocations, remarks } = listTasks(object, workload);
  const userSpace = userSpaceOf(object, workload);
  for (const name of userSpace.programs) used.set(name, findProgram(object, name));
  const tailCalls = object.maps.some((map) => map.type === BPF_MAP_TYPE.PROG_ARRAY);
  const programs = tailCalls ? object.programs : [...used.values()];
  const deferred = deferredTasks(programs, userSpace.runs ? allCpus : nrCpus);
  const laidOut = {
    object,
    workload,
    invocations,
    tasks: [...named, ...deferred],
    programs,
    nrCpus,
    allCpus,
    sharesCpus: deferred.length > 0 || shareCpus(named),
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

/** Whether any is more than a program alone on its CPU from the start on. */
function shareCpus(tasks: readonly PlannedTask[]): boolean {
  const taken = new Set<number>();
  return tasks.some(({ kind, cpu, after = [] }) =>
    kind !== "process" || after.length > 0 || taken.size === taken.add(cpu).size
  );
}
