/** Kernel functions (kfuncs) that the verifier knows by name, as far as Interleave follows them. */

/** What a kfunc takes, gives and does; everything that is not listed here is refused by name. */
export interface Kfunc {
  readonly args: readonly KfuncArg[];
  readonly returns: "void" | "int" | "pointer";
  readonly returnType?: string;
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
  bpf_task_acquire: {
    args: ["trusted"],
    returns: "pointer",
    returnType: "task_struct",
    isAcquire: true,
    mayReturnNull: true,
  },
  bpf_task_from_pid: {
    args: ["scalar"],
    returns: "pointer",
    returnType: "task_struct",
    isAcquire: true,
    mayReturnNull: true,
  },
  bpf_task_release: { args: ["release"], returns: "void", isRelease: true },
};

export const isIteratorNext = (name: string): boolean => name === "bpf_iter_num_next";
export const syncCallbackKfunc = (name: string): boolean => name === "bpf_rbtree_add_impl";
export const asyncCallbackKfunc = (name: string): boolean => name === "bpf_wq_set_callback_impl";
export const changesPacketKfunc = (name: string): boolean => name === "bpf_xdp_pull_data";
export const mightSleepKfunc = (name: string): boolean => KFUNCS[name]?.maySleep ?? false;
