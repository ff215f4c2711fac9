/** `simulate FILE`: runs a listing's programs on simulated CPUs. */
import { Command } from "commander";
import process from "node:process";
import { simulate } from "../backends/simulator.ts";
import { bpf } from "../compile/bpf.ts";
import { toJson } from "../report/json.ts";
import { resultText } from "../report/text.ts";
import { count, names } from "./arguments.ts";
import { listingOptions, withListingOptions } from "./listing_options.ts";

const CHECK_SAID_NO = 1;

export function command(): Command {
  return withListingOptions(new Command("simulate"))
    .summary("run a listing on simulated CPUs")
    .argument("<file>", "C listing (.c) or object file (.o)")
    .option("--cpus <n>", "number of CPUs, 1 to 512", count, 2)
    .option("--invocations <n>", "runs on each CPU", count, 1000)
    .option("--seed <n>", "seed of the schedule", count, 1)
    .option("--scheduler <name>", "random (default), round_robin, pct or clock")
    .option("--profile <name>", "run at the pace of a machine: a cost profile's name or file")
    .option("--programs <names>", "which programs run, separated by commas (default: the only one)", names)
    .option("--memory <model>", "x86 (default: total store order), or sc (an idealisation)")
    .option("--no-verify", "run even what the kernel would refuse")
    .option("--json", "the result as JSON")
    .action(async (file: string, options) => {
      const { listing, rest: { json, ...workload } } = listingOptions(options);
      const run = await simulate(await bpf.file(file, listing), workload);
      process.stdout.write((json ? toJson(run) : resultText(run)) + "\n");
      if (run.fault) process.exitCode = CHECK_SAID_NO;
    });
}
