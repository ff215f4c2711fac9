/**
 * Runs kernel models on the tasks of a machine: starts the helper that a program calls, hands a model the results of its
 * operations, performs those that are no scheduling point, and lets the program run a model's callbacks.
 *
 * Every method that runs a task on says whether its program goes on (true); else the task stands before an operation
 * that the scheduler has to order, has ended or has faulted (false).
 */
import { addressOf } from "../cpu/memory.ts";
import { perform } from "../cpu/perform.ts";
import { FRAME, FUNC_REGION, KIND, RETURN_TO_KERNEL, STACK_FRAME_BYTES, TASK } from "../cpu/layout.ts";
import type { Machine } from "./machine.ts";
import type { Model, Operation } from "../cpu/operation.ts";
import { type ActiveModel, sendForGood, sendModel, startModel, type Task } from "./task.ts";

/** Registers that a callback must give back as they were: r6 to r9. */
const SAVED = [6, 7, 8, 9] as const;

export class ModelRunner {
  constructor(readonly machine: Machine) {}

  /** Starts the helper that the program calls. */
  callHelper(task: Task): boolean {
    const { memory: { view }, image, kernel, options } = this.machine, record = task.record;
    const insn = image.insns[view.getUint32(record + TASK.insn, true)];
    const model = kernel.helper(insn.imm);
    if (!model) {
      this.machine.fail(task, `helper #${insn.imm} is not modelled`);
      return false;
    }
    const argument = (r: number) => view.getBigUint64(record + TASK.registers + 8 * r, true);
    const args = [argument(1), argument(2), argument(3), argument(4), argument(5)] as const;
    const result = model(kernel, task.context, args);
    options.observer?.helperCalled(task, kernel.helperName(insn.imm), typeof result === "bigint");
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
    return this.start(
      task,
      kernel.helperName(insn.imm),
      resume,
      options.forgets ? 0 : hashArguments(task, args),
      start,
    );
  }

  /**
   * Starts a model, innermost on the task.
   *
   * @param resume TASK.pending with which the program goes on when the model has ended
   * @param key a hash of what it is called with
   */
  start(task: Task, name: string, resume: number, key: number, start: () => Model<unknown>): boolean {
    const started = startModel(name, resume, key, start);
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
      const sent = forgets ? sendForGood(model, value) : sendModel(model, value);
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

  /** A callback returned: its r0 is what the model that called it is sent. */
  returnFromCallback(task: Task): boolean {
    const { view } = this.machine.memory, record = task.record;
    const depth = view.getUint32(record + TASK.depth, true) - 1;
    const frame = record + TASK.frames + depth * TASK.frameBytes;
    for (const r of SAVED) {
      view.setBigUint64(record + 8 * r, view.getBigUint64(frame + FRAME.savedRegister(r), true), true);
    }
    view.setUint32(record + TASK.insn, view.getUint32(frame + FRAME.insn, true), true);
    view.setUint32(record + TASK.depth, depth, true);
    moveStack(view, record, -STACK_FRAME_BYTES);
    return this.send(task, view.getBigUint64(record, true));
  }

  #finish(task: Task, resume: number, value: unknown): boolean {
    const { memory, sharesCpus, cpus } = this.machine;
    if (task.kind === "user") {
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
        return op.exclusive && !external ? perform(machine.memory, op) : false;
      case "private":
        return observer ? observer.performPrivate(task, op) : op.run(machine.memory);
      case "work":
        observer?.worked(task, op);
        // A system call begins when the CPU is free for it: on a shared CPU that takes a step of its own.
        if (!machine.sharesCpus || (op.what !== "syscall" && op.what !== "sysret")) return 0n;
        machine.cpus.release(task);
        return op.what === "syscall" && task.cpu < machine.nrCpus ? false : 0n;
      case "mask":
        machine.cpus.mask(task.cpu, op.what, op.delta);
        return 0n;
      case "print":
        machine.printed.push({ task: task.index, text: op.text });
        return 0n;
      case "callback":
        observer?.callbackBegins(task);
        return this.#enterCallback(task, op.func, op.args);
      case "tail_call":
        task.models = task.models.slice(0, -1);
        machine.enterProgram(task, machine.object.programs[op.prog]);
        return true;
      case "fault":
        machine.fail(task, op.message);
        return false;
      case "sleep":
      case "wait":
        if (machine.sharesCpus) machine.cpus.release(task);
        return false;
      default:
        return false;
    }
  }

  #enterCallback(task: Task, func: bigint, args: readonly bigint[]): boolean {
    const { machine } = this, { memory: { view }, image } = machine, record = task.record;
    const depth = view.getUint32(record + TASK.depth, true), insn = Number(BigInt.asUintN(32, func));
    if (Number(func >> 32n) !== FUNC_REGION || !image.entries.includes(insn)) {
      machine.fail(task, "the callback is not a function of this program");
      return false;
    }
    if (depth + 1 >= TASK.maxFrames) {
      machine.fail(task, `calls nest deeper than ${TASK.maxFrames} frames`);
      return false;
    }
    const frame = record + TASK.frames + depth * TASK.frameBytes;
    for (const r of SAVED) {
      view.setBigUint64(frame + FRAME.savedRegister(r), view.getBigUint64(record + 8 * r, true), true);
    }
    view.setUint32(frame + FRAME.returnBlock, RETURN_TO_KERNEL, true);
    view.setUint32(frame + FRAME.insn, view.getUint32(record + TASK.insn, true), true);
    view.setUint32(record + TASK.depth, depth + 1, true);
    moveStack(view, record, STACK_FRAME_BYTES);
    // What an earlier call left on this frame is not to be seen (translate_calls.ts:emitClearFrame).
    const frameEnd = addressOf(view.getBigUint64(record + TASK.registers + 80, true));
    machine.memory.bytes.fill(0, frameEnd - STACK_FRAME_BYTES, frameEnd);
    args.forEach((arg, i) => view.setBigUint64(record + 8 * (i + 1), BigInt.asUintN(64, arg), true));
    view.setUint32(record + TASK.pending, KIND.none | (machine.translation.entryBlock(insn) << 8), true);
    return true;
  }
}

/** Moves r10 by so many bytes: to the stack frame of a callback, or back. */
function moveStack(view: DataView, record: number, bytes: number): void {
  const r10 = record + TASK.registers + 80;
  view.setBigUint64(r10, view.getBigUint64(r10, true) + BigInt(bytes), true);
}

/** Arguments of a helper as one number; the caller's own stack counts by offset, so that tasks compare. */
function hashArguments(task: Task, args: readonly bigint[]): number {
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
