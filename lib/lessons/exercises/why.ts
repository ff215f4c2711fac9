/** Why an answer fails, in a sentence: the steps of a schedule that decide, each with its C line. */
import { findLostUpdates } from "../../report/lost_update.ts";
import { inMemoryOrder } from "../../report/memory_order.ts";
import type { TraceStep } from "../../report/result.ts";
import { findTornReads } from "../../report/torn_read.ts";
import { formatValue, isFlush, lanesOf } from "../../report/trace_text.ts";
import type { Exploration } from "../../search/exploration.ts";
import { texts } from "./texts.ts";

/** Longest C line quoted, in characters. */
const LINE_LENGTH = 60;
const CACHE_LINE_BYTES = 64;

const isWrite = ({ kind, before, after }: TraceStep): boolean =>
  kind === "store" || (kind === "rmw" && before !== after);
/** What the kernel keeps for itself (buckets, links, locks) has rules of its own. */
const isReaders = ({ touches }: TraceStep): boolean => touches === "data" || touches === "inner_map";

/** The C line of a step as a sentence quotes it; nothing where it has none. */
export function quoteLine({ line }: Pick<TraceStep, "line">): string | undefined {
  if (!line) return undefined;
  const text = line.text.trim();
  return texts.line(line.line, text.length <= LINE_LENGTH ? text : `${text.slice(0, LINE_LENGTH - 3).trimEnd()}...`);
}

/** Names a step: its number, who took it, its C line. */
function naming(trace: readonly TraceStep[]): (step: TraceStep) => string {
  const names = new Map(lanesOf(trace).map(({ task, name }) => [task, name]));
  return (step) => texts.step(step.step, names.get(step.task)!, quoteLine(step));
}

/** The lost update, or else the torn read, that a trace shows in the reader's own data. */
function lostOrTorn(given: readonly TraceStep[]): string | undefined {
  const trace = inMemoryOrder(given), name = naming(trace);
  const lost = findLostUpdates(trace).find(({ store }) => isReaders(trace[store]));
  if (lost) {
    const gone = trace[lost.lost[lost.lost.length - 1]];
    return texts.lost(capital(name(trace[lost.store])), name(gone), lost.target, trace[lost.load].step);
  }
  const torn = findTornReads(trace).find(({ stale }) => isReaders(trace[stale]));
  if (!torn) return undefined;
  return texts.torn(name(trace[torn.stale]), name(trace[torn.fresh]), torn.object, name(trace[torn.missed]));
}

/** Where the first task that had to stop stood, and who came in between. */
function stopped(trace: readonly TraceStep[]): string | undefined {
  const name = naming(trace), names = new Map(lanesOf(trace).map((lane) => [lane.task, lane.name]));
  const isStop = (step: TraceStep, i: number) =>
    i + 1 < trace.length && !isFlush(step) && !isFlush(trace[i + 1]) && trace[i + 1].task !== step.task &&
    step.kind !== "start" &&
    trace.some((later, j) => j > i && later.task === step.task && later.invocation === step.invocation);
  const at = trace.findIndex(isStop);
  if (at < 0) return undefined;
  const next = trace.findIndex((step, i) => i > at && step.task === trace[at].task);
  const others = [
    ...new Set(trace.slice(at + 1, next).filter((step) => !isFlush(step)).map(({ task }) => names.get(task)!)),
  ];
  return texts.between(name(trace[at]), name(trace[next]), others.join(", "));
}

/** What goes wrong on the way to an anomaly that a search found. */
export function whyNotProved({ witness, stuck, reordered }: Exploration): string {
  if (witness && witness.trace.length > 0) {
    const why = lostOrTorn(witness.trace);
    if (why) return why;
  }
  if (stuck.length > 0) return texts.faultAt(stuck[0].message);
  // A memory model of executions has no schedule.
  if (reordered.length > 0) return texts.reordered(reordered[0]);
  return witness ? stopped(witness.trace) ?? "" : "";
}

/** Who wrote `target` last, and of which value that was made. */
export function lastWrite(given: readonly TraceStep[], target: string): string {
  const trace = inMemoryOrder(given);
  const at = trace.findLastIndex((step) => step.target === target && isWrite(step)), write = trace[at];
  if (!write) return texts.neverWritten(target);
  const load = trace.findLast((step, i) =>
    i < at && step.kind === "load" && step.target === target && step.task === write.task &&
    step.invocation === write.invocation
  );
  const value = (v: bigint | undefined) => v === undefined ? "?" : formatValue(v);
  const why = write.kind === "store" && load ? texts.readBefore(value(load.after ?? load.before), load.step) : "";
  return `${texts.lastWrite(target, naming(trace)(write), value(write.before), value(write.after))}${why}.`;
}

/** What a program read of the reader's data, and which step had left it there. */
export function whatItRead(given: readonly TraceStep[], ...progs: readonly string[]): string {
  const trace = inMemoryOrder(given), name = naming(trace);
  const reads = trace.flatMap((step, i) => {
    if (step.kind !== "load" || !isReaders(step) || !progs.includes(step.prog)) return [];
    const left = trace.findLast((other, j) => j < i && other.addr === step.addr && isWrite(other));
    return [texts.read(step.target!, name(step), left ? texts.asLeft(left.step) : texts.asAtFirst)];
  });
  return reads.length > 0 ? `${capital(reads.join("; "))}.` : "";
}

/** The visible operations of one run, by C line. */
export function operationsOf(trace: readonly TraceStep[]): string {
  const byLine = new Map<string, number>();
  for (const step of trace) {
    if (step.kind === "start" || step.kind === "exit") continue;
    const line = quoteLine(step) ?? step.text;
    byLine.set(line, (byLine.get(line) ?? 0) + 1);
  }
  return texts.operations([...byLine].map(([line, n]) => texts.onLine(n, line)));
}

interface Shared {
  readonly cpus: ReadonlySet<number>;
  readonly writes: readonly TraceStep[];
}

/** What CPUs write, by blocks of so many bytes; blocks that one CPU has for itself are left out. */
function sharedBlocks(trace: readonly TraceStep[], bytes: number): Shared[] {
  const blocks = new Map<number, { cpus: Set<number>; writes: TraceStep[] }>();
  for (const step of trace) {
    if (step.addr === undefined || !isReaders(step)) continue;
    const at = Math.floor(step.addr / bytes);
    let block = blocks.get(at);
    if (!block) blocks.set(at, block = { cpus: new Set(), writes: [] });
    block.cpus.add(step.cpu);
    if (isWrite(step) && !block.writes.some(({ target }) => target === step.target)) block.writes.push(step);
  }
  return [...blocks.values()].filter(({ cpus, writes }) => cpus.size > 1 && writes.length > 0);
}

const inOrder = (cpus: ReadonlySet<number>): number[] => [...cpus].sort((a, b) => a - b);

/** The first bytes that several CPUs use and some write; nothing where there are none. */
export function foughtOver(trace: readonly TraceStep[]): string | undefined {
  const [block] = sharedBlocks(trace, 1);
  if (!block) return undefined;
  const [write] = block.writes;
  return texts.sameBytes(write.target ?? write.text, quoteLine(write) ?? write.text, inOrder(block.cpus));
}

/** The first cache line that several CPUs use and some write; nothing where there is none. */
export function travelling(trace: readonly TraceStep[]): string | undefined {
  const [line] = sharedBlocks(trace, CACHE_LINE_BYTES);
  if (!line) return undefined;
  if (line.writes.length === 1) return foughtOver(trace);
  const targets = line.writes.map((step) => texts.written(step.target ?? step.text, quoteLine(step) ?? step.text));
  return texts.sameLine(targets, inOrder(line.cpus));
}

/** That a program's store follows its load with nothing in between. */
export function undisturbed(trace: readonly TraceStep[]): string {
  const store = trace.find((step) => step.kind === "store" && isReaders(step));
  const load = trace.find((step) => step.kind === "load" && step.target === store?.target);
  const name = naming(trace);
  return store && load ? texts.undisturbed(name(load), name(store)) : "";
}

/** The step at which a schedule could not go on. */
export const lastStepOf = (trace: readonly TraceStep[]): string =>
  trace.length > 0 ? texts.upTo(naming(trace)(trace[trace.length - 1])) : "";

const capital = (text: string): string => `${text[0].toUpperCase()}${text.slice(1)}`;
