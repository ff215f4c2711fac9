/** `deno task run [notebook...]`: executes notebooks on the real kernel. */
import { MultiBar, type SingleBar } from "cli-progress";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { compareOutputs } from "../jupyter/compare_outputs.ts";
import { CELL_LIMIT_SECONDS, executeNotebook } from "../jupyter/execute.ts";
import { denoKernel, killAllKernels } from "../jupyter/client.ts";
import { type Notebook, readNotebook, writeNotebook } from "../jupyter/notebook_file.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

const USAGE = `deno task run [notebook...] [options]

Runs every code cell of the notebooks (default: all in notebooks/) on Deno's Jupyter kernel, each notebook on a kernel
of its own, and writes the outputs into them. Stops at the first cell that fails.

  --check        write nothing; compare the new outputs with those in the notebooks
  --out FOLDER   write the executed notebooks there instead
  --jobs N       run N notebooks at a time (default 1)
  --limit N      stop a cell after N seconds (default ${CELL_LIMIT_SECONDS})
  --deno FILE    the Deno whose kernel runs the cells (default: the one that runs this)

Exit code: 0 fine, 1 a cell failed or --check found a difference, 2 bad input.`;

export interface RunOptions {
  readonly check: boolean;
  /** Folder for the executed notebooks; in place when absent. */
  readonly out?: string;
  readonly jobs: number;
  readonly limitSeconds: number;
  readonly deno: string;
}

/** Runs the command; returns its exit code. */
export async function main(args: string[]): Promise<number> {
  let options: RunOptions;
  let paths: string[];
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        check: { type: "boolean", default: false },
        out: { type: "string" },
        jobs: { type: "string", default: "1" },
        limit: { type: "string", default: String(CELL_LIMIT_SECONDS) },
        deno: { type: "string", default: process.execPath },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      console.log(USAGE);
      return 0;
    }
    options = {
      check: values.check,
      out: values.out,
      jobs: readCount("--jobs", values.jobs),
      limitSeconds: readCount("--limit", values.limit),
      deno: values.deno,
    };
    paths = positionals.length > 0 ? positionals : allNotebooks();
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  let notebooks: Map<string, Notebook>;
  try {
    notebooks = new Map(paths.map((path) => [path, readNotebook(path)]));
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
  return await runAll(notebooks, options);
}

function allNotebooks(): string[] {
  const folder = join(PROJECT, "notebooks");
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".ipynb")).sort() : [];
  if (names.length === 0) throw new Error(`there is no notebook in ${folder}`);
  return names.map((name) => relative(process.cwd(), join(folder, name)));
}

function readCount(option: string, text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new Error(`${option} takes a whole number from 1, not "${text}"`);
  return count;
}

/** Runs notebooks in order, `jobs` at a time; after a failure no other one is begun. */
async function runAll(notebooks: Map<string, Notebook>, options: RunOptions): Promise<number> {
  const progress = new Progress(notebooks);
  const problems: string[] = [];
  const waiting = [...notebooks];
  let failed = false;
  const work = async () => {
    for (let next = waiting.shift(); next && !failed; next = waiting.shift()) {
      const [path, notebook] = next;
      const started = performance.now();
      try {
        const found = await runOne(path, notebook, options, (done) => progress.update(path, done));
        progress.end(path, found.length === 0 ? "ok" : "DIFFERS", performance.now() - started);
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
  for (const problem of problems) console.error(`\n${problem}`);
  if (failed && waiting.length > 0) console.error(`\nnot run: ${waiting.map(([path]) => path).join(", ")}`);
  return problems.length > 0 ? 1 : 0;
}

/** Runs one notebook; returns what `--check` found different. */
async function runOne(
  path: string,
  notebook: Notebook,
  options: RunOptions,
  onProgress: (done: number) => void,
): Promise<string[]> {
  const fresh = await executeNotebook(notebook, {
    path,
    argv: denoKernel(options.deno),
    cellLimitSeconds: options.limitSeconds,
    onProgress,
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
  process.exit(await main(process.argv.slice(2)));
}
