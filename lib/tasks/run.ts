/** `deno task run [notebook...]`: executes notebooks on the real kernel. */
import { MultiBar, type SingleBar } from "cli-progress";
import type { Command } from "commander";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { basename, join, relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { compareOutputs } from "../jupyter/compare_outputs.ts";
import { CELL_LIMIT_SECONDS, type CellTime, executeNotebook, type ExecuteOptions } from "../jupyter/execute.ts";
import { denoKernel, killAllKernels } from "../jupyter/client.ts";
import { type Notebook, readNotebook, writeNotebook } from "../jupyter/notebook_file.ts";
import { inRunOrder, writeChineseNotebooks } from "./messages/chinese_notebooks.ts";
import { addParameter, joinParameters, type Parameters, withParameters } from "./parameters.ts";
import { type Commander, runTask, wholeNumber } from "./task.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

interface RunOptions {
  readonly parameter?: Parameters;
  readonly check?: boolean;
  readonly times?: boolean;
  /** Folder for the executed notebooks; in place when absent. */
  readonly out?: string;
  readonly jobs: number;
  readonly limit: number;
  readonly deno: string;
  readonly lang?: "en" | "zh";
}

export const command = (commander: Commander): Command =>
  new commander.Command("deno task run")
    .description(
      "Runs every code cell of the notebooks on Deno's Jupyter kernel, each notebook on a kernel of its own, and " +
        "writes the outputs into them. Stops at the first cell that fails.",
    )
    .argument("[notebooks...]", "default: all in notebooks/")
    .option("--check", "write nothing; compare the new outputs with those in the notebooks")
    .option("--times", "say how long a reader waits for each cell, and for a chapter's first figure")
    .option("--out <folder>", "write the executed notebooks there instead")
    .option(
      "-p, --parameter <name=value>",
      "with a value of yours, -p CPUS 3 or -p CPUS=3: JSON, else text (may be repeated; takes --out)",
      parameter(commander),
    )
    .addOption(
      new commander.Option("--lang <language>", "zh: makes the chapters in Chinese, in notebooks/zh, and runs those")
        .choices(["en", "zh"]),
    )
    .option("--jobs <n>", "run n notebooks at a time", wholeNumber(commander, 1), 1)
    .option("--limit <n>", "stop a cell after n seconds", wholeNumber(commander, 1), CELL_LIMIT_SECONDS)
    .addOption(
      new commander.Option("--deno <file>", "the Deno whose kernel runs the cells")
        .default(process.execPath, "the one that runs this"),
    )
    .addHelpText("after", "\nExit code: 0 fine, 1 a cell failed or --check found a difference, 2 bad input.")
    .action(main);

const parameter = ({ InvalidArgumentError }: Commander) => (text: string, all?: Parameters): Parameters => {
  try {
    return addParameter(text, all);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
};

async function main(paths: readonly string[], options: RunOptions): Promise<void> {
  let notebooks: Map<string, Notebook>;
  try {
    if (options.parameter && (options.out === undefined || options.check)) {
      throw new Error("a notebook with parameters is another one than that of the book: name a folder for it, --out");
    }
    const parameters = options.parameter ?? new Map();
    const all = options.lang === "zh" ? writeChineseNotebooks(PROJECT).map(fromHere) : allNotebooks();
    const wanted = new Set(paths.map((path) => basename(path)));
    const chosen = options.lang === "zh"
      ? all.filter((path) => wanted.size === 0 || wanted.has(basename(path)))
      : paths.length > 0
      ? paths
      : all;
    const read = chosen.map((path) => [path, withParameters(readNotebook(path), parameters)] as const);
    notebooks = new Map(options.lang === "zh" ? inRunOrder(read) : read);
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 2;
    return;
  }
  process.exitCode = await runAll(notebooks, options);
}

const fromHere = (path: string): string => relative(process.cwd(), join(PROJECT, path));

function allNotebooks(): string[] {
  const folder = join(PROJECT, "notebooks");
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".ipynb")).sort() : [];
  if (names.length === 0) throw new Error(`there is no notebook in ${folder}`);
  return names.map((name) => relative(process.cwd(), join(folder, name)));
}

/** Runs notebooks in order, `jobs` at a time; after a failure no other one is begun. */
async function runAll(notebooks: Map<string, Notebook>, options: RunOptions): Promise<number> {
  const progress = new Progress(notebooks);
  const problems: string[] = [], told: string[] = [];
  const waiting = [...notebooks];
  let failed = false;
  const work = async () => {
    for (let next = waiting.shift(); next && !failed; next = waiting.shift()) {
      const [path, notebook] = next;
      const started = performance.now();
      try {
        const times: CellTime[] = [];
        const found = await runOne(path, notebook, options, {
          onProgress: (done) => progress.update(path, done),
          onTime: (time) => times.push(time),
        });
        progress.end(path, found.length === 0 ? "ok" : "DIFFERS", performance.now() - started);
        if (options.times) told.push(describeTimes(path, times));
        problems.push(...found);
      } catch (error) {
        failed = true;
        progress.end(path, "FAILED", performance.now() - started);
        problems.push((error as Error).message);
      }
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, work));
  progress.stop();
  for (const lines of told) console.log(`\n${lines}`);
  for (const problem of problems) console.error(`\n${problem}`);
  if (failed && waiting.length > 0) console.error(`\nnot run: ${waiting.map(([path]) => path).join(", ")}`);
  return problems.length > 0 ? 1 : 0;
}

/** Runs one notebook; returns what `--check` found different. */
async function runOne(
  path: string,
  notebook: Notebook,
  options: RunOptions,
  report: Pick<ExecuteOptions, "onProgress" | "onTime">,
): Promise<string[]> {
  const fresh = await executeNotebook(notebook, {
    path,
    argv: denoKernel(options.deno),
    cellLimitSeconds: options.limit,
    ...report,
  });
  if (options.out !== undefined) {
    mkdirSync(options.out, { recursive: true });
    writeNotebook(join(options.out, basename(path)), fresh);
  }
  if (options.check) {
    return compareOutputs(notebook, fresh).map(({ cellNumber, what }) =>
      `${path}, cell ${cellNumber}: the kept output is not what the cell gives now: ${what}`
    );
  }
  if (options.out === undefined) writeNotebook(path, fresh);
  return [];
}

/** A line for each cell; the first says when the chapter's first figure was there, its kernel being ready. */
export function describeTimes(path: string, times: readonly CellTime[]): string {
  const shown = (seconds: number) => `${seconds.toFixed(1).padStart(7)} s`;
  const lines = times.map(({ cellNumber, seconds, figureSeconds }) => {
    const figure = figureSeconds === undefined ? "" : `   figure after ${figureSeconds.toFixed(1)} s`;
    return `  cell ${String(cellNumber).padEnd(4)}${shown(seconds)}${figure}`;
  });
  const at = times.findIndex(({ figureSeconds }) => figureSeconds !== undefined);
  if (at < 0) return [`${path}: no figure`, ...lines].join("\n");
  const before = times.slice(0, at).reduce((sum, { seconds }) => sum + seconds, 0);
  return [`${path}: first figure after ${(before + times[at].figureSeconds!).toFixed(1)} s`, ...lines].join("\n");
}

/** A bar per notebook in a terminal, a line per notebook elsewhere. */
class Progress {
  readonly #bars?: MultiBar;
  readonly #bar = new Map<string, SingleBar>();
  readonly #cells: Map<string, number>;
  readonly #width: number;

  constructor(notebooks: Map<string, Notebook>) {
    this.#cells = new Map([...notebooks].map(([path, notebook]) => [path, countRunnable(notebook)]));
    this.#width = Math.max(...[...notebooks.keys()].map((path) => path.length));
    if (process.stdout.isTTY) {
      this.#bars = new MultiBar({
        format: `{path} {bar} {value}/{total} cells  {state}`,
        barsize: 24,
        barCompleteChar: "█",
        barIncompleteChar: "░",
        hideCursor: true,
      });
    }
  }

  update(path: string, done: number): void {
    let bar = this.#bar.get(path);
    if (!bar && this.#bars) {
      bar = this.#bars.create(this.#cells.get(path)!, 0, { path: path.padEnd(this.#width), state: "" });
      this.#bar.set(path, bar);
    }
    bar?.update(done);
  }

  end(path: string, state: string, durationMs: number): void {
    const seconds = `${(durationMs / 1000).toFixed(1)} s`;
    const bar = this.#bar.get(path);
    if (bar) bar.update({ state: `${state}  ${seconds}` });
    else console.log(`${path.padEnd(this.#width)}  ${this.#cells.get(path)} cells  ${state}  ${seconds}`);
  }

  stop(): void {
    this.#bars?.stop();
  }
}

function countRunnable(notebook: Notebook): number {
  return notebook.cells.filter((cell) => cell.cell_type === "code" && cell.source.trim() !== "").length;
}

if (import.meta.main) {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      killAllKernels();
      process.exit(130);
    });
  }
  await runTask(command, { args: joinParameters(process.argv.slice(2)) });
}
