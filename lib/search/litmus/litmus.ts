/**
 * A litmus test under a memory model: by its axioms, which is fast, knows executions and says what is missing; where
 * that cannot be (parts of variables, or more executions than there is time for) and the model is sequential
 * consistency, by every schedule of the simulated machine.
 */
import { type ExecutionLimits, executionLimits } from "../memory_model/executions.ts";
import { explainExecution, type WeakWitness } from "../memory_model/explain.ts";
import type { AxiomaticModel } from "../memory_model/model.ts";
import { axiomaticModels } from "../memory_model/models.ts";
import { findRepairs, type TriedRepair } from "../memory_model/repair.ts";
import { ModelRefusal } from "../memory_model/thread_code.ts";
import type { Bounds } from "../exploration.ts";
import type { LitmusFile } from "./litmus_file.ts";
import { litmusThreads } from "./litmus_threads.ts";
import { type ModelRun, runUnderModel } from "./model_run.ts";
import { parseLitmus } from "./parse.ts";
import { litmusMarkdown, litmusReportText } from "./report.ts";
import { type LitmusResult, runLitmus } from "./run.ts";

/** Time for repairs, each of which is a run of the whole test. */
const REPAIR_MS = 3000;

/** Under which model a litmus test is judged, and when to stop. */
export interface LitmusOptions {
  /** Default `bpf`: what holds on every machine that the kernel runs on. */
  readonly memory?: AxiomaticModel["name"];
  /** Where to stop; what is not finished then is reported as unknown. */
  readonly bounds?: Bounds;
  /** Off: no witness and no repairs. */
  readonly explain?: boolean;
}

/** What `litmus` found. */
export interface LitmusReport extends LitmusResult {
  /** The report as text, for `show`. */
  toBundle(): object;
  /** Name of the memory model. */
  readonly model: AxiomaticModel["name"];
  /** The model in words. */
  readonly under: string;
  /** How the test's condition comes to hold (with `forall`: to fail), where sequential consistency forbids that. */
  readonly witness?: WeakWitness;
  /** What was tried against it. */
  readonly repairs?: readonly TriedRepair[];
}

/**
 * Every final state of a litmus test under a memory model; how what sequential consistency forbids comes about, and what
 * mends it.
 *
 * @param test text of a litmus file in herd7's BPF dialect, or one that was read
 * @returns herd7's states, observation and number of executions; `show` prints its report
 * @throws LitmusError for a file that cannot be read
 * @throws ModelRefusal for one that only sequential consistency can judge
 *
 * @example
 * ```ts
 * import { litmus } from "interleave";
 * const test = `BPF SB
 * { 0:r1=x; 0:r2=y; 1:r1=x; 1:r2=y; }
 * P0 | P1 ;
 * *(u32 *)(r1 + 0) = 1 | *(u32 *)(r2 + 0) = 1 ;
 * r3 = *(u32 *)(r2 + 0) | r3 = *(u32 *)(r1 + 0) ;
 * exists (0:r3=0 /\\ 1:r3=0)`;
 * const [sc, x86] = [await litmus(test, { memory: "sc" }), await litmus(test, { memory: "x86" })];
 * if (sc.observation !== "Never" || x86.observation !== "Sometimes") throw new Error("stores wait in store buffers");
 * ```
 */
export async function litmus(test: string | LitmusFile, options: LitmusOptions = {}): Promise<LitmusReport> {
  const file = typeof test === "string" ? parseLitmus(test) : test, { memory = "bpf", bounds = {} } = options;
  const model = axiomaticModels[memory], named = { model: memory, under: model.title };
  const limits = limitsOf(bounds);
  let run: ModelRun;
  try {
    run = runUnderModel(file, model, limits);
    if (memory === "sc" && run.unknown !== undefined) throw new ModelRefusal(run.unknown);
  } catch (error) {
    if (!(error instanceof ModelRefusal) || memory !== "sc") throw error;
    return showable({ ...await runLitmus(file, bounds, { executions: true }), ...named });
  }
  return showable({ ...run, ...named, ...(options.explain === false ? {} : explain(file, run, model)) });
}

const showable = (report: Omit<LitmusReport, "toBundle">): LitmusReport => ({
  ...report,
  toBundle: () => ({ "text/plain": litmusReportText(report), "text/markdown": litmusMarkdown(report) }),
});

function limitsOf({ seconds, states }: Bounds): ExecutionLimits {
  const limits = executionLimits(seconds);
  return states === undefined ? limits : { ...limits, maxCandidates: states };
}

/** Why what sequential consistency forbids can be here, and what would mend it. */
function explain(file: LitmusFile, run: ModelRun, model: AxiomaticModel): Pick<LitmusReport, "witness" | "repairs"> {
  const wanted = file.quantifier === "forall" ? "failing" : "holding", candidate = run[wanted];
  if (!candidate || model.name === "sc") return {};
  const threads = litmusThreads(file), limits = executionLimits(REPAIR_MS / 1000);
  const happens = (under: AxiomaticModel, of = threads): TriedRepair["observation"] => {
    const { holding, failing, unknown } = runUnderModel(file, under, limits, of);
    if (wanted === "failing" ? failing : holding) return "Sometimes";
    return unknown === undefined ? "Never" : "Unknown";
  };
  // What an order of all accesses explains is no matter of memory ordering, whatever this execution looks like.
  if (happens(axiomaticModels.sc) !== "Never") return {};
  const witness = explainExecution(candidate, threads.threads, threads.memory, model);
  if (!witness) return {};
  const repairs = findRepairs(
    witness,
    threads.threads,
    (changed) => happens(model, { ...threads, threads: changed }),
    limits.until,
  );
  return { witness, repairs };
}
