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
import { KIND, SCHEDULE, TASK } from "./layout.ts";
import { LOCAL_TYPES, TASK_LOCAL } from "./translate_locals.ts";
import { StepEmitter } from "./translate_step.ts";
import type { Label, ValueType } from "./wasm_assembler.ts";

const FIRST = 1 + LOCAL_TYPES.length;
const LOCAL = {
  /** State of the generator that chose the task that runs, and its place in the table. */
  state: FIRST,
  position: FIRST + 1,
  /** The same of the next step, found early: the processor then waits less where it guessed wrongly. */
  nextState: FIRST + 2,
  nextPosition: FIRST + 3,
  nextTask: FIRST + 4,
  /** Number of tasks in the table. */
  tasks: FIRST + 5,
  /** Steps taken, and how many to take. */
  steps: FIRST + 6,
  limit: FIRST + 8,
  /** What runRandom returns. */
  kind: FIRST + 7,
  /** i64: instructions so far. */
  insns: FIRST + 9,
} as const;

export const RANDOM_LOCAL_TYPES: readonly ValueType[] = [
  ...LOCAL_TYPES,
  ...Array<ValueType>(9).fill("i32"),
  "i64",
];

/** Steps that go on to the next task. */
export class RandomStepEmitter extends StepEmitter {
  #schedule!: Label;
  #leave!: Label;

  /**
   * Emits the function around the step that `emitStep` emits.
   *
   * @param recording where to write the numbers of the tasks that take steps
   */
  emitLoop(emitStep: () => void, recording: number | undefined): void {
    const { code } = this;
    code.i32(0).memory("i32.load", SCHEDULE.state).tee(LOCAL.nextState).set(LOCAL.state);
    code.i32(0).memory("i32.load", SCHEDULE.tasks).set(LOCAL.tasks);
    code.i32(0).memory("i32.load", SCHEDULE.steps).set(LOCAL.limit);
    this.#choose();
    this.#leave = code.block();
    this.#schedule = code.loop();
    code.i32(KIND.none).set(LOCAL.kind).get(LOCAL.steps).get(LOCAL.limit).op("i32.eq").brIf(this.#leave);
    code.get(LOCAL.nextState).set(LOCAL.state);
    code.get(LOCAL.nextPosition).set(LOCAL.position);
    code.get(LOCAL.nextTask).set(TASK_LOCAL);
    this.#choose();
    code.i32(SCHEDULE.inTypeScript).set(LOCAL.kind);
    code.get(TASK_LOCAL).i32(1).op("i32.and").brIf(this.#leave);
    if (recording !== undefined) this.#record(recording);
    code.get(LOCAL.steps).i32(1).op("i32.add").set(LOCAL.steps);
    emitStep();
    code.end();
    code.op("unreachable");
    code.end();
    const put = (field: number, local: number) => code.i32(0).get(local).memory("i32.store", field);
    put(SCHEDULE.state, LOCAL.state);
    put(SCHEDULE.position, LOCAL.position);
    put(SCHEDULE.steps, LOCAL.steps);
    code.i32(0).get(LOCAL.insns).memory("i64.store", SCHEDULE.insns);
    code.get(LOCAL.kind);
  }

  /** Ends a step: with the next task where this one stands before a memory operation. */
  override returnKind(kind: number): void {
    const { code } = this;
    code.get(LOCAL.insns);
    this.pushCount();
    code.op("i64.extend_i32_u").op("i64.add").set(LOCAL.insns);
    if (kind <= KIND.rmw) {
      code.br(this.#schedule);
    } else {
      code.i32(kind).set(LOCAL.kind).br(this.#leave);
    }
  }

  /** Writes down the number of the task. */
  #record(recording: number): void {
    const { code } = this, { tasks } = this.options.layout;
    code.get(LOCAL.steps).i32(2).op("i32.shl");
    code.get(TASK_LOCAL).i32(tasks).op("i32.sub").i32(Math.log2(TASK.bytes)).op("i32.shr_u");
    code.memory("i32.store", recording);
  }

  /** A round of xorshift32, and floor(state * tasks / 2^32) as the place in the table. */
  #choose(): void {
    const { code } = this, state = LOCAL.nextState;
    const shift = (by: number, op: "i32.shl" | "i32.shr_u") =>
      code.get(state).get(state).i32(by).op(op).op("i32.xor").set(state);
    shift(13, "i32.shl");
    shift(17, "i32.shr_u");
    shift(5, "i32.shl");
    code.get(state).op("i64.extend_i32_u").get(LOCAL.tasks).op("i64.extend_i32_u").op("i64.mul");
    code.i64(32).op("i64.shr_u").op("i32.wrap_i64").tee(LOCAL.nextPosition);
    code.i32(2).op("i32.shl").memory("i32.load", SCHEDULE.table).set(LOCAL.nextTask);
  }
}
