/*
 * The maps of generated scenarios. Elements are so many that no run uses up a CPU's free list, and the hash seed is zero,
 * so that keys which share a bucket in the simulator share it in the kernel.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct pair { __u64 a, b; };
struct locked { struct bpf_spin_lock lock; __u32 pad; __u64 a, b; };

#define MAP(name, map_type, flags, entries, value_type) \
	struct { __uint(type, BPF_MAP_TYPE_##map_type); __uint(map_flags, flags); __uint(max_entries, entries); __type(key, __u32); __type(value, value_type); } name SEC(".maps")

MAP(array, ARRAY, 0, 2, struct pair);
MAP(hash, HASH, BPF_F_ZERO_SEED, 128, struct pair);
MAP(lazy_hash, HASH, BPF_F_ZERO_SEED | BPF_F_NO_PREALLOC, 128, struct pair);
MAP(percpu_array, PERCPU_ARRAY, 0, 1, struct pair);
MAP(percpu_hash, PERCPU_HASH, BPF_F_ZERO_SEED, 128, struct pair);
/* These keep what happened to them: each run has its own. */
MAP(small_hash, HASH, BPF_F_ZERO_SEED, 2, struct pair);
MAP(small_lazy_hash, HASH, BPF_F_ZERO_SEED | BPF_F_NO_PREALLOC, 2, struct pair);
MAP(lru_hash, LRU_HASH, BPF_F_ZERO_SEED, 4, struct pair);
MAP(locked_array, ARRAY, 0, 1, struct locked);
MAP(locked_hash, HASH, BPF_F_ZERO_SEED, 128, struct locked);

/* Shared words; what each program has found; words of one task each, for barriers. */
__u64 words[3], result[2], fence[2];

SEC("tc") int nothing(void *ctx) { return words[0] + result[0] + fence[0]; }
