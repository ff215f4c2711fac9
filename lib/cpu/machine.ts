/**
 * A machine of n CPUs: tasks that take steps, one visible operation each.
 *
 * A step performs the task's pending visible operation and then everything up to just before the next one. Programs
 * run as translated Wasm; kernel models as generators. All state is in linear memory, but for the kernel models under
 * way, of which the machine keeps the values that their yields returned.
 */
import { perform } from "../atomics/perform.ts";
import { checkHelpers } from "../bpf_helpers/check_helpers.ts";
import { Kernel, kernelSize } from "../bpf_helpers/kernel.ts";
import { accessBytes } from "../isa/insn.ts";
import { runAtOnce } from "../maps/run_at_once.ts";
import type { BpfObject } from "../object/bpf_object.ts";
import { explainFault } from "./fault.ts";
import { type Image, imageLine, linkImage, programAt, usesStack } from "./image.ts";
import { CPU, FUNC_REGION, KIND, layoutFor, REGION_FLAG, RETURN_TO_KERNEL, RUN, STACK_BYTES, TASK } from "./layout.ts";
import { Memory } from "./memory.ts";
import type { Model, Operation, PrivateOp } from "./operation.ts";
import { planTasks, type TaskPlan } from "./plan.ts";
import { type ActiveModel, runningModel, sendForGood, sendModel, startModel, type Task } from "./task.ts";
import { instantiate, instantiateRandom, translate, type Translation } from "./translate.ts";
import type { Workload } from "../backends/workload.ts";
import type { HelperModel } from "../bpf_helpers/kernel.ts";
import type { Fault } from "../report/result.ts";
import { disassembleInsn } from "../isa/disassemble.ts";

/** Bytes of a program's context; all zero where the workload does not say. */
export const CTX_BYTES = 256;

/** Who is told what happens inside a step, between two visible operations: the cost model, which puts a price on it. */
export interface StepObserver {
  /** A run of the task's program begins, or ends. */
  runBegins(task: Task): void;
  runEnds(task: Task): void;
  /** The program called a helper; `inlined` when it took no step at all. */
  helperCalled(task: Task, name: string, inlined: boolean): void;
  /** A kernel model's operation that is no scheduling point. */
  privateOperation(task: Task, op: Operation): void;
  /** Performs a model's work on private memory. */
  performPrivate(task: Task, op: PrivateOp): bigint;
}

/** How a simulated machine is made. */
export interface MachineOptions {
  /** Of bpf_get_prandom_u32. Default 1. */
  readonly seed?: number;
  /** The machine's owner performs memory operations of programs itself (the cost model does). */
  readonly external?: boolean;
  /** The reader's own kernel models by helper name. */
  readonly models?: Readonly<Record<string, HelperModel>>;
  /** Simulated time for bpf_ktime_get_ns. */
  readonly nowNs?: () => number;
  readonly observer?: StepObserver;
  /** Nobody will take a snapshot: kernel models keep no history, which is faster. */
  readonly forgets?: boolean;
}

/** What a task will do when it takes its next step. */
export interface Pending {
  readonly kind: "start" | "load" | "store" | "rmw" | "await" | "wait" | "atomic" | "sleep" | "work";
  readonly addr: number;
  readonly size: number;
  /** Image instruction, or that of the helper call a kernel model works for. */
  readonly insn: number;
  /** The kernel model's operation, when it is one. */
  readonly op?: Operation;
}

/** What a snapshot keeps beside memory: the kernel models under way, by task. */
export interface Snapshot {
  readonly memory: Uint8Array;
  readonly models: readonly (readonly ActiveModel[])[];
}

const WASM_KINDS = ["start", "load", "store", "rmw"] as const;

export class Machine {
  readonly memory: Memory;
  readonly image: Image;
  readonly kernel: Kernel;
  readonly translation: Translation;
  readonly tasks: readonly Task[];
  readonly nrCpus: number;
  /** Whether runs must start, and tasks be chosen, under the rules for CPUs that several tasks share. */
  readonly sharesCpus: boolean;
  readonly stepWasm: (record: number) => number;
  /** Lines of bpf_printk in order. */
  readonly printed: { readonly task: number; readonly text: string }[] = [];
  steps = 0;
  insns = 0;
  readonly #runRandom: { plain?: () => number; recorded?: () => number } = {};
  fault: Fault | undefined;
  #insnsSinceStep = 0;
  readonly #preemptFull: boolean;
  readonly #insnsPerStep: number;
  readonly #usesStack: boolean;

  constructor(readonly object: BpfObject, readonly workload: Workload, readonly options: MachineOptions = {}) {
    const plan: TaskPlan = planTasks(object, workload);
    this.nrCpus = plan.nrCpus;
    this.sharesCpus = plan.sharesCpus;
    this.#preemptFull = workload.preempt === "full";
    this.#insnsPerStep = workload.limits?.insnsPerStep ?? 100_000_000;
    const size = kernelSize(object.maps, plan.allCpus);
    const layout = layoutFor(plan.allCpus, plan.tasks.length, size.regions + 2 * plan.tasks.length + 8);
    this.memory = new Memory(layout, size.heapBytes + plan.tasks.length * CTX_BYTES);
    this.kernel = new Kernel(this.memory, object, {
      nrCpus: plan.allCpus,
      possibleCpus: plan.nrCpus,
      seed: options.seed ?? 1,
      helpers: options.models,
      nowNs: options.nowNs ?? (() => this.steps),
    });
    checkHelpers(this.kernel, plan.programs);
    this.image = linkImage(object, plan.programs, this.kernel);
    this.#usesStack = usesStack(this.image);
    this.tasks = plan.tasks.map((task, index): Task => {
      const record = layout.tasks + index * TASK.bytes, stack = layout.stacks + index * STACK_BYTES;
      const program = this.image.programs.find((p) => p.name === task.prog);
      const stackRegion = this.memory.addRegion(stack, STACK_BYTES, REGION_FLAG.read | REGION_FLAG.write, "the stack");
      const ctxAddr = this.memory.allocate(CTX_BYTES, 64);
      const ctxRegion = this.memory.addRegion(ctxAddr, CTX_BYTES, REGION_FLAG.read | REGION_FLAG.write, "the context");
      if (task.ctx) this.memory.bytes.set(task.ctx.subarray(0, CTX_BYTES), ctxAddr);
      this.memory.setU32(record + TASK.cpu, task.cpu);
      this.memory.setU32(record + TASK.fuel, Math.min(this.#insnsPerStep, 10_000_000));
      const from = task.kind === "process" ? (task.sleepable ? "sleepable" : "program") : task.kind;
      return {
        index,
        kind: task.kind,
        cpu: task.cpu,
        record,
        program,
        invocations: task.invocations,
        sleepable: task.sleepable,
        ctx: this.memory.pointer(ctxRegion, ctxAddr),
        stackTop: this.memory.pointer(stackRegion, stack + 512),
        context: {
          task: index,
          cpu: task.cpu,
          nrCpus: plan.allCpus,
          memory: this.memory,
          from: from === "interrupt" ? "interrupt" : from,
        },
        name: task.name,
        body: task.body && (() => task.body!(this.kernel.userApi(index, task.cpu))),
        models: [],
      };
    });
    this.translation = translate(this.image.insns, this.image.entries, {
      layout,
      memory: this.memory,
      external: options.external,
    });
    this.stepWasm = instantiate(this.translation, this.memory);
    if (workload.prepare) runAtOnce(this.memory, workload.prepare(this.kernel.userApi(0, 0)));
    for (const task of this.tasks) this.#prepare(task);
  }

  /**
   * A function that lets tasks of the table in the null page take steps, inside the translated code
   * (translate_random.ts), and gives the kind of what ended it. Translated when it is first wanted.
   *
   * @param recorded whether it writes down which task took each step
   */
  runRandomWasm(recorded: boolean): () => number {
    const { memory, image } = this, which = recorded ? "recorded" : "plain";
    return this.#runRandom[which] ??= instantiateRandom(
      translate(image.insns, image.entries, {
        layout: memory.layout,
        memory,
        random: true,
        recording: recorded ? memory.recording : undefined,
      }),
      memory,
    );
  }

  /** Whether a task has nothing left to do. */
  isDone(task: Task): boolean {
    return this.memory.getU32(task.record + TASK.invocation) >= task.invocations;
  }

  /** Whether a task can take its next step now: not done, not waiting, and its CPU free for it. */
  isEnabled(index: number): boolean {
    const task = this.tasks[index];
    if (this.fault || this.isDone(task)) return false;
    if (this.sharesCpus && !this.hasCpu(task)) return false;
    const op = runningModel(task)?.pending;
    if (op?.kind === "await") return op.until(this.memory.read(op.addr, op.size));
    if (op?.kind === "wait") return op.until(this.memory);
    return true;
  }

  /** The tasks that can take a step now, in rising order. */
  enabled(): number[] {
    const enabled: number[] = [];
    for (const task of this.tasks) if (this.isEnabled(task.index)) enabled.push(task.index);
    return enabled;
  }

  /** What a task will do in its next step. */
  pending(index: number): Pending {
    const task = this.tasks[index], view = this.memory.view;
    const insn = task.program ? view.getInt32(task.record + TASK.insn, true) : -1;
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

  /**
   * Lets an enabled task take one step.
   *
   * @param value with `external` memory: what the owner of the machine loaded for the task
   */
  step(index: number, value?: bigint): void {
    const task = this.tasks[index];
    this.steps++;
    this.#insnsSinceStep = 0;
    if (this.sharesCpus && task.kind !== "interrupt") this.#setCurrent(task.cpu, task.index + 1);
    const model = runningModel(task);
    if (model) {
      if (!this.#send(task, value ?? perform(this.memory, model.pending))) return;
      this.advance(task, this.stepWasm(task.record));
      return;
    }
    if (task.kind === "user") {
      this.#startModel(task, task.name, 0, 0, task.body!);
      return;
    }
    if (this.#runState(task) === RUN.none && !this.#begin(task)) return;
    this.advance(task, this.stepWasm(task.record));
  }

  /** Goes on with what a Wasm step returned, until the task stands before its next visible operation. */
  advance(task: Task, returned: number): void {
    for (;;) {
      this.insns += returned >>> 4;
      switch (returned & 15) {
        case KIND.exit:
          this.#endRun(task);
          if (this.isDone(task) || this.sharesCpus) return;
          this.#begin(task);
          break;
        case KIND.call:
          if (!this.#callHelper(task)) return;
          break;
        case KIND.callbackReturn:
          if (!this.#returnFromCallback(task)) return;
          break;
        case KIND.fuel:
          this.#insnsSinceStep += returned >>> 4;
          if (this.#insnsSinceStep >= this.#insnsPerStep) {
            const n = this.#insnsSinceStep.toLocaleString("en");
            this.#setFault(
              task,
              `${n} instructions without an end and without touching shared memory: an endless loop?`,
            );
            return;
          }
          break;
        case KIND.fault:
          this.#setFault(task, this.#explainFault(task));
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
    };
  }

  restore(snapshot: Snapshot): void {
    this.memory.bytes.set(snapshot.memory, this.memory.layout.cpus);
    this.fault = undefined;
    this.tasks.forEach((task, i) => {
      task.models = snapshot.models[i];
    });
  }

  /** Says what stops everybody, when nobody is enabled and somebody is not done. */
  describeDeadlock(): string {
    const waiting = this.tasks.filter((task) => !this.isDone(task)).map((task) => {
      const op = runningModel(task)?.pending;
      if (op?.kind === "await") return `${task.name} waits for ${this.kernel.nameOf(op.addr) ?? op.label ?? "a lock"}`;
      if (op?.kind === "wait") return `${task.name} waits for ${op.label ?? "a condition"}`;
      return `${task.name} waits for its CPU`;
    });
    return `deadlock: ${waiting.join("; ")}`;
  }

  /** Ends the run with a fault that is nobody's instruction in particular. */
  stop(message: string): void {
    const task = this.tasks.find((task) => !this.isDone(task)) ?? this.tasks[0];
    this.#setFault(task, message);
  }

  #stackBase(task: Task): number {
    return Number(BigInt.asUintN(32, task.stackTop)) - 512;
  }

  #runState(task: Task): number {
    return this.memory.getU32(task.record + TASK.runState);
  }

  #cpuField(cpu: number, field: number): number {
    return this.memory.layout.cpus + cpu * CPU.bytes + field;
  }

  #setCurrent(cpu: number, value: number): void {
    this.memory.setU32(this.#cpuField(cpu, CPU.current), value);
  }

  /** Whether interrupts, and other tasks of the same CPU, leave the CPU to this task (kernel/sched, local_irq_save). */
  hasCpu(task: Task): boolean {
    const inIrq = this.memory.getU32(this.#cpuField(task.cpu, CPU.inIrq));
    const irqOff = this.memory.getU32(this.#cpuField(task.cpu, CPU.irqOff));
    if (task.kind === "interrupt") return inIrq === task.index + 1 || (inIrq === 0 && irqOff === 0);
    if (inIrq !== 0) return false;
    const current = this.memory.getU32(this.#cpuField(task.cpu, CPU.current));
    if (current === 0 || current === task.index + 1) return true;
    const preemptOff = this.memory.getU32(this.#cpuField(task.cpu, CPU.preemptOff));
    return this.#preemptFull && irqOff === 0 && preemptOff === 0;
  }

  /** Brings a task to just before its first visible operation. */
  #prepare(task: Task): void {
    // Whoever performs the operations also says when a task begins: by its first step.
    if (this.options.external) return;
    if (task.kind === "user" && task.cpu >= this.nrCpus) {
      this.#startModel(task, task.name, 0, 0, task.body!);
      return;
    }
    if (this.sharesCpus || this.isDone(task)) return;
    this.#begin(task);
    this.advance(task, this.stepWasm(task.record));
  }

  /** Begins a run: registers, stack, and what the kernel does around a run. False when the run is skipped. */
  #begin(task: Task): boolean {
    const { view } = this.memory, record = task.record, program = task.program!;
    if (task.kind === "interrupt" && this.#recursion(task)) {
      this.memory.setU32(record + TASK.missed, this.memory.getU32(record + TASK.missed) + 1);
      this.memory.setU32(record + TASK.invocation, this.memory.getU32(record + TASK.invocation) + 1);
      return false;
    }
    if (this.#usesStack) this.memory.bytes.fill(0, this.#stackBase(task), this.#stackBase(task) + 512);
    view.setUint32(record + TASK.tailCalls, 0, true);
    this.#enterProgram(task, program.start);
    this.options.observer?.runBegins(task);
    view.setUint32(record + TASK.runState, task.sleepable ? RUN.sleepable : RUN.nonSleepable, true);
    view.setUint32(record + TASK.runCount, view.getUint32(record + TASK.runCount, true) + 1, true);
    if (task.kind === "interrupt") this.memory.setU32(this.#cpuField(task.cpu, CPU.inIrq), task.index + 1);
    return true;
  }

  /** Puts a task at the first instruction of a program, with the context in r1 and an empty stack. */
  #enterProgram(task: Task, insn: number): void {
    const { view } = this.memory, record = task.record;
    view.setBigUint64(record + TASK.registers + 8, task.ctx, true);
    view.setBigUint64(record + TASK.registers + 80, task.stackTop, true);
    view.setUint32(record + TASK.depth, 0, true);
    view.setUint32(record + TASK.pending, KIND.none | (this.translation.entryBlock(insn) << 8), true);
  }

  /** kernel/trace/bpf_trace.c:__bpf_trace_run: a tracing program that is running on this CPU is not run again. */
  #recursion(task: Task): boolean {
    if (
      !/^(tp_btf|raw_tp|raw_tracepoint|tp|tracepoint|kprobe|kretprobe|fentry|fexit|perf_event)\b/.test(
        task.program!.program.section,
      )
    ) {
      return false;
    }
    return this.tasks.some((other) =>
      other !== task && other.cpu === task.cpu && other.program === task.program && this.#runState(other) !== RUN.none
    );
  }

  #endRun(task: Task): void {
    const { view } = this.memory, record = task.record;
    view.setBigUint64(record + TASK.lastReturn, view.getBigUint64(record + TASK.registers, true), true);
    view.setUint32(record + TASK.invocation, view.getUint32(record + TASK.invocation, true) + 1, true);
    view.setUint32(record + TASK.runState, RUN.none, true);
    view.setUint32(record + TASK.pending, KIND.none, true);
    if (task.kind === "interrupt") this.memory.setU32(this.#cpuField(task.cpu, CPU.inIrq), 0);
    else if (this.sharesCpus) this.#setCurrent(task.cpu, 0);
    this.options.observer?.runEnds(task);
  }

  /** Starts the helper that the program calls; true when it ended at once and the program goes on. */
  #callHelper(task: Task): boolean {
    const { view } = this.memory, record = task.record;
    const insn = this.image.insns[view.getUint32(record + TASK.insn, true)];
    const model = this.kernel.helper(insn.imm);
    if (!model) {
      this.#setFault(task, `helper #${insn.imm} is not modelled`);
      return false;
    }
    const argument = (r: number) => view.getBigUint64(record + TASK.registers + 8 * r, true);
    const args = [argument(1), argument(2), argument(3), argument(4), argument(5)] as const;
    const result = model(this.kernel, task.context, args);
    this.options.observer?.helperCalled(task, this.kernel.helperName(insn.imm), typeof result === "bigint");
    if (typeof result === "bigint") {
      view.setBigUint64(record + TASK.registers, BigInt.asUintN(64, result), true);
      return true;
    }
    let first: Model<unknown> | undefined = result;
    const start = () => {
      const generator = first ?? model(this.kernel, task.context, args) as Model;
      first = undefined;
      return generator;
    };
    const resume = view.getUint32(record + TASK.pending, true);
    const key = this.options.forgets ? 0 : this.#hashArguments(task, args);
    return this.#startModel(task, this.kernel.helperName(insn.imm), resume, key, start);
  }

  /** Arguments of a helper as one number; the caller's own stack counts by offset, so that tasks compare. */
  #hashArguments(task: Task, args: readonly bigint[]): number {
    const stack = task.stackTop - 512n, region = task.stackTop >> 32n;
    let hash = 0;
    for (const arg of args) {
      const value = arg >> 32n === region ? arg - stack : arg;
      hash = Math.imul(hash ^ Number(BigInt.asIntN(32, value)), 0x9e37_79b1);
      hash = Math.imul(hash ^ (hash >>> 15) ^ Number(BigInt.asIntN(32, value >> 32n)), 0x85eb_ca6b);
    }
    return hash ^ (hash >>> 13);
  }

  #startModel(task: Task, name: string, resume: number, key: number, start: () => Model<unknown>): boolean {
    const started = startModel(name, resume, key, start);
    if ("value" in started) return this.#finishModel(task, resume, started.value);
    task.models = [...task.models, started.model];
    const result = this.#performPrivate(task, started.model.pending);
    return typeof result === "boolean" ? result : this.#send(task, result);
  }

  #finishModel(task: Task, resume: number, value: unknown): boolean {
    if (task.kind === "user") {
      task.returned = value;
      this.memory.setU32(task.record + TASK.invocation, 1);
      if (this.sharesCpus) this.#setCurrent(task.cpu, 0);
      return false;
    }
    const { view } = this.memory;
    view.setBigUint64(task.record + TASK.registers, BigInt.asUintN(64, value as bigint), true);
    view.setUint32(task.record + TASK.pending, resume, true);
    return true;
  }

  /**
   * Sends the innermost model a value and performs what is no scheduling point, until it stands before an operation
   * that is one. True when the program goes on: the model ended, or calls back into the program.
   */
  #send(task: Task, value: bigint): boolean {
    for (;;) {
      const model = task.models[task.models.length - 1];
      const sent = this.options.forgets ? sendForGood(model, value) : sendModel(model, value);
      if (sent !== undefined && "value" in sent) {
        task.models = task.models.slice(0, -1);
        return this.#finishModel(task, model.resume, sent.value);
      }
      if (sent !== undefined) task.models = [...task.models.slice(0, -1), sent.model];
      const result = this.#performPrivate(task, task.models[task.models.length - 1].pending);
      if (typeof result === "boolean") return result;
      value = result;
    }
  }

  /** The value of an operation that is no scheduling point; else whether the program goes on. */
  #performPrivate(task: Task, op: Operation): bigint | boolean {
    const { observer, external } = this.options;
    observer?.privateOperation(task, op);
    switch (op.kind) {
      case "load":
      case "store":
        return op.exclusive && !external ? perform(this.memory, op) : false;
      case "private":
        return observer ? observer.performPrivate(task, op) : op.run(this.memory);
      case "work":
        // A system call begins when the CPU is free for it: on a shared CPU that takes a step of its own.
        if (!this.sharesCpus || (op.what !== "syscall" && op.what !== "sysret")) return 0n;
        this.#setCurrent(task.cpu, 0);
        return op.what === "syscall" && task.cpu < this.nrCpus ? false : 0n;
      case "mask": {
        const field = this.#cpuField(task.cpu, op.what === "irq" ? CPU.irqOff : CPU.preemptOff);
        this.memory.setU32(field, this.memory.getU32(field) + op.delta);
        return 0n;
      }
      case "print":
        this.printed.push({ task: task.index, text: op.text });
        return 0n;
      case "callback":
        return this.#enterCallback(task, op.func, op.args);
      case "tail_call":
        task.models = task.models.slice(0, -1);
        this.#enterProgram(task, this.image.programs.find((p) => p.program === this.object.programs[op.prog])!.start);
        return true;
      case "fault":
        this.#setFault(task, op.message);
        return false;
      case "sleep":
      case "wait":
        if (this.sharesCpus) this.#setCurrent(task.cpu, 0);
        return false;
      default:
        return false;
    }
  }

  #enterCallback(task: Task, func: bigint, args: readonly bigint[]): boolean {
    const { view } = this.memory, record = task.record;
    const depth = view.getUint32(record + TASK.depth, true), insn = Number(BigInt.asUintN(32, func));
    if (Number(func >> 32n) !== FUNC_REGION || !this.image.entries.includes(insn)) {
      this.#setFault(task, "the callback is not a function of this program");
      return false;
    }
    if (depth + 1 >= TASK.maxFrames) {
      this.#setFault(task, `calls nest deeper than ${TASK.maxFrames} frames`);
      return false;
    }
    const frame = record + TASK.frames + depth * TASK.frameBytes;
    for (let r = 6; r <= 9; r++) {
      view.setBigUint64(frame + 8 * (r - 6), view.getBigUint64(record + 8 * r, true), true);
    }
    view.setUint32(frame + 32, RETURN_TO_KERNEL, true);
    view.setUint32(frame + 36, view.getUint32(record + TASK.insn, true), true);
    view.setUint32(record + TASK.depth, depth + 1, true);
    view.setBigUint64(record + 80, view.getBigUint64(record + 80, true) + 512n, true);
    args.forEach((arg, i) => view.setBigUint64(record + 8 * (i + 1), BigInt.asUintN(64, arg), true));
    view.setUint32(record + TASK.pending, KIND.none | (this.translation.entryBlock(insn) << 8), true);
    return true;
  }

  #returnFromCallback(task: Task): boolean {
    const { view } = this.memory, record = task.record;
    const depth = view.getUint32(record + TASK.depth, true) - 1;
    const frame = record + TASK.frames + depth * TASK.frameBytes;
    for (let r = 6; r <= 9; r++) {
      view.setBigUint64(record + 8 * r, view.getBigUint64(frame + 8 * (r - 6), true), true);
    }
    view.setUint32(record + TASK.insn, view.getUint32(frame + 36, true), true);
    view.setUint32(record + TASK.depth, depth, true);
    view.setBigUint64(record + 80, view.getBigUint64(record + 80, true) - 512n, true);
    return this.#send(task, view.getBigUint64(record, true));
  }

  #explainFault(task: Task): string {
    const { view } = this.memory;
    const insn = this.image.insns[view.getUint32(task.record + TASK.insn, true)];
    return explainFault(this.memory, insn, view.getBigUint64(task.record + TASK.faultPointer, true));
  }

  #setFault(task: Task, message: string): void {
    const at = task.program ? this.memory.getU32(task.record + TASK.insn) : -1;
    const line = at >= 0 ? imageLine(this.image, at) : undefined;
    const program = at >= 0 ? programAt(this.image, at) : undefined;
    this.fault = {
      message,
      prog: program?.name ?? task.name,
      cpu: task.cpu,
      insn: program ? at - program.start : -1,
      text: at >= 0 ? disassembleInsn(this.image.insns[at]) : "",
      line: line && { file: line.file, line: line.line, text: line.text },
    };
  }
}
