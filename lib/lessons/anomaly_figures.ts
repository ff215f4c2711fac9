/** The chapters' figures of what goes wrong, and how often: simulated beside what a real kernel showed. */
import { recordedLitmus } from "../backends/recorded/litmus.ts";
import { recordedLockedReads } from "../backends/recorded/locked_reads.ts";
import { recordedNesting, recordedTears } from "../backends/recorded/points.ts";
import { type Figure, plot } from "../plot/mod.ts";
import { texts } from "./texts.ts";

/** Torn reads of a writer and a reader, of whom none, one or both take the lock. */
export interface LockRun {
  readonly writer: string;
  readonly reader: string;
  readonly reads: number;
  readonly torn: number;
  /** Which runs, for the line under the figure. */
  readonly on: string;
}

/**
 * Torn reads by who takes the lock, simulated and as recorded; programs that take it have names that end with "locked".
 *
 * @throws RangeError where a pair of programs read nothing
 */
export function tornByLock(runs: readonly LockRun[]): Figure {
  const idle = runs.find(({ reads }) => reads === 0);
  if (idle) throw new RangeError(texts.tornByLock.nothingRead(idle.writer, idle.reader));
  const locks = (program: string) => program.endsWith("locked");
  const share = ({ torn, reads }: LockRun) => torn / reads;
  const both = runs.find(({ writer, reader }) => locks(writer) && locks(reader));
  const one = runs.filter(({ writer, reader }) => locks(writer) !== locks(reader));
  const measuredOf = (run: LockRun) =>
    recordedLockedReads().find(({ writer, reader }) => writer === run.writer && reader === run.reader);
  const most = (run: LockRun) => Math.max(share(run), measuredOf(run)?.torn.median ?? 0);
  return plot.bars({
    title: texts.tornByLock.title,
    finding: both && one.length > 0 ? texts.tornByLock.finding(most(both), one.map(most)) : undefined,
    bars: runs.flatMap((run) => {
      const row = { name: `${run.writer}, ${run.reader}`, technique: run === both ? "spin_lock" : "racy" } as const;
      const measured = measuredOf(run);
      return [
        { ...row, value: share(run), on: run.on },
        ...(measured === undefined ? [] : [{
          ...row,
          kind: "recorded" as const,
          on: `${measured.on}, ${measured.date}`,
          value: measured.torn.median,
          low: measured.torn.min,
          high: measured.torn.max,
        }]),
      ];
    }),
    axis: {
      title: texts.tornByLock.axis,
      unit: "%",
      format: (value) => `${Math.round(100 * value)}`,
      read: (value) => `${(100 * value).toFixed(1)} %`,
    },
  });
}

/** Updates of a per-CPU counter that simulated interrupts wiped out. */
export interface InterruptRun {
  /** Private instructions between load and store; undefined for an atomic add. */
  readonly window?: number;
  readonly interrupts: number;
  readonly lost: number;
  /** Which runs, for the line under the figure. */
  readonly on: string;
}

/** Updates of one CPU's copy that interrupts on this CPU lose: simulated, and as recorded. */
export function nesting(simulated: readonly InterruptRun[] = []): Figure {
  const recorded = recordedNesting();
  const nameOf = (window: number | undefined) =>
    window === undefined ? texts.nesting.atomic : window === 0 ? texts.nesting.bare : texts.nesting.window(window);
  const rowOf = (window: number | undefined) =>
    ({ name: nameOf(window), technique: window === undefined ? "atomic" : "racy" }) as const;
  const lost = (window: number | undefined) => recorded.find((run) => run.window === window)!.lostPerThousand;
  const widest = Math.max(...recorded.map((run) => run.window ?? 0));
  return plot.bars({
    title: texts.nesting.title,
    finding: texts.nesting.finding(lost(0), widest, lost(widest), lost(undefined)),
    bars: recorded.flatMap((run) => [
      ...simulated.filter(({ window }) => window === run.window)
        .map(({ lost, interrupts, on }) => ({ ...rowOf(run.window), value: 1000 * lost / interrupts, on })),
      { ...run, ...rowOf(run.window), value: run.lostPerThousand },
    ]),
    note: simulated.length > 0 ? texts.nesting.note : undefined,
    axis: { title: texts.nesting.axis },
  });
}

/** Simulated reads of a value that another CPU updates. */
export interface TearRun {
  /** As the recorded ones are called: `array`, `hash`, `hash, BPF_F_NO_PREALLOC`, `LRU hash`. */
  readonly map: string;
  /** Whether the reader works for half a microsecond between the look-up and the read. */
  readonly held: boolean;
  /** Reads in all. */
  readonly reads: number;
  /** Those that saw half of an update. */
  readonly torn: number;
  /** Which runs, for the line under the figure. */
  readonly on: string;
}

/**
 * Torn reads of a value that another CPU updates, by kind of map: as recorded, and as simulated.
 *
 * @param bytes size of the value: 64, 256, 1024 or 4096
 * @param simulated of values of this size
 */
export function tears(bytes: number, simulated: readonly TearRun[] = []): Figure {
  const recorded = recordedTears(bytes), nameOf = (map: string, held: boolean) => held ? texts.tears.held(map) : map;
  const seldom = simulated.filter(({ torn }) => torn === 0), far = simulated.filter((run) => isFarOff(run, recorded));
  const names = (runs: readonly TearRun[]) => runs.map(({ map, held }) => nameOf(map, held));
  const notes = [
    ...(seldom.length === 0 ? [] : [texts.tears.notSeen(names(seldom), seldom.map(({ reads }) => reads))]),
    ...(far.length === 0 ? [] : [texts.tears.farOff(names(far))]),
  ];
  return plot.bars({
    title: texts.tears.title(bytes),
    finding: texts.tears.finding(recorded.filter(({ perMillion }) => perMillion > 0).length, recorded.length),
    bars: recorded.filter(({ perMillion }) => perMillion > 0).flatMap((run) => {
      const row = { name: nameOf(run.map, run.held), technique: "copy_update" } as const;
      const own = simulated.filter(({ map, held, torn }) => torn > 0 && map === run.map && held === run.held);
      return [
        ...own.map(({ torn, reads, on }) => ({ ...row, value: 1e6 * torn / reads, on })),
        {
          ...run,
          ...row,
          value: run.perMillion,
          low: run.low > 0 ? run.low : undefined,
          high: run.low > 0 ? run.high : undefined,
        },
      ];
    }),
    note: notes.length === 0 ? undefined : notes.join(" · "),
    axis: { title: texts.tears.axis, log: true },
  });
}

/** Whether a simulated share is not near the recorded one: ten times as large or small, or none where many were due. */
function isFarOff({ map, held, torn, reads }: TearRun, recorded: ReturnType<typeof recordedTears>): boolean {
  const due = recorded.find((run) => run.map === map && run.held === held);
  if (!due) return false;
  const expected = due.perMillion * reads / 1e6;
  return torn === 0 ? expected >= 5 : torn >= 3 && (torn > 10 * expected || 10 * torn < expected);
}

/** Random schedules of a litmus test, and how many of them ended as no order of whole steps can. */
export interface WeakRun {
  /** Name of the recorded test: `SB`, `SB+fetch`, `MP`, `MP+rel+acq`. */
  readonly test: "SB" | "SB+fetch" | "MP" | "MP+rel+acq";
  /** Runs that ended so. */
  readonly weak: number;
  /** Runs in all. */
  readonly runs: number;
  /** Which runs, for the line under the figure. */
  readonly on: string;
}

/** How often two CPUs see each other's steps out of order: simulated, in a real kernel and on threads. */
export function weakEndings(runs: readonly WeakRun[]): Figure {
  const { names, title, finding, axis, note, where } = texts.weakEndings;
  const share = ({ weak, runs }: WeakRun) => weak / runs;
  const measured = (test: WeakRun["test"], machine: "linux" | "threads") => {
    const found = recordedLitmus(test, machine);
    if (found === undefined) return [];
    const weak = found.states.filter(({ holds }) => holds).reduce((sum, { count }) => sum + count, 0);
    return [{
      kind: "recorded" as const,
      on: `${found.on}, ${found.date}`,
      value: weak / found.runs,
      where: where[machine],
    }];
  };
  const shown = runs.map((run) => ({
    run,
    kernel: measured(run.test, "linux"),
    threads: measured(run.test, "threads"),
  }));
  const seen = shown.filter(({ kernel, threads }) => [...kernel, ...threads].some(({ value }) => value > 0));
  return plot.bars({
    title,
    finding: finding(seen.map(({ run }) => names[run.test]), shown.length),
    bars: shown.flatMap(({ run, kernel, threads }) => {
      const bars = [{ value: share(run), on: run.on, where: where.simulated }, ...kernel, ...threads];
      return bars.map((bar) => ({
        ...bar,
        name: names[run.test],
        technique: seen.some((one) => one.run === run) ? "racy" as const : "atomic" as const,
      }));
    }),
    note,
    axis: {
      title: axis,
      unit: "%",
      format: (value) => `${Number((100 * value).toFixed(1))}`,
      read: (value) => value === 0 ? "0 %" : `${(100 * value).toPrecision(2)} %`,
    },
  });
}
