/** Which maps a program type may use, and which helpers a map type allows (check_map_*_compatibility). */
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { hasSince } from "../../uapi/releases.ts";
import { BPF_FUNC as H, helperLabel } from "../../uapi/helpers.ts";
import { fieldOf, type MapState } from "../kernel/map_state.ts";
import { BPF_MAP_TYPE as M } from "../../uapi/map_types.ts";
import { BPF_ATTACH_TYPE, BPF_PROG_TYPE as P } from "../../uapi/prog_types.ts";

/** Maps that programs which sleep may use. */
const SLEEPABLE: readonly number[] = [
  M.HASH,
  M.LRU_HASH,
  M.ARRAY,
  M.PERCPU_HASH,
  M.PERCPU_ARRAY,
  M.LRU_PERCPU_HASH,
  M.ARRAY_OF_MAPS,
  M.HASH_OF_MAPS,
  M.RINGBUF,
  M.USER_RINGBUF,
  M.INODE_STORAGE,
  M.SK_STORAGE,
  M.TASK_STORAGE,
  M.CGRP_STORAGE,
  M.QUEUE,
  M.STACK,
  M.ARENA,
];

export function checkMapForProgram(env: Environment, map: MapState): void {
  const { kind } = env;
  const has = (field: Parameters<typeof fieldOf>[1]) => fieldOf(map, field) !== undefined;
  const refuse = (what: string): never => env.reject(ERRNO.EINVAL, `${what} yet`);
  if ((has("bpf_list_head") || has("bpf_rb_root")) && kind.isUnsafeTracing) {
    refuse("tracing progs cannot use bpf_{list_head,rb_root}");
  }
  if (has("bpf_spin_lock") || has("bpf_res_spin_lock")) {
    if (kind.type === P.SOCKET_FILTER) refuse("socket filter progs cannot use bpf_spin_lock");
    if (kind.isUnsafeTracing) refuse("tracing progs cannot use bpf_spin_lock");
    if (kind.isSleepable && !hasSince(env.kernel, "6.12")) refuse("sleepable progs cannot use bpf_spin_lock");
  }
  if (has("bpf_timer") && kind.isUnsafeTracing) refuse("tracing progs cannot use bpf_timer");
  if (has("bpf_wq") && kind.isUnsafeTracing) refuse("tracing progs cannot use bpf_wq");
  if (map.type === M.STRUCT_OPS) env.reject(ERRNO.EINVAL, "bpf_struct_ops map cannot be used in prog");
  if (kind.isSleepable && !SLEEPABLE.includes(map.type)) {
    env.reject(
      ERRNO.EINVAL,
      "Sleepable programs can only use array, hash, ringbuf and local storage maps",
    );
  }
}

/** Helpers that a map type allows; types that are not listed allow every helper that allows them. */
const BY_MAP: Readonly<Record<number, readonly number[]>> = {
  [M.PROG_ARRAY]: [H.tail_call],
  [M.PERF_EVENT_ARRAY]: [
    H.perf_event_read,
    H.perf_event_output,
    H.skb_output,
    H.perf_event_read_value,
    H.xdp_output,
  ],
  [M.RINGBUF]: [
    H.ringbuf_output,
    H.ringbuf_reserve,
    H.ringbuf_query,
    H.ringbuf_reserve_dynptr,
    H.ringbuf_submit_dynptr,
    H.ringbuf_discard_dynptr,
  ],
  [M.USER_RINGBUF]: [H.user_ringbuf_drain],
  [M.STACK_TRACE]: [H.get_stackid],
  [M.CGROUP_ARRAY]: [H.skb_under_cgroup, H.current_task_under_cgroup],
  [M.CGROUP_STORAGE]: [H.get_local_storage],
  [M.PERCPU_CGROUP_STORAGE]: [H.get_local_storage],
  [M.DEVMAP]: [H.redirect_map, H.map_lookup_elem],
  [M.DEVMAP_HASH]: [H.redirect_map, H.map_lookup_elem],
  [M.CPUMAP]: [H.redirect_map],
  [M.XSKMAP]: [H.redirect_map, H.map_lookup_elem],
  [M.ARRAY_OF_MAPS]: [H.map_lookup_elem],
  [M.HASH_OF_MAPS]: [H.map_lookup_elem],
  [M.SOCKMAP]: [
    H.sk_redirect_map,
    H.sock_map_update,
    H.msg_redirect_map,
    H.sk_select_reuseport,
    H.map_lookup_elem,
    H.map_update_elem,
    H.map_delete_elem,
  ],
  [M.SOCKHASH]: [
    H.sk_redirect_hash,
    H.sock_hash_update,
    H.msg_redirect_hash,
    H.sk_select_reuseport,
    H.map_lookup_elem,
    H.map_update_elem,
    H.map_delete_elem,
  ],
  [M.REUSEPORT_SOCKARRAY]: [H.sk_select_reuseport],
  [M.QUEUE]: [H.map_peek_elem, H.map_pop_elem, H.map_push_elem],
  [M.STACK]: [H.map_peek_elem, H.map_pop_elem, H.map_push_elem],
  [M.SK_STORAGE]: [H.sk_storage_get, H.sk_storage_delete, H.kptr_xchg],
  [M.INODE_STORAGE]: [H.inode_storage_get, H.inode_storage_delete, H.kptr_xchg],
  [M.TASK_STORAGE]: [H.task_storage_get, H.task_storage_delete, H.kptr_xchg],
  [M.CGRP_STORAGE]: [H.cgrp_storage_get, H.cgrp_storage_delete, H.kptr_xchg],
  [M.BLOOM_FILTER]: [H.map_peek_elem, H.map_push_elem],
};

/** Map types that a helper allows. */
const BY_HELPER: Readonly<Record<number, readonly number[]>> = {
  [H.tail_call]: [M.PROG_ARRAY],
  [H.perf_event_read]: [M.PERF_EVENT_ARRAY],
  [H.perf_event_output]: [M.PERF_EVENT_ARRAY],
  [H.perf_event_read_value]: [M.PERF_EVENT_ARRAY],
  [H.skb_output]: [M.PERF_EVENT_ARRAY],
  [H.xdp_output]: [M.PERF_EVENT_ARRAY],
  [H.ringbuf_output]: [M.RINGBUF],
  [H.ringbuf_reserve]: [M.RINGBUF],
  [H.ringbuf_query]: [M.RINGBUF],
  [H.ringbuf_reserve_dynptr]: [M.RINGBUF],
  [H.ringbuf_submit_dynptr]: [M.RINGBUF],
  [H.ringbuf_discard_dynptr]: [M.RINGBUF],
  [H.user_ringbuf_drain]: [M.USER_RINGBUF],
  [H.get_stackid]: [M.STACK_TRACE],
  [H.current_task_under_cgroup]: [M.CGROUP_ARRAY],
  [H.skb_under_cgroup]: [M.CGROUP_ARRAY],
  [H.redirect_map]: [M.DEVMAP, M.DEVMAP_HASH, M.CPUMAP, M.XSKMAP],
  [H.sk_redirect_map]: [M.SOCKMAP],
  [H.msg_redirect_map]: [M.SOCKMAP],
  [H.sock_map_update]: [M.SOCKMAP],
  [H.sk_redirect_hash]: [M.SOCKHASH],
  [H.msg_redirect_hash]: [M.SOCKHASH],
  [H.sock_hash_update]: [M.SOCKHASH],
  [H.get_local_storage]: [M.CGROUP_STORAGE, M.PERCPU_CGROUP_STORAGE],
  [H.sk_select_reuseport]: [M.REUSEPORT_SOCKARRAY, M.SOCKMAP, M.SOCKHASH],
  [H.map_pop_elem]: [M.QUEUE, M.STACK],
  [H.map_peek_elem]: [M.QUEUE, M.STACK, M.BLOOM_FILTER],
  [H.map_push_elem]: [M.QUEUE, M.STACK, M.BLOOM_FILTER],
  [H.map_lookup_percpu_elem]: [M.PERCPU_ARRAY, M.PERCPU_HASH, M.LRU_PERCPU_HASH],
  [H.sk_storage_get]: [M.SK_STORAGE],
  [H.sk_storage_delete]: [M.SK_STORAGE],
  [H.inode_storage_get]: [M.INODE_STORAGE],
  [H.inode_storage_delete]: [M.INODE_STORAGE],
  [H.task_storage_get]: [M.TASK_STORAGE],
  [H.task_storage_delete]: [M.TASK_STORAGE],
  [H.cgrp_storage_get]: [M.CGRP_STORAGE],
  [H.cgrp_storage_delete]: [M.CGRP_STORAGE],
};

/** Programs that may change a map of sockets from BPF (may_update_sockmap). */
const SOCKMAP_UPDATERS: readonly number[] = [
  P.SOCKET_FILTER,
  P.SCHED_CLS,
  P.SCHED_ACT,
  P.XDP,
  P.SK_REUSEPORT,
  P.FLOW_DISSECTOR,
  P.SK_LOOKUP,
];

function mayUpdateSockmap(env: Environment, helper: number): boolean {
  const { type, attachType } = env.kind;
  return SOCKMAP_UPDATERS.includes(type) || type === P.TRACING && attachType === BPF_ATTACH_TYPE.TRACE_ITER ||
    type === P.SOCK_OPS && helper === H.map_delete_elem;
}

export function checkMapForHelper(env: Environment, map: MapState | null, helper: number): void {
  if (!map) return;
  const refuse = (): never =>
    env.reject(ERRNO.EINVAL, `cannot pass map_type ${map.type} into func ${helperLabel(helper)}`);
  const helpers = BY_MAP[map.type];
  if (helpers && !helpers.includes(helper)) refuse();
  const isUpdate = helper === H.map_update_elem || helper === H.map_delete_elem;
  if ((map.type === M.SOCKMAP || map.type === M.SOCKHASH) && isUpdate && !mayUpdateSockmap(env, helper)) {
    env.log.write("cannot update sockmap in this context\n");
    refuse();
  }
  const types = BY_HELPER[helper];
  if (types && !types.includes(map.type)) refuse();
}
