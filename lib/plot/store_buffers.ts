/** A moment of a run on x86's memory: what each CPU has done, which stores wait in its store buffer, what memory holds. */
import type { TraceStep } from "../report/result.ts";
import { describeStep } from "../report/trace_text.ts";
import { textTable } from "../report/text_table.ts";
import { Canvas } from "./canvas.ts";
import { checkTraced } from "./check_data.ts";
import { Figure } from "./figure.ts";
import { frame } from "./frame.ts";
import { type Origin, sourcesOf } from "./series.ts";
import { colours, fonts } from "./style.ts";
import { texts } from "./texts.ts";
import { stepsOf, type Traced } from "./timeline.ts";

export interface StoreBuffersOptions {
  /** The moment: after this step. Default: the last one before a store leaves its buffer. */
  readonly after?: number;
  readonly title?: string;
  readonly finding?: string;
  readonly sources?: readonly Origin[];
}

/** A variable or a field, and what stands there. */
interface Held {
  readonly target: string;
  readonly value: bigint;
}

interface Moment {
  readonly cpus: readonly {
    readonly cpu: number;
    readonly did: readonly string[];
    readonly waiting: readonly Held[];
  }[];
  /** What waits in a buffer sooner or later, as memory has it. */
  readonly memory: readonly Held[];
}

const held = ({ target = "?" }: TraceStep, value = 0n): Held => ({ target, value });

/** The first value of each place that a store buffer holds back: what memory held before its first flush. */
function initialMemory(steps: readonly TraceStep[]): Map<string, bigint> {
  const memory = new Map<string, bigint>();
  for (const { kind, target, before, buffered } of steps) {
    if (target === undefined || memory.has(target)) continue;
    if (kind === "flush" || (kind === "load" && !buffered)) memory.set(target, before ?? 0n);
  }
  const flushes = steps.filter(({ kind }) => kind === "flush").sort((a, b) => (a.addr ?? 0) - (b.addr ?? 0));
  const delayed = new Set(flushes.map(({ target = "?" }) => target));
  return new Map([...delayed].map((target) => [target, memory.get(target) ?? 0n]));
}

function momentOf(steps: readonly TraceStep[], after: number): Moment {
  const memory = initialMemory(steps), past = steps.filter(({ step }) => step <= after);
  const flushed = new Set(past.map(({ stored }) => stored).filter((step) => step !== undefined));
  for (const { kind, target, after: value, buffered } of past) {
    const writes = kind === "flush" || ((kind === "store" || kind === "rmw") && !buffered);
    if (writes && target !== undefined && memory.has(target)) memory.set(target, value ?? 0n);
  }
  const numbers = [...new Set(steps.map(({ cpu }) => cpu))].sort((a, b) => a - b);
  return {
    cpus: numbers.map((cpu) => {
      const own = past.filter((step) => step.cpu === cpu && step.kind !== "start");
      return {
        cpu,
        did: own.filter(({ kind }) => kind !== "flush").map((step) => describeStep(step, "→")),
        waiting: own.filter(({ kind, buffered, step }) => kind === "store" && buffered && !flushed.has(step))
          .map((step) => held(step, step.after)),
      };
    }),
    memory: [...memory].map(([target, value]) => ({ target, value })),
  };
}

const assigned = ({ target, value }: Held): string => `${target} = ${value}`;

const EDGE = 20, COLUMN = 270, GAP = 40, LINE = 19, PAD = 12, SLOT = 28, MOST_LINES = 5, MOST_SLOTS = 4;
const ARROW = { colour: colours.quiet, widthPx: 1.5 };

/**
 * Draws the CPUs with their store buffers above the memory that they share, at one moment of a run or a witness.
 *
 * @param traced a run or a search's witness on x86's memory, in which at least one store waited
 * @throws RangeError where no store waits in a store buffer
 */
export function storeBuffers(traced: Traced, options: StoreBuffersOptions = {}): Figure {
  checkTraced(traced);
  const { steps, on } = stepsOf(traced);
  const leaving = steps.find(({ kind }) => kind === "flush");
  if (!leaving) throw new RangeError("plot.storeBuffers: no store waits in a store buffer in these steps");
  const moment = momentOf(steps, options.after ?? leaving.step - 1);
  const waiting = moment.cpus.reduce((sum, cpu) => sum + cpu.waiting.length, 0);
  const words = texts.storeBuffers;

  const lines = Math.min(MOST_LINES, Math.max(1, ...moment.cpus.map(({ did }) => did.length)));
  const slots = Math.min(MOST_SLOTS, Math.max(1, ...moment.cpus.map((cpu) => cpu.waiting.length)));
  const [cpuTop, cpuHeight] = [0, 30 + lines * LINE + PAD / 2];
  const [bufferTop, bufferHeight] = [cpuTop + cpuHeight + 46, 30 + slots * SLOT];
  const [memoryTop, memoryHeight] = [bufferTop + bufferHeight + 52, 42];
  const width = moment.cpus.length * (COLUMN + GAP) - GAP;
  const framed = frame({
    title: options.title ?? words.title,
    finding: options.finding ?? words.waiting(waiting),
    sources: sourcesOf(options.sources ?? [{ kind: "simulated", on: on ?? words.x86 }]),
    width: width + 2 * EDGE,
    plotHeight: memoryTop + memoryHeight + 6,
    left: EDGE,
    right: EDGE,
    bottom: 8,
  });
  const canvas = new Canvas();
  const box = (left: number, top: number, right: number, bottom: number, fill: string) =>
    canvas.rect(left, top, right, bottom, fill, { colour: colours.axis, widthPx: 1 });

  moment.cpus.forEach(({ cpu, did, waiting }, n) => {
    const left = n * (COLUMN + GAP), right = left + COLUMN, middle = left + 88, path = right - 30;
    box(left, cpuTop, right, cpuTop + cpuHeight, colours.faint);
    canvas.text(left + PAD, cpuTop + 16, texts.cpu(cpu), fonts.label, colours.ink);
    did.slice(-MOST_LINES).forEach((line, i) =>
      canvas.text(left + PAD, cpuTop + 38 + i * LINE, line, fonts.code, colours.ink, { maxWidthPx: COLUMN - 2 * PAD })
    );
    const bufferRight = left + 176;
    canvas.arrow(middle, cpuTop + cpuHeight, middle, bufferTop - 2, ARROW);
    canvas.text(middle + 8, cpuTop + cpuHeight + 23, words.store, fonts.tick, colours.quiet);
    box(left, bufferTop, bufferRight, bufferTop + bufferHeight, colours.paper);
    canvas.text(left + PAD, bufferTop + 15, words.buffer, fonts.tick, colours.quiet);
    waiting.slice(0, MOST_SLOTS).forEach((one, i) => {
      const top = bufferTop + 28 + i * SLOT;
      box(left + PAD, top, bufferRight - PAD, top + SLOT - 6, colours.warnPaper);
      canvas.text(middle, top + (SLOT - 6) / 2, assigned(one), fonts.codeBold, colours.ink, {
        anchor: "center",
        maxWidthPx: bufferRight - left - 3 * PAD,
      });
    });
    canvas.arrow(middle, bufferTop + bufferHeight, middle, memoryTop - 2, ARROW);
    canvas.text(middle + 8, bufferTop + bufferHeight + 26, words.flush, fonts.tick, colours.quiet);
    canvas.arrow(path, memoryTop, path, cpuTop + cpuHeight + 2, ARROW);
    canvas.text(path - 8, cpuTop + cpuHeight + 23, words.load, fonts.tick, colours.quiet, { anchor: "right" });
  });

  box(0, memoryTop, width, memoryTop + memoryHeight, colours.faint);
  canvas.text(PAD, memoryTop + memoryHeight / 2, words.memory, fonts.label, colours.ink);
  const step = Math.min(130, (width - 110) / Math.max(1, moment.memory.length));
  moment.memory.forEach((one, i) =>
    canvas.text(110 + i * step, memoryTop + memoryHeight / 2, assigned(one), fonts.codeBold, colours.ink, {
      maxWidthPx: step - 8,
    })
  );
  return new Figure({
    drawing: canvas.finish(framed),
    caption: framed.caption,
    text: textTable(
      words.columns,
      [
        ...moment.cpus.map(({ cpu, did, waiting }) => [
          texts.cpu(cpu),
          did.join("; "),
          waiting.length === 0 ? words.nothing : waiting.map(assigned).join(", "),
        ]),
        [words.memory, moment.memory.map(assigned).join(", "), ""],
      ],
      ["left", "left", "left"],
    ),
  });
}
