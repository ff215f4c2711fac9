// Values of SIZE bytes, rewritten under a lock or replaced by a copy: the programs of the ledger's table B3. SIZE is put
// in front; with OWN_KEY every CPU has a key of its own.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#ifndef SIZE
#define SIZE 64
#endif
#define WORDS (SIZE / 8)

struct plain {
	__u64 words[WORDS];
};

struct locked {
	struct bpf_spin_lock lock;
	__u64 words[WORDS];
};

/* As long as a locked value, for the first value of a key. */
struct blank {
	__u64 words[WORDS + 1];
};

#define MAP(name, kind, type_of_value, entries, flags) \
	struct {                                       \
		__uint(type, BPF_MAP_TYPE_##kind);     \
		__type(key, __u32);                    \
		__type(value, type_of_value);          \
		__uint(max_entries, entries);          \
		__uint(map_flags, flags);              \
	} name SEC(".maps")

MAP(array, ARRAY, struct plain, 4, 0);
MAP(hash, HASH, struct plain, 64, 0);
MAP(hash_np, HASH, struct plain, 64, BPF_F_NO_PREALLOC);
MAP(locked_array, ARRAY, struct locked, 4, 0);
MAP(locked_hash, HASH, struct locked, 64, 0);
MAP(scratch, PERCPU_ARRAY, struct plain, 1, 0);
MAP(locked_scratch, PERCPU_ARRAY, struct blank, 1, 0);

#ifdef OWN_KEY
#define KEY __u32 key = bpf_get_smp_processor_id(), zero = 0;
#else
#define KEY __u32 key = 0, zero = 0;
#endif

#define ALL_WORDS(statement) for (int i = 0; i < WORDS; i++) { statement }

#define COPY(name, map, changed_words)                                            \
	SEC("raw_tp") int name(void *ctx)                                         \
	{                                                                         \
		KEY                                                               \
		struct plain *copy = bpf_map_lookup_elem(&scratch, &zero), *value; \
		if (!copy)                                                        \
			return 0;                                                 \
		value = bpf_map_lookup_elem(&map, &key);                          \
		if (!value) {                                                     \
			bpf_map_update_elem(&map, &key, copy, BPF_NOEXIST);       \
			return 0;                                                 \
		}                                                                 \
		ALL_WORDS(copy->words[i] = ((volatile __u64 *)value->words)[i] + (i < (changed_words));) \
		bpf_map_update_elem(&map, &key, copy, BPF_EXIST);                 \
		return 0;                                                         \
	}

COPY(copy_hash, hash, WORDS)
COPY(copy_hash_np, hash_np, WORDS)
COPY(copy_array, array, WORDS)
COPY(copy1_hash, hash, 1)
COPY(copy1_hash_np, hash_np, 1)

#define UPDATE(name, map)                                                     \
	SEC("raw_tp") int name(void *ctx)                                     \
	{                                                                     \
		KEY                                                           \
		struct plain *copy = bpf_map_lookup_elem(&scratch, &zero);    \
		if (copy)                                                     \
			bpf_map_update_elem(&map, &key, copy, BPF_ANY);       \
		return 0;                                                     \
	}

UPDATE(upd_hash, hash)
UPDATE(upd_hash_np, hash_np)
UPDATE(upd_array, array)

#define LOCK(name, map, changed_words)                                         \
	SEC("tc") int name(void *ctx)                                          \
	{                                                                      \
		KEY                                                            \
		struct locked *value = bpf_map_lookup_elem(&map, &key);        \
		if (!value) {                                                  \
			struct blank *blank = bpf_map_lookup_elem(&locked_scratch, &zero); \
			if (blank)                                             \
				bpf_map_update_elem(&map, &key, blank, BPF_NOEXIST); \
			return 0;                                              \
		}                                                              \
		bpf_spin_lock(&value->lock);                                   \
		for (int i = 0; i < (changed_words); i++)                      \
			((volatile __u64 *)value->words)[i] += 1;              \
		bpf_spin_unlock(&value->lock);                                 \
		return 0;                                                      \
	}

LOCK(lock_hash, locked_hash, WORDS)
LOCK(lock_array, locked_array, WORDS)
LOCK(lock1_hash, locked_hash, 1)
LOCK(lock1_array, locked_array, 1)

SEC("raw_tp") int racy_hash(void *ctx)
{
	KEY
	struct plain *value = bpf_map_lookup_elem(&hash, &key), *copy;

	if (!value) {
		copy = bpf_map_lookup_elem(&scratch, &zero);
		if (copy)
			bpf_map_update_elem(&hash, &key, copy, BPF_NOEXIST);
		return 0;
	}
	ALL_WORDS(((volatile __u64 *)value->words)[i] += 1;)
	return 0;
}
