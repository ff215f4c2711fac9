/** A space-time diagram of a trace: a lane per CPU, every visible operation in its row, the lost update marked. */
import { type Part, partsAround } from "../report/parts.ts";
import type { TraceStep } from "../report/result.ts";
import { describeInsn, describeLine, describeStep, hadToWait, lanesOf } from "../report/trace_text.ts";
import { witnessTable } from "../report/witness_table.ts";
import { Canvas } from "./canvas.ts";
import { checkTraced } from "./check_data.ts";
import { Figure } from "./figure.ts";
import { frame } from "./frame.ts";
import { nanoseconds } from "./numbers.ts";
import { type Origin, sourcesOf } from "./series.ts";
import { texts } from "./texts.ts";
import { ARROW, drawTimeline, heightOf, layOut, type Row, type TimelineContent } from "./timeline_drawing.ts";
import { eventsAt, type Place, shortest, shownIn, storiesOf, type Story } from "./timeline_story.ts";

export interface TimelineOptions {
  /**
   * Which steps to show: around a lost update or torn read (of the first twenty the one that takes the fewest steps to
   * tell), around a step, or a part. Default: all where there is room, else around a lost update or torn read.
   */
  readonly around?: "first lost update" | number | Part;
  /** Only what happens at these instructions is told: the two sides of a race. Default: all that the trace shows. */
  readonly about?: readonly Place[];
  /** Most steps to show, 4 to 40. Default 24. */
  readonly most?: number;
  readonly title?: string;
  readonly finding?: string;
  /** What the figure says where the steps show neither a lost update nor a torn read. */
  readonly otherwise?: string;
  readonly sources?: readonly Origin[];
}

/** A trace, or a run that can give one (what `simulate` returns, an exploration's witness). */
export type Traced =
  | readonly TraceStep[]
  | {
    readonly trace: readonly TraceStep[] | (() => readonly TraceStep[]);
    /** What was simulated; the figure names it as its source. */
    readonly on?: string;
    /** A witness has it: its end is what it is a witness of. */
    readonly preemptions?: number;
  };

const EDGE = 20;
/** Around a lost update fewer steps tell more. */
const STORY_STEPS = 14;
/** Lanes of a witness up to which all are shown. */
const MOST_LANES = 8;

interface Told {
  readonly steps: readonly TraceStep[];
  readonly on?: string;
  readonly isWitness: boolean;
}

/** The steps of what was given, and what it says of itself. */
export function stepsOf(traced: Traced): Told {
  if (Array.isArray(traced)) return { steps: traced, isWitness: false };
  const run = traced as Exclude<Traced, readonly TraceStep[]>;
  const steps = typeof run.trace === "function" ? run.trace() : run.trace;
  return { steps, on: run.on, isWitness: run.preemptions !== undefined };
}

function choose({ steps, isWitness }: Told, story: Story | undefined, options: TimelineOptions): Part[] {
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
  if (story) return partsAround(steps.length, story.steps, Math.min(most, STORY_STEPS));
  if (!isWitness) return [{ from: 0, to: most }];
  return partsAround(steps.length, turningPoints(steps).slice(0, most), most);
}

/**
 * What makes a witness end as it does, the weightiest first: its end, the grace periods in it and what begins them, and
 * from the end backwards the places where another task goes on.
 */
function turningPoints(steps: readonly TraceStep[]): number[] {
  const indices = steps.map((_, index) => index);
  const ends = indices.slice(-3);
  const grace = indices.filter((i) => steps[i].text.includes("grace period"))
    .flatMap((i) => [i, indices.findLast((j) => j < i && steps[j].task === steps[i].task && steps[j].kind === "rmw")]);
  const switches = indices.filter((i) => i > 0 && steps[i].task !== steps[i - 1].task).flatMap((i) => [i - 1, i])
    .reverse();
  return [...new Set([0, ...ends, ...grace.filter((i) => i !== undefined), ...switches])];
}

/** The steps shown with what is to say of each, and the holes between them. */
function rowsOf(steps: readonly TraceStep[], parts: readonly Part[], stories: readonly Story[]): Row[] {
  const rows: Row[] = [];
  let shownTo = 0;
  for (const { from, to } of parts) {
    if (from > shownTo) rows.push({ skipped: from - shownTo });
    for (let index = from; index < to; index++) rows.push(rowOf(steps, index, stories));
    shownTo = to;
  }
  if (steps.length > shownTo) rows.push({ skipped: steps.length - shownTo });
  return rows;
}

/** @param stories the one that the figure tells first: a step may have a part in several. */
function rowOf(steps: readonly TraceStep[], index: number, stories: readonly Story[]): Row {
  const step = steps[index];
  const before = steps.findLastIndex((other, i) => i < index && other.task === step.task);
  return {
    step,
    index,
    waited: before >= 0 && hadToWait(steps, before + 1, index),
    time: step.timeNs === undefined ? "" : nanoseconds(step.timeNs),
    memory: describeStep(step, ARROW),
    line: describeLine(step),
    insn: describeInsn(step),
    remark: stories.find((story) => story.marked.has(index))?.marked.get(index)?.remark ?? "",
  };
}

/**
 * Draws the steps of a trace from top to bottom, each in the lane of its CPU, with what it did to memory, its C line
 * and its instruction. A lost update is marked: the span between its overwriter's load and store, the store that is lost,
 * and an arrow to the store that overwrites it. Where nothing is lost, a torn read is: its two loads, and an arrow from
 * the store that the second one saw. The text twin is the witness table.
 */
export function timeline(traced: Traced, options: TimelineOptions = {}): Figure {
  checkTraced(traced);
  const run = stepsOf(traced), { steps, on } = run;
  const stories = storiesOf(steps, options.about);
  const parts = choose(run, shortest(stories), options);
  const visible = shownIn(stories, parts);
  const story = shortest(visible.told);
  const rows = rowsOf(steps, parts, story ? [story, ...visible.marked] : visible.marked);
  // Of a witness every CPU that takes part has its lane, even where its steps are folded.
  const allLanes = run.isWitness && lanesOf(steps).length <= MOST_LANES;
  const lanes = lanesOf(allLanes ? steps : rows.flatMap((row) => "step" in row ? [row.step] : []));
  const content: TimelineContent = { rows, lanes, story };
  const columns = layOut(content);
  const framed = frame({
    title: options.title ?? texts.timeline.title,
    finding: options.finding ?? story?.finding ??
      (steps.length === 0
        ? texts.timeline.empty
        // A witness shows what went wrong, and that need not be a lost update.
        : options.otherwise ?? (run.isWitness ? texts.timeline.toThisEnding : texts.timeline.noLostUpdate)),
    sources: sourcesOf(options.sources ?? [{ kind: "simulated", on }]),
    width: columns.width + 2 * EDGE,
    plotHeight: heightOf(content, columns),
    left: EDGE,
    right: EDGE,
    bottom: 10,
  });
  const canvas = new Canvas();
  drawTimeline(canvas, columns, content);
  return new Figure({
    drawing: canvas.finish(framed),
    caption: framed.caption,
    text: witnessTable(steps, { parts, allLanes, ...(options.about && eventsAt(steps, options.about)) }),
  });
}
