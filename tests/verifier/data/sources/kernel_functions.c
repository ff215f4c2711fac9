// -mcpu=v4
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
char LICENSE[] SEC("license") = "GPL";
extern struct task_struct *bpf_task_acquire(struct task_struct *p) __ksym;
extern void bpf_task_release(struct task_struct *p) __ksym;
extern struct task_struct *bpf_task_from_pid(int pid) __ksym;
extern struct cgroup *bpf_cgroup_from_id(u64 id) __ksym;
extern void bpf_cgroup_release(struct cgroup *c) __ksym;
extern u64 bpf_get_kmem_cache(u64 a) __ksym;
extern int bpf_strcmp(const char *a, const char *b) __ksym;
extern int bpf_cpumask_create(void) __ksym;
extern int bpf_no_such_kfunc(void) __ksym __weak;
int out; 

SEC("xdp") int acq_xdp(void *c) { struct task_struct *t = bpf_task_from_pid(1); if (t) bpf_task_release(t); return 0; }
SEC("tc") int acq_tc(void *c) { struct task_struct *t = bpf_task_from_pid(1); if (t) bpf_task_release(t); return 0; }
SEC("socket") int acq_socket(void *c) { struct task_struct *t = bpf_task_from_pid(1); if (t) bpf_task_release(t); return 0; }
SEC("kprobe/do_nanosleep") int acq_kprobe(void *c) { struct task_struct *t = bpf_task_from_pid(1); if (t) bpf_task_release(t); return 0; }
SEC("raw_tp/sys_enter") int acq_rawtp(void *c) { struct task_struct *t = bpf_task_from_pid(1); if (t) bpf_task_release(t); return 0; }
SEC("tracepoint/syscalls/sys_enter_openat") int acq_tp(void *c) { struct task_struct *t = bpf_task_from_pid(1); if (t) bpf_task_release(t); return 0; }
SEC("perf_event") int acq_pe(void *c) { struct task_struct *t = bpf_task_from_pid(1); if (t) bpf_task_release(t); return 0; }
SEC("tp_btf/sys_enter") int acq_tpbtf(void *c) { struct task_struct *t = bpf_task_from_pid(1); if (t) bpf_task_release(t); return 0; }
SEC("syscall") int acq_sys(void *c) { struct task_struct *t = bpf_task_from_pid(1); if (t) bpf_task_release(t); return 0; }
SEC("cgroup_skb/ingress") int acq_cgskb(void *c) { struct task_struct *t = bpf_task_from_pid(1); if (t) bpf_task_release(t); return 0; }
SEC("sk_msg") int acq_skmsg(void *c) { struct task_struct *t = bpf_task_from_pid(1); if (t) bpf_task_release(t); return 0; }
SEC("iter/task") int acq_iter(void *c) { struct task_struct *t = bpf_task_from_pid(1); if (t) bpf_task_release(t); return 0; }
SEC("sockops") int acq_sockops(void *c) { struct task_struct *t = bpf_task_from_pid(1); if (t) bpf_task_release(t); return 1; }
SEC("lwt_in") int acq_lwt(void *c) { struct task_struct *t = bpf_task_from_pid(1); if (t) bpf_task_release(t); return 0; }
SEC("flow_dissector") int acq_fd(void *c) { struct task_struct *t = bpf_task_from_pid(1); if (t) bpf_task_release(t); return 0; }
SEC("sk_lookup") int acq_skl(void *c) { struct task_struct *t = bpf_task_from_pid(1); if (t) bpf_task_release(t); return 1; }
SEC("cgroup/sysctl") int acq_sysctl(void *c) { struct task_struct *t = bpf_task_from_pid(1); if (t) bpf_task_release(t); return 1; }
SEC("syscall") int leak(void *c) { struct task_struct *t = bpf_task_from_pid(1); return t ? 1 : 0; }
SEC("syscall") int no_null(void *c) { struct task_struct *t = bpf_task_from_pid(1); bpf_task_release(t); return 0; }
SEC("syscall") int use_after(void *c) { struct task_struct *t = bpf_task_from_pid(1); if (!t) return 0; bpf_task_release(t); out = t->pid; return 0; }
SEC("syscall") int double_rel(void *c) { struct task_struct *t = bpf_task_from_pid(1); if (!t) return 0; bpf_task_release(t); bpf_task_release(t); return 0; }
SEC("syscall") int read_held(void *c) { struct task_struct *t = bpf_task_from_pid(1); if (!t) return 0; out = t->pid; bpf_task_release(t); return 0; }
SEC("syscall") int rel_unheld(void *c) { bpf_task_release(bpf_get_current_task_btf()); return 0; }
SEC("syscall") int acq_cur(void *c) { struct task_struct *t = bpf_task_acquire(bpf_get_current_task_btf()); if (t) bpf_task_release(t); return 0; }
SEC("syscall") int acq_parent(void *c) { struct task_struct *t = bpf_task_acquire(bpf_get_current_task_btf()->real_parent); if (t) bpf_task_release(t); return 0; }
SEC("syscall") int acq_parent_rcu(void *c) { bpf_rcu_read_lock(); struct task_struct *t = bpf_task_acquire(bpf_get_current_task_btf()->real_parent); if (t) bpf_task_release(t); bpf_rcu_read_unlock(); return 0; }
SEC("syscall") int acq_last_rcu(void *c) { bpf_rcu_read_lock(); struct task_struct *t = bpf_task_acquire(bpf_get_current_task_btf()->last_wakee); if (t) bpf_task_release(t); bpf_rcu_read_unlock(); return 0; }
SEC("tp_btf/task_newtask") int BPF_PROG(acq_arg, struct task_struct *task) { struct task_struct *t = bpf_task_acquire(task); if (t) bpf_task_release(t); return 0; }
SEC("tp_btf/task_newtask") int BPF_PROG(rel_arg, struct task_struct *task) { bpf_task_release(task); return 0; }
SEC("syscall") int acq_null(void *c) { struct task_struct *t = bpf_task_acquire(0); if (t) bpf_task_release(t); return 0; }
SEC("syscall") int acq_scalar(void *c) { struct task_struct *t = bpf_task_acquire((void *)(long)out); if (t) bpf_task_release(t); return 0; }
SEC("syscall") int acq_mm(void *c) { struct task_struct *t = bpf_task_acquire((void *)bpf_get_current_task_btf()->mm); if (t) bpf_task_release(t); return 0; }
SEC("syscall") int cg(void *c) { struct cgroup *g = bpf_cgroup_from_id(1); if (g) bpf_cgroup_release(g); return 0; }
SEC("xdp") int rcu_xdp(void *c) { bpf_rcu_read_lock(); bpf_rcu_read_unlock(); return 0; }
SEC("syscall") int weak_missing(void *c) { if (bpf_no_such_kfunc) return bpf_no_such_kfunc(); return 0; }
