/** The tasks of a plan as a machine has them: laid out in its memory, not begun. */
import type { Kernel } from "../bpf_helpers/kernel.ts";
import { TASK } from "../cpu/layout.ts";
import type { Memory } from "../cpu/memory.ts";
import type { TaskContext } from "../cpu/operation.ts";
import { LEVELS } from "../workload/contexts.ts";
import { currentProcess } from "../workload/current_process.ts";
import type { Plan, PlannedTask } from "../workload/plan.ts";
import { type Clock, runDeferred } from "./deferred.ts";
import type { Image } from "./image.ts";
import type { Task } from "./task.ts";
import { contextBytes, taskMemory } from "./task_memory.ts";
import { tracedArgs } from "./traced_contexts.ts";

/** Instructions after which the translated code comes back to say that it is still at it. */
const MOST_FUEL = 10_000_000;

/** What the tasks are put on. */
export interface TaskGround {
  readonly memory: Memory;
  /** The same memory, as kernel models are given it. */
  readonly modelMemory: Memory;
  readonly image: Image;
  readonly kernel: Kernel;
  readonly clock: Clock;
  readonly insnsPerStep: number;
}

/** One task for each of the plan's, in its order. */
export function makeTasks(plan: Plan, ground: TaskGround): Task[] {
  const bytes = contextBytes(plan);
  return plan.tasks.map((planned, index) => makeTask(plan, planned, index, bytes, ground));
}

function makeTask(plan: Plan, planned: PlannedTask, index: number, ctxBytes: number, ground: TaskGround): Task {
  const { kind, name, user, cpu, invocations, sleepable, body, interrupt, pair, after = [] } = planned;
  const { memory, modelMemory, image, kernel, clock, insnsPerStep } = ground;
  const { level, preemptible, guard } = planned.context;
  const inMemory = taskMemory(memory, planned, index, ctxBytes);
  memory.setU32(inMemory.record + TASK.fuel, Math.min(insnsPerStep, MOST_FUEL));
  // Where each task is one of its own, it is not said: tasks compare then.
  const isNamed = planned.pidTgid !== undefined || interrupt !== undefined || kind === "timer";
  const section = plan.object.programs.find(({ name }) => name === planned.prog)?.section;
  const defers = kind === "timer" || kind === "work" ? kind : undefined;
  const context: TaskContext = {
    task: index,
    cpu,
    nrCpus: plan.allCpus,
    memory: modelMemory,
    pidTgid: isNamed ? currentProcess(plan.tasks, index) : undefined,
    ctx: inMemory.ctx,
    from: originOf(planned),
    tracedArgs: section === undefined ? undefined : tracedArgs(section),
    checksRecursion: !isReentrant(section ?? ""),
    defers,
  };
  return {
    ...inMemory,
    index,
    kind,
    name,
    user,
    cpu,
    level: LEVELS.indexOf(level),
    preemptible,
    guard,
    interrupt,
    invocations,
    sleepable,
    after,
    pair,
    program: image.programs.find((program) => program.name === planned.prog),
    context,
    body: defers
      ? () => runDeferred(kernel, context, defers, inMemory.stackTop, clock)
      : body && (() => body(kernel.userApi(index, cpu))),
    models: [],
  };
}

/** Where a task's runs are from, for kernel models. */
function originOf({ kind, context: { level }, sleepable }: PlannedTask): TaskContext["from"] {
  if (kind === "user") return "user";
  if (level === "nmi") return "nmi";
  if (level !== "task") return "interrupt";
  return sleepable ? "sleepable" : "program";
}

/** include/linux/bpf_verifier.h:bpf_prog_check_recur, which is not asked about programs of these types. */
const isReentrant = (section: string): boolean => /^\??(lsm|iter|struct_ops)/.test(section);
