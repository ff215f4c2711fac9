/** What a program run by BPF_PROG_RUN would do to the computer around it: such programs are verified, never run. */
import type { BpfObject, Program } from "../../object/bpf_object.ts";
import { isCall, isHelperCall } from "../../isa/insn.ts";
import { BPF_FUNC, type HelperFunction, helperLabel } from "../../uapi/helpers.ts";
import { KFUNCS } from "../../uapi/kfuncs.ts";
import { BPF_MAP_TYPE } from "../../uapi/map_types.ts";

/**
 * Helper functions that reach beyond the program's maps, context and packet. The list of helpers is closed
 * (uapi/helpers.ts), so the rest were gone through one by one: redirects only set what a driver would do later, which a
 * test run without BPF_F_TEST_XDP_LIVE_FRAMES never does (net/bpf/test_run.c); storages and timers end with their map.
 */
const HELPERS: Partial<Record<HelperFunction, string>> = {
  probe_write_user: "writes into the memory of the process that runs it",
  override_return: "makes a function of the kernel fail",
  send_signal: "sends a signal to the process that runs it",
  send_signal_thread: "sends a signal to the thread that runs it",
  sys_bpf: "makes bpf() system calls: it could load, attach and pin",
  sys_close: "closes file descriptors of the process that runs it",
  btf_find_by_name_kind: "opens a file descriptor in the process that runs it",
  clone_redirect: "sends a copy of the packet through a network device",
  setsockopt: "changes options of a socket",
  bind: "binds a socket to an address",
  sk_assign: "hands the packet to a socket",
  tcp_send_ack: "sends a TCP acknowledgement",
  tcp_gen_syncookie: "marks a listening socket as flooded",
  sock_map_update: "moves a socket into a map",
  sock_hash_update: "moves a socket into a map",
  sock_ops_cb_flags_set: "changes what a socket calls programs for",
  sk_redirect_map: "sends data to another socket",
  sk_redirect_hash: "sends data to another socket",
  msg_redirect_map: "sends data to another socket",
  msg_redirect_hash: "sends data to another socket",
  sysctl_set_new_value: "changes a setting of the kernel",
  bprm_opts_set: "changes how a process is started",
  rc_repeat: "makes a remote control's key press",
  rc_keydown: "makes a remote control's key press",
  rc_pointer_rel: "moves a pointer device",
};

/**
 * Kernel functions that stay within the program's own objects, by what their names begin with; there are new ones in
 * every release, so what is not listed is not run.
 */
const OWN_KFUNCS: readonly string[] = [
  "bpf_arena_",
  "bpf_cast_to_kern_ctx",
  "bpf_cgroup_acquire",
  "bpf_cgroup_ancestor",
  "bpf_cgroup_from_id",
  "bpf_cgroup_release",
  "bpf_copy_from_user_",
  "bpf_cpumask_",
  "bpf_dynptr_",
  "bpf_get_kmem_cache",
  "bpf_iter_",
  "bpf_kfunc_call_test",
  "bpf_list_",
  "bpf_local_irq_",
  "bpf_map_sum_elem_count",
  "bpf_obj_drop_impl",
  "bpf_obj_new_impl",
  "bpf_percpu_obj_drop_impl",
  "bpf_percpu_obj_new_impl",
  "bpf_preempt_",
  "bpf_probe_read_",
  "bpf_rbtree_",
  "bpf_rcu_read_",
  "bpf_rdonly_cast",
  "bpf_refcount_acquire_impl",
  "bpf_res_spin_",
  "bpf_session_",
  "bpf_str",
  "bpf_task_acquire",
  "bpf_task_from_pid",
  "bpf_task_from_vpid",
  "bpf_task_get_cgroup1",
  "bpf_task_release",
  "bpf_task_under_cgroup",
  "bpf_throw",
  "bpf_wq_",
  "bpf_xdp_metadata_",
];

const SOCKET_MAPS: readonly number[] = [BPF_MAP_TYPE.SOCKMAP, BPF_MAP_TYPE.SOCKHASH];

/** Why a program is not to be run on the kernel: what it calls and what that does; `undefined` when it may. */
export function actsOnHost(program: Program, { maps }: Pick<BpfObject, "maps">): string | undefined {
  const functions = new Map(
    program.relocations.flatMap((one) => one.kind === "extern" ? [[one.insn, one.name] as const] : []),
  );
  for (const [index, insn] of program.insns.entries()) {
    if (isHelperCall(insn)) {
      const does = HELPERS[nameOf(insn.imm)];
      if (does) return `${program.name} calls ${helperLabel(insn.imm).replace(/#.*/, "")}, which ${does}`;
      if (insn.imm === BPF_FUNC.map_update_elem && usesSocketMap(program, maps)) {
        return `${program.name} calls bpf_map_update_elem and has a map of sockets: it could move a socket into it`;
      }
    }
    const kfunc = isCall(insn) ? functions.get(index) : undefined;
    if (kfunc !== undefined && !(kfunc in KFUNCS) && !OWN_KFUNCS.some((start) => kfunc.startsWith(start))) {
      return `${program.name} calls the kernel function ${kfunc}, which may act beyond the program's own maps`;
    }
  }
  return undefined;
}

const nameOf = (id: number): HelperFunction => helperLabel(id).replace(/^bpf_|#.*/g, "") as HelperFunction;

const usesSocketMap = (program: Program, maps: BpfObject["maps"]): boolean =>
  program.relocations.some((one) => one.kind === "map" && SOCKET_MAPS.includes(maps[one.map].type));
