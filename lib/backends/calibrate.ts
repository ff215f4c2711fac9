/** How often programs must run so that a measurement takes some milliseconds, and all of them take the same time. */
import type { PlannedTask } from "../workload/plan.ts";
import type { RealMachine, ThreadRun } from "./measure.ts";

/** How many times more often than the workload says each program runs, by name; once where it is not named. */
export type Factors = ReadonlyMap<string, number>;

/** Invocations of a task; those of interrupts are as the workload says. */
export const scaledInvocations = (task: PlannedTask, factors: Factors): number =>
  task.kind === "process" ? task.invocations * (factors.get(task.prog!) ?? 1) : task.invocations;

/** bpf_loop takes no more turns than this (include/linux/bpf.h:BPF_MAX_LOOPS). */
export const MAX_TURNS = 8 << 20;
/** Time that an interrupt may take, generously: programs must run for as long as all of them take. */
const INTERRUPT_MS = 0.02;
/** How far from the time wanted a program's run may be, as a share of it: less where several are to end together. */
const TOLERANCE = { one: 0.4, several: 0.15 } as const;
const MOST_GROWTH = 16, MOST_ROUNDS = 12;

/**
 * Tries a workload until every program runs for about as long as wanted, and as long as user space does.
 *
 * @param leastMs how long a run is to take; a program whose invocations take longer sets the pace for the others
 */
export async function calibrate(machine: RealMachine, leastMs: number): Promise<Factors> {
  const { tasks } = machine.plan;
  const processes = tasks.filter((task) => task.kind === "process");
  const interrupts = tasks.filter((task) => task.kind === "interrupt");
  const wantedMs = Math.max(leastMs, ...interrupts.map((task) => task.invocations * INTERRUPT_MS));
  const factors = new Map(processes.map((task) => [task.prog!, 1]));
  // the shortest time that user space took: where it waits for programs, longer ones make it take longer
  let actorsMs = Infinity;
  for (let round = 0; round < MOST_ROUNDS && factors.size > 0; round++) {
    // the shorter of two: a thread's first run also opens libraries and compiles its code, any run may be disturbed
    const runs = [await timeRun(machine, factors), await timeRun(machine, factors)];
    actorsMs = Math.min(actorsMs, ...runs.map((run) => run.actorsMs));
    const tookMs = (prog: string) => Math.max(1e-3, Math.min(...runs.map((run) => run.progMs.get(prog)!)));
    const slow = [...factors].filter(([, factor]) => factor === 1).map(([prog]) => tookMs(prog));
    const paceMs = Math.max(wantedMs, actorsMs, ...slow);
    let settled = true;
    for (const [prog, factor] of factors) {
      const share = tookMs(prog) / paceMs;
      if (Math.abs(share - 1) <= (factors.size === 1 ? TOLERANCE.one : TOLERANCE.several)) continue;
      const most = Math.max(1, ...processes.filter((task) => task.prog === prog).map((task) => task.invocations));
      const next = Math.round(factor * Math.min(MOST_GROWTH, 1 / share));
      const clamped = Math.max(1, Math.min(Math.floor(MAX_TURNS / most), next));
      settled &&= clamped === factor;
      factors.set(prog, clamped);
    }
    if (settled) break;
  }
  return factors;
}

/** Milliseconds that one run took: user space altogether, and each program where it took longest. */
async function timeRun(
  machine: RealMachine,
  factors: Factors,
): Promise<{ readonly actorsMs: number; readonly progMs: ReadonlyMap<string, number> }> {
  machine.reset();
  const { tasks } = machine.plan, runs = await machine.run(tasks, factors);
  const msOf = (run: ThreadRun) => (run.endNs - run.startNs) / 1e6;
  const progMs = new Map<string, number>();
  let actorsMs = 0;
  tasks.forEach((task, index) => {
    if (task.kind === "user") actorsMs = Math.max(actorsMs, msOf(runs[index]));
    if (task.kind === "process") progMs.set(task.prog!, Math.max(progMs.get(task.prog!) ?? 0, msOf(runs[index])));
  });
  return { actorsMs, progMs };
}
