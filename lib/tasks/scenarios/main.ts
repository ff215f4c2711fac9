/**
 * `deno task scenarios`: random small scenarios, each searched and run on the running kernel many times. An outcome that
 * the kernel shows and the search does not know ends the task with status 1, its seed, and a cell that replays it.
 */
import type { Command } from "commander";
import process from "node:process";
import { type Commander, runTask, wholeNumber } from "../task.ts";
import { holdScenarios, summaryOf } from "./hold.ts";
import { whyNoRuns } from "./kernel_runs.ts";

/** Scenarios between two lines of progress. */
const PROGRESS = 1000;

interface Options {
  readonly scenarios: number;
  readonly seed: number;
  readonly runs: number;
}

async function scenarios({ scenarios: count, seed, runs }: Options): Promise<void> {
  const reason = whyNoRuns();
  if (reason) {
    console.error(`scenarios need the running kernel: ${reason}`);
    process.exitCode = 2;
    return;
  }
  console.log(`seeds ${seed} to ${seed + count - 1}`);
  let told = 0;
  const held = await holdScenarios({ first: seed, count }, runs, {
    onScenario(held) {
      for (; told < held.faults.length; told++) console.log(held.faults[told]);
      if (held.scenarios % PROGRESS === 0) console.log(summaryOf(held));
    },
  });
  console.log(summaryOf(held));
  if (held.faults.length > 0) process.exitCode = 1;
}

/** The task's command line. */
export function command(commander: Commander): Command {
  const number = (least: number) => wholeNumber(commander, least);
  return new commander.Command("deno task scenarios")
    .description(
      "Draws random small scenarios, searches each and runs it on the running kernel many times: what ends as no schedule " +
        "does is printed with its seed and a cell that replays it.",
    )
    .option("--scenarios <n>", "how many", number(1), 100_000)
    .option("--seed <n>", "the first one's seed; the others follow", number(0), Date.now() % 1_000_000_000)
    .option("--runs <n>", "runs of each on the kernel", number(1), 300)
    .action(scenarios);
}

if (import.meta.main) await runTask(command);
