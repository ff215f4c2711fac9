/** Lays a timeline out in columns and draws it. */
import type { TraceStep } from "../report/result.ts";
import { texts as reportTexts } from "../report/texts.ts";
import { describeStep, type Lane } from "../report/trace_text.ts";
import type { Canvas, MarkStyle } from "./canvas.ts";
import { fitText, type FontStyle, textWidth } from "./fonts.ts";
import { widest } from "./frame.ts";
import { shareWidths } from "./share_widths.ts";
import { colours, fonts } from "./style.ts";
import { texts } from "./texts.ts";
import type { Story } from "./timeline_story.ts";

/** A row of the diagram: a step with its texts, or a hole. */
export type Row = StepRow | { readonly skipped: number };

export interface StepRow {
  readonly step: TraceStep;
  /** Index into the trace. */
  readonly index: number;
  /** The task stood still before this step until another one let it go on. */
  readonly waited: boolean;
  readonly time: string;
  readonly memory: string;
  readonly line: string;
  readonly insn: string;
  /** `lost`, `overwrites 2`, or nothing. */
  readonly remark: string;
}

export interface TimelineContent {
  readonly rows: readonly Row[];
  readonly lanes: readonly Lane[];
  /** What the figure tells of. */
  readonly story: Story | undefined;
}

/** Where the columns lie, in pixels of the canvas. */
export interface Columns {
  readonly width: number;
  /** Height of the head: one line, or two where lanes have two. */
  readonly head: number;
  /** Right ends of the step number and of the time. */
  readonly step: number;
  readonly time: number;
  /** Middle of each lane. */
  readonly lanes: readonly number[];
  readonly laneWidth: number;
  /** Left ends and widths of the text columns. */
  readonly memory: Column;
  readonly line: Column;
  readonly insn: Column;
}

interface Column {
  readonly left: number;
  readonly width: number;
}

/** Between the value before and after. */
export const ARROW = "→";

const ROW = 23;
const KEY = 34;
const GAP = 16;
const WIDTH = { least: 580, most: 900 };
const LANE = { least: 26, usual: 58, named: 78, most: 110, all: 450 };
const PROG: FontStyle = { ...fonts.code, sizePx: 10.5 };
const REMARK: FontStyle = { ...fonts.tick, sizePx: 11, bold: true };

const MARKS = {
  load: { symbol: "circle", sizePx: 10, fill: colours.paper, stroke: colours.ink, strokePx: 1.8 },
  store: { symbol: "circle", sizePx: 11, fill: colours.ink, stroke: colours.ink },
  buffered: { symbol: "circle", sizePx: 11, fill: colours.axis, stroke: colours.ink, strokePx: 1.8 },
  flush: { symbol: "square", sizePx: 9, fill: colours.ink, stroke: colours.ink },
  atomic: { symbol: "diamond", sizePx: 12, fill: colours.ink, stroke: colours.ink },
  other: { symbol: "square", sizePx: 7, fill: colours.axis, stroke: colours.axis },
} satisfies Record<string, MarkStyle>;

function markOf(step: TraceStep): keyof typeof MARKS {
  if (step.kind === "store" && step.buffered) return "buffered";
  if (step.kind === "load" || step.kind === "store" || step.kind === "flush") return step.kind;
  if (step.kind === "rmw") return "atomic";
  return step.kind === "await" && step.after !== step.before ? "atomic" : "other";
}

/** Changes of memory stand out in bold. */
const fontOf = (step: TraceStep): FontStyle =>
  step.before !== step.after || step.kind === "store" ? fonts.codeBold : fonts.code;

const stepRows = (content: TimelineContent): StepRow[] => content.rows.flatMap((row) => "step" in row ? [row] : []);

const remarkWidth = (remark: string): number => remark === "" ? 0 : textWidth(remark, REMARK) + 21;

export function layOut(content: TimelineContent): Columns {
  const rows = stepRows(content), { lanes } = content;
  const numbers = rows.map((row) => String(row.step.step));
  const step = Math.max(widest(numbers, fonts.code), textWidth(reportTexts.step, fonts.tick));
  const times = widest(rows.map((row) => row.time), fonts.code);
  const time = step + (times > 0 ? times + GAP : 0);
  const text = {
    memory: Math.max(60, ...rows.map((row) => textWidth(row.memory, fontOf(row.step)) + remarkWidth(row.remark))),
    line: Math.max(60, widest(rows.map((row) => row.line), fonts.code)),
    insn: Math.max(70, widest(rows.map((row) => row.insn), fonts.code)),
  };
  const before = time + GAP + 8, between = 2 * GAP;
  const wanted = Math.max(LANE.usual, ...lanes.map((lane) => laneNeed(lane)));
  // Lanes get narrow before the texts are cut.
  const room = WIDTH.most - before - between - text.memory - text.line - text.insn - 14;
  const least = lanes.some((lane) => lane.prog !== undefined)
    ? LANE.named
    : lanes.length > 4 && lanes.every((lane) => shortHead(lane) !== headOf(lane))
    ? LANE.least
    : LANE.usual;
  const count = Math.max(1, lanes.length);
  const laneWidth = Math.min(wanted, LANE.all / count, Math.max(least, room / count));
  const start = before + laneWidth * lanes.length + 8;
  const width = Math.max(
    WIDTH.least,
    Math.min(WIDTH.most, Math.ceil(start + text.memory + text.line + text.insn + between + 3)),
  );
  const free = width - start - between;
  // What happened to memory comes first.
  const memory = Math.min(text.memory, Math.max(free / 3, free - text.line - text.insn, free * 0.48)) + 1;
  const [line, insn] = shareWidths([text.line + 1, text.insn + 1], free - memory);
  const twoLines = isNarrow(lanes, laneWidth) || lanes.some((lane) => lane.prog !== undefined);
  return {
    width,
    head: twoLines ? 42 : 26,
    step,
    time,
    lanes: lanes.map((_, i) => before + laneWidth * (i + 0.5)),
    laneWidth,
    memory: { left: start, width: memory },
    line: { left: start + memory + GAP, width: line },
    insn: { left: start + memory + line + 2 * GAP, width: insn },
  };
}

/** The first line of a lane's head: the CPU, or the user-space actor. */
const headOf = (lane: Lane): string => lane.prog === undefined ? lane.name : lane.place;

/** A lane's head where there is no room: the number of its CPU alone; a store buffer stands beside its CPU. */
function shortHead(lane: Lane): string {
  if (lane.task < 0) return texts.timeline.buffer;
  return !lane.isUser && headOf(lane) === lane.place ? String(lane.cpu) : headOf(lane);
}

/** Whether the lanes are too narrow for more than a number. */
const isNarrow = (lanes: readonly Lane[], laneWidth: number): boolean =>
  lanes.length > 1 && lanes.some((lane) => textWidth(headOf(lane), fonts.label) > laneWidth - 4);

const laneNeed = (lane: Lane): number =>
  Math.min(LANE.most, Math.max(textWidth(headOf(lane), fonts.label), textWidth(lane.prog ?? "", PROG)) + 14);

export const heightOf = (content: TimelineContent, columns: Columns): number =>
  columns.head + ROW * content.rows.length + KEY;

export function drawTimeline(canvas: Canvas, columns: Columns, content: TimelineContent): void {
  const middle = (row: number): number => columns.head + ROW * (row + 0.5);
  drawHead(canvas, columns, content);
  drawWaiting(canvas, columns, content, middle);
  drawStory(canvas, columns, content, middle);
  content.rows.forEach((row, n) => drawRow(canvas, columns, content, row, middle(n)));
  drawKey(canvas, columns, content);
}

const laneOf = (columns: Columns, lanes: readonly Lane[], step: TraceStep): number =>
  columns.lanes[lanes.findIndex((lane) => lane.task === step.task)];

function drawHead(canvas: Canvas, columns: Columns, { lanes, rows }: TimelineContent): void {
  const y = 10, bottom = columns.head + ROW * rows.length;
  const title = (x: number, text: string, anchor: "left" | "right" = "left") =>
    canvas.text(x, y, text, fonts.tick, colours.quiet, { anchor });
  title(columns.step, reportTexts.step, "right");
  if (columns.time > columns.step) title(columns.time, texts.timeline.time, "right");
  const room = columns.laneWidth - 4;
  const narrow = isNarrow(lanes, columns.laneWidth);
  if (narrow) {
    // One word over all lanes, numbers below.
    const between = (columns.lanes[0] + columns.lanes[lanes.length - 1]) / 2;
    canvas.text(between, y, texts.timeline.cpus, fonts.label, colours.ink, { anchor: "center" });
  }
  lanes.forEach((lane, i) => {
    const x = columns.lanes[i], anchor = "center";
    if (narrow) {
      canvas.text(x, y + 17, shortHead(lane), fonts.label, colours.ink, { anchor, maxWidthPx: room });
    } else {
      canvas.text(x, y, headOf(lane), fonts.label, colours.ink, { anchor, maxWidthPx: room });
      canvas.text(x, y + 16, lane.prog ?? "", PROG, colours.quiet, { anchor, maxWidthPx: room });
    }
    canvas.line(x, columns.head - 4, x, bottom, { colour: colours.axis });
  });
  title(columns.memory.left, texts.timeline.memory);
  title(columns.line.left, reportTexts.line);
  title(columns.insn.left, reportTexts.insn);
}

/** A broken lane where its CPU stood still. */
function drawWaiting(
  canvas: Canvas,
  columns: Columns,
  { rows, lanes }: TimelineContent,
  middle: (row: number) => number,
): void {
  rows.forEach((row, n) => {
    if (!("step" in row) || !row.waited) return;
    const from = rows.findLastIndex((other, i) => i < n && "step" in other && other.step.task === row.step.task);
    if (from < 0) return;
    const x = laneOf(columns, lanes, row.step);
    canvas.line(x, middle(from), x, middle(n), { colour: colours.paper, widthPx: 3 });
    canvas.line(x, middle(from), x, middle(n), { colour: colours.warn, widthPx: 2, dash: [3, 4] });
  });
}

/** The rows that stand out, the span in its lane, and the arrow. */
function drawStory(
  canvas: Canvas,
  columns: Columns,
  { rows, lanes, story }: TimelineContent,
  middle: (row: number) => number,
): void {
  rows.forEach((row, n) => {
    const y = middle(n);
    if ("skipped" in row) canvas.rect(0, y - 9, columns.width, y + 9, colours.faint);
    else if (story?.marked.has(row.index)) {
      canvas.rect(0, y - ROW / 2, columns.width, y + ROW / 2, colours.badPaper);
    }
  });
  if (!story) return;
  const placeOf = (index: number) => {
    const n = rows.findIndex((row) => "step" in row && row.index === index);
    return { x: laneOf(columns, lanes, (rows[n] as StepRow).step), y: middle(n) };
  };
  const [first, last] = [placeOf(story.span.from), placeOf(story.span.to)];
  // In the lane of its task: a store may be flushed in the lane beside it.
  canvas.rect(first.x - 8, first.y, first.x + 8, last.y, colours.warnPaper, { colour: colours.warn });
  const [from, to] = [placeOf(story.arrow.from), placeOf(story.arrow.to)];
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const [dx, dy] = [(to.x - from.x) / length, (to.y - from.y) / length];
  canvas.arrow(from.x + dx * 10, from.y + dy * 10, to.x - dx * 9, to.y - dy * 9, { colour: colours.bad, widthPx: 1.8 });
}

/** What happened to memory, cut to a width: the name gives way before the values do. */
function fitMemory({ memory, step }: StepRow, widthPx: number, font: FontStyle): string {
  if (step.target === undefined || textWidth(memory, font) <= widthPx) return fitText(memory, widthPx, font);
  // A long key says less than the field behind it.
  const target = step.target.replace(/\[[^\]]{4,}\](?=[.@])/, "[…]"), short = describeStep({ ...step, target }, ARROW);
  if (textWidth(short, font) <= widthPx) return short;
  const spare = widthPx - (textWidth(memory, font) - textWidth(target, font));
  const fits = spare > 40 ? describeStep({ ...step, target: fitText(target, spare, font) }, ARROW) : memory;
  return fitText(fits, widthPx, font);
}

function drawRow(canvas: Canvas, columns: Columns, { lanes, story }: TimelineContent, row: Row, y: number): void {
  if ("skipped" in row) {
    canvas.text(columns.memory.left, y, texts.timeline.skipped(row.skipped), fonts.tick, colours.quiet);
    return;
  }
  const { step } = row;
  const marked = story?.marked.get(row.index), bad = marked !== undefined;
  const x = laneOf(columns, lanes, step);
  const mark = MARKS[markOf(step)];
  const hover = [`${step.step}: ${row.memory}`, row.line, row.insn].filter((part) => part !== "");
  const fill = step.kind === "load" ? colours.paper : colours.bad;
  canvas.mark(x, y, bad ? { ...mark, fill, stroke: colours.bad } : mark, hover.join("\n"));
  if (marked?.crossed) {
    canvas.mark(x, y, { symbol: "x-thin", sizePx: 15, fill: colours.bad, stroke: colours.bad, strokePx: 2.2 });
  }
  canvas.text(columns.step, y, String(step.step), fonts.code, colours.quiet, { anchor: "right" });
  canvas.text(columns.time, y, row.time, fonts.code, colours.quiet, { anchor: "right" });
  const font = fontOf(step);
  const memory = fitMemory(row, columns.memory.width - remarkWidth(row.remark), font);
  canvas.text(columns.memory.left, y, memory, font, bad ? colours.bad : colours.ink, { whole: row.memory });
  if (row.remark !== "") {
    // Filled in the story that the figure tells, open in the others that it shows.
    const left = columns.memory.left + textWidth(memory, font) + 8;
    const right = left + textWidth(row.remark, REMARK) + 12;
    canvas.rect(left, y - 8, right, y + 8, bad ? colours.bad : colours.paper, { colour: colours.bad });
    canvas.text(left + 6, y, row.remark, REMARK, bad ? colours.paper : colours.bad);
  }
  canvas.text(columns.line.left, y, row.line, fonts.code, colours.ink, { maxWidthPx: columns.line.width });
  canvas.text(columns.insn.left, y, row.insn, fonts.code, colours.quiet, { maxWidthPx: columns.insn.width });
}

function drawKey(canvas: Canvas, columns: Columns, content: TimelineContent): void {
  const y = columns.head + ROW * content.rows.length + 22;
  const rows = stepRows(content), key = texts.timeline.key;
  let x = 8;
  const entry = (text: string, draw: () => void) => {
    draw();
    canvas.text(x + 13, y, text, fonts.tick, colours.quiet);
    x += 13 + textWidth(text, fonts.tick) + 24;
  };
  for (const name of Object.keys(MARKS) as (keyof typeof MARKS)[]) {
    if (rows.some((row) => markOf(row.step) === name)) entry(key[name], () => canvas.mark(x, y, MARKS[name]));
  }
  if (rows.some((row) => row.waited)) {
    entry(key.waits, () => canvas.line(x, y - 8, x, y + 9, { colour: colours.warn, widthPx: 2, dash: [3, 4] }));
  }
  if (content.story) {
    entry(
      content.story.span.name,
      () => canvas.rect(x - 7, y - 8, x + 7, y + 8, colours.warnPaper, { colour: colours.warn }),
    );
  }
}
