// Eight equal words: programs that replace them all, in place or by an update, and readers that count the reads in
// which they were not equal.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#define WORDS 8

struct value {
	__u64 words[WORDS];
};

struct locked {
	struct bpf_spin_lock lock;
	__u64 words[WORDS];
};

#define MAP(name, map_type, value_type, flags)                                                                         \
	struct {                                                                                                       \
		__uint(type, map_type);                                                                                \
		__uint(map_flags, flags);                                                                              \
		__uint(max_entries, 4);                                                                                \
		__type(key, __u32);                                                                                    \
		__type(value, value_type);                                                                             \
	} name SEC(".maps");

#define HOLD 200 /* looks at something else between looking a value up and reading it */

__u64 number, torn, foreign;

#define WRITE(words, n)                                                                                                \
	_Pragma("unroll") for (int i = 0; i < WORDS; i++) WRITE_ONCE((words)[i], n)

static __always_inline int differ(__u64 *words)
{
	__u64 first = READ_ONCE(words[0]);
	int differ = 0;

	_Pragma("unroll") for (int i = 1; i < WORDS; i++) differ |= READ_ONCE(words[i]) != first;
	return differ;
}

#define PROGRAMS(map)                                                                                                  \
	SEC("raw_tp") int write_##map(void *ctx)                                                                       \
	{                                                                                                              \
		__u32 key = 0;                                                                                         \
		__u64 n = number++;                                                                                    \
		struct value *value = bpf_map_lookup_elem(&map, &key);                                                 \
                                                                                                                       \
		if (value)                                                                                             \
			WRITE(value->words, n);                                                                        \
		return 0;                                                                                              \
	}                                                                                                              \
	SEC("raw_tp") int update_##map(void *ctx)                                                                      \
	{                                                                                                              \
		__u32 key = 0;                                                                                         \
		__u64 n = number++;                                                                                    \
		struct value value;                                                                                    \
                                                                                                                       \
		WRITE(value.words, n);                                                                                 \
		bpf_map_update_elem(&map, &key, &value, BPF_ANY);                                                      \
		return 0;                                                                                              \
	}                                                                                                              \
	SEC("raw_tp") int read_##map(void *ctx)                                                                        \
	{                                                                                                              \
		__u32 key = 0;                                                                                         \
		struct value *value = bpf_map_lookup_elem(&map, &key);                                                 \
                                                                                                                       \
		if (value)                                                                                             \
			torn += differ(value->words);                                                                  \
		return 0;                                                                                              \
	}

/* Two keys, written in turn: even numbers belong to key 0, odd ones to key 1. A reader that keeps its pointer for a
 * while sees whose value stands there by then. */
#define HELD(map)                                                                                                      \
	SEC("raw_tp") int update_both_##map(void *ctx)                                                                 \
	{                                                                                                              \
		__u64 n = number++;                                                                                    \
		__u32 key = n & 1;                                                                                     \
		struct value value;                                                                                    \
                                                                                                                       \
		WRITE(value.words, n);                                                                                 \
		bpf_map_update_elem(&map, &key, &value, BPF_ANY);                                                      \
		return 0;                                                                                              \
	}                                                                                                              \
	SEC("raw_tp") int hold_##map(void *ctx)                                                                        \
	{                                                                                                              \
		__u32 key = 0;                                                                                         \
		__u64 x = 1;                                                                                           \
		struct value *value = bpf_map_lookup_elem(&map, &key);                                                 \
                                                                                                                       \
		if (!value)                                                                                            \
			return 0;                                                                                      \
		for (int i = 0; i < HOLD; i++)                                                                         \
			x += READ_ONCE(number);                                                                        \
		foreign += READ_ONCE(value->words[0]) & 1;                                                             \
		return x & 1;                                                                                          \
	}

MAP(ar, BPF_MAP_TYPE_ARRAY, struct value, 0)
MAP(hp, BPF_MAP_TYPE_HASH, struct value, 0)
MAP(hn, BPF_MAP_TYPE_HASH, struct value, BPF_F_NO_PREALLOC)
MAP(la, BPF_MAP_TYPE_ARRAY, struct locked, 0)

PROGRAMS(ar)
PROGRAMS(hp)
PROGRAMS(hn)

HELD(ar)
HELD(hp)
HELD(hn)

SEC("tc")
int write_locked(void *ctx)
{
	__u32 key = 0;
	struct locked *value = bpf_map_lookup_elem(&la, &key);

	if (!value)
		return 0;
	bpf_spin_lock(&value->lock);
	number++;
	WRITE(value->words, number);
	bpf_spin_unlock(&value->lock);
	return 0;
}

SEC("tc")
int read_locked(void *ctx)
{
	__u32 key = 0;
	int torn_now;
	struct locked *value = bpf_map_lookup_elem(&la, &key);

	if (!value)
		return 0;
	bpf_spin_lock(&value->lock);
	torn_now = differ(value->words);
	bpf_spin_unlock(&value->lock);
	torn += torn_now;
	return 0;
}

/* Forgets the lock. */
SEC("tc")
int read_unlocked(void *ctx)
{
	__u32 key = 0;
	struct locked *value = bpf_map_lookup_elem(&la, &key);

	if (value)
		torn += differ(value->words);
	return 0;
}
