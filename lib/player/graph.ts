/** Walks a workload's states with the machine, and writes down what each step did. */
import { RUN, TASK } from "../cpu/layout.ts";
import { cpuOfFlush } from "../cpu/store_buffers.ts";
import type { Machine } from "../machine/machine.ts";
import type { Task } from "../machine/task.ts";
import { Tracer } from "../machine/trace.ts";
import type { TraceStep, Values } from "../report/result.ts";
import { describeInsn, describeLine, describeStep, formatValue } from "../report/trace_text.ts";
import { texts as reportTexts } from "../report/texts.ts";
import { alternativeOf, parseSchedule, taskOf } from "../schedulers/schedule.ts";
import type { Exploration } from "../search/exploration.ts";
import { outcomeKey } from "../search/outcome.ts";
import { SearchState } from "../search/state.ts";
import { type GraphWatcher, StateGraph } from "../search/state_graph.ts";
import { endingLabel } from "../report/endings.ts";
import type { PlayerData, PlayerEnd, PlayerState, PlayerStep } from "./data.ts";
import { texts } from "./texts.ts";

/** States up to which a workload is played freely; beyond, a page would take longer to load than to read. */
export const MOST_STATES = 3000;
/** Names of shared memory shown where none of them ever changes. */
const MOST_CONSTANT = 6;

/** What an exercise says of ends, in the place of what the search thinks of them. */
export interface EndRemarks {
  readonly asked: string;
  readonly notAsked: string;
}

export type Graph = Pick<PlayerData, "strings" | "tasks" | "names" | "states" | "steps" | "ends">;

/** Writes down states and steps while the machine stands there. */
class Recorder implements GraphWatcher {
  readonly #machine: Machine;
  readonly #outcomes: ReadonlyMap<string, number>;
  readonly #ends: PlayerEnd[];
  readonly #strings = new Map<string, number>();
  readonly #values: Values[] = [];
  readonly #states: (Omit<PlayerState, "values">)[] = [];
  readonly #steps: PlayerStep[] = [];
  #tracer: Tracer | undefined;

  constructor(machine: Machine, exploration: Exploration, remarks?: EndRemarks) {
    this.#machine = machine;
    this.#outcomes = new Map(exploration.outcomes.map(({ key }, index) => [key, index]));
    this.#ends = exploration.outcomes.map((outcome) => ({
      label: endingLabel(exploration.outcomes, outcome) || texts.noState,
      remark: remarks
        ? outcome.anomaly ? remarks.asked : remarks.notAsked
        : exploration.property === "serial"
        ? outcome.serial ? texts.serial : texts.notSerial
        : outcome.anomaly
        ? texts.broken
        : texts.holds,
      wrong: outcome.anomaly,
      elsewhere: true,
    }));
  }

  entered(_node: number): void {
    const machine = this.#machine, { tasks } = machine;
    this.#values.push(machine.kernel.values());
    const buffers = Array.from({ length: machine.moves - tasks.length }, (_, cpu) => machine.buffers!.count(cpu));
    this.#states.push({
      waits: [
        ...tasks.map((task) => this.#intern(machine.isEnabled(task.index) ? "" : this.#whyNot(task))),
        ...buffers.map((stores) => this.#intern(stores > 0 ? "" : texts.emptyBuffer)),
      ],
      registers: [
        ...tasks.map((task) => this.#intern(registersOf(machine, task))),
        ...buffers.map((stores) => this.#intern(stores > 0 ? texts.stores(stores) : "")),
      ],
      end: machine.enabled().length > 0 ? -1 : this.#endHere(),
    });
  }

  beforeStep(task: number, alternative: number): void {
    this.#tracer = new Tracer(this.#machine, { from: 0, to: Infinity });
    this.#tracer.beforeStep(task, 0, alternative);
  }

  afterStep(from: number, task: number, alternative: number, to: number): void {
    const trace = this.#tracer!.finish(), [first] = trace, { tasks } = this.#machine;
    this.#steps.push([
      from,
      task < 0 ? tasks.length + cpuOfFlush(task) : task,
      alternative,
      to,
      this.#intern(trace.map((one) => describeStep(one)).join(", ")),
      this.#intern(describeLine(first)),
      this.#intern(insnOf(first)),
    ]);
  }

  /** States for which a step was described but that has no place in a graph, such as those of one schedule only. */
  graph(): Graph {
    const names = shownNames(this.#values);
    const states = this.#states.map((state, node) => ({
      values: names.map((name) => {
        const value = this.#values[node][name];
        return this.#intern(value === undefined ? texts.absent : String(value));
      }),
      ...state,
    }));
    return {
      strings: [...this.#strings.keys()],
      tasks: moversOf(this.#machine),
      names,
      states,
      steps: this.#steps,
      ends: this.#ends,
    };
  }

  #intern(text: string): number {
    if (text === "") return -1;
    const known = this.#strings.get(text);
    if (known !== undefined) return known;
    this.#strings.set(text, this.#strings.size);
    return this.#strings.size - 1;
  }

  #whyNot(task: Task): string {
    const machine = this.#machine;
    if (machine.isDone(task)) return texts.done;
    if (machine.fault) return texts.fault(machine.fault.message);
    const behind = machine.buffers !== undefined && task.cpu < machine.buffers.cpus &&
      machine.buffers.count(task.cpu) > 0;
    return behind ? texts.behindBuffer : machine.waitsFor(task);
  }

  /** Which end the machine stands at; one that the search did not come to is added. */
  #endHere(): number {
    const machine = this.#machine, done = machine.tasks.every((task) => machine.isDone(task));
    if (done && !machine.fault) {
      const outcome = this.#outcomes.get(outcomeKey(machine));
      if (outcome === undefined) return this.#addEnd(texts.unknownEnd, "", false);
      this.#ends[outcome] = { ...this.#ends[outcome], elsewhere: false };
      return outcome;
    }
    return machine.fault
      ? this.#addEnd(texts.fault(machine.fault.message), "", true)
      : this.#addEnd(machine.describeDeadlock(), texts.deadlock, true);
  }

  #addEnd(label: string, remark: string, wrong: boolean): number {
    const known = this.#ends.findIndex((end) => end.label === label && end.remark === remark);
    return known >= 0 ? known : this.#ends.push({ label, remark, wrong, elsewhere: false }) - 1;
  }
}

const insnOf = (step: TraceStep): string => step.kind === "print" ? "" : describeInsn(step);

/** Who can take a step: tasks, then the CPUs' store buffers, as schedules write them. */
const moversOf = (machine: Machine): PlayerData["tasks"] => [
  ...machine.tasks.map((task) => ({ key: String(task.index), name: nameOf(task), prog: task.program?.name ?? "" })),
  ...Array.from({ length: machine.moves - machine.tasks.length }, (_, cpu) => ({
    key: `f${cpu}`,
    name: reportTexts.buffer(cpu),
    prog: "",
  })),
];

/** As timelines name lanes; a CPU that several programs share has theirs beside it (PlayerData.tasks). */
const nameOf = ({ user, cpu, kind, interrupt }: Task): string =>
  user ?? (kind === "interrupt" ? `${reportTexts.cpu(cpu)} (${interrupt ?? "hardirq"})` : reportTexts.cpu(cpu));

/** Names that change; where none does, the first. */
function shownNames(all: readonly Values[]): string[] {
  const names = [...new Set(all.flatMap((values) => Object.keys(values)))];
  const varied = names.filter((name) => all.some((values) => values[name] !== all[0][name]));
  return varied.length > 0 ? varied : names.slice(0, MOST_CONSTANT);
}

/** What a program keeps between two steps on shared memory: numbers as they are, pointers by what they point to. */
function registersOf(machine: Machine, task: Task): string {
  const { memory, kernel, translation } = machine, { record } = task;
  if (task.models.length > 0 || memory.getU32(record + TASK.runState) === RUN.none) return "";
  const live = translation.liveAt[memory.getU32(record + TASK.pending) >>> 8] ?? 0, found: string[] = [];
  for (let r = 0; r < 10; r++) {
    if ((live & (1 << r)) === 0) continue;
    const value = memory.read(record + TASK.registers + 8 * r, 8), region = value >> 32n;
    const small = region === 0n || region === 0xffff_ffffn;
    const place = small ? undefined : kernel.placeOf(Number(BigInt.asUintN(32, value)));
    if (small) found.push(`r${r} = ${formatValue(BigInt.asIntN(64, value))}`);
    else if (place) found.push(`r${r} = &${place.name}`);
  }
  return found.join(", ");
}

/**
 * All states and steps of a workload.
 *
 * @param machine a fresh one
 * @param mostAlternatives of a step, as the search found them
 * @returns undefined where there are more than {@link MOST_STATES}
 */
export function wholeGraph(machine: Machine, exploration: Exploration, remarks?: EndRemarks): Graph | undefined {
  const recorder = new Recorder(machine, exploration, remarks), state = new SearchState(machine, false);
  const { mostAlternatives } = exploration;
  return StateGraph.build(machine, state, () => false, MOST_STATES, mostAlternatives, recorder) && recorder.graph();
}

/** The states and steps of one schedule. */
export function alongSchedule(machine: Machine, exploration: Exploration, schedule: string): Graph {
  const recorder = new Recorder(machine, exploration), steps = schedule === "" ? [] : parseSchedule(schedule);
  recorder.entered(0);
  steps.forEach((step, i) => {
    const task = taskOf(step), alternative = alternativeOf(step);
    recorder.beforeStep(task, alternative);
    if (alternative > 0) machine.choose(task, alternative);
    else machine.step(task);
    recorder.afterStep(i, task, alternative, i + 1);
    recorder.entered(i + 1);
  });
  return recorder.graph();
}
