/** The bpf() system call's side of maps (kernel/bpf/syscall.c), as models. Results are bytes, 0n or -errno. */
import type { Model, TaskContext } from "../cpu/operation.ts";
import { synchronize_rcu } from "../rcu/grace_period.ts";
import { type BatchReply, type BatchRequest, failedBatch, map_batch } from "./batch.ts";
import { BloomFilterMap } from "./bloom_filter.ts";
import { errno } from "./errno.ts";
import { Htab } from "./htab.ts";
import type { Found, KernelMap } from "./kernel_map.ts";
import { QueueStackMap } from "./queue_stack.ts";
import { changing, uninstrumented } from "./instrumentation.ts";
import { isMapInMap, rcuSection } from "./rcu_section.ts";
import { map_freeze as freezeMap, mayRead, mayWrite, writing } from "./write_access.ts";
import { BPF_F_LOCK } from "../uapi/flags.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";

/** A system call, from its beginning to its return to user space. */
function* syscall<T>(body: Model<T>): Model<T> {
  yield { kind: "work", what: "syscall" };
  const result = yield* body;
  yield { kind: "work", what: "sysret" };
  return result;
}

const lacksLock = (map: KernelMap, flags: bigint): boolean => (flags & BPF_F_LOCK) !== 0n && !map.hasSpinLock;

/**
 * kernel/bpf/syscall.c:maybe_wait_bpf_programs: a change of a map in map returns when no program that may still use
 * the old inner map is running. Sleepable programs are not waited for.
 */
function* maybe_wait_bpf_programs(map: KernelMap, ctx: TaskContext): Model<void> {
  if (isMapInMap(map)) yield* synchronize_rcu(ctx);
}

/** BPF_MAP_LOOKUP_ELEM. */
export function* map_lookup_elem(map: KernelMap, ctx: TaskContext, key: Uint8Array, flags: bigint): Model<Found> {
  if (flags & ~BPF_F_LOCK) return errno("EINVAL");
  if (!mayRead(map)) return errno("EPERM");
  if (lacksLock(map, flags)) return errno("EINVAL");
  return yield* syscall(uninstrumented(rcuSection(map, ctx, map.bpf_map_copy_value(ctx, key, flags))));
}

/** BPF_MAP_LOOKUP_ELEM of a bloom filter, whose value is copied in. */
export function* map_peek_value(map: KernelMap, ctx: TaskContext, value: Uint8Array): Model<Found> {
  if (!(map instanceof BloomFilterMap)) return errno("EINVAL");
  if (!mayRead(map)) return errno("EPERM");
  return yield* syscall(uninstrumented(rcuSection(map, ctx, map.peekValue(ctx, value))));
}

/** BPF_MAP_UPDATE_ELEM: key and value are copied in before anything else happens. */
export function map_update_elem(
  map: KernelMap,
  ctx: TaskContext,
  key: Uint8Array,
  value: Uint8Array,
  flags: bigint,
): Model {
  return syscall(writing(map, update(map, ctx, key, value, flags)));
}

function* update(map: KernelMap, ctx: TaskContext, key: Uint8Array, value: Uint8Array, flags: bigint): Model {
  if (!(yield* mayWrite(map))) return errno("EPERM");
  if (lacksLock(map, flags)) return errno("EINVAL");
  const result = yield* changing(map, rcuSection(map, ctx, map.bpf_map_update_value(ctx, key, value, flags)));
  if (result === 0n) yield* maybe_wait_bpf_programs(map, ctx);
  return result;
}

/** BPF_MAP_DELETE_ELEM. */
export function map_delete_elem(map: KernelMap, ctx: TaskContext, key: Uint8Array): Model {
  return syscall(writing(map, remove(map, ctx, key)));
}

function* remove(map: KernelMap, ctx: TaskContext, key: Uint8Array): Model {
  if (!(yield* mayWrite(map))) return errno("EPERM");
  const result = yield* changing(map, rcuSection(map, ctx, map.delete_value(ctx, key)));
  if (result === 0n) yield* maybe_wait_bpf_programs(map, ctx);
  return result;
}

/** BPF_MAP_LOOKUP_AND_DELETE_ELEM: of queues and stacks pops, of hash maps: the value is copied and the key taken out under one bucket lock. */
export function* map_lookup_and_delete_elem(
  map: KernelMap,
  ctx: TaskContext,
  key: Uint8Array,
  flags: bigint,
): Model<Found> {
  if (flags & ~BPF_F_LOCK) return errno("EINVAL");
  return yield* syscall(writing(map, take(map, ctx, key, flags)));
}

function* take(map: KernelMap, ctx: TaskContext, key: Uint8Array, flags: bigint): Model<Found> {
  if (!mayRead(map) || !(yield* mayWrite(map))) return errno("EPERM");
  if (flags !== 0n && map instanceof QueueStackMap) return errno("EINVAL");
  if (lacksLock(map, flags)) return errno("EINVAL");
  if (map instanceof QueueStackMap) return yield* map.popValue(ctx);
  if (!(map instanceof Htab) || map.def.type === BPF_MAP_TYPE.HASH_OF_MAPS) return errno("ENOTSUPP");
  return yield* uninstrumented(rcuSection(map, ctx, map.map_lookup_and_delete_elem(ctx, key, flags)));
}

/** BPF_MAP_GET_NEXT_KEY. */
export function* map_get_next_key(map: KernelMap, ctx: TaskContext, key: Uint8Array | undefined): Model<Found> {
  if (!mayRead(map)) return errno("EPERM");
  return yield* syscall(rcuSection(map, ctx, map.map_get_next_key(ctx, key)));
}

/** kernel/bpf/syscall.c:bpf_map_do_batch: BPF_MAP_LOOKUP_BATCH and the other three. */
export function* bpf_map_do_batch(map: KernelMap, ctx: TaskContext, request: BatchRequest): Model<BatchReply> {
  if (request.call === "lookup") {
    if (!mayRead(map)) return failedBatch("EPERM");
    return yield* syscall(map_batch(map, ctx, request));
  }
  return yield* syscall(writing(map, changeMany(map, ctx, request)));
}

function* changeMany(map: KernelMap, ctx: TaskContext, request: BatchRequest): Model<BatchReply> {
  const refused = (request.call === "lookupAndDelete" && !mayRead(map)) || !(yield* mayWrite(map));
  const reply = refused ? failedBatch("EPERM") : yield* map_batch(map, ctx, request);
  yield* maybe_wait_bpf_programs(map, ctx);
  return reply;
}

/** BPF_MAP_FREEZE: from then on no system call changes the map; programs still do. */
export function map_freeze(map: KernelMap, ctx: TaskContext): Model {
  return syscall(freezeMap(map, ctx));
}
