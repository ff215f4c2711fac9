// Maps in maps, and counters that are raised in rotation: in a true snapshot they differ by at most one.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} front SEC(".maps"), back SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, __u64);
} other_shape SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct inner);
} outer SEC(".maps") = {
	.values = { [0] = &front },
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct inner);
} outer_hash SEC(".maps") = {
	.values = { [0] = &front },
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} turns_ar SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} turns_hp SEC(".maps");

__u64 turn, two_maps, empty;

static __always_inline void raise(void *map)
{
	__u32 key = turn++ % 2;
	__u64 *count = bpf_map_lookup_elem(map, &key);

	if (count)
		*(volatile __u64 *)count += 1;
}

SEC("raw_tp")
int rotate_ar(void *ctx)
{
	raise(&turns_ar);
	return 0;
}

SEC("raw_tp")
int rotate_hp(void *ctx)
{
	raise(&turns_hp);
	return 0;
}

#define PROGRAMS(name, map)                                                                                            \
	SEC("raw_tp") int rotate_##name(void *ctx)                                                                     \
	{                                                                                                              \
		__u32 slot = 0;                                                                                        \
		void *inner = bpf_map_lookup_elem(&map, &slot);                                                        \
                                                                                                                       \
		if (inner)                                                                                             \
			raise(inner);                                                                                  \
		else                                                                                                   \
			empty = 1;                                                                                     \
		return 0;                                                                                              \
	}                                                                                                              \
	SEC("syscall") int rotate_##name##_sleepable(void *ctx)                                                        \
	{                                                                                                              \
		__u32 slot = 0;                                                                                        \
		void *inner = bpf_map_lookup_elem(&map, &slot);                                                        \
                                                                                                                       \
		if (inner)                                                                                             \
			raise(inner);                                                                                  \
		return 0;                                                                                              \
	}

PROGRAMS(outer, outer)
PROGRAMS(outer_hash, outer_hash)

/* Looks the outer map up twice in one run. */
SEC("raw_tp")
int look_twice(void *ctx)
{
	__u32 slot = 0;
	void *first = bpf_map_lookup_elem(&outer, &slot);
	void *second = bpf_map_lookup_elem(&outer, &slot);
	__u32 key = 0;
	__u64 *a, *b;

	if (!first || !second)
		return 0;
	a = bpf_map_lookup_elem(first, &key);
	b = bpf_map_lookup_elem(second, &key);
	if (a && b && a != b)
		two_maps = 1;
	return 0;
}
