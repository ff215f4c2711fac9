/** The bpf() system call's side of maps (kernel/bpf/syscall.c), as models. Results are bytes, 0n or -errno. */
import type { Model, TaskContext } from "../cpu/operation.ts";
import { rcu_read_lock, rcu_read_unlock, synchronize_rcu } from "../rcu/grace_period.ts";
import { type BatchEntry, map_lookup_batch as lookupBatch } from "./batch.ts";
import { errno } from "./errno.ts";
import type { Found, KernelMap } from "./kernel_map.ts";
import { uninstrumented } from "./instrumentation.ts";
import { BPF_F_LOCK } from "../uapi/flags.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";

const isMapInMap = ({ def: { type } }: KernelMap): boolean =>
  type === BPF_MAP_TYPE.ARRAY_OF_MAPS || type === BPF_MAP_TYPE.HASH_OF_MAPS;

/** What every system call on a map does around its work. Where no grace period can be waited for, RCU shows nothing. */
function* syscall<T>(map: KernelMap, ctx: TaskContext, body: Model<T>): Model<T> {
  const rcu = map.environment.maps.some(isMapInMap);
  yield { kind: "work", what: "syscall" };
  if (rcu) yield* rcu_read_lock(ctx);
  const result = yield* body;
  if (rcu) yield* rcu_read_unlock(ctx);
  return result;
}

/** kernel/bpf/syscall.c:bpf_map_update_value, map_delete_elem: of a program array with instrumentation on, it may sleep. */
const changing = <T>({ def: { type } }: KernelMap, body: Model<T>): Model<T> =>
  type === BPF_MAP_TYPE.PROG_ARRAY ? body : uninstrumented(body);

function* sysret<T>(result: T): Model<T> {
  yield { kind: "work", what: "sysret" };
  return result;
}

/** Flags of a lookup: only BPF_F_LOCK, and only where there is a lock. */
function checkLookupFlags(map: KernelMap, flags: bigint): bigint {
  if (flags & ~BPF_F_LOCK) return errno("EINVAL");
  return flags & BPF_F_LOCK && map.lockOffset === undefined ? errno("EINVAL") : 0n;
}

/**
 * kernel/bpf/syscall.c:maybe_wait_bpf_programs: a change of a map in map returns when no program that may still use
 * the old inner map is running. Sleepable programs are not waited for.
 */
function* maybe_wait_bpf_programs(map: KernelMap, ctx: TaskContext, result: bigint): Model<void> {
  if (result === 0n && isMapInMap(map)) yield* synchronize_rcu(ctx);
}

/** BPF_MAP_LOOKUP_ELEM. */
export function* map_lookup_elem(map: KernelMap, ctx: TaskContext, key: Uint8Array, flags: bigint): Model<Found> {
  const refused = checkLookupFlags(map, flags);
  if (refused) return refused;
  return yield* sysret(yield* syscall(map, ctx, uninstrumented(map.bpf_map_copy_value(ctx, key, flags))));
}

/** BPF_MAP_UPDATE_ELEM: key and value are copied in before anything else happens. */
export function* map_update_elem(
  map: KernelMap,
  ctx: TaskContext,
  key: Uint8Array,
  value: Uint8Array,
  flags: bigint,
): Model {
  if (flags & BPF_F_LOCK && map.lockOffset === undefined) return errno("EINVAL");
  const result = yield* syscall(map, ctx, changing(map, map.bpf_map_update_value(ctx, key, value, flags)));
  yield* maybe_wait_bpf_programs(map, ctx, result);
  return yield* sysret(result);
}

/** BPF_MAP_DELETE_ELEM. */
export function* map_delete_elem(map: KernelMap, ctx: TaskContext, key: Uint8Array): Model {
  const result = yield* syscall(map, ctx, changing(map, map.delete_value(ctx, key)));
  yield* maybe_wait_bpf_programs(map, ctx, result);
  return yield* sysret(result);
}

/** BPF_MAP_GET_NEXT_KEY. */
export function* map_get_next_key(map: KernelMap, ctx: TaskContext, key: Uint8Array | undefined): Model<Found> {
  return yield* sysret(yield* syscall(map, ctx, map.map_get_next_key(ctx, key)));
}

/** BPF_MAP_LOOKUP_BATCH with room for `count` entries. */
export function* map_lookup_batch(
  map: KernelMap,
  ctx: TaskContext,
  flags: bigint,
  count: number,
): Model<BatchEntry[] | bigint> {
  const refused = checkLookupFlags(map, flags);
  if (refused) return refused;
  return yield* sysret(yield* syscall(map, ctx, lookupBatch(map, ctx, flags, count)));
}
