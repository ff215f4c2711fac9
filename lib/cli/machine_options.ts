/** Options that every command for a real machine takes. */
import type { Command } from "commander";
import type { MeasureOptions } from "../backends/measure.ts";
import type { Workload } from "../workload/workload.ts";
import { count, names } from "./arguments.ts";
import { type ListingOptions, withListingOptions } from "./listing_options.ts";

/** What the options come to. */
export interface RealMachineOptions
  extends ListingOptions, MeasureOptions, Pick<Workload, "cpus" | "invocations" | "programs"> {
  readonly json?: boolean;
}

/** Adds the argument and the options to a command. */
export const withRealMachineOptions = (command: Command): Command =>
  withListingOptions(command)
    .argument("<file>", "C listing (.c) or object file (.o)")
    .option("--cpus <n>", "number of CPUs; no more are used than there are", count, 2)
    .option("--invocations <n>", "runs on each CPU; raised until a run takes some milliseconds", count, 1000)
    .option("--programs <names>", "which programs run, separated by commas (default: the only one)", names)
    .option("--json", "the result as JSON");
