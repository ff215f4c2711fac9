/** Batches: one system call for many entries, and how much of a snapshot that is. */
import { load, type Model, type TaskContext } from "../cpu/operation.ts";
import { BPF_F_LOCK } from "../uapi/flags.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import { errno, type ErrnoName } from "./errno.ts";
import { changing, uninstrumented } from "./instrumentation.ts";
import { ELEM, exclusive, Htab, isNulls } from "./htab.ts";
import type { KernelMap } from "./kernel_map.ts";
import { rcuSection } from "./rcu_section.ts";
import { numberToBytes, wordAt } from "./words.ts";

export interface BatchEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/**
 * What user space asks of one call (union bpf_attr's `batch`); `cursor` is in_batch, nothing stands for NULL.
 *
 * @internal
 */
export interface BatchRequest {
  readonly call: "lookup" | "lookupAndDelete" | "update" | "delete";
  /** elem_flags. */
  readonly flags: bigint;
  readonly count: number;
  readonly cursor?: Uint8Array;
  /** What is to be written; of a delete the keys alone. */
  readonly entries?: readonly { readonly key: Uint8Array; readonly value?: Uint8Array }[];
}

/**
 * What it gets: 0n or -errno, how many entries were done, those that were copied out, and out_batch where it was written.
 *
 * @internal
 */
export interface BatchReply {
  readonly result: bigint;
  readonly count: number;
  readonly entries: readonly BatchEntry[];
  readonly cursor?: Uint8Array;
}

/** A call that came to nothing. */
export const failedBatch = (code: ErrnoName): BatchReply => ({ result: errno(code), count: 0, entries: [] });

const NOTHING: BatchReply = { result: 0n, count: 0, entries: [] };
const BUCKET_NUMBER = { offset: 0, size: 4 } as const;

/** The operation of map->ops that a call leads to; maps that lack it answer -ENOTSUPP (BPF_DO_BATCH). */
export function* map_batch(map: KernelMap, ctx: TaskContext, request: BatchRequest): Model<BatchReply> {
  const { call, flags, count } = request, isHash = map instanceof Htab;
  if (map.def.type === BPF_MAP_TYPE.PROG_ARRAY || (!isHash && (call === "delete" || call === "lookupAndDelete"))) {
    return failedBatch("ENOTSUPP");
  }
  if (flags & ~BPF_F_LOCK || (flags & BPF_F_LOCK && !map.hasSpinLock)) return failedBatch("EINVAL");
  if (count === 0) return NOTHING;
  if (call === "update" || call === "delete") return yield* changeEach(map, ctx, request);
  return isHash
    ? yield* __htab_map_lookup_and_delete_batch(map, ctx, request)
    : yield* generic_map_lookup_batch(map, ctx, request);
}

/**
 * kernel/bpf/hashtab.c:__htab_map_lookup_and_delete_batch: each bucket is copied, and emptied, under its lock, so plain
 * updates and deletes can't come between; programs that write through a pointer, and F_LOCK updates, still can. A bucket
 * that does not fit into what is left of `count` ends the call: -ENOSPC where it was the first.
 */
function* __htab_map_lookup_and_delete_batch(
  map: Htab,
  ctx: TaskContext,
  { call, flags, count, cursor }: BatchRequest,
): Model<BatchReply> {
  const entries: BatchEntry[] = [], takes = call === "lookupAndDelete";
  map.noteWalk();
  let bucket = cursor ? Number(wordAt(cursor, BUCKET_NUMBER)) : 0;
  if (bucket >= map.nBuckets) return failedBatch("ENOENT");
  let result = errno("ENOENT");
  while (bucket < map.nBuckets) {
    const copied: { next: number; result?: bigint } = yield* uninstrumented(
      rcuSection(map, ctx, copyBucket(bucket)),
    );
    bucket = copied.next;
    if (copied.result === undefined) continue;
    result = copied.result;
    break;
  }
  return { result, count: entries.length, entries, cursor: numberToBytes(BigInt(bucket), 4) };

  /** Skips empty buckets, then copies one: where to go on, and a result where the call ends there. */
  function* copyBucket(at: number): Model<{ next: number; result?: bigint }> {
    // The lock is only worth taking where there is something.
    while (isNulls(Number(yield load(map.first(at), 4, "bucket.first")))) {
      if (++at === map.nBuckets) return { next: at };
    }
    const refused = yield* map.htab_lock_bucket(ctx, at);
    if (refused) return { next: at, result: refused };
    const elems: number[] = [];
    let elem = Number(yield exclusive(load(map.first(at), 4, "bucket.first")));
    while (!isNulls(elem)) {
      elems.push(elem);
      elem = Number(yield exclusive(load(elem + ELEM.next, 4, "elem.next")));
    }
    if (elems.length > count - entries.length) {
      yield* map.htab_unlock_bucket(at);
      return { next: at, result: entries.length === 0 ? errno("ENOSPC") : 0n };
    }
    for (const elem of elems) {
      entries.push(yield* map.readBatchEntry(ctx, elem, flags));
      if (takes) yield* map.hlist_nulls_del_rcu(elem);
    }
    yield* map.htab_unlock_bucket(at);
    if (takes) { for (const elem of elems.reverse()) yield* map.freeElem(ctx, elem); }
    return { next: at + 1 };
  }
}

/** kernel/bpf/syscall.c:generic_map_lookup_batch: a loop of get_next_key and plain lookups, each by itself. */
function* generic_map_lookup_batch(
  map: KernelMap,
  ctx: TaskContext,
  { flags, count, cursor }: BatchRequest,
): Model<BatchReply> {
  const entries: BatchEntry[] = [];
  let key = cursor, result = 0n;
  while (entries.length < count) {
    const next: Uint8Array | bigint = yield* rcuSection(map, ctx, map.map_get_next_key(ctx, key));
    if (typeof next === "bigint") {
      result = next;
      break;
    }
    key = next;
    const value = yield* uninstrumented(rcuSection(map, ctx, map.bpf_map_copy_value(ctx, next, flags)));
    if (typeof value !== "bigint") entries.push({ key: next, value });
    else if (value !== errno("ENOENT")) return { result: value, count: 0, entries: [] };
  }
  return { result, count: entries.length, entries, cursor: entries.length > 0 ? key : undefined };
}

/** kernel/bpf/syscall.c:generic_map_update_batch, generic_map_delete_batch: one after another, up to the first error. */
function* changeEach(map: KernelMap, ctx: TaskContext, { call, flags, entries = [] }: BatchRequest): Model<BatchReply> {
  for (const [count, { key, value }] of entries.entries()) {
    const change = call === "update" ? map.bpf_map_update_value(ctx, key, value!, flags) : map.delete_value(ctx, key);
    const result = yield* changing(map, rcuSection(map, ctx, change));
    if (result !== 0n) return { result, count, entries: [] };
  }
  return { result: 0n, count: entries.length, entries: [] };
}
