/** One point of a cost curve: a workload on so many CPUs under a profile. What the main thread and the workers both do. */
import type { Kernel } from "../bpf_helpers/kernel.ts";
import type { MachineOptions } from "../machine/machine.ts";
import type { Workload } from "../workload/workload.ts";
import type { BpfObject } from "../object/bpf_object.ts";
import { lostFraction } from "../report/lost.ts";
import { type Overwritten, OverwrittenUpdates } from "../machine/overwritten.ts";
import { runSerial } from "../schedulers/run_serial.ts";
import { type Plan, planTasks } from "../workload/plan.ts";
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
export async function runPoint(object: BpfObject, request: PointRequest): Promise<PointResult> {
  const { workload, options, profile, seed, operationsPerRun } = request, plan = planTasks(object, workload);
  let initial: Values | undefined;
  const onPrepared = request.countLost ? (kernel: Kernel) => void (initial = kernel.values()) : undefined;
  const timed = new TimedMachine(plan, { ...options, onPrepared }, profile, seed);
  const updates = request.countLost ? new OverwrittenUpdates(timed.machine) : undefined, timing = timed.run(updates);
  const { fault } = timed.machine;
  if (fault) throw new Error(`${fault.prog} on CPU ${fault.cpu}: ${fault.message}`);
  return {
    ns: timing.nsPerOp / operationsPerRun,
    lost: initial && updates && await lostPart(plan, options, initial, timed.machine.kernel, updates.finish()),
    perSecond: timing.perSecond * operationsPerRun,
    shares: timing.cpus.map((cpu) => cpu.share),
    waiting: timing.waiting,
    transfersPerOp: timing.transfersPerOp / operationsPerRun,
  };
}

/** Where nothing was overwritten nothing is lost, whatever runs one after another would give: they are left out then. */
async function lostPart(
  plan: Plan,
  options: MachineOptions,
  initial: Values,
  kernel: Kernel,
  overwritten: ReadonlyMap<string, Overwritten>,
): Promise<number | undefined> {
  const gone = (name: string) => overwritten.get(name)?.amount ?? 0;
  if (![...overwritten.keys()].some((name) => gone(name) > 0)) return 0;
  const serial = await runSerial(plan, options);
  return serial && lostFraction(initial, [serial.values()], kernel.values(), gone);
}
