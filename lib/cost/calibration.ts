/** Calibrates a profile on the reader's own machine: time small programs, then fit the model's numbers to them. */
import { bpf } from "../compile/bpf.ts";
import { assetText } from "../host/assets.ts";
import type { BpfObject } from "../object/bpf_object.ts";
import { planTasks } from "../workload/plan.ts";
import type { Values } from "../report/result.ts";
import { profileNamed, PROFILES } from "./profiles.ts";
import { CALIBRATION, type CalibrationProgram, TOLD_BY_ONE_CPU } from "./calibration_programs.ts";
import { fitProfile, numberOf, type Parameter, solveNumber, withNumber } from "./fit.ts";
import type { Profile } from "./profile.ts";
import { TimedMachine } from "./timed_run.ts";

/**
 * Times a program of an object on some CPUs, and counts what it lost of `perRun` increments in each run; undefined where
 * the machine can't run it.
 */
export type Stopwatch = (
  object: BpfObject,
  program: string,
  cpus: number,
  perRun: number,
) => Promise<{ readonly ns: number; readonly lost: number } | undefined>;

/** One timed program beside what the fitted profile says. */
export interface CalibrationRow {
  readonly what: string;
  readonly cpus: number;
  readonly measuredNs: number;
  readonly predictedNs: number;
  /** predicted / measured - 1. */
  readonly error: number;
}

export interface Calibration {
  readonly profile: Profile;
  readonly rows: readonly CalibrationRow[];
}

export interface CalibrationOptions {
  /** Profile to begin with. */
  readonly start: Profile;
  readonly name: string;
  readonly machine: string;
  /** CPUs of the machine: with one, nothing is learned about cache lines. */
  readonly cpus: number;
  /** How often everything is timed. */
  readonly passes?: number;
  readonly tries?: number;
  /** Of the search; default 1. */
  readonly seed?: number;
  readonly progress?: (what: string, done: number, total: number) => void | Promise<void>;
}

interface Figure extends CalibrationProgram {
  readonly on: number;
  readonly ns: number;
  readonly lost: number;
}

/** Runs on each CPU when a figure is predicted: on one CPU all of them are alike. */
const RUNS = { alone: 80, together: 320 } as const;
/** Of each stage of the search. */
const TRIES = 90;
/** How often everything is timed; the median counts. */
const PASSES = 5;
/** How often the numbers of one CPU are solved for, one after the other: some figures tell of several. */
const ROUNDS = 2;

/**
 * Times the calibration programs and fits a profile to them: what one CPU tells, number by number, each from the program
 * that tells it; then what two CPUs tell, by trying.
 *
 * @param stopwatch the machine
 * @throws Error when not even the empty program can be timed
 */
export async function calibrateProfile(stopwatch: Stopwatch, options: CalibrationOptions): Promise<Calibration> {
  const object = await calibrationObject();
  const figures = await measureFigures(object, stopwatch, options);
  const together = figures.filter(({ on }) => on > 1);
  const start: Profile = { ...NO_HASTE, ...options.start };
  let profile = solveAlone(scaled(start, figures, object), figures, object);
  if (together.length > 0) {
    profile = await fitLines(nearest(profile, figures, object), object, together, options);
    profile = solveAlone(profile, figures, object);
  }
  const today = new Date().toISOString().slice(0, 10);
  const source =
    `Calibrated on ${today} by interleave calibrate, from ${figures.length} figures; what they do not tell is ` +
    `that of ${options.start.name}.`;
  const named: Profile = { ...profile, name: options.name, machine: options.machine, source };
  const rows = figures.filter(({ direct }) => !direct).map((figure): CalibrationRow => {
    const { ns } = predict(object, figure, named);
    return { what: figure.what, cpus: figure.on, measuredNs: figure.ns, predictedNs: ns, error: ns / figure.ns - 1 };
  });
  return { profile: named, rows };
}

/** The programs that are timed. */
export function calibrationObject(): Promise<BpfObject> {
  const listing = assetText("cost/calibration.bpf.c");
  return bpf.with({ name: "calibration.bpf.c" })(Object.assign([listing], { raw: [listing] }));
}

async function measureFigures(
  object: BpfObject,
  stopwatch: Stopwatch,
  { cpus, progress, passes = PASSES }: CalibrationOptions,
): Promise<Figure[]> {
  const wanted = CALIBRATION.flatMap((program) =>
    program.cpus.filter((n) => n <= cpus).map((on) => ({ ...program, on }))
  );
  // In several passes: what disturbs a shared machine for some seconds then spoils one pass, not one figure.
  const times = wanted.map((): { readonly ns: number; readonly lost: number }[] => []);
  for (let pass = 0; pass < passes; pass++) {
    for (const [i, { program, on, perRun }] of wanted.entries()) {
      const time = await stopwatch(object, program, on, perRun);
      if (time) times[i].push(time);
      await progress?.("timing", pass * wanted.length + i + 1, passes * wanted.length);
    }
  }
  const figures = wanted.flatMap((one, i): Figure[] => {
    // Whatever disturbs a machine that is shared makes runs longer: the lower half tells, of times and of losses.
    const all = times[i].sort((a, b) => a.ns - b.ns), quiet = all.slice(0, (all.length + 1) >> 1);
    if (quiet.length === 0) return [];
    const lost = quiet.map((time) => time.lost).sort((a, b) => a - b)[quiet.length >> 1];
    return [{ ...one, ns: quiet[quiet.length >> 1].ns / one.perRun, lost }];
  });
  if (figures.length === 0) throw new Error("no calibration program could be timed on this machine");
  return figures;
}

/** Solves for every number that a figure of one CPU tells of. */
function solveAlone(start: Profile, figures: readonly Figure[], object: BpfObject): Profile {
  let profile = start;
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, program] of TOLD_BY_ONE_CPU) {
      const figure = figures.find((one) => one.program === program && one.on === 1);
      if (!figure) continue;
      const most = Math.max(1000, 2 * numberOf(profile, name));
      profile = solveNumber(
        profile,
        { name, least: LEAST[name] ?? 0, most },
        (candidate) => predict(object, figure, candidate).ns,
        figure.ns,
      );
      if (name === "insnNs") profile = withLoadOf(profile, figures);
      // A helper is a function: what a call costs, its call costs.
      if (name === "work.call") profile = { ...profile, work: { ...profile.work, helper: profile.work.call } };
    }
  }
  return profile;
}

const CORE_TIMES = ["insnNs", "retireNs", "loadNs", "commitNs", "drainNs", "drainSameLineNs", "mispredictNs", "spinNs"];
const WORK_TIMES = [
  "run",
  "inlined",
  "helper",
  "hash",
  "hashByte",
  "irqsave",
  "irqrestore",
  "alloc",
  "copyStart",
  "copyByte",
];

/**
 * A start not too far off: times of the core scaled by its speed, what goes with atomics (a core keeps a line for one or
 * two of them) by theirs, those of lines by that of a contended atomic.
 */
function scaled(start: Profile, figures: readonly Figure[], object: BpfObject): Profile {
  let profile = start;
  const ratio = (program: string, on: number) => {
    const figure = figures.find((one) => one.program === program && one.on === on);
    return figure ? figure.ns / predict(object, figure, profile).ns : 1;
  };
  const scale = (names: readonly string[], factor: number) => {
    for (const name of names) {
      profile = withNumber(profile, { name, least: 0, most: Infinity }, numberOf(profile, name) * factor);
    }
  };
  scale([...CORE_TIMES, ...WORK_TIMES.map((name) => `work.${name}`)], ratio("racy_work1000", 1));
  scale(["atomicNs", "holdNs"], ratio("atomic64", 1));
  scale(["transferNs.sameGroup", "transferNs.otherGroup"], ratio("atomic64", 2));
  return profile;
}

/**
 * From a load to its value: what a chain of loads takes, without the two instructions that are part of it. Of the private
 * instructions three in ten wait for each other: that is a cycle.
 */
function withLoadOf(profile: Profile, figures: readonly Figure[]): Profile {
  const chain = figures.find(({ program }) => program === "chase"), cycleNs = profile.insnNs / 0.3;
  if (!chain) return profile;
  return withNumber(profile, { name: "loadNs", least: 4 * cycleNs, most: 1000 }, chain.ns - 2 * cycleNs);
}

/** Numbers that no machine has at zero. */
const LEAST: Readonly<Record<string, number>> = { insnNs: 0.01, loadNs: 0.05, atomicNs: 0.1 };

/** Numbers of lines and of waiting for them, which a machine has together. */
const LINE_NUMBERS = [
  "transferNs.sameGroup",
  "holdNs",
  "holdJitter",
  "requestShare",
  "burstStores",
  "drainNs",
  "drainSameLineNs",
  "commitNs",
  "atomicRestartNs",
  "forwardAwayNs",
  "lineIntervalNs",
  "spinNs",
  "mispredictNs",
  "work.lockQueue",
];

/**
 * Kinds of machine that no shipped profile is: a line stays for one atomic operation, or for two; a load that finds its
 * value in the store buffer waits for the store's line, or does not.
 */
function plainKinds(profile: Profile, figures: readonly Figure[]): Profile[] {
  const chain = figures.find(({ program, on }) => program === "racy64" && on > 1)?.ns ?? 0;
  return [1, 2].flatMap((kept) =>
    [0, chain].map((forwardAwayNs) => ({
      ...profile,
      holdNs: (kept - 0.1) * profile.atomicNs,
      holdJitter: 0.1,
      requestShare: 0.5,
      atomicRestartNs: 0,
      lineIntervalNs: 0,
      burstStores: profile.storeBuffer,
      forwardAwayNs,
    }))
  );
}

/**
 * Which shipped profile's lines fit best, with a transfer as long as this machine's: where the search begins. Machines
 * are of kinds, and no small steps lead from one to another.
 */
function nearest(profile: Profile, figures: readonly Figure[], object: BpfObject): Profile {
  const together = figures.filter(({ on }) => on > 1);
  let best = profile, least = Infinity;
  const kinds = [...PROFILES.map((name) => profileNamed(name)), ...plainKinds(profile, figures)];
  for (const kind of kinds) {
    for (const loadTakesOwnership of [true, false]) {
      let candidate: Profile = { ...profile, loadTakesOwnership };
      for (const name of LINE_NUMBERS) {
        candidate = withNumber(candidate, { name, least: 0, most: Infinity }, numberOf(kind, name));
      }
      candidate = withTransfer(candidate, figures, object);
      const reached = misfit(object, together, candidate, least);
      if (reached >= least) continue;
      least = reached;
      best = candidate;
    }
  }
  return best;
}

/**
 * How long a line travels follows from contended atomics, once it is known how long it stays: two numbers that would
 * make up for each other.
 */
function withTransfer(profile: Profile, figures: readonly Figure[], object: BpfObject): Profile {
  const contended = figures.find(({ program, on }) => program === "atomic64" && on > 1);
  if (!contended) return profile;
  const transfer = { name: "transferNs.sameGroup", least: 1, most: 1000 };
  return solveNumber(profile, transfer, (one) => predict(object, contended, one).ns, contended.ns, 0.03);
}

/**
 * What two CPUs tell of: at first how lines travel, from atomic operations, which nothing else decides; then how stores
 * wait and loads run ahead, from increments; then how CPUs wait for locks; in the end all of it.
 */
async function fitLines(
  start: Profile,
  object: BpfObject,
  together: readonly Figure[],
  { tries = TRIES, seed, progress }: CalibrationOptions,
): Promise<Profile> {
  const atomics = together.filter(({ program }) => /^(atomic|cmpxchg)/.test(program));
  const increments = together.filter(({ counts }) => counts);
  const locks = together.filter((figure) => !atomics.includes(figure) && !increments.includes(figure));
  const [lines, stores, waiting] = lineParameters(start);
  const stages = [
    { told: atomics, parameters: lines },
    { told: increments, parameters: stores },
    { told: locks, parameters: waiting },
    { told: together, parameters: [...lines, ...stores, ...waiting] },
  ];
  let profile = start;
  for (const [i, { told, parameters }] of stages.entries()) {
    if (told.length === 0) continue;
    ({ profile } = await fitProfile(
      profile,
      parameters,
      (candidate, best) => misfit(object, told, candidate, best),
      { tries, seed, progress: (done, total) => progress?.("fitting", i * total + done, stages.length * total) },
    ));
  }
  return profile;
}

/** The numbers of each stage of {@link fitLines}, and between what they lie. */
function lineParameters(start: Profile): readonly Parameter[][] {
  const around = (name: string): Parameter => {
    const value = numberOf(start, name);
    return { name, least: value / 4, most: Math.max(value * 2.5, 0.1) };
  };
  return [
    [
      { name: "transferNs.sameGroup", least: 5, most: 150 },
      { name: "requestShare", least: 0.1, most: 0.8 },
      { name: "handOnNs", least: 0, most: 30 },
      { name: "handOnShare", least: 0.2, most: 1 },
      { name: "holdNs", least: 0, most: 4 * start.atomicNs },
      { name: "holdJitter", least: 0, most: 0.9 },
      { name: "atomicRestartNs", least: 0, most: 15 },
      { name: "jitter", least: 0.02, most: 0.5 },
    ],
    [
      ...["drainNs", "drainSameLineNs", "commitNs"].map(around),
      { name: "storeStayNs", least: 0, most: 8 },
      { name: "forwardAwayNs", least: 0, most: 40 },
      { name: "burstStores", least: 0, most: start.storeBuffer, whole: true },
      { name: "lineIntervalNs", least: 0, most: 15 },
      { name: "placesOfInsn", least: 1, most: 4 },
    ],
    [
      { name: "spinNs", least: 1, most: 60 },
      { name: "mispredictNs", least: 1, most: 20 },
      { name: "work.lockQueue", least: 0, most: 100 },
    ],
  ];
}

/** Lines that are never handed on faster, and leave whatever is about to be written; a place for each instruction. */
const NO_HASTE = { placesOfInsn: 1, storeStayNs: 0, handOnNs: 0, handOnShare: 1 };

function predict(object: BpfObject, figure: Figure, profile: Profile): { ns: number; lost: number } {
  const runs = Math.ceil((figure.on === 1 ? RUNS.alone : RUNS.together) / (figure.perRun === 1 ? 1 : 8));
  const plan = planTasks(object, { cpus: figure.on, invocations: runs, programs: [figure.program] });
  const timed = new TimedMachine(plan, {}, profile, 1);
  const { nsPerOp } = timed.run(), { fault, kernel } = timed.machine;
  if (fault) throw new Error(`${figure.program}: ${fault.message}`);
  const lost = figure.counts ? lostOf(kernel.values(), runs * figure.perRun * figure.on) : 0;
  return { ns: nsPerOp / figure.perRun, lost };
}

/** The share of increments that are missing from all numbers together, 0 to 1. */
export function lostOf(values: Values, increments: number): number {
  let counted = 0;
  for (const value of Object.values(values)) if (typeof value === "bigint") counted += Number(value);
  return Math.max(0, 1 - counted / increments);
}

/** Sum of the errors: of times by their ratio, of losses by their difference. */
function misfit(object: BpfObject, figures: readonly Figure[], profile: Profile, best: number): number {
  let sum = 0;
  for (const figure of figures) {
    if (sum > best) return sum;
    const { ns, lost } = predict(object, figure, profile);
    sum += Math.min(1.2, Math.abs(ns / figure.ns - 1));
    if (figure.counts) sum += Math.max(0, Math.abs(lost - figure.lost) - 0.03) * 3;
  }
  return sum;
}
