/** `explore FILE`: visits every schedule of a listing's programs. */
import { Command, Option } from "commander";
import process from "node:process";
import { bpf } from "../compile/bpf.ts";
import { readInput } from "../compile/read_input.ts";
import { explorationText } from "../report/exploration_text.ts";
import { toJson } from "../report/json.ts";
import { explore } from "../search/explore.ts";
import { type ExploredShard, exploreShard, mergeExplored } from "../search/explore_shards.ts";
import { parseShard } from "../sweeps/seed_grid.ts";
import { openSearch, sealSearch } from "../sweeps/shard_file.ts";
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

const readShard = async (file: string): Promise<ExploredShard> =>
  openSearch(new TextDecoder().decode(await readInput(file)), file);

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
    .option("--verify", "run only what the 6.18 kernel is known to load")
    .option("--no-verify", "explore even what the kernel would refuse")
    .option("--holds <expression>", "what is to be true of every final state: 'counter == 2 && errors < 1'", parseHolds)
    .addOption(
      new Option("--expect <observation>", "what the exit status is judged by (default with --holds: never)").choices([
        "never",
        "sometimes",
      ]),
    )
    .option("--shard <i/n>", "only the i-th of n parts, from 1; prints JSON to be merged", parseShard)
    .option("--merge <files...>", "put shards together; give the other options as they were searched with")
    .option("--json", "the result as JSON")
    .addHelpText(
      "after",
      "\nExit status: 0 done, 1 a deadlock, fault or livelock, 2 bad input. With --expect or --holds: 0 as expected," +
        "\n1 not so, 2 bad input, 3 not decided within the bounds.",
    )
    .action(async (file: string, options) => {
      const { listing, rest: { json, states, seconds, expect, holds, shard, merge, ...rest } } = listingOptions(
        options,
      );
      const object = await bpf.file(file, listing), workload = await workloadOf(object, rest as WorkloadOptions);
      const asked = { ...workload, ...(holds && { holds }), bounds: { states, seconds } };
      if (shard) {
        process.stdout.write(sealSearch(await exploreShard(object, asked, shard)) + "\n");
        return;
      }
      const found = merge
        ? await mergeExplored(object, asked, await Promise.all((merge as string[]).map(readShard)))
        : await explore(object, asked);
      process.stdout.write((json ? toJson(found) : explorationText(found)) + "\n");
      const code = judged(found.observation, expect ?? (holds ? "never" : undefined));
      process.exitCode = code ?? (found.stuck.length > 0 ? CHECK_SAID_NO : 0);
    });
}
