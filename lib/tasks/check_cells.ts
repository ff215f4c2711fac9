/**
 * Type-checks notebooks, which no kernel does: the cells of each are joined into one module, `deno check` reads all of
 * these modules, and its messages are pointed back at cell and line.
 *
 * A cell tagged `no-check` is left out: one that is wrong on purpose, or an exercise that the reader has to finish.
 */
import type { Command } from "commander";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { hasTag } from "../jupyter/execute.ts";
import { type Notebook, readNotebook } from "../jupyter/notebook_file.ts";
import { PROJECT } from "./lab/places.ts";
import { writeChineseNotebooks } from "./messages/chinese_notebooks.ts";
import { type Commander, runTask } from "./task.ts";

/** A variable that a cell only declares may be meant for the reader. */
const IGNORED = new Set(["TS6133", "TS6192", "TS6196", "TS6198"]);

export interface JoinedCells {
  readonly source: string;
  /** For each line of `source`, from 0: the cell, counted over all cells from 1, and the line in it. */
  readonly origins: readonly ({ readonly cell: number; readonly line: number } | undefined)[];
}

/** The code cells as one module, in order. */
export function joinCells(notebook: Notebook): JoinedCells {
  const lines: string[] = [];
  const origins: JoinedCells["origins"][number][] = [];
  for (const [index, cell] of notebook.cells.entries()) {
    if (cell.cell_type !== "code" || hasTag(cell, "no-check")) continue;
    for (const [line, text] of cell.source.split("\n").entries()) {
      lines.push(text);
      origins.push({ cell: index + 1, line: line + 1 });
    }
    lines.push(";"); // a cell that begins with a bracket does not go on with the one before
    origins.push(undefined);
  }
  return { source: lines.join("\n") + "\nexport {};\n", origins };
}

/** Joined cells lie beside the notebook, as relative imports need it, while they are checked. */
function joinedPath(notebookPath: string): string {
  return join(dirname(notebookPath), `.${basename(notebookPath, ".ipynb")}.cells.ts`);
}

/** Type-checks the notebooks; returns the errors, each pointing at notebook, cell and line. */
async function checkCells(paths: readonly string[]): Promise<string[]> {
  const joined = paths.map((path) => ({ path, file: joinedPath(path), cells: joinCells(readNotebook(path)) }));
  try {
    for (const { file, cells } of joined) writeFileSync(file, cells.source);
    const { stdout, stderr } = await new Deno.Command(process.execPath, {
      args: ["check", "--quiet", ...joined.map(({ file }) => file)],
      env: { NO_COLOR: "1", RUST_BACKTRACE: "0" },
      stdin: "null",
    }).output();
    let messages = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    for (const { path, file, cells } of joined) {
      messages = messages.replaceAll(
        new RegExp(`${escape(pathToFileURL(file).href)}:(\\d+):(\\d+)`, "g"),
        (_, line, column) => {
          const origin = cells.origins[Number(line) - 1];
          return origin ? `${path}, cell ${origin.cell}, line ${origin.line}, column ${column}` : path;
        },
      );
    }
    return splitErrors(messages);
  } finally {
    for (const { file } of joined) rmSync(file, { force: true });
  }
}

/** One text per error, without those that a notebook may have. */
export function splitErrors(messages: string): string[] {
  return messages
    .replace(/^error: Type checking failed\.$/m, "")
    .replace(/^Found \d+ errors?\.$/m, "")
    .split(/^(?=TS\d+ \[ERROR\])/m)
    .map((text) => text.trim())
    .filter((text) => text !== "" && !IGNORED.has(text.match(/^TS\d+/)?.[0] ?? ""));
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

export const command = ({ Command }: Commander): Command =>
  new Command("check_cells")
    .description("Checks the types of the notebooks' cells. Exit code: 0 fine, 1 there are errors, 2 bad input.")
    .argument("[notebooks...]", "default: all in notebooks/, and those in Chinese")
    .action(main);

async function main(given: readonly string[]): Promise<void> {
  const folder = fileURLToPath(new URL("../../notebooks", import.meta.url));
  const paths = given.length > 0 ? [...given] : [
    ...readdirSync(folder).filter((name) => name.endsWith(".ipynb")).sort().map((name) => join(folder, name)),
    // A translated text that the code knows something by is of another type.
    ...writeChineseNotebooks(PROJECT).map((path) => join(PROJECT, path)),
  ];
  const errors = paths.length > 0 ? await checkCells(paths) : [];
  for (const error of errors) console.error(`${error}\n`);
  console.log(`${paths.length} notebooks type-checked, ${errors.length} errors`);
  process.exitCode = errors.length > 0 ? 1 : 0;
}

if (import.meta.main) await runTask(command);
