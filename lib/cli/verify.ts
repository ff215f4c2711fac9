/** `verify FILE`: what the kernel's verifier would say of a listing, without a kernel. */
import { Command, Option } from "commander";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { bpf, type BpfOptions } from "../compile/bpf.ts";
import type { BpfObject } from "../object/bpf_object.ts";
import { type Verdict, verify } from "../verifier/verify.ts";
import { verdictText, warningText } from "../verifier/verdict_text.ts";
import { recordedByRelease, recordedText } from "../verifier/recorded_text.ts";
import { type KernelRelease, NEWEST, RELEASES } from "../uapi/releases.ts";
import { names } from "./arguments.ts";
import { type ListingOptions, listingOptions, withListingOptions } from "./listing_options.ts";

/** Exit codes: every program accepted; one refused; the input is no program; of one there is no telling. */
const ACCEPTED = 0, REFUSED = 1, NO_PROGRAM = 2, UNSUPPORTED = 3;

interface Options {
  readonly json?: boolean;
  readonly kernel?: KernelRelease;
  readonly program?: string;
  readonly programs?: readonly string[];
  readonly log?: boolean;
  /** How the listing is compiled and loaded. */
  readonly listing?: BpfOptions;
}

export function command(): Command {
  return withListingOptions(new Command("verify"))
    .summary("what the kernel's verifier would say of a listing")
    .argument("<file>", "C listing (.c) or object file (.o), or - for standard input")
    .option("--json", "one line: verdict, errno, message")
    .addOption(
      new Option("--kernel <release>", "the kernel whose rules are followed, as far as its differences are known")
        .choices(RELEASES).default(NEWEST),
    )
    .option("--program <name>", "only this C function (default: every program, up to the first that is refused)")
    .option("--programs <names>", "only these C functions, separated by commas", names)
    .option("--log", "the log of a refused program, as the kernel prints it; of a long one its beginning and its end")
    .addHelpText(
      "after",
      "\nExit status: 0 accepted, 1 refused, 2 bad input, 3 not supported, so that there is no telling.",
    )
    .action(async (file: string, options: Options & ListingOptions) => {
      const { listing, rest } = listingOptions(options);
      process.exitCode = await run(file, { ...rest, listing });
    });
}

/** Verifies a file and prints what came of it; gives the exit code. */
export async function run(file: string, options: Options = {}): Promise<number> {
  let object: BpfObject, verdicts: Verdict[];
  try {
    object = await bpf.file(file, options.listing);
    const cpus = await possibleCpus(), named = options.programs ?? [options.program];
    verdicts = named.flatMap((program) => verify(object, { program, cpus, kernel: options.kernel }));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    return NO_PROGRAM;
  }
  const refused = verdicts.find((verdict) => verdict.verdict === "reject");
  const unknown = verdicts.find((verdict) => verdict.verdict === "unsupported");
  if (options.json) {
    const { verdict, errno, message } = refused ?? unknown ?? { verdict: "accept", errno: 0, message: "" };
    const warnings = verdicts.flatMap((verdict) => verdict.warnings.map(warningText));
    const said = {
      ...{ verdict, errno, message },
      ...(warnings.length > 0 ? { warnings } : {}),
      kernel: options.kernel ?? NEWEST,
      recorded: recordedByRelease(object, (refused ?? unknown ?? verdicts[0]).program),
    };
    process.stdout.write(JSON.stringify(said) + "\n");
  } else {
    const isColoured = process.stdout.isTTY === true && !process.env.NO_COLOR;
    for (const verdict of verdicts) {
      process.stdout.write(verdictText(verdict, isColoured));
      const recorded = recordedByRelease(object, verdict.program);
      // Of objects that are not the project's own nothing is recorded, which tells their authors nothing.
      if (Object.values(recorded).some(Boolean)) process.stdout.write(`  ${recordedText(recorded)}\n`);
    }
    if (options.log && refused?.writeLog) refused.writeLog((text) => process.stdout.write(text));
    else if (options.log && refused) process.stdout.write(refused.log);
  }
  return refused ? REFUSED : unknown ? UNSUPPORTED : ACCEPTED;
}

/** CPUs that the kernel of this machine counts with; undefined where it does not say. */
export async function possibleCpus(): Promise<number | undefined> {
  try {
    const last = /\d+$/.exec((await readFile("/sys/devices/system/cpu/possible", "utf8")).trim());
    return last ? Number(last[0]) + 1 : undefined;
  } catch {
    return undefined;
  }
}
