/**
 * A candidate execution: what each thread did, which write every read saw (rf), and in which order the writes of every
 * place came (co). A model's axioms say whether it can be.
 */
import { Relation, type Row } from "./relation.ts";
import type { SharedMemory } from "./shared_memory.ts";
import { INITIAL, type MemoryEvent, type Trace } from "./trace.ts";

const FIRST = { ordering: "plain", atomic: false, addr: 0n, data: 0n, ctrl: 0n, instance: 0, step: -1 } as const;

/** What does not depend on rf and co: the events of one choice of traces, and the relations between them. */
export class Skeleton {
  readonly events: readonly MemoryEvent[];
  /** Index of each thread's first event. */
  readonly starts: readonly number[];
  readonly #made = new Map<string, Relation>();

  constructor(readonly traces: readonly Trace[], memory: SharedMemory) {
    const touched = new Set(traces.flatMap(({ events }) => events.map(({ cell }) => cell)));
    const events: MemoryEvent[] = [...touched].sort((a, b) => a - b).map((cell, index) => ({
      ...FIRST,
      cell,
      written: memory.cells[cell].initial,
      thread: INITIAL,
      index,
    }));
    this.starts = traces.map((trace) => events.push(...trace.events) - trace.events.length);
    this.events = events;
  }

  get size(): number {
    return this.events.length;
  }

  /** A relation between events of one thread that only they decide, worked out once. */
  relation(name: string, keep: (a: MemoryEvent, b: MemoryEvent) => boolean): Relation {
    return this.derived(name, () => {
      const made = new Relation(this.size), { events, traces } = this;
      this.starts.forEach((start, thread) => {
        const end = start + traces[thread].events.length;
        for (let from = start; from < end; from++) {
          for (let to = start; to < end; to++) {
            if (from !== to && keep(events[from], events[to])) made.add(from, to);
          }
        }
      });
      return made;
    });
  }

  /** A relation made of such relations, worked out once. */
  derived(name: string, make: () => Relation): Relation {
    const known = this.#made.get(name);
    if (known) return known;
    const made = make();
    this.#made.set(name, made);
    return made;
  }

  /** Program order: events of one instruction are in none. */
  get po(): Relation {
    return this.relation("po", isBefore);
  }

  get poLoc(): Relation {
    return this.relation("po-loc", (a, b) => a.cell === b.cell && isBefore(a, b));
  }

  /** Of one thread, and of different ones; what memory begins with is apart from all. */
  get int(): Relation {
    return this.relation("int", () => true);
  }

  get ext(): Relation {
    return this.derived("ext", () => {
      const { int, size } = this, made = new Relation(size);
      for (let from = 0; from < size; from++) {
        for (let to = 0; to < size; to++) if (from !== to && !int.has(from, to)) made.add(from, to);
      }
      return made;
    });
  }

  /** The set of events that write. */
  get writes(): Row {
    const row = new Int32Array((this.size + 31) >> 5);
    this.events.forEach((event, at) => {
      if (isWrite(event)) row[at >> 5] |= 1 << (at & 31);
    });
    return row;
  }

  /** The read of a compare-and-exchange that found what it expected, and its write. */
  get amo(): Relation {
    return this.relation("amo", (a, b) => a.partner === b.index);
  }

  get addr(): Relation {
    return this.relation("addr", (a, b) => depends(a, b.addr));
  }

  get data(): Relation {
    return this.relation("data", (a, b) => depends(a, b.data));
  }

  get ctrl(): Relation {
    return this.relation("ctrl", (a, b) => depends(a, b.ctrl));
  }
}

export const isRead = (event: MemoryEvent): boolean => event.read !== undefined;
export const isWrite = (event: MemoryEvent): boolean => event.written !== undefined;
/** Program order, of events of one thread. */
export const isBefore = (a: MemoryEvent, b: MemoryEvent): boolean => a.instance < b.instance;

const depends = (a: MemoryEvent, on: bigint): boolean => (on >> BigInt(a.index) & 1n) === 1n;

/** A skeleton with rf and co chosen. */
export class Candidate {
  readonly rf: Relation;
  readonly co: Relation;
  readonly fr: Relation;
  readonly #made = new Map<string, Relation>();

  /**
   * @param source for each event that reads: the event that it reads from
   * @param orders for each cell: its writes in coherence order, the initial one first
   */
  constructor(
    readonly skeleton: Skeleton,
    readonly source: readonly (number | undefined)[],
    readonly orders: ReadonlyMap<number, readonly number[]>,
  ) {
    const { size } = skeleton, rf = new Relation(size), co = new Relation(size), fr = new Relation(size);
    for (const order of orders.values()) {
      for (let i = 0; i < order.length; i++) for (let j = i + 1; j < order.length; j++) co.add(order[i], order[j]);
    }
    source.forEach((write, read) => {
      if (write === undefined) return;
      rf.add(write, read);
      // From the read to every write that overwrites what it saw, but not to itself.
      for (let to = 0; to < size; to++) if (to !== read && co.has(write, to)) fr.add(read, to);
    });
    [this.rf, this.co, this.fr] = [rf, co, fr];
  }

  get events(): readonly MemoryEvent[] {
    return this.skeleton.events;
  }

  #once(name: string, make: () => Relation): Relation {
    let made = this.#made.get(name);
    if (!made) this.#made.set(name, made = make());
    return made;
  }

  /** Communication: what passes from event to event through one place in memory. */
  get com(): Relation {
    return this.#once("com", () => Relation.union(this.co, this.rf, this.fr));
  }
  get rfe(): Relation {
    return this.#once("rfe", () => this.rf.and(this.skeleton.ext));
  }
  get coe(): Relation {
    return this.#once("coe", () => this.co.and(this.skeleton.ext));
  }
  get fre(): Relation {
    return this.#once("fre", () => this.fr.and(this.skeleton.ext));
  }
  get rfi(): Relation {
    return this.#once("rfi", () => this.rf.without(this.skeleton.ext));
  }
  get coi(): Relation {
    return this.#once("coi", () => this.co.without(this.skeleton.ext));
  }
  get fri(): Relation {
    return this.#once("fri", () => this.fr.without(this.skeleton.ext));
  }
  /** For the relations of a model that rf and co decide. */
  derived(name: string, make: () => Relation): Relation {
    return this.#once(name, make);
  }

  /** What memory holds at the end: the last write of each cell. */
  finalOf(cell: number): bigint | undefined {
    const last = this.orders.get(cell)?.at(-1);
    return last === undefined ? undefined : this.events[last].written;
  }
}
