// Situations that no profile was fitted to: counters side by side and apart, elements hit at random, a lock held while
// sixteen words are rewritten. Measured on a kernel (tests/cost/data/situations.json), predicted by the model.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#define PROG SEC("raw_tp") int
#define OWN (bpf_get_smp_processor_id() & 1)

/* Each CPU its own counter: in one cache line, and two lines apart (neighbours are fetched in pairs). */
struct {
	__u64 count[16];
} close __attribute__((aligned(128)));

struct {
	struct {
		__u64 count, pad[15];
	} of[2];
} apart __attribute__((aligned(128)));

PROG close_plain(void *ctx) { *(volatile __u64 *)&close.count[OWN] += 1; return 0; }
PROG close_atomic(void *ctx) { __sync_fetch_and_add(&close.count[OWN], 1); return 0; }
PROG apart_plain(void *ctx) { *(volatile __u64 *)&apart.of[OWN].count += 1; return 0; }
PROG apart_atomic(void *ctx) { __sync_fetch_and_add(&apart.of[OWN].count, 1); return 0; }

/* 64 elements, hit at random by both CPUs. */
#define MAP(name, kind, type_of_value, entries)    \
	struct {                                   \
		__uint(type, BPF_MAP_TYPE_##kind); \
		__type(key, __u32);                \
		__type(value, type_of_value);      \
		__uint(max_entries, entries);      \
	} name SEC(".maps")

MAP(array, ARRAY, __u64, 64);
MAP(hash, HASH, __u64, 64);

#define LOOKUP(map)                                      \
	__u32 key = bpf_get_prandom_u32() & 63;          \
	__u64 *value = bpf_map_lookup_elem(&map, &key);  \
	if (!value) {                                    \
		__u64 zero = 0;                          \
		bpf_map_update_elem(&map, &key, &zero, BPF_NOEXIST); \
		return 0;                                \
	}

PROG random_plain_array(void *ctx) { LOOKUP(array) *(volatile __u64 *)value += 1; return 0; }
PROG random_atomic_array(void *ctx) { LOOKUP(array) __sync_fetch_and_add(value, 1); return 0; }
PROG random_plain_hash(void *ctx) { LOOKUP(hash) *(volatile __u64 *)value += 1; return 0; }
PROG random_atomic_hash(void *ctx) { LOOKUP(hash) __sync_fetch_and_add(value, 1); return 0; }

/* A lock held while sixteen words are rewritten, and private instructions between two times. */
struct sixteen {
	struct bpf_spin_lock lock;
	__u64 words[16];
};

MAP(locked_array, ARRAY, struct sixteen, 1);
MAP(locked_hash, HASH, struct sixteen, 4);

#define WORK10                                                                      \
	asm volatile("%0 += 1; %1 += 1; %2 += 1; %3 += 1; %0 ^= 3; %1 ^= 3; %2 ^= 3; %3 ^= 3; %0 += 5; %1 += 5" \
		     : "+r"(a), "+r"(b), "+r"(c), "+r"(d));
#define WORK0
#define TEN(x) x x x x x x x x x x
#define WORK100 TEN(WORK10)
#define WORK1000 TEN(WORK100)

#define REWRITE(map, n)                                                       \
	SEC("tc") int rewrite_##map##n(void *ctx)                             \
	{                                                                     \
		__u64 a = 1, b = 2, c = 3, d = 4;                             \
		__u32 key = 0;                                                \
		struct sixteen *value = bpf_map_lookup_elem(&locked_##map, &key); \
		if (!value) {                                                 \
			struct sixteen zero = {};                             \
			bpf_map_update_elem(&locked_##map, &key, &zero, BPF_NOEXIST); \
			return 0;                                             \
		}                                                             \
		bpf_spin_lock(&value->lock);                                  \
		for (int i = 0; i < 16; i++)                                  \
			((volatile __u64 *)value->words)[i] += 1;             \
		bpf_spin_unlock(&value->lock);                                \
		WORK##n                                                       \
		return 0;                                                     \
	}

REWRITE(array, 0)
REWRITE(array, 100)
REWRITE(array, 1000)
REWRITE(hash, 0)
REWRITE(hash, 100)
REWRITE(hash, 1000)
