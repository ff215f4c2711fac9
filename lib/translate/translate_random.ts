/**
 * The random scheduler inside the translated function: `runRandom()`.
 *
 * A step is as short as a load, an addition and the next publication, so that a call from TypeScript for each costs
 * more than the step. Here a step that ends before a memory operation goes straight on to the next task; everything
 * else (a helper call, an exit, a fault, a task that a kernel model works for) returns to TypeScript. The choice is the
 * one that schedulers/run.ts makes from the same state, so a run is the same on both ways.
 *
 *     loop $schedule
 *       task = the one chosen; choose the one after it
 *       one step, which ends with `br $schedule` or with the way out
 *     end
 */
import { KIND, SCHEDULE, TASK } from "../cpu/layout.ts";
import { COUNT_LOCAL, GENERAL, LOCAL_TYPES, register, registersIn, TASK_LOCAL } from "./translate_locals.ts";
import { StepEmitter } from "./translate_step.ts";
import type { Label, LoopLabel, ValueType, WasmCode } from "./wasm_assembler.ts";

const FIRST = 1 + LOCAL_TYPES.length;
export const LOCAL = {
  /** State of the generator that chose the task that runs. */
  state: FIRST,
  /** The same of the next step, found early: the processor then waits less where it guessed wrongly. */
  nextState: FIRST + 1,
  nextTask: FIRST + 2,
  /** Number of tasks in the table. */
  tasks: FIRST + 3,
  /** What runRandom returns. */
  kind: FIRST + 4,
  /** Where the number of the task is written that takes the next step. */
  recordAt: FIRST + 5,
  /** i64: where `done` stood at first. */
  before: FIRST + 6,
  /**
   * i64: instructions so far, times {@link STEPS}, plus steps so far, minus the steps to take: its low bits are all 0
   * when these are done.
   */
  done: FIRST + 7,
} as const;

/** More than the steps of any call of runRandom(); a power of two. */
const STEPS = 1 << 21;

export const RANDOM_LOCAL_TYPES: readonly ValueType[] = [
  ...LOCAL_TYPES,
  ...Array<ValueType>(6).fill("i32"),
  "i64",
  "i64",
];

/** Steps that go on to the next task. */
export class RandomStepEmitter extends StepEmitter {
  protected schedule!: LoopLabel;
  protected leave!: Label;

  /**
   * Emits the function around the step that `emitStep` emits.
   *
   * @param recording where to write the numbers of the tasks that take steps
   */
  emitLoop(emitStep: () => void, recording: number | undefined): void {
    const { code } = this;
    code.i32(0).memory("i32.load", SCHEDULE.state).tee(LOCAL.nextState).set(LOCAL.state);
    code.i32(0).memory("i32.load", SCHEDULE.tasks).set(LOCAL.tasks);
    code.i64(0).i32(0).memory("i64.load32_u", SCHEDULE.steps).op("i64.sub").tee(LOCAL.before).set(LOCAL.done);
    if (recording !== undefined) code.i32(recording).set(LOCAL.recordAt);
    this.#choose();
    this.leave = code.block();
    this.schedule = code.loop();
    this.endTurn();
    code.get(LOCAL.done).op("i32.wrap_i64").i32(STEPS - 1).op("i32.and").op("i32.eqz").brIf(this.leave);
    code.get(LOCAL.nextState).set(LOCAL.state);
    code.get(LOCAL.nextTask).set(TASK_LOCAL);
    this.#choose();
    this.beginTurn(() => {
      if (recording !== undefined) this.#record();
    });
    // What another task's step left in the locals is of no use: said here, it need not be kept.
    for (const r of registersIn(GENERAL)) code.i64(0).set(register(r));
    code.i32(0).set(COUNT_LOCAL);
    emitStep();
    code.end();
    code.op("unreachable");
    code.end();
    code.i32(0).get(LOCAL.state).memory("i32.store", SCHEDULE.state);
    code.i32(0);
    this.#pushPosition(LOCAL.state);
    code.memory("i32.store", SCHEDULE.position);
    code.get(LOCAL.done).get(LOCAL.before).op("i64.sub").set(LOCAL.done);
    code.i32(0).get(LOCAL.done).op("i32.wrap_i64").i32(STEPS - 1).op("i32.and").memory("i32.store", SCHEDULE.steps);
    code.i32(0).get(LOCAL.done).i64(Math.log2(STEPS)).op("i64.shr_u").memory("i64.store", SCHEDULE.insns);
    code.get(LOCAL.kind);
  }

  /** Ends a step: with the next task where this one stands before a memory operation. */
  override returnKind(kind: number): void {
    const { code } = this;
    code.get(LOCAL.done);
    const count = this.constantCount;
    if (count !== undefined) {
      code.i64(BigInt(count) * BigInt(STEPS) + 1n);
    } else {
      this.pushCount();
      code.op("i64.extend_i32_u").i64(Math.log2(STEPS)).op("i64.shl").i64(1).op("i64.add");
    }
    code.op("i64.add").set(LOCAL.done);
    if (kind <= KIND.rmw) {
      code.br(this.schedule);
    } else {
      code.i32(kind).set(LOCAL.kind).br(this.wayOut);
    }
  }

  /** Counts a step in which no instruction runs. */
  protected countStep(): void {
    this.code.get(LOCAL.done).i64(1).op("i64.add").set(LOCAL.done);
  }

  /** Where a step goes on that TypeScript has to end. */
  protected get wayOut(): Label | LoopLabel {
    return this.leave;
  }

  /** Emitted where a step has ended, before the next task is looked at. */
  protected endTurn(): void {}

  /**
   * Emitted where a task was chosen, before it takes its step.
   *
   * @param record emits what writes down who takes a step
   */
  protected beginTurn(record: () => void): void {
    record();
  }

  /** A constant address can be found again when the scheduler asks: see `Translation.addrAt`. */
  override publishAddress(push: (code: WasmCode) => void, isConstant: boolean): void {
    if (!isConstant) super.publishAddress(push, isConstant);
  }

  /** The table had the address `SCHEDULE.elsewhere`, of a record whose block is not in any dispatch table. */
  override emitNowhere(): void {
    this.code.i32(SCHEDULE.inTypeScript).set(LOCAL.kind).br(this.leave);
  }

  /** Leaves on the stack the number of the task. */
  protected pushTask(): void {
    const { tasks } = this.options.layout;
    this.code.get(TASK_LOCAL).i32(tasks).op("i32.sub").i32(Math.log2(TASK.bytes)).op("i32.shr_u");
  }

  /** Leaves on the stack what is written down of a step. */
  protected pushStep(): void {
    this.pushTask();
  }

  /** Writes down who takes a step. */
  #record(): void {
    const { code } = this;
    code.get(LOCAL.recordAt);
    this.pushStep();
    code.memory("i32.store", 0);
    code.get(LOCAL.recordAt).i32(4).op("i32.add").set(LOCAL.recordAt);
  }

  /** A round of xorshift32, and the task that the number stands for. */
  #choose(): void {
    const { code } = this, state = LOCAL.nextState;
    const shift = (by: number, op: "i32.shl" | "i32.shr_u") =>
      code.get(state).get(state).i32(by).op(op).op("i32.xor").set(state);
    shift(13, "i32.shl");
    shift(17, "i32.shr_u");
    shift(5, "i32.shl");
    this.#pushPosition(state);
    code.i32(2).op("i32.shl").memory("i32.load", SCHEDULE.table).set(LOCAL.nextTask);
  }

  /** Leaves on the stack floor(state * tasks / 2^32): a place in the table. */
  #pushPosition(state: number): void {
    const { code } = this;
    code.get(state).op("i64.extend_i32_u").get(LOCAL.tasks).op("i64.extend_i32_u").op("i64.mul");
    code.i64(32).op("i64.shr_u").op("i32.wrap_i64");
  }
}
