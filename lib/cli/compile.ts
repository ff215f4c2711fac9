/** `compile FILE.bpf.c -o FILE.o` */
import { Command } from "commander";
import { writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import process from "node:process";
import { compile } from "../compile/compile.ts";
import { readInput } from "../compile/read_input.ts";
import { loadObject } from "../object/load.ts";
import { type ListingOptions, withCompileOptions } from "./listing_options.ts";

interface Options extends Pick<ListingOptions, "include" | "define" | "includeFile" | "mcpu"> {
  readonly output?: string;
  readonly json?: boolean;
}

export function command(): Command {
  return withCompileOptions(new Command("compile"))
    .summary("C listing to object file")
    .argument("<file>", "C listing, e.g. notebooks/progs/race.bpf.c")
    .option("-o, --output <file>", "object file (default: the listing's name with .o)")
    .option("--json", "say what was written as JSON")
    .action(run);
}

async function run(file: string, options: Options): Promise<void> {
  const source = new TextDecoder().decode(await readInput(file));
  const output = options.output ?? file.replace(/\.c$/, "") + ".o";
  const includeDirs = [dirname(resolve(file)), ...options.include];
  const { define, includeFile, mcpu } = options;
  const bytes = await compile(source, {
    name: file,
    includeDirs,
    defines: define,
    includeFiles: includeFile,
    cpu: mcpu,
  });
  const object = loadObject(bytes, file, source);
  await writeFile(output, bytes);
  if (!options.json) return;
  const programs = object.programs.map(({ name, section, insns }) => ({ name, section, insns: insns.length }));
  const maps = object.maps.map((map) => map.name);
  process.stdout.write(JSON.stringify({ output, bytes: bytes.length, programs, maps }) + "\n");
}
