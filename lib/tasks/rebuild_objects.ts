/** `deno task objects [--missing]`: compiles every listing that comes with the project, or those without an object. */
import type { Command } from "commander";
import { existsSync } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { compileAnew, listingKey } from "../compile/compile.ts";
import { CompileError } from "../compile/compile_error.ts";
import { findCompiler } from "../compile/compiler.ts";
import { projectFolder, shippedFolders } from "../compile/folders.ts";
import { type ShippedListing, shippedListings } from "./shipped_listings.ts";
import { type Commander, runTask } from "./task.ts";

/** Beside the objects of a folder: how they came about. */
export interface ObjectsIndex {
  /** The test that rebuilds the objects needs the same compiler. */
  readonly compiler: string;
  /** Objects that do not exist, because their listings show what does not compile; beside each, what was said. */
  readonly refused: readonly string[];
}

export const INDEX_FILE = "index.json";

export const objectFileName = ({ stem, source, options }: ShippedListing): string =>
  `${stem}.${listingKey(source, options)}.o`;

async function rebuild(project: string, onlyMissing: boolean): Promise<void> {
  const compiler = await findCompiler();
  for (const folder of shippedFolders(project)) {
    await mkdir(folder, { recursive: true });
    const wanted = new Set([INDEX_FILE]), refused: string[] = [];
    for (const listing of shippedListings(project).filter((one) => one.folder === folder)) {
      const file = objectFileName(listing), words = file.replace(/\.o$/, ".refused.json");
      if (onlyMissing && existsSync(join(folder, file))) {
        wanted.add(file);
        continue;
      }
      try {
        await writeFile(join(folder, file), await compileAnew(listing.source, listing.options));
        wanted.add(file);
      } catch (error) {
        if (!(error instanceof CompileError)) throw error;
        process.stderr.write(`${file} left out: ${error.message.split("\n")[0]}\n`);
        refused.push(file);
        const { compiler, diagnostics } = error;
        await writeFile(join(folder, words), JSON.stringify({ compiler, diagnostics }, null, 2) + "\n");
        wanted.add(words);
      }
    }
    const index: ObjectsIndex = { compiler: compiler.name, refused };
    await writeFile(join(folder, INDEX_FILE), JSON.stringify(index, null, 2) + "\n");
    for (const file of await readdir(folder)) if (!wanted.has(file)) await rm(join(folder, file));
    process.stderr.write(`${folder}: ${wanted.size - 1} objects\n`);
  }
}

export const command = ({ Command }: Commander): Command =>
  new Command("deno task objects")
    .description("Compiles every listing that comes with the project; what belongs to no listing any more is removed.")
    .option("--missing", "only the listings without an object")
    .action(async ({ missing = false }: { missing?: boolean }) => {
      if (!projectFolder) throw new Error("this is not a checkout of the project");
      await rebuild(projectFolder, missing);
    });

if (import.meta.main) await runTask(command);
