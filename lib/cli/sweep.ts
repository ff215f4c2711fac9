/** `sweep FILE`: many runs over CPUs, invocations and seeds, or many searches; whole, in shards, or merged from shards. */
import { Command, InvalidArgumentError, Option } from "commander";
import process from "node:process";
import { mergeSweeps, parseShard, type Sweep, sweep, type SweepOptions } from "../sweeps/seed_grid.ts";
import { openSweep, sealSweep } from "../sweeps/shard_file.ts";
import { bpf } from "../compile/bpf.ts";
import { readInput } from "../compile/read_input.ts";
import { textTable } from "../report/text_table.ts";
import { count, names } from "./arguments.ts";
import { type ListingOptions, listingOptions, withListingOptions } from "./listing_options.ts";
import { withPrograms } from "./workload_options.ts";

const numbers = (text: string): number[] => names(text).map(count);

function range(text: string): [number, number] {
  const match = /^(\d+)(?:\.\.|-)(\d+)$/.exec(text);
  if (!match) throw new InvalidArgumentError("two numbers are needed: 1..100");
  return [Number(match[1]), Number(match[2])];
}

interface SweepCommandOptions extends ListingOptions, SweepOptions {
  readonly json?: boolean;
  readonly merge?: boolean;
}

export function command(): Command {
  return withPrograms(withListingOptions(new Command("sweep")))
    .summary("many runs or searches over a grid, in shards that merge")
    .argument("<files...>", "C listing or object file; with --merge, the JSON of shards")
    .option("--cpus <list>", "numbers of CPUs, separated by commas", numbers, [2])
    .option("--invocations <list>", "runs on each CPU, separated by commas", numbers, [100])
    .option("--seeds <range>", "first and last seed", range, [1, 100])
    .option("--scheduler <name>", "random, round_robin, pct or clock", "random")
    .addOption(
      new Option("--how <how>", "what to do at each point").choices(["simulate", "explore"]).default("simulate"),
    )
    .option("--shard <i/n>", "only the i-th of n parts, from 1", parseShard)
    .option("--merge", "put the JSON of shards together")
    .option("--verify", "run only what the 6.18 kernel is known to load")
    .option("--no-verify", "run even what the kernel would refuse")
    .option("--json", "the result as JSON")
    .action(async (files: string[], given: SweepCommandOptions) => {
      const { listing, rest: { json, merge, ...options } } = listingOptions(given);
      const found = merge
        ? mergeSweeps(await Promise.all(files.map(readShard)))
        : await sweep(await bpf.file(files[0], listing), options);
      process.stdout.write((json ? sealSweep(found) : sweepText(found)) + "\n");
    });
}

const readShard = async (file: string): Promise<Sweep> =>
  openSweep(new TextDecoder().decode(await readInput(file)), file);

function sweepText({ object, how, scheduler, seeds, shards, of, points }: Sweep): string {
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  const rows = points.map(({ cpus, invocations, runs, outcomes, states, observation }) => {
    const lost = outcomes.reduce((sum, outcome) => sum + outcome.count * (outcome.lost ?? 0), 0) / runs;
    const last = how === "explore" ? [String(states), observation ?? ""] : [String(runs), percent(lost)];
    return [String(cpus), String(invocations), String(outcomes.length), ...last];
  });
  const last = how === "explore" ? ["states", "observation"] : ["runs", "lost on average"];
  const part = of > 1 ? `, shards ${shards.join(", ")} of ${of}` : "";
  return `${object}: ${scheduler}${how === "explore" ? "" : `, seeds ${seeds.join(" to ")}`}${part}\n` +
    textTable(["CPUs", "runs on each", "outcomes", ...last], rows, ["right", "right", "right", "right", "right"]);
}
