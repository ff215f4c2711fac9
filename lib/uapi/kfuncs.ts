/**
 * Kernel functions that programs call by BTF id: prototypes as the kernel's BTF has them, with what their flags say
 * (kernel/bpf/helpers.c and others: BTF_ID_FLAGS; include/linux/btf.h: KF_*). The ends of argument names mean something
 * (Documentation/bpf/kfuncs.rst): `__ign` not looked at, `__k` a constant, `__sz` a size of the memory before it,
 * `__szk` a constant one, `__nullable`, `__uninit`, `__str`, `__map`, `__prog` what the verifier passes, `__alloc`, `__refcounted_kptr`.
 */
import { BPF_PROG_TYPE as T } from "./prog_types.ts";

export interface Kfunc {
  readonly name: string;
  /** Which program types may call it; a key of {@link KFUNC_TYPES}. */
  readonly set: keyof typeof KFUNC_TYPES;
  readonly args: readonly KfuncArg[];
  readonly returns: KfuncReturn;
  readonly isAcquire: boolean;
  readonly isRelease: boolean;
  readonly mayReturnNull: boolean;
  /** Arguments must be pointers that are sure to be alive (KF_TRUSTED_ARGS), or that RCU keeps alive (KF_RCU). */
  readonly takesTrusted: boolean;
  readonly takesRcu: boolean;
  readonly maySleep: boolean;
}

export type KfuncArgKind =
  | "scalar"
  | "constant"
  | "ignored"
  | "ctx"
  | "object"
  | "memory"
  | "sized"
  | "string"
  | "dynptr"
  | "iterator"
  | "allocated"
  | "refcounted"
  | "list_head"
  | "list_node"
  | "rb_root"
  | "rb_node"
  | "callback"
  | "map"
  | "res_lock"
  | "wq"
  | "irq_flag";

export interface KfuncArg {
  readonly kind: KfuncArgKind;
  readonly name: string;
  /** Of a pointer: what it points to, and whether that is a struct. */
  readonly type: string;
  readonly isStruct: boolean;
  readonly mayBeNull: boolean;
  /** Set up by the call. */
  readonly isUninit: boolean;
  /** Of sized memory: its size must be a constant. */
  readonly hasConstantSize: boolean;
}

/** A number, nothing, a pointer to a struct, or one to plain memory of a type. */
export type KfuncReturn =
  | { readonly kind: "void" | "int" }
  | { readonly kind: "pointer"; readonly type: string; readonly isStruct: boolean };

/** All of BTF's tracing: tracepoints, perf events and LSM share one set of functions (bpf_prog_type_to_kfunc_hook). */
const TRACING = [T.TRACING, T.TRACEPOINT, T.PERF_EVENT, T.LSM];
/** All of these share the set of control groups. */
const CGROUP = [
  T.CGROUP_SKB,
  T.CGROUP_SOCK,
  T.CGROUP_DEVICE,
  T.CGROUP_SOCK_ADDR,
  T.CGROUP_SOCKOPT,
  T.CGROUP_SYSCTL,
  T.SOCK_OPS,
];
const LWT = [T.LWT_IN, T.LWT_OUT, T.LWT_XMIT, T.LWT_SEG6LOCAL];

/** Program types that each set is registered for; `undefined`: all. */
export const KFUNC_TYPES = {
  common: undefined,
  generic: [...TRACING, T.SCHED_CLS, T.XDP, T.SYSCALL, ...CGROUP],
  cpumask: [...TRACING, T.SYSCALL],
  skb: [T.SCHED_CLS, T.SCHED_ACT, T.SK_SKB, T.SOCKET_FILTER, ...CGROUP, ...LWT, T.NETFILTER, ...TRACING],
  xdp: [T.XDP],
  crypto: [T.SCHED_CLS, T.SCHED_ACT, T.XDP, T.SYSCALL],
  syscall: [T.SYSCALL],
} as const satisfies Record<string, readonly number[] | undefined>;

/** Flags: A acquires, R releases, 0 may give NULL, T takes trusted arguments, C takes those that RCU protects, S may sleep. */
const TABLE: Readonly<Record<keyof typeof KFUNC_TYPES, readonly string[]>> = {
  common: [
    "int bpf_res_spin_lock(struct bpf_res_spin_lock *lock)",
    "void bpf_res_spin_unlock(struct bpf_res_spin_lock *lock)",
    "int bpf_res_spin_lock_irqsave(struct bpf_res_spin_lock *lock, ulong *flags__irq_flag)",
    "void bpf_res_spin_unlock_irqrestore(struct bpf_res_spin_lock *lock, ulong *flags__irq_flag)",
    "void bpf_rcu_read_lock()",
    "void bpf_rcu_read_unlock()",
    "void bpf_preempt_disable()",
    "void bpf_preempt_enable()",
    "void bpf_local_irq_save(ulong *flags__irq_flag)",
    "void bpf_local_irq_restore(ulong *flags__irq_flag)",
    "int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end)",
    "0 int *bpf_iter_num_next(struct bpf_iter_num *it)",
    "void bpf_iter_num_destroy(struct bpf_iter_num *it)",
    "int bpf_iter_bits_new(struct bpf_iter_bits *it, u64 *unsafe_ptr__ign, u32 nr_words)",
    "0 int *bpf_iter_bits_next(struct bpf_iter_bits *it)",
    "void bpf_iter_bits_destroy(struct bpf_iter_bits *it)",
    "C int bpf_iter_task_vma_new(struct bpf_iter_task_vma *it, struct task_struct *task, u64 addr)",
    "0 struct vm_area_struct *bpf_iter_task_vma_next(struct bpf_iter_task_vma *it)",
    "void bpf_iter_task_vma_destroy(struct bpf_iter_task_vma *it)",
    "0 void *bpf_dynptr_slice(struct bpf_dynptr *p, u64 offset, void *buffer__opt, u64 buffer__szk)",
    "0 void *bpf_dynptr_slice_rdwr(struct bpf_dynptr *p, u64 offset, void *buffer__opt, u64 buffer__szk)",
    "int bpf_dynptr_adjust(struct bpf_dynptr *p, u64 start, u64 end)",
    "bool bpf_dynptr_is_null(struct bpf_dynptr *p)",
    "bool bpf_dynptr_is_rdonly(struct bpf_dynptr *p)",
    "u64 bpf_dynptr_size(struct bpf_dynptr *p)",
    "int bpf_dynptr_clone(struct bpf_dynptr *p, struct bpf_dynptr *clone__uninit)",
    "int bpf_dynptr_copy(struct bpf_dynptr *dst_ptr, u64 dst_off, struct bpf_dynptr *src_ptr, u64 src_off, u64 size)",
    "int bpf_dynptr_memset(struct bpf_dynptr *p, u64 offset, u64 size, u8 val)",
    "S int bpf_copy_from_user_str(void *dst, u32 dst__sz, void *unsafe_ptr__ign, u64 flags)",
    "void *bpf_rdonly_cast(void *obj__ign, u32 btf_id__k)",
    "void *bpf_cast_to_kern_ctx(ctx *obj)",
    "T long bpf_map_sum_elem_count(struct bpf_map *map)",
    "int bpf_wq_init(struct bpf_wq *wq, void *p__map, u32 flags)",
    "int bpf_wq_start(struct bpf_wq *wq, u32 flags)",
    "int bpf_wq_set_callback_impl(struct bpf_wq *wq, fn *callback_fn, u32 flags, void *aux__prog)",
    "TS void *bpf_arena_alloc_pages(void *p__map, void *addr__ign, u32 page_cnt, int node_id, u64 flags)",
    "TS void bpf_arena_free_pages(void *p__map, void *ptr__ign, u32 page_cnt)",
    "int bpf_strlen(char *s__ign)",
    "int bpf_strnlen(char *s__ign, u64 count)",
    "int bpf_strcmp(char *s1__ign, char *s2__ign)",
    "int bpf_strcasecmp(char *s1__ign, char *s2__ign)",
    "int bpf_strchr(char *s__ign, char c)",
    "int bpf_strchrnul(char *s__ign, char c)",
    "int bpf_strnchr(char *s__ign, u64 count, char c)",
    "int bpf_strrchr(char *s__ign, int c)",
    "int bpf_strspn(char *s__ign, char *accept__ign)",
    "int bpf_strcspn(char *s__ign, char *reject__ign)",
    "int bpf_strstr(char *s1__ign, char *s2__ign)",
    "int bpf_strnstr(char *s1__ign, char *s2__ign, u64 len)",
  ],
  generic: [
    "A0 void *bpf_obj_new_impl(u64 local_type_id__k, void *meta__ign)",
    "R void bpf_obj_drop_impl(void *p__alloc, void *meta__ign)",
    "A0C void *bpf_refcount_acquire_impl(void *p__refcounted_kptr, void *meta__ign)",
    "int bpf_list_push_front_impl(struct bpf_list_head *head, struct bpf_list_node *node, void *meta__ign, u64 off)",
    "int bpf_list_push_back_impl(struct bpf_list_head *head, struct bpf_list_node *node, void *meta__ign, u64 off)",
    "A0 struct bpf_list_node *bpf_list_pop_front(struct bpf_list_head *head)",
    "A0 struct bpf_list_node *bpf_list_pop_back(struct bpf_list_head *head)",
    "0 struct bpf_list_node *bpf_list_front(struct bpf_list_head *head)",
    "0 struct bpf_list_node *bpf_list_back(struct bpf_list_head *head)",
    "A0 struct bpf_rb_node *bpf_rbtree_remove(struct bpf_rb_root *root, struct bpf_rb_node *node)",
    "int bpf_rbtree_add_impl(struct bpf_rb_root *root, struct bpf_rb_node *node, fn *less, void *meta__ign, u64 off)",
    "0 struct bpf_rb_node *bpf_rbtree_first(struct bpf_rb_root *root)",
    "0 struct bpf_rb_node *bpf_rbtree_root(struct bpf_rb_root *root)",
    "0 struct bpf_rb_node *bpf_rbtree_left(struct bpf_rb_root *root, struct bpf_rb_node *node)",
    "0 struct bpf_rb_node *bpf_rbtree_right(struct bpf_rb_root *root, struct bpf_rb_node *node)",
    "A0C struct task_struct *bpf_task_acquire(struct task_struct *p)",
    "R void bpf_task_release(struct task_struct *p)",
    "A0 struct task_struct *bpf_task_from_pid(s32 pid)",
    "A0 struct task_struct *bpf_task_from_vpid(s32 vpid)",
    "A0C struct cgroup *bpf_cgroup_acquire(struct cgroup *cgrp)",
    "R void bpf_cgroup_release(struct cgroup *cgrp)",
    "A0C struct cgroup *bpf_cgroup_ancestor(struct cgroup *cgrp, int level)",
    "A0 struct cgroup *bpf_cgroup_from_id(u64 cgid)",
    "C int bpf_task_under_cgroup(struct task_struct *task, struct cgroup *ancestor)",
    "A0C struct cgroup *bpf_task_get_cgroup1(struct task_struct *task, int hierarchy_id)",
    "void bpf_throw(u64 cookie)",
  ],
  cpumask: [
    "A0 struct bpf_cpumask *bpf_cpumask_create()",
    "R void bpf_cpumask_release(struct bpf_cpumask *cpumask)",
    "AT struct bpf_cpumask *bpf_cpumask_acquire(struct bpf_cpumask *cpumask)",
    "C u32 bpf_cpumask_first(struct cpumask *cpumask)",
    "C u32 bpf_cpumask_first_zero(struct cpumask *cpumask)",
    "C u32 bpf_cpumask_first_and(struct cpumask *src1, struct cpumask *src2)",
    "C void bpf_cpumask_set_cpu(u32 cpu, struct bpf_cpumask *cpumask)",
    "C void bpf_cpumask_clear_cpu(u32 cpu, struct bpf_cpumask *cpumask)",
    "C bool bpf_cpumask_test_cpu(u32 cpu, struct cpumask *cpumask)",
    "C bool bpf_cpumask_test_and_set_cpu(u32 cpu, struct bpf_cpumask *cpumask)",
    "C bool bpf_cpumask_test_and_clear_cpu(u32 cpu, struct bpf_cpumask *cpumask)",
    "C void bpf_cpumask_setall(struct bpf_cpumask *cpumask)",
    "C void bpf_cpumask_clear(struct bpf_cpumask *cpumask)",
    "C bool bpf_cpumask_and(struct bpf_cpumask *dst, struct cpumask *src1, struct cpumask *src2)",
    "C void bpf_cpumask_or(struct bpf_cpumask *dst, struct cpumask *src1, struct cpumask *src2)",
    "C void bpf_cpumask_xor(struct bpf_cpumask *dst, struct cpumask *src1, struct cpumask *src2)",
    "C bool bpf_cpumask_equal(struct cpumask *src1, struct cpumask *src2)",
    "C bool bpf_cpumask_intersects(struct cpumask *src1, struct cpumask *src2)",
    "C bool bpf_cpumask_subset(struct cpumask *src1, struct cpumask *src2)",
    "C bool bpf_cpumask_empty(struct cpumask *cpumask)",
    "C bool bpf_cpumask_full(struct cpumask *cpumask)",
    "C void bpf_cpumask_copy(struct bpf_cpumask *dst, struct cpumask *src)",
    "C u32 bpf_cpumask_any_distribute(struct cpumask *cpumask)",
    "C u32 bpf_cpumask_any_and_distribute(struct cpumask *src1, struct cpumask *src2)",
    "C u32 bpf_cpumask_weight(struct cpumask *cpumask)",
    "C int bpf_cpumask_populate(struct cpumask *cpumask, void *src, u64 src__sz)",
  ],
  skb: ["int bpf_dynptr_from_skb(struct __sk_buff *s, u64 flags, struct bpf_dynptr *ptr__uninit)"],
  xdp: ["int bpf_dynptr_from_xdp(struct xdp_md *x, u64 flags, struct bpf_dynptr *ptr__uninit)"],
  crypto: [
    "C int bpf_crypto_decrypt(struct bpf_crypto_ctx *ctx, struct bpf_dynptr *src, struct bpf_dynptr *dst, struct bpf_dynptr *siv__nullable)",
    "C int bpf_crypto_encrypt(struct bpf_crypto_ctx *ctx, struct bpf_dynptr *src, struct bpf_dynptr *dst, struct bpf_dynptr *siv__nullable)",
  ],
  syscall: [
    "A0S struct bpf_crypto_ctx *bpf_crypto_ctx_create(struct bpf_crypto_params *params, u32 params__sz, int *err)",
    "R void bpf_crypto_ctx_release(struct bpf_crypto_ctx *ctx)",
    "A0C struct bpf_crypto_ctx *bpf_crypto_ctx_acquire(struct bpf_crypto_ctx *ctx)",
  ],
};

const SHAPE = /^(?:([AR0TCS]+) )?((?:struct )?\w+) (\**)(\w+)\((.*)\)$/;

function parse(set: keyof typeof KFUNC_TYPES, line: string): Kfunc {
  const [, flags = "", type, stars, name, args] = SHAPE.exec(line)!;
  const texts = args === "" ? [] : args.split(", ");
  return {
    name,
    set,
    args: texts.map((text, at) => parseArg(text, texts[at + 1] ?? "")),
    returns: stars === ""
      ? { kind: type === "void" ? "void" : "int" }
      : { kind: "pointer", type: type.replace("struct ", ""), isStruct: type.startsWith("struct ") },
    isAcquire: flags.includes("A"),
    isRelease: flags.includes("R"),
    mayReturnNull: flags.includes("0"),
    // What a function releases must be sure to be alive (is_kfunc_trusted_args).
    takesTrusted: flags.includes("T") || flags.includes("R"),
    takesRcu: flags.includes("C"),
    maySleep: flags.includes("S"),
  };
}

/** Structs that are arguments of a kind of their own. */
const KINDS: Readonly<Record<string, KfuncArgKind>> = {
  bpf_dynptr: "dynptr",
  bpf_list_head: "list_head",
  bpf_list_node: "list_node",
  bpf_rb_root: "rb_root",
  bpf_rb_node: "rb_node",
  bpf_res_spin_lock: "res_lock",
  bpf_wq: "wq",
  __sk_buff: "ctx",
  xdp_md: "ctx",
  ctx: "ctx",
  fn: "callback",
};

const SUFFIXES: readonly (readonly [RegExp, KfuncArgKind])[] = [
  [/__ign$/, "ignored"],
  [/__prog$/, "ignored"],
  [/__k$/, "constant"],
  [/__alloc$/, "allocated"],
  [/__refcounted_kptr$/, "refcounted"],
  [/__irq_flag$/, "irq_flag"],
  [/__map$/, "map"],
  [/__str$/, "string"],
];

function pointerKind(type: string, isStruct: boolean, next: string): KfuncArgKind {
  if (type.startsWith("bpf_iter_")) return "iterator";
  if (/__szk?$/.test(next)) return "sized";
  return isStruct ? "object" : "memory";
}

function parseArg(text: string, next: string): KfuncArg {
  const [, struct, type, star, name] = /^(struct )?(\w+) (\*?)(\w+)$/.exec(text)!;
  const isStruct = struct !== undefined, isPointer = star !== "";
  const bySuffix = SUFFIXES.find(([suffix]) => suffix.test(name))?.[1];
  const kind = bySuffix ??
    (isPointer ? KINDS[type] ?? pointerKind(type, isStruct, next) : "scalar");
  return {
    kind,
    name,
    type,
    isStruct,
    mayBeNull: /__(nullable|opt)$/.test(name),
    isUninit: name.endsWith("__uninit"),
    hasConstantSize: next.endsWith("__szk"),
  };
}

/** By name; what is not listed here is not supported. */
export const KFUNCS: Readonly<Record<string, Kfunc>> = Object.fromEntries(
  (Object.keys(TABLE) as (keyof typeof TABLE)[]).flatMap((set) =>
    TABLE[set].map((line) => parse(set, line)).map((kfunc) => [kfunc.name, kfunc])
  ),
);
