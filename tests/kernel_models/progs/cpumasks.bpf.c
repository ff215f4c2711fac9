// Masks of CPUs: made, changed bit by bit and word by word, kept in a map.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

extern struct bpf_cpumask *bpf_cpumask_create(void) __ksym;
extern void bpf_cpumask_release(struct bpf_cpumask *mask) __ksym;
extern struct bpf_cpumask *bpf_cpumask_acquire(struct bpf_cpumask *mask) __ksym;
extern u32 bpf_cpumask_first(const struct cpumask *mask) __ksym;
extern u32 bpf_cpumask_first_zero(const struct cpumask *mask) __ksym;
extern void bpf_cpumask_set_cpu(u32 cpu, struct bpf_cpumask *mask) __ksym;
extern void bpf_cpumask_clear_cpu(u32 cpu, struct bpf_cpumask *mask) __ksym;
extern bool bpf_cpumask_test_cpu(u32 cpu, const struct cpumask *mask) __ksym;
extern bool bpf_cpumask_test_and_set_cpu(u32 cpu, struct bpf_cpumask *mask) __ksym;
extern bool bpf_cpumask_test_and_clear_cpu(u32 cpu, struct bpf_cpumask *mask) __ksym;
extern void bpf_cpumask_setall(struct bpf_cpumask *mask) __ksym;
extern void bpf_cpumask_clear(struct bpf_cpumask *mask) __ksym;
extern bool bpf_cpumask_and(struct bpf_cpumask *dst, const struct cpumask *a, const struct cpumask *b) __ksym;
extern void bpf_cpumask_or(struct bpf_cpumask *dst, const struct cpumask *a, const struct cpumask *b) __ksym;
extern bool bpf_cpumask_equal(const struct cpumask *a, const struct cpumask *b) __ksym;
extern bool bpf_cpumask_intersects(const struct cpumask *a, const struct cpumask *b) __ksym;
extern bool bpf_cpumask_subset(const struct cpumask *a, const struct cpumask *b) __ksym;
extern bool bpf_cpumask_empty(const struct cpumask *mask) __ksym;
extern bool bpf_cpumask_full(const struct cpumask *mask) __ksym;
extern u32 bpf_cpumask_weight(const struct cpumask *mask) __ksym;
extern u32 bpf_cpumask_any_distribute(const struct cpumask *mask) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;
extern void bpf_rcu_read_unlock(void) __ksym;

char LICENSE[] SEC("license") = "GPL";

long results[16];

static const struct cpumask *of(struct bpf_cpumask *mask)
{
	return (const struct cpumask *)mask;
}

SEC("syscall") int masks(void *ctx)
{
	struct bpf_cpumask *a = bpf_cpumask_create(), *b = bpf_cpumask_create();

	if (a && b) {
		results[0] = bpf_cpumask_empty(of(a));
		bpf_cpumask_set_cpu(1, a);
		results[1] = bpf_cpumask_first(of(a)) * 10 + bpf_cpumask_first_zero(of(a));
		results[2] = bpf_cpumask_test_and_set_cpu(0, a) * 10 + bpf_cpumask_test_and_set_cpu(0, a);
		results[3] = bpf_cpumask_full(of(a)) * 10 + bpf_cpumask_weight(of(a));
		bpf_cpumask_set_cpu(100000, a);
		results[4] = bpf_cpumask_weight(of(a));
		bpf_cpumask_set_cpu(0, b);
		results[5] = bpf_cpumask_subset(of(b), of(a)) * 10 + bpf_cpumask_subset(of(a), of(b));
		results[6] = bpf_cpumask_intersects(of(b), of(a)) * 10 + bpf_cpumask_equal(of(a), of(b));
		results[7] = bpf_cpumask_and(b, of(a), of(b));
		bpf_cpumask_clear_cpu(0, a);
		results[8] = bpf_cpumask_and(b, of(a), of(b)) * 10 + bpf_cpumask_empty(of(b));
		bpf_cpumask_or(b, of(a), of(b));
		results[9] = bpf_cpumask_test_cpu(1, of(b)) * 10 + bpf_cpumask_test_cpu(0, of(b));
		results[10] = bpf_cpumask_any_distribute(of(b));
		bpf_cpumask_setall(b);
		results[11] = bpf_cpumask_full(of(b));
		bpf_cpumask_clear(b);
		results[12] = bpf_cpumask_test_and_clear_cpu(0, b) * 10 + bpf_cpumask_empty(of(b));
	}
	if (a)
		bpf_cpumask_release(a);
	if (b)
		bpf_cpumask_release(b);
	return 0;
}

struct bpf_cpumask __kptr *shared;

SEC("syscall") int makes(void *ctx)
{
	struct bpf_cpumask *mask = bpf_cpumask_create(), *old;

	if (!mask)
		return 0;
	old = bpf_kptr_xchg(&shared, mask);
	if (old)
		bpf_cpumask_release(old);
	return 0;
}

/* Marks its own CPU in the mask that all share. */
static int mark(u32 cpu)
{
	struct bpf_cpumask *mask;

	bpf_rcu_read_lock();
	mask = shared;
	if (mask)
		bpf_cpumask_set_cpu(cpu, mask);
	bpf_rcu_read_unlock();
	return 0;
}

SEC("syscall") int mark_zero(void *ctx) { return mark(0); }
SEC("syscall") int mark_one(void *ctx) { return mark(1); }
