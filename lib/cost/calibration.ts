/** Calibrates a profile on the reader's own machine: time small programs, then fit the model's numbers to them. */
import { bpf } from "../compile/bpf.ts";
import { assetText } from "../host/assets.ts";
import type { BpfObject } from "../object/bpf_object.ts";
import { planTasks } from "../workload/plan.ts";
import { CALIBRATION, type CalibrationProgram } from "./calibration_programs.ts";
import { fitProfile, numberOf, type Parameter, withNumber } from "./fit.ts";
import type { Profile } from "./profile.ts";
import { TimedMachine } from "./timed_run.ts";

/** Times a program of an object on some CPUs; undefined where the machine can't run it. */
export type Stopwatch = (
  object: BpfObject,
  program: string,
  cpus: number,
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
  readonly tries?: number;
  readonly progress?: (what: string, done: number, total: number) => void | Promise<void>;
}

interface Figure extends CalibrationProgram {
  readonly on: number;
  readonly ns: number;
  readonly lost: number;
}

/** Runs on each CPU when a figure is predicted. */
const RUNS = 600;
const TRIES = 250;
/** How often everything is timed; the median counts. */
const PASSES = 3;

/**
 * Times the calibration programs and fits a profile to them.
 *
 * @param stopwatch the machine
 * @throws Error when not even the empty program can be timed
 */
export async function calibrateProfile(stopwatch: Stopwatch, options: CalibrationOptions): Promise<Calibration> {
  const listing = assetText("cost/calibration.bpf.c");
  const object = await bpf.with({ name: "calibration.bpf.c" })(Object.assign([listing], { raw: [listing] }));
  const figures = await measureFigures(object, stopwatch, options);
  const start = scaled(options.start, figures, object);
  const parameters = parametersFrom(start, options.cpus > 1);
  const { tries = TRIES, progress } = options;
  const { profile } = await fitProfile(
    start,
    parameters,
    (candidate, best) => misfit(object, figures, candidate, best),
    {
      tries,
      progress: (done, total) => progress?.("fitting", done, total),
    },
  );
  const today = new Date().toISOString().slice(0, 10);
  const source =
    `Calibrated on ${today} by interleave calibrate, from ${figures.length} figures; what they do not tell is ` +
    `that of ${options.start.name}.`;
  const named: Profile = { ...profile, name: options.name, machine: options.machine, source };
  const rows = figures.map((figure): CalibrationRow => {
    const { ns } = predict(object, figure, named);
    return { what: figure.what, cpus: figure.on, measuredNs: figure.ns, predictedNs: ns, error: ns / figure.ns - 1 };
  });
  return { profile: named, rows };
}

async function measureFigures(
  object: BpfObject,
  stopwatch: Stopwatch,
  { cpus, progress }: CalibrationOptions,
): Promise<Figure[]> {
  const wanted = CALIBRATION.flatMap((program) =>
    program.cpus.filter((n) => n <= cpus).map((on) => ({ ...program, on }))
  );
  // In several passes: what disturbs a shared machine for some seconds then spoils one pass, not one figure.
  const times = wanted.map((): { readonly ns: number; readonly lost: number }[] => []);
  for (let pass = 0; pass < PASSES; pass++) {
    for (const [i, { program, on }] of wanted.entries()) {
      const time = await stopwatch(object, program, on);
      if (time) times[i].push(time);
      await progress?.("timing", pass * wanted.length + i + 1, PASSES * wanted.length);
    }
  }
  const figures = wanted.flatMap((one, i): Figure[] => {
    const all = times[i].sort((a, b) => a.ns - b.ns), middle = all[all.length >> 1];
    return middle ? [{ ...one, ns: middle.ns / one.perRun, lost: middle.lost }] : [];
  });
  if (figures.length === 0) throw new Error("no calibration program could be timed on this machine");
  return figures;
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

/** What may change, and how far from where it starts. */
function parametersFrom(start: Profile, withLines: boolean): Parameter[] {
  const core = [
    "insnNs",
    "retireNs",
    "loadNs",
    "forwardNs",
    "commitNs",
    "atomicNs",
    "work.run",
    "work.inlined",
    "work.helper",
    "work.hash",
    "work.irqsave",
    "work.irqrestore",
    "work.copyStart",
  ];
  const lines = ["transferNs.sameGroup", "holdNs", "drainNs", "drainSameLineNs", "spinNs", "work.lockQueue"];
  const around = (name: string): Parameter => {
    const value = numberOf(start, name);
    return { name, least: value / 3, most: Math.max(value * 2.5, 0.1) };
  };
  const parameters = core.map(around);
  if (!withLines) return parameters;
  return [
    ...parameters,
    ...lines.map(around),
    { name: "requestShare", least: 0.3, most: 0.8 },
    { name: "holdJitter", least: 0, most: 0.6 },
    { name: "burstStores", least: 0, most: start.storeBuffer, whole: true },
    { name: "atomicRestartNs", least: 0, most: 15 },
  ];
}

function predict(object: BpfObject, figure: Figure, profile: Profile): { ns: number; lost: number } {
  const runs = Math.ceil(RUNS / (figure.perRun === 1 ? 1 : 8));
  const plan = planTasks(object, { cpus: figure.on, invocations: runs, programs: [figure.program] });
  const timed = new TimedMachine(plan, {}, profile, 1);
  const { nsPerOp } = timed.run(), { fault, kernel } = timed.machine;
  if (fault) throw new Error(`${figure.program}: ${fault.message}`);
  const counted = Number(kernel.values().counter ?? 0n);
  return { ns: nsPerOp / figure.perRun, lost: counted === 0 ? 0 : 1 - counted / (runs * figure.perRun * figure.on) };
}

/** Sum of the errors: of times by their ratio, of losses by their difference. */
function misfit(object: BpfObject, figures: readonly Figure[], profile: Profile, best: number): number {
  let sum = 0;
  for (const figure of figures) {
    if (sum > best) return sum;
    const { ns, lost } = predict(object, figure, profile), weight = figure.on > 1 ? 1.5 : 1;
    sum += weight * Math.min(1.2, Math.abs(Math.log(ns / figure.ns)));
    if (figure.on > 1 && figure.lost > 0 && figure.program.startsWith("racy") && !figure.program.includes("_hash")) {
      sum += Math.max(0, Math.abs(lost - figure.lost) - 0.03) * 4;
    }
  }
  return sum;
}
