/**
 * A machine of n CPUs: tasks that take steps, one visible operation each.
 *
 * A step performs the task's pending visible operation and then everything up to just before the next one. Programs
 * run as translated Wasm; kernel models as generators. All state is in linear memory, but for the kernel models under
 * way, of which the machine keeps the values that their yields returned.
 */
import { HELPERS } from "../bpf_helpers/helper_table.ts";
import { type HelperModel, Kernel } from "../bpf_helpers/kernel.ts";
import { KIND, TASK } from "../cpu/layout.ts";
import { type Memory, modelMemory, type Width } from "../cpu/memory.ts";
import type { Operation, PrivateOp, WorkOp } from "../cpu/operation.ts";
import { cpuOfFlush, flushOf, StoreBuffers } from "../cpu/store_buffers.ts";
import type { HashLayouts } from "../maps/hash_layouts.ts";
import { runAtOnce } from "../maps/run_at_once.ts";
import type { BpfObject } from "../object/bpf_object.ts";
import type { Fault } from "../report/result.ts";
import { instantiate, instantiateRandom, type Translation } from "../translate/translate.ts";
import type { RecursionGuard } from "../workload/contexts.ts";
import type { Plan } from "../workload/plan.ts";
import type { Accesses } from "./accesses.ts";
import { type Code, codeOf } from "./code_cache.ts";
import { CpuStates, SOFTIRQ } from "./cpu_states.ts";
import { explainFault, faultAt } from "./fault.ts";
import type { Image } from "./image.ts";
import { KernelModels } from "./kernel_models.ts";
import { defersCallbacks, machineMemory, ownObjectsPlan } from "./machine_memory.ts";
import { makeTasks } from "./make_tasks.ts";
import { OpenValues } from "./open_values.ts";
import { instructionOf, type Pending, pendingChoice, pendingStep } from "./pending.ts";
import { ProgramRuns } from "./program_runs.ts";
import { type ActiveModel, runningModel, type Task } from "./task.ts";
import { TracedContexts } from "./traced_contexts.ts";
import { describeDeadlock, goesOnBehindStores, isDue, isHeldBack, isQuiet, waitsFor } from "./waiting.ts";
import { Watchdog } from "./watchdog.ts";

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

/** What a snapshot keeps beside memory: the kernel models under way, and what user actors returned, by task. */
export interface Snapshot {
  readonly memory: Uint8Array;
  readonly models: readonly (readonly ActiveModel[])[];
  readonly returned: readonly unknown[];
}

/** User space stores, although its machine was made for one that does not. */
export class UserStores extends Error {
  override name = "UserStores";
}

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
  /** The CPUs' store buffers, where the memory model has them and the workload can tell. */
  readonly buffers: StoreBuffers | undefined;
  readonly #code: Code;
  /** Contexts and kernel objects that the workload does not give. */
  readonly contexts: TracedContexts;
  readonly #runs: ProgramRuns;
  readonly #models: KernelModels;
  readonly #watchdog: Watchdog;

  constructor(readonly plan: Plan, readonly options: MachineOwnerOptions = {}) {
    const { object, workload } = plan;
    this.object = object;
    this.nrCpus = plan.nrCpus;
    this.sharesCpus = plan.sharesCpus;
    this.#watchdog = new Watchdog(workload.limits, options.branches ?? false);
    // Who performs the operations keeps store buffers of its own, if any (cost/store_buffer.ts).
    const delays = options.external ? undefined : plan.delays;
    const { objects } = this.contexts = new TracedContexts(plan, options.seed ?? 1);
    const { memory, objectsAt } = machineMemory(plan, objects, delays !== undefined);
    this.memory = memory;
    if (delays) {
      const users = plan.tasks.some(({ kind }) => kind === "user");
      this.buffers = memory.buffers = new StoreBuffers(memory, plan.allCpus, users);
    }
    // A search watches what models read: this tells of all of it.
    const modelsMemory = options.branches ? modelMemory(memory) : memory;
    this.cpus = new CpuStates(memory, workload.preempt === "full");
    this.kernel = this.#makeKernel(modelsMemory);
    this.#code = codeOf(plan, this.kernel, memory);
    const image = this.image = this.#code.image;
    this.open = new OpenValues(image);
    this.readsUndefinedStack = plan.warnings.length > 0;
    this.tasks = makeTasks(plan, {
      memory,
      modelMemory: modelsMemory,
      image,
      kernel: this.kernel,
      clock: { isOpen: options.branches ?? false, isDue: (expiresNs) => isDue(this, expiresNs) },
      insnsPerStep: this.#watchdog.insnsPerStep,
    });
    this.translation = this.#code.translation(options.external ? "external" : "step", memory);
    this.stepWasm = instantiate(this.translation, memory);
    this.#runs = new ProgramRuns(this);
    this.#models = new KernelModels(this, this.#runs, modelsMemory, (task) => this.#afterRun(task));
    objects?.fill(memory, objectsAt);
    if (workload.prepare) runAtOnce(memory, workload.prepare(this.kernel.userApi(0, 0)));
    options.onPrepared?.(this.kernel);
    for (const task of this.tasks) this.#prepare(task);
  }

  #makeKernel(modelsMemory: Memory): Kernel {
    const { plan, options, memory, contexts } = this, { branches, seed = 1 } = options;
    return new Kernel(memory, plan.object, HELPERS, {
      nrCpus: plan.allCpus,
      possibleCpus: plan.nrCpus,
      tasks: plan.tasks.length,
      seed,
      freezes: plan.userSpace.freezes,
      helpers: options.models,
      objects: contexts.objects,
      own: ownObjectsPlan(plan),
      modelMemory: modelsMemory,
      rearms: defersCallbacks(plan) ? plan.workload.limits?.rearms ?? (branches ? 1 : 100) : undefined,
      nowNs: options.nowNs ?? (branches ? undefined : () => this.steps + this.kernel.skippedNs),
      hashSeed: options.hashSeed,
      layouts: options.layouts,
      open: branches
        ? { random: (insn) => this.open.randomAt(insn).values, timeSteps: (insn) => this.open.timeStepsAt(insn) }
        : undefined,
    });
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
    if (task.context.defers) return isQuiet(this);
    return this.memory.getU32(task.record + TASK.invocation) >= task.invocations;
  }

  /** Whether all that was asked for is done: what waits for a timer is done when there is nothing to wait for. */
  get isOver(): boolean {
    return this.tasks.every((task) => this.isDone(task));
  }

  /** Whether a step can be taken now: of a task that is not done, does not wait, and whose CPU is free for it. */
  isEnabled(index: number): boolean {
    const { buffers } = this;
    if (index < 0) return !this.fault && this.#canFlush(cpuOfFlush(index));
    const task = this.tasks[index];
    if (this.fault || this.isDone(task)) return false;
    if (this.sharesCpus && (!this.cpus.isFreeFor(task) || this.isHeldBack(task))) return false;
    const op = runningModel(task)?.pending;
    if (buffers && buffers.count(task.cpu) > 0) return goesOnBehindStores(this, buffers, task, op);
    if (op?.kind === "await") return op.until(this.memory.read(op.addr, op.size));
    if (op?.kind === "wait") return op.until(this.memory);
    return true;
  }

  #canFlush(cpu: number): boolean {
    return this.buffers !== undefined && cpu < this.buffers.cpus && this.buffers.count(cpu) > 0;
  }

  /** The steps that can be taken now, in rising order: flushes, then tasks. */
  enabled(): number[] {
    const enabled: number[] = [];
    for (let cpu = (this.buffers?.cpus ?? 0) - 1; cpu >= 0; cpu--) {
      if (this.isEnabled(flushOf(cpu))) enabled.push(flushOf(cpu));
    }
    for (const { index } of this.tasks) if (this.isEnabled(index)) enabled.push(index);
    return enabled;
  }

  /** Whether a task's next run may not begin yet: others have to be done first, or it is its partner's turn. */
  isHeldBack(task: Task): boolean {
    return isHeldBack(this, task);
  }

  /** What a task that is neither done nor enabled waits for: `waits for lock`, `begins after cpu0`. */
  waitsFor(task: Task): string {
    return waitsFor(this, task);
  }

  /** Says what stops all tasks, when none is enabled and some are not done. */
  describeDeadlock(): string {
    return describeDeadlock(this);
  }

  /** How many different steps there are: one for each task, and one for each CPU that has a store buffer to flush. */
  get moves(): number {
    return this.tasks.length + (this.buffers?.cpus ?? 0);
  }

  /** The i-th of them as schedules write it: tasks first, then flushes. */
  move(i: number): number {
    return i < this.tasks.length ? i : flushOf(i - this.tasks.length);
  }

  /** What a task will do in its next step. */
  pending(index: number): Pending {
    if (index < 0) return { kind: "flush", ...this.buffers!.oldest(cpuOfFlush(index)), insn: -1 };
    return pendingStep(this.tasks[index], this.memory, this.image);
  }

  /** What keeps the run that a task is about to begin from happening, as its CPU stands; undefined when it will run. */
  skipReason(task: Task): RecursionGuard | undefined {
    return this.#runs.skipReason(task);
  }

  /** Runs of a task that the kernel skipped so far. */
  skippedRuns(task: Task): number {
    return this.#runs.skipped(task);
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
    this.#watchdog.reset();
    if (this.sharesCpus && task.level <= SOFTIRQ) this.cpus.occupy(task);
    const model = runningModel(task);
    if (model) {
      if (this.#stepInModel(task, model.pending, value)) this.advance(task, this.stepWasm(task.record));
      return;
    }
    if (task.body && task.models.length === 0) {
      this.#models.startBody(task);
      return;
    }
    if (!this.#runs.isUnderWay(task) && !this.#begin(task)) return;
    this.advance(task, this.stepWasm(task.record));
  }

  /** Whether the task's program goes on. */
  #stepInModel(task: Task, op: Operation, value?: bigint): boolean {
    // A program that user space runs may store as well.
    if (this.options.usersOnlyLoad && task.kind === "user") {
      if (isStore(op) || op.kind === "prog_run") throw new UserStores();
    }
    if (op.kind !== "prog_run") return this.#models.send(task, value ?? this.#models.perform(op));
    this.#runs.beginForUser(task, op);
    return true;
  }

  /** How many alternatives a step has; 0 where there is nothing to choose, as in a flush. */
  alternatives(index: number): number {
    return index < 0 ? 0 : pendingChoice(this.tasks[index])?.alternatives ?? 0;
  }

  /** Whether a task is to choose what it alone sees: then no order with others' steps makes a difference. */
  choosesAlone(index: number): boolean {
    return index >= 0 && pendingChoice(this.tasks[index])?.alone === true;
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
      const insns = returned >>> 4;
      this.insns += insns;
      switch (returned & 15) {
        case KIND.exit:
          this.#runs.end(task);
          if (!this.#afterRun(task)) return;
          break;
        case KIND.call:
          if (!this.#models.call(task)) return;
          break;
        case KIND.callbackReturn:
          if (this.#endsEndless(task, this.#watchdog.calledBack(insns))) return;
          if (!this.#models.send(task, this.#runs.leaveCallback(task))) return;
          break;
        case KIND.fuel:
          if (this.#endsEndless(task, this.#watchdog.ran(insns))) return;
          break;
        case KIND.fault:
          this.fail(task, this.#explainFault(task));
          return;
        default:
          this.#watchdog.reset();
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

  /** Ends the run with a fault that is no instruction's in particular. */
  stop(message: string): void {
    const task = this.tasks.find((task) => !this.isDone(task)) ?? this.tasks[0];
    this.fail(task, message);
  }

  /** Ends the run with a fault of a task, where it stands. */
  fail(task: Task, message: string): void {
    this.fault = faultAt(this.image, instructionOf(task, this.memory.view), task, message);
  }

  /** Brings a task to just before its first visible operation. */
  #prepare(task: Task): void {
    // Whoever performs the operations also says when a task begins: by its first step.
    if (this.options.external || task.after.length > 0) return;
    if (task.context.defers || (task.kind === "user" && task.cpu >= this.nrCpus)) {
      this.#models.startBody(task);
      return;
    }
    if (this.sharesCpus || this.isDone(task)) return;
    if (this.#begin(task)) this.advance(task, this.stepWasm(task.record));
  }

  /** Begins a run: whether its program goes on now, neither skipped nor with something to choose first. */
  #begin(task: Task): boolean {
    if (!this.#runs.begin(task)) return false;
    if (!this.readsUndefinedStack) return true;
    if (!this.options.branches) {
      this.#runs.fillStackBySeed(task);
      return true;
    }
    const { memory } = this, { record } = task, resume = memory.getU32(record + TASK.pending);
    memory.setU32(record + TASK.insn, task.program!.start);
    return this.#models.start(task, "the stack", resume, 0, () => this.#runs.chooseStack(task));
  }

  /** What comes after a run: user space is told, or the next one begins. Whether the program goes on. */
  #afterRun(task: Task): boolean {
    if (task.kind === "user") {
      return this.#models.send(task, BigInt.asUintN(32, this.memory.read(task.record + TASK.lastReturn, 8)));
    }
    if (this.isDone(task) || this.sharesCpus) return false;
    return this.#begin(task);
  }

  #endsEndless(task: Task, reason: string | undefined): boolean {
    if (reason === undefined) return false;
    this.seemsEndless = true;
    this.fail(task, reason);
    return true;
  }

  #explainFault(task: Task): string {
    const { view } = this.memory;
    const insn = this.image.insns[view.getUint32(task.record + TASK.insn, true)];
    return explainFault(this.memory, insn, view.getBigUint64(task.record + TASK.faultPointer, true));
  }
}
