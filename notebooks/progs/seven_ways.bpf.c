// One counter in seven ways: those of the chapters, and two more. Only the first loses updates on its own; copy_update
// loses them where two copies meet.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#define TRIES 64

struct locked_counter {
	struct bpf_spin_lock lock;
	int count;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, int);
	__type(value, struct locked_counter);
	__uint(max_entries, 1);
} locked SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, int);
	__type(value, long);
	__uint(max_entries, 1);
} percpu SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, int);
	__type(value, long);
	__uint(max_entries, 1);
} hashed SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, int);
	__type(value, long);
	__uint(max_entries, 1);
} front SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__type(key, int);
	__uint(max_entries, 1);
	__array(values, struct inner);
} outer SEC(".maps") = { .values = { [0] = &front } };

volatile long plain;
long counter;

SEC("tc")
int racy(void *ctx)
{
	plain += 1;
	return 0;
}

SEC("tc")
int atomic(void *ctx)
{
	__sync_fetch_and_add(&counter, 1);
	return 0;
}

SEC("tc")
int cmpxchg(void *ctx)
{
	for (int i = 0; i < TRIES; i++) {
		long seen = READ_ONCE(counter);

		if (__sync_val_compare_and_swap(&counter, seen, seen + 1) == seen)
			return 0;
	}
	return 0;
}

SEC("tc")
int spin_lock(void *ctx)
{
	int key = 0;
	struct locked_counter *e = bpf_map_lookup_elem(&locked, &key);

	if (!e)
		return 0;
	bpf_spin_lock(&e->lock);
	e->count += 1;
	bpf_spin_unlock(&e->lock);
	return 0;
}

SEC("tc")
int per_cpu(void *ctx)
{
	int key = 0;
	long *count = bpf_map_lookup_elem(&percpu, &key);

	if (count)
		*count += 1;
	return 0;
}

SEC("tc")
int copy_update(void *ctx)
{
	int key = 0;
	long copy = 0, *count = bpf_map_lookup_elem(&hashed, &key);

	if (count)
		copy = *count;
	copy += 1;
	bpf_map_update_elem(&hashed, &key, &copy, BPF_ANY);
	return 0;
}

SEC("tc")
int map_in_map(void *ctx)
{
	int key = 0;
	void *map = bpf_map_lookup_elem(&outer, &key);
	long *count = map ? bpf_map_lookup_elem(map, &key) : NULL;

	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}
