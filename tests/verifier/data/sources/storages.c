#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_endian.h>
char LICENSE[] SEC("license") = "GPL";
struct val { struct bpf_spin_lock lock; int cnt; };
struct { __uint(type, BPF_MAP_TYPE_TASK_STORAGE); __uint(map_flags, BPF_F_NO_PREALLOC); __type(key, int); __type(value, struct val); } ts SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_SK_STORAGE); __uint(map_flags, BPF_F_NO_PREALLOC); __type(key, int); __type(value, struct val); } sks SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_CGRP_STORAGE); __uint(map_flags, BPF_F_NO_PREALLOC); __type(key, int); __type(value, struct val); } cgs SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_INODE_STORAGE); __uint(map_flags, BPF_F_NO_PREALLOC); __type(key, int); __type(value, struct val); } ins SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_CGROUP_STORAGE); __type(key, struct bpf_cgroup_storage_key); __type(value, struct val); } ccs SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE); __type(key, struct bpf_cgroup_storage_key); __type(value, int); } pcs SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct val); __uint(max_entries, 8); } m SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __type(key, int); __type(value, u64); __uint(max_entries, 8); } pa SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERCPU_HASH); __type(key, int); __type(value, u64); __uint(max_entries, 8); } ph SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH); __type(key, int); __type(value, u64); __uint(max_entries, 8); } lph SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); __type(key, int); __type(value, int); __uint(max_entries, 4); } jmp SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_DEVMAP); __type(key, int); __type(value, int); __uint(max_entries, 4); } dm SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_CPUMAP); __type(key, int); __type(value, int); __uint(max_entries, 4); } cm SEC(".maps");
u64 g; u32 seq; int arr[16];
SEC("tp_btf/sys_enter") int ts_lock(void *c) { struct task_struct *t = bpf_get_current_task_btf(); struct val *v = bpf_task_storage_get(&ts, t, 0, 1); if (!v) return 0; bpf_spin_lock(&v->lock); v->cnt++; bpf_spin_unlock(&v->lock); return 0; }
SEC("kprobe/do_nanosleep") int ts_lock_kp(void *c) { struct val *v = bpf_task_storage_get(&ts, bpf_get_current_task_btf(), 0, 1); if (!v) return 0; bpf_spin_lock(&v->lock); bpf_spin_unlock(&v->lock); return 0; }
SEC("kprobe/do_nanosleep") int ts_plain_kp(void *c) { struct val *v = bpf_task_storage_get(&ts, bpf_get_current_task_btf(), 0, 1); return v ? 1 : 0; }
SEC("tp_btf/sys_enter") int ts_nonull(void *c) { struct val *v = bpf_task_storage_get(&ts, bpf_get_current_task_btf(), 0, 1); v->cnt++; return 0; }
SEC("tp_btf/sys_enter") int ts_init(void *c) { struct val i = { .cnt = 3 }; struct val *v = bpf_task_storage_get(&ts, bpf_get_current_task_btf(), &i, 1); return v && v->cnt == 77 ? 0 : 0; }
SEC("tp_btf/sys_enter") int ts_lookup(void *c) { int k = 0; return bpf_map_lookup_elem(&ts, &k) ? 0 : 0; }
SEC("tp_btf/sys_enter") int ts_delete(void *c) { bpf_task_storage_delete(&ts, bpf_get_current_task_btf()); return 0; }
SEC("tc") int sk_lock(struct __sk_buff *s) { struct bpf_sock *sk = s->sk; if (!sk) return 0; sk = bpf_sk_fullsock(sk); if (!sk) return 0; struct val *v = bpf_sk_storage_get(&sks, sk, 0, 1); if (!v) return 0; bpf_spin_lock(&v->lock); v->cnt++; bpf_spin_unlock(&v->lock); return 0; }
SEC("tc") int sk_nonull(struct __sk_buff *s) { struct val *v = bpf_sk_storage_get(&sks, s->sk, 0, 1); return v ? 1 : 0; }
SEC("tc") int sk_common(struct __sk_buff *s) { struct bpf_sock *sk = s->sk; if (!sk) return 0; struct val *v = bpf_sk_storage_get(&sks, sk, 0, 1); return v ? 1 : 0; }
SEC("cgroup_skb/ingress") int cc_lock(struct __sk_buff *s) { struct val *v = bpf_get_local_storage(&ccs, 0); bpf_spin_lock(&v->lock); v->cnt++; bpf_spin_unlock(&v->lock); return 1; }
SEC("cgroup_skb/ingress") int pc_add(struct __sk_buff *s) { int *v = bpf_get_local_storage(&pcs, 0); *v += 1; return 1; }
SEC("xdp") int cc_xdp(void *s) { struct val *v = bpf_get_local_storage(&ccs, 0); v->cnt++; return 1; }
SEC("syscall") int cg_storage(void *c) { struct task_struct *t = bpf_get_current_task_btf(); bpf_rcu_read_lock(); struct val *v = bpf_cgrp_storage_get(&cgs, t->cgroups->dfl_cgrp, 0, 1); if (v) { bpf_spin_lock(&v->lock); v->cnt++; bpf_spin_unlock(&v->lock); } bpf_rcu_read_unlock(); return 0; }
SEC("syscall") int cg_storage_norcu(void *c) { struct task_struct *t = bpf_get_current_task_btf(); struct val *v = bpf_cgrp_storage_get(&cgs, t->cgroups->dfl_cgrp, 0, 1); return v ? 1 : 0; }
SEC("tp_btf/sys_enter") int cg_storage_tp(void *c) { struct val *v = bpf_cgrp_storage_get(&cgs, bpf_get_current_task_btf()->cgroups->dfl_cgrp, 0, 1); return 0; }
SEC("raw_tp/sys_enter") int percpu_inc(void *c) { int k = 0; u64 *v = bpf_map_lookup_elem(&pa, &k); if (v) *v += 1; return 0; }
SEC("raw_tp/sys_enter") int percpu_hash_init(void *c) { int k = bpf_get_smp_processor_id(); u64 one = 1, *v = bpf_map_lookup_elem(&ph, &k); if (v) __sync_fetch_and_add(v, 1); else bpf_map_update_elem(&ph, &k, &one, BPF_NOEXIST); return 0; }
SEC("raw_tp/sys_enter") int percpu_update(void *c) { int k = 0; u64 one = 1; return bpf_map_update_elem(&pa, &k, &one, BPF_ANY); }
SEC("raw_tp/sys_enter") int percpu_sum(void *c) { int k = 0; u64 s = 0; for (int i = 0; i < 4; i++) { u64 *v = bpf_map_lookup_percpu_elem(&pa, &k, i); if (v) s += *v; } g = s; return 0; }
SEC("raw_tp/sys_enter") int lru_percpu(void *c) { int k = 0; u64 *v = bpf_map_lookup_percpu_elem(&lph, &k, 0); if (!v) return 0; *v = 1; return 0; }
static int each(void *map, int *key, u64 *v, u64 *s) { *s += *v; return 0; }
SEC("raw_tp/sys_enter") int each_percpu(void *c) { u64 s = 0; bpf_for_each_map_elem(&pa, each, &s, 0); g = s; return 0; }
SEC("raw_tp/sys_enter") int each_percpu_hash(void *c) { u64 s = 0; bpf_for_each_map_elem(&ph, each, &s, 0); g = s; return 0; }
static int each_del(void *map, int *key, u64 *v, void *s) { bpf_map_delete_elem(map, key); return 0; }
SEC("raw_tp/sys_enter") int each_delete(void *c) { return bpf_for_each_map_elem(&ph, each_del, 0, 0); }
static int each_key(void *map, int *key, u64 *v, void *s) { *key = 3; return 0; }
SEC("raw_tp/sys_enter") int each_key_write(void *c) { return bpf_for_each_map_elem(&ph, each_key, 0, 0); }
SEC("raw_tp/sys_enter") int seqlock_read(void *c) { u64 x = 0; for (int i = 0; i < 8; i++) { u32 a = *(volatile u32 *)&seq; barrier(); x = *(volatile u64 *)&g; barrier(); if (a == *(volatile u32 *)&seq && !(a & 1)) break; } return x > 3; }
SEC("raw_tp/sys_enter") int treiber(void *c) { for (int i = 0; i < 8; i++) { u64 old = *(volatile u64 *)&g; if (__sync_val_compare_and_swap(&g, old, (old << 8) | i) == old) return 1; } return 0; }
SEC("raw_tp/sys_enter") int dekker(void *c) { __sync_lock_test_and_set(&arr[0], 1); return *(volatile int *)&arr[1]; }
SEC("xdp") int redirect(void *c) { return bpf_redirect_map(&dm, 0, 0); }
SEC("xdp") int redirect_cpu(void *c) { return bpf_redirect_map(&cm, bpf_get_smp_processor_id(), 0); }
SEC("xdp") int dm_lookup(void *c) { int k = 0; int *v = bpf_map_lookup_elem(&dm, &k); return v ? *v : 0; }
SEC("xdp") int dm_write(void *c) { int k = 0; int *v = bpf_map_lookup_elem(&dm, &k); if (v) *v = 3; return 0; }
static __noinline int tail_in_sub(struct xdp_md *c) { bpf_tail_call(c, &jmp, 1); return 3; }
SEC("xdp") int tail_sub_locked(struct xdp_md *c) { int k = 0; struct val *v = bpf_map_lookup_elem(&m, &k); if (!v) return 0; bpf_spin_lock(&v->lock); int r = tail_in_sub(c); bpf_spin_unlock(&v->lock); return r; }
static __noinline struct val *get(int k) { return bpf_map_lookup_elem(&m, &k); }
SEC("xdp") int two_gets(struct xdp_md *c) { struct val *a = get(1), *b = get(1); if (!a || !b) return 0; bpf_spin_lock(&a->lock); b->cnt++; bpf_spin_unlock(&a->lock); return 0; }
SEC("xdp") int swap_two(struct xdp_md *c) { struct val *a = get(1), *b = get(2); if (!a || !b) return 0; bpf_spin_lock(&a->lock); bpf_spin_lock(&b->lock); int t = a->cnt; a->cnt = b->cnt; b->cnt = t; bpf_spin_unlock(&b->lock); bpf_spin_unlock(&a->lock); return 0; }
static __noinline int under(struct val *v, int n) { if (n > 100) { bpf_spin_unlock(&v->lock); return 1; } return 0; }
SEC("xdp") int cond_unlock_sub(struct xdp_md *c) { struct val *v = get(1); if (!v) return 0; bpf_spin_lock(&v->lock); if (under(v, v->cnt)) return 0; bpf_spin_unlock(&v->lock); return 0; }
SEC("xdp") int cond_unlock_sub_bad(struct xdp_md *c) { struct val *v = get(1); if (!v) return 0; bpf_spin_lock(&v->lock); under(v, v->cnt); bpf_spin_unlock(&v->lock); return 0; }
__noinline int g_with_ptr(struct val *v) { if (!v) return 0; v->cnt++; return v->cnt; }
SEC("xdp") int global_ptr(struct xdp_md *c) { struct val *v = get(1); if (!v) return 0; return g_with_ptr(v); }
__noinline int g_locks(struct val *v) { if (!v) return 0; bpf_spin_lock(&v->lock); bpf_spin_unlock(&v->lock); return 0; }
SEC("xdp") int global_locks_arg(struct xdp_md *c) { struct val *v = get(1); if (!v) return 0; return g_locks(v); }
static int cbk(u32 i, struct val **p) { bpf_spin_lock(&(*p)->lock); (*p)->cnt++; bpf_spin_unlock(&(*p)->lock); return 0; }
SEC("xdp") int cb_ptr(struct xdp_md *c) { struct val *v = get(1); if (!v) return 0; bpf_loop(4, cbk, &v, 0); return 0; }
static int cb_outer(u32 i, void *p) { int s = 0; bpf_loop(3, cbk, p, 0); return 0; }
SEC("xdp") int cb_nested(struct xdp_md *c) { struct val *v = get(1); if (!v) return 0; bpf_loop(4, cb_outer, &v, 0); return 0; }
static int cb_unlock(u32 i, struct val **p) { bpf_spin_unlock(&(*p)->lock); return 1; }
SEC("xdp") int cb_unlocks(struct xdp_md *c) { struct val *v = get(1); if (!v) return 0; bpf_spin_lock(&v->lock); bpf_loop(1, cb_unlock, &v, 0); return 0; }
SEC("xdp") int lock_cmp(struct xdp_md *c) { struct val *a = get(1), *b = get(2); if (!a || !b) return 0; struct val *f = c->ingress_ifindex ? a : b; bpf_spin_lock(&f->lock); f->cnt++; bpf_spin_unlock(&f->lock); return 0; }
SEC("xdp") int lock_cmp_bad(struct xdp_md *c) { struct val *a = get(1), *b = get(2); if (!a || !b) return 0; struct val *f = c->ingress_ifindex ? a : b; bpf_spin_lock(&f->lock); f->cnt++; bpf_spin_unlock(&a->lock); return 0; }
SEC("xdp") int lock_in_loop_carry(struct xdp_md *c) { struct val *p = 0; for (int i = 0; i < 4; i++) { struct val *v = get(i); if (!v) break; if (p) bpf_spin_unlock(&p->lock); bpf_spin_lock(&v->lock); p = v; } if (p) bpf_spin_unlock(&p->lock); return 0; }
