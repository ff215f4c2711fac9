/**
 * All executions of some threads that a model allows.
 *
 * Threads are run by guesses of what their reads see. Which values are written at all is found step by step: at first
 * only the initial ones are known, then those that runs write which see these, and so on. A value that needs more steps
 * than there are writes would have to cause itself, which no model here allows.
 */
import { Candidate, isRead, isWrite, Skeleton } from "./candidate.ts";
import { type Axiom, type AxiomaticModel, brokenAxiom, coherence } from "./model.ts";
import type { Row } from "./relation.ts";
import type { SharedMemory } from "./shared_memory.ts";
import type { ThreadCode } from "./thread_code.ts";
import { threadTraces, type TraceLimits } from "./thread_traces.ts";
import { INITIAL, type Trace } from "./trace.ts";

export interface Threads {
  readonly threads: readonly ThreadCode[];
  readonly memory: SharedMemory;
  /** How often each thread runs its code. Default 1. */
  readonly invocations?: readonly number[];
  readonly outside: "drop" | "refuse";
}

export interface ExecutionLimits extends TraceLimits {
  /** Executions that are looked at, allowed or not. */
  readonly maxCandidates: number;
}

export interface Searched {
  /** Executions that were looked at: coherent in each place by itself. */
  readonly candidates: number;
  /** Turns of waiting loops were left out: allowed executions are without number, their ends are complete. */
  readonly waits: boolean;
  /** The limit that was hit, in words: executions are missing. */
  readonly bound?: string;
}

/** Default limits: some seconds' work. */
export const executionLimits = (seconds = 60): ExecutionLimits => ({
  maxInsns: 100_000,
  maxEvents: 200,
  maxTraces: 200_000,
  maxCandidates: 20_000_000,
  until: performance.now() + 1000 * seconds,
});

/**
 * Calls `found` with every execution that the model allows.
 *
 * @throws ModelRefusal where a program does what an axiomatic model cannot judge
 */
export function forEachExecution(
  { threads, memory, invocations, outside }: Threads,
  model: AxiomaticModel,
  limits: ExecutionLimits,
  found: (candidate: Candidate) => void,
): Searched {
  const { traces, waits, bound } = tracesOfAll({ threads, memory, invocations, outside }, limits);
  const search = new Search(memory, model, limits, found);
  if (bound === undefined) search.choose(traceOptions(traces, memory));
  return { candidates: search.candidates, waits, bound: bound ?? search.bound };
}

interface AllTraces {
  readonly traces: readonly (readonly Trace[])[];
  readonly waits: boolean;
  readonly bound?: string;
}

/** The runs of each thread under every value that another thread may write. */
function tracesOfAll({ threads, memory, invocations, outside }: Threads, limits: ExecutionLimits): AllTraces {
  /** By thread and cell: the values that it may write. */
  let written: readonly Map<number, Set<bigint>>[] = threads.map(() => new Map());
  for (let round = 0;; round++) {
    const all = threads.map((code, thread) => {
      const others = written.filter((_, other) => other !== thread);
      const valuesOf = (cell: number) => others.flatMap((one) => [...one.get(cell) ?? []]);
      return threadTraces(code, memory, { thread, valuesOf, invocations: invocations?.[thread] ?? 1, outside, limits });
    });
    const traces = all.map((one) => one.traces), bound = all.find((one) => one.bound !== undefined)?.bound;
    const waits = all.some((one) => one.waits);
    if (bound !== undefined) return { traces, waits, bound };
    const next = traces.map(writtenBy);
    const mostWrites = traces.map((of) => Math.max(0, ...of.map(({ events }) => events.filter(isWrite).length)));
    const settled = next.every((one, thread) => sizeOf(one) === sizeOf(written[thread]));
    if (settled || round > mostWrites.reduce((a, b) => a + b, 0)) return { traces, waits };
    written = next;
  }
}

const sizeOf = (values: Map<number, Set<bigint>>): number =>
  [...values.values()].reduce((sum, { size }) => sum + size, 0);

function writtenBy(traces: readonly Trace[]): Map<number, Set<bigint>> {
  const values = new Map<number, Set<bigint>>();
  for (const { events } of traces) {
    for (const { cell, written } of events) {
      if (written === undefined) continue;
      if (!values.has(cell)) values.set(cell, new Set());
      values.get(cell)!.add(written);
    }
  }
  return values;
}

/** What one place may have seen: its writes in order, and the write that each of its reads saw. */
interface CellChoice {
  readonly order: readonly number[];
  readonly source: readonly (readonly [read: number, write: number])[];
}

class Search {
  candidates = 0;
  bound: string | undefined;
  /** Coherence is looked at before places are combined. */
  readonly #coherent: boolean;
  readonly #axioms: readonly Axiom[];

  constructor(
    readonly memory: SharedMemory,
    model: AxiomaticModel,
    readonly limits: ExecutionLimits,
    readonly found: (candidate: Candidate) => void,
  ) {
    this.#coherent = model.axioms.includes(coherence);
    this.#axioms = model.axioms.filter((axiom) => axiom !== coherence);
  }

  /** Every choice of one trace for each thread, such that what is read is written by another where it has to be. */
  choose(options: readonly (readonly TraceOption[])[]): void {
    const words = options.find((of) => of.length > 0)?.[0].writes.length ?? 0, chosen: TraceOption[] = [];
    /** What the threads from each one on may write at all. */
    const later = options.map((_, from) => {
      const all = new Int32Array(words);
      for (const of of options.slice(from)) for (const { writes } of of) or(all, writes);
      return all;
    });
    const covered = (): boolean => {
      for (let thread = 0; thread < chosen.length; thread++) {
        for (let word = 0; word < words; word++) {
          let missing = chosen[thread].needs[word];
          if (missing === 0) continue;
          for (let other = 0; other < chosen.length; other++) {
            if (other !== thread) missing &= ~chosen[other].writes[word];
          }
          if (chosen.length < options.length) missing &= ~later[chosen.length][word];
          if (missing !== 0) return false;
        }
      }
      return true;
    };
    const next = (): void => {
      if (this.bound !== undefined || !covered()) return;
      if (chosen.length === options.length) return this.#judge(chosen.map(({ trace }) => trace));
      for (const option of options[chosen.length]) {
        chosen.push(option);
        next();
        chosen.pop();
      }
    };
    next();
  }

  #judge(traces: readonly Trace[]): void {
    if (++this.#choices % 256 === 0 && performance.now() > this.limits.until) this.bound = "its time";
    const skeleton = new Skeleton(traces, this.memory), cells = new Map<number, number[]>();
    skeleton.events.forEach(({ cell }, event) => {
      if (!cells.has(cell)) cells.set(cell, []);
      cells.get(cell)!.push(event);
    });
    const choices: (readonly [number, readonly CellChoice[]])[] = [];
    for (const [cell, events] of cells) {
      const of = this.#choicesOf(skeleton, events);
      if (of.length === 0) return;
      choices.push([cell, of]);
    }
    this.#combine(skeleton, choices, [], new Map());
  }

  #choices = 0;

  #combine(
    skeleton: Skeleton,
    choices: readonly (readonly [number, readonly CellChoice[]])[],
    source: readonly (number | undefined)[],
    orders: ReadonlyMap<number, readonly number[]>,
  ): void {
    if (this.bound !== undefined) return;
    if (orders.size === choices.length) {
      if (++this.candidates > this.limits.maxCandidates) this.bound = `${this.limits.maxCandidates} executions`;
      if (this.candidates % 256 === 0 && performance.now() > this.limits.until) this.bound = "its time";
      const candidate = new Candidate(skeleton, source, orders);
      if (brokenAxiom(this.#axioms, candidate) === undefined) this.found(candidate);
      return;
    }
    const [cell, of] = choices[orders.size];
    for (const choice of of) {
      const next = [...source];
      for (const [read, write] of choice.source) next[read] = write;
      this.#combine(skeleton, choices, next, new Map(orders).set(cell, choice.order));
    }
  }

  /** Coherence speaks of one place at a time, so what breaks it is left out before places are combined. */
  #choicesOf(skeleton: Skeleton, events: readonly number[]): CellChoice[] {
    const at = (event: number) => skeleton.events[event], found: CellChoice[] = [];
    const writes = events.filter((event) => isWrite(at(event))), reads = events.filter((event) => isRead(at(event)));
    const isLater = (a: number, b: number) => at(a).thread === at(b).thread && at(a).index > at(b).index;
    const sources = reads.map((read) =>
      writes.filter((write) => write !== read && at(write).written === at(read).read && !isLater(write, read))
    );
    const order = (placed: readonly number[]): void => {
      if (placed.length === writes.length) return read(placed, []);
      for (const write of writes) {
        if (placed.includes(write)) continue;
        // The initial write is the first; a thread's own come in program order.
        if (this.#coherent && writes.some((w) => !placed.includes(w) && isLater(write, w))) continue;
        if (placed.length === 0 && at(write).thread !== INITIAL) continue;
        order([...placed, write]);
      }
    };
    const read = (placed: readonly number[], source: readonly (readonly [number, number])[]): void => {
      if (source.length === reads.length) {
        found.push({ order: placed, source });
        return;
      }
      const next = reads[source.length],
        [from, to] = this.#coherent ? rangeOf(next, placed, source) : [0, placed.length];
      for (const write of sources[source.length]) {
        const position = placed.indexOf(write);
        if (position >= from && position < to) read(placed, [...source, [next, write]]);
      }
    };
    /**
     * Positions in the order of writes that a read may see without breaking Coherence: not before what its thread has
     * written or seen, and before what it writes next; an atomic sees what it comes right behind.
     */
    const rangeOf = (
      event: number,
      placed: readonly number[],
      source: readonly (readonly [number, number])[],
    ): readonly [number, number] => {
      if (isWrite(at(event))) return [placed.indexOf(event) - 1, placed.indexOf(event)];
      let from = 0, to = placed.length;
      for (const write of writes) {
        if (at(write).thread !== at(event).thread) continue;
        const position = placed.indexOf(write);
        if (at(write).index < at(event).index) from = Math.max(from, position);
        else to = Math.min(to, position);
      }
      for (const [before, write] of source) {
        if (at(before).thread === at(event).thread) from = Math.max(from, placed.indexOf(write));
      }
      return [from, to];
    };
    order([]);
    return found;
  }
}

/** A trace, and bit sets of what it writes and of what only others can have written that it reads. */
interface TraceOption {
  readonly trace: Trace;
  readonly needs: Row;
  readonly writes: Row;
}

function traceOptions(traces: readonly (readonly Trace[])[], memory: SharedMemory): TraceOption[][] {
  const numbers = new Map<string, number>();
  const numberOf = (cell: number, value: bigint): number => {
    const key = `${cell} ${value}`, known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, numbers.size);
    return numbers.size - 1;
  };
  const listed = traces.map((of) =>
    of.map((trace) => {
      const own = new Map<number, bigint>(), needs: number[] = [], writes: number[] = [];
      for (const { cell, read, written } of trace.events) {
        if (read !== undefined && read !== (own.get(cell) ?? memory.cells[cell].initial)) {
          needs.push(numberOf(cell, read));
        }
        if (written === undefined) continue;
        own.set(cell, written);
        writes.push(numberOf(cell, written));
      }
      return { trace, needs, writes };
    })
  );
  const words = (numbers.size + 31) >> 5;
  const asRow = (set: readonly number[]) => {
    const row = new Int32Array(words);
    for (const one of set) row[one >> 5] |= 1 << (one & 31);
    return row;
  };
  return listed.map((of) =>
    of.map(({ trace, needs, writes }) => ({ trace, needs: asRow(needs), writes: asRow(writes) }))
  );
}

function or(into: Int32Array, row: Row): void {
  for (let word = 0; word < into.length; word++) into[word] |= row[word];
}
