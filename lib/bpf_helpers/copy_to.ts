/** Where helpers put what they were asked for. */
import { addressOf } from "../cpu/memory.ts";
import { type Model, store, type TaskContext } from "../cpu/operation.ts";
import { readWord, type Source } from "../maps/source.ts";
import { wordsOf } from "../maps/words.ts";

/** Writes where a program's pointer points: in steps when other CPUs can look, at once otherwise. */
export function* copyTo(ctx: TaskContext, pointer: bigint, size: number, source: Source): Model<void> {
  const addr = addressOf(pointer), shared = ctx.memory.isShared(pointer);
  for (const word of wordsOf(size)) {
    const value = yield* readWord(source, word, "source");
    const op = store(addr + word.offset, word.size, value, "destination");
    yield shared ? op : { ...op, exclusive: true };
  }
}
