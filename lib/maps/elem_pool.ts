/** Where hash maps take elements from, and where replaced and deleted ones go: never through a grace period. */
import type { Memory } from "../cpu/memory.ts";
import { load, type Model, type TaskContext } from "../cpu/operation.ts";
import { raw_spin_lock_irqsave, raw_spin_unlock_irqrestore } from "../locks/raw_spin_lock.ts";
import { errno } from "./errno.ts";

/** The elements of a map: `count` of them, `size` bytes each. */
export interface Elements {
  readonly base: number;
  readonly size: number;
  readonly count: number;
}

export interface ElemPool {
  initialize(memory: Memory): void;
  /**
   * An element for a new key, or to take the place of `old`: its address, plus {@link FRESH} when no program can hold a
   * pointer to it yet, or -errno.
   */
  alloc(ctx: TaskContext, old: number): Model;
  /** Gives back an element that was unlinked for good. `replaced`: its key lives on in another element. */
  free(ctx: TaskContext, elem: number, replaced: boolean): Model<void>;
  /** What is in no bucket now, for figures and tests. */
  spares(memory: Memory): Spares;
}

export interface Spares {
  /** Addresses of elements on free lists, in caches, in extra_elems: the next to be used again comes first. */
  readonly elems: readonly number[];
  /** How many were never used. */
  readonly unused: number;
}

/** Added to the address of an element that was never in the map before. */
export const FRESH = 1;

/** Offset in an element of the link of free lists; it spares `next`, which late readers still follow. */
export const FREE_LINK = 16;

/** Bytes of one CPU's record of a pool. */
export const POOL_CPU_BYTES = 64;
/** Offsets in a record: a list of free elements, and a stretch [unused, end) of elements that were never used. */
const RECORD = { head: 0, unused: 4, end: 8 } as const;
const HEAD = RECORD.head;
const UNUSED = RECORD.unused;
const END = RECORD.end;
const EXTRA = 12;
/** Of a percpu_counter: this CPU's part of the count; in the record that all share, its lock. */
const PART = 16;
const PART_LOCK = 20;

/** kernel/bpf/hashtab.c:PERCPU_COUNTER_BATCH: a CPU's part is added to the common count when it has come to so many. */
const PERCPU_COUNTER_BATCH = 32;

/** Takes the last element of a record's free list, else one of its stretch that was never used; 0n when both are empty. */
export function pop(memory: Memory, record: number, elements: Elements): bigint {
  const head = memory.getU32(record + HEAD);
  if (head !== 0) {
    memory.setU32(record + HEAD, memory.getU32(head + FREE_LINK));
    return BigInt(head);
  }
  const unused = memory.getU32(record + UNUSED);
  if (unused === memory.getU32(record + END)) return 0n;
  memory.setU32(record + UNUSED, unused + 1);
  return BigInt(elements.base + unused * elements.size + FRESH);
}

export function push(memory: Memory, record: number, elem: number): bigint {
  memory.setU32(elem + FREE_LINK, memory.getU32(record + HEAD));
  memory.setU32(record + HEAD, elem);
  return 0n;
}

/** The same list, read without a step of any task. */
function sparesOf(memory: Memory, record: number): Spares {
  const elems: number[] = [];
  for (let elem = memory.getU32(record + HEAD); elem !== 0; elem = memory.getU32(elem + FREE_LINK)) elems.push(elem);
  return { elems, unused: memory.getU32(record + END) - memory.getU32(record + UNUSED) };
}

export const joined = (spares: readonly Spares[]): Spares => ({
  elems: spares.flatMap(({ elems }) => elems),
  unused: spares.reduce((sum, { unused }) => sum + unused, 0),
});

/**
 * Preallocated elements (kernel/bpf/hashtab.c:prealloc_init, kernel/bpf/percpu_freelist.c): a free list for each CPU,
 * and one element for each CPU, `extra_elems`, that takes the place of a replaced one. The replaced one becomes the
 * CPU's new extra element, so the next update of any existing key on this CPU overwrites it.
 */
export class PreallocatedElems implements ElemPool {
  /** @param records one record of {@link POOL_CPU_BYTES} for each CPU */
  constructor(
    readonly elements: Elements,
    readonly records: number,
    readonly nrCpus: number,
    readonly hasExtraElems: boolean,
  ) {}

  initialize(memory: Memory): void {
    const { base, size } = this.elements;
    const count = this.elements.count - (this.hasExtraElems ? this.nrCpus : 0);
    for (let cpu = 0, next = 0; cpu < this.nrCpus; cpu++) {
      const record = this.#record(cpu);
      memory.setU32(record + UNUSED, next);
      next += Math.floor(count / this.nrCpus) + (cpu < count % this.nrCpus ? 1 : 0);
      memory.setU32(record + END, next);
      if (this.hasExtraElems) memory.setU32(record + EXTRA, base + (count + cpu) * size + FRESH);
    }
  }

  *alloc(ctx: TaskContext, old: number): Model {
    const record = this.#record(ctx.cpu);
    if (old !== 0 && this.hasExtraElems) {
      // This CPU's own variable, and interrupts are off: no other task can come between.
      return yield {
        kind: "private",
        label: "extra_elems",
        run: (memory) => {
          const extra = memory.getU32(record + EXTRA);
          memory.setU32(record + EXTRA, old);
          return BigInt(extra);
        },
      };
    }
    const popped = yield {
      kind: "atomic",
      addr: record,
      label: "freelist pop",
      run: (memory) => {
        for (let i = 0; i < this.nrCpus; i++) {
          const elem = pop(memory, this.#record((ctx.cpu + i) % this.nrCpus), this.elements);
          if (elem !== 0n) return elem;
        }
        return 0n;
      },
    };
    return popped === 0n ? errno("E2BIG") : popped;
  }

  *free(ctx: TaskContext, elem: number, replaced: boolean): Model<void> {
    if (replaced && this.hasExtraElems) return;
    const record = this.#record(ctx.cpu);
    yield { kind: "atomic", addr: record, label: "freelist push", run: (memory) => push(memory, record, elem) };
  }

  spares(memory: Memory): Spares {
    const each: Spares[] = [];
    for (let cpu = 0; cpu < this.nrCpus; cpu++) {
      const extra = memory.getU32(this.#record(cpu) + EXTRA), used = extra !== 0 && (extra & FRESH) === 0;
      each.push({ elems: used ? [extra] : [], unused: this.hasExtraElems && !used ? 1 : 0 });
      each.push(sparesOf(memory, this.#record(cpu)));
    }
    return joined(each);
  }

  #record(cpu: number): number {
    return this.records + cpu * POOL_CPU_BYTES;
  }
}

/**
 * Elements of a BPF_F_NO_PREALLOC map (kernel/bpf/memalloc.c): each CPU keeps those that it freed and takes the last one
 * first (unit_free, unit_alloc), since Linux 6.1 without waiting for a grace period.
 *
 * How many there are is asked before one is taken, and under the lock of the key's bucket only: keys of several buckets
 * can come in beyond max_entries.
 */
export class CachedElems implements ElemPool {
  /** kernel/bpf/hashtab.c:htab_map_alloc: large maps count in parts, one for each CPU. */
  readonly #countsInParts: boolean;

  /**
   * @param records one record for each CPU and, behind them, one that all share
   * @param onNearlyFull called when an update finds the map full, or so nearly that another one may
   */
  constructor(
    readonly elements: Elements,
    readonly records: number,
    readonly nrCpus: number,
    readonly maxEntries: number,
    readonly onNearlyFull: () => void = () => {},
  ) {
    this.#countsInParts = maxEntries / 2 > nrCpus * PERCPU_COUNTER_BATCH;
  }

  /** Elements beside max_entries: updates that race past is_map_full, and what lies in the caches. */
  static spare(nrCpus: number): number {
    return 8 * nrCpus;
  }

  initialize(memory: Memory): void {
    memory.setU32(this.#shared + END, this.elements.count);
  }

  *alloc(ctx: TaskContext, old: number): Model {
    const count = yield* this.#counted(ctx);
    if (count >= this.maxEntries - 1) this.onNearlyFull();
    if (count >= this.maxEntries && old === 0) return errno("E2BIG");
    yield* this.#add(ctx, 1);
    yield { kind: "work", what: "alloc" };
    const own = this.#record(ctx.cpu);
    const cached = yield {
      kind: "private",
      label: "unit_alloc",
      run: (memory) => memory.getU32(own + HEAD) === 0 ? 0n : pop(memory, own, this.elements),
    };
    if (cached !== 0n) return cached;
    const elem = yield { kind: "atomic", addr: this.#shared, label: "refill", run: (memory) => this.#refill(memory) };
    if (elem < 0n) yield* this.#add(ctx, -1);
    return elem;
  }

  *free(ctx: TaskContext, elem: number): Model<void> {
    const own = this.#record(ctx.cpu);
    yield* this.#add(ctx, -1);
    yield { kind: "private", label: "unit_free", run: (memory) => push(memory, own, elem) };
  }

  spares(memory: Memory): Spares {
    return joined(Array.from({ length: this.nrCpus + 1 }, (_, cpu) => sparesOf(memory, this.#record(cpu))));
  }

  /** kernel/bpf/hashtab.c:is_map_full: what it takes the number of elements for. */
  *#counted(ctx: TaskContext): Model<number> {
    const common = Number(BigInt.asIntN(32, yield load(this.#count, 4, "htab.count")));
    if (!this.#countsInParts) return common;
    // lib/percpu_counter.c:__percpu_counter_compare: the parts cannot make up for a great distance.
    if (Math.abs(common - this.maxEntries) > PERCPU_COUNTER_BATCH * this.nrCpus) return common;
    // lib/percpu_counter.c:__percpu_counter_sum: one part after another, while they go on counting.
    yield* raw_spin_lock_irqsave(ctx, this.#shared + PART_LOCK, "pcount.lock");
    let sum = Number(BigInt.asIntN(32, yield load(this.#count, 4, "htab.count")));
    for (let cpu = 0; cpu < this.nrCpus; cpu++) {
      sum += Number(BigInt.asIntN(32, yield load(this.#record(cpu) + PART, 4, "htab.pcount")));
    }
    yield* raw_spin_unlock_irqrestore(this.#shared + PART_LOCK, "pcount.unlock");
    return sum;
  }

  /** kernel/bpf/hashtab.c:inc_elem_count, dec_elem_count. */
  *#add(ctx: TaskContext, delta: 1 | -1): Model<void> {
    const value = BigInt(delta);
    if (!this.#countsInParts) {
      yield { kind: "rmw", op: "add", addr: this.#count, size: 4, value, label: "htab.count" };
      return;
    }
    // lib/percpu_counter.c:percpu_counter_add_batch: no other CPU writes this part.
    const part = this.#record(ctx.cpu) + PART;
    const before = yield { kind: "rmw", op: "add", addr: part, size: 4, value, label: "htab.pcount" };
    const now = BigInt.asIntN(32, before + value);
    if (now > -PERCPU_COUNTER_BATCH && now < PERCPU_COUNTER_BATCH) return;
    yield* raw_spin_lock_irqsave(ctx, this.#shared + PART_LOCK, "pcount.lock");
    yield { kind: "rmw", op: "add", addr: this.#count, size: 4, value: now, label: "htab.count" };
    yield { kind: "rmw", op: "add", addr: part, size: 4, value: -now, label: "htab.pcount" };
    yield* raw_spin_unlock_irqrestore(this.#shared + PART_LOCK, "pcount.unlock");
  }

  /** A new element; when there is none, the one that lies longest in a cache stands for a page of the kernel's. */
  #refill(memory: Memory): bigint {
    const unused = pop(memory, this.#shared, this.elements);
    if (unused !== 0n) return unused;
    for (let cpu = 0; cpu < this.nrCpus; cpu++) {
      let link = this.#record(cpu) + HEAD, elem = memory.getU32(link);
      if (elem === 0) continue;
      for (let next = memory.getU32(elem + FREE_LINK); next !== 0; next = memory.getU32(elem + FREE_LINK)) {
        link = elem + FREE_LINK;
        elem = next;
      }
      memory.setU32(link, 0);
      return BigInt(elem);
    }
    return errno("ENOMEM");
  }

  get #shared(): number {
    return this.#record(this.nrCpus);
  }

  get #count(): number {
    return this.#shared + EXTRA;
  }

  #record(cpu: number): number {
    return this.records + cpu * POOL_CPU_BYTES;
  }
}
