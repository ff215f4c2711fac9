/** Kernel functions about cgroups (kernel/bpf/helpers.c): all tasks are in the root cgroup, beside which there is one more. */
import type { HelperModel, Kernel } from "./kernel.ts";

const CGROUP = "cgroup", ROOT_ID = 1;
const rootOf = (kernel: Kernel): bigint => kernel.objects?.ownerOf(CGROUP, ROOT_ID) ?? 0n;

/** bpf_cgroup_from_id(id): NULL for an id that no cgroup has. */
export const bpf_cgroup_from_id: HelperModel = (kernel, _ctx, [id]) =>
  kernel.objects?.ownerOf(CGROUP, Number(id)) ?? 0n;

/** bpf_cgroup_acquire(cgrp): cgroups stay as long as the machine, so that no count is kept. */
export const bpf_cgroup_acquire: HelperModel = (_kernel, _ctx, [cgroup]) => cgroup;
export const bpf_cgroup_release: HelperModel = () => 0n;

/** bpf_cgroup_ancestor(cgrp, level): the root is at level 0, the other cgroup below it. */
export const bpf_cgroup_ancestor: HelperModel = (kernel, _ctx, [cgroup, levelArg]) => {
  const level = BigInt.asIntN(32, levelArg);
  if (level === 0n) return rootOf(kernel);
  return level === 1n && cgroup !== rootOf(kernel) ? cgroup : 0n;
};

/** bpf_task_under_cgroup(task, ancestor). */
export const bpf_task_under_cgroup: HelperModel = (kernel, _ctx, [, ancestor]) => ancestor === rootOf(kernel) ? 1n : 0n;

/** bpf_task_get_cgroup1(task, hierarchy_id): there is no hierarchy of the first version. */
export const bpf_task_get_cgroup1: HelperModel = () => 0n;
