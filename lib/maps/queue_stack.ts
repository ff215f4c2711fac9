/** QUEUE and STACK maps: one array of values that goes round, under one lock (kernel/bpf/queue_stack_maps.c). */
import { CACHE_LINE_BYTES } from "../cpu/layout.ts";
import type { Memory } from "../cpu/memory.ts";
import { calls, load, type Model, store, type TaskContext } from "../cpu/operation.ts";
import { raw_res_spin_lock_irqsave, raw_res_spin_unlock_irqrestore } from "../locks/raw_spin_lock.ts";
import type { MapDef } from "../object/bpf_object.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import {
  BPF_EXIST,
  BPF_F_NUMA_NODE,
  BPF_F_RDONLY,
  BPF_F_RDONLY_PROG,
  BPF_F_WRONLY,
  BPF_F_WRONLY_PROG,
  BPF_NOEXIST,
} from "../uapi/flags.ts";
import { keyBytes } from "./array.ts";
import { errno, KernelError } from "./errno.ts";
import { KeylessMap, type WriteValue } from "./keyless_map.ts";
import type { MapEntry, MapEnvironment } from "./kernel_map.ts";
import { readWord, type Source } from "./source.ts";
import { setWord } from "./words.ts";

/** struct bpf_queue_stack: the fields that models touch. */
const QS = { lock: 0, head: 4, tail: 8, bytes: CACHE_LINE_BYTES } as const;
const CREATE_FLAGS = BPF_F_NUMA_NODE | BPF_F_RDONLY | BPF_F_WRONLY | BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG;

export abstract class QueueStackMap extends KeylessMap {
  /** Room for values: one more than max_entries, so that a full one can be told from an empty one. */
  readonly size: number;
  readonly #qs: number;
  readonly #elements: number;

  constructor(def: MapDef, index: number, environment: MapEnvironment) {
    super(def, index, environment);
    if (def.keySize !== 0 || def.valueSize === 0 || def.flags & ~CREATE_FLAGS) {
      throw new KernelError(
        "EINVAL",
        `queue or stack ${def.name} with a key, no value, or flags that it does not take`,
      );
    }
    this.size = def.maxEntries + 1;
    this.#qs = this.allocate(QS.bytes, (offset) => {
      const field = offset < QS.head ? "lock" : offset < QS.tail ? "head" : "tail";
      return { name: `${def.name}.${field}`, touches: field === "lock" ? "lock" : "ring" };
    });
    this.#elements = this.allocate(this.size * def.valueSize, (offset, memory) => this.#placeOf(offset, memory));
  }

  initialize(): void {}

  /** Under the lock: where the value to give stands, and the field that moves past it, to where. */
  protected abstract next(
    head: number,
    tail: number,
  ): { readonly at: number; readonly field: "head" | "tail"; readonly moved: number };

  /** The index after one, round the end. */
  protected after(index: number): number {
    return index + 1 >= this.size ? 0 : index + 1;
  }

  /** kernel/bpf/queue_stack_maps.c:__queue_map_get, __stack_map_get. All that the lock protects needs no step of its own. */
  *#get(ctx: TaskContext, write: WriteValue, remove: boolean): Model {
    yield calls(1);
    if (yield* this.#lock(ctx)) return errno("EBUSY");
    const head = yield* this.#field("head"), tail = yield* this.#field("tail"), { valueSize } = this.def;
    if (head === tail) {
      yield* write(new Uint8Array(valueSize));
      yield* this.#unlock();
      return errno("ENOENT");
    }
    const { at, field, moved } = this.next(head, tail), value = new Uint8Array(valueSize), addr = this.#value(at);
    yield { kind: "work", what: "copy", amount: 2 * this.valueWords.length };
    for (const word of this.valueWords) {
      setWord(value, word, yield load(addr + word.offset, word.size, "element", true));
    }
    yield* write(value);
    if (remove) yield store(this.#qs + QS[field], 4, BigInt(moved), field, true);
    yield* this.#unlock();
    return 0n;
  }

  map_pop_elem(ctx: TaskContext, write: WriteValue): Model {
    return this.#get(ctx, write, true);
  }

  map_peek_elem(ctx: TaskContext, write: WriteValue): Model {
    return this.#get(ctx, write, false);
  }

  /** kernel/bpf/queue_stack_maps.c:queue_stack_map_push_elem. With BPF_EXIST a full one gives up its oldest value. */
  *map_push_elem(ctx: TaskContext, source: Source, flags: bigint): Model {
    if (flags & BPF_NOEXIST || flags > BPF_EXIST) return errno("EINVAL");
    if (yield* this.#lock(ctx)) return errno("EBUSY");
    const head = yield* this.#field("head"), tail = yield* this.#field("tail"), next = this.after(head);
    if (next === tail) {
      if (!(flags & BPF_EXIST)) {
        yield* this.#unlock();
        return errno("E2BIG");
      }
      yield store(this.#qs + QS.tail, 4, BigInt(this.after(tail)), "tail", true);
    }
    yield { kind: "work", what: "copy", amount: ("bytes" in source ? 1 : 2) * this.valueWords.length };
    for (const word of this.valueWords) {
      const value = yield* readWord(source, word, "value");
      yield store(this.#value(head) + word.offset, word.size, value, "element", true);
    }
    yield store(this.#qs + QS.head, 4, BigInt(next), "head", true);
    yield* this.#unlock();
    return 0n;
  }

  /** From the oldest value to the newest. */
  *entries(memory: Memory): Iterable<MapEntry> {
    const head = memory.getU32(this.#qs + QS.head);
    for (let at = memory.getU32(this.#qs + QS.tail), n = 0; at !== head; at = this.after(at), n++) {
      yield { key: keyBytes(n), addr: this.#value(at) };
    }
  }

  *#field(field: "head" | "tail"): Model<number> {
    return Number(yield load(this.#qs + QS[field], 4, field, true));
  }

  #lock(ctx: TaskContext): Model {
    return raw_res_spin_lock_irqsave(ctx, this.#qs + QS.lock, "qs.lock");
  }

  #unlock(): Model<void> {
    return raw_res_spin_unlock_irqrestore(this.#qs + QS.lock, "qs.unlock");
  }

  #value(index: number): number {
    return this.#elements + index * this.def.valueSize;
  }

  #placeOf(offset: number, memory: Memory) {
    const { valueSize } = this.def, tail = memory.getU32(this.#qs + QS.tail);
    const index = (Math.floor(offset / valueSize) - tail + this.size) % this.size;
    const { name } = this.placeInValue(offset % valueSize, `${this.name}[${index}]`, this.name);
    return { name, touches: "record" as const };
  }
}

export class QueueMap extends QueueStackMap {
  protected next(_head: number, tail: number) {
    return { at: tail, field: "tail", moved: this.after(tail) } as const;
  }
}

export class StackMap extends QueueStackMap {
  protected next(head: number, _tail: number) {
    const at = head === 0 ? this.size - 1 : head - 1;
    return { at, field: "head", moved: at } as const;
  }
}

export const isQueueOrStack = (type: number): boolean => type === BPF_MAP_TYPE.QUEUE || type === BPF_MAP_TYPE.STACK;
