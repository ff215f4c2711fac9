/**
 * Helper functions of local storages: a value for each task, cgroup, socket, inode (kernel/bpf/bpf_task_storage.c,
 * bpf_cgrp_storage.c, bpf_inode_storage.c, net/core/bpf_sk_storage.c).
 */
import type { Model, TaskContext } from "../cpu/operation.ts";
import { errno } from "../maps/errno.ts";
import { LocalStorageMap } from "../maps/local_storage.ts";
import { faultWith, type Source, sourceAt } from "../maps/source.ts";
import { BPF_NOEXIST } from "../uapi/flags.ts";
import type { HelperArgs, HelperModel, Kernel } from "./kernel.ts";

/** include/uapi/linux/bpf.h:BPF_LOCAL_STORAGE_GET_F_CREATE. */
const CREATE = 1n;

function* storageMap(kernel: Kernel, pointer: bigint, helper: string): Model<LocalStorageMap> {
  const map = kernel.mapAt(pointer);
  return map instanceof LocalStorageMap ? map : yield* faultWith(`${helper}: the first argument is no local storage`);
}

/** Storages of tasks and cgroups count calls on a CPU, so that one that comes in the middle of another takes no lock. */
function* get(kernel: Kernel, ctx: TaskContext, [pointer, owner, valueArg, flags]: HelperArgs, helper: string): Model {
  const map = yield* storageMap(kernel, pointer, helper);
  yield { kind: "work", what: "helper" };
  if (flags & ~CREATE || owner === 0n) return 0n;
  const value: Source | undefined = valueArg === 0n
    ? undefined
    : yield* sourceAt(ctx.memory, valueArg, map.def.valueSize, `${helper}(${map.name}): value`);
  const { owners } = map, record = yield* owners.recordOf(owner);
  const nobusy = yield* owners.trylock(ctx, ctx.checksRecursion === false);
  let selem = yield* map.lookup(ctx, record, nobusy);
  if (selem === 0 && nobusy && flags & CREATE) {
    const made = yield* map.update(ctx, record, value, BPF_NOEXIST);
    selem = made < 0n ? 0 : Number(made);
  }
  if (nobusy) yield* owners.unlock(ctx);
  return selem === 0 ? 0n : map.pointerTo(selem);
}

function* remove(kernel: Kernel, ctx: TaskContext, [pointer, owner]: HelperArgs, helper: string): Model {
  const map = yield* storageMap(kernel, pointer, helper);
  yield { kind: "work", what: "helper" };
  if (owner === 0n) return errno("EINVAL");
  const { owners } = map, record = yield* owners.recordOf(owner);
  const nobusy = yield* owners.trylock(ctx, ctx.checksRecursion === false);
  const selem = yield* map.lookup(ctx, record, false);
  if (selem !== 0 && nobusy) yield* map.unlink(ctx, selem);
  if (nobusy) yield* owners.unlock(ctx);
  return selem === 0 ? errno("ENOENT") : nobusy ? 0n : errno("EBUSY");
}

/** bpf_task_storage_get(map, task, value, flags): the pointer to the value, NULL also where another CPU creates it. */
export const bpf_task_storage_get: HelperModel = (kernel, ctx, args) => get(kernel, ctx, args, "bpf_task_storage_get");
/** bpf_task_storage_delete(map, task). */
export const bpf_task_storage_delete: HelperModel = (kernel, ctx, args) =>
  remove(kernel, ctx, args, "bpf_task_storage_delete");
/** bpf_cgrp_storage_get(map, cgroup, value, flags). */
export const bpf_cgrp_storage_get: HelperModel = (kernel, ctx, args) => get(kernel, ctx, args, "bpf_cgrp_storage_get");
/** bpf_cgrp_storage_delete(map, cgroup). */
export const bpf_cgrp_storage_delete: HelperModel = (kernel, ctx, args) =>
  remove(kernel, ctx, args, "bpf_cgrp_storage_delete");
/** bpf_sk_storage_get(map, sk, value, flags). */
export const bpf_sk_storage_get: HelperModel = (kernel, ctx, args) => get(kernel, ctx, args, "bpf_sk_storage_get");
/** bpf_sk_storage_delete(map, sk). */
export const bpf_sk_storage_delete: HelperModel = (kernel, ctx, args) =>
  remove(kernel, ctx, args, "bpf_sk_storage_delete");
/** bpf_inode_storage_get(map, inode, value, flags). */
export const bpf_inode_storage_get: HelperModel = (kernel, ctx, args) =>
  get(kernel, ctx, args, "bpf_inode_storage_get");
/** bpf_inode_storage_delete(map, inode). */
export const bpf_inode_storage_delete: HelperModel = (kernel, ctx, args) =>
  remove(kernel, ctx, args, "bpf_inode_storage_delete");
