/** The lists of an LRU map that CPUs share, with local ones in front (kernel/bpf/bpf_lru_list.c:struct bpf_common_lru). */
import type { Memory } from "../cpu/memory.ts";
import { load, type Model, store, type TaskContext } from "../cpu/operation.ts";
import {
  raw_spin_lock,
  raw_spin_lock_irqsave,
  raw_spin_unlock,
  raw_spin_unlock_irqrestore,
} from "../locks/raw_spin_lock.ts";
import { type Elements, FRESH, type Spares } from "./elem_pool.ts";
import { errno } from "./errno.ts";
import { ELEM } from "./htab.ts";
import {
  INIT_LIST_HEAD,
  linksInReverse,
  linksOf,
  list_add,
  list_del,
  list_empty,
  list_move,
  next,
  prev,
} from "./list_head.ts";
import { LRU_LIST_BYTES, LruList } from "./lru_list.ts";
import {
  clearRef,
  type DelFromHtab,
  elemOf,
  everyElem,
  isRef,
  linkOf,
  LIST,
  locked,
  type Lru,
  LRU_NODE,
  setType,
  sparesOn,
  taken,
} from "./lru_node.ts";

const LOCAL_FREE_TARGET = 128;
const LOCAL_NR_SCANS = LOCAL_FREE_TARGET;

/** struct bpf_lru_locallist: offsets in the record of a CPU. */
const LOCAL = { bytes: 64, free: 0, pending: 8, nextSteal: 16, lock: 20 } as const;

/**
 * Each possible CPU keeps a list of free elements, which it fills by batches, and one of pending elements, the new ones,
 * which go to the shared lists when the free list is filled again. So a full map has room for the whole next batch: it
 * holds fewer than max_entries most of the time. Where the shared lists have nothing left, elements are stolen from the
 * local lists of all CPUs in turn, pending ones included.
 */
export class CommonLru implements Lru {
  readonly #list: LruList;
  /** Elements of a batch: lru->target_free, since Linux 6.16; before that always 128. */
  readonly #target: number;

  static bytes(possibleCpus: number): number {
    return LRU_LIST_BYTES + possibleCpus * LOCAL.bytes;
  }

  /** What stands at an offset of the records. */
  static describe(offset: number): string {
    if (offset < LRU_LIST_BYTES) return offset < LRU_LIST_BYTES / 2 ? "" : ".lock";
    const inside = (offset - LRU_LIST_BYTES) % LOCAL.bytes;
    return `@cpu${Math.floor((offset - LRU_LIST_BYTES) / LOCAL.bytes)}${inside === LOCAL.lock ? ".lock" : ""}`;
  }

  /** @param records address of {@link CommonLru.bytes} */
  constructor(
    readonly elements: Elements,
    readonly records: number,
    readonly possibleCpus: number,
    readonly del_from_htab: (ctx: TaskContext) => DelFromHtab,
  ) {
    const share = Math.floor(Math.floor(elements.count / possibleCpus) / 2);
    this.#target = Math.min(LOCAL_FREE_TARGET, Math.max(1, share));
    this.#list = new LruList(records, LOCAL_NR_SCANS);
  }

  /** kernel/bpf/bpf_lru_list.c:bpf_lru_locallist_init, bpf_common_lru_populate: the last element is taken first. */
  initialize(memory: Memory): void {
    this.#list.initialize(memory);
    for (let cpu = 0; cpu < this.possibleCpus; cpu++) {
      const local = this.#local(cpu);
      INIT_LIST_HEAD(memory, local + LOCAL.free);
      INIT_LIST_HEAD(memory, local + LOCAL.pending);
      memory.setU32(local + LOCAL.nextSteal, cpu);
    }
    for (const elem of everyElem(this.elements)) {
      setType(memory, elem, LIST.free);
      list_add(memory, linkOf(elem), this.#list.head(LIST.free));
    }
  }

  /** kernel/bpf/bpf_lru_list.c:bpf_common_lru_pop_free: an element (plus FRESH) with its hash set, or -ENOMEM. */
  *bpf_lru_pop_free(ctx: TaskContext, hash: number): Model {
    const cpu = ctx.cpu % this.possibleCpus, local = this.#local(cpu);
    yield* raw_spin_lock_irqsave(ctx, local + LOCAL.lock, "loc_l.lock");
    let popped = yield* this.#popLocalFree(local);
    if (popped === 0) {
      yield* this.#popFreeToLocal(ctx, local);
      popped = yield* this.#popLocalFree(local);
    }
    if (popped !== 0) yield* this.#addPending(local, cpu, popped, hash);
    yield* raw_spin_unlock_irqrestore(local + LOCAL.lock, "loc_l.unlock");
    if (popped !== 0) return BigInt(popped);

    popped = yield* this.#steal(ctx, local);
    if (popped === 0) return errno("ENOMEM");
    yield* raw_spin_lock_irqsave(ctx, local + LOCAL.lock, "loc_l.lock");
    yield* this.#addPending(local, cpu, popped, hash);
    yield* raw_spin_unlock_irqrestore(local + LOCAL.lock, "loc_l.unlock");
    return BigInt(popped);
  }

  /**
   * kernel/bpf/bpf_lru_list.c:bpf_common_lru_push_free: a pending element goes to the local free list that it came from,
   * any other to the shared one; at once, without a grace period.
   */
  *bpf_lru_push_free(ctx: TaskContext, elem: number): Model<void> {
    const type = yield load(elem + LRU_NODE.type, 1, "elem.type");
    if (type === BigInt(LIST.localPending)) {
      const local = this.#local(Number(yield load(elem + LRU_NODE.cpu, 2, "elem.cpu", true)));
      yield* raw_spin_lock_irqsave(ctx, local + LOCAL.lock, "loc_l.lock");
      // It may have been flushed to the shared lists meanwhile.
      const isFreed = yield* locked("lru push", (memory) => {
        if (memory.read(elem + LRU_NODE.type, 1) !== BigInt(LIST.localPending)) return 0;
        setType(memory, elem, LIST.localFree);
        clearRef(memory, elem);
        list_move(memory, linkOf(elem), local + LOCAL.free);
        return 1;
      });
      yield* raw_spin_unlock_irqrestore(local + LOCAL.lock, "loc_l.unlock");
      if (isFreed) return;
    }
    yield* raw_spin_lock_irqsave(ctx, this.#list.lock, "lru.lock");
    yield* locked("lru push", (memory) => (this.#list.move(memory, elem, LIST.free), 0));
    yield* raw_spin_unlock_irqrestore(this.#list.lock, "lru.unlock");
  }

  spares(memory: Memory): Spares {
    const locals = Array.from({ length: this.possibleCpus }, (_, cpu) => this.#local(cpu) + LOCAL.free);
    return sparesOn(memory, [...locals, this.#list.head(LIST.free)]);
  }

  /** kernel/bpf/bpf_lru_list.c:bpf_lru_list_pop_free_to_local. */
  *#popFreeToLocal(ctx: TaskContext, local: number): Model<void> {
    const list = this.#list, free = local + LOCAL.free;
    yield* raw_spin_lock(ctx, list.lock, "lru.lock");
    const count = yield* locked("lru pop", (memory) => {
      for (const link of linksInReverse(memory, local + LOCAL.pending)) {
        list.move(memory, elemOf(link), isRef(memory, elemOf(link)) ? LIST.active : LIST.inactive);
      }
      list.rotate(memory);
      let count = 0;
      for (const link of linksOf(memory, list.head(LIST.free))) {
        list.moveToFree(memory, elemOf(link), LIST.localFree, free);
        if (++count === this.#target) break;
      }
      return count;
    });
    if (count < this.#target) {
      yield* list.shrink(this.del_from_htab(ctx), this.#target - count, LIST.localFree, free);
    }
    yield* raw_spin_unlock(list.lock, "lru.unlock");
  }

  /** kernel/bpf/bpf_lru_list.c:__local_list_pop_free: 0 when there is none. */
  #popLocalFree(local: number): Model<number> {
    return locked("lru pop", (memory) => {
      const head = local + LOCAL.free, link = next(memory, head);
      if (list_empty(memory, head)) return 0;
      list_del(memory, link);
      return taken(memory, elemOf(link));
    });
  }

  /** kernel/bpf/bpf_lru_list.c:__local_list_add_pending. */
  *#addPending(local: number, cpu: number, popped: number, hash: number): Model<void> {
    const elem = popped & ~FRESH, isFresh = (popped & FRESH) !== 0;
    yield store(elem + ELEM.hash, 4, BigInt(hash), "elem.hash", isFresh);
    yield* locked("lru pending", (memory) => {
      memory.write(elem + LRU_NODE.cpu, 2, BigInt(cpu));
      setType(memory, elem, LIST.localPending);
      clearRef(memory, elem);
      list_add(memory, linkOf(elem), local + LOCAL.pending);
      return 0;
    });
  }

  /** The second half of bpf_common_lru_pop_free: begins where this CPU left off the last time, at first with itself. */
  *#steal(ctx: TaskContext, own: number): Model<number> {
    const first = yield* locked("next_steal", (memory) => memory.getU32(own + LOCAL.nextSteal));
    let cpu = first, popped = 0;
    do {
      const local = this.#local(cpu);
      yield* raw_spin_lock_irqsave(ctx, local + LOCAL.lock, "loc_l.lock");
      popped = yield* this.#popLocalFree(local);
      if (popped === 0) popped = yield* this.#popPending(ctx, local);
      yield* raw_spin_unlock_irqrestore(local + LOCAL.lock, "loc_l.unlock");
      cpu = (cpu + 1) % this.possibleCpus;
    } while (popped === 0 && cpu !== first);
    const following = cpu;
    yield* locked("next_steal", (memory) => (memory.setU32(own + LOCAL.nextSteal, following), 0));
    return popped;
  }

  /** kernel/bpf/bpf_lru_list.c:__local_list_pop_pending: the oldest that is not marked as used, else the oldest. */
  *#popPending(ctx: TaskContext, local: number): Model<number> {
    const pending = local + LOCAL.pending, del_from_htab = this.del_from_htab(ctx);
    for (const force of [false, true]) {
      let link = yield* locked("lru scan", (memory) => prev(memory, pending));
      while (link !== pending) {
        const at = link, elem = elemOf(at);
        const isVictim = force || (yield* locked("lru scan", (memory) => isRef(memory, elem) ? 0 : 1)) === 1;
        if (isVictim && (yield* del_from_htab(elem))) {
          yield* locked("lru evict", (memory) => (list_del(memory, at), 0));
          return elem;
        }
        link = yield* locked("lru scan", (memory) => prev(memory, at));
      }
    }
    return 0;
  }

  #local(cpu: number): number {
    return this.records + LRU_LIST_BYTES + cpu * LOCAL.bytes;
  }
}
