#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct val { struct bpf_spin_lock lock; int cnt; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, struct val); __uint(max_entries, 4); } h SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, __u64); __uint(max_entries, 4); } arr SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); __type(key, int); __type(value, int); __uint(max_entries, 4); } jmp SEC(".maps");
#define GET int key = 0; struct val *v = bpf_map_lookup_elem(&h, &key); if (!v) return 0;
SEC("tc") int rcu_ok(void *c) { bpf_rcu_read_lock(); bpf_rcu_read_unlock(); return 0; }
SEC("syscall") int rcu_sleep_inside(void *c) { char b[8]; bpf_rcu_read_lock(); bpf_copy_from_user(b, 8, c); bpf_rcu_read_unlock(); return 0; }
SEC("syscall") int rcu_missing(void *c) { bpf_rcu_read_lock(); return 0; }
SEC("syscall") int rcu_extra(void *c) { bpf_rcu_read_unlock(); return 0; }
SEC("syscall") int rcu_nested(void *c) { bpf_rcu_read_lock(); bpf_rcu_read_lock(); bpf_rcu_read_unlock(); bpf_rcu_read_unlock(); return 0; }
SEC("syscall") int rcu_branch(int *c) { int x = bpf_get_prandom_u32(); bpf_rcu_read_lock(); if (x == 4) return 0; bpf_rcu_read_unlock(); return 0; }
SEC("syscall") int rcu_then_lock(void *c) { bpf_rcu_read_lock(); int key = 0; struct val *v = bpf_map_lookup_elem(&h, &key); if (v) { bpf_spin_lock(&v->lock); v->cnt++; bpf_spin_unlock(&v->lock); } bpf_rcu_read_unlock(); return 0; }
SEC("syscall") int rcu_under_lock(void *c) { GET bpf_spin_lock(&v->lock); bpf_rcu_read_lock(); bpf_rcu_read_unlock(); bpf_spin_unlock(&v->lock); return 0; }
SEC("syscall") int value_after_rcu(void *c) { bpf_rcu_read_lock(); int key = 0; struct val *v = bpf_map_lookup_elem(&h, &key); bpf_rcu_read_unlock(); if (v) v->cnt++; return 0; }
static __noinline int in_sub(void) { bpf_rcu_read_lock(); return 0; }
static __noinline int out_sub(void) { bpf_rcu_read_unlock(); return 0; }
SEC("syscall") int rcu_in_sub(void *c) { in_sub(); out_sub(); return 0; }
__noinline int gsub(int x) { return x + 1; }
SEC("syscall") int rcu_global(void *c) { bpf_rcu_read_lock(); int r = gsub(3); bpf_rcu_read_unlock(); return r > 2; }
__noinline int gsleeps(int x) { char b[8] = {}; bpf_copy_from_user(b, 8, (void *)(long)x); return b[0]; }
SEC("syscall") int rcu_global_sleeps(void *c) { bpf_rcu_read_lock(); int r = gsleeps(3); bpf_rcu_read_unlock(); return r > 2; }
SEC("syscall") int lock_then_sleep(void *c) { GET char b[8]; bpf_spin_lock(&v->lock); bpf_copy_from_user(b, 8, c); bpf_spin_unlock(&v->lock); return 0; }
SEC("syscall") int preempt_ok(void *c) { bpf_preempt_disable(); bpf_preempt_disable(); bpf_preempt_enable(); bpf_preempt_enable(); return 0; }
SEC("syscall") int preempt_missing(void *c) { bpf_preempt_disable(); return 0; }
SEC("syscall") int preempt_sleep(void *c) { char b[8]; bpf_preempt_disable(); bpf_copy_from_user(b, 8, c); bpf_preempt_enable(); return 0; }
SEC("syscall") int preempt_global(void *c) { bpf_preempt_disable(); int r = gsub(3); bpf_preempt_enable(); return r > 2; }
SEC("syscall") int preempt_global_sleep(void *c) { bpf_preempt_disable(); int r = gsleeps(3); bpf_preempt_enable(); return r > 2; }
SEC("tc") int preempt_tail(struct __sk_buff *c) { bpf_preempt_disable(); bpf_tail_call(c, &jmp, 0); bpf_preempt_enable(); return 0; }
SEC("tc") int rcu_tail(struct __sk_buff *c) { bpf_rcu_read_lock(); bpf_tail_call(c, &jmp, 0); bpf_rcu_read_unlock(); return 0; }
SEC("tc") int irq_ok(struct __sk_buff *c) { unsigned long f; bpf_local_irq_save(&f); bpf_local_irq_restore(&f); return 0; }
SEC("tc") int irq_missing(struct __sk_buff *c) { unsigned long f; bpf_local_irq_save(&f); return 0; }
SEC("tc") int irq_wrong_order(struct __sk_buff *c) { unsigned long f, g; bpf_local_irq_save(&f); bpf_local_irq_save(&g); bpf_local_irq_restore(&f); bpf_local_irq_restore(&g); return 0; }
SEC("tc") int irq_uninit(struct __sk_buff *c) { unsigned long f; bpf_local_irq_restore(&f); return 0; }
SEC("tc") int irq_overwritten(struct __sk_buff *c) { unsigned long f; bpf_local_irq_save(&f); f = 3; bpf_local_irq_restore(&f); return 0; }
SEC("syscall") int irq_sleep(void *c) { unsigned long f; char b[8]; bpf_local_irq_save(&f); bpf_copy_from_user(b, 8, c); bpf_local_irq_restore(&f); return 0; }
SEC("syscall") int irq_global(void *c) { unsigned long f; bpf_local_irq_save(&f); int r = gsub(3); bpf_local_irq_restore(&f); return r > 2; }
static int cb(__u32 i, void *c) { bpf_rcu_read_lock(); return 0; }
SEC("syscall") int rcu_in_callback(void *c) { bpf_loop(3, cb, 0, 0); return 0; }
static int cb2(__u32 i, void *c) { char b[8]; bpf_copy_from_user(b, 8, 0); return 0; }
SEC("syscall") int sleep_in_callback(void *c) { bpf_loop(3, cb2, 0, 0); return 0; }
SEC("syscall") int rcu_loop_sleep(void *c) { bpf_rcu_read_lock(); bpf_loop(3, cb2, 0, 0); bpf_rcu_read_unlock(); return 0; }
SEC("kprobe/do_nanosleep") int rcu_kprobe(void *c) { bpf_rcu_read_lock(); bpf_rcu_read_unlock(); return 0; }
SEC("socket") int preempt_socket(void *c) { bpf_preempt_disable(); bpf_preempt_enable(); return 0; }
SEC("raw_tp") int irq_raw(void *c) { unsigned long f; bpf_local_irq_save(&f); bpf_local_irq_restore(&f); return 0; }
SEC("uprobe.s") int copy_uprobe_s(void *c) { char b[8]; return bpf_copy_from_user(b, 8, 0); }
SEC("uprobe") int copy_uprobe(void *c) { char b[8]; return bpf_copy_from_user(b, 8, 0); }
