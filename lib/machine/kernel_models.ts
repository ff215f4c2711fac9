/**
 * The kernel models under way on tasks (helpers, kernel functions, user actors' bodies): started, sent what their
 * operations gave, and ended, with as many operations at once as are no scheduling points.
 *
 * Methods that return a boolean say whether the task's program goes on (true); else the task stands before an operation
 * that the scheduler has to order, has ended or has faulted (false).
 */
import { gapReached, gapsOf, type UnsupportedError } from "../bpf_helpers/gaps.ts";
import type { HelperModel } from "../bpf_helpers/kernel.ts";
import { kfuncModel, kfuncName } from "../bpf_helpers/kfunc_models.ts";
import { TASK } from "../cpu/layout.ts";
import type { Memory } from "../cpu/memory.ts";
import type { Model, Operation } from "../cpu/operation.ts";
import { perform } from "../cpu/perform.ts";
import { isKfuncCall } from "../isa/insn.ts";
import { UnsupportedMap } from "../maps/unmodelled_map.ts";
import { imageLine, programAt } from "./image.ts";
import type { Machine } from "./machine.ts";
import type { ProgramRuns } from "./program_runs.ts";
import { type ActiveModel, hashArguments, sendForGood, sendModel, startModel, type Task } from "./task.ts";

/** The machine that they are on. */
type On = Pick<
  Machine,
  | "plan"
  | "object"
  | "memory"
  | "image"
  | "kernel"
  | "cpus"
  | "nrCpus"
  | "sharesCpus"
  | "options"
  | "accesses"
  | "printed"
  | "fail"
>;

export class KernelModels {
  /**
   * @param modelMemory the machine's memory as models are given it
   * @param runEnded goes on after a run that a model has ended
   */
  constructor(
    readonly machine: On,
    readonly runs: ProgramRuns,
    readonly modelMemory: Memory,
    readonly runEnded: (task: Task) => boolean,
  ) {}

  /** Starts the helper that the program calls. */
  call(task: Task): boolean {
    const { memory: { view }, image, kernel, options } = this.machine, record = task.record;
    const insn = image.insns[view.getUint32(record + TASK.insn, true)];
    const isKfunc = isKfuncCall(insn), model = isKfunc ? kfuncModel(insn.imm) : kernel.helper(insn.imm);
    const name = isKfunc ? kfuncName(insn.imm) : kernel.helperName(insn.imm);
    if (!model) throw this.#gap(task);
    const argument = (r: number) => view.getBigUint64(record + TASK.registers + 8 * r, true);
    const args = [argument(1), argument(2), argument(3), argument(4), argument(5)] as const;
    let result: ReturnType<HelperModel>;
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
    return this.start(task, name, resume, options.forgets ? 0 : hashArguments(task, args), start);
  }

  /** Starts the body of a user actor, or of what runs deferred callbacks. */
  startBody(task: Task): boolean {
    return this.start(task, task.name, 0, 0, task.body!);
  }

  /**
   * Starts a model, innermost on the task.
   *
   * @param resume TASK.pending with which the program goes on when the model has ended
   * @param key a hash of what it is called with
   */
  start(task: Task, name: string, resume: number, key: number, start: () => Model<unknown>): boolean {
    let started: ReturnType<typeof startModel>;
    try {
      started = startModel(name, resume, key, start);
    } catch (error) {
      throw this.#explained(task, error);
    }
    if ("value" in started) return this.#finish(task, resume, started.value);
    task.models = [...task.models, started.model];
    const result = this.#performPrivate(task, started.model.pending);
    return typeof result === "boolean" ? result : this.send(task, result);
  }

  /** Sends the innermost model a value, and goes on with it as far as it takes no scheduling point. */
  send(task: Task, value: bigint): boolean {
    const { forgets } = this.machine.options;
    for (;;) {
      let model: ActiveModel = task.models[task.models.length - 1];
      let sent: ReturnType<typeof sendForGood> | ReturnType<typeof sendModel>;
      try {
        sent = forgets ? sendForGood(model, value) : sendModel(model, value, this.machine.memory);
      } catch (error) {
        throw this.#explained(task, error);
      }
      if (sent !== undefined) {
        if ("value" in sent) {
          task.models = task.models.slice(0, -1);
          return this.#finish(task, model.resume, sent.value);
        }
        model = sent.model;
        task.models = [...task.models.slice(0, -1), model];
      }
      const result = this.#performPrivate(task, model.pending);
      if (typeof result === "boolean") return result;
      value = result;
    }
  }

  /** What a model's operation gives; what is open and was not said is drawn. */
  perform(op: Operation): bigint {
    if (op.kind !== "choose") return perform(this.modelMemory, op);
    return BigInt(1 + (this.machine.options.draw?.(op.alternatives) ?? 0));
  }

  #finish(task: Task, resume: number, value: unknown): boolean {
    const { memory, sharesCpus, cpus } = this.machine;
    // The next callback is another run.
    if (task.context.defers && task.models.length === 0) return this.startBody(task);
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
    const { machine } = this, { observer, external } = machine.options;
    switch (op.kind) {
      case "load":
      case "store":
        if (!op.exclusive || external) return false;
        machine.accesses?.asked(task.index, op);
        return perform(this.modelMemory, op);
      case "private":
        return observer ? observer.performPrivate(task, op) : op.run(this.modelMemory);
      case "work":
        observer?.worked(task, op);
        // A system call begins when the CPU is free for it: on a shared CPU that takes a step of its own.
        if (!machine.sharesCpus || (op.what !== "syscall" && op.what !== "sysret")) return 0n;
        machine.cpus.release(task);
        return op.what === "syscall" && task.cpu < machine.nrCpus ? false : 0n;
      case "choose":
        return machine.options.branches ? false : this.perform(op);
      case "mask":
        machine.cpus.mask(task.cpu, op.what, op.delta);
        return 0n;
      case "print":
        machine.printed.push({ task: task.index, text: op.text });
        return 0n;
      case "callback": {
        observer?.callbackBegins(task, task.models[task.models.length - 1]?.name ?? task.name);
        const refused = this.runs.enterCallback(task, op);
        if (refused !== undefined) machine.fail(task, refused);
        return refused === undefined;
      }
      case "tail_call":
        task.models = task.models.slice(0, -1);
        this.runs.tailCall(task, machine.object.programs[op.prog]);
        return true;
      case "throw":
        // The models that called the program's frames back are left for good, too.
        task.models = task.kind === "user" ? task.models.slice(0, 1) : [];
        this.runs.unwind(task, op.value);
        return this.runEnded(task);
      case "fault":
        machine.fail(task, op.message);
        return false;
      case "sleep":
      case "wait":
      case "prog_run":
        if (machine.sharesCpus) machine.cpus.release(task);
        return false;
      default:
        return false;
    }
  }

  /** The task has come to something without a model, at its present instruction: a map where one is named. */
  #gap(task: Task, map?: string): UnsupportedError {
    const { plan, image, object, kernel, memory } = this.machine, insn = memory.getU32(task.record + TASK.insn);
    const { program, start } = programAt(image, insn);
    const gaps = gapsOf(plan.programs, object.maps, (id) => kernel.helper(id) !== undefined);
    return gapReached(gaps, { program: program.name, insn: insn - start, line: imageLine(image, insn), map });
  }

  /** The error that says where a program came to a map without a model, for a map's own; any other stays as it is. */
  #explained(task: Task, error: unknown): unknown {
    return error instanceof UnsupportedMap && task.kind !== "user" ? this.#gap(task, error.message) : error;
  }
}
