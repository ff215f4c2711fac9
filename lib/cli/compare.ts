/** `compare FILE`: a listing on all three machines, side by side. */
import { Command } from "commander";
import process from "node:process";
import { compare } from "../backends/compare.ts";
import { bpf } from "../compile/bpf.ts";
import { toJson } from "../report/json.ts";
import type { MemoryModel } from "../workload/memory_model.ts";
import { count } from "./arguments.ts";
import { listingOptions } from "./listing_options.ts";
import { type RealMachineOptions, withRealMachineOptions } from "./machine_options.ts";
import { workloadOf } from "./workload_options.ts";

const CHECK_SAID_NO = 1;

export function command(): Command {
  return withRealMachineOptions(new Command("compare").summary("a listing on all three machines, side by side"))
    .option("--memory <model>", "of the simulator: x86 (default: total store order), or sc (an idealisation)")
    .option("--seed <n>", "seed of the simulator's schedule", count, 1)
    .action(async (file: string, options: RealMachineOptions & { seed: number; memory?: MemoryModel }) => {
      const { listing, rest: { json, ...rest } } = listingOptions(options);
      const object = await bpf.file(file, listing), comparison = await compare(object, await workloadOf(object, rest));
      process.stdout.write((json ? toJson(comparison) : comparison.toString()) + "\n");
      if (!comparison.agree) process.exitCode = CHECK_SAID_NO;
    });
}
