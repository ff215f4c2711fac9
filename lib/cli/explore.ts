/** `explore FILE`: visits every schedule of a listing's programs. */
import { Command } from "commander";
import process from "node:process";
import { bpf } from "../compile/bpf.ts";
import { explorationText } from "../report/exploration_text.ts";
import { toJson } from "../report/json.ts";
import { explore } from "../search/explore.ts";
import { count, names } from "./arguments.ts";
import { listingOptions, withListingOptions } from "./listing_options.ts";

const CHECK_SAID_NO = 1;

export function command(): Command {
  return withListingOptions(new Command("explore"))
    .summary("visit every schedule")
    .argument("<file>", "C listing (.c) or object file (.o)")
    .option("--cpus <n>", "number of CPUs", count, 2)
    .option("--invocations <n>", "runs on each CPU", count, 1)
    .option("--programs <names>", "which programs run, separated by commas (default: the only one)", names)
    .option("--states <n>", "stop after so many states", count)
    .option("--seconds <n>", "stop after so many seconds", count)
    .option("--no-symmetry", "count states that differ only in which CPU is which")
    .option("--no-reduction", "try every order of operations on disjoint data")
    .option("--memory <model>", "x86 (default: total store order), or sc (an idealisation)")
    .option("--no-verify", "explore even what the kernel would refuse")
    .option("--json", "the result as JSON")
    .action(async (file: string, options) => {
      const { listing, rest: { json, states, seconds, ...workload } } = listingOptions(options);
      const found = await explore(await bpf.file(file, listing), { ...workload, bounds: { states, seconds } });
      process.stdout.write((json ? toJson(found) : explorationText(found)) + "\n");
      if (found.stuck.length > 0) process.exitCode = CHECK_SAID_NO;
    });
}
