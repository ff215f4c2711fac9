// One increment, done in every way of the document.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct locked {
	struct bpf_spin_lock lock;
	__u32 count;
};

#define MAP(name, map_type, value_type)                                                                                \
	struct {                                                                                                       \
		__uint(type, map_type);                                                                                \
		__uint(max_entries, 4);                                                                                \
		__type(key, __u32);                                                                                    \
		__type(value, value_type);                                                                             \
	} name SEC(".maps")

MAP(in_array, BPF_MAP_TYPE_ARRAY, __u64);
MAP(in_hash, BPF_MAP_TYPE_HASH, __u64);
MAP(locked_array, BPF_MAP_TYPE_ARRAY, struct locked);
MAP(locked_hash, BPF_MAP_TYPE_HASH, struct locked);
MAP(in_percpu_array, BPF_MAP_TYPE_PERCPU_ARRAY, __u64);
MAP(in_percpu_hash, BPF_MAP_TYPE_PERCPU_HASH, __u64);

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

__u64 counter;

SEC("tp_btf/sys_enter")
int racy(void *ctx)
{
	counter += 1;
	return 0;
}

SEC("tp_btf/sys_enter")
int atomic(void *ctx)
{
	__sync_fetch_and_add(&counter, 1);
	return 0;
}

SEC("kprobe/do_nanosleep")
int fetch(void *ctx)
{
	return __sync_fetch_and_add(&counter, 1) & 1;
}

SEC("xdp")
int compare_and_swap(void *ctx)
{
	for (int i = 0; i < 1000; i++) {
		__u64 seen = READ_ONCE(counter);

		if (__sync_val_compare_and_swap(&counter, seen, seen + 1) == seen)
			return XDP_PASS;
	}
	return XDP_DROP;
}

#define ADD(name, map)                                                                                                 \
	SEC("raw_tp") int name(void *ctx)                                                                              \
	{                                                                                                              \
		__u32 key = 1;                                                                                         \
		__u64 *count = bpf_map_lookup_elem(&map, &key);                                                        \
                                                                                                                       \
		if (count)                                                                                             \
			*(volatile __u64 *)count += 1;                                                                 \
		return 0;                                                                                              \
	}

ADD(racy_array, in_array)
ADD(racy_hash, in_hash)
ADD(percpu_array, in_percpu_array)
ADD(percpu_hash, in_percpu_hash)

SEC("raw_tp")
int atomic_hash(void *ctx)
{
	__u32 key = 1;
	__u64 *count = bpf_map_lookup_elem(&in_hash, &key);

	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}

#define LOCKED(name, map)                                                                                              \
	SEC("tp_btf/sys_enter") int name(void *ctx)                                                                    \
	{                                                                                                              \
		__u32 key = 1;                                                                                         \
		struct locked *value = bpf_map_lookup_elem(&map, &key);                                                \
                                                                                                                       \
		if (!value)                                                                                            \
			return 0;                                                                                      \
		bpf_spin_lock(&value->lock);                                                                           \
		value->count += 1;                                                                                     \
		bpf_spin_unlock(&value->lock);                                                                         \
		return 0;                                                                                              \
	}

LOCKED(lock_array, locked_array)
LOCKED(lock_hash, locked_hash)

SEC("tc")
int copy_modify_update(void *ctx)
{
	__u32 key = 1;
	__u64 copy, *count = bpf_map_lookup_elem(&in_hash, &key);

	if (!count)
		return 0;
	copy = *count + 1;
	bpf_map_update_elem(&in_hash, &key, &copy, BPF_EXIST);
	return 0;
}

SEC("raw_tp")
int atomic_in_inner(void *ctx)
{
	__u32 key = 0;
	__u64 *count;
	void *map = bpf_map_lookup_elem(&outer, &key);

	if (!map)
		return 0;
	count = bpf_map_lookup_elem(map, &key);
	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}
