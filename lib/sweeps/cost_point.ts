/** One point of a sweep: a workload on so many CPUs under a profile. What the main thread and the workers both do. */
import { Machine, type MachineOptions } from "../machine/machine.ts";
import type { Workload } from "../workload/workload.ts";
import type { BpfObject } from "../object/bpf_object.ts";
import { lostFraction } from "../report/lost.ts";
import type { Values, Waiting } from "../report/result.ts";
import type { Profile } from "../cost/profile.ts";
import { TimedMachine } from "../cost/timed_run.ts";

/** What a point is asked for; all of it can be sent to a worker, but for functions in the workload. */
export interface PointRequest {
  readonly workload: Workload;
  readonly options: MachineOptions;
  readonly profile: Profile;
  readonly seed: number;
  readonly operationsPerRun: number;
  readonly countLost: boolean;
}

/** What a point comes to. */
export interface PointResult {
  /** Nanoseconds per operation. */
  readonly ns: number;
  /** Part of the updates that is gone, 0 to 1; only where it was asked for. */
  readonly lost?: number;
  readonly perSecond: number;
  /** Part of the runs that each CPU had done when the first was through. */
  readonly shares: readonly number[];
  readonly waiting: Waiting;
  readonly transfersPerOp: number;
}

/** @throws Error when the run ends in a fault */
export function runPoint(object: BpfObject, request: PointRequest): PointResult {
  const { workload, options, profile, seed, operationsPerRun } = request;
  const initial = request.countLost ? valuesOf(object, workload, options, 0) : undefined;
  const timed = new TimedMachine(object, workload, options, profile, seed), timing = timed.run();
  const { fault } = timed.machine;
  if (fault) throw new Error(`${fault.prog} on CPU ${fault.cpu}: ${fault.message}`);
  const serial = initial && valuesOf(object, workload, options, workload.invocations ?? 1000);
  return {
    ns: timing.nsPerOp / operationsPerRun,
    lost: initial && serial && lostFraction(initial, serial, timed.machine.kernel.values()),
    perSecond: timing.perSecond * operationsPerRun,
    shares: timing.cpus.map((cpu) => cpu.share),
    waiting: timing.waiting,
    transfersPerOp: timing.transfersPerOp / operationsPerRun,
  };
}

/** Shared state after so many runs on each CPU, one CPU after another. */
function valuesOf(object: BpfObject, workload: Workload, options: MachineOptions, invocations: number): Values {
  const programs = workload.programs?.map((run) => typeof run === "string" ? run : { ...run, invocations });
  const machine = new Machine(object, { ...workload, programs, invocations }, options);
  for (const task of machine.tasks) {
    while (!machine.isDone(task) && machine.isEnabled(task.index)) machine.step(task.index);
  }
  return machine.kernel.values();
}
