/**
 * The figures of the book.
 *
 * Every function takes plain arrays and gives a {@link Figure}: an interactive plot (a drawing, where there are no axes), a
 * picture of it and a text twin.
 * Captions say what the data say; pass `finding` to say it yourself. Where data come from is part of them: `kind`
 * (simulated, measured, recorded, published) and `on` (which machine or publication).
 *
 * @module
 */
import { bars as drawBars } from "./bars.ts";
import { checked } from "./check_data.ts";
import { comparison } from "./comparison.ts";
import {
  costAgainstCpus as drawCostAgainstCpus,
  costAgainstSize as drawCostAgainstSize,
  costAgainstWork as drawCostAgainstWork,
  distribution,
  memoryAgainstCpus as drawMemoryAgainstCpus,
} from "./cost.ts";
import { lattice } from "./lattice.ts";
import { lines as drawLines } from "./lines.ts";
import { lostAgainstCpus as drawLostAgainstCpus, lostAgainstWork as drawLostAgainstWork } from "./lost.ts";
import { mechanism } from "./mechanisms.ts";
import { readWrite as drawReadWrite } from "./read_write.ts";
import { fairness, verdicts } from "./stacked.ts";
import { storeBuffers } from "./store_buffers.ts";
import { table } from "./table.ts";
import { timeline } from "./timeline.ts";

const lines: typeof drawLines = checked("lines", drawLines, {
  field: "series",
  numbers: ["x", "y"],
  axes: ["x", "y"],
  example: '{ name: "mine", x: [1, 2], y: [7, 42] }',
});
const bars: typeof drawBars = checked("bars", drawBars, {
  field: "bars",
  numbers: ["value"],
  axes: ["axis"],
  example: '{ name: "mine", value: 42 }',
});
const lostAgainstCpus: typeof drawLostAgainstCpus = checked("lostAgainstCpus", drawLostAgainstCpus, {
  numbers: ["cpus", "lost"],
  example: "{ cpus: 2, lost: 0.37 }",
});
const lostAgainstWork: typeof drawLostAgainstWork = checked("lostAgainstWork", drawLostAgainstWork, {
  numbers: ["work", "lost"],
  example: "{ work: 100, lost: 0.37 }",
});
const costAgainstCpus: typeof drawCostAgainstCpus = checked("costAgainstCpus", drawCostAgainstCpus, {
  numbers: ["cpus", "ns"],
  example: '{ technique: "atomic", cpus: 2, ns: 42 }',
});
const costAgainstSize: typeof drawCostAgainstSize = checked("costAgainstSize", drawCostAgainstSize, {
  numbers: ["bytes", "ns"],
  example: '{ technique: "spin_lock", bytes: 64, ns: 517 }',
});
const costAgainstWork: typeof drawCostAgainstWork = checked("costAgainstWork", drawCostAgainstWork, {
  numbers: ["work", "ns"],
  example: '{ technique: "atomic", work: 100, ns: 80 }',
});
const memoryAgainstCpus: typeof drawMemoryAgainstCpus = checked("memoryAgainstCpus", drawMemoryAgainstCpus, {
  numbers: ["cpus", "bytes"],
  example: '{ technique: "per_cpu", cpus: 2, bytes: 139576 }',
});
const readWrite: typeof drawReadWrite = checked("readWrite", drawReadWrite, {
  numbers: ["writeNs", "readNs"],
  example: '{ technique: "per_cpu", writeNs: 1.8, readNs: 344 }',
});

/**
 * All figures by name.
 *
 * @example
 * ```ts
 * import { plot } from "./mod.ts";
 * const figure = plot.lostAgainstCpus([{ cpus: 1, lost: 0 }, { cpus: 2, lost: 0.32 }, { cpus: 8, lost: 0.71 }]);
 * if (!figure.caption.startsWith("2 CPUs lose 32 %, 8 CPUs lose 71 %.")) throw new Error(figure.caption);
 * ```
 */
export const plot = {
  /** Series of points against a number. */
  lines,
  /** A value per name. */
  bars,
  /** One listing on all three machines. */
  comparison,
  /** Lost updates against the number of CPUs. */
  lostAgainstCpus,
  /** Lost updates against the private work between two increments. */
  lostAgainstWork,
  /** Time per operation against the number of CPUs. */
  costAgainstCpus,
  /** Time per operation against the size of the value. */
  costAgainstSize,
  /** Time per operation against the private work between two operations. */
  costAgainstWork,
  /** Memory against the number of CPUs. */
  memoryAgainstCpus,
  /** Time of a read against time of a write. */
  readWrite,
  /** Share of operations that waited at most so long. */
  distribution,
  /** What each CPU got through. */
  fairness,
  /** Steps of a trace, a lane per CPU, with the lost update marked. */
  timeline,
  /** A moment on x86's memory: which stores wait in which store buffer. */
  storeBuffers,
  /** How a mechanism works, in a few moments: `"cache line"`, `"element reuse"`, `"grace period"` ... */
  mechanism,
  /** All schedules of two short programs as paths. */
  lattice,
  /** Claims by chapter and verdict. */
  verdicts,
  /** A table with toned or shaded cells. */
  table,
} as const;

export { Figure } from "./figure.ts";
export type { FigureBundle } from "./figure.ts";
export type { Series } from "./series.ts";
export type { Technique } from "./style.ts";
export type { SourceKind } from "./texts.ts";
