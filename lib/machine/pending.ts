/** What a task will do in its next step, as its record and its kernel models say. */
import { TASK } from "../cpu/layout.ts";
import type { Memory } from "../cpu/memory.ts";
import type { ChooseOp, Operation } from "../cpu/operation.ts";
import { accessBytes } from "../isa/insn.ts";
import type { Image } from "./image.ts";
import { runningModel, runsForUser, type Task } from "./task.ts";

/** What a task will do when it takes its next step. */
export interface Pending {
  readonly kind:
    | "start"
    | "load"
    | "store"
    | "rmw"
    | "await"
    | "wait"
    | "atomic"
    | "sleep"
    | "work"
    | "prog_run"
    | "choose"
    | "flush";
  readonly addr: number;
  readonly size: number;
  /** Image instruction, or that of the helper call a kernel model works for. */
  readonly insn: number;
  /** The kernel model's operation, when it is one. */
  readonly op?: Operation;
}

/** What translated code stands before, by KIND of layout.ts. */
const KINDS = [undefined, "load", "store", "rmw"] as const;

/** The next step of a task. */
export function pendingStep(task: Task, { view }: Memory, image: Image): Pending {
  const insn = instructionOf(task, view), model = runningModel(task);
  if (model) {
    const op = model.pending;
    const kind = op.kind as Pending["kind"];
    return "addr" in op
      ? { kind, addr: op.addr, size: "size" in op ? op.size : 8, insn, op }
      : { kind, addr: 0, size: 0, insn, op };
  }
  const kind = KINDS[view.getUint32(task.record + TASK.pending, true) & 0xff];
  if (!kind) return { kind: "start", addr: 0, size: 0, insn: task.program?.start ?? -1 };
  return {
    kind,
    addr: view.getUint32(task.record + TASK.addr, true),
    size: accessBytes(image.insns[insn]),
    insn,
  };
}

/** What the kernel leaves open in a task's next step; undefined where that is no choice. */
export function pendingChoice({ models }: Task): ChooseOp | undefined {
  if (models.length === 0) return undefined;
  const { pending } = models[models.length - 1];
  return pending.kind === "choose" ? pending : undefined;
}

/** The image instruction that a task stands at; -1 where it runs no program. */
export function instructionOf(task: Task, view: DataView): number {
  return task.program || runsForUser(task) ? view.getInt32(task.record + TASK.insn, true) : -1;
}
