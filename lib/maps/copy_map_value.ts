/** Copies of values in and out of maps. */
import { type Model, store, type TaskContext } from "../cpu/operation.ts";
import type { KernelMap } from "./kernel_map.ts";
import { readWord, readWords, type Source } from "./source.ts";
import type { Word } from "./words.ts";

/** include/linux/bpf.h:copy_map_value: each word loaded, then stored; no lock. */
export function* copy_map_value(addr: number, value: Source, words: readonly Word[]): Model<void> {
  yield { kind: "work", what: "copy", amount: ("bytes" in value ? 1 : 2) * words.length };
  for (const word of words) {
    const loaded = yield* readWord(value, word, "value");
    yield store(addr + word.offset, word.size, loaded, "elem.value");
  }
}

/** kernel/bpf/helpers.c:copy_map_value_locked into an element: under the element's own lock. */
export function* copy_map_value_locked(map: KernelMap, ctx: TaskContext, addr: number, value: Source): Model<void> {
  const { locks } = map.environment, lock = addr + map.lockOffset!;
  yield* locks.bpf_spin_lock(ctx, lock);
  yield* copy_map_value(addr, value, map.valueWords);
  yield* locks.bpf_spin_unlock(ctx, lock);
}

/** The same out of an element, into a buffer of the kernel's; the lock word reads as zero. */
export function* read_map_value_locked(map: KernelMap, ctx: TaskContext, addr: number): Model<Uint8Array> {
  const { locks } = map.environment, lock = addr + map.lockOffset!;
  yield* locks.bpf_spin_lock(ctx, lock);
  const bytes = yield* read_map_value(map, addr);
  yield* locks.bpf_spin_unlock(ctx, lock);
  return bytes;
}

export function* read_map_value(map: KernelMap, addr: number): Model<Uint8Array> {
  yield { kind: "work", what: "copy", amount: map.valueWords.length };
  return yield* readWords(addr, map.def.valueSize, map.valueWords, "elem.value");
}
