/** All schedules of two programs as paths through a grid: which of them lose an update. */
import { textTable } from "../report/text_table.ts";
import { Canvas } from "./canvas.ts";
import { Figure } from "./figure.ts";
import { textWidth } from "./fonts.ts";
import { frame, widest } from "./frame.ts";
import { type Origin, sourcesOf } from "./series.ts";
import { colours, fonts } from "./style.ts";
import { texts } from "./texts.ts";

/** Which CPU takes each step: 0 or 1. */
export type TwoCpuSchedule = readonly (0 | 1)[];

export interface LatticeOptions {
  /** The visible operations of each CPU's program, in order: `["load", "store"]`. */
  readonly steps: readonly [readonly string[], readonly string[]];
  /** Whether a schedule loses an update (or does whatever the figure is after). */
  readonly bad: (schedule: TwoCpuSchedule) => boolean;
  /** A schedule to draw as a path. */
  readonly path?: TwoCpuSchedule;
  readonly title?: string;
  readonly finding?: string;
  readonly sources?: readonly Origin[];
}

const MAX_SCHEDULES = 5000;
const EDGE = 20;
const KEY = 40;

/** Every order of `a` steps of CPU 0 and `b` steps of CPU 1. */
function allSchedules(a: number, b: number): (0 | 1)[][] {
  if (a === 0 && b === 0) return [[]];
  return [
    ...(a > 0 ? allSchedules(a - 1, b).map((rest): (0 | 1)[] => [0, ...rest]) : []),
    ...(b > 0 ? allSchedules(a, b - 1).map((rest): (0 | 1)[] => [1, ...rest]) : []),
  ];
}

function binomial(n: number, k: number): number {
  let ways = 1;
  for (let i = 1; i <= k; i++) ways = ways * (n - k + i) / i;
  return Math.round(ways);
}

/** A step of a schedule as an edge: from where (steps of each CPU done) and which CPU moves. */
interface Edge {
  readonly a: number;
  readonly b: number;
  readonly cpu: 0 | 1;
}

function edgesOf(schedule: TwoCpuSchedule): Edge[] {
  const done = [0, 0];
  return schedule.map((cpu) => {
    const [a, b] = done;
    done[cpu]++;
    return { a, b, cpu };
  });
}

interface Traffic extends Edge {
  good: number;
  bad: number;
}

/** How many good and bad schedules go along each edge. */
function count(schedules: readonly TwoCpuSchedule[], isBad: readonly boolean[]): Traffic[] {
  const traffic = new Map<string, Traffic>();
  schedules.forEach((schedule, n) => {
    for (const edge of edgesOf(schedule)) {
      const key = `${edge.a} ${edge.b} ${edge.cpu}`;
      let here = traffic.get(key);
      if (!here) traffic.set(key, here = { ...edge, good: 0, bad: 0 });
      if (isBad[n]) here.bad++;
      else here.good++;
    }
  });
  return [...traffic.values()];
}

const LOOKS = {
  good: { colour: "#009E73", dash: "solid" },
  both: { colour: colours.axis, dash: "dot" },
  bad: { colour: colours.bad, dash: "dash" },
} as const;

const PATH = { colour: "#FFD9A0", widthPx: 13 };

const lookOf = ({ good, bad }: Traffic) => LOOKS[bad === 0 ? "good" : good === 0 ? "bad" : "both"];

/**
 * Draws the grid of two programs' steps: CPU 0 moves right, CPU 1 moves down, every path is a schedule. An edge shows
 * whether all, some or none of the schedules through it are bad.
 *
 * @throws RangeError when there are more than 5,000 schedules, or `path` does not take every step once.
 */
export function lattice(options: LatticeOptions): Figure {
  const [stepsA, stepsB] = options.steps;
  const [a, b] = [stepsA.length, stepsB.length];
  if (binomial(a + b, a) > MAX_SCHEDULES) {
    throw new RangeError(`lattice of ${a} and ${b} steps: more than ${MAX_SCHEDULES} schedules; take fewer steps`);
  }
  const path = options.path;
  if (path && (path.length !== a + b || path.filter((cpu) => cpu === 0).length !== a)) {
    throw new RangeError(`lattice: the path must take ${a} steps of CPU 0 and ${b} of CPU 1`);
  }
  const schedules = allSchedules(a, b);
  const isBad = schedules.map(options.bad);
  const bad = isBad.filter(Boolean).length;

  const left = Math.max(textWidth(texts.cpu(1), fonts.label), widest(stepsB, fonts.code)) + 24;
  const cell = {
    width: Math.max(Math.min(150, 480 / a), widest(stepsA, fonts.code) + 22),
    height: Math.max(50, Math.min(80, 240 / b)),
  };
  const top = 52;
  const x = (n: number) => left + 14 + n * cell.width, y = (n: number) => top + n * cell.height;
  const width = Math.max(580, x(a) + 20, keyWidth(path !== undefined));
  const framed = frame({
    title: options.title ?? texts.lattice,
    finding: options.finding ?? texts.latticeSum(bad, schedules.length),
    sources: sourcesOf(options.sources ?? [{ on: texts.everySchedule }]),
    width: Math.ceil(width) + 2 * EDGE,
    plotHeight: y(b) + 20 + KEY,
    left: EDGE,
    right: EDGE,
    bottom: 8,
  });
  const canvas = new Canvas();
  canvas.text((x(0) + x(a)) / 2, 10, `${texts.cpu(0)} →`, fonts.label, colours.ink, { anchor: "center" });
  canvas.text(left - 8, top - 22, `${texts.cpu(1)} ↓`, fonts.label, colours.ink, { anchor: "right" });
  stepsA.forEach((step, n) => canvas.text(x(n + 0.5), top - 20, step, fonts.code, colours.ink, { anchor: "center" }));
  stepsB.forEach((step, n) => canvas.text(left - 8, y(n + 0.5), step, fonts.code, colours.ink, { anchor: "right" }));
  const draw = (edge: Edge, line: Parameters<Canvas["line"]>[4]) =>
    canvas.line(x(edge.a), y(edge.b), x(edge.a + 1 - edge.cpu), y(edge.b + edge.cpu), line);
  for (const edge of path ? edgesOf(path) : []) draw(edge, PATH);
  for (const edge of count(schedules, isBad)) {
    const weight = Math.sqrt((edge.good + edge.bad) / schedules.length);
    draw(edge, { ...lookOf(edge), widthPx: 1.5 + 4 * weight });
  }
  for (let i = 0; i <= a; i++) {
    for (let j = 0; j <= b; j++) {
      canvas.mark(x(i), y(j), { symbol: "circle", sizePx: 9, fill: colours.paper, stroke: colours.ink });
    }
  }
  drawKey(canvas, y(b) + 20 + KEY / 2, path !== undefined);
  const names = (schedule: TwoCpuSchedule) => schedule.map((cpu) => texts.cpu(cpu)).join(" ");
  return new Figure({
    drawing: canvas.finish(framed),
    caption: framed.caption,
    text: textTable(
      texts.latticeTable,
      schedules.slice(0, 70).map((schedule, n) => [names(schedule), isBad[n] ? texts.yes : texts.no]),
      ["left", "left"],
    ),
  });
}

/** What the key explains: its text and its line. */
const keyEntries = (withPath: boolean) => [
  { text: texts.latticeKey.bad, line: { ...LOOKS.bad, widthPx: 3 } },
  { text: texts.latticeKey.both, line: { ...LOOKS.both, widthPx: 3 } },
  { text: texts.latticeKey.good, line: { ...LOOKS.good, widthPx: 3 } },
  ...(withPath ? [{ text: texts.latticeKey.path, line: { ...PATH } }] : []),
];

const keyStep = (text: string): number => 33 + textWidth(text, fonts.tick) + 20;
const keyWidth = (withPath: boolean): number => keyEntries(withPath).reduce((sum, { text }) => sum + keyStep(text), 0);

function drawKey(canvas: Canvas, y: number, withPath: boolean): void {
  let at = 0;
  for (const { text, line } of keyEntries(withPath)) {
    canvas.line(at, y, at + 26, y, line);
    canvas.text(at + 33, y, text, fonts.tick, colours.quiet);
    at += keyStep(text);
  }
}
