/** One listing on all three machines, side by side. */
import { isDeferred } from "../workload/deferred_tasks.ts";
import { type Plan, plan, refusalOfPlan } from "../workload/plan.ts";
import type { BpfObject } from "../object/bpf_object.ts";
import { bullets, escapeMarkdown, folded, markdownTable, MARKS, withCode } from "../report/markdown.ts";
import type { Result, Values } from "../report/result.ts";
import { texts } from "../report/texts.ts";
import { textTable } from "../report/text_table.ts";
import { RefusedError } from "../workload/admission.ts";
import { kernelRelease } from "../host/environment.ts";
import { basename } from "../host/paths.ts";
import { whyNot } from "./backend.ts";
import { linuxAvailable } from "./linux/available.ts";
import { linuxPlan } from "./linux/run.ts";
import { RefusedByKernel } from "./linux/session.ts";
import type { Measured, MeasureOptions } from "./measure.ts";
import { recordedRun } from "./recorded/listings.ts";
import type { RunChoices } from "./simulated_run.ts";
import { simulatePlan } from "./simulator.ts";
import type { Spread } from "./spread.ts";
import { requireThreads } from "./threads/available.ts";
import { timedByModels } from "./threads/model_time.ts";
import { threadsPlan } from "./threads/run.ts";
import type { SimulateOptions } from "./simulate_options.ts";
import { t, translated } from "../words/translation.ts";

/** What became of a workload on one machine. */
export interface ComparedRun {
  /** The machine that it ran on. */
  readonly machine: Result["machine"];
  /** Recorded when this computer's kernel cannot be asked. */
  readonly kind: "simulated" | "measured" | "recorded";
  /** Where, more closely: the profile, the threads, the kernel's release. */
  readonly on: string;
  /** Whether it ends otherwise than one serial order (the programs as listed), as far as was seen; `refused` by the verifier. */
  readonly observation: "Never" | "Sometimes" | "refused";
  /** The share of updates that is gone, 0 to 1. */
  readonly lost?: Spread;
  /** Nanoseconds per invocation. */
  readonly nsPerOp?: Spread;
  /** On threads: helpers ran as models of the kernel, whose time it is. */
  readonly timedByModels?: boolean;
  /** CPUs, or threads, that it ran on. */
  readonly cpus?: number;
  /** The memory model of the simulator, in words. */
  readonly memory?: { readonly text: string };
  /** Final shared state; absent for recorded runs. */
  readonly final?: Values;
  /** How it was run or measured, in words. */
  readonly how: string;
  /** What it takes as given, a line for each; of the simulator. */
  readonly conditions?: readonly string[];
}

/** A machine that could not take part. */
export interface SkippedRun {
  /** The machine that was asked for. */
  readonly machine: Result["machine"];
  /** Why it could not take part, and what helps. */
  readonly skipped: string;
}

const words = translated({
  models: "* On threads, helpers run as this book's models of the kernel: the time is theirs, not the hardware's.",
  never: "Never: not in these runs. `explore` says whether it can happen.",
  columns: ["machine", "anomaly", "lost", "ns per run", "source"],
  skipped: "skipped",
  refused: "refused",
});
const ALIGNED = ["left", "left", "right", "right", "left"] as const;
/** Runs that ended as one after another are no proof: green is for proofs. */
const OBSERVED = { Sometimes: MARKS.bad, Never: MARKS.partly, refused: MARKS.bad } as const;

/** How many seeds the simulator tries before it says Never. */
const SEEDS = 3;
/** Whose times the simulator uses where the reader names none: the machine of the recorded figures. */
const PROFILE = "xeon-kvm";

/**
 * What {@link compare} found: a row for each machine, and whether they agree.
 *
 * @example
 * ```ts
 * import { bpf, compare } from "interleave";
 * const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
 * const { points } = await compare(racy, { cpus: 2, invocations: 100 });
 * if (points[0].machine !== "simulator") throw new Error("the simulator always takes part");
 * ```
 */
export class Comparison {
  /**
   * `compare` makes it.
   *
   * @param program names of the programs that ran
   * @param rows one for each machine, in the order simulator, threads, linux
   */
  constructor(readonly program: string, readonly rows: readonly (ComparedRun | SkippedRun)[]) {}

  /** The machines that took part; what a figure of lost updates or of latencies is drawn from. */
  get points(): readonly ComparedRun[] {
    return this.rows.filter((row): row is ComparedRun => !("skipped" in row));
  }

  /** Whether all machines that took part saw the same: Never, Sometimes, or refused. */
  get agree(): boolean {
    return new Set(this.points.map((point) => point.observation)).size === 1;
  }

  /** In one plain sentence: whether they agree, and on what. */
  get sentence(): string {
    const { points } = this;
    if (points.length === 0) return t`No machine could run this.`;
    const names = list(points.map(nameOf));
    if (points.length === 1) return t`Only one machine ran it, ${names}: ${sawWhat(points[0])}.`;
    if (this.agree) return t`${capital(names)} agree: ${sawWhat(points[0])}.`;
    return t`They do not agree: ${list(points.map((point) => t`on ${nameOf(point)} ${sawWhat(point)}`))}.`;
  }

  get #cells(): string[][] {
    return this.rows.map((row) =>
      "skipped" in row ? [row.machine, words.skipped, "", "", ""] : [
        row.machine,
        row.observation === "refused" ? words.refused : row.observation,
        percentOf(row.lost),
        nsOf(row.nsPerOp) + (row.timedByModels ? " *" : ""),
        sourceOf(row),
      ]
    );
  }

  /** The table as plain text, the sentence under it. */
  toString(): string {
    const table = textTable(words.columns, this.#cells, ALIGNED);
    const skips = this.rows.flatMap((row) => "skipped" in row ? [`${row.machine}: ${row.skipped}`] : []);
    const note = this.points.some((point) => point.timedByModels) ? [words.models] : [];
    const never = this.points.some(({ observation }) => observation === "Never") ? [words.never] : [];
    const given = this.points.flatMap(({ conditions = [] }) => conditions.map((line) => `  ${line}`));
    const conditions = given.length > 0 ? [texts.proof.simulatorConditions + ":", ...given] : [];
    return [this.program, "", table, "", this.sentence, ...never, ...note, ...skips, ...conditions].join("\n");
  }

  /** The forms that a notebook shows: the sentence first, then a row for each machine. */
  toBundle(): { readonly "text/plain": string; readonly "text/markdown": string } {
    const marked = this.rows.map((row, i) => {
      const [machine, anomaly, ...rest] = this.#cells[i].map(escapeMarkdown);
      const mark = "skipped" in row ? MARKS.unknown : OBSERVED[row.observation];
      return [machine, `${mark} ${anomaly}`, ...rest];
    });
    const skips = this.rows.flatMap((row) => "skipped" in row ? [`${row.machine}: ${row.skipped}`] : []);
    const notes = [
      ...(this.points.some(({ observation }) => observation === "Never") ? [words.never] : []),
      ...(this.points.some((point) => point.timedByModels) ? [words.models] : []),
      ...skips,
    ];
    const given = this.points.flatMap(({ conditions = [] }) => conditions.map(withCode));
    const markdown = [
      `**${escapeMarkdown(this.program)}**`,
      `**${escapeMarkdown(this.sentence)}**`,
      markdownTable(words.columns, marked, ALIGNED),
      ...(notes.length > 0 ? [bullets(notes.map(withCode))] : []),
      ...(given.length > 0 ? [folded(texts.proof.simulatorConditions, bullets(given))] : []),
    ];
    return { "text/plain": String(this), "text/markdown": markdown.join("\n\n") };
  }

  /** What `compare --json` prints. */
  toJSON(): unknown {
    const { program, rows, agree, sentence } = this;
    return { program, agree, sentence, rows };
  }
}

/**
 * Runs a listing on the simulator, on threads and on the running kernel (or takes the figures recorded for it).
 *
 * @param object what `bpf` gave
 * @param workload the same for all; real machines raise `invocations` until a run takes some milliseconds, and use no
 *   more CPUs than there are
 * @returns one row for each machine, with what it saw or why it was skipped; never throws for a machine that is lacking
 * @throws WorkloadError for a workload that no machine could run
 *
 * @example
 * ```ts
 * import { bpf, compare } from "interleave";
 * const exact = await bpf`int counter;
 * SEC("raw_tp") int count(void *ctx) { __sync_fetch_and_add(&counter, 1); return 0; }`;
 * const comparison = await compare(exact, { cpus: 2 });
 * if (!comparison.agree) throw new Error(comparison.sentence);
 * ```
 */
export async function compare(object: BpfObject, workload: SimulateOptions & MeasureOptions = {}): Promise<Comparison> {
  const planned = plan(object, workload, "compare"), refused = refusalOfPlan(planned);
  const admitted = (): Plan => {
    if (refused) throw refused;
    return planned;
  };
  const simulated = await attempt("simulator", async () => await onSimulator(admitted(), workload));
  const threaded = await attempt("threads", async () => {
    requireThreads();
    const run = measured(await threadsPlan(admitted(), workload));
    return timedByModels(object, planned.programs) ? { ...run, timedByModels: true } : run;
  });
  const kernel = await attempt("linux", () => onKernel(planned, workload));
  return new Comparison(nameOfProgram(object, workload), [simulated, threaded, kernel]);
}

async function attempt(machine: Result["machine"], run: () => Promise<ComparedRun>): Promise<ComparedRun | SkippedRun> {
  try {
    return await run();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof RefusedByKernel || error instanceof RefusedError) {
      const kind = machine === "linux" ? "measured" : "simulated";
      return { machine, kind, on: t`the verifier`, observation: "refused", how: reason };
    }
    return { machine, skipped: reason };
  }
}

/** Random schedules say what can happen; the clock of a machine's profile, how often and in what time. */
async function onSimulator(plan: Plan, choices: RunChoices): Promise<ComparedRun> {
  const { seed = 1, profile = PROFILE } = choices;
  // A profile has the store buffers of x86.
  const untimed = choices.scheduler !== undefined || plan.tasks.some(isDeferred) ||
    (plan.memory.model === "sc" && choices.profile === undefined);
  const runs = [await simulatePlan(plan, untimed ? choices : { ...choices, profile })];
  const anomaly = () => runs.find((run) => run.anomaly);
  for (let next = 0; next < SEEDS && !anomaly(); next++) {
    runs.push(await simulatePlan(plan, { ...choices, profile: undefined, seed: seed + next }));
  }
  const [timed] = runs, run = anomaly() ?? timed, ns = timed.nsPerOp;
  return {
    machine: "simulator",
    kind: "simulated",
    memory: run.memory,
    on: untimed ? t`an untimed schedule` : typeof profile === "string" ? profile : profile.name,
    observation: anomaly() ? "Sometimes" : "Never",
    lost: { median: timed.lost, min: timed.lost, max: Math.max(...runs.map((run) => run.lost)) },
    nsPerOp: ns === undefined ? undefined : { median: ns, min: ns, max: ns },
    cpus: run.cpus,
    final: run.final,
    how: timed.how,
    conditions: timed.conditions,
  };
}

function measured(run: Measured): ComparedRun {
  return {
    machine: run.machine,
    kind: "measured",
    on: run.machine === "linux" ? t`kernel ${kernelRelease()}` : t`threads of this computer`,
    observation: run.anomalies > 0 ? "Sometimes" : "Never",
    lost: run.lostSpread,
    nsPerOp: run.nsSpread,
    cpus: run.cpus,
    final: run.final,
    how: run.how,
  };
}

async function onKernel(plan: Plan, options: MeasureOptions): Promise<ComparedRun> {
  const availability = linuxAvailable();
  if (availability.available) return measured(await linuxPlan(plan, options));
  const recorded = recordedRun(plan.object, plan.workload);
  if (!recorded) throw new Error(t`nothing is recorded for this workload, and here ${whyNot(availability)}`);
  const { lost, nsPerOp, cpus } = recorded.run;
  return {
    machine: "linux",
    kind: "recorded",
    on: t`kernel ${recorded.kernel}, ${recorded.date}`,
    observation: recorded.run.anomalies > 0 ? "Sometimes" : "Never",
    lost,
    nsPerOp,
    cpus,
    how: t`recorded, because here ${availability.reason}; ${recorded.run.how}`,
  };
}

const sourceOf = ({ kind, on, observation }: ComparedRun): string =>
  observation === "refused"
    ? ""
    : kind === "measured"
    ? t`measured here`
    : kind === "simulated"
    ? t`simulated: ${on}`
    : t`recorded on ${on}`;

function nameOfProgram(object: BpfObject, { programs }: SimulateOptions): string {
  const names = programs?.map((run) => typeof run === "string" ? run : run.prog);
  const file = basename(object.name);
  return names ? `${file}: ${names.join(", ")}` : file;
}

function nameOf({ machine, kind }: ComparedRun): string {
  if (machine === "linux") return kind === "recorded" ? t`a recorded kernel` : t`the running kernel`;
  return machine === "threads" ? t`threads of this computer` : t`the simulator`;
}

function sawWhat({ observation, lost }: ComparedRun): string {
  if (observation === "refused") return t`the verifier refuses it`;
  if (observation === "Never") return t`it ends as one after another would`;
  return lost && lost.max > 0 ? t`updates are lost` : t`it ends otherwise than the serial order 0, 1, 2, ... does`;
}

function percentOf(lost: Spread | undefined): string {
  if (!lost) return "";
  const percent = (share: number) => (100 * share).toFixed(1);
  return lost.min === lost.max
    ? `${percent(lost.median)} %`
    : `${percent(lost.median)} % [${percent(lost.min)}..${percent(lost.max)}]`;
}

function nsOf(ns: Spread | undefined): string {
  if (!ns) return "";
  const { median, min, max } = ns;
  return min === max ? median.toFixed(1) : `${median.toFixed(1)} [${min.toFixed(1)}..${max.toFixed(1)}]`;
}

const list = (items: readonly string[]): string =>
  items.length < 2 ? items.join("") : t`${items.slice(0, -1).join(t`, `)} and ${items[items.length - 1]}`;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
