/** A space-time diagram of a trace: a lane per CPU, every visible operation in its row, the lost update marked. */
import { findLostUpdates, type LostUpdate, type Part, partsAround } from "../report/lost_update.ts";
import type { TraceStep } from "../report/result.ts";
import { describeInsn, describeLine, describeStep, hadToWait, type Lane, lanesOf } from "../report/trace_text.ts";
import { witnessTable } from "../report/witness_table.ts";
import { Canvas } from "./canvas.ts";
import { Figure } from "./figure.ts";
import { frame } from "./frame.ts";
import { nanoseconds } from "./numbers.ts";
import { type Origin, sourcesOf } from "./series.ts";
import { texts } from "./texts.ts";
import { drawTimeline, heightOf, layOut, type Row, type TimelineContent } from "./timeline_drawing.ts";

export interface TimelineOptions {
  /**
   * Which steps to show: around a lost update (of the first twenty the one that takes the fewest steps to tell), around
   * a step, or a part. Default: all where there is room, else around a lost update.
   */
  readonly around?: "first lost update" | number | Part;
  /** Most steps to show, 4 to 40. Default 24. */
  readonly most?: number;
  readonly title?: string;
  readonly finding?: string;
  readonly sources?: readonly Origin[];
}

/** A trace, or a run that can give one (what `simulate` returns, an exploration's witness). */
export type Traced =
  | readonly TraceStep[]
  | { readonly trace: readonly TraceStep[] | (() => readonly TraceStep[]); readonly how?: string };

const EDGE = 20;
/** Around a lost update fewer steps tell more. */
const STORY_STEPS = 14;

function stepsOf(traced: Traced): { steps: readonly TraceStep[]; how?: string } {
  if (Array.isArray(traced)) return { steps: traced };
  const run = traced as Exclude<Traced, readonly TraceStep[]>;
  return { steps: typeof run.trace === "function" ? run.trace() : run.trace, how: run.how };
}

function choose(steps: readonly TraceStep[], lost: readonly LostUpdate[], options: TimelineOptions): Part[] {
  const most = Math.min(40, Math.max(4, options.most ?? 24));
  const { around } = options;
  if (typeof around === "object") {
    return [{ from: Math.max(0, around.from), to: Math.min(steps.length, around.to, around.from + most) }];
  }
  if (typeof around === "number") {
    const at = Math.max(0, steps.findIndex((step) => step.step >= around));
    const from = Math.max(0, Math.min(at - (most >> 1), steps.length - most));
    return [{ from, to: Math.min(steps.length, from + most) }];
  }
  if (steps.length <= most) return [{ from: 0, to: steps.length }];
  const update = clearest(tellable(lost));
  return update ? partsAround(steps, update, Math.min(most, STORY_STEPS)) : [{ from: 0, to: most }];
}

/** Where some of what is wiped out comes back later, the numbers shown do not add up at a glance: others come first. */
function tellable(lost: readonly LostUpdate[]): readonly LostUpdate[] {
  const plain = lost.filter(({ broughtBack }) => broughtBack === 0);
  return plain.length > 0 ? plain : lost;
}

/** Of the first lost updates the one with the fewest steps between its overwriter's load and store. */
function clearest(lost: readonly LostUpdate[]): LostUpdate | undefined {
  const length = (update: LostUpdate) => update.store - update.load + 2 * update.lost.length;
  return lost.slice(0, 20).reduce<LostUpdate | undefined>(
    (best, update) => best === undefined || length(update) < length(best) ? update : best,
    undefined,
  );
}

/** The steps shown with what is to say of each, and the holes between them. */
function rowsOf(
  steps: readonly TraceStep[],
  parts: readonly Part[],
  lost: readonly LostUpdate[],
  update: LostUpdate | undefined,
): Row[] {
  const rows: Row[] = [];
  const visible = lost.filter(({ store }) => isShown(parts, store));
  let shownTo = 0;
  for (const { from, to } of parts) {
    if (from > shownTo) rows.push({ skipped: from - shownTo });
    for (let index = from; index < to; index++) rows.push(rowOf(steps, index, visible, update));
    shownTo = to;
  }
  if (steps.length > shownTo) rows.push({ skipped: steps.length - shownTo });
  return rows;
}

function rowOf(
  steps: readonly TraceStep[],
  index: number,
  lost: readonly LostUpdate[],
  told: LostUpdate | undefined,
): Row {
  const step = steps[index];
  // A store may overwrite one update and be overwritten itself: in the story told it has one part.
  const overwriting = told?.lost.includes(index) ? undefined : lost.find((update) => update.store === index);
  const gone = overwriting?.lost.map((i) => steps[i].step) ?? [];
  const before = steps.findLastIndex((other, i) => i < index && other.task === step.task);
  return {
    step,
    index,
    waited: before >= 0 && hadToWait(steps, before + 1, index),
    time: step.timeNs === undefined ? "" : nanoseconds(step.timeNs),
    memory: describeStep(step, "→"),
    line: describeLine(step),
    insn: describeInsn(step),
    remark: overwriting
      ? texts.timeline.overwrites(gone.length > 2 ? `${gone[0]}–${gone[gone.length - 1]}` : gone.join(", "))
      : lost.some((update) => update.lost.includes(index))
      ? texts.timeline.lost
      : "",
  };
}

const isShown = (parts: readonly Part[], index: number): boolean =>
  parts.some(({ from, to }) => index >= from && index < to);

/** The one update that the figure tells of: one of those whose steps are shown. */
const told = (lost: readonly LostUpdate[], parts: readonly Part[]): LostUpdate | undefined =>
  clearest(tellable(
    lost.filter(({ load, store, lost }) =>
      [load, store, lost[lost.length - 1]].every((index) => isShown(parts, index))
    ),
  ));

function finding(steps: readonly TraceStep[], update: LostUpdate | undefined, lanes: readonly Lane[]): string {
  if (steps.length === 0) return texts.timeline.empty;
  if (!update) return texts.timeline.noLostUpdate;
  const name = (index: number) => lanes.find((lane) => lane.task === steps[index].task)!.name;
  const { store, lost, target } = update;
  return lost.length === 1
    ? texts.timeline.lostUpdate(name(lost[0]), name(store), target)
    : texts.timeline.manyLost(lost.length, name(store), target);
}

/**
 * Draws the steps of a trace from top to bottom, each in the lane of its CPU, with what it did to memory, its C line
 * and its instruction. The first lost update is marked: the span between its overwriter's load and store, the store
 * that is lost, and an arrow to the store that overwrites it. The text twin is the witness table.
 */
export function timeline(traced: Traced, options: TimelineOptions = {}): Figure {
  const { steps, how } = stepsOf(traced);
  const lost = findLostUpdates(steps);
  const parts = choose(steps, lost, options);
  const update = told(lost, parts);
  const rows = rowsOf(steps, parts, lost, update);
  const lanes = lanesOf(rows.flatMap((row) => "step" in row ? [row.step] : []));
  const content: TimelineContent = { rows, lanes, update };
  const columns = layOut(content);
  const framed = frame({
    title: options.title ?? texts.timeline.title,
    finding: options.finding ?? finding(steps, update, lanesOf(steps)),
    sources: sourcesOf(options.sources ?? [{ kind: "simulated", on: how?.replace(/^simulated:? */, "") }]),
    width: columns.width + 2 * EDGE,
    plotHeight: heightOf(content, columns),
    left: EDGE,
    right: EDGE,
    bottom: 10,
  });
  const canvas = new Canvas();
  drawTimeline(canvas, columns, content);
  return new Figure({
    ...canvas.finish(framed),
    caption: framed.caption,
    text: witnessTable(steps, { parts, lost }),
  });
}
