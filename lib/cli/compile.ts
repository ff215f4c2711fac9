/** `compile FILE.bpf.c -o FILE.o` */
import { Command, Option } from "commander";
import { writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import process from "node:process";
import { compile, type CompileOptions } from "../compile/compile.ts";
import { readInput } from "../compile/read_input.ts";
import { loadObject } from "../object/load.ts";

interface Options {
  readonly output?: string;
  readonly include: string[];
  readonly mcpu?: CompileOptions["cpu"];
  readonly json?: boolean;
}

export function command(): Command {
  return new Command("compile")
    .summary("C listing to object file")
    .argument("<file>", "C listing, e.g. notebooks/progs/race.bpf.c")
    .option("-o, --output <file>", "object file (default: the listing's name with .o)")
    .option(
      "-I, --include <folder>",
      "folder of headers (may be repeated)",
      (folder, all: string[]) => [...all, folder],
      [],
    )
    .addOption(
      new Option("--mcpu <version>", "instruction set (default: v3, or what a comment of the listing says)").choices([
        "v1",
        "v2",
        "v3",
        "v4",
      ]),
    )
    .option("--json", "say what was written as JSON")
    .action(run);
}

async function run(file: string, options: Options): Promise<void> {
  const source = new TextDecoder().decode(await readInput(file));
  const output = options.output ?? file.replace(/\.c$/, "") + ".o";
  const includeDirs = [dirname(resolve(file)), ...options.include];
  const bytes = await compile(source, { name: file, includeDirs, cpu: options.mcpu });
  const object = loadObject(bytes, file, source);
  await writeFile(output, bytes);
  if (!options.json) return;
  const programs = object.programs.map(({ name, section, insns }) => ({ name, section, insns: insns.length }));
  const maps = object.maps.map((map) => map.name);
  process.stdout.write(JSON.stringify({ output, bytes: bytes.length, programs, maps }) + "\n");
}
