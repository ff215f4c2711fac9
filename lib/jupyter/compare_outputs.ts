/**
 * Compares a notebook's kept outputs with those of a new run (`deno task run --check`).
 *
 * - A cell tagged `measured` may show anything, as long as it runs.
 * - An output whose metadata says `interleave.measured` (`show` marks whatever came from real threads or the real
 *   kernel) may hold anything, where the kept or the new one says so; there must be as many outputs as before.
 * - Text (`text/plain`, streams, errors) must be equal to the letter.
 * - A figure's plotly JSON must be equal, numbers to one part in 10^9: the last bits of a sine differ between CPUs.
 * - The SVG of a drawing must be equal to the letter: its numbers are rounded.
 * - What is only worth seeing while a cell runs, a progress bar, does not count: front ends save what is left of it.
 * - Other pictures are drawn from one of these, so of them only their being there is compared.
 */
import { hasTag } from "./execute.ts";
import type { CodeCell, DisplayOutput, Notebook, Output } from "./notebook_file.ts";
import { isMarked } from "./outputs.ts";

const RELATIVE_TOLERANCE = 1e-9;

export interface Difference {
  /** Counted over all cells, from 1. */
  readonly cellNumber: number;
  readonly what: string;
}

/** All differences, in the order of the cells; both notebooks have the same cells. */
export function compareOutputs(kept: Notebook, fresh: Notebook): Difference[] {
  return fresh.cells.flatMap((cell, index) => {
    const before = kept.cells[index];
    if (cell.cell_type !== "code" || before.cell_type !== "code" || hasTag(cell, "measured")) return [];
    const what = compareCells(before, cell);
    return what === undefined ? [] : [{ cellNumber: index + 1, what }];
  });
}

function compareCells(kept: CodeCell, fresh: CodeCell): string | undefined {
  if (kept.execution_count === null && kept.outputs.length === 0 && fresh.execution_count !== null) {
    return "was never run, or its outputs were cleared";
  }
  const before = kept.outputs.filter(isLasting), now = fresh.outputs.filter(isLasting);
  if (before.length !== now.length) return `kept ${before.length} outputs, the new run gave ${now.length}`;
  for (const [index, output] of now.entries()) {
    const what = compareOutput(before[index], output);
    if (what !== undefined) return `output ${index + 1}: ${what}`;
  }
  return undefined;
}

const isLasting = (output: Output): boolean => !("metadata" in output) || !isMarked(output.metadata, "ephemeral");

function compareOutput(kept: Output, fresh: Output): string | undefined {
  if (isDisplay(kept) && isDisplay(fresh)) {
    if (isMarked(kept.metadata, "measured") || isMarked(fresh.metadata, "measured")) return undefined;
    const types = (output: DisplayOutput) => Object.keys(output.data).sort().join(", ");
    if (types(kept) !== types(fresh)) return `kept ${types(kept)}, the new run gave ${types(fresh)}`;
    // Text first, which tells most. Kernels send the forms in any order.
    for (const mime of Object.keys(fresh.data).sort().reverse()) {
      const what = compareValues(mime, kept.data[mime], fresh.data[mime]);
      if (what !== undefined) return `${mime}: ${what}`;
    }
    return undefined;
  }
  if (kept.output_type !== fresh.output_type) return `kept ${kept.output_type}, the new run gave ${fresh.output_type}`;
  if (kept.output_type === "stream" && fresh.output_type === "stream") {
    if (kept.name !== fresh.name) return `kept ${kept.name}, the new run gave ${fresh.name}`;
    return compareText(kept.text, fresh.text);
  }
  if (kept.output_type === "error" && fresh.output_type === "error") {
    return compareText(`${kept.ename}: ${kept.evalue}`, `${fresh.ename}: ${fresh.evalue}`);
  }
  return undefined;
}

function isDisplay(output: Output): output is DisplayOutput {
  return output.output_type === "display_data" || output.output_type === "execute_result";
}

function compareValues(mime: string, kept: unknown, fresh: unknown): string | undefined {
  if (mime.startsWith("image/") && mime !== "image/svg+xml") return undefined;
  if (typeof kept === "string" && typeof fresh === "string") return compareText(kept, fresh);
  return compareJson(kept, fresh, "");
}

function compareText(kept: string, fresh: string): string | undefined {
  if (kept === fresh) return undefined;
  const [before, after] = [kept.split("\n"), fresh.split("\n")];
  const line = after.findIndex((text, i) => text !== before[i]);
  const at = line < 0 ? after.length : line;
  return `line ${at + 1} was ${quote(before[at])}, now ${quote(after[at])}`;
}

function compareJson(kept: unknown, fresh: unknown, path: string): string | undefined {
  if (typeof kept === "number" && typeof fresh === "number") {
    return Math.abs(kept - fresh) <= RELATIVE_TOLERANCE * Math.max(Math.abs(kept), Math.abs(fresh))
      ? undefined
      : `${path} was ${kept}, now ${fresh}`;
  }
  if (!isObject(kept) || !isObject(fresh) || Array.isArray(kept) !== Array.isArray(fresh)) {
    return Object.is(kept, fresh) ? undefined : `${path} was ${quote(kept)}, now ${quote(fresh)}`;
  }
  for (const key of new Set([...Object.keys(kept), ...Object.keys(fresh)])) {
    const what = compareJson(kept[key], fresh[key], path === "" ? key : `${path}.${key}`);
    if (what !== undefined) return what;
  }
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function quote(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length > 100 ? `${text.slice(0, 100)}...` : text;
}
