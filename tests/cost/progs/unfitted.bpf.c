// Twenty-three situations that no profile is fitted to (tests/cost/unfitted.ts says what each is): maps, locks, atomics,
// copies of each CPU, eviction, queues, rings, tail calls. tests/bench/cost_bench.ts measures and predicts them.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#define MAP(name, kind, type_of_value, entries)    \
	struct {                                   \
		__uint(type, BPF_MAP_TYPE_##kind); \
		__type(key, __u32);                \
		__type(value, type_of_value);      \
		__uint(max_entries, entries);      \
	} name SEC(".maps")

struct locked {
	struct bpf_spin_lock lock;
	__u64 count;
};

MAP(hash, HASH, __u64, 64);
MAP(lru, LRU_HASH, __u64, 1024);
MAP(evicting, LRU_HASH, __u64, 512);
MAP(percpu_hash, PERCPU_HASH, __u64, 64);
MAP(lru_percpu, LRU_PERCPU_HASH, __u64, 1024);
MAP(array8, ARRAY, __u64, 8);
MAP(locked_array, ARRAY, struct locked, 1);
MAP(locked_hash, HASH, struct locked, 64);
MAP(own_hash, HASH, __u64, 64);
MAP(churned, HASH, __u64, 64);

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 64);
} own_hash_np SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(key_size, 0);
	__type(value, __u64);
	__uint(max_entries, 64);
} queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct prefix {
	__u32 bits;
	__u8 addr[4];
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix);
	__type(value, __u64);
	__uint(max_entries, 16);
} trie SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} inner SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__type(key, __u32);
	__uint(max_entries, 16);
	__array(values, struct inner);
} outer SEC(".maps") = { .values = { [0] = &inner } };

volatile __u64 counter = 0;
struct {
	__u64 count[8];
} line __attribute__((aligned(64)));
struct {
	__u32 taken, pad;
	__u64 count;
} tried __attribute__((aligned(64)));
__u64 bits __attribute__((aligned(64)));

#define PROG SEC("raw_tp") int
#define OWN (bpf_get_smp_processor_id() & 1)
#define TEN(x) x x x x x x x x x x
#define WORK10                                                                      \
	asm volatile("%0 += 1; %1 += 1; %2 += 1; %3 += 1; %0 ^= 3; %1 ^= 3; %2 ^= 3; %3 ^= 3; %0 += 5; %1 += 5" \
		     : "+r"(a), "+r"(b), "+r"(c), "+r"(d));
#define LOCALS __u64 a = 1, b = 2, c = 3, d = 4;
#define FIND(map, wanted)                                \
	__u32 key = wanted;                              \
	__u64 *value = bpf_map_lookup_elem(&map, &key);  \
	if (!value) {                                    \
		__u64 zero = 0;                          \
		bpf_map_update_elem(&map, &key, &zero, BPF_NOEXIST); \
		return 0;                                \
	}
#define ADD *(volatile __u64 *)value += 1

PROG hash_work20(void *ctx) { LOCALS FIND(hash, 0) WORK10 WORK10 ADD; return 0; }
PROG lru_plain(void *ctx) { FIND(lru, 0) ADD; return 0; }
PROG random4_hash(void *ctx) { FIND(hash, bpf_get_prandom_u32() & 3) ADD; return 0; }
PROG percpu_hash_plain(void *ctx) { FIND(percpu_hash, 0) ADD; return 0; }
PROG lru_percpu_plain(void *ctx) { FIND(lru_percpu, 0) ADD; return 0; }

PROG try_lock(void *ctx)
{
	if (__sync_lock_test_and_set(&tried.taken, 1) == 0) {
		*(volatile __u64 *)&tried.count += 1;
		*(volatile __u32 *)&tried.taken = 0;
	}
	return 0;
}

static long add_elem(void *map, __u32 *key, __u64 *value, __u64 *sum)
{
	*sum += *value;
	return 0;
}

PROG for_each8(void *ctx)
{
	__u64 sum = 0;

	bpf_for_each_map_elem(&array8, add_elem, &sum, 0);
	return sum;
}

static long add_turn(__u32 turn, __u64 *sum)
{
	*sum += turn;
	return 0;
}

PROG loop16(void *ctx)
{
	__u64 sum = 0;

	bpf_loop(16, add_turn, &sum, 0);
	return sum;
}

PROG lru_evict(void *ctx)
{
	__u32 key = bpf_get_prandom_u32() & 4095;
	__u64 one = 1;

	bpf_map_update_elem(&evicting, &key, &one, BPF_ANY);
	return 0;
}

SEC("tc") int lock_work200(void *ctx)
{
	LOCALS
	__u32 key = 0;
	struct locked *value = bpf_map_lookup_elem(&locked_array, &key);

	if (!value)
		return 0;
	bpf_spin_lock(&value->lock);
	value->count += 1;
	bpf_spin_unlock(&value->lock);
	TEN(WORK10 WORK10)
	return 0;
}

#define UPDATE_OWN(map)                                    \
	__u32 key = OWN;                                   \
	__u64 one = 1;                                     \
	bpf_map_update_elem(&map, &key, &one, BPF_ANY);    \
	return 0;

PROG own_update(void *ctx) { UPDATE_OWN(own_hash) }
PROG own_update_np(void *ctx) { UPDATE_OWN(own_hash_np) }

PROG churn_own(void *ctx)
{
	__u32 key = OWN;
	__u64 one = 1;

	bpf_map_update_elem(&churned, &key, &one, BPF_ANY);
	bpf_map_delete_elem(&churned, &key);
	return 0;
}

PROG fetch_or(void *ctx) { return __sync_fetch_and_or(&bits, 6); }

PROG ring_full(void *ctx)
{
	__u64 *record = bpf_ringbuf_reserve(&ring, 8, 0);

	if (record) {
		*record = 1;
		bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	}
	return 0;
}

PROG push_pop(void *ctx)
{
	__u64 value = 1;

	bpf_map_push_elem(&queue, &value, 0);
	bpf_map_pop_elem(&queue, &value);
	return 0;
}

PROG hash_of_maps(void *ctx)
{
	__u32 key = 0;
	void *map = bpf_map_lookup_elem(&outer, &key);
	__u64 *value = map ? bpf_map_lookup_elem(map, &key) : (void *)0;

	if (!value)
		return 0;
	ADD;
	return 0;
}

PROG longest_prefix(void *ctx)
{
	struct prefix key = { .bits = 24, .addr = { 10, 1, 2, 3 } };
	__u64 *value = bpf_map_lookup_elem(&trie, &key);

	if (!value) {
		__u64 zero = 0;

		bpf_map_update_elem(&trie, &key, &zero, BPF_ANY);
		return 0;
	}
	ADD;
	return 0;
}

PROG cas_work20(void *ctx)
{
	LOCALS
	for (int i = 0; i < 1000; i++) {
		__u64 seen = counter;
		WORK10 WORK10
		if (__sync_val_compare_and_swap(&counter, seen, seen + 1) == seen)
			break;
	}
	return 0;
}

SEC("tc") int random_lock16(void *ctx)
{
	__u32 key = bpf_get_prandom_u32() & 15;
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

PROG time_stamp(void *ctx)
{
	__u32 key = 3;
	__u64 *value = bpf_map_lookup_elem(&array8, &key);

	if (value)
		*(volatile __u64 *)value = bpf_ktime_get_ns();
	return 0;
}

#define BUMP(i) *(volatile __u64 *)&line.count[i] += 1;
PROG eight_counters(void *ctx) { BUMP(0) BUMP(1) BUMP(2) BUMP(3) BUMP(4) BUMP(5) BUMP(6) BUMP(7) return 0; }

int tail_target(void *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(key_size, 4);
	__uint(max_entries, 1);
	__array(values, int(void *));
} programs SEC(".maps") = { .values = { [0] = (void *)&tail_target } };

SEC("tc") int tail_target(void *ctx) { return 0; }

/*
 * A tail call cannot be looped by bpf_loop. What the kernel's own loop takes, these two tell: the first is looped like
 * the tail call, the second by bpf_loop.
 */
SEC("tc") int tail_less(void *ctx) { return 0; }

SEC("tc") int tail_never(void *ctx)
{
	if (bpf_get_smp_processor_id() > 100000)
		bpf_tail_call(ctx, &programs, 0);
	return 0;
}

SEC("tc") int tail_call(void *ctx)
{
	bpf_tail_call(ctx, &programs, 0);
	return 0;
}
