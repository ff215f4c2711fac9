/**
 * Kernel functions that programs call by BTF id, with what their flags say (kernel/bpf/helpers.c: BTF_ID_FLAGS;
 * kernel/bpf/rqspinlock.c; include/linux/btf.h: KF_*).
 */
import { BPF_PROG_TYPE } from "./prog_types.ts";

/** What a kfunc takes, gives and does; everything that is not listed here is refused by name. */
export interface Kfunc {
  /** In programs of these types only; without it in all. */
  readonly isGeneric?: boolean;
  /** An argument that only an RCU read-side section keeps alive will do (KF_RCU). */
  readonly takesRcu?: boolean;
  readonly args: readonly KfuncArg[];
  readonly returns: "void" | "int" | "pointer";
  readonly returnType?: string;
  /** The kernel struct that `trusted` and `release` arguments point to. */
  readonly argType?: string;
  readonly isAcquire?: boolean;
  readonly isRelease?: boolean;
  readonly mayReturnNull?: boolean;
  readonly maySleep?: boolean;
  /** Returns memory that only an RCU read-side section protects. */
  readonly isRcuProtected?: boolean;
}

export type KfuncArg =
  | "scalar"
  | "res_lock"
  | "irq_flag_init"
  | "irq_flag"
  | "iter_num_new"
  | "iter_num"
  | "trusted"
  | "trusted_or_null"
  | "release";

export const KFUNCS: Readonly<Record<string, Kfunc>> = {
  bpf_res_spin_lock: { args: ["res_lock"], returns: "int" },
  bpf_res_spin_unlock: { args: ["res_lock"], returns: "void" },
  bpf_res_spin_lock_irqsave: { args: ["res_lock", "irq_flag_init"], returns: "int" },
  bpf_res_spin_unlock_irqrestore: { args: ["res_lock", "irq_flag"], returns: "void" },
  bpf_rcu_read_lock: { args: [], returns: "void" },
  bpf_rcu_read_unlock: { args: [], returns: "void" },
  bpf_preempt_disable: { args: [], returns: "void" },
  bpf_preempt_enable: { args: [], returns: "void" },
  bpf_local_irq_save: { args: ["irq_flag_init"], returns: "void" },
  bpf_local_irq_restore: { args: ["irq_flag"], returns: "void" },
  bpf_iter_num_new: { args: ["iter_num_new", "scalar", "scalar"], returns: "int" },
  bpf_iter_num_next: { args: ["iter_num"], returns: "pointer", mayReturnNull: true },
  bpf_iter_num_destroy: { args: ["iter_num"], returns: "void" },
  ...objectKfuncs("task_struct", "bpf_task_acquire", "bpf_task_release", {
    bpf_task_from_pid: ["scalar"],
    bpf_task_from_vpid: ["scalar"],
  }),
  ...objectKfuncs("cgroup", "bpf_cgroup_acquire", "bpf_cgroup_release", {
    bpf_cgroup_from_id: ["scalar"],
    bpf_cgroup_ancestor: ["trusted", "scalar"],
  }),
};

/** How a kernel object is taken, found and given back. */
function objectKfuncs(
  type: string,
  acquire: string,
  release: string,
  finders: Readonly<Record<string, readonly KfuncArg[]>>,
): Record<string, Kfunc> {
  const found = {
    returns: "pointer",
    returnType: type,
    argType: type,
    isGeneric: true,
    takesRcu: true,
    isAcquire: true,
    mayReturnNull: true,
  } as const;
  return {
    [acquire]: { ...found, args: ["trusted"] },
    [release]: { args: ["release"], returns: "void", argType: type, isGeneric: true, isRelease: true },
    ...Object.fromEntries(Object.entries(finders).map(([name, args]) => [name, { ...found, args }])),
  };
}

/** Program types for which the kernel registers functions on tasks and control groups (bpf_prog_type_to_kfunc_hook). */
export const GENERIC_TYPES: readonly number[] = [
  BPF_PROG_TYPE.XDP,
  BPF_PROG_TYPE.SCHED_CLS,
  BPF_PROG_TYPE.TRACING,
  BPF_PROG_TYPE.TRACEPOINT,
  BPF_PROG_TYPE.PERF_EVENT,
  BPF_PROG_TYPE.LSM,
  BPF_PROG_TYPE.SYSCALL,
  BPF_PROG_TYPE.CGROUP_SKB,
  BPF_PROG_TYPE.CGROUP_SOCK,
  BPF_PROG_TYPE.CGROUP_DEVICE,
  BPF_PROG_TYPE.CGROUP_SOCK_ADDR,
  BPF_PROG_TYPE.CGROUP_SOCKOPT,
  BPF_PROG_TYPE.CGROUP_SYSCTL,
  BPF_PROG_TYPE.SOCK_OPS,
];
