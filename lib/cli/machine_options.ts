/** Options that every command for a real machine takes. */
import type { Command } from "commander";
import type { MeasureOptions } from "../backends/measure.ts";
import { count } from "./arguments.ts";
import { type ListingOptions, withListingOptions } from "./listing_options.ts";
import { withWorkloadOptions, type WorkloadOptions } from "./workload_options.ts";

/** What the options come to. */
export interface RealMachineOptions
  extends ListingOptions, Omit<MeasureOptions, keyof WorkloadOptions>, WorkloadOptions {
  readonly json?: boolean;
}

/** Adds the argument and the options to a command. */
export const withRealMachineOptions = (command: Command): Command =>
  withWorkloadOptions(withListingOptions(command))
    .argument("<file>", "C listing (.c) or object file (.o), or - for standard input")
    .option("--cpus <n>", "number of CPUs; no more are used than there are (default: 2)", count)
    .option("--invocations <n>", "runs on each CPU; raised until a run takes some milliseconds (default: 1000)", count)
    .option("--json", "the result as JSON");
