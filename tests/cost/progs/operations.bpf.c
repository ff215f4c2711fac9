// The operations of the ledger's table B1, one run each: what `deno task bench` predicts and compares with the figures
// that were recorded on a kernel. A key that is missing is put in by the first run.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct locked {
	struct bpf_spin_lock lock;
	__u64 count;
};

#define MAP(name, kind, type_of_value, entries)    \
	struct {                                   \
		__uint(type, BPF_MAP_TYPE_##kind); \
		__type(key, __u32);                \
		__type(value, type_of_value);      \
		__uint(max_entries, entries);      \
	} name SEC(".maps")

MAP(array, ARRAY, __u64, 1);
MAP(hash, HASH, __u64, 64);
MAP(percpu_array, PERCPU_ARRAY, __u64, 1);
MAP(percpu_hash, PERCPU_HASH, __u64, 64);
MAP(locked_array, ARRAY, struct locked, 1);
MAP(locked_hash, HASH, struct locked, 64);
MAP(updated_hash, HASH, __u64, 64);

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} inner_of_array SEC(".maps"), inner_of_hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__type(key, __u32);
	__uint(max_entries, 1);
	__array(values, struct inner);
} array_of_maps SEC(".maps") = { .values = { [0] = &inner_of_array } };

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__type(key, __u32);
	__uint(max_entries, 16);
	__array(values, struct inner);
} hash_of_maps SEC(".maps") = { .values = { [0] = &inner_of_hash } };

volatile __u64 counter = 0;
volatile __u64 sink[64];

#define LOOKUP(map)                                       \
	__u32 key = 0;                                    \
	__u64 *value = bpf_map_lookup_elem(&map, &key);   \
	if (!value) {                                     \
		__u64 zero = 0;                           \
		bpf_map_update_elem(&map, &key, &zero, BPF_NOEXIST); \
		return 0;                                 \
	}

#define PROG SEC("raw_tp") int

PROG nop(void *ctx) { return 0; }

PROG load_only(void *ctx) { return counter; }

PROG racy_global(void *ctx) { counter += 1; return 0; }

PROG atomic_add(void *ctx) { __sync_fetch_and_add(&counter, 1); return 0; }

PROG atomic_fetch_add(void *ctx) { return __sync_fetch_and_add(&counter, 1); }

PROG cas_loop(void *ctx)
{
	for (int i = 0; i < 1000; i++) {
		__u64 seen = counter;
		if (__sync_val_compare_and_swap(&counter, seen, seen + 1) == seen)
			break;
	}
	return 0;
}

PROG xchg(void *ctx) { return __sync_lock_test_and_set(&counter, 7); }

PROG racy_array(void *ctx) { LOOKUP(array) *(volatile __u64 *)value += 1; return 0; }

PROG atomic_array(void *ctx) { LOOKUP(array) __sync_fetch_and_add(value, 1); return 0; }

PROG racy_hash(void *ctx) { LOOKUP(hash) *(volatile __u64 *)value += 1; return 0; }

PROG atomic_hash(void *ctx) { LOOKUP(hash) __sync_fetch_and_add(value, 1); return 0; }

SEC("tc") int lock_array(void *ctx)
{
	__u32 key = 0;
	struct locked *value = bpf_map_lookup_elem(&locked_array, &key);

	if (!value)
		return 0;
	bpf_spin_lock(&value->lock);
	value->count += 1;
	bpf_spin_unlock(&value->lock);
	return 0;
}

/* The lock alone: 32 times with the pointer of one lookup. */
SEC("tc") int lock_kept(void *ctx)
{
	__u32 key = 0;
	struct locked *value = bpf_map_lookup_elem(&locked_array, &key);

	if (!value)
		return 0;
#pragma clang loop unroll(full)
	for (int i = 0; i < 32; i++) {
		bpf_spin_lock(&value->lock);
		value->count += 1;
		bpf_spin_unlock(&value->lock);
	}
	return 0;
}

SEC("tc") int lock_hash(void *ctx)
{
	__u32 key = 0;
	struct locked *value = bpf_map_lookup_elem(&locked_hash, &key);

	if (!value) {
		struct locked zero = {};
		bpf_map_update_elem(&locked_hash, &key, &zero, BPF_NOEXIST);
		return 0;
	}
	bpf_spin_lock(&value->lock);
	value->count += 1;
	bpf_spin_unlock(&value->lock);
	return 0;
}

SEC("tc") int doc_listing2(void *ctx)
{
	__u32 key = 0;
	struct locked zero = {};
	struct locked *value;

	bpf_map_update_elem(&locked_hash, &key, &zero, BPF_NOEXIST);
	value = bpf_map_lookup_elem(&locked_hash, &key);
	if (!value)
		return 0;
	bpf_spin_lock(&value->lock);
	value->count += 1;
	bpf_spin_unlock(&value->lock);
	return 0;
}

PROG per_cpu_array(void *ctx) { LOOKUP(percpu_array) *(volatile __u64 *)value += 1; return 0; }

PROG per_cpu_hash(void *ctx) { LOOKUP(percpu_hash) *(volatile __u64 *)value += 1; return 0; }

PROG copy_update_u64(void *ctx)
{
	LOOKUP(updated_hash)
	__u64 copy = *value + 1;

	bpf_map_update_elem(&updated_hash, &key, &copy, BPF_EXIST);
	return 0;
}

#define INNER(outer)                                                   \
	__u32 key = 0;                                                 \
	void *map = bpf_map_lookup_elem(&outer, &key);                 \
	__u64 *value = map ? bpf_map_lookup_elem(map, &key) : (void *)0; \
	if (!value)                                                    \
		return 0;

PROG aom_atomic(void *ctx) { INNER(array_of_maps) __sync_fetch_and_add(value, 1); return 0; }

PROG hom_atomic(void *ctx) { INNER(hash_of_maps) __sync_fetch_and_add(value, 1); return 0; }

PROG aom_lookup_only(void *ctx) { INNER(array_of_maps) return *(volatile __u64 *)value; }

PROG array_lookup_only(void *ctx) { LOOKUP(array) return *(volatile __u64 *)value; }

PROG hash_lookup_only(void *ctx) { LOOKUP(hash) return *(volatile __u64 *)value; }

PROG helper_ktime(void *ctx) { return bpf_ktime_get_ns(); }

PROG helper_cpuid(void *ctx) { return bpf_get_smp_processor_id(); }

PROG helper_prandom(void *ctx) { return bpf_get_prandom_u32(); }
