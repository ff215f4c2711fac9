/** The lists that LRU hash maps take elements from (kernel/bpf/bpf_lru_list.c), made simple. */
import type { Memory } from "../cpu/memory.ts";
import { load, type Model, type TaskContext } from "../cpu/operation.ts";
import { raw_res_spin_lock_irqsave, raw_res_spin_unlock_irqrestore } from "../locks/raw_spin_lock.ts";
import { type Elements, FRESH, joined, POOL_CPU_BYTES, pop, push, RECORD, type Spares, sparesOf } from "./elem_pool.ts";
import { errno } from "./errno.ts";
import { ELEM } from "./htab.ts";

/** Offsets in an element: whether it is off the free lists, and the CPU that took it. */
const IN_USE = 28;
const TAKEN_BY = 30;
/** Offsets in the record that all CPUs share, behind those of a list. */
const HAND = 12;
const LOCK = POOL_CPU_BYTES;
const LOCAL_FREE_TARGET = 128;

/** Bytes of the lists of so many CPUs: a record for each, a shared one, and a lock. */
export const lruListBytes = (nrCpus: number): number => (nrCpus + 2) * POOL_CPU_BYTES;

/**
 * Each CPU keeps a list of free elements and fills it from those that were never used. An element that is freed goes
 * back at once to the CPU that took it, and is the first to be used again there. When nothing is left, a clock hand
 * passes over the elements, spares those that were looked up since it last passed, and evicts the first other one. The
 * kernel keeps active and inactive lists instead and evicts up to 128 at a time; which key goes is left open there as
 * here.
 */
export class LruList {
  readonly #target: number;

  /**
   * @param records address of {@link lruListBytes}
   * @param del_from_htab takes an element out of its bucket; 0n when it is not there (any more, or yet)
   */
  constructor(
    readonly elements: Elements,
    readonly records: number,
    readonly nrCpus: number,
    readonly del_from_htab: (ctx: TaskContext, elem: number) => Model,
  ) {
    this.#target = Math.min(LOCAL_FREE_TARGET, Math.max(1, Math.floor(elements.count / nrCpus / 2)));
  }

  initialize(memory: Memory): void {
    memory.setU32(this.#shared + RECORD.end, this.elements.count);
  }

  /** kernel/bpf/bpf_lru_list.c:bpf_common_lru_pop_free: an element (plus FRESH), or -ENOMEM. */
  *bpf_lru_pop_free(ctx: TaskContext): Model {
    const free = yield* this.#take(ctx, "lru pop", (memory) => this.#popLocal(memory, ctx.cpu));
    if (free !== 0n) return free;
    const refused = yield* raw_res_spin_lock_irqsave(ctx, this.#shared + LOCK, "lru.lock");
    if (refused) return refused;
    let elem = 0n;
    // Twice round: once to take the marks of use away, once to evict.
    for (let i = 0; i < 2 * this.elements.count && elem === 0n; i++) {
      const candidate = yield* this.#nextCandidate();
      if (candidate === 0n) break;
      if (yield* this.del_from_htab(ctx, Number(candidate))) elem = candidate;
    }
    yield* raw_res_spin_unlock_irqrestore(this.#shared + LOCK, "lru.unlock");
    const taken = elem;
    elem = yield* this.#take(ctx, "lru steal", (memory) => taken || this.#steal(memory, ctx.cpu));
    return elem === 0n ? errno("ENOMEM") : elem;
  }

  /** kernel/bpf/bpf_lru_list.c:bpf_common_lru_push_free: free at once, no grace period. */
  *bpf_lru_push_free(elem: number): Model<void> {
    yield {
      kind: "atomic",
      addr: this.#shared,
      label: "lru push",
      run: (memory) => {
        memory.write(elem + IN_USE, 2, 0n);
        return push(memory, this.#record(Number(memory.read(elem + TAKEN_BY, 2))), elem);
      },
    };
  }

  /** kernel/bpf/bpf_lru_list.h:bpf_lru_node_set_ref: marks a use, unless it is marked. */
  *bpf_lru_node_set_ref(elem: number): Model<void> {
    const ref = yield load(elem + ELEM.ref, 1, "elem.ref");
    if (ref === 0n) yield { kind: "store", addr: elem + ELEM.ref, size: 1, value: 1n, label: "elem.ref" };
  }

  spares(memory: Memory): Spares {
    return joined(Array.from({ length: this.nrCpus + 1 }, (_, cpu) => sparesOf(memory, this.#record(cpu))));
  }

  /** One step that finds an element and notes who has it. */
  *#take(ctx: TaskContext, label: string, find: (memory: Memory) => bigint): Model {
    return yield {
      kind: "atomic",
      addr: this.#record(ctx.cpu),
      label,
      run: (memory) => {
        const elem = find(memory), addr = Number(elem) & ~FRESH;
        if (elem !== 0n) {
          memory.write(addr + IN_USE, 2, 1n);
          memory.write(addr + TAKEN_BY, 2, BigInt(ctx.cpu));
        }
        return elem;
      },
    };
  }

  /** kernel/bpf/bpf_lru_list.c:__local_list_pop_free, after bpf_lru_list_pop_free_to_local when the list is empty. */
  #popLocal(memory: Memory, cpu: number): bigint {
    const own = this.#record(cpu), elem = pop(memory, own, this.elements);
    if (elem !== 0n) return elem;
    const unused = memory.getU32(this.#shared + RECORD.unused), end = memory.getU32(this.#shared + RECORD.end);
    const next = Math.min(end, unused + this.#target);
    memory.setU32(own + RECORD.unused, unused);
    memory.setU32(own + RECORD.end, next);
    memory.setU32(this.#shared + RECORD.unused, next);
    return pop(memory, own, this.elements);
  }

  /** A free element of another CPU. */
  #steal(memory: Memory, cpu: number): bigint {
    for (let i = 1; i < this.nrCpus; i++) {
      const elem = pop(memory, this.#record((cpu + i) % this.nrCpus), this.elements);
      if (elem !== 0n) return elem;
    }
    return 0n;
  }

  /** Moves the hand to the next element without a mark of use; 0n when it came round and found none. */
  *#nextCandidate(): Model {
    const { base, size, count } = this.elements;
    return yield {
      kind: "atomic",
      addr: this.#shared,
      label: "lru scan",
      run: (memory) => {
        for (let i = 0; i <= count; i++) {
          const hand = memory.getU32(this.#shared + HAND), elem = base + hand * size;
          memory.setU32(this.#shared + HAND, (hand + 1) % count);
          if (memory.read(elem + IN_USE, 2) === 0n) continue;
          if (memory.read(elem + ELEM.ref, 1) === 0n) return BigInt(elem);
          memory.write(elem + ELEM.ref, 1, 0n);
        }
        return 0n;
      },
    };
  }

  get #shared(): number {
    return this.#record(this.nrCpus);
  }

  #record(cpu: number): number {
    return this.records + cpu * POOL_CPU_BYTES;
  }
}
