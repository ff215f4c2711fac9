/** Batch lookups from user space: one system call for many entries, and how much of a snapshot that is. */
import { load, type Model, type TaskContext } from "../cpu/operation.ts";
import { errno } from "./errno.ts";
import { bpf_disable_instrumentation, bpf_enable_instrumentation, uninstrumented } from "./instrumentation.ts";
import { ELEM, exclusive, Htab, isNulls } from "./htab.ts";
import type { KernelMap } from "./kernel_map.ts";

export interface BatchEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/**
 * kernel/bpf/hashtab.c:__htab_map_lookup_and_delete_batch: each bucket is copied under its lock, so plain updates and
 * deletes can't come between; programs that write through a pointer, and F_LOCK updates, still can.
 */
function* __htab_map_lookup_and_delete_batch(
  map: Htab,
  ctx: TaskContext,
  flags: bigint,
  count: number,
): Model<BatchEntry[] | bigint> {
  const entries: BatchEntry[] = [];
  yield bpf_disable_instrumentation;
  for (let bucket = 0; bucket < map.nBuckets; bucket++) {
    // The lock is only worth taking where there is something.
    if (isNulls(Number(yield load(map.first(bucket), 4, "bucket.first")))) continue;
    const refused = yield* map.htab_lock_bucket(ctx, bucket);
    if (refused) {
      yield bpf_enable_instrumentation;
      return refused;
    }
    const elems: number[] = [];
    let elem = Number(yield exclusive(load(map.first(bucket), 4, "bucket.first")));
    while (!isNulls(elem)) {
      elems.push(elem);
      elem = Number(yield exclusive(load(elem + ELEM.next, 4, "elem.next")));
    }
    const fits = entries.length + elems.length <= count;
    if (fits) { for (const elem of elems) entries.push(yield* map.readBatchEntry(ctx, elem, flags)); }
    yield* map.htab_unlock_bucket(bucket);
    // What the bucket held is copied to user space here, which may fault: kprobes are on again meanwhile.
    yield bpf_enable_instrumentation;
    if (!fits) return entries.length > 0 ? entries : errno("ENOSPC");
    yield bpf_disable_instrumentation;
  }
  yield bpf_enable_instrumentation;
  return entries;
}

/** kernel/bpf/syscall.c:generic_map_lookup_batch: a loop of get_next_key and plain lookups, each by itself. */
function* generic_map_lookup_batch(
  map: KernelMap,
  ctx: TaskContext,
  flags: bigint,
  count: number,
): Model<BatchEntry[] | bigint> {
  const entries: BatchEntry[] = [];
  let key: Uint8Array | undefined;
  while (entries.length < count) {
    const next: Uint8Array | bigint = yield* map.map_get_next_key(ctx, key);
    if (typeof next === "bigint") break;
    key = next;
    const value = yield* uninstrumented(map.bpf_map_copy_value(ctx, next, flags));
    if (typeof value !== "bigint") entries.push({ key: next, value });
    else if (value !== errno("ENOENT")) return value;
  }
  return entries;
}

/** map->ops->map_lookup_batch: up to `count` entries, or -errno. */
export function map_lookup_batch(
  map: KernelMap,
  ctx: TaskContext,
  flags: bigint,
  count: number,
): Model<BatchEntry[] | bigint> {
  return map instanceof Htab
    ? __htab_map_lookup_and_delete_batch(map, ctx, flags, count)
    : generic_map_lookup_batch(map, ctx, flags, count);
}
