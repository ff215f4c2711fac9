/**
 * A litmus test under a memory model: by its axioms, which is fast, knows executions and says what is missing; where
 * that cannot be (parts of variables, or more executions than there is time for) and the model is sequential
 * consistency, by every schedule of the simulated machine.
 */
import { type ExecutionLimits, executionLimits } from "../memory_model/executions.ts";
import { explainExecution } from "../memory_model/explain.ts";
import type { AxiomaticModel } from "../memory_model/model.ts";
import { axiomaticModels } from "../memory_model/models.ts";
import { findRepairs, type TriedRepair } from "../memory_model/repair.ts";
import { ModelRefusal } from "../memory_model/thread_code.ts";
import type { Bounds } from "../exploration.ts";
import type { LitmusOptions, LitmusReport } from "./litmus.ts";
import type { LitmusFile } from "./litmus_file.ts";
import { litmusThreads } from "./litmus_threads.ts";
import { type ModelRun, runUnderModel } from "./model_run.ts";
import { parseLitmus } from "./parse.ts";
import { litmusMarkdown, litmusReportText } from "./report.ts";
import { runLitmus } from "./run.ts";

/** Time for repairs, each of which is a run of the whole test. */
const REPAIR_MS = 3000;

/** What `litmus` does. */
export async function judge(test: string | LitmusFile, options: LitmusOptions): Promise<LitmusReport> {
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
