/** Where iterators over bits keep more than one word of them: a few buffers of each task's own. */
import type { Memory } from "../cpu/memory.ts";
import type { Model, TaskContext } from "../cpu/operation.ts";
import type { Arena } from "../maps/arena.ts";
import { errno } from "../maps/errno.ts";

/** Iterators of a task that may be under way at once. */
const PER_TASK = 4;
const BUFFER = { used: 0, bits: 8, bytes: 8 + 511 * 8 } as const;

export class BitBuffers {
  readonly #base: number;

  constructor(arena: Arena, tasks: number) {
    this.#base = arena.allocate(tasks * PER_TASK * BUFFER.bytes);
  }

  /** The address of a buffer, or -ENOMEM. */
  *alloc({ task }: TaskContext): Model {
    const first = this.#base + task * PER_TASK * BUFFER.bytes;
    return yield {
      kind: "private",
      label: "bits",
      run: (memory) => {
        for (let at = first; at < first + PER_TASK * BUFFER.bytes; at += BUFFER.bytes) {
          if (memory.getU32(at + BUFFER.used) !== 0) continue;
          memory.setU32(at + BUFFER.used, 1);
          return BigInt(at + BUFFER.bits);
        }
        return errno("ENOMEM");
      },
    };
  }

  *free(_ctx: TaskContext, buffer: number): Model<void> {
    yield {
      kind: "private",
      label: "bits",
      run: (memory: Memory) => {
        memory.clear(buffer - BUFFER.bits, BUFFER.bytes);
        return 0n;
      },
    };
  }
}
