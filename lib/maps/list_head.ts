/** Doubly linked lists whose links stand inside the elements (include/linux/list.h), in linear memory. */
import type { Memory } from "../cpu/memory.ts";

/** Bytes of a link, and of the head of a list: the address of the next one, then that of the previous one. */
export const LIST_HEAD_BYTES = 8;
const PREV = 4;

export const next = (memory: Memory, link: number): number => memory.getU32(link);
export const prev = (memory: Memory, link: number): number => memory.getU32(link + PREV);
export const list_empty = (memory: Memory, head: number): boolean => next(memory, head) === head;

export function INIT_LIST_HEAD(memory: Memory, head: number): void {
  memory.setU32(head, head);
  memory.setU32(head + PREV, head);
}

/** Puts a link behind the head: it is the first of the list then. */
export function list_add(memory: Memory, link: number, head: number): void {
  const first = next(memory, head);
  memory.setU32(link, first);
  memory.setU32(link + PREV, head);
  memory.setU32(first + PREV, link);
  memory.setU32(head, link);
}

export function list_del(memory: Memory, link: number): void {
  const before = prev(memory, link), after = next(memory, link);
  memory.setU32(before, after);
  memory.setU32(after + PREV, before);
}

export function list_move(memory: Memory, link: number, head: number): void {
  list_del(memory, link);
  list_add(memory, link, head);
}

/** To the end of a list. */
export function list_move_tail(memory: Memory, link: number, head: number): void {
  list_del(memory, link);
  list_add(memory, link, prev(memory, head));
}

/** The links of a list from first to last. A body may move the link that it is given. */
export function* linksOf(memory: Memory, head: number): Iterable<number> {
  for (let link = next(memory, head), after; link !== head; link = after) {
    after = next(memory, link);
    yield link;
  }
}

/** The same from last to first. */
export function* linksInReverse(memory: Memory, head: number): Iterable<number> {
  for (let link = prev(memory, head), before; link !== head; link = before) {
    before = prev(memory, link);
    yield link;
  }
}
