// A long run that writes into the inner map it has found, beat by beat, while user space puts another map in its place.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#define BEATS 40

struct counters {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} inner SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct counters);
} outer SEC(".maps") = {
	.values = { [0] = &inner },
};

__u64 turns = 1; /* how long a beat takes: about a microsecond for each */
__u64 beats, done;

struct held {
	__u64 *count;
};

static long busy(__u32 index, void *ctx)
{
	__u64 x = index;

	for (int i = 0; i < 256; i++) {
		x = x * 6364136223846793005ULL + 1;
		barrier_var(x);
	}
	return 0;
}

static long beat(__u32 index, struct held *held)
{
	__sync_fetch_and_add(held->count, 1);
	__sync_fetch_and_add(&beats, 1);
	bpf_loop(turns, busy, NULL, 0);
	return 0;
}

static __always_inline int hold(void)
{
	__u32 key = 0;
	struct held held;
	void *map = bpf_map_lookup_elem(&outer, &key);

	if (!map)
		return 0;
	held.count = bpf_map_lookup_elem(map, &key);
	if (!held.count)
		return 0;
	bpf_loop(BEATS, beat, &held, 0);
	__sync_fetch_and_add(&done, 1);
	return 0;
}

SEC("raw_tp")
int hold_raw(void *ctx)
{
	return hold();
}

SEC("syscall")
int hold_sleepable(void *ctx)
{
	return hold();
}
