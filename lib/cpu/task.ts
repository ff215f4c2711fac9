/** Tasks: the flows of control that a machine's schedulers choose between. */
import type { HelperModel } from "../bpf_helpers/kernel.ts";
import type { ImageProgram } from "./image.ts";
import type { Model, Operation, TaskContext } from "./operation.ts";

/** A helper (or a user actor's body) in the middle of its work on a task. */
export interface ActiveModel {
  /** Makes a fresh generator; with `returned` replayed into it, it stands where this one stands. */
  readonly start: () => Model<unknown>;
  readonly generator: Model<unknown>;
  /** What its yields have returned so far. */
  readonly returned: bigint[];
  /** The operation it waits to have performed. */
  pending: Operation;
  /** TASK.pending when the program called it: where the program goes on. */
  readonly resume: number;
  /** Helper's kernel name, or the actor's name. */
  readonly name: string;
}

export interface Task {
  readonly index: number;
  readonly kind: "process" | "interrupt" | "user";
  readonly cpu: number;
  /** Linear address of its TASK record. */
  readonly record: number;
  /** What it runs; undefined for a user actor. */
  readonly program?: ImageProgram;
  readonly invocations: number;
  readonly sleepable: boolean;
  /** Pointer to the program's context. */
  readonly ctx: bigint;
  /** Pointer just past its first stack frame. */
  readonly stackTop: bigint;
  readonly context: TaskContext;
  /** For traces: `cpu0`, `irq on cpu0`, `user reader`. */
  readonly name: string;
  /** A user actor's body. */
  readonly body?: () => Model<unknown>;
  /** Kernel models under way, innermost last. */
  models: ActiveModel[];
  /** What a user actor's body returned. */
  returned?: unknown;
}

/** The innermost kernel model, unless it waits for a callback of the program (then the program runs). */
export function runningModel(task: Task): ActiveModel | undefined {
  const model = task.models.at(-1);
  return model && model.pending.kind !== "callback" ? model : undefined;
}

/** Replays what a model's yields returned into a fresh generator: the model as it stood. */
export function replayModel(model: ActiveModel, returned: readonly bigint[]): ActiveModel {
  const generator = model.start();
  let next = generator.next();
  for (const value of returned) next = generator.next(value);
  if (next.done) throw new Error(`${model.name} ended early when it was replayed: it is not deterministic`);
  return { ...model, generator, returned: [...returned], pending: next.value };
}

export type { HelperModel };
