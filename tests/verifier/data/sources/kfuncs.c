// Kernel functions around concurrency: resilient locks, RCU sections, preemption, interrupts, counted loops.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
#define KSYM __attribute__((section(".ksyms")))
extern int bpf_res_spin_lock(struct bpf_res_spin_lock *lock) KSYM;
extern void bpf_res_spin_unlock(struct bpf_res_spin_lock *lock) KSYM;
extern int bpf_res_spin_lock_irqsave(struct bpf_res_spin_lock *lock, unsigned long *flags) KSYM;
extern void bpf_res_spin_unlock_irqrestore(struct bpf_res_spin_lock *lock, unsigned long *flags) KSYM;
extern void bpf_rcu_read_lock(void) KSYM;
extern void bpf_rcu_read_unlock(void) KSYM;
extern void bpf_preempt_disable(void) KSYM;
extern void bpf_preempt_enable(void) KSYM;
extern void bpf_local_irq_save(unsigned long *flags) KSYM;
extern void bpf_local_irq_restore(unsigned long *flags) KSYM;
struct bpf_iter_num { __u64 opaque[1]; } __attribute__((aligned(8)));
extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) KSYM;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) KSYM;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) KSYM;
struct val { struct bpf_res_spin_lock lock; int cnt; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct val); __uint(max_entries, 16); } m SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __type(key, int); __type(value, struct val); __uint(max_entries, 16); } pm SEC(".maps");
int total; __u64 slots[8]; char text[16];
static struct val *get(int key) { return bpf_map_lookup_elem(&m, &key); }
#define PROG(name) SEC("tc") int name(struct __sk_buff *ctx)
PROG(res_checked) { struct val *v = get(1); if (!v) return 0; if (bpf_res_spin_lock(&v->lock)) return 0; v->cnt++; bpf_res_spin_unlock(&v->lock); return 0; }
PROG(res_unchecked) { struct val *v = get(1); if (!v) return 0; bpf_res_spin_lock(&v->lock); v->cnt++; bpf_res_spin_unlock(&v->lock); return 0; }
PROG(res_kept) { struct val *v = get(1); if (!v) return 0; if (bpf_res_spin_lock(&v->lock)) return 0; v->cnt++; return 0; }
PROG(res_same_twice) { struct val *v = get(1); if (!v) return 0; if (bpf_res_spin_lock(&v->lock)) return 0; if (!bpf_res_spin_lock(&v->lock)) bpf_res_spin_unlock(&v->lock); bpf_res_spin_unlock(&v->lock); return 0; }
PROG(res_out_of_order) { struct val *a = get(1), *b = get(2); if (!a || !b) return 0; if (bpf_res_spin_lock(&a->lock)) return 0; if (bpf_res_spin_lock(&b->lock)) { bpf_res_spin_unlock(&a->lock); return 0; } bpf_res_spin_unlock(&a->lock); bpf_res_spin_unlock(&b->lock); return 0; }
PROG(res_helper_inside) { struct val *v = get(1); if (!v) return 0; if (bpf_res_spin_lock(&v->lock)) return 0; v->cnt = bpf_get_prandom_u32(); bpf_res_spin_unlock(&v->lock); return 0; }
PROG(res_irqsave) { unsigned long f; struct val *v = get(1); if (!v) return 0; if (bpf_res_spin_lock_irqsave(&v->lock, &f)) return 0; v->cnt++; bpf_res_spin_unlock_irqrestore(&v->lock, &f); return 0; }
PROG(res_on_stack) { struct bpf_res_spin_lock l = {}; if (bpf_res_spin_lock(&l)) return 0; bpf_res_spin_unlock(&l); return 0; }
PROG(res_percpu) { int k = 0; struct val *v = bpf_map_lookup_elem(&pm, &k); if (!v) return 0; if (bpf_res_spin_lock(&v->lock)) return 0; bpf_res_spin_unlock(&v->lock); return 0; }
PROG(res_unlock_only) { struct val *v = get(1); if (!v) return 0; bpf_res_spin_unlock(&v->lock); return 0; }
PROG(res_no_null_check) { struct val *v = get(1); if (bpf_res_spin_lock(&v->lock)) return 0; bpf_res_spin_unlock(&v->lock); return 0; }
PROG(res_plain_unlock) { struct val *v = get(1); if (!v) return 0; if (bpf_res_spin_lock(&v->lock)) return 0; bpf_spin_unlock((void *)&v->lock); return 0; }
PROG(rcu) { bpf_rcu_read_lock(); total++; bpf_rcu_read_unlock(); return 0; }
PROG(rcu_kept) { bpf_rcu_read_lock(); total++; return 0; }
PROG(rcu_unlock_only) { bpf_rcu_read_unlock(); return 0; }
PROG(rcu_nested) { bpf_rcu_read_lock(); bpf_rcu_read_lock(); bpf_rcu_read_unlock(); bpf_rcu_read_unlock(); return 0; }
SEC("syscall") int rcu_sleeps(void *ctx) { bpf_rcu_read_lock(); bpf_copy_from_user(text, 16, 0); bpf_rcu_read_unlock(); return 0; }
PROG(preempt) { bpf_preempt_disable(); total++; bpf_preempt_enable(); return 0; }
PROG(preempt_kept) { bpf_preempt_disable(); total++; return 0; }
PROG(preempt_enable_only) { bpf_preempt_enable(); return 0; }
PROG(preempt_nested) { bpf_preempt_disable(); bpf_preempt_disable(); bpf_preempt_enable(); bpf_preempt_enable(); return 0; }
SEC("syscall") int preempt_sleeps(void *ctx) { bpf_preempt_disable(); bpf_copy_from_user(text, 16, 0); bpf_preempt_enable(); return 0; }
PROG(preempt_helper) { bpf_preempt_disable(); total = bpf_get_smp_processor_id(); bpf_preempt_enable(); return 0; }
__attribute__((noinline)) int g_add(int x) { return x + total; }
PROG(preempt_global) { int r; bpf_preempt_disable(); r = g_add(1); bpf_preempt_enable(); return r; }
PROG(irq) { unsigned long f; bpf_local_irq_save(&f); total++; bpf_local_irq_restore(&f); return 0; }
PROG(irq_kept) { unsigned long f; bpf_local_irq_save(&f); total++; return 0; }
PROG(irq_restore_only) { unsigned long f = 0; bpf_local_irq_restore(&f); return 0; }
PROG(irq_restore_twice) { unsigned long f; bpf_local_irq_save(&f); bpf_local_irq_restore(&f); bpf_local_irq_restore(&f); return 0; }
PROG(irq_out_of_order) { unsigned long f, g; bpf_local_irq_save(&f); bpf_local_irq_save(&g); bpf_local_irq_restore(&f); bpf_local_irq_restore(&g); return 0; }
PROG(irq_nested) { unsigned long f, g; bpf_local_irq_save(&f); bpf_local_irq_save(&g); bpf_local_irq_restore(&g); bpf_local_irq_restore(&f); return 0; }
PROG(irq_flag_written) { unsigned long f; bpf_local_irq_save(&f); *(volatile unsigned long *)&f = 0; bpf_local_irq_restore(&f); return 0; }
SEC("syscall") int irq_sleeps(void *ctx) { unsigned long f; bpf_local_irq_save(&f); bpf_copy_from_user(text, 16, 0); bpf_local_irq_restore(&f); return 0; }
PROG(iter) { struct bpf_iter_num it; int *v, s = 0; bpf_iter_num_new(&it, 0, 10); while ((v = bpf_iter_num_next(&it))) s += *v; bpf_iter_num_destroy(&it); return s; }
PROG(iter_index) { struct bpf_iter_num it; int *v; bpf_iter_num_new(&it, 0, 8); while ((v = bpf_iter_num_next(&it))) slots[*v]++; bpf_iter_num_destroy(&it); return 0; }
PROG(iter_index_checked) { struct bpf_iter_num it; int *v; bpf_iter_num_new(&it, 0, 8); while ((v = bpf_iter_num_next(&it))) { unsigned i = *v; if (i < 8) slots[i]++; } bpf_iter_num_destroy(&it); return 0; }
PROG(iter_kept) { struct bpf_iter_num it; bpf_iter_num_new(&it, 0, 8); bpf_iter_num_next(&it); return 0; }
PROG(iter_unchecked) { struct bpf_iter_num it; bpf_iter_num_new(&it, 0, 8); total = *bpf_iter_num_next(&it); bpf_iter_num_destroy(&it); return 0; }
PROG(iter_uninit) { struct bpf_iter_num it; bpf_iter_num_next(&it); return 0; }
PROG(iter_written) { struct bpf_iter_num it; int *v; bpf_iter_num_new(&it, 0, 8); if ((v = bpf_iter_num_next(&it))) *v = 1; bpf_iter_num_destroy(&it); return 0; }
PROG(iter_lock_inside) { struct bpf_iter_num it; int *p; bpf_iter_num_new(&it, 0, 8); while ((p = bpf_iter_num_next(&it))) { struct val *v = get(1); if (!v) continue; if (bpf_res_spin_lock(&v->lock)) continue; v->cnt++; bpf_res_spin_unlock(&v->lock); } bpf_iter_num_destroy(&it); return 0; }
