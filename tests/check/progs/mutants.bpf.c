// Correct programs, and each with one thing wrong: an atomic made plain, a lock forgotten on one path, a flag left out.
// The mutant of `x_right` is `x_mutant`; the line that differs has a comment.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct both { struct bpf_spin_lock lock; __u64 sum; __u64 count; };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct both);
} shared SEC(".maps");

struct tally { __u64 sum; __u64 count; };

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct tally);
} table SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} own SEC(".maps");

__u64 total, taken, odd, slots[64];
__s64 budget;
int claimed;

#define STATE                                                  \
	__u32 zero = 0;                                        \
	struct both *s = bpf_map_lookup_elem(&shared, &zero); \
	if (!s)                                                \
		return 0

SEC("raw_tp/sys_enter")
int atomic_made_plain_right(void *ctx)
{
	__sync_fetch_and_add(&total, 3);
	return 0;
}

SEC("raw_tp/sys_enter")
int atomic_made_plain_mutant(void *ctx)
{
	total += 3; /* plain */
	return 0;
}

SEC("tc")
int one_field_plain_right(void *ctx)
{
	__u32 key = bpf_get_prandom_u32() & 1;
	struct tally *n = bpf_map_lookup_elem(&table, &key);

	if (!n)
		return 0;
	__sync_fetch_and_add(&n->sum, 7);
	__sync_fetch_and_add(&n->count, 1);
	return 0;
}

SEC("tc")
int one_field_plain_mutant(void *ctx)
{
	__u32 key = bpf_get_prandom_u32() & 1;
	struct tally *n = bpf_map_lookup_elem(&table, &key);

	if (!n)
		return 0;
	__sync_fetch_and_add(&n->sum, 7);
	n->count++; /* plain */
	return 0;
}

SEC("tc")
int lock_on_every_path_right(void *ctx)
{
	STATE;
	if (bpf_get_smp_processor_id() == 0) {
		bpf_spin_lock(&s->lock);
		s->sum += 1;
		bpf_spin_unlock(&s->lock);
	} else {
		bpf_spin_lock(&s->lock);
		s->sum += 2;
		bpf_spin_unlock(&s->lock);
	}
	return 0;
}

SEC("tc")
int lock_on_every_path_mutant(void *ctx)
{
	STATE;
	if (bpf_get_smp_processor_id() == 0) {
		bpf_spin_lock(&s->lock);
		s->sum += 1;
		bpf_spin_unlock(&s->lock);
	} else {
		s->sum += 2; /* no lock here */
	}
	return 0;
}

SEC("tc")
int unlocked_after_both_right(void *ctx)
{
	STATE;
	bpf_spin_lock(&s->lock);
	s->sum += 5;
	s->count += 1;
	bpf_spin_unlock(&s->lock);
	return 0;
}

SEC("tc")
int unlocked_after_both_mutant(void *ctx)
{
	STATE;
	bpf_spin_lock(&s->lock);
	s->sum += 5;
	bpf_spin_unlock(&s->lock); /* too early */
	s->count += 1;
	return 0;
}

SEC("tc")
int read_under_lock_right(void *ctx)
{
	__u64 sum, count;

	STATE;
	bpf_spin_lock(&s->lock);
	sum = s->sum;
	count = s->count;
	bpf_spin_unlock(&s->lock);
	if (sum != 5 * count)
		__sync_fetch_and_add(&odd, 1);
	return 0;
}

SEC("tc")
int read_under_lock_mutant(void *ctx)
{
	__u64 sum, count;

	STATE;
	sum = READ_ONCE(s->sum); /* no lock */
	count = READ_ONCE(s->count);
	if (sum != 5 * count)
		__sync_fetch_and_add(&odd, 1);
	return 0;
}

SEC("tc")
int insert_once_right(void *ctx)
{
	__u32 key = 0;
	struct tally first = {}, *n = bpf_map_lookup_elem(&table, &key);

	if (!n) {
		bpf_map_update_elem(&table, &key, &first, BPF_NOEXIST);
		n = bpf_map_lookup_elem(&table, &key);
		if (!n)
			return 0;
	}
	__sync_fetch_and_add(&n->count, 1);
	return 0;
}

SEC("tc")
int insert_once_mutant(void *ctx)
{
	__u32 key = 0;
	struct tally first = {}, *n = bpf_map_lookup_elem(&table, &key);

	if (!n) {
		bpf_map_update_elem(&table, &key, &first, BPF_ANY); /* replaces */
		n = bpf_map_lookup_elem(&table, &key);
		if (!n)
			return 0;
	}
	__sync_fetch_and_add(&n->count, 1);
	return 0;
}

SEC("tc")
int reset_with_lock_right(void *ctx)
{
	__u32 zero = 0;
	struct both fresh = { .sum = 10, .count = 2 };

	bpf_map_update_elem(&shared, &zero, &fresh, BPF_F_LOCK);
	return 0;
}

SEC("tc")
int reset_with_lock_mutant(void *ctx)
{
	__u32 zero = 0;
	struct both fresh = { .sum = 10, .count = 2 };

	bpf_map_update_elem(&shared, &zero, &fresh, BPF_ANY); /* no BPF_F_LOCK */
	return 0;
}

SEC("raw_tp/sys_exit")
int take_in_one_step_right(void *ctx)
{
	__u64 all = __sync_lock_test_and_set(&total, 0);
	__sync_fetch_and_add(&taken, all);
	return 0;
}

SEC("raw_tp/sys_exit")
int take_in_one_step_mutant(void *ctx)
{
	__u64 all = READ_ONCE(total); /* two steps */

	WRITE_ONCE(total, 0);
	__sync_fetch_and_add(&taken, all);
	return 0;
}

SEC("raw_tp/sys_enter")
int claim_once_right(void *ctx)
{
	if (__sync_val_compare_and_swap(&claimed, 0, 1) == 0)
		__sync_fetch_and_sub(&budget, 1);
	return 0;
}

SEC("raw_tp/sys_enter")
int claim_once_mutant(void *ctx)
{
	if (READ_ONCE(claimed) == 0) { /* a test, then a store */
		WRITE_ONCE(claimed, 1);
		__sync_fetch_and_sub(&budget, 1);
	}
	return 0;
}

SEC("raw_tp/sys_enter")
int own_slot_right(void *ctx)
{
	slots[bpf_get_smp_processor_id() & 63] += 1;
	return 0;
}

SEC("raw_tp/sys_enter")
int own_slot_mutant(void *ctx)
{
	slots[bpf_get_smp_processor_id() & 0] += 1; /* one slot for all */
	return 0;
}

SEC("uprobe")
int own_value_right(void *ctx)
{
	__u32 zero = 0;
	__u64 *mine = bpf_map_lookup_elem(&own, &zero);

	if (!mine)
		return 0;
	__sync_fetch_and_add(mine, 1);
	return 0;
}

SEC("uprobe")
int own_value_mutant(void *ctx)
{
	__u32 zero = 0;
	__u64 *mine = bpf_map_lookup_elem(&own, &zero);

	if (!mine)
		return 0;
	*mine += 1; /* plain, and tasks preempt each other */
	return 0;
}
