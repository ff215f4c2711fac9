/** Holds scenarios against the running kernel: each outcome that it shows has to be among those that the search found. */
import { fileURLToPath } from "node:url";
import { readFileSync } from "node:fs";
import { bpf } from "../../compile/bpf.ts";
import { drawScenario } from "./draw.ts";
import { KernelRuns } from "./kernel_runs.ts";
import { predict } from "./predict.ts";
import { cellOfScenario } from "./replay.ts";

const LISTING = fileURLToPath(new URL("./maps.bpf.c", import.meta.url));

/** Figures of many scenarios. */
export interface Held {
  scenarios: number;
  /** Those whose search was too large, which were not run. */
  unfinished: number;
  /** Runs on the kernel, outcomes that were predicted, and those of them that were seen. */
  runs: number;
  predicted: number;
  seen: number;
  states: number;
  predictMs: number;
  kernelMs: number;
  /** What is wrong, each with its seed and the cell that replays it. */
  readonly faults: string[];
}

/**
 * Draws a scenario from each seed, searches it and runs it.
 *
 * @param seeds the first seed, and how many
 * @param runs how often each scenario runs on the kernel
 * @param until milliseconds of performance.now() at which to stop with what there is
 */
export async function holdScenarios(
  seeds: { readonly first: number; readonly count: number },
  runs: number,
  { until = Infinity, onScenario }: { until?: number; onScenario?: (held: Held) => void } = {},
): Promise<Held> {
  const all = await bpf.file(LISTING), maps = readFileSync(LISTING, "utf8");
  using kernel = await KernelRuns.start(all);
  const held: Held = {
    scenarios: 0,
    unfinished: 0,
    runs: 0,
    predicted: 0,
    seen: 0,
    states: 0,
    predictMs: 0,
    kernelMs: 0,
    faults: [],
  };
  for (let seed = seeds.first; seed < seeds.first + seeds.count && performance.now() < until; seed++) {
    const scenario = drawScenario(seed), began = performance.now();
    const { outcomes, states, unfinished, stuck } = await predict(scenario, all, kernel.possibleCpus);
    const searched = performance.now();
    const found = unfinished ? new Map<string, number>() : await kernel.run(scenario, runs);
    held.scenarios++;
    held.predictMs += searched - began;
    held.kernelMs += performance.now() - searched;
    held.states += states;
    const outside = [...found].filter(([text]) => !outcomes.has(text));
    if (unfinished) held.unfinished++;
    else {
      held.runs += runs;
      held.predicted += outcomes.size;
      held.seen += found.size - outside.length;
    }
    if (outside.length > 0 || stuck.length > 0) {
      held.faults.push([
        `seed ${seed}:`,
        ...stuck.map((message) => `the search finds an end that no schedule should have: ${message}`),
        ...outside.map(([text, times]) => `seen ${times} times in ${runs} runs, and not predicted:\n${text}`),
        `predicted:\n${[...outcomes].join("\n--\n")}`,
        cellOfScenario(scenario, maps, kernel.possibleCpus),
      ].join("\n"));
    }
    onScenario?.(held);
  }
  return held;
}

/** The figures in one line. */
export function summaryOf({ scenarios, unfinished, runs, predicted, seen, predictMs, kernelMs, faults }: Held): string {
  const share = predicted === 0 ? 0 : Math.round(100 * seen / predicted), per = Math.max(1, scenarios);
  return `${scenarios} scenarios (${unfinished} too large to search), ${runs} runs on the kernel, ` +
    `${seen} of ${predicted} predicted outcomes seen (${share} %), ${faults.length} with an outcome that was not predicted; ` +
    `${(predictMs / per).toFixed(1)} ms of search and ${(kernelMs / per).toFixed(1)} ms of runs for each`;
}
