/**
 * The cost model against the running kernel on the day: 23 situations that no profile is fitted to, measured now and
 * predicted. `deno run -A tests/bench/cost_bench.ts [--profile NAME|FILE] [--passes N]`; without a profile one is
 * calibrated first, with the same threads.
 *
 * `--record FILE` keeps what was measured and calibrated. `--measured FILE` predicts what such a file holds, with the
 * profile in it; with `--fit [--seed N]` a profile is fitted anew to the figures in it. Neither needs a kernel.
 */
import { availableParallelism } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import { linuxBackend } from "../../lib/backends/backends.ts";
import { whyNot } from "../../lib/backends/backend.ts";
import { KernelStopwatch, type KernelTiming, type TimedRun } from "../../lib/backends/linux/stopwatch.ts";
import { calibrateProfile, lostOf, type Stopwatch } from "../../lib/cost/calibration.ts";
import type { Profile } from "../../lib/cost/profile.ts";
import { variantsOf } from "../../lib/cost/model_range.ts";
import { profileNamed } from "../../lib/cost/profiles.ts";
import { textTable } from "../../lib/report/text_table.ts";
import { countersOf, predictUnfitted, UNFITTED, type Unfitted, unfittedObject } from "../cost/unfitted.ts";
import {
  type MeasuredSituation,
  notingStopwatch,
  readRecording,
  type Recording,
  replayingStopwatch,
  writeRecording,
} from "./cost_recording.ts";

/** Middle, least and largest. */
interface Range {
  readonly middle: number;
  readonly least: number;
  readonly most: number;
}

interface Row {
  readonly situation: Unfitted;
  readonly cpus: number;
  readonly measured: { readonly ns: Range; readonly lost: Range };
  readonly predicted: { readonly ns: Range; readonly lost: Range };
}

const DURATION_MS = 5, SEEDS = 3;

/** The middle of the lower half, as a calibration takes it, and from the first tenth to the last. */
function timesOf(numbers: readonly number[]): Range {
  const sorted = [...numbers].sort((a, b) => a - b),
    at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))];
  return { middle: at(0.25), least: at(0.1), most: at(0.9) };
}

function rangeOf(numbers: readonly number[]): Range {
  if (numbers.length === 0) return { middle: 0, least: 0, most: 0 };
  const sorted = [...numbers].sort((a, b) => a - b),
    at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))];
  return { middle: at(0.5), least: at(0.1), most: at(0.9) };
}

/** The middle of some, and from the least to the largest of all. */
const around = (some: readonly number[], all: readonly number[]): Range => ({
  middle: rangeOf(some).middle,
  least: Math.min(...all),
  most: Math.max(...all),
});

const progress = (what: string, done: number, total: number) => {
  if (process.stderr.isTTY) process.stderr.write(`\r${what}: ${done} of ${total}\x1b[K${done === total ? "\n" : ""}`);
};

async function measureAll(
  kernel: KernelStopwatch,
  cpus: readonly number[],
  passes: number,
): Promise<MeasuredSituation[]> {
  const object = await unfittedObject();
  const points = UNFITTED.flatMap((situation) => cpus.map((on) => ({ situation, on })));
  const load = (program: string, on: number) => kernel.load(object, program, on);
  const loaded: { readonly timing: KernelTiming; readonly alike?: KernelTiming; readonly byBpfLoop?: KernelTiming }[] =
    [];
  for (const { situation: { program, looped }, on } of points) {
    const timing = await load(program, on);
    if (!looped) loaded.push({ timing });
    else loaded.push({ timing, alike: await load(looped.alike, on), byBpfLoop: await load(looped.byBpfLoop, on) });
  }
  const ns = points.map((): number[] => []), lost = points.map((): number[] => []);
  for (let pass = 0; pass < passes; pass++) {
    for (const [i, { timing, alike, byBpfLoop }] of loaded.entries()) {
      const runs = await timing.pass(), { increments } = points[i].situation;
      const loops = alike && byBpfLoop ? middleNs(await alike.pass()) - middleNs(await byBpfLoop.pass()) : 0;
      progress("measuring", pass * points.length + i + 1, passes * points.length);
      if (runs.length === 0 || Number.isNaN(loops)) continue;
      ns[i].push(middleNs(runs) - loops);
      if (increments === undefined) continue;
      for (const run of runs.slice(0, (runs.length + 1) >> 1)) {
        lost[i].push(100 * lostOf(countersOf(run.values), run.invocations * increments));
      }
    }
  }
  return points.map(({ situation: { program }, on }, i) => ({ program, cpus: on, ns: ns[i], lost: lost[i] }));
}

const middleNs = (runs: readonly TimedRun[]): number => runs.length === 0 ? NaN : runs[runs.length >> 1].ns;

function predictAll(
  measured: readonly MeasuredSituation[],
  object: Awaited<ReturnType<typeof unfittedObject>>,
  profile: Profile,
): Row[] {
  return measured.filter(({ ns }) => ns.length > 0).map(({ program, cpus: on, ns, lost }, i): Row => {
    const situation = UNFITTED.find((one) => one.program === program)!;
    const predict = (variant: Profile, seed: number) => predictUnfitted(object, situation, on, variant, seed);
    const runs = Array.from({ length: SEEDS }, (_, seed) => predict(profile, seed + 1));
    const others = on > 1 ? variantsOf(profile).map((variant, i) => predict(variant, SEEDS + i + 1)) : [];
    const all = [...runs, ...others];
    progress("predicting", i + 1, measured.length);
    return {
      situation,
      cpus: on,
      measured: { ns: timesOf(ns), lost: rangeOf(lost) },
      predicted: {
        ns: around(runs.map((run) => run.ns), all.map((run) => run.ns)),
        lost: around(runs.map((run) => 100 * run.lost), all.map((run) => 100 * run.lost)),
      },
    };
  });
}

const round = (value: number) => value.toPrecision(3);
const shown = ({ middle, least, most }: Range) => `${round(middle)} [${round(least)}..${round(most)}]`;
const points = ({ middle, least, most }: Range) => `${middle.toFixed(1)} [${least.toFixed(1)}..${most.toFixed(1)}]`;
const timeError = ({ measured, predicted }: Row) => predicted.ns.middle / measured.ns.middle - 1;
const lostError = ({ measured, predicted }: Row) => predicted.lost.middle - measured.lost.middle;
const isLossy = (row: Row) => row.cpus > 1 && row.situation.increments !== undefined;

function table(rows: readonly Row[]): string {
  const header = ["situation", "CPUs", "measured (ns)", "predicted", "error", "lost (%)", "predicted", "off by"];
  const cells = rows.map((row) => [
    row.situation.what,
    String(row.cpus),
    shown(row.measured.ns),
    shown(row.predicted.ns),
    `${(100 * timeError(row)).toFixed(0)} %`,
    ...(isLossy(row)
      ? [points(row.measured.lost), points(row.predicted.lost), lostError(row).toFixed(1)]
      : ["", "", ""]),
  ]);
  return textTable(header, cells, ["left", "right", "right", "right", "right", "right", "right", "right"]);
}

function verdicts(rows: readonly Row[]): string[] {
  const sizes = (of: readonly number[]) => of.map(Math.abs).sort((a, b) => a - b);
  const line = (met: boolean, text: string) => `${met ? "met    " : "NOT MET"}  ${text}`;
  const time = (cpus: number, wanted: number) => {
    const errors = sizes(rows.filter((row) => row.cpus === cpus).map(timeError)), n = errors.length;
    if (n === 0) return [];
    const middle = errors[n >> 1], worst = errors[n - 1];
    const text = `times on ${cpus} CPU${cpus > 1 ? "s" : ""}: median ${(100 * middle).toFixed(0)} %, largest ${
      (100 * worst).toFixed(0)
    } % of ${n} (wanted: ${100 * wanted} %, none over 40 %)`;
    return [line(middle <= wanted && worst <= 0.4, text)];
  };
  const lost = sizes(rows.filter(isLossy).map(lostError)), near = lost.filter((error) => error <= 6).length;
  const losses = lost.length === 0 ? [] : [
    line(
      near >= 0.9 * lost.length,
      `lost: ${near} of ${lost.length} within 6 points (wanted: 9 of 10), largest ${lost.at(-1)!.toFixed(1)}`,
    ),
  ];
  return [...time(1, 0.1), ...time(2, 0.15), ...losses, ...ranges(rows)];
}

/** Whether what is measured and what is predicted can be the same: their ranges meet, but for a tenth or 6 points. */
function ranges(rows: readonly Row[]): string[] {
  const contended = rows.filter(({ cpus }) => cpus > 1), lossy = rows.filter(isLossy);
  const meet = (a: Range, b: Range, slack: number, share: number) =>
    a.least * (1 - share) - slack <= b.most && b.least <= a.most * (1 + share) + slack;
  const times = contended.filter(({ predicted, measured }) => meet(predicted.ns, measured.ns, 0, 0.1)).length;
  const losses = lossy.filter(({ predicted, measured }) => meet(predicted.lost, measured.lost, 6, 0)).length;
  return [
    `         of the ranges predicted for 2 CPUs ${times} of ${contended.length} meet those of the times measured, ` +
    `${losses} of ${lossy.length} those of the losses`,
  ];
}

const calibrated = async (stopwatch: Stopwatch, cpus: number, seed?: number): Promise<Profile> =>
  (await calibrateProfile(stopwatch, {
    start: profileNamed("xeon-kvm"),
    name: "this machine",
    machine: "this machine",
    cpus,
    seed,
    progress,
  })).profile;

type Measured = Pick<Recording, "cpus" | "situations" | "calibration" | "profile">;

/** Measures on the running kernel; undefined where there is none. */
async function measureNow(passes: number, profile: Profile | undefined): Promise<Measured | undefined> {
  const availability = linuxBackend.available();
  if (!availability.available) {
    console.log(`nothing to measure on: ${whyNot(availability)}`);
    return undefined;
  }
  const cpus = Math.min(2, availableParallelism()), calibration = {};
  using kernel = new KernelStopwatch(cpus, DURATION_MS);
  const situations = await measureAll(kernel, cpus > 1 ? [1, 2] : [1], passes);
  const stopwatch = kernel.stopwatch((program, on, why) =>
    console.error(`left out: ${program} on ${on} CPUs (${why})`)
  );
  profile ??= await calibrated(notingStopwatch(stopwatch, calibration), cpus);
  return { cpus, situations, calibration, profile };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      profile: { type: "string" },
      passes: { type: "string", default: "7" },
      record: { type: "string" },
      measured: { type: "string" },
      fit: { type: "boolean" },
      seed: { type: "string" },
    },
  });
  const given = values.profile === undefined ? undefined : profileNamed(values.profile);
  const recording = values.measured === undefined ? undefined : readRecording(values.measured);
  const measured = recording ?? await measureNow(Number(values.passes), given);
  if (measured === undefined) return;
  if (values.record !== undefined) writeRecording(values.record, measured);
  const profile = given ??
    (recording && values.fit
      ? await calibrated(replayingStopwatch(recording), recording.cpus, values.seed ? Number(values.seed) : undefined)
      : measured.profile);
  const rows = predictAll(measured.situations, await unfittedObject(), profile);
  console.log(`${table(rows)}\n\n${verdicts(rows).join("\n")}\n\n${profile.name}: ${profile.source}`);
  if (recording) console.log(`measured on ${recording.machine}, Linux ${recording.kernel}, ${recording.date}`);
}

if (import.meta.main) await main();
