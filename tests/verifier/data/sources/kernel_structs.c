#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>
char LICENSE[] SEC("license") = "GPL";
int out; long lout; char name[16];
struct { __uint(type, BPF_MAP_TYPE_TASK_STORAGE); __uint(map_flags, BPF_F_NO_PREALLOC); __type(key, int); __type(value, long); } ts SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, long); __uint(max_entries, 10); } h SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, long); __uint(max_entries, 10); } a SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
#define CUR struct task_struct *t = bpf_get_current_task_btf();
SEC("tp_btf/sched_switch") int BPF_PROG(sw, bool preempt, struct task_struct *prev, struct task_struct *next) { out = prev->pid + next->tgid; return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(sw_parent, bool preempt, struct task_struct *prev, struct task_struct *next) { out = prev->real_parent->pid; return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(sw_deep, bool preempt, struct task_struct *prev, struct task_struct *next) { out = prev->mm->owner->real_parent->group_leader->tgid; return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(sw_cred, bool preempt, struct task_struct *prev, struct task_struct *next) { out = prev->cred->uid.val; return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(sw_write, bool preempt, struct task_struct *prev, struct task_struct *next) { prev->prio = 3; return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(sw_atomic, bool preempt, struct task_struct *prev, struct task_struct *next) { __sync_fetch_and_add(&prev->exit_code, 1); return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(sw_comm, bool preempt, struct task_struct *prev, struct task_struct *next) { out = prev->comm[3]; return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(sw_comm_var, bool preempt, struct task_struct *prev, struct task_struct *next) { out = prev->comm[next->pid & 7]; return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(sw_comm_key, bool preempt, struct task_struct *prev, struct task_struct *next) { bpf_map_update_elem(&h, &prev->pid, &lout, 0); return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(sw_arg4, bool preempt, struct task_struct *prev, struct task_struct *next, unsigned st, int x) { out = x; return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(store_ptr, bool preempt, struct task_struct *prev) { int k = 0; long *v = bpf_map_lookup_elem(&h, &k); if (v) *v = (long)prev; return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(storage_arg, bool preempt, struct task_struct *prev) { long *v = bpf_task_storage_get(&ts, prev, 0, 1); if (v) *v += 1; return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(storage_parent, bool preempt, struct task_struct *prev) { long *v = bpf_task_storage_get(&ts, prev->real_parent, 0, 1); if (v) *v += 1; return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(storage_leader, bool preempt, struct task_struct *prev) { long *v = bpf_task_storage_get(&ts, prev->group_leader, 0, 1); if (v) *v += 1; return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(storage_last, bool preempt, struct task_struct *prev) { long *v = bpf_task_storage_get(&ts, prev->last_wakee, 0, 1); if (v) *v += 1; return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(storage_wrong, bool preempt, struct task_struct *prev) { long *v = bpf_task_storage_get(&ts, (void *)prev->mm, 0, 1); if (v) *v += 1; return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(mm_check, bool preempt, struct task_struct *prev) { struct mm_struct *mm = prev->mm; if (!mm) return 0; out = mm->map_count; return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(stack_void, bool preempt, struct task_struct *prev) { out = *(int *)prev->stack; return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(stack_void_far, bool preempt, struct task_struct *prev) { out = *((int *)prev->stack + prev->pid); return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(stack_void_write, bool preempt, struct task_struct *prev) { *(int *)prev->stack = 3; return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(half_ptr, bool preempt, struct task_struct *prev) { out = *(int *)&prev->mm; return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(add_var, bool preempt, struct task_struct *prev) { prev = (void *)prev + (out & 8); out = prev->pid; return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(neg, bool preempt, struct task_struct *prev) { out = *((int *)prev - 1); return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(beyond, bool preempt, struct task_struct *prev) { out = *((int *)prev + 10000); return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(probe, bool preempt, struct task_struct *prev) { bpf_probe_read_kernel(&name, 16, prev->comm); out = BPF_CORE_READ(prev, real_parent, tgid); return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(missing, bool preempt, struct task_struct *prev) { struct task_struct___x { int nothing_here; } __attribute__((preserve_access_index)) *p = (void *)prev; out = p->nothing_here; return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(missing_guarded, bool preempt, struct task_struct *prev) { struct task_struct___x { int nothing_here; } __attribute__((preserve_access_index)) *p = (void *)prev; if (bpf_core_field_exists(p->nothing_here)) out = p->nothing_here; return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(rcu_parent, bool preempt, struct task_struct *prev) { bpf_rcu_read_lock(); struct task_struct *p = prev->real_parent; out = p->pid; bpf_rcu_read_unlock(); out += p->tgid; return 0; }
SEC("syscall") int cur(void *c) { CUR out = t->pid; return 0; }
SEC("syscall") int cur_parent(void *c) { CUR out = t->real_parent->pid; return 0; }
SEC("syscall") int cur_parent_storage(void *c) { CUR long *v = bpf_task_storage_get(&ts, t->real_parent, 0, 1); return v ? 1 : 0; }
SEC("syscall") int cur_parent_storage_rcu(void *c) { CUR bpf_rcu_read_lock(); long *v = bpf_task_storage_get(&ts, t->real_parent, 0, 1); bpf_rcu_read_unlock(); return v ? 1 : 0; }
SEC("syscall") int cur_parent_after_rcu(void *c) { CUR bpf_rcu_read_lock(); struct task_struct *p = t->real_parent; bpf_rcu_read_unlock(); long *v = bpf_task_storage_get(&ts, p, 0, 1); return v ? 1 : 0; }
SEC("syscall") int cgroups(void *c) { CUR bpf_rcu_read_lock(); out = t->cgroups->dfl_cgrp->level; bpf_rcu_read_unlock(); return 0; }
SEC("syscall") int nsp(void *c) { CUR out = t->nsproxy->pid_ns_for_children->level; return 0; }
SEC("raw_tp/sched_switch") int raw_task(void *c) { CUR out = t->pid + t->real_parent->tgid; return 0; }
SEC("kprobe/do_nanosleep") int kp_task(void *c) { CUR out = t->pid + t->real_parent->tgid; return 0; }
SEC("xdp") int xdp_task(void *c) { CUR out = t->pid; return 0; }
SEC("socket") int sk_task(void *c) { CUR out = t->pid; return 0; }
SEC("kprobe/do_nanosleep") int plain_task(void *c) { struct task_struct *t = (void *)bpf_get_current_task(); out = t->pid; return 0; }
SEC("raw_tp/sched_switch") int raw_arg(u64 *ctx) { struct task_struct *t = (void *)ctx[1]; out = t->pid; return 0; }
SEC("raw_tp/sched_switch") int raw_arg_core(u64 *ctx) { struct task_struct *t = (void *)ctx[1]; out = BPF_CORE_READ(t, pid); return 0; }
SEC("iter/task") int it(struct bpf_iter__task *ctx) { struct seq_file *s = ctx->meta->seq; struct task_struct *t = ctx->task; if (!t) return 0; BPF_SEQ_PRINTF(s, "%d", t->pid); return 0; }
SEC("iter/task") int it_nonull(struct bpf_iter__task *ctx) { out = ctx->task->pid; return 0; }
SEC("iter/bpf_map_elem") int itm(struct bpf_iter__bpf_map_elem *ctx) { if (!ctx->key || !ctx->value) return 0; out = *(int *)ctx->key; return 0; }
SEC("iter/bpf_map") int itb(struct bpf_iter__bpf_map *ctx) { struct bpf_map *m = ctx->map; if (!m) return 0; out = m->id; return 0; }
SEC("xdp") int map_entries(void *c) { return ((struct bpf_map *)&h)->max_entries; }
SEC("xdp") int map_entries_raw(void *c) { return *(int *)((char *)&h + 4); }
SEC("xdp") int map_ops(void *c) { out = *(int *)*(void **)&a; return 0; }
SEC("xdp") int map_far(void *c) { return *(int *)((char *)&a + 100000); }
SEC("xdp") int map_write(void *c) { *(int *)&a = 3; return 0; }
SEC("tp_btf/sys_enter") int BPF_PROG(regs_ip, struct pt_regs *regs, long id) { lout = regs->ip + regs->di; return 0; }
SEC("tp_btf/task_newtask") int BPF_PROG(nt, struct task_struct *task, unsigned long flags) { out = task->pid; lout = flags; return 0; }
SEC("tp_btf/sched_process_exit") int BPF_PROG(pe, struct task_struct *p) { lout = p->start_time + p->signal->nr_threads; return 0; }
SEC("tp_btf/sched_wakeup") int BPF_PROG(wk, struct task_struct *p) { bpf_printk("%s", p->comm); bpf_probe_read_kernel_str(name, 16, p->comm); return 0; }
SEC("tp_btf/netif_receive_skb") int BPF_PROG(ns, struct sk_buff *skb) { out = skb->len + skb->dev->ifindex; return 0; }
SEC("tp_btf/kfree_skb") int BPF_PROG(ks, struct sk_buff *skb) { struct sock *sk = skb->sk; if (sk) out = sk->__sk_common.skc_family; return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(comm_rb, bool preempt, struct task_struct *prev) { bpf_ringbuf_output(&rb, prev->comm, 16, 0); return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(phi, bool preempt, struct task_struct *prev, struct task_struct *next) { struct task_struct *t = preempt ? prev : next->real_parent; out = t->pid; return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(loop_parents, bool preempt, struct task_struct *prev) { struct task_struct *t = prev; for (int i = 0; i < 10; i++) { if (t->pid == 1) break; t = t->real_parent; } out = t->pid; return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(acq, bool preempt, struct task_struct *prev) { bpf_get_current_task_btf(); out = prev->se.on_rq + prev->usage.refs.counter; return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(scalar_plus_mem, bool preempt, struct task_struct *prev) { long i = prev->pid; void *p = prev->stack; asm volatile("%0 += %1" : "+r"(i) : "r"(p)); out = *(int *)i; return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(mem_and, bool preempt, struct task_struct *prev) { void *p = prev->stack; asm volatile("%0 &= 7" : "+r"(p)); out = *(int *)p; return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(bitfield, bool preempt, struct task_struct *prev) { struct task_struct___y { unsigned in_execve : 1; } __attribute__((preserve_access_index)) *p = (void *)prev; out = BPF_CORE_READ_BITFIELD(p, in_execve); return 0; }
SEC("tp_btf/sched_switch") int BPF_PROG(bitfield_probed, bool preempt, struct task_struct *prev) { struct task_struct___y { unsigned in_execve : 1; } __attribute__((preserve_access_index)) *p = (void *)prev; out = BPF_CORE_READ_BITFIELD_PROBED(p, in_execve); return 0; }
