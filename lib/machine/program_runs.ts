/**
 * Runs of programs on tasks: what the kernel does around one, and how it enters a program, another one and the functions
 * that helpers call back. All of it is in the task's record and on its stack.
 */
import { FRAME, FUNC_REGION, KIND, RETURN_TO_KERNEL, RUN, STACK_FRAME_BYTES, TASK } from "../cpu/layout.ts";
import { addressOf } from "../cpu/memory.ts";
import type { CallbackOp, Model, ProgRunOp } from "../cpu/operation.ts";
import { WorkloadError } from "../cpu/workload_error.ts";
import type { Program } from "../object/bpf_object.ts";
import { isSleepable, type RecursionGuard } from "../workload/contexts.ts";
import { FIRST_PACKET } from "../workload/packets.ts";
import { SOFTIRQ } from "./cpu_states.ts";
import { usesStack } from "./image.ts";
import type { Machine } from "./machine.ts";
import type { Task } from "./task.ts";
import { CTX_BYTES, handPacket, withoutPacket } from "./task_memory.ts";

/** Registers that a callback must give back as they were: r6 to r9. */
const SAVED = [6, 7, 8, 9] as const;

/** What stands for all that the stack may hold from before, beside zeroes. */
const STACK_GARBAGE = 0xa5;

/** The machine that they are on. */
type On = Pick<
  Machine,
  "plan" | "object" | "memory" | "image" | "translation" | "tasks" | "cpus" | "sharesCpus" | "contexts" | "options"
>;

export class ProgramRuns {
  readonly #machine: On;
  readonly #usesStack: boolean;

  constructor(machine: On) {
    this.#machine = machine;
    this.#usesStack = usesStack(machine.image);
  }

  isUnderWay(task: Task): boolean {
    return this.#machine.memory.getU32(task.record + TASK.runState) !== RUN.none;
  }

  /** What keeps the run that a task is about to begin from happening, as its CPU stands; undefined when it will run. */
  skipReason(task: Task): RecursionGuard | undefined {
    const { guard } = task, { sharesCpus, cpus, tasks } = this.#machine;
    if (!sharesCpus || guard === undefined || this.isUnderWay(task)) return undefined;
    if (guard === "bpf_prog_active" && cpus.isInstrumentationOff(task.cpu)) return guard;
    const runs = tasks.some((other) =>
      other !== task && other.cpu === task.cpu && other.guard === guard && this.isUnderWay(other) &&
      (guard === "bpf_prog_active" || other.program === task.program)
    );
    return runs ? guard : undefined;
  }

  /** Runs of a task that the kernel skipped so far. */
  skipped(task: Task): number {
    return this.#machine.memory.getU32(task.record + TASK.missed);
  }

  /** Begins a run: registers, stack, and what the kernel does around a run. False when the run is skipped. */
  begin(task: Task): boolean {
    const { memory, cpus, sharesCpus, plan } = this.#machine, { view } = memory, record = task.record;
    if (this.skipReason(task) !== undefined) {
      memory.setU32(record + TASK.missed, memory.getU32(record + TASK.missed) + 1);
      memory.setU32(record + TASK.invocation, memory.getU32(record + TASK.invocation) + 1);
      if (task.level <= SOFTIRQ) cpus.release(task);
      return false;
    }
    const program = task.program!, { packets, ctx } = plan.tasks[task.index];
    if (packets) {
      const packet = packets[view.getUint32(record + TASK.invocation, true) % packets.length];
      handPacket(memory, task, program.program, packet, ctx);
    }
    const run = this.#enterFirst(task, program.start, task.sleepable);
    this.#machine.contexts.begin(memory, task.index, task.ctx, run);
    if (sharesCpus) {
      if (task.level > SOFTIRQ) cpus.occupy(task);
      else if (!task.preemptible) cpus.mask(task.cpu, "preempt", 1);
    }
    return true;
  }

  /** BPF_PROG_RUN (net/bpf/test_run.c): a run on the task of the user actor that asks for it. */
  beginForUser(task: Task, { prog, ctx, packet }: ProgRunOp): void {
    const { memory, image, object } = this.#machine, ctxAddr = addressOf(task.ctx);
    const program = object.programs[prog], placed = image.programs.find((one) => one.program === program);
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
    this.#enterFirst(task, placed.start, isSleepable(program));
  }

  /** Ends the run that is under way: its r0 is what it returned. */
  end(task: Task): void {
    const { memory: { view }, cpus, sharesCpus, options } = this.#machine, record = task.record;
    view.setBigUint64(record + TASK.lastReturn, view.getBigUint64(record + TASK.registers, true), true);
    if (task.kind !== "user") {
      view.setUint32(record + TASK.invocation, view.getUint32(record + TASK.invocation, true) + 1, true);
    }
    view.setUint32(record + TASK.runState, RUN.none, true);
    view.setUint32(record + TASK.pending, KIND.none, true);
    if (sharesCpus) {
      if (task.level <= SOFTIRQ && !task.preemptible) cpus.mask(task.cpu, "preempt", -1);
      cpus.release(task);
    }
    if (task.kind !== "user") options.observer?.runEnds(task);
  }

  /** kernel/bpf/helpers.c:bpf_throw: the program's frames are left for good, and its run ends with this value. */
  unwind(task: Task, value: bigint): void {
    const { view } = this.#machine.memory, { record } = task;
    view.setBigUint64(record + TASK.registers, BigInt.asUintN(64, value), true);
    view.setBigUint64(record + TASK.registers + 80, task.stackTop, true);
    view.setUint32(record + TASK.depth, 0, true);
    this.end(task);
  }

  /** A tail call: the task leaves its program for the beginning of another one. */
  tailCall(task: Task, program: Program): void {
    this.#enter(task, this.#machine.image.programs.find((placed) => placed.program === program)!.start);
  }

  /** The function that a helper calls begins, on a frame of its own; gives the reason where it cannot. */
  enterCallback(task: Task, { func, args }: CallbackOp): string | undefined {
    const { memory, image, translation } = this.#machine, { view } = memory, record = task.record;
    const depth = view.getUint32(record + TASK.depth, true), insn = Number(BigInt.asUintN(32, func));
    if (Number(func >> 32n) !== FUNC_REGION || !image.entries.includes(insn)) {
      return "the callback is not a function of this program";
    }
    if (depth + 1 >= TASK.maxFrames) return `calls nest deeper than ${TASK.maxFrames} frames`;
    const frame = record + TASK.frames + depth * TASK.frameBytes;
    // What the caller will not read says nothing, and would tell states apart.
    const live = translation.liveAt[task.models[task.models.length - 1].resume >>> 8];
    for (const r of SAVED) {
      const value = live & (1 << r) ? view.getBigUint64(record + 8 * r, true) : 0n;
      view.setBigUint64(frame + FRAME.savedRegister(r), value, true);
    }
    view.setUint32(frame + FRAME.returnBlock, RETURN_TO_KERNEL, true);
    view.setUint32(frame + FRAME.insn, view.getUint32(record + TASK.insn, true), true);
    view.setUint32(record + TASK.depth, depth + 1, true);
    this.#moveStack(record, STACK_FRAME_BYTES);
    // What an earlier call left on this frame is not to be seen (translate_calls.ts:emitClearFrame).
    const frameEnd = addressOf(view.getBigUint64(record + TASK.registers + 80, true));
    const byte = memory.getU32(record + TASK.stackFill);
    memory.bytes.fill(byte, frameEnd - STACK_FRAME_BYTES, frameEnd);
    args.forEach((arg, i) => view.setBigUint64(record + 8 * (i + 1), BigInt.asUintN(64, arg), true));
    view.setUint32(record + TASK.pending, KIND.none | (translation.entryBlock(insn) << 8), true);
    return undefined;
  }

  /** It has returned: gives its r0. */
  leaveCallback({ record }: Task): bigint {
    const { view } = this.#machine.memory;
    const depth = view.getUint32(record + TASK.depth, true) - 1;
    const frame = record + TASK.frames + depth * TASK.frameBytes;
    for (const r of SAVED) {
      view.setBigUint64(record + 8 * r, view.getBigUint64(frame + FRAME.savedRegister(r), true), true);
    }
    view.setUint32(record + TASK.insn, view.getUint32(frame + FRAME.insn, true), true);
    view.setUint32(record + TASK.depth, depth, true);
    this.#moveStack(record, -STACK_FRAME_BYTES);
    return view.getBigUint64(record, true);
  }

  /** What the stack of a run that has begun holds from before, in its first frame and in later ones: any byte, by the seed. */
  fillStackBySeed(task: Task): void {
    const { memory, options: { seed = 1 } } = this.#machine, run = memory.getU32(task.record + TASK.runCount);
    let x = Math.imul(seed, 0x9e37_79b1) ^ Math.imul(task.index + 1, 0x85eb_ca6b) ^ Math.imul(run, 0xc2b2_ae35);
    x = Math.imul(x ^ (x >>> 15), 0x2c1b_3c6d);
    this.#fillStack(task, (x >>> 16) & 0xff);
  }

  /** The same where it is open: zeroes, or something else. */
  *chooseStack(task: Task): Model {
    const left = [0, STACK_GARBAGE] as const;
    const fill = (byte: number) => (this.#fillStack(task, byte), 0n);
    const describe = (alternative: number) => `stack bytes never written = ${left[alternative - 1]}`;
    const chosen = Number(yield { kind: "choose", label: "stack", alone: true, alternatives: left.length, describe });
    yield { kind: "private", run: () => fill(left[chosen - 1]) };
    return 0n;
  }

  /**
   * What every run begins with, whoever asks for it.
   *
   * @returns the number of the run, from 0 on
   */
  #enterFirst(task: Task, insn: number, sleepable: boolean): number {
    const { memory: { view }, options } = this.#machine, record = task.record;
    if (this.#usesStack) this.#fillStack(task, 0);
    view.setUint32(record + TASK.tailCalls, 0, true);
    this.#enter(task, insn);
    options.observer?.runBegins(task);
    view.setUint32(record + TASK.runState, sleepable ? RUN.sleepable : RUN.nonSleepable, true);
    const run = view.getUint32(record + TASK.runCount, true);
    view.setUint32(record + TASK.runCount, run + 1, true);
    return run;
  }

  /** Puts a task at the first instruction of a program, with the context in r1 and an empty stack. */
  #enter(task: Task, insn: number): void {
    const { memory: { view }, translation } = this.#machine, record = task.record;
    view.setBigUint64(record + TASK.registers + 8, task.ctx, true);
    // A call hands r1 to r5 over, whether its function takes them all or not: what an earlier run left there would count.
    for (let r = 2; r <= 5; r++) view.setBigUint64(record + TASK.registers + 8 * r, 0n, true);
    view.setBigUint64(record + TASK.registers + 80, task.stackTop, true);
    view.setUint32(record + TASK.depth, 0, true);
    view.setUint32(record + TASK.pending, KIND.none | (translation.entryBlock(insn) << 8), true);
  }

  #fillStack(task: Task, byte: number): void {
    const { memory } = this.#machine, stack = addressOf(task.stackTop);
    memory.bytes.fill(byte, stack - STACK_FRAME_BYTES, stack);
    memory.setU32(task.record + TASK.stackFill, byte);
  }

  /** Moves r10 by so many bytes: to the stack frame of a callback, or back. */
  #moveStack(record: number, bytes: number): void {
    const { view } = this.#machine.memory, r10 = record + TASK.registers + 80;
    view.setBigUint64(r10, view.getBigUint64(r10, true) + BigInt(bytes), true);
  }
}
