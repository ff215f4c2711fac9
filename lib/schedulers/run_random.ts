/**
 * A uniformly random enabled task takes each step.
 *
 * Two ways through the same run: one step at a time from here, where an observer looks on or a kernel model works, and
 * many at a time inside the translated code (translate/translate_random.ts), which draws the same random numbers. So a run
 * and the replay of a part of it agree step by step.
 */
import { ACCESS, KIND, SCHEDULE, TASK } from "../cpu/layout.ts";
import { flushOf } from "../cpu/store_buffers.ts";
import type { Machine } from "../machine/machine.ts";
import { RECORDING_STEPS } from "../translate/translate.ts";
import { REFUSALS } from "../translate/translate_buffered.ts";
import { below, nextState, seededState } from "./random_numbers.ts";
import { type BeforeStep, type RunLimits, stopAtLimit } from "./run.ts";

/** Who wants to know about the steps of a run. */
export interface RandomRunObserver {
  /** Called just before each step. */
  readonly beforeStep?: BeforeStep;
  /** The steps that `beforeStep` is called for, [from, to); all when left out. */
  readonly window?: { readonly from: number; readonly to: number };
  /** Told in order which tasks took steps, some time after they did; the array is used again. */
  readonly tookSteps?: (tasks: Int32Array) => void;
}

/** Short runs are over before the translation for the fast way pays. */
const STEPS_BEFORE_WASM = 20_000;
const STEPS_PER_CALL = 1 << 20;

/** Lets a uniformly random enabled task take each step, until all are done, one faults, or the limit is reached. */
export function runRandom(
  machine: Machine,
  seed: number,
  limits: RunLimits,
  observer: BeforeStep | RandomRunObserver = {},
): void {
  new RandomRun(machine, seed, limits, typeof observer === "function" ? { beforeStep: observer } : observer).run();
}

class RandomRun {
  /** Indices of the tasks that are not done; the first `#n` count. */
  readonly #alive: Int32Array;
  #n: number;
  #state: number;
  /** Choices in a row that fell on tasks that are waiting. */
  #refused = 0;
  readonly #from: number;
  readonly #to: number;
  /** Steps taken that the observer has not heard of. */
  readonly #untold = new Int32Array(1024);
  #untoldSteps = 0;

  constructor(
    readonly machine: Machine,
    seed: number,
    readonly limits: RunLimits,
    readonly observer: RandomRunObserver,
  ) {
    this.#alive = Int32Array.from(machine.tasks.filter((task) => !machine.isDone(task)), (task) => task.index);
    this.#n = this.#alive.length;
    this.#state = seededState(seed);
    this.#from = observer.beforeStep ? observer.window?.from ?? 0 : Infinity;
    this.#to = observer.beforeStep ? observer.window?.to ?? Infinity : -Infinity;
  }

  run(): void {
    const { machine } = this;
    if (machine.buffers) return this.#runBuffered();
    while (this.#n > 0 && !machine.fault) {
      const budget = this.#stepsInWasm();
      if (budget > 0) this.#runInWasm(budget);
      else this.#runHere();
      if (machine.fault) return;
      if (machine.steps >= this.limits.steps && this.#n > 0) return stopAtLimit(machine, this.limits);
    }
  }

  /** Any enabled step, the flush of a store buffer as likely as a task's: where stores wait in buffers. */
  #runBuffered(): void {
    while (!this.machine.fault) {
      const budget = this.#n > 0 ? this.#stepsInWasm() : 0;
      if (budget > 0) {
        this.#tellAll();
        this.#runInWasm(budget);
        continue;
      }
      this.#state = nextState(this.#state);
      if (this.#tryBuffered(below(this.#state, this.#n + this.#buffers)) === "over") break;
    }
    this.#tellAll();
  }

  /** CPUs that have store buffers. */
  get #buffers(): number {
    return this.machine.buffers?.cpus ?? 0;
  }

  /** Takes the step that was drawn: of a living task, or behind them of a buffer. What cannot be done is drawn again. */
  #tryBuffered(at: number): "taken" | "refused" | "over" {
    const { machine, limits } = this, alive = this.#alive, n = this.#n, step = at < n ? alive[at] : flushOf(at - n);
    if (!machine.isEnabled(step)) return this.#refuse() ? "over" : "refused";
    if (machine.steps >= limits.steps) {
      stopAtLimit(machine, limits);
      return "over";
    }
    this.#refused = 0;
    this.observer.beforeStep?.(step, machine.steps);
    machine.step(step);
    this.#tell(step);
    if (step >= 0) this.#dropIfDone(at);
    return "taken";
  }

  /** What was drawn cannot be done now: it is drawn again. True when nothing can be done any more. */
  #refuse(): boolean {
    const { machine } = this;
    if (++this.#refused <= REFUSALS * (this.#n + this.#buffers)) return false;
    this.#refused = 0;
    if (machine.enabled().length > 0) return false;
    // Who waits for timers is done with whoever starts them.
    if (machine.isOver) this.#n = 0;
    else machine.stop(machine.describeDeadlock());
    return true;
  }

  #dropIfDone(at: number): void {
    const { machine } = this, alive = this.#alive;
    if (machine.isDone(machine.tasks[alive[at]])) alive[at] = alive[--this.#n];
  }

  /** Whether the translated code cannot schedule this workload. */
  get #onlyHere(): boolean {
    const { machine } = this;
    return machine.sharesCpus || machine.buffers?.tellsRuns || !!machine.options.external ||
      this.#alive.length + this.#buffers > SCHEDULE.maxTasks;
  }

  /** How many steps can be taken inside the translated code from here on. */
  #stepsInWasm(): number {
    const { machine } = this, step = machine.steps;
    if (this.#onlyHere || step < STEPS_BEFORE_WASM || (step >= this.#from && step < this.#to)) return 0;
    const end = Math.min(this.limits.steps, step < this.#from ? this.#from : Infinity);
    return Math.min(end - step, STEPS_PER_CALL);
  }

  /** Takes steps one at a time, until none are left or the other way is open. */
  #runHere(): void {
    const { machine } = this, { stepWasm, tasks, sharesCpus } = machine, alive = this.#alive;
    const { beforeStep } = this.observer;
    const soon = machine.steps < STEPS_BEFORE_WASM ? STEPS_BEFORE_WASM : this.#to;
    const end = this.#onlyHere ? this.limits.steps : Math.min(this.limits.steps, soon);
    let steps = machine.steps, insns = 0, state = this.#state;
    while (this.#n > 0 && steps < end && !machine.fault) {
      state = nextState(state);
      const at = below(state, this.#n), index = alive[at], task = tasks[index];
      if (sharesCpus || task.models.length > 0) {
        machine.steps = steps;
        if (this.#stepInModel(index, beforeStep)) {
          steps++;
          this.#tell(index);
          this.#dropIfDone(at);
        }
        continue;
      }
      beforeStep?.(index, steps);
      const returned = stepWasm(task.record);
      steps++;
      this.#tell(index);
      this.#refused = 0;
      if ((returned & 15) <= KIND.rmw) {
        insns += returned >>> 4;
        continue;
      }
      machine.steps = steps;
      machine.advance(task, returned);
      this.#dropIfDone(at);
    }
    machine.steps = steps;
    machine.insns += insns;
    this.#state = state;
    this.#tellAll();
  }

  /** Notes for the observer which task took a step; it hears of many at once. */
  #tell(task: number): void {
    if (!this.observer.tookSteps) return;
    this.#untold[this.#untoldSteps++] = task;
    if (this.#untoldSteps === this.#untold.length) this.#tellAll();
  }

  #tellAll(): void {
    if (this.#untoldSteps > 0) this.observer.tookSteps?.(this.#untold.subarray(0, this.#untoldSteps));
    this.#untoldSteps = 0;
  }

  /** Lets a chosen task take a step by the general way; false when it cannot take one now. */
  #stepInModel(index: number, beforeStep: BeforeStep | undefined): boolean {
    const { machine } = this;
    if (!machine.isEnabled(index)) {
      this.#refuse();
      return false;
    }
    beforeStep?.(index, machine.steps);
    machine.step(index);
    this.#refused = 0;
    return true;
  }

  /** Takes up to `budget` steps inside the translated code, and then the one that it could not take to its end. */
  #runInWasm(budget: number): void {
    const { machine } = this, { view } = machine.memory, alive = this.#alive;
    view.setInt32(SCHEDULE.state, this.#state, true);
    view.setUint32(SCHEDULE.elsewhere + TASK.pending, SCHEDULE.nowhere << 8, true);
    this.#writeTable();
    const { tookSteps } = this.observer, { recording } = machine.memory;
    const runRandom = machine.runRandomWasm(tookSteps !== undefined);
    for (let left = budget; left > 0 && this.#n > 0 && !machine.fault;) {
      view.setUint32(SCHEDULE.steps, tookSteps ? Math.min(left, RECORDING_STEPS) : left, true);
      view.setUint32(SCHEDULE.refused, this.#refused, true);
      const kind = runRandom(), used = view.getUint32(SCHEDULE.steps, true);
      left -= used;
      if (used > 0) tookSteps?.(machine.memory.i32.subarray(recording >> 2, (recording >> 2) + used));
      machine.steps += used;
      machine.insns += view.getUint32(SCHEDULE.insns, true) + view.getUint32(SCHEDULE.insns + 4, true) * 0x1_0000_0000;
      if (machine.buffers) this.#refused = view.getUint32(SCHEDULE.refused, true);
      if (kind === KIND.none) continue;
      const at = view.getUint32(SCHEDULE.position, true), n = this.#n;
      if (kind !== SCHEDULE.inTypeScript) {
        this.#refused = 0;
        // Its instructions are counted already.
        machine.advanceBehindBuffer(machine.tasks[alive[at]], kind);
        this.#dropIfDone(at);
      } else if (this.#tryHere(at)) {
        left--;
        this.#tellAll();
      }
      if (this.#n !== n) this.#writeTable();
      else if (at < n) this.#writeEntry(at);
    }
    this.#state = view.getInt32(SCHEDULE.state, true);
    for (let at = 0; at < this.#n; at++) this.#completeRecord(machine.tasks[alive[at]].record);
    // No part of the state: as it is where all steps are taken here.
    if (machine.buffers) { for (const { record } of machine.tasks) view.setUint32(record + TASK.access, 0, true); }
  }

  /** Takes the step that was drawn as it is taken outside the translated code; false when it cannot be taken now. */
  #tryHere(at: number): boolean {
    if (this.machine.buffers) return this.#tryBuffered(at) === "taken";
    const index = this.#alive[at];
    if (!this.#stepInModel(index, undefined)) return false;
    this.#tell(index);
    this.#dropIfDone(at);
    return true;
  }

  /** Writes the address of the pending operation into a task record, where the translated code left it out. */
  #completeRecord(record: number): void {
    const { memory: { view }, translation: { addrAt } } = this.machine;
    const pending = view.getUint32(record + TASK.pending, true), kind = pending & 0xff;
    if (kind < KIND.load || kind > KIND.rmw || addrAt[pending >>> 8] === 0) return;
    view.setUint32(record + TASK.addr, addrAt[pending >>> 8], true);
  }

  /** Writes what there is to choose from: tasks, then the flushes of buffers. */
  #writeTable(): void {
    const { view } = this.machine.memory, n = this.#n, buffers = this.#buffers;
    view.setUint32(SCHEDULE.tasks, n + buffers, true);
    for (let at = 0; at < n; at++) this.#writeEntry(at);
    for (let cpu = 0; cpu < buffers; cpu++) view.setInt32(SCHEDULE.table + 4 * (n + cpu), flushOf(cpu), true);
  }

  #writeEntry(at: number): void {
    const { machine } = this, { view } = machine.memory, task = machine.tasks[this.#alive[at]];
    const entry = task.models.length > 0 ? SCHEDULE.elsewhere : task.record;
    view.setUint32(SCHEDULE.table + 4 * at, entry, true);
    if (machine.buffers && entry !== SCHEDULE.elsewhere) {
      const { size, insn } = machine.pending(task.index), waits = insn >= 0 && machine.mayWait(insn);
      view.setUint32(task.record + TASK.access, size | (waits ? ACCESS.mayWait : 0), true);
    }
  }
}
