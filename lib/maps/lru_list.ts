/** Active, inactive and free elements of an LRU map, and who goes first (kernel/bpf/bpf_lru_list.c:struct bpf_lru_list). */
import type { Memory } from "../cpu/memory.ts";
import type { Model } from "../cpu/operation.ts";
import {
  INIT_LIST_HEAD,
  linksInReverse,
  list_empty,
  LIST_HEAD_BYTES,
  list_move,
  list_move_tail,
  next,
  prev,
} from "./list_head.ts";
import {
  clearRef,
  type DelFromHtab,
  elemOf,
  isRef,
  linkOf,
  LIST,
  type ListType,
  locked,
  setType,
  typeOf,
} from "./lru_node.ts";

/** Offsets in the record of a list: three heads, two counts, where the next rotation of the inactive list begins. */
const COUNTS = 24;
const NEXT_INACTIVE_ROTATION = 32;
/** The lock has a cache line of its own. */
export const LRU_LIST_LOCK = 64;
export const LRU_LIST_BYTES = 128;

/** Added to a link that a scan found, where the element on it may be evicted. */
const EVICTABLE = 1;

/**
 * New elements begin inactive. Those that were looked up since they were last considered become active; rotation takes
 * them back when the active list is the longer one. What is evicted comes from the end of the inactive list. Everything
 * here needs the list's lock.
 */
export class LruList {
  /**
   * @param record address of {@link LRU_LIST_BYTES}
   * @param nrScans elements that one rotation or shrinking looks at
   */
  constructor(readonly record: number, readonly nrScans: number) {}

  get lock(): number {
    return this.record + LRU_LIST_LOCK;
  }

  head(type: number): number {
    return this.record + LIST_HEAD_BYTES * type;
  }

  /** kernel/bpf/bpf_lru_list.c:bpf_lru_list_init. */
  initialize(memory: Memory): void {
    for (const type of [LIST.active, LIST.inactive, LIST.free]) INIT_LIST_HEAD(memory, this.head(type));
    this.#setRotation(memory, this.head(LIST.inactive));
  }

  /** kernel/bpf/bpf_lru_list.c:__bpf_lru_node_move, __bpf_lru_node_move_in: to the front of a list of this record. */
  move(memory: Memory, elem: number, type: ListType): void {
    this.#changeType(memory, elem, type);
    list_move(memory, linkOf(elem), this.head(type));
  }

  /**
   * kernel/bpf/bpf_lru_list.c:__bpf_lru_node_move_to_free. On 6.18, as measured, a local list is used up in the order in
   * which it was filled, a CPU's own free list (BPF_F_NO_COMMON_LRU) from the last one back. The kernel leaves the
   * reference bit, which counts for nothing on a free list and is cleared when the element is taken from there.
   */
  moveToFree(memory: Memory, elem: number, type: ListType, head: number): void {
    this.#changeType(memory, elem, type);
    if (type === LIST.localFree) list_move_tail(memory, linkOf(elem), head);
    else list_move(memory, linkOf(elem), head);
  }

  #changeType(memory: Memory, elem: number, type: ListType): void {
    const link = linkOf(elem);
    if (this.#rotation(memory) === link) this.#setRotation(memory, prev(memory, link));
    this.#addToCount(memory, typeOf(memory, elem), -1);
    this.#addToCount(memory, type, 1);
    setType(memory, elem, type);
    clearRef(memory, elem);
  }

  /** kernel/bpf/bpf_lru_list.c:__bpf_lru_list_rotate. */
  rotate(memory: Memory): void {
    if (this.#count(memory, LIST.inactive) < this.#count(memory, LIST.active)) this.#rotateActive(memory);
    this.#rotateInactive(memory);
  }

  /**
   * kernel/bpf/bpf_lru_list.c:__bpf_lru_list_shrink: evicts up to `target` elements that are not marked as used; where
   * there is none, one that is. Gives how many.
   */
  *shrink(del: DelFromHtab, target: number, freeType: ListType, freeHead: number): Model<number> {
    const evicted = yield* this.#shrinkInactive(del, target, freeType, freeHead);
    if (evicted > 0) return evicted;
    const victims = yield* locked("lru force shrink", (memory) => {
      const inactive = this.head(LIST.inactive);
      return list_empty(memory, inactive) ? this.head(LIST.active) : inactive;
    });
    let link = yield* locked("lru scan", (memory) => prev(memory, victims));
    while (link !== victims) {
      if (yield* this.#evict(del, elemOf(link), freeType, freeHead)) return 1;
      const at = link;
      link = yield* locked("lru scan", (memory) => prev(memory, at));
    }
    return 0;
  }

  /** kernel/bpf/bpf_lru_list.c:__bpf_lru_list_shrink_inactive. */
  *#shrinkInactive(del: DelFromHtab, target: number, freeType: ListType, freeHead: number): Model<number> {
    const inactive = this.head(LIST.inactive);
    let evicted = 0, link = yield* locked("lru scan", (memory) => prev(memory, inactive));
    for (let i = 0; link !== inactive && i < this.nrScans; i++) {
      const at = link;
      const before = yield* locked("lru scan", (memory) => {
        const before = prev(memory, at);
        if (!isRef(memory, elemOf(at))) return before + EVICTABLE;
        this.move(memory, elemOf(at), LIST.active);
        return before;
      });
      const isEvicted = (before & EVICTABLE) !== 0 && (yield* this.#evict(del, elemOf(at), freeType, freeHead));
      if (isEvicted && ++evicted === target) break;
      link = before & ~EVICTABLE;
    }
    return evicted;
  }

  *#evict(del: DelFromHtab, elem: number, freeType: ListType, freeHead: number): Model<boolean> {
    if (!(yield* del(elem))) return false;
    yield* locked("lru evict", (memory) => (this.moveToFree(memory, elem, freeType, freeHead), 0));
    return true;
  }

  /** kernel/bpf/bpf_lru_list.c:__bpf_lru_list_rotate_active: from the end on; what was used stays for another round. */
  #rotateActive(memory: Memory): void {
    const active = this.head(LIST.active), first = next(memory, active);
    let i = 0;
    for (const link of linksInReverse(memory, active)) {
      this.move(memory, elemOf(link), isRef(memory, elemOf(link)) ? LIST.active : LIST.inactive);
      if (++i === this.nrScans || link === first) return;
    }
  }

  /** kernel/bpf/bpf_lru_list.c:__bpf_lru_list_rotate_inactive: what was used becomes active, the others stay in place. */
  #rotateInactive(memory: Memory): void {
    const inactive = this.head(LIST.inactive);
    if (list_empty(memory, inactive)) return;
    let at = this.#rotation(memory), last = next(memory, at), before = at;
    if (last === inactive) last = next(memory, last);
    for (let i = 0; i < this.nrScans;) {
      if (at === inactive) {
        at = prev(memory, at);
        continue;
      }
      before = prev(memory, at);
      if (isRef(memory, elemOf(at))) this.move(memory, elemOf(at), LIST.active);
      if (at === last) break;
      at = before;
      i++;
    }
    this.#setRotation(memory, before);
  }

  #rotation(memory: Memory): number {
    return memory.getU32(this.record + NEXT_INACTIVE_ROTATION);
  }

  #setRotation(memory: Memory, link: number): void {
    memory.setU32(this.record + NEXT_INACTIVE_ROTATION, link);
  }

  #count(memory: Memory, type: number): number {
    return memory.getU32(this.record + COUNTS + 4 * type);
  }

  /** Only the lists of active and of inactive elements are counted. */
  #addToCount(memory: Memory, type: number, by: number): void {
    if (type < LIST.free) memory.setU32(this.record + COUNTS + 4 * type, this.#count(memory, type) + by);
  }
}
