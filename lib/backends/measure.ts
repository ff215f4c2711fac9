/** Measures a workload on a real machine: long enough, often enough, undisturbed. */
import { conditionsOf } from "../workload/conditions.ts";
import { oneAfterAnother } from "../workload/one_after_another.ts";
import type { Plan, PlannedTask } from "../workload/plan.ts";
import { calibrate, type Factors, scaledInvocations } from "./calibrate.ts";
import { lostFraction, orderDependent } from "../report/lost.ts";
import type { Result, Values } from "../report/result.ts";
import { LEAST_OVERLAP, overlapOf, type ThreadTime } from "./overlap.ts";
import { type Spread, spreadOf } from "./spread.ts";
import type { Workload } from "../workload/workload.ts";
import { t } from "../words/translation.ts";

/** What one thread's run came to. */
export interface ThreadRun extends ThreadTime {
  /** What the last invocation returned (r0), or a user actor's body. */
  readonly returned: unknown;
  /** Lines of bpf_printk, where the machine catches them. */
  readonly printed?: readonly string[];
}

/** A real machine with a workload on it. */
export interface RealMachine {
  readonly plan: Plan;
  /** Runs tasks together from a common start, processes as often as `factors` says. */
  run(tasks: readonly PlannedTask[], factors: Factors): Promise<readonly ThreadRun[]>;
  /** Puts shared memory back to what it was at first. */
  reset(): void;
  /** Runs that the kernel has skipped so far (recursion_misses); a machine without such a figure leaves it out. */
  recursionMisses?(): number;
  /** Shared memory now, by name. */
  values(): Values;
  /** Shared memory now, as text that tells final states apart: equal texts are equal states. */
  stateKey(): string;
}

/**
 * How one repeat ended.
 *
 * @internal
 */
export interface MeasuredOutcome {
  readonly final: Values;
  readonly returned: Readonly<Record<string, unknown>>;
  /** Whether its final state is another than that of one run after another, in any byte. */
  readonly anomaly: boolean;
}

/** How a real machine is measured. */
export interface MeasureOptions {
  /** Runs that count. Default 7. */
  readonly repeats?: number;
  /** Least length of a run in milliseconds, reached by raising `invocations`. Default 5. */
  readonly durationMs?: number;
  /** Run exactly `invocations` times, once, however short that is. */
  readonly exact?: boolean;
  /** Most bytes of all maps together on the running kernel, whose contents are read entry by entry. Default 32 MiB. */
  readonly maxMapBytes?: number;
}

/** What a real machine adds to a result: how often it was repeated, and how far the repeats agree. */
export interface Measured extends Result {
  /** Shared state before the run. */
  readonly initial: Values;
  /** Runs that count, and those thrown away because the threads hardly overlapped. */
  readonly repeats: number;
  /** Runs that were thrown away. */
  readonly discarded: number;
  /** How every repeat that counts ended. */
  readonly outcomes: readonly MeasuredOutcome[];
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

const MEMORY = {
  simulator: undefined,
  threads: "this computer's, through WebAssembly's atomics and plain accesses",
  linux: "this computer's, as the kernel's JIT uses it",
} as const;

const DEFAULT_REPEATS = 7, DEFAULT_DURATION_MS = 5;
const TURNS_OF_SHARED_CPUS = 4;
/** Runs that were disturbed are tried again, up to so many times the repeats. */
const TRIES_PER_REPEAT = 3;
/** A slow workload is repeated less often than was asked for; the result says how often. */
const LONGEST_MS = 10_000;

interface Repeat extends MeasuredOutcome {
  readonly lost: number;
  readonly nsPerOp: number;
  readonly overlap: number;
  readonly skipped: number | undefined;
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
  const factors: Factors = exact ? new Map() : await calibrate(machine, durationOf(plan, asked));
  // where the tasks' order or the clock matters, the two differ
  const reversed = await runSerially(machine, factors, "reversed");
  const serial = await runSerially(machine, factors, "listed"), serialKey = machine.stateKey();
  const serials = [serial, reversed], dependent = orderDependent(serials);
  const repeats = exact ? 1 : asked.repeats ?? DEFAULT_REPEATS;
  const { kept, tries } = await repeat(repeats, async () => {
    machine.reset();
    const missed = machine.recursionMisses?.();
    const runs = await machine.run(plan.tasks, factors);
    const final = machine.values();
    return {
      final,
      anomaly: machine.stateKey() !== serialKey,
      lost: lostFraction(initial, serials, final),
      nsPerOp: nsPerOp(plan, runs, factors),
      overlap: overlap(plan, runs),
      skipped: missed === undefined ? undefined : machine.recursionMisses!() - missed,
      returned: Object.fromEntries(runs.map((run, index) => [nameOfTask(plan.tasks[index]), run.returned])),
      printed: runs.flatMap((run) => run.printed ?? []),
    };
  });
  const lostSpread = spreadOf(kept.map((one) => one.lost)), nsSpread = spreadOf(kept.map((one) => one.nsPerOp));
  const overlapSpread = spreadOf(kept.map((one) => one.overlap));
  const typical = kept.find((one) => one.lost === lostSpread.median)!;
  const invocations = Math.max(0, ...processes(plan, plan.tasks).map((task) => scaledInvocations(task, factors)));
  return {
    machine: name,
    program: plan.programs.map((program) => program.name).join(", "),
    cpus: plan.nrCpus,
    invocations,
    initial,
    serial,
    final: typical.final,
    lost: lostSpread.median,
    skipped: typical.skipped,
    orderDependent: dependent,
    conditions: conditionsOf(plan, { memory: MEMORY[name], open: [], othersRun: true }),
    lostSpread,
    nsPerOp: nsSpread.median,
    nsSpread,
    overlap: overlapSpread,
    repeats: kept.length,
    outcomes: kept.map(({ final, returned, anomaly }) => ({ final, returned, anomaly })),
    anomalies: kept.filter((one) => one.anomaly).length,
    discarded: tries - kept.length,
    returned: typical.returned,
    printed: typical.printed,
    steps: 0,
    insns: 0,
    how: t`measured ${where()}; ${fewerCpus(asked.cpus ?? 2, plan.nrCpus)}${
      howOften(plan, factors)
    } from a common start, overlap ${range(overlapSpread)}; times include the loop; ${medianOf(kept.length)}, ${
      tries - kept.length
    } disturbed and thrown away`,
  };
}

const medianOf = (repeats: number): string =>
  repeats === 1 ? t`median of ${repeats} repeat` : t`median of ${repeats} repeats`;

/** Most programs that share a CPU; 1 when each has one of its own. */
export function sharing(plan: Plan): number {
  const onCpu = new Map<number, number>();
  for (const { cpu } of processes(plan, plan.tasks)) onCpu.set(cpu, (onCpu.get(cpu) ?? 0) + 1);
  return Math.max(1, ...onCpu.values());
}

/** Programs that share a CPU run in turns of some milliseconds each: many turns make a measurement. */
function durationOf(plan: Plan, asked: MeasureOptions): number {
  const shared = sharing(plan);
  return (asked.durationMs ?? DEFAULT_DURATION_MS) * (shared === 1 ? 1 : TURNS_OF_SHARED_CPUS * shared);
}

const fewerCpus = (asked: number, used: number): string =>
  used < asked ? t`${asked} CPUs were asked for and this computer has ${used}; ` : "";

/** `1,000 runs on each of 2 threads`, or for programs that run differently often `1,000 runs of a and 20 runs of b`. */
function howOften(plan: Plan, factors: Factors): string {
  const counts = new Map(processes(plan, plan.tasks).map((task) => [task.prog, scaledInvocations(task, factors)]));
  const runs = (count: number) => t`${count.toLocaleString("en")} runs`;
  if (new Set(counts.values()).size > 1) {
    return [...counts].map(([prog, count]) => t`${runs(count)} of ${prog}`).join(t` and `);
  }
  const [count = 0] = counts.values();
  return plan.nrCpus === 1
    ? t`${runs(count)} on each of ${plan.nrCpus} thread`
    : t`${runs(count)} on each of ${plan.nrCpus} threads`;
}

const nameOfTask = (task: PlannedTask): string => task.user ?? task.name;

const range = ({ min, max }: Spread): string => {
  const percent = (share: number) => Math.round(share * 100);
  return percent(min) === percent(max) ? `${percent(min)} %` : t`${percent(min)} to ${percent(max)} %`;
};

/** What belongs to the tasks that are neither interrupts nor user space. */
const processes = <T>(plan: Plan, ofTasks: readonly T[]): readonly T[] =>
  ofTasks.filter((_, index) => plan.tasks[index].kind === "process");

/** A task that does not end ends the measurement, so that there always is a final state. */
async function runSerially(machine: RealMachine, factors: Factors, order: "listed" | "reversed"): Promise<Values> {
  const { plan } = machine;
  machine.reset();
  const runAlone = async (task: number) => {
    await machine.run([plan.tasks[task]], factors);
    return true;
  };
  return (await oneAfterAnother(plan, { runAlone, left: () => machine.values() }, order))!;
}

async function repeat(repeats: number, run: () => Promise<Repeat>): Promise<{ kept: Repeat[]; tries: number }> {
  const all: Repeat[] = [];
  const good = () => all.filter((one) => one.overlap >= LEAST_OVERLAP);
  const until = performance.now() + LONGEST_MS;
  const more = () => good().length < repeats && all.length < repeats * TRIES_PER_REPEAT && performance.now() < until;
  do all.push(await run()); while (repeats > 1 && more());
  // on a computer that is never quiet, the best run there was is better than none, and its overlap is reported
  const best = all.reduce((a, b) => b.overlap > a.overlap ? b : a);
  return { kept: good().length > 0 ? good() : [best], tries: all.length };
}

/**
 * Overlap of the processes, against what they can have on the CPUs they share, and the share of the others' time that
 * falls into theirs.
 */
function overlap(plan: Plan, runs: readonly ThreadRun[]): number {
  const running = processes(plan, runs);
  if (running.length === 0) return 0;
  const until = Math.max(...running.map((run) => run.endNs));
  const inside = runs.filter((run) => !running.includes(run)).map((run) =>
    Math.max(0, Math.min(run.endNs, until) - run.startNs) / Math.max(1, run.endNs - run.startNs)
  );
  return Math.min(1, sharing(plan) * overlapOf(running), ...inside);
}

/** Of all processes together: a writer and a reader each count for what their own runs take. */
function nsPerOp(plan: Plan, runs: readonly ThreadRun[], factors: Factors): number {
  const each = runs.flatMap((run, index) => {
    const task = plan.tasks[index], invocations = scaledInvocations(task, factors);
    return task.kind === "process" && invocations > 0 ? [(run.endNs - run.startNs) / invocations] : [];
  });
  return each.length === 0 ? 0 : each.reduce((sum, ns) => sum + ns, 0) / each.length;
}
