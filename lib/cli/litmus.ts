/** `litmus FILE.litmus`: the final states of a litmus test, as herd7 reports them. */
import { Command, Option } from "commander";
import process from "node:process";
import { readInput } from "../compile/read_input.ts";
import { litmusOn } from "../backends/litmus/litmus_on.ts";
import { litmusOnJson, litmusOnText } from "../backends/litmus/measure.ts";
import { toJson } from "../report/json.ts";
import { litmus } from "../search/litmus/litmus.ts";
import { LitmusError } from "../search/litmus/litmus_file.ts";
import { litmusReportJson, litmusReportText } from "../search/litmus/report.ts";
import { ModelRefusal } from "../search/memory_model/thread_code.ts";
import { count } from "./arguments.ts";

const CHECK_SAID_NO = 1;

const text = async (path: string): Promise<string> => new TextDecoder().decode(await readInput(path));

export function command(): Command {
  return new Command("litmus")
    .summary("every final state of a litmus test (herd7's BPF dialect)")
    .argument("<file>", "litmus file")
    .addOption(
      new Option("--memory <model>", "sc (an idealisation), x86 (total store order), bpf (what holds on every machine)")
        .choices(["sc", "x86", "bpf"]).default("bpf"),
    )
    .option("--states <n>", "stop after so many executions (sc: or states of the search)", count)
    .option("--seconds <n>", "stop after so many seconds", count)
    .addOption(new Option("--on <machine>", "run it many times there, beside the model").choices(["linux", "threads"]))
    .option("--times <n>", "with --on: how often (default 200000)", count)
    .option("--no-explain", "no witness, no repairs")
    .option("--json", "the result as JSON")
    .action(async (path: string, { json, states, seconds, memory, explain, on, times }) => {
      try {
        if (on !== undefined) {
          const measured = await litmusOn(await text(path), { on, memory, times, seconds });
          if (measured.outside.length > 0) process.exitCode = CHECK_SAID_NO;
          process.stdout.write((json ? toJson(litmusOnJson(measured)) : litmusOnText(measured)) + "\n");
          return;
        }
        const report = await litmus(await text(path), { memory, bounds: { states, seconds }, explain });
        process.stdout.write((json ? toJson(litmusReportJson(report)) : litmusReportText(report)) + "\n");
      } catch (error) {
        if (error instanceof LitmusError) throw error.at(path);
        if (error instanceof ModelRefusal) throw new LitmusError(1, error.message).at(path);
        throw error;
      }
    });
}
