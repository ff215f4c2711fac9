/** Runs all code cells of a notebook on a kernel of its own. */
import { dirname, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { denoKernel, type ExecuteReply, KernelClient } from "./client.ts";
import type { Message } from "./message.ts";
import { type CodeCell, type ErrorOutput, KERNEL_METADATA, type Notebook } from "./notebook_file.ts";
import { CHINESE_KERNEL, languageOfNotebook } from "./notebook_language.ts";
import { type Displays, OutputCollector } from "./outputs.ts";

/** A cell that takes longer is stopped; no cell of the book takes a tenth of it. */
export const CELL_LIMIT_SECONDS = 120;

export interface ExecuteOptions {
  /** Where the notebook lies: its folder is the cells' working directory. */
  readonly path: string;
  /** The kernel's command line, with `{connection_file}`; this Deno's own kernel by default. */
  readonly argv?: readonly string[];
  readonly cellLimitSeconds?: number;
  /** Called when a code cell begins and when the last has ended: cells done, cells in all. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Called when a code cell has ended. */
  readonly onTime?: (time: CellTime) => void;
}

/** How long a reader waits for a code cell, from its first line on. */
export interface CellTime {
  /** Counted over all cells, from 1, as an editor shows them. */
  readonly cellNumber: number;
  readonly seconds: number;
  /** When the first picture or drawing was there; undefined where the cell shows none. */
  readonly figureSeconds?: number;
}

/** A code cell failed; the notebook keeps the outputs up to there. */
export class CellFailure extends Error {
  override readonly name = "CellFailure";
  constructor(
    readonly path: string,
    /** Counted over all cells, from 1, as an editor shows them. */
    readonly cellNumber: number,
    readonly source: string,
    readonly reason: string,
  ) {
    super(`${path}, cell ${cellNumber}: ${reason}\n\n${numberLines(source)}`);
  }
}

/**
 * Runs the code cells in order and returns the notebook with new outputs and execution counts; cells are neither
 * added nor changed, and the argument stays as it is. A cell tagged `raises-exception` may fail.
 * @throws {CellFailure} at the first cell that fails, or runs too long, or ends its kernel.
 */
export async function executeNotebook(notebook: Notebook, options: ExecuteOptions): Promise<Notebook> {
  const cells = structuredClone(notebook.cells);
  const total = cells.filter(isRunnable).length;
  const displays: Displays = new Map();
  const kernel = await KernelClient.start({
    argv: options.argv ?? denoKernel(process.execPath),
    cwd: dirname(resolve(options.path)),
    // What a reader has solved is no part of the book.
    env: { INTERLEAVE_PROGRESS: "off", INTERLEAVE_LANG: languageOfNotebook(notebook) },
  });
  try {
    let count = 0;
    for (const [index, cell] of cells.entries()) {
      if (cell.cell_type !== "code") continue;
      cell.outputs = [];
      cell.execution_count = null;
      delete cell.metadata.execution;
      if (!isRunnable(cell)) continue;
      options.onProgress?.(count, total);
      cell.execution_count = ++count;
      const begun = performance.now(), seconds = () => (performance.now() - begun) / 1000;
      let figureSeconds: number | undefined;
      const onMessage = (message: Message) => {
        if (isFigure(message)) figureSeconds ??= seconds();
      };
      const reason = await runCell(kernel, cell, displays, options.cellLimitSeconds ?? CELL_LIMIT_SECONDS, onMessage);
      options.onTime?.({ cellNumber: index + 1, seconds: seconds(), figureSeconds });
      if (reason !== undefined && !hasTag(cell, "raises-exception")) {
        throw new CellFailure(options.path, index + 1, cell.source, reason);
      }
    }
    options.onProgress?.(count, total);
  } finally {
    await kernel.shutdown();
  }
  const { kernelspec } = languageOfNotebook(notebook) === "zh" ? { kernelspec: CHINESE_KERNEL } : KERNEL_METADATA;
  return { ...notebook, cells, metadata: { ...notebook.metadata, ...KERNEL_METADATA, kernelspec } };
}

export function hasTag(cell: { metadata: Record<string, unknown> }, tag: string): boolean {
  return Array.isArray(cell.metadata.tags) && cell.metadata.tags.includes(tag);
}

function isRunnable(cell: Notebook["cells"][number]): boolean {
  return cell.cell_type === "code" && cell.source.trim() !== "";
}

/** A plot, a drawing or a player; a progress bar is none. */
const isFigure = ({ content: { data } }: Message): boolean =>
  data !== undefined && ["image/png", "image/svg+xml"].some((mime) => mime in data);

/** Runs one cell into its outputs. Returns why it failed, or undefined. */
async function runCell(
  kernel: KernelClient,
  cell: CodeCell,
  displays: Displays,
  limitSeconds: number,
  onMessage: (message: Message) => void,
): Promise<string | undefined> {
  const outputs = new OutputCollector(displays);
  const limit = new AbortController();
  let reply: ExecuteReply | "late";
  try {
    const execution = kernel.execute(cell.source, {
      onMessage: (message) => {
        outputs.add(message);
        onMessage(message);
      },
    });
    execution.catch(() => {});
    const late = sleep(limitSeconds * 1000, "late" as const, { signal: limit.signal });
    late.catch(() => {});
    reply = await Promise.race([execution, late]);
  } catch (error) {
    return (error as Error).message;
  } finally {
    limit.abort();
    cell.outputs = outputs.finish().map((output) =>
      output.output_type === "execute_result" ? { ...output, execution_count: cell.execution_count } : output
    );
  }
  if (reply === "late") {
    kernel.kill();
    return `it ran longer than ${limitSeconds} s and was stopped (--limit sets another limit)`;
  }
  if (reply.status === "ok") return undefined;
  const shown = cell.outputs.find((output): output is ErrorOutput => output.output_type === "error");
  const error = shown ?? { output_type: "error", ename: "Error", evalue: reply.evalue ?? "failed", traceback: [] };
  // Newer kernels leave it to the reply to say that a cell has a syntax error.
  if (!shown) cell.outputs.push({ ...error, output_type: "error" });
  return describeError(error);
}

function describeError({ ename, evalue, traceback }: Pick<ErrorOutput, "ename" | "evalue" | "traceback">): string {
  const trace = traceback.filter((line) => line !== "Stack trace:").join("\n");
  if (trace.includes(evalue)) return trace;
  return ename === evalue ? evalue : `${ename}: ${evalue}${trace && `\n${trace}`}`;
}

function numberLines(source: string): string {
  const lines = source.split("\n");
  const width = String(lines.length).length;
  return lines.map((line, i) => `${String(i + 1).padStart(width + 2)} | ${line}`).join("\n");
}
