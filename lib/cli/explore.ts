/** `explore FILE`: visits every schedule of a listing's programs. */
import { Command, Option } from "commander";
import process from "node:process";
import { bpf } from "../compile/bpf.ts";
import { explorationText } from "../report/exploration_text.ts";
import { toJson } from "../report/json.ts";
import { explore } from "../search/explore.ts";
import { count } from "./arguments.ts";
import { parseHolds } from "./holds.ts";
import { listingOptions, withListingOptions } from "./listing_options.ts";
import { withWorkloadOptions, workloadOf, type WorkloadOptions } from "./workload_options.ts";

const CHECK_SAID_NO = 1, NOT_DECIDED = 3;

/** Exit status for what was expected of the anomaly; undefined where nothing was. */
function judged(observation: string, expected: "never" | "sometimes" | undefined): number | undefined {
  if (!expected) return undefined;
  if (observation === "Unknown") return NOT_DECIDED;
  return (observation === "Never") === (expected === "never") ? 0 : CHECK_SAID_NO;
}

export function command(): Command {
  return withWorkloadOptions(withListingOptions(new Command("explore")))
    .summary("visit every schedule")
    .argument("<file>", "C listing (.c) or object file (.o), or - for standard input")
    .option("--cpus <n>", "number of CPUs (default: 2)", count)
    .option("--invocations <n>", "runs on each CPU (default: 1)", count)
    .option("--states <n>", "stop after so many states", count)
    .option("--seconds <n>", "stop after so many seconds", count)
    .option("--workers <n>", "threads that share a large search (default: one for each core)", count)
    .option("--no-symmetry", "count states that differ only in which CPU is which")
    .option("--no-reduction", "try every order of operations on disjoint data")
    .option("--memory <model>", "x86 (default: total store order), sc (an idealisation), or bpf (any machine)")
    .option("--no-verify", "explore even what the kernel would refuse")
    .option("--holds <expression>", "what is to be true of every final state: 'counter == 2 && errors < 1'", parseHolds)
    .addOption(
      new Option("--expect <observation>", "what the exit status is judged by (default with --holds: never)").choices([
        "never",
        "sometimes",
      ]),
    )
    .option("--json", "the result as JSON")
    .addHelpText(
      "after",
      "\nExit status: 0 done, 1 a deadlock, fault or livelock, 2 bad input. With --expect or --holds: 0 as expected," +
        "\n1 not so, 2 bad input, 3 not decided within the bounds.",
    )
    .action(async (file: string, options) => {
      const { listing, rest: { json, states, seconds, expect, holds, ...rest } } = listingOptions(options);
      const object = await bpf.file(file, listing), workload = await workloadOf(object, rest as WorkloadOptions);
      const found = await explore(object, { ...workload, ...(holds && { holds }), bounds: { states, seconds } });
      process.stdout.write((json ? toJson(found) : explorationText(found)) + "\n");
      const code = judged(found.observation, expect ?? (holds ? "never" : undefined));
      process.exitCode = code ?? (found.stuck.length > 0 ? CHECK_SAID_NO : 0);
    });
}
