/** `threads FILE`: runs a listing on parallel threads of this computer. */
import { Command } from "commander";
import process from "node:process";
import { threads } from "../backends/threads/run.ts";
import { bpf } from "../compile/bpf.ts";
import { toJson } from "../report/json.ts";
import { listingOptions } from "./listing_options.ts";
import { type RealMachineOptions, withRealMachineOptions } from "./machine_options.ts";
import { workloadOf } from "./workload_options.ts";
import { measuredText, withoutOutcomes } from "./measured_text.ts";

export function command(): Command {
  return withRealMachineOptions(new Command("threads").summary("run a listing on real threads of this computer"))
    .action(async (file: string, options: RealMachineOptions) => {
      const { listing, rest: { json, ...rest } } = listingOptions(options);
      const object = await bpf.file(file, listing), run = await threads(object, await workloadOf(object, rest));
      process.stdout.write((json ? toJson(withoutOutcomes(run)) : measuredText(run)) + "\n");
    });
}
