/** How much of its programs a workload reaches, whatever the schedule: seeds are tried until none shows more. */
import { UnsupportedError } from "../bpf_helpers/gaps.ts";
import type { BpfObject } from "../object/bpf_object.ts";
import { type Coverage, coverageLines } from "../report/coverage.ts";
import { codeCoverage, marksOf } from "../search/coverage.ts";
import { plan } from "../workload/plan.ts";
import { withFilledMaps } from "../schedulers/filled_maps.ts";
import type { SimulateOptions } from "./simulate_options.ts";
import { SimulatedRun } from "./simulated_run.ts";

/** Seeds in a row that show nothing new before the search for more ends, and seeds in all. */
const FRUITLESS_SEEDS = 8, MOST_SEEDS = 200;
/** Runs on each CPU: each kind of packet twice. */
const INVOCATIONS = 18;

/** What a workload reaches. */
export interface Reach {
  /** Names of the programs that ran. */
  readonly programs: readonly string[];
  /** Seeds that were tried, from 1 on, and the last of them that reached something new. */
  readonly seeds: number;
  /** The last seed that reached something new; 0 where none did. */
  readonly lastFruitful: number;
  /** What all of these runs together reached. */
  readonly coverage: Coverage;
  /** Why runs ended early, once for each reason, with the first seed that led there. */
  readonly ended: readonly { readonly seed: number; readonly why: string }[];
}

/**
 * Runs a workload with one seed after another (of the schedule, of random numbers, of what the kernel leaves open) until
 * eight in a row take no branch another way than it went before.
 *
 * @param options as for `simulate`; default 18 invocations on each CPU
 * @throws WorkloadError for options that can't be
 * @throws RefusedError for a program that the kernel would not load
 *
 * @example
 * ```ts
 * import { bpf, reach } from "interleave";
 * const rare = await bpf`int heads, tails;
 * SEC("tc") int toss(void *ctx) { if (bpf_get_prandom_u32() & 1) heads++; else tails++; return 0; }`;
 * const { coverage } = await reach(rare);
 * if (coverage.branches.ran !== 2) throw new Error("both ways were taken");
 * ```
 */
export function reach(object: BpfObject, options: SimulateOptions = {}): Promise<Reach> {
  const planned = plan(object, { invocations: INVOCATIONS, ...options }), ended: { seed: number; why: string }[] = [];
  let marks: Uint8Array | undefined, coverage: Coverage | undefined, ways = -1, lastFruitful = 0, seeds = 0;
  const end = (seed: number, why: string) => {
    if (!ended.some((known) => known.why === why)) ended.push({ seed, why });
  };
  while (seeds < MOST_SEEDS && seeds - lastFruitful < FRUITLESS_SEEDS) {
    const seed = ++seeds;
    try {
      const { machine } = new SimulatedRun(withFilledMaps(planned, { ...options, seed }), { ...options, seed }).run(),
        own = marksOf(machine);
      if (machine.fault) end(seed, machine.fault.message);
      const joined: Uint8Array = marks ??= own.slice();
      own.forEach((mark, at) => joined[at] |= mark);
      coverage = codeCoverage(machine.image, joined, machine.tasks.length, planned.object);
    } catch (error) {
      if (!(error instanceof UnsupportedError)) throw error;
      end(seed, error.message);
    }
    const reached = coverage ? coverage.branches.ran + coverage.insns.ran : 0;
    if (reached <= ways) continue;
    ways = reached;
    lastFruitful = seed;
  }
  const programs = planned.programs.map(({ name }) => name);
  const nothing: Coverage = {
    contexts: planned.tasks.length,
    lines: { ran: 0, all: 0 },
    insns: { ran: 0, all: planned.programs.reduce((sum, { insns }) => sum + insns.length, 0) },
    branches: { ran: 0, all: 0 },
    linesNeverRun: [],
    oneWay: [],
  };
  return Promise.resolve({ programs, seeds, lastFruitful, coverage: coverage ?? nothing, ended });
}

/** The same as text. */
export function reachText({ programs, seeds, lastFruitful, coverage, ended }: Reach): string {
  return [
    `${programs.join(", ")}: ${seeds} seeds, the last that reached something new was ${lastFruitful}`,
    ...coverageLines(coverage).map((line) => `  ${line}`),
    ...ended.map(({ seed, why }) => `  with seed ${seed} a run ended early: ${why.replaceAll("\n", "\n  ")}`),
  ].join("\n");
}
