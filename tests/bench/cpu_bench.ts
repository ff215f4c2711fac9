/**
 * How fast simulated CPUs run, in ratios within one run: `deno task bench`.
 *
 * Programs are those of speed.bpf.c. Each figure is the best of several turns, and the turns of all engines alternate. For scale: uBPF's C interpreter ran the same programs at 273, 268,
 * 319 and 250 million instructions a second on one CPU of a machine where this bench was written.
 */
import { readFileSync } from "node:fs";
import process from "node:process";
import { runOnLinux } from "../../lib/backends/linux/run.ts";
import { KIND, TASK } from "../../lib/cpu/layout.ts";
import { Machine } from "../../lib/machine/machine.ts";
import { Tracer } from "../../lib/machine/trace.ts";
import { translate } from "../../lib/translate/translate.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import { loadObject } from "../../lib/object/load.ts";
import { textTable } from "../../lib/report/text_table.ts";
import { runClock } from "../../lib/schedulers/run_clock.ts";
import { type RandomRunObserver, runRandom } from "../../lib/schedulers/run_random.ts";
import { planTasks } from "../../lib/workload/plan.ts";
import { interpret } from "../reference/interpreter.ts";

/** With the memory model that a workload has by itself; "mixed" can tell store buffers, and so runs without them, too. */
const RUNS: readonly { readonly prog: string; readonly memory?: "sc" }[] = [
  ...["racy", "atomic", "alu", "mixed"].map((prog) => ({ prog })),
  { prog: "mixed", memory: "sc" },
];
const TURNS = 7;
const NO_LIMIT = { steps: Number.MAX_SAFE_INTEGER };
const UBPF_MILLION_INSNS: Record<string, number> = { racy: 273, atomic: 268, alu: 319, mixed: 250 };

/** Instructions and steps per microsecond, and how many steps there were. */
interface Speed {
  readonly insns: number;
  readonly steps: number;
  readonly count: number;
}

/**
 * Starts a stopwatch: calling it gives microseconds. It shows the processor time of this process where that is less than
 * the time that passed, so that what else runs on the computer does not count.
 */
function stopwatch(): () => number {
  const began = performance.now(), usage = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(usage);
    return Math.min((performance.now() - began) * 1000, user + system);
  };
}

/** Runs a machine to its end; gives its speed. */
function timed(machine: Machine, run: (machine: Machine) => void): Speed {
  const insns = machine.insns, steps = machine.steps;
  const elapsedUs = stopwatch();
  run(machine);
  const us = elapsedUs();
  if (machine.fault) throw new Error(machine.fault.message);
  const count = machine.steps - steps;
  return { insns: (machine.insns - insns) / us, steps: count / us, count };
}

const faster = (one: Speed | undefined, other: Speed): Speed => one && one.insns > other.insns ? one : other;

/** The reference interpreter on one CPU; a tenth of the work shows as much. */
function interpreted(object: BpfObject, prog: string): Speed {
  const machine = new Machine(planTasks(object, { programs: [prog], cpus: 1, invocations: 1 }));
  const { memory, image, tasks: [task] } = machine;
  const step = interpret(image.insns, memory), record = task.record;
  // The interpreter's blocks are instructions: from the entry on, as the machine set the registers.
  memory.setU32(record + TASK.pending, image.programs[0].start << 8);
  let insns = 0, steps = 0;
  const elapsedUs = stopwatch();
  for (let result = 0; (result & 15) !== KIND.exit && insns < 100_000; steps++) {
    result = step(record);
    insns += result >>> 4;
  }
  const us = elapsedUs();
  return { insns: insns / us, steps: steps / us, count: steps };
}

type Run = typeof RUNS[number];

function simulated(object: BpfObject, { prog, memory }: Run, cpus: number, run: (machine: Machine) => void): Speed {
  // About as many steps whatever the number of CPUs.
  const invocations = Math.max(1, Math.round(48 / cpus));
  return timed(new Machine(planTasks(object, { programs: [prog], cpus, invocations, memory })), run);
}

const random = (observer?: RandomRunObserver) => (machine: Machine) => runRandom(machine, 1, NO_LIMIT, observer);
const clock = (machine: Machine) => void runClock(machine, 1, NO_LIMIT);

/** Million instructions a second of the kernel's JIT on one CPU; undefined where the kernel is not to be had. */
async function kernelJit(object: BpfObject, prog: string, insnsPerRun: number): Promise<number | undefined> {
  try {
    const { nsPerOp } = await runOnLinux(object, { programs: [prog], cpus: 1, repeats: 3, durationMs: 50 });
    return insnsPerRun / (nsPerOp as number) * 1000;
  } catch {
    return undefined;
  }
}

function measureAll(object: BpfObject, of: Run) {
  const best: Record<string, Speed> = {};
  for (let turn = 0; turn < TURNS; turn++) {
    const take = (name: string, speed: Speed) => best[name] = faster(best[name], speed);
    take("interpreter", interpreted(object, of.prog));
    take("one", simulated(object, of, 1, random()));
    take("two", simulated(object, of, 2, random()));
    take("recorded", simulated(object, of, 2, random(recorder())));
    take("traced", simulated(object, of, 2, traced));
    take("clock2", simulated(object, of, 2, clock));
    take("clock64", simulated(object, of, 64, clock));
  }
  return best;
}

const taken = new Int32Array(1 << 22);

/** Keeps which task took each of the last steps: all that is needed to replay them and show their trace. */
function recorder(): RandomRunObserver {
  let at = 0;
  return {
    tookSteps(tasks) {
      if (at + tasks.length > taken.length) at = 0;
      taken.set(tasks, at);
      at += tasks.length;
    },
  };
}

/** A run with a trace of 20,000 steps from its middle. */
function traced(machine: Machine): void {
  const window = { from: 100_000, to: 120_000 }, tracer = new Tracer(machine, window);
  runRandom(machine, 1, NO_LIMIT, { beforeStep: tracer.beforeStep, window });
  tracer.finish();
}

/** Milliseconds to translate a program when the translator itself is warm. */
function translationTime(object: BpfObject, prog: string): number {
  const { image, memory } = new Machine(planTasks(object, { programs: [prog], invocations: 0 }));
  let best = Infinity;
  for (let i = 0; i < 200; i++) {
    const began = performance.now();
    translate(image.insns, image.entries, { layout: memory.layout, memory });
    best = Math.min(best, performance.now() - began);
  }
  return best;
}

/** What a trace adds to a run: the figures are of equally many steps. */
const traceMs = (plain: Speed, traced: Speed) => traced.count / 1000 * (1 / traced.steps - 1 / plain.steps);

const times = (ratio: number) => `${ratio.toFixed(ratio < 10 ? 2 : 0)} x`;
const percent = (part: number) => `${Math.round(100 * part)} %`;

/** Measures and prints. */
export async function benchCpu(): Promise<void> {
  const object = loadObject(new Uint8Array(readFileSync(new URL("data/speed.o", import.meta.url))), "speed");
  const speeds: string[][] = [], others: string[][] = [];
  for (const run of RUNS) {
    const { interpreter, one, two, recorded, traced, clock2, clock64 } = measureAll(object, run), { prog } = run;
    const name = run.memory ? `${prog}, ${run.memory}` : prog;
    const single = new Machine(planTasks(object, { programs: [prog], cpus: 1, invocations: 1 }));
    runRandom(single, 1, NO_LIMIT);
    const jit = await kernelJit(object, prog, single.insns);
    speeds.push([
      name,
      interpreter.insns.toFixed(1),
      one.insns.toFixed(0),
      two.insns.toFixed(0),
      two.steps.toFixed(0),
      times(two.insns / interpreter.insns),
      times(two.insns / UBPF_MILLION_INSNS[prog]),
      jit === undefined ? "not root" : `${jit.toFixed(0)} (${times(two.insns / jit)})`,
    ]);
    others.push([
      name,
      `${clock2.steps.toFixed(1)} / ${clock64.steps.toFixed(1)}`,
      percent(clock64.steps / clock2.steps),
      percent(two.steps / recorded.steps - 1),
      `${(traceMs(two, traced)).toFixed(0)} ms`,
      `${translationTime(object, prog).toFixed(2)} ms`,
    ]);
  }
  console.log("\nMillion instructions a second, random scheduler, checks and counting on\n");
  console.log(textTable(
    ["", "interpreter", "1 CPU", "2 CPUs", "Msteps/s", "to interpreter", "to uBPF as recorded", "kernel JIT"],
    speeds,
  ));
  console.log("\nSmallest clock first (million steps a second), what recording costs, and translation when warm\n");
  console.log(textTable(
    ["", "2 / 64 CPUs", "64 to 2", "recording", "showing 20,000 steps", "translate"],
    others,
  ));
}

if (import.meta.main) await benchCpu();
