/** What may be attached where (kernel/bpf/verifier.c:check_attach_btf_id, kernel/bpf/bpf_lsm.c), as far as lists go. */
import { MAX_ERRNO } from "../../uapi/errno.ts";
import { BPF_ATTACH_TYPE as A, BPF_PROG_TYPE as T } from "../../uapi/prog_types.ts";
import type { ProgramKind } from "./program_types.ts";

/** The kernel's function that stands for what a program is attached to. */
export function hookFunction({ type, attachType, target }: ProgramKind): string {
  if (type === T.LSM) return `bpf_lsm_${target}`;
  return attachType === A.TRACE_ITER ? `bpf_iter_${target}` : target;
}

/** Types of which a hook's prototype types the context. */
export const hasHook = ({ type, attachType }: ProgramKind): boolean =>
  type === T.LSM || type === T.TRACING && attachType !== A.TRACE_RAW_TP;

/** Hooks that are called while their object is being made or freed (bpf_lsm.c:untrusted_lsm_hooks). */
const UNTRUSTED_LSM: readonly string[] = [
  "bpf_map_free",
  "bpf_prog_free",
  "file_alloc_security",
  "file_free_security",
  "sk_alloc_security",
  "sk_free_security",
  "task_free",
];

/** Whether pointers in ctx are sure to be alive (prog_args_trusted). */
export function hasTrustedArguments({ type, attachType, target }: ProgramKind): boolean {
  if (type === T.LSM) return !UNTRUSTED_LSM.includes(target);
  return attachType === A.TRACE_RAW_TP || attachType === A.TRACE_ITER;
}

/** Hooks that cannot be attached to (bpf_lsm_disabled_hooks). */
const DISABLED_LSM: readonly string[] = [
  "vm_enough_memory",
  "inode_need_killpriv",
  "inode_getsecurity",
  "inode_listsecurity",
  "inode_copy_up_xattr",
  "getselfattr",
  "getprocattr",
  "setprocattr",
  "key_getsecurity",
  "audit_rule_match",
  "xfrm_decode_session",
  "ismaclabel",
];
export const isDisabledLsm = (hook: string): boolean => DISABLED_LSM.includes(hook);

/** Hooks that answer yes or no (bool_lsm_hooks); the others give 0 or an error. */
const BOOL_LSM: readonly string[] = ["xfrm_state_pol_flow_match", "audit_rule_known", "inode_xattr_skipcap"];

/** @param name the hook's function, with `bpf_lsm_` before it */
export const lsmReturnRange = (name: string): readonly [min: number, max: number] =>
  BOOL_LSM.includes(name.replace(/^bpf_lsm_/, "")) ? [0, 1] : [-MAX_ERRNO, 0];

/** Hooks that are called where the kernel may sleep (sleepable_lsm_hooks). */
const SLEEPABLE_LSM = new Set(
  `bpf bpf_map bpf_map_create bpf_map_free bpf_prog bpf_prog_load bpf_token_create bpf_token_free bpf_token_cmd
  bpf_token_capable bprm_check_security bprm_committed_creds bprm_committing_creds bprm_creds_for_exec
  bprm_creds_from_file capget capset cred_prepare file_ioctl file_lock file_open file_post_open file_receive
  inode_create inode_free_security inode_getattr inode_getxattr inode_mknod inode_need_killpriv inode_post_setxattr
  inode_post_removexattr inode_readlink inode_removexattr inode_rename inode_rmdir inode_setattr inode_setxattr
  inode_symlink inode_unlink kernel_module_request kernel_read_file kernfs_init_security path_unlink path_mkdir
  path_rmdir path_truncate path_symlink path_link path_rename path_chmod path_chown mmap_file netlink_send path_notify
  release_secctx sb_alloc_security sb_eat_lsm_opts sb_kern_mount sb_mount sb_remount sb_set_mnt_opts sb_show_options
  sb_statfs sb_umount settime socket_accept socket_bind socket_connect socket_create socket_getpeername
  socket_getpeersec_dgram socket_getsockname socket_getsockopt socket_listen socket_post_create socket_recvmsg
  socket_sendmsg socket_shutdown socket_socketpair syslog task_alloc current_getsecid_subj task_getsecid_obj task_prctl
  task_setscheduler userns_create`.split(/\s+/),
);
export const isSleepableLsm = (hook: string): boolean => SLEEPABLE_LSM.has(hook);

/** Functions that never return (noreturn_deny). */
const NEVER_RETURN: readonly string[] = [
  "__ia32_sys_exit",
  "__ia32_sys_exit_group",
  "__x64_sys_exit",
  "__x64_sys_exit_group",
  "do_exit",
  "do_group_exit",
  "kthread_complete_and_exit",
  "kthread_exit",
  "make_task_dead",
];
export const neverReturns = (name: string): boolean => NEVER_RETURN.includes(name);

/** Functions that tracing programs must not be attached to (btf_id_deny). */
const DENIED: readonly string[] = [
  "migrate_disable",
  "migrate_enable",
  "rcu_read_unlock_strict",
  "preempt_count_add",
  "preempt_count_sub",
  "__rcu_read_lock",
  "__rcu_read_unlock",
];
export const isDenied = (name: string): boolean => DENIED.includes(name);

/**
 * Whether programs may sleep there, or change what it gives back: system calls may be failed on purpose
 * (ALLOW_ERROR_INJECTION), and so may some more functions that BTF does not tell; undefined where there is no telling.
 */
export function mayFail(name: string): boolean | undefined {
  return /^__x64_sys_|^bpf_fentry_test|^bpf_modify_return_test/.test(name) ? true : undefined;
}
