/** An element as the lists of an LRU map hold it (kernel/bpf/bpf_lru_list.h:struct bpf_lru_node). */
import type { Memory } from "../cpu/memory.ts";
import { load, type Model, type TaskContext } from "../cpu/operation.ts";
import { type Elements, FREE_LINK, FRESH, type Spares } from "./elem_pool.ts";
import { linksOf } from "./list_head.ts";

/** Offsets in an element. `used`: it was in the map before, so that a program may still hold a pointer to it. */
export const LRU_NODE = { list: FREE_LINK, ref: 24, type: 25, cpu: 26, used: 28 } as const;

/** enum bpf_lru_list_type. */
export const LIST = { active: 0, inactive: 1, free: 2, localFree: 3, localPending: 4 } as const;
export type ListType = typeof LIST[keyof typeof LIST];

/** Takes an element out of its bucket; 0n when it is not there (any more, or yet), or the bucket is locked here. */
export type DelFromHtab = (elem: number) => Model;

export const elemOf = (link: number): number => link - LRU_NODE.list;
export const linkOf = (elem: number): number => elem + LRU_NODE.list;

export const isRef = (memory: Memory, elem: number): boolean => memory.read(elem + LRU_NODE.ref, 1) !== 0n;
export const clearRef = (memory: Memory, elem: number): void => memory.write(elem + LRU_NODE.ref, 1, 0n);
export const typeOf = (memory: Memory, elem: number): number => Number(memory.read(elem + LRU_NODE.type, 1));
export const setType = (memory: Memory, elem: number, type: ListType): void =>
  memory.write(elem + LRU_NODE.type, 1, BigInt(type));

/** The address of an element that leaves a free list, plus FRESH when it was never in the map before. */
export function taken(memory: Memory, elem: number): bigint {
  const isFresh = memory.read(elem + LRU_NODE.used, 1) === 0n;
  memory.write(elem + LRU_NODE.used, 1, 1n);
  return BigInt(elem + (isFresh ? FRESH : 0));
}

/** kernel/bpf/bpf_lru_list.h:bpf_lru_node_set_ref: marks a use, unless it is marked; without a lock. */
export function* bpf_lru_node_set_ref(elem: number): Model<void> {
  const addr = elem + LRU_NODE.ref, ref = yield load(addr, 1, "elem.ref");
  if (ref === 0n) yield { kind: "store", addr, size: 1, value: 1n, label: "elem.ref" };
}

/** Where an LRU map takes elements from. */
export interface Lru {
  initialize(memory: Memory): void;
  /** An element (plus FRESH) with its hash set, for a key of that hash; or -ENOMEM. */
  bpf_lru_pop_free(ctx: TaskContext, hash: number): Model;
  /** Gives back an element that is in no bucket. */
  bpf_lru_push_free(ctx: TaskContext, elem: number): Model<void>;
  /** What is in no bucket now, for figures and tests. */
  spares(memory: Memory): Spares;
}

/** A step on lists under the lock that guards them: it has no point where another CPU can come between. */
export function* locked(label: string, run: (memory: Memory) => number | bigint): Model<number> {
  return Number(yield { kind: "private", guarded: true, label, run: (memory) => BigInt(run(memory)) });
}

/** What lies on free lists, read behind everybody's back. */
export function sparesOn(memory: Memory, heads: readonly number[]): Spares {
  const elems: number[] = [];
  let unused = 0;
  for (const head of heads) {
    for (const link of linksOf(memory, head)) {
      if (memory.read(elemOf(link) + LRU_NODE.used, 1) === 0n) unused++;
      else elems.push(elemOf(link));
    }
  }
  return { elems, unused };
}

export const everyElem = ({ base, size, count }: Elements): readonly number[] =>
  Array.from({ length: count }, (_, i) => base + i * size);
