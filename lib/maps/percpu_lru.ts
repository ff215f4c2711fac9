/** The lists of an LRU map with BPF_F_NO_COMMON_LRU: each CPU has its own (kernel/bpf/bpf_lru_list.c:percpu_lru). */
import type { Memory } from "../cpu/memory.ts";
import { load, type Model, store, type TaskContext } from "../cpu/operation.ts";
import { raw_spin_lock_irqsave, raw_spin_unlock_irqrestore } from "../locks/raw_spin_lock.ts";
import { type Elements, FRESH, type Spares } from "./elem_pool.ts";
import { errno } from "./errno.ts";
import { ELEM } from "./htab.ts";
import { list_add, list_empty, next } from "./list_head.ts";
import { LRU_LIST_BYTES, LRU_LIST_LOCK, LruList } from "./lru_list.ts";
import {
  type DelFromHtab,
  elemOf,
  everyElem,
  linkOf,
  LIST,
  locked,
  type Lru,
  LRU_NODE,
  setType,
  sparesOn,
  taken,
} from "./lru_node.ts";

const PERCPU_FREE_TARGET = 4;
const PERCPU_NR_SCANS = PERCPU_FREE_TARGET;

/** A CPU evicts what it put in itself, up to four at a time, and never takes an element of another CPU. */
export class PercpuLru implements Lru {
  readonly #lists: readonly LruList[];

  static bytes(possibleCpus: number): number {
    return possibleCpus * LRU_LIST_BYTES;
  }

  /** What stands at an offset of the records. */
  static describe(offset: number): string {
    const inside = offset % LRU_LIST_BYTES;
    return `@cpu${Math.floor(offset / LRU_LIST_BYTES)}${inside < LRU_LIST_LOCK ? "" : ".lock"}`;
  }

  /**
   * @param elements as many for each possible CPU
   * @param records address of {@link PercpuLru.bytes}
   */
  constructor(
    readonly elements: Elements,
    readonly records: number,
    readonly possibleCpus: number,
    readonly del_from_htab: (ctx: TaskContext) => DelFromHtab,
  ) {
    this.#lists = Array.from(
      { length: possibleCpus },
      (_, cpu) => new LruList(records + cpu * LRU_LIST_BYTES, PERCPU_NR_SCANS),
    );
  }

  /** kernel/bpf/bpf_lru_list.c:bpf_percpu_lru_populate: the last element of a CPU's share is taken first. */
  initialize(memory: Memory): void {
    for (const list of this.#lists) list.initialize(memory);
    const share = this.elements.count / this.possibleCpus;
    everyElem(this.elements).forEach((elem, i) => {
      const cpu = Math.floor(i / share);
      memory.write(elem + LRU_NODE.cpu, 2, BigInt(cpu));
      setType(memory, elem, LIST.free);
      list_add(memory, linkOf(elem), this.#lists[cpu].head(LIST.free));
    });
  }

  /** kernel/bpf/bpf_lru_list.c:bpf_percpu_lru_pop_free: an element (plus FRESH) with its hash set, or -ENOMEM. */
  *bpf_lru_pop_free(ctx: TaskContext, hash: number): Model {
    const list = this.#lists[ctx.cpu % this.possibleCpus], free = list.head(LIST.free);
    yield* raw_spin_lock_irqsave(ctx, list.lock, "lru.lock");
    const isEmpty = yield* locked("lru rotate", (memory) => {
      list.rotate(memory);
      return list_empty(memory, free) ? 1 : 0;
    });
    if (isEmpty) yield* list.shrink(this.del_from_htab(ctx), PERCPU_FREE_TARGET, LIST.free, free);
    const popped = yield* locked("lru pop", (memory) => {
      if (list_empty(memory, free)) return 0;
      const elem = elemOf(next(memory, free));
      list.move(memory, elem, LIST.inactive);
      return taken(memory, elem);
    });
    if (popped !== 0) {
      yield store((popped & ~FRESH) + ELEM.hash, 4, BigInt(hash), "elem.hash", (popped & FRESH) !== 0);
    }
    yield* raw_spin_unlock_irqrestore(list.lock, "lru.unlock");
    return popped === 0 ? errno("ENOMEM") : BigInt(popped);
  }

  /** kernel/bpf/bpf_lru_list.c:bpf_percpu_lru_push_free: back to the CPU that it belongs to, at once. */
  *bpf_lru_push_free(ctx: TaskContext, elem: number): Model<void> {
    const list = this.#lists[Number(yield load(elem + LRU_NODE.cpu, 2, "elem.cpu", true))];
    yield* raw_spin_lock_irqsave(ctx, list.lock, "lru.lock");
    yield* locked("lru push", (memory) => (list.move(memory, elem, LIST.free), 0));
    yield* raw_spin_unlock_irqrestore(list.lock, "lru.unlock");
  }

  spares(memory: Memory): Spares {
    return sparesOn(memory, this.#lists.map((list) => list.head(LIST.free)));
  }
}
