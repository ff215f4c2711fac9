/** One thread's side: runs one task's program on the shared memory, again and again, from a common start line. */
import { KIND, TASK } from "../../cpu/layout.ts";
import type { ThreadRun } from "../measure.ts";
import { type Started, startTogether } from "../start_line.ts";
import { nowNs, onCpuNs, pinTo, undisturbed } from "../thread_control.ts";
import type { Plan } from "../../workload/plan.ts";
import { handPacket } from "../../machine/task_memory.ts";
import { directHelpers } from "./direct_helpers.ts";
import { SharedMachine, type ThreadTask } from "./shared_machine.ts";
import { SharedOperations, ThreadFault } from "./shared_operations.ts";
import { faultMessage } from "./thread_fault.ts";
import { TURNS_LEFT, turnsModule } from "./turns.ts";

/** Sets a thread up: which task it is, and everything it shares. */
export interface SetUp {
  readonly kind: "set up";
  readonly plan: Plan;
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
  readonly task: number;
  /** What TASK.pending holds before each invocation. */
  readonly entry: number;
}

/** Asks a thread for one run. */
export interface Run {
  readonly kind: "run";
  readonly invocations: number;
  readonly threads: number;
  readonly startLine: Int32Array;
  /** A CPU of its own, or none when there are more threads than CPUs. */
  readonly cpu: number | undefined;
}

export interface RunReply extends ThreadRun, Started {
  readonly printed: readonly string[];
}

const FUEL = 10_000_000;
/** An invocation that takes longer than this never ends. */
const INVOCATION_LIMIT_MS = 5_000;

export class Thread {
  readonly #machine: SharedMachine;
  readonly #task: ThreadTask;
  readonly #step: (record: number) => number;
  readonly #turns: (invocations: number) => number;
  readonly #printed: string[] = [];

  constructor(setUp: SetUp) {
    this.#machine = new SharedMachine(setUp.plan, setUp.memory);
    this.#task = this.#machine.tasks[setUp.task];
    const operations = new SharedOperations(this.#machine.memory, this.#machine.atomicLock, this.#printed);
    const helper = directHelpers(this.#machine, this.#task, operations);
    const { module, memory } = setUp;
    const program = new WebAssembly.Instance(module, { env: { memory, helper } });
    const loop = new WebAssembly.Module(turnsModule(this.#task, setUp.entry));
    const { exports } = new WebAssembly.Instance(loop, { env: { memory, step: program.exports.step } });
    this.#step = program.exports.step as (record: number) => number;
    this.#turns = exports.turns as (invocations: number) => number;
  }

  run({ invocations, threads, startLine, cpu }: Run): RunReply {
    this.#printed.length = 0;
    this.#machine.memory.setU32(this.#task.record + TASK.fuel, FUEL);
    const alone = cpu !== undefined;
    if (alone) pinTo(cpu);
    const work = (): RunReply => {
      if (!startTogether(startLine, threads, alone)) {
        return { started: false, startNs: 0, endNs: 0, returned: 0n, printed: [] };
      }
      const before = onCpuNs(), startNs = nowNs();
      this.#invoke(invocations);
      const endNs = nowNs(), returned = this.#machine.memory.read(this.#task.record + TASK.registers, 8);
      const printed = [...this.#printed];
      return { started: true, startNs, endNs, onCpuNs: onCpuNs() - before, returned, printed };
    };
    return alone ? undisturbed(work) : work();
  }

  #invoke(invocations: number): void {
    const { record } = this.#task, { memory } = this.#machine;
    const { packets, ctx } = this.#machine.plan.tasks[this.#task.context.task];
    for (let left = invocations; left > 0;) {
      // A run may change its packet, and the next one may be another: each is handed its own.
      if (packets) {
        handPacket(memory, this.#task, this.#task.program.program, packets[(invocations - left) % packets.length], ctx);
      }
      const others = packets ? left - 1 : 0;
      let stopped = this.#turns(left - others);
      const deadline = performance.now() + INVOCATION_LIMIT_MS;
      while ((stopped & 15) === KIND.fuel) {
        if (performance.now() > deadline) throw new ThreadFault("an endless loop: one invocation runs for seconds");
        stopped = this.#step(record);
      }
      if ((stopped & 15) !== KIND.exit) throw new ThreadFault(faultMessage(this.#machine, this.#task));
      left = others + Math.max(0, memory.getU32(record + TURNS_LEFT) - 1);
    }
  }
}
