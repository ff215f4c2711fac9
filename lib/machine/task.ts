/** Tasks: the flows of control that a machine's schedulers choose between. */
import { RUN, STACK_FRAME_BYTES, TASK } from "../cpu/layout.ts";
import type { Memory } from "../cpu/memory.ts";
import type { ImageProgram } from "./image.ts";
import type { Model, Operation, TaskContext } from "../cpu/operation.ts";
import type { TaskMemory } from "./task_memory.ts";
import type { InterruptKind, RecursionGuard } from "../workload/contexts.ts";
import type { Pair, PlannedTask } from "../workload/plan.ts";

/** What a model's yields have returned so far: a list that grows at its end and never changes. */
export interface History {
  readonly value: bigint;
  readonly previous: History | undefined;
  /** Two 32-bit hashes of the whole list, for state hashing. */
  readonly hashA: number;
  readonly hashB: number;
}

/**
 * A helper (or a user actor's body) in the middle of its work on a task. It never changes: each operation performed
 * gives a new one, so that going back to an earlier state is keeping the earlier object.
 */
export interface ActiveModel {
  /** Helper's kernel name, or the actor's name. */
  readonly name: string;
  /** Makes a fresh generator; with the history sent into it, it stands where this model stands. */
  readonly start: () => Model<unknown>;
  /** TASK.pending when the program called it: where the program goes on. */
  readonly resume: number;
  /** A hash of what it was called with, for state hashing. */
  readonly key: number;
  readonly history: History | undefined;
  /** The operation it waits to have performed. */
  readonly pending: Operation;
  /** A generator that stood at `at` when it was last used. */
  readonly cursor: { readonly generator: Model<unknown>; at: History | undefined };
}

export interface Task extends TaskMemory {
  readonly index: number;
  readonly kind: PlannedTask["kind"];
  readonly cpu: number;
  /** The context that it runs in, as an index into LEVELS: it interrupts runs of lower ones. */
  readonly level: number;
  /** Whether another task may take the CPU in the middle of its run. */
  readonly preemptible: boolean;
  /** What makes the kernel skip its runs. */
  readonly guard?: RecursionGuard;
  /** Of an interrupt: which kind it is. */
  readonly interrupt?: InterruptKind;
  /** What it runs; undefined for a user actor. */
  readonly program?: ImageProgram;
  /** Indices of the tasks that have to be done before it begins. */
  readonly after: readonly number[];
  /** What it takes turns with. */
  readonly pair?: Pair;
  readonly invocations: number;
  readonly sleepable: boolean;
  readonly context: TaskContext;
  /** For traces: `cpu0`, `irq on cpu0`, `user reader`. */
  readonly name: string;
  /** Name of the user-space actor that it is. */
  readonly user?: string;
  /** A user actor's body. */
  readonly body?: () => Model<unknown>;
  /** Kernel models under way, innermost last. */
  models: readonly ActiveModel[];
  /** What a user actor's body returned. */
  returned?: unknown;
}

/**
 * The innermost kernel model, unless it waits for a callback of the program, or user space for a program that it runs:
 * then the program takes the next step.
 */
export function runningModel(task: Task): ActiveModel | undefined {
  if (task.models.length === 0) return undefined;
  const model = task.models[task.models.length - 1], { kind } = model.pending;
  if (kind === "prog_run") return runsForUser(task) ? undefined : model;
  return kind === "callback" ? undefined : model;
}

/** Whether a user actor is in the middle of a program that it runs by BPF_PROG_RUN, or a timer in that of its callback. */
export const runsForUser = ({ models, context, record }: Task): boolean => {
  if (models.length === 0) return false;
  const { kind } = models[0].pending,
    runs = kind === "prog_run" || (kind === "callback" && context.defers !== undefined);
  return runs && context.memory.getU32(record + TASK.runState) !== RUN.none;
};

/** Starts a model; undefined when it ended without yielding, with what it returned. */
export function startModel(
  name: string,
  resume: number,
  key: number,
  start: () => Model<unknown>,
): { readonly model: ActiveModel } | { readonly value: unknown } {
  const generator = start(), next = generator.next();
  if (next.done) return { value: next.value };
  const cursor = { generator, at: undefined };
  return { model: { name, start, resume, key, history: undefined, pending: next.value, cursor } };
}

/**
 * Sends a model the result of its pending operation.
 *
 * @param memory what models look at
 */
export function sendModel(
  model: ActiveModel,
  value: bigint,
  memory: Memory,
): { readonly model: ActiveModel } | { readonly value: unknown } {
  const cursor = model.cursor.at === model.history ? model.cursor : replayCursor(model, memory);
  const next = cursor.generator.next(value);
  if (next.done) {
    cursor.at = ENDED;
    return { value: next.value };
  }
  const history = grow(model.history, value);
  cursor.at = history;
  return { model: { ...model, history, pending: next.value, cursor } };
}

/**
 * Sends a model the result of its pending operation and changes the model itself, for machines that never go back.
 *
 * @returns whether it ended; then with what it returned
 */
export function sendForGood(model: ActiveModel, value: bigint): { readonly value: unknown } | undefined {
  const next = model.cursor.generator.next(value);
  if (next.done) return { value: next.value };
  (model as { pending: Operation }).pending = next.value;
  return undefined;
}

function grow(previous: History | undefined, value: bigint): History {
  let a = previous?.hashA ?? 0x1b87_3593, b = previous?.hashB ?? 0x52dc_e729, rest = value;
  // Most values have 64 bits; a buffer that was read at once, or the runs under way of many tasks, have more.
  do {
    const low = Number(BigInt.asIntN(32, rest)), high = Number(BigInt.asIntN(32, rest >> 32n));
    a = Math.imul(a ^ low, 0x85eb_ca6b);
    a = Math.imul(a ^ (a >>> 15) ^ high, 0xc2b2_ae35);
    b = Math.imul(b + high, 0x2c1b_3c6d);
    b = Math.imul(b ^ (b >>> 13) ^ low, 0x297a_2d39);
    a ^= a >>> 16;
    b ^= b >>> 16;
    rest = rest > 0xffff_ffff_ffff_ffffn ? rest >> 64n : 0n;
  } while (rest !== 0n);
  return { value, previous, hashA: a, hashB: b };
}

/** Stands for the place of a generator that has ended: no model's history. */
const ENDED: History = { value: 0n, previous: undefined, hashA: 0, hashB: 0 };

/** A fresh generator with a model's history sent into it. */
function replayCursor(model: ActiveModel, memory: Memory): ActiveModel["cursor"] {
  // What it looks at now it has looked at before.
  const { witness } = memory;
  memory.witness = undefined;

  const values: bigint[] = [];
  for (let node = model.history; node; node = node.previous) values.push(node.value);
  const generator = model.start();
  let next = generator.next();
  for (let i = values.length - 1; i >= 0; i--) next = generator.next(values[i]);
  memory.witness = witness;
  if (next.done) throw new Error(`${model.name} ended early when it was replayed: it must not keep state of its own`);
  return { generator, at: model.history };
}

/** Arguments of a helper as one number; the caller's own stack counts by offset, so that tasks compare. */
export function hashArguments(task: Task, args: readonly bigint[]): number {
  const stack = task.stackTop - BigInt(STACK_FRAME_BYTES), region = task.stackTop >> 32n;
  let hash = 0;
  for (const arg of args) {
    const value = arg >> 32n === region ? arg - stack : arg;
    hash = Math.imul(hash ^ Number(BigInt.asIntN(32, value)), 0x9e37_79b1);
    const high = value === arg ? Number(BigInt.asIntN(32, value >> 32n)) : -2;
    hash = Math.imul(hash ^ (hash >>> 15) ^ high, 0x85eb_ca6b);
  }
  return hash ^ (hash >>> 13);
}
