/** Measures a workload on a real machine: long enough, often enough, undisturbed. */
import type { PlannedTask, TaskPlan } from "../cpu/plan.ts";
import { lostFraction } from "../report/lost.ts";
import type { Result, Values } from "../report/result.ts";
import { LEAST_OVERLAP, overlapOf, type ThreadTime } from "./overlap.ts";
import { type Spread, spreadOf } from "./spread.ts";
import type { Workload } from "./workload.ts";

/** What one thread's run came to. */
export interface ThreadRun extends ThreadTime {
  /** What the last invocation returned (r0), or a user actor's body. */
  readonly returned: unknown;
  /** Lines of bpf_printk, where the machine catches them. */
  readonly printed?: readonly string[];
}

/** A real machine with a workload on it. */
export interface RealMachine {
  readonly plan: TaskPlan;
  /** Runs tasks together from a common start, processes `factor` times their invocations. */
  run(tasks: readonly PlannedTask[], factor: number): Promise<readonly ThreadRun[]>;
  /** Puts shared memory back to what it was at first. */
  reset(): void;
  /** Shared memory now. */
  values(): Values;
}

/** How a real machine is measured. */
export interface MeasureOptions {
  /** Runs that count. Default 7. */
  readonly repeats?: number;
  /** Least length of a run in milliseconds, reached by raising `invocations`. Default 5. */
  readonly durationMs?: number;
  /** Run exactly `invocations` times, once, however short that is. */
  readonly exact?: boolean;
}

/** What a real machine adds to a result: how often it was repeated, and how far the repeats agree. */
export interface Measured extends Result {
  /** Shared state before the run. */
  readonly initial: Values;
  /** Runs that count, and those thrown away because the threads hardly overlapped. */
  readonly repeats: number;
  readonly discarded: number;
  /** Final state and returned values of every repeat that counts. */
  readonly outcomes: readonly { readonly final: Values; readonly returned: Readonly<Record<string, unknown>> }[];
  /** Repeats that ended otherwise than one after another. */
  readonly anomalies: number;
  /** How much of a run all threads ran at once, 0 to 1, over the repeats that count. */
  readonly overlap: Spread;
  /** The lost fraction, 0 to 1, over the repeats; `lost` is its median and `final` belongs to that repeat. */
  readonly lostSpread: Spread;
  /** Nanoseconds per invocation over the repeats; `nsPerOp` is its median. */
  readonly nsSpread: Spread;
  /** What each task returned last: `cpu0` a bigint (r0), a user actor by its name what its body returned. */
  readonly returned: Readonly<Record<string, unknown>>;
}

const DEFAULT_REPEATS = 7, DEFAULT_DURATION_MS = 5;
/** Time that an interrupt may take, generously: programs must run for as long as all of them take. */
const INTERRUPT_MS = 0.02;
/** Runs that were disturbed are tried again, up to so many times the repeats. */
const TRIES_PER_REPEAT = 3;
/** bpf_loop takes no more turns than this (include/linux/bpf.h:BPF_MAX_LOOPS). */
export const MAX_TURNS = 8 << 20;

interface Repeat {
  readonly final: Values;
  readonly lost: number;
  readonly nsPerOp: number;
  readonly overlap: number;
  readonly returned: Readonly<Record<string, unknown>>;
  readonly printed: readonly string[];
}

/**
 * Runs a workload again and again.
 *
 * @param name which machine it is
 * @param where in words, for {@link Result.how}: the machine and what runs on it
 */
export async function measure<Name extends Measured["machine"]>(
  machine: RealMachine,
  name: Name,
  asked: MeasureOptions & Pick<Workload, "cpus">,
  where: () => string,
): Promise<Measured & { readonly machine: Name }> {
  const { plan } = machine, exact = asked.exact ?? false;
  const initial = machine.values();
  const factor = exact ? 1 : await calibrate(machine, asked.durationMs ?? DEFAULT_DURATION_MS);
  const serial = await runSerially(machine, factor);
  const repeats = exact ? 1 : asked.repeats ?? DEFAULT_REPEATS;
  const { kept, tries } = await repeat(repeats, async () => {
    machine.reset();
    const runs = await machine.run(plan.tasks, factor);
    const final = machine.values();
    return {
      final,
      lost: lostFraction(initial, serial, final),
      nsPerOp: nsPerOp(plan, runs, factor),
      overlap: overlap(plan, runs),
      returned: Object.fromEntries(runs.map((run, index) => [nameOfTask(plan.tasks[index]), run.returned])),
      printed: runs.flatMap((run) => run.printed ?? []),
    };
  });
  const lostSpread = spreadOf(kept.map((one) => one.lost)), nsSpread = spreadOf(kept.map((one) => one.nsPerOp));
  const overlapSpread = spreadOf(kept.map((one) => one.overlap));
  const typical = kept.find((one) => one.lost === lostSpread.median)!;
  const invocations = Math.max(0, ...processes(plan, plan.tasks).map((task) => task.invocations)) * factor;
  return {
    machine: name,
    program: plan.programs.map((program) => program.name).join(", "),
    cpus: plan.nrCpus,
    invocations,
    initial,
    serial,
    final: typical.final,
    lost: lostSpread.median,
    lostSpread,
    nsPerOp: nsSpread.median,
    nsSpread,
    overlap: overlapSpread,
    repeats: kept.length,
    outcomes: kept.map(({ final, returned }) => ({ final, returned })),
    anomalies: kept.filter((one) => differs(one.final, serial)).length,
    discarded: tries - kept.length,
    returned: typical.returned,
    printed: typical.printed,
    steps: 0,
    insns: 0,
    how:
      `measured ${where()}; ${fewerCpus(asked.cpus ?? 2, plan.nrCpus)}${
        invocations.toLocaleString("en")
      } runs on each of ${plan.nrCpus} ` +
      `thread${plan.nrCpus === 1 ? "" : "s"} from a common start, overlap ${range(overlapSpread)}; ` +
      `times include the loop; median of ${kept.length} repeat${kept.length === 1 ? "" : "s"}, ${
        tries - kept.length
      } disturbed and thrown away`,
  };
}

const fewerCpus = (asked: number, used: number): string =>
  used < asked ? `${asked} CPUs were asked for and this computer has ${used}; ` : "";

const nameOfTask = (task: PlannedTask): string => task.kind === "user" ? task.name.replace(/^user /, "") : task.name;

const range = ({ min, max }: Spread): string => {
  const percent = (share: number) => Math.round(share * 100);
  return percent(min) === percent(max) ? `${percent(min)} %` : `${percent(min)} to ${percent(max)} %`;
};

/** Whether two final states are different. */
export function differs(a: Values, b: Values): boolean {
  const names = Object.keys(a);
  return names.length !== Object.keys(b).length || names.some((name) => a[name] !== b[name]);
}

/** What belongs to the tasks that are neither interrupts nor user space. */
const processes = <T>(plan: TaskPlan, ofTasks: readonly T[]): readonly T[] =>
  ofTasks.filter((_, index) => plan.tasks[index].kind === "process");

/** How many times more invocations make a run last long enough. */
async function calibrate(machine: RealMachine, leastMs: number): Promise<number> {
  const { plan } = machine;
  const interrupts = plan.tasks.filter((task) => task.kind === "interrupt");
  const durationMs = Math.max(leastMs, ...interrupts.map((task) => task.invocations * INTERRUPT_MS));
  const most = Math.max(1, ...processes(plan, plan.tasks).map((task) => task.invocations));
  const limit = Math.max(1, Math.floor(MAX_TURNS / most));
  // the shortest time that user space took: where it waits for programs, longer ones make it take longer
  let actorsMs = Infinity;
  const timeMs = async (factor: number) => {
    machine.reset();
    const runs = await machine.run(plan.tasks, factor);
    const longest = (of: readonly ThreadRun[]) => Math.max(0, ...of.map((run) => run.endNs - run.startNs)) / 1e6;
    actorsMs = Math.min(actorsMs, longest(runs.filter((_, index) => plan.tasks[index].kind === "user")));
    return longest(processes(plan, runs));
  };
  if (processes(plan, plan.tasks).length === 0) return 1;
  for (let factor = 1;;) {
    // the shorter of two: a thread's first run also opens libraries and compiles its code, any run may be disturbed
    const tookMs = Math.min(await timeMs(factor), await timeMs(factor));
    // programs are to run for as long as user space does
    const wantedMs = Math.max(durationMs, actorsMs);
    if (tookMs >= wantedMs * 0.7 || factor === limit) return factor;
    // small steps at first: the first calls are slow, and a busy line costs more than a free one
    const growth = Math.min(16, Math.max(2, Math.ceil(wantedMs / Math.max(tookMs, 1e-3))));
    factor = Math.min(limit, factor * growth);
  }
}

/** What the tasks come to one after another. */
async function runSerially(machine: RealMachine, factor: number): Promise<Values> {
  machine.reset();
  for (const task of machine.plan.tasks) await machine.run([task], factor);
  return machine.values();
}

async function repeat(repeats: number, run: () => Promise<Repeat>): Promise<{ kept: Repeat[]; tries: number }> {
  const all: Repeat[] = [];
  const good = () => all.filter((one) => one.overlap >= LEAST_OVERLAP);
  do all.push(await run()); while (repeats > 1 && good().length < repeats && all.length < repeats * TRIES_PER_REPEAT);
  // on a computer that is never quiet, the best run there was is better than none, and its overlap is reported
  const best = all.reduce((a, b) => b.overlap > a.overlap ? b : a);
  return { kept: good().length > 0 ? good() : [best], tries: all.length };
}

/** Overlap of the processes, and the share of the others' time that falls into theirs. */
function overlap(plan: TaskPlan, runs: readonly ThreadRun[]): number {
  const running = processes(plan, runs);
  if (running.length === 0) return 0;
  const until = Math.max(...running.map((run) => run.endNs));
  const inside = runs.filter((run) => !running.includes(run)).map((run) =>
    Math.max(0, Math.min(run.endNs, until) - run.startNs) / Math.max(1, run.endNs - run.startNs)
  );
  return Math.min(overlapOf(running), ...inside);
}

function nsPerOp(plan: TaskPlan, runs: readonly ThreadRun[], factor: number): number {
  const each = runs.flatMap((run, index) =>
    plan.tasks[index].kind === "process" && plan.tasks[index].invocations > 0
      ? [(run.endNs - run.startNs) / (plan.tasks[index].invocations * factor)]
      : []
  );
  return each.length === 0 ? 0 : each.reduce((sum, ns) => sum + ns, 0) / each.length;
}
