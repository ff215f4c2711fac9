/** Runs kernel models alone, without programs: a seeded random interleaving, or every one of a small scope. */
import { HELPERS } from "../../lib/bpf_helpers/helper_table.ts";
import { perform } from "../../lib/cpu/perform.ts";
import { Kernel, type KernelOptions, kernelSize } from "../../lib/bpf_helpers/kernel.ts";
import { CPU, layoutFor, TASK } from "../../lib/cpu/layout.ts";
import { Memory } from "../../lib/cpu/memory.ts";
import type { Model, Operation, TaskContext } from "../../lib/cpu/operation.ts";
import type { BpfObject, MapDef } from "../../lib/object/bpf_object.ts";

/** A flow of control of a test: starts its models itself with `yield*`. */
export type Body = (ctx: TaskContext, kernel: Kernel) => Model<unknown>;

export function objectOf(maps: readonly MapDef[], btf?: BpfObject["btf"]): BpfObject {
  return { name: "test", bytes: new Uint8Array(), programs: [], maps, btf, license: "GPL" };
}

export const map = (name: string, type: number, more: Partial<MapDef> = {}): MapDef => ({
  name,
  type,
  keySize: 4,
  valueSize: 8,
  maxEntries: 4,
  flags: 0,
  ...more,
});

/** A kernel with its memory, for `cpus` CPUs and one task on each. */
export function makeKernel(
  object: BpfObject,
  cpus: number,
  options: Partial<KernelOptions> = {},
  tasks = cpus,
): Kernel {
  const size = kernelSize(object.maps, cpus);
  const memory = new Memory(layoutFor(cpus, tasks, size.regions + 1), size.heapBytes);
  return new Kernel(memory, object, HELPERS, { nrCpus: cpus, seed: 1, ...options });
}

export function context(kernel: Kernel, task: number, cpu = task): TaskContext {
  return { task, cpu, nrCpus: kernel.options.nrCpus, memory: kernel.memory, from: "program" };
}

/** mulberry32: small, seeded, good enough for interleavings. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Running {
  readonly model: Model<unknown>;
  readonly cpu: number;
  pending: Operation | undefined;
  result: unknown;
}

/** What a run of bodies ended with. */
export interface DriverResult {
  readonly results: readonly unknown[];
  /** Choices made: which body took each step. */
  readonly schedule: readonly number[];
  readonly deadlock: boolean;
}

/**
 * Runs bodies, one on each CPU, interleaved before every visible operation.
 *
 * @param choose picks one of the enabled bodies, by position
 */
export function interleave(kernel: Kernel, bodies: readonly Body[], choose: (enabled: number) => number): DriverResult {
  const { memory } = kernel, schedule: number[] = [];
  const running: Running[] = bodies.map((body, i) => ({
    model: body(context(kernel, i), kernel),
    cpu: i,
    pending: undefined,
    result: undefined,
  }));
  for (const task of running) advance(memory, task, undefined);
  for (;;) {
    const enabled = running.map((_, i) => i).filter((i) => isEnabled(memory, running[i].pending));
    if (enabled.length === 0) break;
    const chosen = enabled[enabled.length === 1 ? 0 : choose(enabled.length)], task = running[chosen];
    schedule.push(chosen);
    advance(memory, task, perform(memory, task.pending!));
  }
  return {
    results: running.map((task) => task.result),
    schedule,
    deadlock: running.some((task) => task.pending !== undefined),
  };
}

function isEnabled(memory: Memory, op: Operation | undefined): boolean {
  if (op?.kind === "await") return op.until(memory.read(op.addr, op.size));
  if (op?.kind === "wait") return op.until(memory);
  return op !== undefined;
}

/** Sends a result and performs what is no scheduling point, until the body stands before one that is. */
function advance(memory: Memory, task: Running, value: bigint | undefined): void {
  let next = value === undefined ? task.model.next() : task.model.next(value);
  for (;;) {
    if (next.done) {
      task.pending = undefined;
      task.result = next.value;
      return;
    }
    const op = next.value, done = performPrivate(memory, task.cpu, op);
    if (done === undefined) {
      task.pending = op;
      return;
    }
    next = task.model.next(done);
  }
}

function performPrivate(memory: Memory, cpu: number, op: Operation): bigint | undefined {
  switch (op.kind) {
    case "private":
      return op.run(memory);
    case "load":
    case "store":
      return op.exclusive ? perform(memory, op) : undefined;
    case "mask": {
      const masks = { irq: CPU.irqOff, preempt: CPU.preemptOff, instrumentation: CPU.instrumentationOff };
      const field = memory.layout.cpus + cpu * CPU.bytes + masks[op.what];
      memory.setU32(field, memory.getU32(field) + op.delta);
      return 0n;
    }
    case "work":
    case "print":
      return 0n;
    case "fault":
      throw new Error(op.message);
    default:
      return undefined;
  }
}

/** Random choices of one seed. */
export function randomly(seed: number): (enabled: number) => number {
  const random = randomFrom(seed);
  return (enabled) => Math.floor(random() * enabled);
}

/**
 * Every interleaving of a small scope, by running each anew from the start: calls `visit` with a fresh kernel's result.
 *
 * @param limit schedules after which it gives up
 * @returns number of schedules
 * @throws Error when there are more than `limit`
 */
export function everyInterleaving(
  make: () => { readonly kernel: Kernel; readonly bodies: readonly Body[] },
  visit: (result: DriverResult, kernel: Kernel) => void,
  limit = 2_000_000,
): number {
  // The choices of the last schedule as [taken, alternatives]; the next one counts up like an odometer.
  let path: { taken: number; of: number }[] = [];
  for (let count = 1;; count++) {
    if (count > limit) throw new Error(`more than ${limit} schedules: the scope is too large`);
    let depth = 0;
    const { kernel, bodies } = make();
    const result = interleave(kernel, bodies, (of) => {
      if (depth === path.length) path.push({ taken: 0, of });
      return path[depth++].taken;
    });
    visit(result, kernel);
    path = path.slice(0, depth);
    while (path.length > 0 && path[path.length - 1].taken + 1 >= path[path.length - 1].of) path.pop();
    if (path.length === 0) return count;
    path[path.length - 1].taken++;
  }
}

/** Puts a task record into a non-sleepable run, or out of it, as the machine does around programs. */
export function setRunState(memory: Memory, task: number, runState: number): void {
  const record = memory.layout.tasks + task * TASK.bytes;
  memory.setU32(record + TASK.runState, runState);
  if (runState !== 0) memory.setU32(record + TASK.runCount, memory.getU32(record + TASK.runCount) + 1);
}
