/** `deno task clean [notebook...]`: takes outputs and execution counts out of notebooks, for a class or for review. */
import type { Command } from "commander";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { KERNEL_METADATA, type Notebook, readNotebook, writeNotebook } from "../jupyter/notebook_file.ts";
import { type Commander, runTask } from "./task.ts";

/** The notebook as it was before it was ever run. */
function stripOutputs(notebook: Notebook): Notebook {
  const cells = notebook.cells.map((cell) =>
    cell.cell_type === "code" ? { ...cell, outputs: [], execution_count: null } : cell
  );
  return { ...notebook, cells, metadata: { ...notebook.metadata, ...KERNEL_METADATA } };
}

export const command = ({ Command }: Commander): Command =>
  new Command("deno task clean")
    .description("Takes outputs and execution counts out of notebooks; deno task run brings them back.")
    .argument("[notebooks...]", "default: all in notebooks/")
    .action(main);

function main(given: readonly string[]): void {
  const folder = fileURLToPath(new URL("../../notebooks", import.meta.url));
  const paths = given.length > 0
    ? given
    : readdirSync(folder).filter((name) => name.endsWith(".ipynb")).sort().map((name) => join(folder, name));
  try {
    for (const path of paths) writeNotebook(path, stripOutputs(readNotebook(path)));
    console.log(`outputs taken out of ${paths.length} notebooks; deno task run brings them back`);
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 2;
  }
}

if (import.meta.main) await runTask(command);
