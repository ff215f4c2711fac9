/** `replay FILE`: runs the witness of a finding of `check` again. */
import { Command } from "commander";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { type ReadWitness, readWitness, type Replayed, replayWitness } from "../check/witness_file.ts";
import type { UserPart } from "../check/user_part.ts";
import { bpf } from "../compile/bpf.ts";
import { InputError } from "../compile/read_input.ts";
import { toJson } from "../report/json.ts";
import { witnessTable } from "../report/witness_table.ts";
import { workloadFile } from "../workload/workload_file.ts";
import { count } from "./arguments.ts";
import { type ListingOptions, listingOptions, withListingOptions } from "./listing_options.ts";

const CHECK_SAID_NO = 1;

interface Options extends ListingOptions {
  readonly finding?: number;
  readonly user?: string;
  readonly json?: boolean;
}

export function command(): Command {
  return withListingOptions(new Command("replay"))
    .summary("a witness of check, step by step")
    .argument("<file>", "a file of check --witness, or an output of check --json")
    .argument("[object]", "the object or listing that it is of (default: the one beside the file that it names)")
    .option("--finding <n>", "which confirmed finding of an output of check --json, from 0", count)
    .option("--user <file>", "user space's part, as for check")
    .option("--json", "the steps as JSON")
    .addHelpText("after", "\nExit status: 0 as recorded, 1 other steps than recorded, 2 bad input.")
    .action(async (file: string, object: string | undefined, options: Options) => {
      process.exitCode = await run(file, object, options);
    });
}

async function run(file: string, given: string | undefined, options: Options): Promise<number> {
  const { listing, rest: { finding, user, json } } = listingOptions(options), read = await readFrom(file, finding);
  const object = await bpf.file(given ?? join(dirname(file), read.object), listing);
  const part: UserPart = user === undefined ? {} : await workloadFile(user);
  if (read.witness.workload.user && !part.user) {
    throw new InputError(`the witness of ${file} has user space take part: give --user FILE, as for check`);
  }
  let replayed: Replayed;
  try {
    replayed = await replayWitness(object, read.witness, part);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    process.stdout.write(`not as recorded, the object is another one: ${error.message}\n`);
    return CHECK_SAID_NO;
  }
  const { same, trace, what } = replayed, { name, field, reason, witness } = read;
  if (json) process.stdout.write(toJson({ name, field, same, what, trace }) + "\n");
  else {
    const steps = trace.length > 0 ? witnessTable(trace) : what;
    const end = same ? "as recorded" : "not as recorded, the object is another one; recorded was:\n" + witness.what;
    process.stdout.write(`${name} of ${field}: ${reason}\n${witness.how}\n\n${steps}\n\n${end}\n`);
  }
  return same ? 0 : CHECK_SAID_NO;
}

async function readFrom(file: string, finding: number | undefined): Promise<ReadWitness> {
  const text = await readFile(file, "utf8");
  try {
    return readWitness(text, finding);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InputError(`${file} ${error.message.replace("say which", "say which by --finding")}`);
  }
}
