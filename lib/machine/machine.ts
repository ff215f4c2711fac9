/**
 * A machine of n CPUs: tasks that take steps, one visible operation each.
 *
 * A step performs the task's pending visible operation and then everything up to just before the next one. Programs
 * run as translated Wasm; kernel models as generators. All state is in linear memory, but for the kernel models under
 * way, of which the machine keeps the values that their yields returned.
 */
import { perform } from "../cpu/perform.ts";
import { gapReached, gapsOf, type UnsupportedError } from "../bpf_helpers/gaps.ts";
import { HELPERS } from "../bpf_helpers/helper_table.ts";
import { type HelperModel, Kernel, kernelSize } from "../bpf_helpers/kernel.ts";
import type { HashLayouts } from "../maps/hash_layouts.ts";
import { kfuncModel, kfuncName } from "../bpf_helpers/kfunc_models.ts";
import { accessBytes, isKfuncCall } from "../isa/insn.ts";
import { runAtOnce } from "../maps/run_at_once.ts";
import { UnsupportedMap } from "../maps/unmodelled_map.ts";
import type { BpfObject, Program } from "../object/bpf_object.ts";
import type { Fault } from "../report/result.ts";
import type { Accesses } from "./accesses.ts";
import { CpuStates, SOFTIRQ } from "./cpu_states.ts";
import { type Clock, runDeferred } from "./deferred.ts";
import { explainFault, faultAt } from "./fault.ts";
import { type Code, codeOf } from "./code_cache.ts";
import { type Image, imageLine, programAt, usesStack } from "./image.ts";
import { BUFFER, cpuOfFlush, flushOf, StoreBuffers } from "../cpu/store_buffers.ts";
import {
  CACHE_LINE_BYTES,
  FRAME,
  FUNC_REGION,
  KIND,
  layoutFor,
  RETURN_TO_KERNEL,
  RUN,
  STACK_FRAME_BYTES,
  TASK,
} from "../cpu/layout.ts";
import { addressOf, Memory, modelMemory, type Width } from "../cpu/memory.ts";
import { WorkloadError } from "../cpu/workload_error.ts";
import { OpenValues } from "./open_values.ts";
import type { Model, Operation, PrivateOp, ProgRunOp, TaskContext, WorkOp } from "../cpu/operation.ts";
import { isSleepable, LEVELS, type RecursionGuard } from "../workload/contexts.ts";
import { FIRST_PACKET } from "../workload/packets.ts";
import { currentProcess } from "../workload/current_process.ts";
import { isDeferred } from "../workload/deferred_tasks.ts";
import type { Plan, PlannedTask } from "../workload/plan.ts";
import {
  type ActiveModel,
  hashArguments,
  moveStack,
  runningModel,
  runsForUser,
  sendForGood,
  sendModel,
  startModel,
  type Task,
} from "./task.ts";
import { contextBytes, CTX_BYTES, handPacket, TASK_REGIONS, taskMemory, withoutPacket } from "./task_memory.ts";
import { tracedArgs, TracedContexts } from "./traced_contexts.ts";
import { instantiate, instantiateRandom, type Translation } from "../translate/translate.ts";
import { coverageBytes } from "../translate/translate_coverage.ts";

/** Calls of callbacks in a run: about as much work as the visible operations that it may have. */
const MOST_CALLBACKS = 20_000_000;
/** What the call of a callback counts for beside its own instructions: with them BPF_MAX_LOOPS calls are still allowed. */
const CALLBACK_INSNS = 11;
/** Registers that a callback must give back as they were: r6 to r9. */
const SAVED = [6, 7, 8, 9] as const;

/** Who is told what happens inside a step, between two visible operations: the cost model, which puts a price on it. */
export interface StepObserver {
  /** A run of the task's program begins, or ends. */
  runBegins(task: Task): void;
  runEnds(task: Task): void;
  /** The program called a helper; `inlined` when it took no step at all. */
  helperCalled(task: Task, name: string, inlined: boolean): void;
  /** A kernel model did work that touches nothing shared. */
  worked(task: Task, op: WorkOp): void;
  /** A kernel model calls a function of the program; `helper` is the model's name. */
  callbackBegins(task: Task, helper: string): void;
  /** Performs a model's work on private memory. */
  performPrivate(task: Task, op: PrivateOp): bigint;
}

/** How a simulated machine is made. */
export interface MachineOptions {
  /** Of bpf_get_prandom_u32, and of stack that was never written. Default 1. */
  readonly seed?: number;
  /** The reader's own kernel models by helper name. */
  readonly models?: Readonly<Record<string, HelperModel>>;
  /** Simulated time for bpf_ktime_get_ns. */
  readonly nowNs?: () => number;
}

/** What the library's own parts ask of a machine beside that; no reader's options. */
export interface MachineOwnerOptions extends MachineOptions {
  /** What the kernel leaves open is a step for {@link Machine.choose}, not drawn by the seed: in a search, and its replays. */
  readonly branches?: boolean;
  /** Draws what the kernel leaves open and no schedule says: a number below so many. Default: always 0. */
  readonly draw?: (alternatives: number) => number;
  /** What the seeds of hash maps are drawn from; 0, the default, gives each the seed 0. */
  readonly hashSeed?: number;
  /** Told what depends on these seeds. */
  readonly layouts?: HashLayouts;
  /** The machine's owner performs memory operations of programs itself (the cost model does). */
  readonly external?: boolean;
  readonly observer?: StepObserver;
  /** No snapshot will be taken: kernel models keep no history, which is faster. */
  readonly forgets?: boolean;
  /** Called when user space has prepared the maps, before any task begins. */
  readonly onPrepared?: (kernel: Kernel) => void;
  /** {@link UserStores} is thrown where a user actor stores: it was taken to load only (workload/store_delays.ts). */
  readonly usersOnlyLoad?: boolean;
}

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

/** What a snapshot keeps beside memory: the kernel models under way, and what user actors returned, by task. */
export interface Snapshot {
  readonly memory: Uint8Array;
  readonly models: readonly (readonly ActiveModel[])[];
  readonly returned: readonly unknown[];
}

/** What stands for all that the stack may hold from before, beside zeroes. */
const STACK_GARBAGE = 0xa5;

/** User space stores, although its machine was made for one that does not. */
export class UserStores extends Error {
  override name = "UserStores";
}

/** Instructions after which the translated code comes back to say that it is still at it. */
const MOST_FUEL = 10_000_000;

const WASM_KINDS = ["start", "load", "store", "rmw"] as const;

/** Whether an operation of user space, or of the kernel for it, changes memory that other CPUs look at. */
const isStore = (op: Operation): boolean =>
  op.kind === "store" || op.kind === "rmw" || (op.kind === "atomic" && op.locked !== false) ||
  (op.kind === "await" && op.thenStore !== undefined);

export class Machine {
  readonly object: BpfObject;
  readonly memory: Memory;
  readonly image: Image;
  readonly kernel: Kernel;
  readonly translation: Translation;
  /** What stands for all that the kernel leaves open. */
  readonly open: OpenValues;
  /** Whether a program of the workload reads stack that it never wrote, as the verifier sees it. */
  readonly readsUndefinedStack: boolean;
  readonly tasks: readonly Task[];
  readonly nrCpus: number;
  /** Whether runs must start, and tasks be chosen, under the rules for CPUs that several tasks share. */
  readonly sharesCpus: boolean;
  readonly cpus: CpuStates;
  readonly stepWasm: (record: number) => number;
  /** Lines of bpf_printk in order. */
  readonly printed: { readonly task: number; readonly text: string }[] = [];
  steps = 0;
  insns = 0;
  readonly #runRandom: { random?: () => number; recorded?: () => number } = {};
  fault: Fault | undefined;
  /** The step from which on code ran that does not mark what it runs; undefined where all steps are marked. */
  markedSteps: number | undefined;
  /** Who touches what, where a search wants to know. */
  accesses: Accesses | undefined;
  /** A run was ended because it touched nothing shared for too long. */
  seemsEndless = false;
  #insnsSinceStep = 0;
  readonly #insnsPerStep: number;
  #callbacks = 0;
  readonly #mostCallbacks: number;
  readonly #usesStack: boolean;
  /** Whether tasks run callbacks of timers and work queues. */
  readonly #defers: boolean;
  /** The CPUs' store buffers, where the memory model has them and the workload can tell. */
  readonly buffers: StoreBuffers | undefined;
  readonly #code: Code;
  /** Contexts and kernel objects that the workload does not give. */
  readonly contexts: TracedContexts;
  /** Memory as kernel models are given it: in a search, which watches what they read, that tells of all of it. */
  readonly #modelMemory: Memory;

  constructor(readonly plan: Plan, readonly options: MachineOwnerOptions = {}) {
    const { object, workload } = plan;
    this.object = object;
    this.nrCpus = plan.nrCpus;
    this.sharesCpus = plan.sharesCpus;
    this.#insnsPerStep = workload.limits?.insnsPerStep ?? 100_000_000;
    this.#mostCallbacks = workload.limits?.steps ?? MOST_CALLBACKS;
    this.#defers = plan.tasks.some(isDeferred);
    const own = {
      programs: plan.programs,
      btf: object.btf,
      nrTasks: plan.tasks.length,
      mostRuns: Math.max(1, ...plan.tasks.map(({ invocations }) => invocations)),
    };
    const size = kernelSize(
      ...[object.maps, plan.allCpus, plan.allCpus, plan.tasks.length, object.programs, this.#defers, own] as const,
    );
    // Who performs the operations keeps store buffers of its own, if any (cost/store_buffer.ts).
    const delays = options.external ? undefined : plan.delays, bufferBytes = delays ? BUFFER.bytes : 0;
    const regions = size.regions + TASK_REGIONS * plan.tasks.length + 8;
    const layout = layoutFor(plan.allCpus, plan.tasks.length, regions, bufferBytes);
    const insns = plan.programs.reduce((sum, program) => sum + program.insns.length, 0);
    const { objects } = this.contexts = new TracedContexts(plan, options.seed ?? 1);
    // Nothing changes the kernel's objects: they stand behind the marks of what ran, and are no part of a state either.
    const marks = Math.ceil(coverageBytes(insns) / CACHE_LINE_BYTES) * CACHE_LINE_BYTES;
    const behindHeap = marks + (objects?.bytes ?? 0),
      heapBytes = size.heapBytes + plan.tasks.length * contextBytes(plan);
    this.memory = new Memory(layout, heapBytes, false, behindHeap);
    if (delays) {
      const users = plan.tasks.some(({ kind }) => kind === "user");
      this.buffers = this.memory.buffers = new StoreBuffers(this.memory, plan.allCpus, users);
    }
    this.#modelMemory = options.branches ? modelMemory(this.memory) : this.memory;
    this.cpus = new CpuStates(this.memory, workload.preempt === "full");
    this.kernel = new Kernel(this.memory, object, HELPERS, {
      nrCpus: plan.allCpus,
      possibleCpus: plan.nrCpus,
      tasks: plan.tasks.length,
      seed: options.seed ?? 1,
      freezes: plan.userSpace.freezes,
      helpers: options.models,
      objects,
      own,
      modelMemory: this.#modelMemory,
      rearms: this.#defers ? workload.limits?.rearms ?? (options.branches ? 1 : 100) : undefined,
      nowNs: options.nowNs ?? (options.branches ? undefined : () => this.steps + this.kernel.skippedNs),
      hashSeed: options.hashSeed,
      layouts: options.layouts,
      open: options.branches
        ? { random: (insn) => this.open.randomAt(insn).values, timeSteps: (insn) => this.open.timeStepsAt(insn) }
        : undefined,
    });
    this.#code = codeOf(plan, this.kernel, this.memory);
    this.image = this.#code.image;
    this.#usesStack = usesStack(this.image);
    this.open = new OpenValues(this.image);
    this.readsUndefinedStack = plan.warnings.length > 0;
    this.tasks = plan.tasks.map((task, index) => this.#makeTask(task, index, plan.allCpus));
    this.translation = this.#code.translation(options.external ? "external" : "step", this.memory);
    this.stepWasm = instantiate(this.translation, this.memory);
    objects?.fill(this.memory, this.memory.coverage + marks);
    if (workload.prepare) runAtOnce(this.memory, workload.prepare(this.kernel.userApi(0, 0)));
    options.onPrepared?.(this.kernel);
    for (const task of this.tasks) this.#prepare(task);
  }

  /**
   * A function that lets tasks of the table in the null page take steps, inside the translated code
   * (translate_random.ts), and gives the kind of what ended it. Translated when it is first wanted.
   *
   * @param recorded whether it writes down which task took each step
   */
  runRandomWasm(recorded: boolean): () => number {
    const { memory } = this, which = recorded ? "recorded" : "random";
    this.markedSteps ??= this.steps;
    return this.#runRandom[which] ??= instantiateRandom(this.#code.translation(which, memory), memory);
  }

  /** Whether a task has nothing left to do. */
  isDone(task: Task): boolean {
    if (task.context.defers) return this.#isQuiet();
    return this.memory.getU32(task.record + TASK.invocation) >= task.invocations;
  }

  /** Whether a task can take its next step now: not done, not waiting, and its CPU free for it. */
  isEnabled(index: number): boolean {
    if (index < 0) return !this.fault && this.#waitingStores(cpuOfFlush(index)) > 0;
    const task = this.tasks[index], { buffers } = this;
    if (this.fault || this.isDone(task)) return false;
    if (this.sharesCpus && (!this.cpus.isFreeFor(task) || this.isHeldBack(task))) return false;
    const op = runningModel(task)?.pending;
    if (buffers && this.#waitingStores(task.cpu) > 0) {
      if (this.#isLocked(task, op)) return false;
      if (buffers.isFull(task.cpu)) return false;
      if (op?.kind === "await") return op.until(buffers.read(task.cpu, op.addr, op.size));
    }
    if (op?.kind === "await") return op.until(this.memory.read(op.addr, op.size));
    if (op?.kind === "wait") return op.until(this.memory);
    return true;
  }

  /** Whether all that was asked for is done: what waits for a timer is done when there is nothing to wait for. */
  get isOver(): boolean {
    return this.tasks.every((task) => this.isDone(task));
  }

  /** Whether no program will start a callback any more, and none waits. */
  #isQuiet(): boolean {
    return this.kernel.async!.isIdle(this.memory) &&
      this.tasks.every((task) => task.context.defers !== undefined || this.isDone(task));
  }

  /** Whether a timer is due: by the clock, or because nothing else could go on before the next one is. */
  #isDue(expiresNs: bigint): boolean {
    const { kernel, memory, tasks } = this, async = kernel.async!;
    if (expiresNs <= BigInt(Math.floor(kernel.nowNs?.() ?? 0))) return true;
    if (tasks.some((task) => task.context.defers !== "timer" && this.isEnabled(task.index))) return false;
    for (let cpu = 0; cpu < this.nrCpus; cpu++) {
      if (async.next(memory, cpu, "timer", false).some((other) => other.expiresNs < expiresNs)) return false;
    }
    return true;
  }

  /** Whether a task's next run may not begin yet: others have to be done first, or it is its partner's turn. */
  isHeldBack(task: Task): boolean {
    return task.after.some((before) => !this.#isBehind(this.tasks[before])) || this.#awaitsPartner(task);
  }

  /** Whether a task is done and what it stored is in memory: whoever waits for a task hears of its end behind a barrier. */
  #isBehind(task: Task): boolean {
    return this.isDone(task) && (this.buffers?.count(task.cpu) ?? 0) === 0;
  }

  /** Entry and exit: as many of the one's runs as of the other's, the entry first. */
  #awaitsPartner({ record, pair }: Task): boolean {
    if (!pair) return false;
    const ended = (at: number) => this.memory.getU32(at + TASK.invocation);
    const own = ended(record), others = ended(this.tasks[pair.partner].record);
    return pair.isExit ? others <= own : others !== own;
  }

  /** How many different steps there are: one for each task, and one for each CPU that has a store buffer to flush. */
  get moves(): number {
    return this.tasks.length + (this.buffers?.cpus ?? 0);
  }

  /** The i-th of them as schedules write it: tasks first, then flushes. */
  move(i: number): number {
    return i < this.tasks.length ? i : flushOf(i - this.tasks.length);
  }

  /** The steps that can be taken now, in rising order: flushes, then tasks. */
  enabled(): number[] {
    const enabled: number[] = [];
    for (let cpu = (this.buffers?.cpus ?? 0) - 1; cpu >= 0; cpu--) {
      if (this.isEnabled(flushOf(cpu))) enabled.push(flushOf(cpu));
    }
    for (const task of this.tasks) if (this.isEnabled(task.index)) enabled.push(task.index);
    return enabled;
  }

  /** What a task will do in its next step. */
  pending(index: number): Pending {
    if (index < 0) return { kind: "flush", ...this.buffers!.oldest(cpuOfFlush(index)), insn: -1 };
    const task = this.tasks[index], view = this.memory.view;
    const insn = task.program || runsForUser(task) ? view.getInt32(task.record + TASK.insn, true) : -1;
    const model = runningModel(task);
    if (model) {
      const op = model.pending;
      const kind = op.kind as Pending["kind"];
      return "addr" in op
        ? { kind, addr: op.addr, size: "size" in op ? op.size : 8, insn, op }
        : { kind, addr: 0, size: 0, insn, op };
    }
    const kind = WASM_KINDS[view.getUint32(task.record + TASK.pending, true) & 0xff] ?? "start";
    if (kind === "start") return { kind, addr: 0, size: 0, insn: task.program?.start ?? -1 };
    return {
      kind,
      addr: view.getUint32(task.record + TASK.addr, true),
      size: accessBytes(this.image.insns[insn]),
      insn,
    };
  }

  /** What keeps the run that a task is about to begin from happening, as its CPU stands; undefined when it will run. */
  skipReason(task: Task): RecursionGuard | undefined {
    const { guard } = task;
    if (!this.sharesCpus || guard === undefined || this.#runState(task) !== RUN.none) return undefined;
    if (guard === "bpf_prog_active" && this.cpus.isInstrumentationOff(task.cpu)) return guard;
    const runs = this.tasks.some((other) =>
      other !== task && other.cpu === task.cpu && other.guard === guard && this.#runState(other) !== RUN.none &&
      (guard === "bpf_prog_active" || other.program === task.program)
    );
    return runs ? guard : undefined;
  }

  /** Runs of a task that the kernel skipped so far. */
  skippedRuns(task: Task): number {
    return this.memory.getU32(task.record + TASK.missed);
  }

  /**
   * Lets an enabled task take one step.
   *
   * @param value with `external` memory: what the owner of the machine loaded for the task
   */
  step(index: number, value?: bigint): void {
    if (this.buffers) return this.#stepBehindBuffer(index, this.buffers, value);
    this.#step(index, value);
  }

  /** A step on memory as the task's CPU sees it; what it stores goes into the buffer. */
  #stepBehindBuffer(index: number, buffers: StoreBuffers, value?: bigint): void {
    if (index < 0) {
      this.steps++;
      return buffers.flush(cpuOfFlush(index));
    }
    const task = this.tasks[index], { cpu } = task, { memory } = this, waiting = buffers.count(cpu) > 0;
    const { kind, addr, size, insn } = this.pending(index);
    const stores = kind === "store" && (waiting || task.kind === "user" || this.mayWait(insn));
    if (!waiting && !stores) return this.#step(index, value);
    buffers.layOver(cpu);
    const width = size as Width, run = memory.getU32(task.record + TASK.runCount);
    const before = stores ? memory.read(addr, width) : 0n;
    this.#step(index, value);
    const stored = stores ? memory.read(addr, width) : 0n;
    if (stores) memory.write(addr, width, before);
    buffers.takeOff(cpu);
    if (stores) buffers.add(cpu, addr, width, stored, index, run);
  }

  /** Whether the store of an instruction may wait in a buffer in which none does. */
  mayWait(insn: number): boolean {
    return (this.#code.mayWait?.[insn] ?? 0) !== 0;
  }

  /** {@link advance}, on memory as the task's CPU sees it: the rest of a step that was begun elsewhere. */
  advanceBehindBuffer(task: Task, returned: number): void {
    this.buffers?.layOver(task.cpu);
    this.advance(task, returned);
    this.buffers?.takeOff(task.cpu);
  }

  #step(index: number, value?: bigint): void {
    const task = this.tasks[index];
    this.steps++;
    this.#insnsSinceStep = 0;
    if (this.sharesCpus && task.level <= SOFTIRQ) this.cpus.occupy(task);
    const model = runningModel(task);
    if (model) {
      // A program that user space runs may store as well.
      const mayStore = isStore(model.pending) || model.pending.kind === "prog_run";
      if (this.options.usersOnlyLoad && task.kind === "user" && mayStore) throw new UserStores();
      const goesOn = model.pending.kind === "prog_run"
        ? this.#beginForUser(task, model.pending)
        : this.#sendModel(task, value ?? this.#perform(model.pending));
      if (goesOn) this.advance(task, this.stepWasm(task.record));
      return;
    }
    if (task.body && task.models.length === 0) {
      this.#startModel(task, task.name, 0, 0, task.body);
      return;
    }
    if (this.#runState(task) === RUN.none && !this.#begin(task)) return;
    if (runningModel(task)) return;
    this.advance(task, this.stepWasm(task.record));
  }

  /** How many alternatives a step has; 0 where there is nothing to choose, as in a flush. */
  alternatives(index: number): number {
    if (index < 0) return 0;
    const { models } = this.tasks[index];
    if (models.length === 0) return 0;
    const { pending } = models[models.length - 1];
    return pending.kind === "choose" ? pending.alternatives : 0;
  }

  /** Whether a task is to choose what it alone sees: then no order with others' steps makes a difference. */
  choosesAlone(index: number): boolean {
    if (index < 0) return false;
    const { models } = this.tasks[index];
    if (models.length === 0) return false;
    const { pending } = models[models.length - 1];
    return pending.kind === "choose" && pending.alone === true;
  }

  /**
   * Lets an enabled task take a step in which the kernel leaves something open.
   *
   * @param alternative from 1 on
   * @throws RangeError where there is no such alternative
   */
  choose(index: number, alternative: number): void {
    const alternatives = this.alternatives(index);
    if (alternative < 1 || alternative > alternatives) {
      const { name } = this.tasks[index];
      const there = alternatives === 0 ? "has nothing to choose there" : `has ${alternatives} alternatives there`;
      throw new RangeError(`schedule: step ${this.steps} is alternative ${alternative} of ${name}, which ${there}`);
    }
    this.step(index, BigInt(alternative));
  }

  /** Goes on with what a Wasm step returned, until the task stands before its next visible operation. */
  advance(task: Task, returned: number): void {
    for (;;) {
      this.insns += returned >>> 4;
      switch (returned & 15) {
        case KIND.exit:
          this.#endRun(task);
          if (task.kind === "user") {
            this.#sendModel(task, BigInt.asUintN(32, this.memory.read(task.record + TASK.lastReturn, 8)));
            return;
          }
          if (this.isDone(task) || this.sharesCpus) return;
          this.#begin(task);
          if (runningModel(task)) return;
          break;
        case KIND.call:
          if (!this.#callHelper(task)) return;
          break;
        case KIND.callbackReturn:
          if (this.#isEndless(task, CALLBACK_INSNS + (returned >>> 4)) || this.#callsTooOften(task)) return;
          if (!this.#returnFromCallback(task)) return;
          break;
        case KIND.fuel:
          if (this.#isEndless(task, returned >>> 4)) return;
          break;
        case KIND.fault:
          this.fail(task, this.#explainFault(task));
          return;
        default:
          this.#insnsSinceStep = 0;
          return;
      }
      returned = this.stepWasm(task.record);
    }
  }

  /** A copy of the whole state, to come back to with {@link restore}. */
  snapshot(): Snapshot {
    const { layout, heapEnd } = this.memory;
    return {
      memory: this.memory.bytes.slice(layout.cpus, heapEnd),
      models: this.tasks.map((task) => task.models),
      returned: this.tasks.map((task) => task.returned),
    };
  }

  restore(snapshot: Snapshot): void {
    this.memory.bytes.set(snapshot.memory, this.memory.layout.cpus);
    this.fault = undefined;
    this.tasks.forEach((task, i) => {
      task.models = snapshot.models[i];
      task.returned = snapshot.returned[i];
    });
  }

  /** Says what stops everybody, when nobody is enabled and somebody is not done. */
  describeDeadlock(): string {
    const waiting = this.tasks.filter((task) => !task.context.defers && !this.isDone(task));
    return `deadlock: ${waiting.map((task) => `${task.name} ${this.waitsFor(task)}`).join("; ")}`;
  }

  /** What a task that is neither done nor enabled waits for: `waits for lock`, `begins after cpu0`. */
  waitsFor(task: Task): string {
    const op = runningModel(task)?.pending;
    if (op?.kind === "await") return `waits for ${this.kernel.placeOf(op.addr)?.name ?? op.label ?? "a lock"}`;
    if (op?.kind === "wait") return `waits for ${op.label ?? "a condition"}`;
    const before = task.after.find((before) => !this.#isBehind(this.tasks[before]));
    const first = before ?? (this.isHeldBack(task) ? task.pair!.partner : undefined);
    return first === undefined ? "waits for its CPU" : `begins after ${this.tasks[first].name}`;
  }

  /** Ends the run with a fault that is nobody's instruction in particular. */
  stop(message: string): void {
    const task = this.tasks.find((task) => !this.isDone(task)) ?? this.tasks[0];
    this.fail(task, message);
  }

  /** Ends the run with a fault of a task, where it stands. */
  fail(task: Task, message: string): void {
    const insn = task.program || runsForUser(task) ? this.memory.getU32(task.record + TASK.insn) : -1;
    this.fault = faultAt(this.image, insn, task, message);
  }

  /** A tail call: the task leaves its program for the beginning of another one. */
  enterProgram(task: Task, program: Program): void {
    this.#enter(task, this.image.programs.find((placed) => placed.program === program)!.start);
  }

  #waitingStores(cpu: number): number {
    return this.buffers && cpu < this.buffers.cpus ? this.buffers.count(cpu) : 0;
  }

  /**
   * Whether a task's next step waits for its CPU's store buffer to be empty: a locked instruction, which all BPF atomics
   * and all lock acquisitions are on x86 (arch/x86/net/bpf_jit_comp.c:emit_atomic_rmw), and whatever switches tasks.
   */
  #isLocked(task: Task, op: Operation | undefined): boolean {
    if (!op) return (this.memory.getU32(task.record + TASK.pending) & 0xff) === KIND.rmw;
    switch (op.kind) {
      case "rmw":
      case "wait":
      case "sleep":
        return true;
      case "await":
        return op.thenStore !== undefined;
      case "atomic":
        return op.locked !== false;
      default:
        return false;
    }
  }

  #runState(task: Task): number {
    return this.memory.getU32(task.record + TASK.runState);
  }

  #makeTask(planned: PlannedTask, index: number, nrCpus: number): Task {
    const { memory } = this, { kind, name, user, cpu, invocations, sleepable, body, interrupt, context } = planned;
    const { after = [], pair } = planned;
    // Where each task is one of its own, it is not said: tasks compare then.
    const isNamed = planned.pidTgid !== undefined || interrupt !== undefined || kind === "timer";
    const pidTgid = isNamed ? currentProcess(this.plan.tasks, index) : undefined;
    const inMemory = taskMemory(memory, planned, index, contextBytes(this.plan));
    memory.setU32(inMemory.record + TASK.fuel, Math.min(this.#insnsPerStep, MOST_FUEL));
    const { level, preemptible, guard } = context;
    const defers = kind === "timer" || kind === "work" ? kind : undefined;
    const from = kind === "user"
      ? kind
      : level === "nmi"
      ? level
      : level !== "task"
      ? "interrupt"
      : sleepable
      ? "sleepable"
      : "program";
    const made: TaskContext = {
      ...{ task: index, cpu, nrCpus, memory: this.#modelMemory, pidTgid, ctx: inMemory.ctx, from },
      ...{ tracedArgs: this.#tracedArgs(planned.prog), checksRecursion: this.#checksRecursion(planned.prog), defers },
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
      program: this.image.programs.find((program) => program.name === planned.prog),
      context: made,
      body: defers
        ? () => runDeferred(this.kernel, made, defers, inMemory.stackTop, this.#clock)
        : body && (() => body(this.kernel.userApi(index, cpu))),
      models: [],
    };
  }

  /** include/linux/bpf_verifier.h:bpf_prog_check_recur, which is not asked about programs of other types than these. */
  #checksRecursion(prog: string | undefined): boolean {
    const section = this.object.programs.find(({ name }) => name === prog)?.section ?? "";
    return !/^\??(lsm|iter|struct_ops)/.test(section);
  }

  get #clock(): Clock {
    return { isOpen: this.options.branches ?? false, isDue: (expiresNs) => this.#isDue(expiresNs) };
  }

  #tracedArgs(prog: string | undefined): number | undefined {
    const program = this.object.programs.find(({ name }) => name === prog);
    return program && tracedArgs(program.section);
  }

  /** Brings a task to just before its first visible operation. */
  #prepare(task: Task): void {
    // Whoever performs the operations also says when a task begins: by its first step.
    if (this.options.external || task.after.length > 0) return;
    if (task.context.defers) {
      this.#startModel(task, task.name, 0, 0, task.body!);
      return;
    }
    if (task.kind === "user" && task.cpu >= this.nrCpus) {
      this.#startModel(task, task.name, 0, 0, task.body!);
      return;
    }
    if (this.sharesCpus || this.isDone(task)) return;
    this.#begin(task);
    if (!runningModel(task)) this.advance(task, this.stepWasm(task.record));
  }

  /** Begins a run: registers, stack, and what the kernel does around a run. False when the run is skipped. */
  #begin(task: Task): boolean {
    const { view } = this.memory, record = task.record, program = task.program!;
    if (this.skipReason(task) !== undefined) {
      this.memory.setU32(record + TASK.missed, this.memory.getU32(record + TASK.missed) + 1);
      this.memory.setU32(record + TASK.invocation, this.memory.getU32(record + TASK.invocation) + 1);
      if (task.level <= SOFTIRQ) this.cpus.release(task);
      return false;
    }
    if (this.#usesStack) this.#fillStack(task, 0);
    const { packets, ctx } = this.plan.tasks[task.index];
    if (packets) {
      const packet = packets[view.getUint32(record + TASK.invocation, true) % packets.length];
      handPacket(this.memory, task, program.program, packet, ctx);
    }
    view.setUint32(record + TASK.tailCalls, 0, true);
    this.#enter(task, program.start);
    this.options.observer?.runBegins(task);
    view.setUint32(record + TASK.runState, task.sleepable ? RUN.sleepable : RUN.nonSleepable, true);
    const run = view.getUint32(record + TASK.runCount, true);
    view.setUint32(record + TASK.runCount, run + 1, true);
    this.contexts.begin(this.memory, task.index, task.ctx, run);
    if (this.sharesCpus) {
      if (task.level > SOFTIRQ) this.cpus.occupy(task);
      else if (!task.preemptible) this.cpus.mask(task.cpu, "preempt", 1);
    }
    if (this.readsUndefinedStack) this.#leaveStack(task, program.start);
    return true;
  }

  /** BPF_PROG_RUN (net/bpf/test_run.c): a run on the task of the user actor that asks for it. */
  #beginForUser(task: Task, { prog, ctx, packet }: ProgRunOp): boolean {
    const { memory, image } = this, { view } = memory, record = task.record, ctxAddr = addressOf(task.ctx);
    const program = this.object.programs[prog], placed = image.programs.find((one) => one.program === program);
    if (!placed) {
      throw new WorkloadError(
        `user actor ${task.user} runs ${program.name}, which is not loaded: its body does not name it. ` +
          `Add { prog: "${program.name}", invocations: 0 } to programs`,
      );
    }
    withoutPacket(memory, task);
    memory.bytes.fill(0, ctxAddr, ctxAddr + CTX_BYTES);
    if (ctx) memory.writeBytes(ctxAddr, ctx);
    handPacket(memory, task, program, packet ?? FIRST_PACKET, ctx);
    if (this.#usesStack) this.#fillStack(task, 0);
    view.setUint32(record + TASK.tailCalls, 0, true);
    this.#enter(task, placed.start);
    this.options.observer?.runBegins(task);
    view.setUint32(record + TASK.runState, isSleepable(program) ? RUN.sleepable : RUN.nonSleepable, true);
    view.setUint32(record + TASK.runCount, view.getUint32(record + TASK.runCount, true) + 1, true);
    return true;
  }

  /** The first frame of a run, and what later ones begin with. */
  #fillStack(task: Task, byte: number): void {
    const stack = addressOf(task.stackTop);
    this.memory.bytes.fill(byte, stack - STACK_FRAME_BYTES, stack);
    this.memory.setU32(task.record + TASK.stackFill, byte);
  }

  /** What the stack holds from before is open: zeroes or something else in a search, else any byte, by the seed. */
  #leaveStack(task: Task, start: number): void {
    const { view } = this.memory, { branches, seed = 1 } = this.options, record = task.record;
    if (!branches) {
      const run = view.getUint32(record + TASK.runCount, true);
      let x = Math.imul(seed, 0x9e37_79b1) ^ Math.imul(task.index + 1, 0x85eb_ca6b) ^ Math.imul(run, 0xc2b2_ae35);
      x = Math.imul(x ^ (x >>> 15), 0x2c1b_3c6d);
      return this.#fillStack(task, (x >>> 16) & 0xff);
    }
    view.setUint32(record + TASK.insn, start, true);
    const resume = view.getUint32(record + TASK.pending, true), left = [0, STACK_GARBAGE] as const;
    const fill = (byte: number) => (this.#fillStack(task, byte), 0n);
    this.#startModel(task, "the stack", resume, 0, function* () {
      const describe = (alternative: number) => `stack bytes never written = ${left[alternative - 1]}`;
      const chosen = Number(yield { kind: "choose", label: "stack", alone: true, alternatives: left.length, describe });
      yield { kind: "private", run: () => fill(left[chosen - 1]) };
      return 0n;
    });
  }

  /** Puts a task at the first instruction of a program, with the context in r1 and an empty stack. */
  #enter(task: Task, insn: number): void {
    const { view } = this.memory, record = task.record;
    view.setBigUint64(record + TASK.registers + 8, task.ctx, true);
    // A call hands r1 to r5 over, whether its function takes them all or not: what an earlier run left there would count.
    for (let r = 2; r <= 5; r++) view.setBigUint64(record + TASK.registers + 8 * r, 0n, true);
    view.setBigUint64(record + TASK.registers + 80, task.stackTop, true);
    view.setUint32(record + TASK.depth, 0, true);
    view.setUint32(record + TASK.pending, KIND.none | (this.translation.entryBlock(insn) << 8), true);
  }

  #endRun(task: Task): void {
    const { view } = this.memory, record = task.record;
    view.setBigUint64(record + TASK.lastReturn, view.getBigUint64(record + TASK.registers, true), true);
    if (task.kind !== "user") {
      view.setUint32(record + TASK.invocation, view.getUint32(record + TASK.invocation, true) + 1, true);
    }
    view.setUint32(record + TASK.runState, RUN.none, true);
    view.setUint32(record + TASK.pending, KIND.none, true);
    if (this.sharesCpus) {
      if (task.level <= SOFTIRQ && !task.preemptible) this.cpus.mask(task.cpu, "preempt", -1);
      this.cpus.release(task);
    }
    if (task.kind !== "user") this.options.observer?.runEnds(task);
  }

  #explainFault(task: Task): string {
    const { view } = this.memory;
    const insn = this.image.insns[view.getUint32(task.record + TASK.insn, true)];
    return explainFault(this.memory, insn, view.getBigUint64(task.record + TASK.faultPointer, true));
  }

  /** What a model's operation gives; what is open and was not said is drawn. */
  #perform(op: Operation): bigint {
    if (op.kind !== "choose") return perform(this.#modelMemory, op);
    return BigInt(1 + (this.options.draw?.(op.alternatives) ?? 0));
  }

  // Kernel models. Each method says whether the task's program goes on (true); else the task stands before an operation
  // that the scheduler has to order, has ended or has faulted (false).

  /** Starts the helper that the program calls. */
  #callHelper(task: Task): boolean {
    const { memory: { view }, image, kernel, options } = this, record = task.record;
    const insn = image.insns[view.getUint32(record + TASK.insn, true)];
    const isKfunc = isKfuncCall(insn), model = isKfunc ? kfuncModel(insn.imm) : kernel.helper(insn.imm);
    const name = isKfunc ? kfuncName(insn.imm) : kernel.helperName(insn.imm);
    if (!model) throw this.#gap(task);
    const argument = (r: number) => view.getBigUint64(record + TASK.registers + 8 * r, true);
    const args = [argument(1), argument(2), argument(3), argument(4), argument(5)] as const;
    let result: Model | bigint;
    try {
      result = model(kernel, task.context, args);
    } catch (error) {
      throw this.#explained(task, error);
    }
    options.observer?.helperCalled(task, name, typeof result === "bigint");
    if (typeof result === "bigint") {
      view.setBigUint64(record + TASK.registers, BigInt.asUintN(64, result), true);
      return true;
    }
    let first: Model<unknown> | undefined = result;
    const start = () => {
      const generator = first ?? model(kernel, task.context, args) as Model;
      first = undefined;
      return generator;
    };
    const resume = view.getUint32(record + TASK.pending, true);
    return this.#startModel(
      task,
      name,
      resume,
      options.forgets ? 0 : hashArguments(task, args),
      start,
    );
  }

  /** The task has come to something without a model, at its present instruction: a map where one is named. */
  #gap(task: Task, map?: string): UnsupportedError {
    const insn = this.memory.view.getUint32(task.record + TASK.insn, true);
    const { programs } = this.plan, { program, start } = programAt(this.image, insn);
    const gaps = gapsOf(programs, this.object.maps, (id) => this.kernel.helper(id) !== undefined);
    return gapReached(gaps, { program: program.name, insn: insn - start, line: imageLine(this.image, insn), map });
  }

  /** The error that says where a program came to a map without a model, for a map's own; any other stays as it is. */
  #explained(task: Task, error: unknown): unknown {
    return error instanceof UnsupportedMap && task.kind !== "user" ? this.#gap(task, error.message) : error;
  }

  /**
   * Starts a model, innermost on the task.
   *
   * @param resume TASK.pending with which the program goes on when the model has ended
   * @param key a hash of what it is called with
   */
  #startModel(task: Task, name: string, resume: number, key: number, start: () => Model<unknown>): boolean {
    let started: ReturnType<typeof startModel>;
    try {
      started = startModel(name, resume, key, start);
    } catch (error) {
      throw this.#explained(task, error);
    }
    if ("value" in started) return this.#finishModel(task, resume, started.value);
    task.models = [...task.models, started.model];
    const result = this.#performPrivate(task, started.model.pending);
    return typeof result === "boolean" ? result : this.#sendModel(task, result);
  }

  /** Sends the innermost model a value, and goes on with it as far as it takes no scheduling point. */
  #sendModel(task: Task, value: bigint): boolean {
    const { forgets } = this.options;
    for (;;) {
      let model: ActiveModel = task.models[task.models.length - 1];
      let sent: ReturnType<typeof sendForGood> | ReturnType<typeof sendModel>;
      try {
        sent = forgets ? sendForGood(model, value) : sendModel(model, value, this.memory);
      } catch (error) {
        throw this.#explained(task, error);
      }
      if (sent !== undefined) {
        if ("value" in sent) {
          task.models = task.models.slice(0, -1);
          return this.#finishModel(task, model.resume, sent.value);
        }
        model = sent.model;
        task.models = [...task.models.slice(0, -1), model];
      }
      const result = this.#performPrivate(task, model.pending);
      if (typeof result === "boolean") return result;
      value = result;
    }
  }

  /** Counts instructions since the last visible operation; too many of them end the run. */
  #isEndless(task: Task, insns: number): boolean {
    this.#insnsSinceStep += insns;
    if (this.#insnsSinceStep < this.#insnsPerStep) return false;
    const n = this.#insnsSinceStep.toLocaleString("en");
    this.seemsEndless = true;
    this.fail(
      task,
      `${n} instructions without an end and without touching shared memory: an endless loop? ` +
        "(limits: { insnsPerStep } allows more)",
    );
    return true;
  }

  /** Counts callbacks, which take a step each where they touch nothing shared; too many of them end the run. */
  #callsTooOften(task: Task): boolean {
    // A search begins its runs again and again, and has bounds of its own.
    if (this.options.branches || ++this.#callbacks < this.#mostCallbacks) return false;
    this.seemsEndless = true;
    const n = this.#callbacks.toLocaleString("en");
    this.fail(task, `stopped after ${n} calls of callbacks: an endless loop? (limits: { steps } allows more)`);
    return true;
  }

  /** A callback returned: its r0 is what the model that called it is sent. */
  #returnFromCallback(task: Task): boolean {
    const { view } = this.memory, record = task.record;
    const depth = view.getUint32(record + TASK.depth, true) - 1;
    const frame = record + TASK.frames + depth * TASK.frameBytes;
    for (const r of SAVED) {
      view.setBigUint64(record + 8 * r, view.getBigUint64(frame + FRAME.savedRegister(r), true), true);
    }
    view.setUint32(record + TASK.insn, view.getUint32(frame + FRAME.insn, true), true);
    view.setUint32(record + TASK.depth, depth, true);
    moveStack(view, record, -STACK_FRAME_BYTES);
    return this.#sendModel(task, view.getBigUint64(record, true));
  }

  #finishModel(task: Task, resume: number, value: unknown): boolean {
    const { memory, sharesCpus, cpus } = this;
    if (task.context.defers && task.models.length === 0) {
      // The next callback is another run.
      return this.#startModel(task, task.name, 0, 0, task.body!);
    }
    if (task.kind === "user" && task.models.length === 0) {
      task.returned = value;
      memory.setU32(task.record + TASK.invocation, 1);
      if (sharesCpus) cpus.release(task);
      return false;
    }
    memory.view.setBigUint64(task.record + TASK.registers, BigInt.asUintN(64, value as bigint), true);
    memory.view.setUint32(task.record + TASK.pending, resume, true);
    return true;
  }

  /** The value of an operation that is no scheduling point; else whether the program goes on. */
  #performPrivate(task: Task, op: Operation): bigint | boolean {
    const { observer, external } = this.options;
    switch (op.kind) {
      case "load":
      case "store":
        if (!op.exclusive || external) return false;
        this.accesses?.asked(task.index, op);
        return perform(this.#modelMemory, op);
      case "private":
        return observer ? observer.performPrivate(task, op) : op.run(this.#modelMemory);
      case "work":
        observer?.worked(task, op);
        // A system call begins when the CPU is free for it: on a shared CPU that takes a step of its own.
        if (!this.sharesCpus || (op.what !== "syscall" && op.what !== "sysret")) return 0n;
        this.cpus.release(task);
        return op.what === "syscall" && task.cpu < this.nrCpus ? false : 0n;
      case "choose":
        return this.options.branches ? false : this.#perform(op);
      case "mask":
        this.cpus.mask(task.cpu, op.what, op.delta);
        return 0n;
      case "print":
        this.printed.push({ task: task.index, text: op.text });
        return 0n;
      case "callback":
        observer?.callbackBegins(task, task.models[task.models.length - 1]?.name ?? task.name);
        return this.#enterCallback(task, op.func, op.args);
      case "tail_call":
        task.models = task.models.slice(0, -1);
        this.enterProgram(task, this.object.programs[op.prog]);
        return true;
      case "throw":
        return this.#unwind(task, op.value);
      case "fault":
        this.fail(task, op.message);
        return false;
      case "sleep":
      case "wait":
      case "prog_run":
        if (this.sharesCpus) this.cpus.release(task);
        return false;
      default:
        return false;
    }
  }

  /** kernel/bpf/helpers.c:bpf_throw: the program's frames, and the models that called them back, are left for good. */
  #unwind(task: Task, value: bigint): boolean {
    const { view } = this.memory, { record } = task;
    task.models = task.kind === "user" ? task.models.slice(0, 1) : [];
    view.setBigUint64(record + TASK.registers, BigInt.asUintN(64, value), true);
    view.setBigUint64(record + TASK.registers + 80, task.stackTop, true);
    view.setUint32(record + TASK.depth, 0, true);
    this.#endRun(task);
    if (task.kind === "user") return this.#sendModel(task, BigInt.asUintN(32, value));
    if (this.isDone(task) || this.sharesCpus) return false;
    this.#begin(task);
    return !runningModel(task);
  }

  #enterCallback(task: Task, func: bigint, args: readonly bigint[]): boolean {
    const { memory: { view }, image } = this, record = task.record;
    const depth = view.getUint32(record + TASK.depth, true), insn = Number(BigInt.asUintN(32, func));
    if (Number(func >> 32n) !== FUNC_REGION || !image.entries.includes(insn)) {
      this.fail(task, "the callback is not a function of this program");
      return false;
    }
    if (depth + 1 >= TASK.maxFrames) {
      this.fail(task, `calls nest deeper than ${TASK.maxFrames} frames`);
      return false;
    }
    const frame = record + TASK.frames + depth * TASK.frameBytes;
    // What the caller will not read says nothing, and would tell states apart.
    const live = this.translation.liveAt[task.models[task.models.length - 1].resume >>> 8];
    for (const r of SAVED) {
      const value = live & (1 << r) ? view.getBigUint64(record + 8 * r, true) : 0n;
      view.setBigUint64(frame + FRAME.savedRegister(r), value, true);
    }
    view.setUint32(frame + FRAME.returnBlock, RETURN_TO_KERNEL, true);
    view.setUint32(frame + FRAME.insn, view.getUint32(record + TASK.insn, true), true);
    view.setUint32(record + TASK.depth, depth + 1, true);
    moveStack(view, record, STACK_FRAME_BYTES);
    // What an earlier call left on this frame is not to be seen (translate_calls.ts:emitClearFrame).
    const frameEnd = addressOf(view.getBigUint64(record + TASK.registers + 80, true));
    const byte = this.memory.getU32(record + TASK.stackFill);
    this.memory.bytes.fill(byte, frameEnd - STACK_FRAME_BYTES, frameEnd);
    args.forEach((arg, i) => view.setBigUint64(record + 8 * (i + 1), BigInt.asUintN(64, arg), true));
    view.setUint32(record + TASK.pending, KIND.none | (this.translation.entryBlock(insn) << 8), true);
    return true;
  }
}
