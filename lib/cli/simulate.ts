/** `simulate FILE`: runs a listing's programs on simulated CPUs. */
import { Command } from "commander";
import process from "node:process";
import { simulate } from "../backends/simulator.ts";
import { bpf } from "../compile/bpf.ts";
import { toJson } from "../report/json.ts";
import { resultText } from "../report/text.ts";
import { reach, reachText } from "../backends/reach.ts";
import { count } from "./arguments.ts";
import { listingOptions, withListingOptions } from "./listing_options.ts";
import { withWorkloadOptions, workloadOf, type WorkloadOptions } from "./workload_options.ts";

const CHECK_SAID_NO = 1;

export function command(): Command {
  return withWorkloadOptions(withListingOptions(new Command("simulate")))
    .summary("run a listing on simulated CPUs")
    .argument("<file>", "C listing (.c) or object file (.o), or - for standard input")
    .option("--cpus <n>", "number of CPUs, 1 to 512 (default: 2)", count)
    .option("--invocations <n>", "runs on each CPU (default: 1000)", count)
    .option("--seed <n>", "seed of the schedule", count, 1)
    .option("--scheduler <name>", "random (default), round_robin, pct or clock")
    .option("--profile <name>", "run at the pace of a machine: a cost profile's name or file")
    .option("--memory <model>", "x86 (default: total store order), or sc (an idealisation)")
    .option("--verify", "run only what the 6.18 kernel is known to load")
    .option("--no-verify", "run even what the kernel would refuse")
    .option("--reach", "only what is reached: one seed after another, until none takes a branch another way")
    .option("--json", "the result as JSON")
    .action(async (file: string, options) => {
      const { listing, rest: { json, reach: onlyReach, ...rest } } = listingOptions(options);
      const object = await bpf.file(file, listing), workload = await workloadOf(object, rest as WorkloadOptions);
      if (onlyReach) {
        const reached = await reach(object, workload);
        process.stdout.write((json ? toJson(reached) : reachText(reached)) + "\n");
        return;
      }
      const run = await simulate(object, workload);
      process.stdout.write((json ? toJson(run) : resultText(run)) + "\n");
      if (run.fault) process.exitCode = CHECK_SAID_NO;
    });
}
