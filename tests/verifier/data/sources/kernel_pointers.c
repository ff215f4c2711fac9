#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
char LICENSE[] SEC("license") = "GPL";
extern struct task_struct *bpf_task_acquire(struct task_struct *p) __ksym;
extern void bpf_task_release(struct task_struct *p) __ksym;
struct v { struct bpf_spin_lock lock; int x; struct task_struct __kptr *t; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct v); __uint(max_entries, 4); } a SEC(".maps");
struct u { struct task_struct __kptr_untrusted *t; int x; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, struct u); __uint(max_entries, 4); } h SEC(".maps");
int out;
#define GET(T, m) int k = 0; struct T *v = bpf_map_lookup_elem(&m, &k); if (!v) return 0;
SEC("tc") int x_only(void *c) { GET(v, a) v->x++; return 0; }
SEC("tc") int lock_beside(void *c) { GET(v, a) bpf_spin_lock(&v->lock); v->x++; bpf_spin_unlock(&v->lock); return 0; }
SEC("tc") int xchg_null(void *c) { GET(v, a) struct task_struct *o = bpf_kptr_xchg(&v->t, 0); if (o) bpf_task_release(o); return 0; }
SEC("tc") int xchg_leak(void *c) { GET(v, a) struct task_struct *o = bpf_kptr_xchg(&v->t, 0); return o ? 1 : 0; }
SEC("tc") int xchg_under_lock(void *c) { GET(v, a) bpf_spin_lock(&v->lock); struct task_struct *o = bpf_kptr_xchg(&v->t, 0); bpf_spin_unlock(&v->lock); if (o) bpf_task_release(o); return 0; }
SEC("tp_btf/task_newtask") int BPF_PROG(store, struct task_struct *task) { GET(v, a) struct task_struct *t = bpf_task_acquire(task); if (!t) return 0; struct task_struct *o = bpf_kptr_xchg(&v->t, t); if (o) bpf_task_release(o); return 0; }
SEC("tp_btf/task_newtask") int BPF_PROG(store_unacquired, struct task_struct *task) { GET(v, a) struct task_struct *o = bpf_kptr_xchg(&v->t, task); if (o) bpf_task_release(o); return 0; }
SEC("tp_btf/task_newtask") int BPF_PROG(store_plain, struct task_struct *task) { GET(v, a) v->t = task; return 0; }
SEC("tc") int read_kptr(void *c) { GET(v, a) struct task_struct *t = v->t; if (!t) return 0; return t->pid; }
SEC("tc") int read_kptr_nonull(void *c) { GET(v, a) struct task_struct *t = v->t; return t->pid; }
SEC("tc") int read_kptr_acquire(void *c) { GET(v, a) struct task_struct *t = v->t; if (!t) return 0; t = bpf_task_acquire(t); if (t) bpf_task_release(t); return 0; }
SEC("syscall") int read_kptr_sleepable(void *c) { GET(v, a) struct task_struct *t = v->t; if (!t) return 0; t = bpf_task_acquire(t); if (t) bpf_task_release(t); return 0; }
SEC("syscall") int read_kptr_sleepable_rcu(void *c) { GET(v, a) bpf_rcu_read_lock(); struct task_struct *t = v->t; if (t) { t = bpf_task_acquire(t); if (t) bpf_task_release(t); } bpf_rcu_read_unlock(); return 0; }
SEC("tp_btf/task_newtask") int BPF_PROG(un_store, struct task_struct *task) { GET(u, h) v->t = task; return 0; }
SEC("tc") int un_read(void *c) { GET(u, h) struct task_struct *t = v->t; if (!t) return 0; return t->pid; }
SEC("tc") int un_read_nonull(void *c) { GET(u, h) struct task_struct *t = v->t; return t->pid; }
SEC("tc") int atomic_kptr(void *c) { GET(v, a) __sync_fetch_and_add((u64 *)&v->t, 1); return 0; }
SEC("tc") int copy_value(void *c) { GET(v, a) int k2 = 1; return bpf_map_update_elem(&a, &k2, v, 0); }
SEC("tc") int half(void *c) { GET(v, a) return *(int *)&v->t; }
SEC("tc") int xchg_wrong_off(void *c) { GET(v, a) struct task_struct *o = bpf_kptr_xchg(&v->x, 0); if (o) bpf_task_release(o); return 0; }
SEC("tc") int xchg_untrusted(void *c) { GET(u, h) struct task_struct *o = bpf_kptr_xchg(&v->t, 0); if (o) bpf_task_release(o); return 0; }
SEC("tc") int xchg_var(void *c) { GET(v, a) struct task_struct *o = bpf_kptr_xchg((void *)&v->t + (v->x & 8), 0); if (o) bpf_task_release(o); return 0; }
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, u64); __uint(max_entries, 4); } pl SEC(".maps");
SEC("tc") int xchg_plain(void *c) { int k = 0; u64 *v = bpf_map_lookup_elem(&pl, &k); if (!v) return 0; struct task_struct *o = bpf_kptr_xchg(v, 0); if (o) bpf_task_release(o); return 0; }
extern struct cgroup *bpf_cgroup_from_id(u64 id) __ksym;
extern void bpf_cgroup_release(struct cgroup *c) __ksym;
SEC("tc") int xchg_cgroup(void *c) { GET(v, a) struct cgroup *g = bpf_cgroup_from_id(1); if (!g) return 0; struct task_struct *o = bpf_kptr_xchg(&v->t, g); if (o) bpf_task_release(o); return 0; }
SEC("tc") int rel_wrong(void *c) { struct cgroup *g = bpf_cgroup_from_id(1); if (!g) return 0; bpf_task_release((void *)g); return 0; }
SEC("tc") int xchg_ret_used(void *c) { GET(v, a) struct task_struct *o = bpf_kptr_xchg(&v->t, 0); if (!o) return 0; int p = o->pid; bpf_task_release(o); return p; }
