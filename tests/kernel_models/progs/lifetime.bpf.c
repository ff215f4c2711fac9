// Values of two equal words in every kind of map: programs that replace them, change them in place, copy and modify
// them, and readers that look whether the words are equal, and whose they are.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct value {
	__u64 a;
	__u64 b;
};

/* Numbers of key k lie from 256 * (k + 1) on. */
#define NUMBER(key, n) (256 * ((key) + 1) + (n))
#define KEY_OF(number) ((number) / 256 - 1)

__u64 torn, missing, foreign;

#define MAP(name, map_type, entries, flags)                                                                            \
	struct {                                                                                                       \
		__uint(type, map_type);                                                                                \
		__uint(map_flags, flags);                                                                              \
		__uint(max_entries, entries);                                                                          \
		__type(key, __u32);                                                                                    \
		__type(value, struct value);                                                                           \
	} name SEC(".maps");

static __always_inline void judge(struct value *value, __u32 key)
{
	__u64 a, b;

	if (!value) {
		missing = 1;
		return;
	}
	a = READ_ONCE(value->a);
	b = READ_ONCE(value->b);
	if (a != b)
		torn = 1;
	else if (KEY_OF(a) != key)
		foreign = 1;
}

#define PROGRAMS(map)                                                                                                  \
	/* Replaces the value of key 0. */                                                                             \
	SEC("raw_tp") int update_##map(void *ctx)                                                                      \
	{                                                                                                              \
		__u32 key = 0;                                                                                         \
		struct value value = { NUMBER(0, 2), NUMBER(0, 2) };                                                   \
                                                                                                                       \
		bpf_map_update_elem(&map, &key, &value, BPF_ANY);                                                      \
		return 0;                                                                                              \
	}                                                                                                              \
	/* Replaces the values of key 0 and then of key 1. */                                                          \
	SEC("raw_tp") int update_both_##map(void *ctx)                                                                 \
	{                                                                                                              \
		__u32 key = 0;                                                                                         \
		struct value value = { NUMBER(0, 2), NUMBER(0, 2) };                                                   \
                                                                                                                       \
		bpf_map_update_elem(&map, &key, &value, BPF_ANY);                                                      \
		key = 1;                                                                                               \
		value.a = value.b = NUMBER(1, 2);                                                                      \
		bpf_map_update_elem(&map, &key, &value, BPF_ANY);                                                      \
		return 0;                                                                                              \
	}                                                                                                              \
	/* Looks key 0 up and reads its words. */                                                                      \
	SEC("raw_tp") int read_##map(void *ctx)                                                                        \
	{                                                                                                              \
		__u32 key = 0;                                                                                         \
                                                                                                                       \
		judge(bpf_map_lookup_elem(&map, &key), key);                                                           \
		return 0;                                                                                              \
	}                                                                                                              \
	/* Copies the value of key 0, raises both words of the copy, replaces the value. */                            \
	SEC("raw_tp") int copy_modify_update_##map(void *ctx)                                                          \
	{                                                                                                              \
		__u32 key = 0;                                                                                         \
		struct value copy, *value = bpf_map_lookup_elem(&map, &key);                                           \
                                                                                                                       \
		if (!value)                                                                                            \
			return 0;                                                                                      \
		copy.a = READ_ONCE(value->a) + 1;                                                                      \
		copy.b = READ_ONCE(value->b) + 1;                                                                      \
		bpf_map_update_elem(&map, &key, &copy, BPF_ANY);                                                       \
		return 0;                                                                                              \
	}

MAP(ar, BPF_MAP_TYPE_ARRAY, 2, 0)
MAP(hp, BPF_MAP_TYPE_HASH, 2, 0)
MAP(hn, BPF_MAP_TYPE_HASH, 2, BPF_F_NO_PREALLOC)
MAP(lr, BPF_MAP_TYPE_LRU_HASH, 16, 0)

PROGRAMS(ar)
PROGRAMS(hp)
PROGRAMS(hn)
PROGRAMS(lr)
