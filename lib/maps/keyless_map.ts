/** Maps without keys: values are pushed, popped and peeked at (include/linux/bpf.h: map_push_elem and its like). */
import type { Model, TaskContext } from "../cpu/operation.ts";
import { errno } from "./errno.ts";
import { type Found, KernelMap } from "./kernel_map.ts";
import type { Source } from "./source.ts";

/** What a program passed is written in steps of its own, under the map's lock. */
export type WriteValue = (bytes: Uint8Array) => Model<void>;

export abstract class KeylessMap extends KernelMap {
  /** map->ops->map_push_elem: 0n or -errno. */
  abstract map_push_elem(ctx: TaskContext, value: Source, flags: bigint): Model;
  /** map->ops->map_pop_elem and map_peek_elem: 0n or -errno; either way `write` gets a value. */
  abstract map_pop_elem(ctx: TaskContext, write: WriteValue): Model;
  abstract map_peek_elem(ctx: TaskContext, write: WriteValue): Model;

  map_lookup_elem(): bigint {
    return 0n;
  }
  *map_update_elem(): Model {
    return errno("EINVAL");
  }
  *map_delete_elem(): Model {
    return errno("EINVAL");
  }
  *map_get_next_key(): Model<Found> {
    return errno("EINVAL");
  }

  /** kernel/bpf/syscall.c:bpf_map_copy_value: a lookup from user space peeks. */
  *bpf_map_copy_value(ctx: TaskContext): Model<Found> {
    return yield* found((write) => this.map_peek_elem(ctx, write));
  }

  /** kernel/bpf/syscall.c:bpf_map_update_value: an update pushes. */
  override *bpf_map_update_value(ctx: TaskContext, _key: Uint8Array, value: Uint8Array, flags: bigint): Model {
    return yield* this.map_push_elem(ctx, { bytes: value }, flags);
  }

  /** kernel/bpf/syscall.c:map_lookup_and_delete_elem: pops. */
  *popValue(ctx: TaskContext): Model<Found> {
    return yield* found((write) => this.map_pop_elem(ctx, write));
  }
}

function* found(get: (write: WriteValue) => Model): Model<Found> {
  let bytes = new Uint8Array();
  const result = yield* get(function* (value) {
    bytes = value.slice();
  });
  return result === 0n ? bytes : result;
}
