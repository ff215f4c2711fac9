/** RCU read-side sections of system calls on maps. */
import type { Model, TaskContext } from "../cpu/operation.ts";
import { rcu_read_lock, rcu_read_unlock } from "../rcu/grace_period.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import type { KernelMap } from "./kernel_map.ts";

export const isMapInMap = ({ def: { type } }: KernelMap): boolean =>
  type === BPF_MAP_TYPE.ARRAY_OF_MAPS || type === BPF_MAP_TYPE.HASH_OF_MAPS;

/** Work between rcu_read_lock and rcu_read_unlock. Where no grace period can be waited for, RCU shows nothing. */
export function* rcuSection<T>(map: KernelMap, ctx: TaskContext, body: Model<T>): Model<T> {
  const rcu = map.environment.maps.some(isMapInMap);
  if (rcu) yield* rcu_read_lock(ctx);
  const result = yield* body;
  if (rcu) yield* rcu_read_unlock(ctx);
  return result;
}
