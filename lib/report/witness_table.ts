/** A trace as a table with a column per CPU: what each step did, at which C line, and why the CPU changed. */
import { findLostUpdates, type LostUpdate } from "./lost_update.ts";
import type { Part } from "./parts.ts";
import type { TraceStep } from "./result.ts";
import { textTable } from "./text_table.ts";
import { texts } from "./texts.ts";
import { findTornReads, type TornRead } from "./torn_read.ts";
import { describeInsn, describeLine, describeStep, lanesOf, switchReasons } from "./trace_text.ts";
import { t } from "../words/translation.ts";

export interface WitnessTableOptions {
  /** Which steps to show; default all. */
  readonly parts?: readonly Part[];
  /** The lost updates and torn reads to mark; default those found in the trace. */
  readonly lost?: readonly LostUpdate[];
  readonly torn?: readonly TornRead[];
  /** Columns for all lanes, those with no step shown included. */
  readonly allLanes?: boolean;
}

/** Longest C line and instruction shown, in characters. */
const LINE_LENGTH = 48, INSN_LENGTH = 44;

const shorten = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, length - 3).trimEnd()}...`;

/** What to write beside the steps that take part in a lost update or a torn read, by index. */
function remarksOf(
  steps: readonly TraceStep[],
  lost: readonly LostUpdate[],
  torn: readonly TornRead[],
): Map<number, string> {
  const remarks = new Map<number, string>();
  const add = (index: number, text: string) =>
    remarks.set(index, remarks.has(index) ? `${remarks.get(index)}; ${text}` : text);
  for (const update of lost) {
    for (const i of update.lost) add(i, texts.lost(steps[update.store].step));
    const gone = update.lost.map((i) => steps[i].step);
    add(update.store, texts.overwrites(gone.length > 3 ? t`${gone[0]} to ${gone[gone.length - 1]}` : gone.join(", ")));
  }
  for (const { stale, fresh, missed, seen } of torn) {
    add(stale, texts.stale(steps[missed].step));
    add(fresh, texts.fresh(steps[seen].step));
  }
  return remarks;
}

/**
 * The witness table of a trace, as text.
 *
 * @returns a header, then one line per step; empty for an empty trace.
 */
export function witnessTable(steps: readonly TraceStep[], options: WitnessTableOptions = {}): string {
  if (steps.length === 0) return "";
  const parts = options.parts ?? [{ from: 0, to: steps.length }];
  const shown = parts.flatMap(({ from, to }) => steps.slice(from, to));
  const lanes = lanesOf(options.allLanes ? steps : shown);
  const remarks = remarksOf(steps, options.lost ?? findLostUpdates(steps), options.torn ?? findTornReads(steps));
  const reasons = switchReasons(steps);
  const rows: string[][] = [];
  let shownTo = 0;
  for (const { from, to } of parts) {
    if (from > shownTo) rows.push(["", texts.skipped(from - shownTo)]);
    for (let i = from; i < to; i++) {
      const step = steps[i];
      rows.push([
        String(step.step),
        ...lanes.map((lane) => lane.task === step.task ? describeStep(step) : ""),
        shorten(describeLine(step), LINE_LENGTH),
        shorten(describeInsn(step), INSN_LENGTH),
        reasons[i] ?? "",
        remarks.get(i) ?? "",
      ]);
    }
    shownTo = to;
  }
  if (steps.length > shownTo) rows.push(["", texts.skipped(steps.length - shownTo)]);
  const header = [texts.step, ...lanes.map((lane) => lane.name), texts.line, texts.insn, texts.switchColumn];
  if (remarks.size > 0) header.push(texts.remarkColumn);
  return textTable(header, rows, ["right", ...header.slice(1).map(() => "left" as const)]);
}
