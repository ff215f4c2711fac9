// Programs that lose updates, and programs whose end is another one although nothing is lost.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} recent SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} latency SEC(".maps");

volatile __u64 racy_total, exact_total, tried_total;
volatile __u32 flags, lock, on, turn, last_cpu;
__u64 handled, passed;

SEC("tc")
int racy(void *ctx)
{
	racy_total += 1;
	return 0;
}

SEC("tc")
int racy_by_three(void *ctx)
{
	racy_total += 3;
	return 0;
}

/* What one run has read, the next one does not build on. */
SEC("tc")
int set_after_look(void *ctx)
{
	if (__sync_fetch_and_add(&turn, 1) & 1)
		racy_total = 9;
	else
		last_cpu = racy_total;
	return 0;
}

SEC("tc")
int atomic(void *ctx)
{
	__sync_fetch_and_add(&exact_total, 1);
	return 0;
}

SEC("tc")
int flag(void *ctx)
{
	flags |= 1;
	return 0;
}

/* Who finds the lock taken goes without: those updates were never made. */
SEC("tc")
int trylock(void *ctx)
{
	if (__sync_val_compare_and_swap(&lock, 0, 1) == 0) {
		tried_total += 1;
		__sync_lock_test_and_set(&lock, 0);
	}
	return 0;
}

/* The switch and its packets are those of a report about a figure that was wrong. */
SEC("tc")
int enable(void *ctx)
{
	__sync_lock_test_and_set(&on, 1);
	return 0;
}

SEC("tc")
int packet(void *ctx)
{
	if (on)
		__sync_fetch_and_add(&handled, 1);
	else
		__sync_fetch_and_add(&passed, 1);
	return 0;
}

SEC("tc")
int timed(void *ctx)
{
	__u64 from = bpf_ktime_get_ns(), *sum;
	__u32 key = 0;

	__sync_fetch_and_add(&exact_total, 1);
	last_cpu = bpf_get_smp_processor_id();
	sum = bpf_map_lookup_elem(&latency, &key);
	if (sum)
		*sum += bpf_ktime_get_ns() - from;
	return 0;
}

SEC("tc")
int sampled(void *ctx)
{
	if ((bpf_get_prandom_u32() & 7) == 5)
		__sync_fetch_and_add(&handled, 1);
	return 0;
}

/* More keys than places: entries come and go. */
SEC("tc")
int evicting(void *ctx)
{
	__u32 key = __sync_fetch_and_add(&turn, 1) * 7 % 11;
	__u64 one = 1, *count = bpf_map_lookup_elem(&recent, &key);

	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&recent, &key, &one, BPF_ANY);
	return 0;
}
