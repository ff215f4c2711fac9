/** `check FILE...`: the races of listings and objects, for people, for editors and for CI. */
import { Command, InvalidArgumentError, Option } from "commander";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import process from "node:process";
import { fingerprint } from "../check/finding.ts";
import { findRaces, Races } from "../check/find_races.ts";
import { racesJson, racesJunit, racesSarif, SCHEMA } from "../check/race_json.ts";
import { racesText } from "../check/race_text.ts";
import { tableJson } from "../check/table_text.ts";
import type { UserPart } from "../check/user_part.ts";
import { witnessFile } from "../check/witness_file.ts";
import { bpf } from "../compile/bpf.ts";
import { InputError } from "../compile/read_input.ts";
import { toJson } from "../report/json.ts";
import type { Workload } from "../workload/workload.ts";
import { workloadFile } from "../workload/workload_file.ts";
import { count, names } from "./arguments.ts";
import { type ListingOptions, listingOptions, withListingOptions } from "./listing_options.ts";

interface Options extends ListingOptions {
  readonly table?: boolean;
  readonly json?: boolean;
  readonly sarif?: boolean;
  readonly junit?: boolean;
  readonly output?: string;
  readonly baseline?: string;
  readonly witness?: string;
  readonly user?: string;
  readonly programs?: readonly string[];
  readonly witnesses: boolean;
  readonly states?: number;
  readonly seconds?: number;
}

/** A bound of 0 would end a search before it begins. */
function positive(text: string): number {
  const value = count(text);
  if (value === 0) throw new InvalidArgumentError("a number above 0 is needed");
  return value;
}

export function command(): Command {
  return withListingOptions(new Command("check"))
    .summary("the races of objects, each with a witness")
    .argument("<file...>", "C listings (.c) or object files (.o)")
    .option("--table", "who touches which field how, and no search")
    .addOption(new Option("--json", "findings as JSON (schema 1)").conflicts(["sarif", "junit"]))
    .addOption(new Option("--sarif", "findings as SARIF 2.1.0").conflicts(["junit", "table"]))
    .addOption(new Option("--junit", "findings as JUnit's XML").conflicts("table"))
    .option("-o, --output <file>", "write the JSON, SARIF or JUnit there, and the findings as text to standard output")
    .option("--baseline <file>", "leave out what this output of --json holds")
    .option("--witness <folder>", "write each witness there, for replay, with the object that it is of")
    .option("--user <file>", "user space's part, a workload file with user and prepare: its calls are looked at too")
    .option("--programs <names>", "only these C functions, separated by commas", names)
    .option("--no-witnesses", "do not search for schedules that show the races")
    .option("--states <n>", "states of one search for a witness (default: 100,000)", positive)
    .option("--seconds <n>", "seconds of one search for a witness (default: 10)", positive)
    .addHelpText(
      "after",
      "\nExit status: 0 nothing found, 1 a race with a witness, 2 bad input, 3 not decided within the bounds." +
        "\nA listing allows a race by a comment on its line or the one before, with a reason:" +
        "\n  // interleave: allow lost-update, a statistic",
    )
    .action(async (files: readonly string[], options: Options) => {
      process.exitCode = await run(files, options);
    });
}

async function run(files: readonly string[], options: Options): Promise<number> {
  const { listing, rest } = listingOptions(options);
  const { table, json, sarif, junit, output, baseline, witness, user, programs, witnesses, states, seconds } = rest;
  const part = user === undefined ? {} : userPart(user, await workloadFile(user));
  const known = baseline === undefined ? new Set<string>() : await readBaseline(baseline);
  const bounds = { ...(states === undefined ? {} : { states }), ...(seconds === undefined ? {} : { seconds }) };
  if (output !== undefined && !json && !sarif && !junit) {
    throw new InputError("--output takes what --json, --sarif or --junit writes: give one of them");
  }
  const isText = !table && (output !== undefined || !json && !sarif && !junit),
    isColoured = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const all: Races[] = [];
  for (const file of files) {
    const object = await bpf.file(file, listing);
    const found = await findRaces(object, {
      ...(programs ? { programs } : {}),
      witnesses: witnesses && !table,
      bounds,
      ...part,
    });
    const races = new Races(found.accesses, found.findings.filter((one) => !known.has(fingerprint(one))));
    all.push(races);
    if (witness !== undefined) await writeWitnesses(witness, races);
    if (isText) process.stdout.write(racesText(races, isColoured));
    if (table && !json) process.stdout.write(races.table());
  }
  const objects = all.map((one) => ({ ...racesJson(one), ...(table ? { table: tableJson(one.accesses) } : {}) }));
  const written = json
    ? toJson({ schema: SCHEMA, objects }) + "\n"
    : sarif
    ? toJson(racesSarif(all)) + "\n"
    : junit
    ? racesJunit(all)
    : "";
  if (output === undefined) process.stdout.write(written);
  else await writeFile(output, written);
  if (table) return 0;
  const codes: readonly number[] = all.map(({ exitCode }) => exitCode);
  return codes.includes(1) ? 1 : Math.max(0, ...codes);
}

/** Fingerprints of what an earlier `check --json` found. */
async function readBaseline(file: string): Promise<Set<string>> {
  const wrong = (why: string) => new InputError(`the baseline ${file} ${why}: write it with check --json > ${file}`);
  let read: { schema?: unknown; objects?: { findings?: { fingerprint?: unknown }[] }[] };
  try {
    read = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw wrong(error instanceof SyntaxError ? "is no JSON" : "cannot be read");
  }
  if (read?.schema !== SCHEMA || !Array.isArray(read.objects)) throw wrong(`is none of schema ${SCHEMA}`);
  return new Set(read.objects.flatMap(({ findings }) => (findings ?? []).map((one) => String(one.fingerprint))));
}

/** Of a workload file what user space does. */
function userPart(file: string, { user, prepare }: Workload): UserPart {
  if (!user) throw new InputError(`${file} says nothing of user space: it has no list "user" of actors`);
  return { user, ...(prepare ? { prepare } : {}) };
}

/** A file for each confirmed race, and the object beside them. */
async function writeWitnesses(folder: string, { confirmed, accesses: { object } }: Races): Promise<void> {
  if (confirmed.length === 0) return;
  const stem = basename(object.name).replace(/(\.bpf)?\.\w+$/, ""), file = `${stem}.o`;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, file), object.bytes);
  for (const [at, finding] of confirmed.entries()) {
    const path = join(folder, `${stem}-${at}-${finding.name}.json`);
    await writeFile(path, toJson(witnessFile(finding, file)) + "\n");
  }
}
