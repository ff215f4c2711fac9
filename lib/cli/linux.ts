/** `linux FILE`: asks the running kernel's verifier, then runs a listing there. */
import { Command } from "commander";
import process from "node:process";
import { runOnLinux } from "../backends/linux/run.ts";
import { type KernelVerdict, linuxVerify } from "../backends/linux/verify.ts";
import { bpf } from "../compile/bpf.ts";
import type { BpfObject } from "../object/bpf_object.ts";
import { toJson } from "../report/json.ts";
import type { Workload } from "../workload/workload.ts";
import { count } from "./arguments.ts";
import { listingOptions } from "./listing_options.ts";
import { type RealMachineOptions, withRealMachineOptions } from "./machine_options.ts";
import { workloadOf } from "./workload_options.ts";
import { measuredText, withoutOutcomes } from "./measured_text.ts";

const CHECK_SAID_NO = 1;

export function command(): Command {
  return withRealMachineOptions(
    new Command("linux").summary("verify and run a listing on the running kernel (CAP_BPF, CAP_PERFMON)"),
  )
    .option("--max-map-bytes <n>", "most kernel memory of its maps together (default: 33554432)", count)
    .option("--verify-only", "ask the verifier and do not run")
    .action(async (file: string, options: RealMachineOptions & { verifyOnly?: boolean }) => {
      const { listing, rest: { json, verifyOnly, ...rest } } = listingOptions(options);
      const object = await bpf.file(file, listing), workload = await workloadOf(object, rest);
      const refused = verdicts(object, workload).find(({ verdict }) => verdict === "reject");
      if (refused) process.exitCode = CHECK_SAID_NO;
      const run = refused || verifyOnly ? undefined : await runOnLinux(object, workload);
      const { verdict, errno, errname, message } = refused ?? ACCEPTED;
      if (json) {
        process.stdout.write(toJson({ verdict, errno, errname, message, ...(run && withoutOutcomes(run)) }) + "\n");
      } else if (refused) {
        process.stdout.write(`${refused.log}\nThe kernel refuses ${refused.program}: ${message} (${errname})\n`);
      } else {
        process.stdout.write(`The kernel accepts ${object.name}.\n${run ? measuredText(run) + "\n" : ""}`);
      }
    });
}

const ACCEPTED = { verdict: "accept", errno: 0, errname: "", message: "" } as const;

function verdicts(object: BpfObject, { programs }: Pick<Workload, "programs">): KernelVerdict[] {
  if (!programs) return [linuxVerify(object)];
  return programs.map((run) => linuxVerify(object, { program: typeof run === "string" ? run : run.prog }));
}
