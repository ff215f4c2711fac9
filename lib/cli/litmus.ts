/** `litmus FILE.litmus`: the final states of a litmus test, as herd7 reports them. */
import { Command } from "commander";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { toJson } from "../report/json.ts";
import { LitmusError } from "../search/litmus/litmus_file.ts";
import { parseLitmus } from "../search/litmus/parse.ts";
import { litmusJson, litmusText } from "../search/litmus/report.ts";
import { runLitmus } from "../search/litmus/run.ts";
import { checkMemory } from "../workload/check_options.ts";
import { count } from "./arguments.ts";

export function command(): Command {
  return new Command("litmus")
    .summary("every final state of a litmus test (herd7's BPF dialect)")
    .argument("<file>", "litmus file")
    .option("--states <n>", "stop after so many states of the search", count)
    .option("--seconds <n>", "stop after so many seconds", count)
    .option("--memory <model>", "sc (default: an idealisation), or x86 (total store order)")
    .option("--json", "the result as JSON")
    .action(async (path: string, { json, states, seconds, memory }) => {
      try {
        const file = parseLitmus(await readFile(path, "utf8"));
        const result = await runLitmus(file, { states, seconds }, { executions: !json, memory: checkMemory(memory) });
        process.stdout.write((json ? toJson(litmusJson(result)) : litmusText(result)) + "\n");
      } catch (error) {
        if (error instanceof LitmusError) throw error.at(path);
        throw error;
      }
    });
}
