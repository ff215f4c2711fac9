// A writer replaces a value of eight equal words by bpf_map_update_elem; a reader looks whether all words are equal,
// at once or after half a microsecond with the pointer in its hand.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#define WORDS 8
#define HELD 2600 /* rounds of work: about half a microsecond */

struct value { __u64 words[WORDS]; };

#define MAP(name, map_type, flags)                                       \
struct {                                                                 \
	__uint(type, map_type);                                          \
	__uint(map_flags, flags);                                        \
	__uint(max_entries, 16);                                         \
	__type(key, __u32);                                              \
	__type(value, struct value);                                     \
} name SEC(".maps");

MAP(in_array, BPF_MAP_TYPE_ARRAY, 0)
MAP(in_hash, BPF_MAP_TYPE_HASH, 0)
MAP(no_prealloc, BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC)
MAP(in_lru, BPF_MAP_TYPE_LRU_HASH, 0)

__u64 next_number; /* the writer's */
__u64 reads, torn; /* the reader's */

static __always_inline int write_number(void *map)
{
	__u32 key = 0;
	struct value value;
	__u64 number = ++next_number;

	for (int i = 0; i < WORDS; i++)
		value.words[i] = number;
	bpf_map_update_elem(map, &key, &value, BPF_ANY);
	return 0;
}

static __always_inline int look(void *map, int rounds)
{
	__u32 key = 0;
	__u64 x = 1, first, differ = 0;
	struct value *value = bpf_map_lookup_elem(map, &key);

	if (!value)
		return 0;
	for (int i = 0; i < rounds; i++) {
		x = x * 5 + 1;
		barrier_var(x);
	}
	first = READ_ONCE(value->words[0]);
	for (int i = 1; i < WORDS; i++)
		differ |= READ_ONCE(value->words[i]) ^ first;
	reads++;
	if (differ)
		torn++;
	return x & 1;
}

#define PROGRAMS(map)                                                    \
SEC("raw_tp") int write_##map(void *ctx) { return write_number(&map); }  \
SEC("raw_tp") int read_##map(void *ctx) { return look(&map, 0); }        \
SEC("raw_tp") int hold_##map(void *ctx) { return look(&map, HELD); }

PROGRAMS(in_array)
PROGRAMS(in_hash)
PROGRAMS(no_prealloc)
PROGRAMS(in_lru)
