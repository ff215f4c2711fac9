/**
 * How long a reader waits: from an edited listing to its answer in a warm kernel, until the command line is ready, and
 * until the first figure of each chapter. Wall time of what a reader does, on the kernel that the book runs on:
 * `deno run -A tests/bench/answer_bench.ts`.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { compile } from "../../lib/compile/compile.ts";
import { CompilerMissingError, findCompiler } from "../../lib/compile/clang.ts";
import { runCommand } from "../../lib/host/run_command.ts";
import { denoKernel, KernelClient } from "../../lib/jupyter/client.ts";
import type { Message } from "../../lib/jupyter/message.ts";
import { readNotebook } from "../../lib/jupyter/notebook_file.ts";
import { textTable } from "../../lib/report/text_table.ts";

const NOTEBOOKS = fileURLToPath(new URL("../../notebooks", import.meta.url));
const CLI = fileURLToPath(new URL("../../lib/cli.ts", import.meta.url));
const EDITS = 7;
const GOAL = { edit: 0.7, afterCompiler: 0.3, commandLine: 0.3, firstFigure: 3 } as const;

const startKernel = () =>
  KernelClient.start({
    argv: denoKernel(process.execPath),
    cwd: NOTEBOOKS,
    env: { INTERLEAVE_PROGRESS: "off" },
  });

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

/** Runs a cell that must not fail. */
async function runCell(kernel: KernelClient, code: string, onMessage?: (message: Message) => void): Promise<void> {
  const { status, evalue } = await kernel.execute(code, { onMessage });
  if (status !== "ok") throw new Error(`a cell failed: ${evalue ?? status}`);
}

/** A listing that no cache knows: the number that it adds is of this moment. */
function edited(turn: number): string {
  const by = (Date.now() % 1_000_000) * 10 + turn;
  return `
int counter;
SEC("tp_btf/sys_enter")
int count(void *ctx)
{
	counter += ${by};
	return 0;
}
`;
}

/** What a reader does with a listing: sees it run, sees every schedule, sees who overwrote whom. */
const cell = (source: string): string =>
  `{
const edited = await bpf\`${source}\`;
const run = await simulate(edited, { cpus: 4, invocations: 1000, seed: 1 });
await show(run);
await show(plot.timeline(run));
await show(await explore(edited, { cpus: 2, invocations: 2 }));
}`;

interface Row {
  readonly what: string;
  readonly seconds: readonly number[];
  readonly goal: number;
}

async function edits(): Promise<Row[]> {
  const kernel = await startKernel();
  try {
    await runCell(kernel, 'import { bpf, explore, plot, show, simulate } from "interleave";');
    await runCell(kernel, cell(edited(0)));
    const whole: number[] = [], after: number[] = [];
    for (let turn = 1; turn <= EDITS; turn++) {
      whole.push(await secondsOf(() => runCell(kernel, cell(edited(turn)))));
      const source = edited(turn + EDITS);
      // The kernel finds its object where this process has kept it.
      await compile(source);
      after.push(await secondsOf(() => runCell(kernel, cell(source))));
    }
    const compiler = (await findCompiler()).name;
    return [
      { what: `edited listing to figures, with ${compiler}`, seconds: whole, goal: GOAL.edit },
      { what: "of that, all after the compiler", seconds: after, goal: GOAL.afterCompiler },
    ];
  } finally {
    await kernel.shutdown();
  }
}

async function commandLine(): Promise<Row[]> {
  const commands = [["--version"], ["explore", "--help"], ["check", "--help"]];
  const rows: Row[] = [];
  for (const args of commands) {
    const seconds: number[] = [];
    for (let turn = 0; turn < EDITS; turn++) {
      seconds.push(
        await secondsOf(async () => {
          const ran = await runCommand(process.execPath, ["run", "-A", "--no-check", CLI, ...args]);
          if (ran?.status !== 0) throw new Error(`the command line failed: ${ran?.stderr}`);
        }),
      );
    }
    rows.push({ what: `command line, ${args.join(" ")}`, seconds, goal: GOAL.commandLine });
  }
  return rows;
}

/** A figure is shown without its picture first (jupyter/show.ts): what a front end draws itself counts. */
const isFigure = ({ header, content }: Message): boolean =>
  header.msg_type === "display_data" &&
  Object.keys(content.data ?? {}).some((type) => type.startsWith("image/") || type.includes("plotly"));

/** Runs a chapter's cells from the first on, in a kernel that has just started, until one has shown a figure. */
async function firstFigure(path: string): Promise<Row> {
  const { cells } = readNotebook(path), kernel = await startKernel(), began = performance.now();
  let shown: number | undefined, count = 0;
  try {
    for (const { cell_type, source } of cells) {
      if (cell_type !== "code" || source.trim() === "") continue;
      count++;
      await runCell(kernel, source, (message) => {
        if (isFigure(message)) shown ??= (performance.now() - began) / 1000;
      });
      if (shown !== undefined) break;
    }
  } finally {
    kernel.kill();
  }
  const name = path.slice(path.lastIndexOf("/") + 1);
  return { what: `${name}, cell ${count}`, seconds: [shown ?? NaN], goal: GOAL.firstFigure };
}

async function chapters(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const name of readdirSync(NOTEBOOKS).filter((name) => name.endsWith(".ipynb")).sort()) {
    rows.push(await firstFigure(join(NOTEBOOKS, name)));
  }
  return rows;
}

function tableOf(rows: readonly Row[]): string {
  const seconds = (value: number) => `${value.toFixed(2)} s`;
  const cells = rows.map(({ what, seconds: all, goal }) => {
    const sorted = all.toSorted((a, b) => a - b), least = sorted[0], median = sorted[sorted.length >> 1];
    return [what, seconds(least), seconds(median), seconds(goal), median <= goal ? "met" : "NOT MET"];
  });
  return textTable(["a reader waits", "least", "median", "wanted", ""], cells);
}

/** Prints how long a reader waits; needs a compiler for the edits. */
export async function benchAnswer(): Promise<void> {
  try {
    console.log(tableOf(await edits()));
  } catch (error) {
    if (!(error instanceof CompilerMissingError)) throw error;
    console.log(`edited listings left out: ${error.message}`);
  }
  console.log(`\n${tableOf(await commandLine())}`);
  console.log(`\nfirst figure, from the first cell on in a fresh kernel (once each)\n${tableOf(await chapters())}`);
}

if (import.meta.main) await benchAnswer();
