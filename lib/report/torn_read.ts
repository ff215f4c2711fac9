/** Finds torn reads in a trace: a run that sees one field before another task's update and another field after it. */
import { inMemoryOrder } from "./memory_order.ts";
import type { TraceStep } from "./result.ts";

/** One torn read; all are indices into the trace. */
export interface TornRead {
  /** What the fields belong to: `stats[0]`. */
  readonly object: string;
  /** The reader's load that misses the update, and its load that sees it, in either order. */
  readonly stale: number;
  readonly fresh: number;
  /** The writer's store that was missed, and the one that was seen; of one run of one task. */
  readonly missed: number;
  readonly seen: number;
}

interface Access {
  readonly index: number;
  readonly addr: number;
}

/** Accesses of one run of one task to the fields of one object. */
interface Run {
  readonly object: string;
  readonly task: number;
  readonly accesses: Access[];
}

function runsOf(steps: readonly TraceStep[], wanted: (step: TraceStep) => boolean): Run[] {
  const runs = new Map<string, Run>();
  steps.forEach((step, index) => {
    const object = wanted(step) ? step.object : undefined;
    if (object === undefined || step.addr === undefined) return;
    const key = `${step.task} ${step.invocation} ${object}`;
    let run = runs.get(key);
    if (!run) runs.set(key, run = { object, task: step.task, accesses: [] });
    run.accesses.push({ index, addr: step.addr });
  });
  return [...runs.values()].filter(({ accesses }) => new Set(accesses.map(({ addr }) => addr)).size > 1);
}

/**
 * Goes through a trace and gives every run that saw half of an update, once each, in the order of their loads.
 *
 * A run of another task must have changed two fields of one object (a map value, a structure), and the reader must have
 * loaded one of them before its change and the other after it. Reads and updates under one lock never meet that.
 */
export function findTornReads(trace: readonly TraceStep[]): TornRead[] {
  const steps = inMemoryOrder(trace);
  const readers = runsOf(steps, (step) => step.kind === "load");
  const writers = runsOf(steps, (step) => isChange(step));
  /** By address, the steps that changed it, in order. */
  const changes = new Map<number, number[]>();
  steps.forEach((step, index) => {
    if (step.addr === undefined || !isChange(step)) return;
    const others = changes.get(step.addr);
    if (others) others.push(index);
    else changes.set(step.addr, [index]);
  });
  const lastChange = (addr: number, before: number) => lastBelow(changes.get(addr) ?? [], before);
  const found: TornRead[] = [];
  for (const reader of readers) {
    const torn = writers.filter(({ object, task }) => object === reader.object && task !== reader.task)
      .map((writer) => tornBy(reader, writer, lastChange)).find((one) => one !== undefined);
    if (torn) found.push(torn);
  }
  return found.sort((a, b) => Math.max(a.stale, a.fresh) - Math.max(b.stale, b.fresh));
}

/** The last of some rising numbers that is below another one. */
function lastBelow(rising: readonly number[], limit: number): number | undefined {
  let low = 0, high = rising.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rising[middle] < limit) low = middle + 1;
    else high = middle;
  }
  return rising[low - 1];
}

const isChange = (step: TraceStep): boolean =>
  (step.kind === "store" || step.kind === "rmw") && step.before !== step.after;

function tornBy(
  reader: Run,
  writer: Run,
  lastChange: (addr: number, before: number) => number | undefined,
): TornRead | undefined {
  for (const fresh of reader.accesses) {
    const seen = writer.accesses.find(({ index, addr }) =>
      addr === fresh.addr && index === lastChange(addr, fresh.index)
    );
    if (!seen) continue;
    for (const stale of reader.accesses) {
      const missed = writer.accesses.find(({ index, addr }) => addr === stale.addr && index > stale.index);
      // The same field read twice, or read again once the update is there, is no torn value.
      if (stale.addr === fresh.addr || !missed || isReadAgain(reader, stale)) continue;
      return { object: reader.object, stale: stale.index, fresh: fresh.index, missed: missed.index, seen: seen.index };
    }
  }
  return undefined;
}

const isReadAgain = (run: Run, access: Access): boolean =>
  run.accesses.some(({ index, addr }) => addr === access.addr && index > access.index);
