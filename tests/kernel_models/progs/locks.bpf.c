// Two words and a lock: programs that take the lock, and those that forget it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct locked {
	__u64 a;
	__u64 b;
	struct bpf_spin_lock lock; /* anywhere in the value, not only at its top */
	__u32 count;
};

struct inside {
	__u32 before;
	struct {
		__u32 count;
		struct bpf_spin_lock lock;
	} nested;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct locked);
} la SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct locked);
} lh SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct inside);
} nested SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} plain SEC(".maps");

struct bpf_spin_lock global_lock SEC(".data.locked");
__u64 global_count SEC(".data.locked");

__u64 torn;
__u64 marked, between;

#define PROGRAMS(map)                                                                                                  \
	SEC("tc") int count_##map(void *ctx)                                                                           \
	{                                                                                                              \
		__u32 key = 0;                                                                                         \
		struct locked *value = bpf_map_lookup_elem(&map, &key);                                                \
                                                                                                                       \
		if (!value)                                                                                            \
			return 0;                                                                                      \
		bpf_spin_lock(&value->lock);                                                                           \
		value->count += 1;                                                                                     \
		bpf_spin_unlock(&value->lock);                                                                         \
		return 0;                                                                                              \
	}                                                                                                              \
	SEC("tc") int write_locked_##map(void *ctx)                                                                    \
	{                                                                                                              \
		__u32 key = 0;                                                                                         \
		struct locked *value = bpf_map_lookup_elem(&map, &key);                                                \
                                                                                                                       \
		if (!value)                                                                                            \
			return 0;                                                                                      \
		bpf_spin_lock(&value->lock);                                                                           \
		WRITE_ONCE(value->a, value->a + 1);                                                                    \
		WRITE_ONCE(value->b, value->b + 1);                                                                    \
		bpf_spin_unlock(&value->lock);                                                                         \
		return 0;                                                                                              \
	}                                                                                                              \
	SEC("tc") int read_locked_##map(void *ctx)                                                                     \
	{                                                                                                              \
		__u32 key = 0;                                                                                         \
		__u64 a, b;                                                                                            \
		struct locked *value = bpf_map_lookup_elem(&map, &key);                                                \
                                                                                                                       \
		if (!value)                                                                                            \
			return 0;                                                                                      \
		bpf_spin_lock(&value->lock);                                                                           \
		a = READ_ONCE(value->a);                                                                               \
		b = READ_ONCE(value->b);                                                                               \
		bpf_spin_unlock(&value->lock);                                                                         \
		if (a != b)                                                                                            \
			torn = 1;                                                                                      \
		return 0;                                                                                              \
	}                                                                                                              \
	SEC("tc") int read_plain_##map(void *ctx)                                                                      \
	{                                                                                                              \
		__u32 key = 0;                                                                                         \
		struct locked *value = bpf_map_lookup_elem(&map, &key);                                                \
                                                                                                                       \
		if (value && READ_ONCE(value->a) != READ_ONCE(value->b))                                               \
			torn = 1;                                                                                      \
		return 0;                                                                                              \
	}                                                                                                              \
	SEC("tc") int update_plain_##map(void *ctx)                                                                    \
	{                                                                                                              \
		__u32 key = 0;                                                                                         \
		struct locked value = { .a = 7, .b = 7 };                                                              \
                                                                                                                       \
		bpf_map_update_elem(&map, &key, &value, BPF_ANY);                                                      \
		return 0;                                                                                              \
	}                                                                                                              \
	SEC("tc") int update_locked_##map(void *ctx)                                                                   \
	{                                                                                                              \
		__u32 key = 0;                                                                                         \
		struct locked value = { .a = 7, .b = 7 };                                                              \
                                                                                                                       \
		bpf_map_update_elem(&map, &key, &value, BPF_F_LOCK);                                                   \
		return 0;                                                                                              \
	}

PROGRAMS(la)
PROGRAMS(lh)

SEC("tc")
int count_nested(void *ctx)
{
	__u32 key = 0;
	struct inside *value = bpf_map_lookup_elem(&nested, &key);

	if (!value)
		return 0;
	bpf_spin_lock(&value->nested.lock);
	value->nested.count += 1;
	bpf_spin_unlock(&value->nested.lock);
	return 0;
}

SEC("tc")
int count_global(void *ctx)
{
	bpf_spin_lock(&global_lock);
	global_count += 1;
	bpf_spin_unlock(&global_lock);
	return 0;
}

/* Leaves a mark, then counts under the lock. */
SEC("tc")
int mark_and_count(void *ctx)
{
	__u32 key = 0;
	struct locked *value = bpf_map_lookup_elem(&la, &key);

	if (!value)
		return 0;
	WRITE_ONCE(marked, 1);
	bpf_spin_lock(&value->lock);
	value->count += 1;
	value->a = value->count;
	bpf_spin_unlock(&value->lock);
	return 0;
}

/* For an interrupt: 1 before the mark, 2 between mark and lock, 3 under the lock, 4 after it. */
SEC("tc")
int when(void *ctx)
{
	__u32 key = 0;
	struct locked *value = bpf_map_lookup_elem(&la, &key);

	if (!value)
		return 0;
	if (!READ_ONCE(marked))
		between = 1;
	else if (READ_ONCE(value->count) == 0)
		between = 2;
	else if (READ_ONCE(value->a) == 0)
		between = 3;
	else
		between = 4;
	return 0;
}
