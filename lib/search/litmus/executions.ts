/**
 * How many executions a litmus test has: what herd7 counts behind `Positive`, `Negative` and `Observation`.
 *
 * To herd7 an execution is who reads from whom and which write comes after which (rf and co). Schedules that differ in
 * the order of steps that do not touch the same place are one execution; sleep sets (Godefroid, 1996) visit exactly one
 * schedule of each. Executions that go on alike from one state with one sleep set are counted once.
 */
import type { Machine } from "../../machine/machine.ts";
import { TASK } from "../../cpu/layout.ts";
import { BPF_ATOMIC } from "../../isa/insn.ts";
import { DisjointData } from "../disjoint_data.ts";
import { SearchState } from "../state.ts";

/** Executions that end in a state where the condition holds, and in one where it does not. */
export interface Executions {
  readonly holds: number;
  readonly fails: number;
}

export interface ExecutionLimits {
  /** States times sleep sets. */
  readonly maxStates: number;
  /** Milliseconds of performance.now(). */
  readonly until: number;
}

class Endless extends Error {}

/** What a column's next step does to memory; `alone` when it concerns no other column. */
interface Access {
  readonly alone: boolean;
  readonly first: number;
  readonly last: number;
  readonly writes: boolean;
}

/**
 * Counts the executions of a machine with one task on each CPU.
 *
 * @param judge whether the condition holds where the machine stands at the end; undefined where a filter takes it away
 * @returns undefined when a bound is hit, or when columns wait in a loop: then executions are without number
 */
export function countExecutions(
  make: () => Machine,
  judge: (machine: Machine) => boolean | undefined,
  limits: ExecutionLimits,
): Executions | undefined {
  const data = new DisjointData(make);
  for (;;) {
    const machine = make();
    try {
      const counted = new Count(machine, data, judge, limits).visit(0);
      // An address that turned out to be shared was taken for one column's own.
      if (!data.learn()) return counted;
    } catch (error) {
      if (!(error instanceof Endless)) throw error;
      return undefined;
    }
  }
}

class Count {
  readonly #state: SearchState;
  readonly #isAlone: (task: number) => boolean;
  /** Null while what follows is being counted. */
  readonly #known = new Map<string, Executions | null>();

  constructor(
    readonly machine: Machine,
    data: DisjointData,
    readonly judge: (machine: Machine) => boolean | undefined,
    readonly limits: ExecutionLimits,
  ) {
    this.#state = new SearchState(machine, false);
    this.#isAlone = data.watch(machine);
  }

  /** @param asleep bit mask of the tasks whose next step has been explored already, in an order that is no other one */
  visit(asleep: number): Executions {
    const { machine } = this, key = `${this.#state.a} ${this.#state.b} ${asleep}`, known = this.#known.get(key);
    if (known) return known;
    if (known === null || this.#known.size >= this.limits.maxStates) throw new Endless();
    if ((this.#known.size & 0xfff) === 0 && performance.now() > this.limits.until) throw new Endless();
    this.#known.set(key, null);
    const enabled = machine.enabled(), accesses = new Map(enabled.map((task) => [task, this.#access(task)]));
    let holds = 0, fails = 0;
    if (enabled.length === 0) {
      const held = machine.fault ? undefined : this.judge(machine);
      if (held !== undefined) held ? holds++ : fails++;
    }
    const alone = enabled.find((task) => accesses.get(task)!.alone);
    let done = asleep;
    for (const task of alone === undefined ? enabled : [alone]) {
      if (done >> task & 1) continue;
      let sleeps = 0;
      for (const other of enabled) {
        if (done >> other & 1 && commute(accesses.get(task)!, accesses.get(other)!)) sleeps |= 1 << other;
      }
      this.#state.step(task);
      const after = this.visit(sleeps);
      this.#state.back();
      holds += after.holds;
      fails += after.fails;
      done |= 1 << task;
    }
    const counted = { holds, fails };
    this.#known.set(key, counted);
    return counted;
  }

  #access(task: number): Access {
    const { machine } = this, { kind, addr, size, insn } = machine.pending(task);
    if (kind === "start" || size === 0) return { alone: true, first: 0, last: -1, writes: false };
    const alone = this.#isAlone(task);
    return { alone, first: addr, last: addr + size - 1, writes: this.#writes(task, insn, addr, size) };
  }

  /** A compare-and-exchange that fails only reads. */
  #writes(task: number, insn: number, addr: number, size: number): boolean {
    const { machine } = this, { opcode, imm } = machine.image.insns[insn];
    if ((opcode & 0x07) === 0x01) return false;
    if ((opcode & 0xe0) !== 0xc0 || imm === BPF_ATOMIC.STORE_REL) return true;
    if (imm === BPF_ATOMIC.LOAD_ACQ) return false;
    if (imm !== BPF_ATOMIC.CMPXCHG) return true;
    const expected = machine.memory.view.getBigUint64(machine.tasks[task].record + TASK.registers, true);
    const bytes = Array.from(
      { length: size },
      (_, i) => BigInt(machine.memory.view.getUint8(addr + i)) << BigInt(8 * i),
    );
    return bytes.reduce((a, b) => a | b, 0n) === BigInt.asUintN(8 * size, expected);
  }
}

const commute = (a: Access, b: Access): boolean =>
  a.alone || b.alone || a.last < b.first || b.last < a.first || (!a.writes && !b.writes);
