// A counter of one CPU, and a program that an interrupt runs between its load and its store.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#define WORK 32 /* private instructions between load and store */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

SEC("raw_tp")
int add_slowly(void *ctx)
{
	__u32 key = 0;
	__u64 seen, x, *count = bpf_map_lookup_elem(&counters, &key);

	if (!count)
		return 0;
	x = seen = READ_ONCE(*count);
	for (int i = 0; i < WORK; i++) {
		x = x * 6364136223846793005ULL + 1;
		barrier_var(x);
	}
	WRITE_ONCE(*count, seen + 1);
	return x & 1;
}

SEC("raw_tp")
int add_atomically(void *ctx)
{
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_elem(&counters, &key);

	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}

SEC("raw_tp")
int strike(void *ctx)
{
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_elem(&counters, &key);

	if (count)
		*(volatile __u64 *)count += 1;
	return 0;
}
