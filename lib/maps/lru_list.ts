/** The list that LRU hash maps take elements from (kernel/bpf/bpf_lru_list.c), made simple. */
import type { Memory } from "../cpu/memory.ts";
import { load, type Model, type TaskContext } from "../cpu/operation.ts";
import { raw_res_spin_lock_irqsave, raw_res_spin_unlock_irqrestore } from "../locks/raw_spin_lock.ts";
import { type Elements, FRESH, pop, push, type Spares, sparesOf } from "./elem_pool.ts";
import { errno } from "./errno.ts";
import { ELEM } from "./htab.ts";

/** Offset in an element: whether it is out of the free list. */
const IN_USE = 28;
/** Offsets in the list's record, behind those of the free list. */
const HAND = 12;
const LOCK = 64;
export const LRU_LIST_BYTES = 128;

/**
 * One list for all CPUs. Free elements first, the last freed one at once; when there are none, a clock hand passes over
 * the elements, spares those that were looked up since it last passed, and evicts the first other one. The kernel keeps
 * active, inactive and per-CPU lists and evicts up to 128 at a time; which key goes is left open there as here.
 */
export class LruList {
  /**
   * @param record address of {@link LRU_LIST_BYTES}
   * @param del_from_htab takes an element out of its bucket; 0n when it is not there (any more, or yet)
   */
  constructor(
    readonly elements: Elements,
    readonly record: number,
    readonly del_from_htab: (ctx: TaskContext, elem: number) => Model,
  ) {}

  initialize(memory: Memory): void {
    memory.setU32(this.record + 8, this.elements.count);
  }

  /** kernel/bpf/bpf_lru_list.c:bpf_lru_pop_free: an element (plus FRESH), or -ENOMEM. */
  *bpf_lru_pop_free(ctx: TaskContext): Model {
    const free = yield* this.#popFree();
    if (free !== 0n) return free;
    const refused = yield* raw_res_spin_lock_irqsave(ctx, this.record + LOCK, "lru.lock");
    if (refused) return refused;
    let elem = 0n;
    // Twice round: once to take the marks of use away, once to evict.
    for (let i = 0; i < 2 * this.elements.count && elem === 0n; i++) {
      const candidate = yield* this.#nextCandidate();
      if (candidate === 0n) elem = yield* this.#popFree();
      else if ((yield* this.del_from_htab(ctx, Number(candidate))) !== 0n) elem = candidate;
    }
    yield* raw_res_spin_unlock_irqrestore(this.record + LOCK, "lru.unlock");
    return elem === 0n ? errno("ENOMEM") : elem;
  }

  /** kernel/bpf/bpf_lru_list.c:bpf_lru_push_free: free at once, no grace period. */
  *bpf_lru_push_free(elem: number): Model<void> {
    yield {
      kind: "atomic",
      addr: this.record,
      label: "lru push",
      run: (memory) => {
        memory.setU32(elem + IN_USE, 0);
        return push(memory, this.record, elem);
      },
    };
  }

  /** kernel/bpf/bpf_lru_list.h:bpf_lru_node_set_ref: marks a use, unless it is marked. */
  *bpf_lru_node_set_ref(elem: number): Model<void> {
    const ref = yield load(elem + ELEM.ref, 1, "elem.ref");
    if (ref === 0n) yield { kind: "store", addr: elem + ELEM.ref, size: 1, value: 1n, label: "elem.ref" };
  }

  spares(memory: Memory): Spares {
    return sparesOf(memory, this.record);
  }

  *#popFree(): Model {
    return yield {
      kind: "atomic",
      addr: this.record,
      label: "lru pop",
      run: (memory) => {
        const elem = pop(memory, this.record, this.elements), addr = Number(elem) & ~FRESH;
        if (elem !== 0n) memory.setU32(addr + IN_USE, 1);
        return elem;
      },
    };
  }

  /** Moves the hand to the next element without a mark of use; 0n when it came round and found none. */
  *#nextCandidate(): Model {
    const { base, size, count } = this.elements;
    return yield {
      kind: "atomic",
      addr: this.record,
      label: "lru scan",
      run: (memory) => {
        for (let i = 0; i <= count; i++) {
          const hand = memory.getU32(this.record + HAND), elem = base + hand * size;
          memory.setU32(this.record + HAND, (hand + 1) % count);
          if (memory.getU32(elem + IN_USE) === 0) continue;
          if (memory.read(elem + ELEM.ref, 1) === 0n) return BigInt(elem);
          memory.write(elem + ELEM.ref, 1, 0n);
        }
        return 0n;
      },
    };
  }
}
