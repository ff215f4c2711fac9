// Values of 8 to 4096 bytes, rewritten under a lock or replaced by a copy: the programs of the ledger's table B3. All
// CPUs work on the same key; in the programs that begin with own_ each has a key of its own. A key that is missing is
// put in by its first run.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#define MAP(name, kind, type_of_value, entries, flags) \
	struct {                                       \
		__uint(type, BPF_MAP_TYPE_##kind);     \
		__type(key, __u32);                    \
		__type(value, type_of_value);          \
		__uint(max_entries, entries);          \
		__uint(map_flags, flags);              \
	} name SEC(".maps")

/* A copy is changed in `changed` words and takes the value's place. */
#define COPY(name, map, size, key_of, changed)                                        \
	SEC("raw_tp") int name(void *ctx)                                             \
	{                                                                             \
		__u32 key = key_of, zero = 0;                                         \
		struct plain_##size *copy = bpf_map_lookup_elem(&scratch_##size, &zero), *value; \
		if (!copy)                                                            \
			return 0;                                                     \
		value = bpf_map_lookup_elem(&map, &key);                              \
		if (!value) {                                                         \
			bpf_map_update_elem(&map, &key, copy, BPF_NOEXIST);           \
			return 0;                                                     \
		}                                                                     \
		for (int i = 0; i < size / 8; i++)                                    \
			copy->words[i] = ((volatile __u64 *)value->words)[i] + (i < (changed)); \
		bpf_map_update_elem(&map, &key, copy, BPF_EXIST);                     \
		return 0;                                                             \
	}

#define UPDATE(name, map, size, key_of)                                               \
	SEC("raw_tp") int name(void *ctx)                                             \
	{                                                                             \
		__u32 key = key_of, zero = 0;                                         \
		struct plain_##size *copy = bpf_map_lookup_elem(&scratch_##size, &zero); \
		if (copy)                                                             \
			bpf_map_update_elem(&map, &key, copy, BPF_ANY);               \
		return 0;                                                             \
	}

#define LOCK(name, map, size, key_of, changed)                                        \
	SEC("tc") int name(void *ctx)                                                 \
	{                                                                             \
		__u32 key = key_of, zero = 0;                                         \
		struct locked_##size *value = bpf_map_lookup_elem(&map, &key);        \
		if (!value) {                                                         \
			void *blank = bpf_map_lookup_elem(&blank_##size, &zero);      \
			if (blank)                                                    \
				bpf_map_update_elem(&map, &key, blank, BPF_NOEXIST);  \
			return 0;                                                     \
		}                                                                     \
		bpf_spin_lock(&value->lock);                                          \
		for (int i = 0; i < (changed); i++)                                   \
			((volatile __u64 *)value->words)[i] += 1;                     \
		bpf_spin_unlock(&value->lock);                                        \
		return 0;                                                             \
	}

#define RACY(name, map, size, key_of)                                                 \
	SEC("raw_tp") int name(void *ctx)                                             \
	{                                                                             \
		__u32 key = key_of, zero = 0;                                         \
		struct plain_##size *value = bpf_map_lookup_elem(&map, &key), *copy;  \
		if (!value) {                                                         \
			copy = bpf_map_lookup_elem(&scratch_##size, &zero);           \
			if (copy)                                                     \
				bpf_map_update_elem(&map, &key, copy, BPF_NOEXIST);   \
			return 0;                                                     \
		}                                                                     \
		for (int i = 0; i < size / 8; i++)                                    \
			((volatile __u64 *)value->words)[i] += 1;                     \
		return 0;                                                             \
	}

#define TECHNIQUES(key, size, key_of)                                                 \
	COPY(key##_copy_hash_##size, hash_##size, size, key_of, size / 8)             \
	COPY(key##_copy_hash_np_##size, hash_np_##size, size, key_of, size / 8)       \
	COPY(key##_copy_array_##size, array_##size, size, key_of, size / 8)           \
	COPY(key##_copy1_hash_##size, hash_##size, size, key_of, 1)                   \
	COPY(key##_copy1_hash_np_##size, hash_np_##size, size, key_of, 1)             \
	UPDATE(key##_upd_hash_##size, hash_##size, size, key_of)                      \
	UPDATE(key##_upd_hash_np_##size, hash_np_##size, size, key_of)                \
	UPDATE(key##_upd_array_##size, array_##size, size, key_of)                    \
	LOCK(key##_lock_hash_##size, locked_hash_##size, size, key_of, size / 8)      \
	LOCK(key##_lock_array_##size, locked_array_##size, size, key_of, size / 8)    \
	LOCK(key##_lock1_hash_##size, locked_hash_##size, size, key_of, 1)            \
	LOCK(key##_lock1_array_##size, locked_array_##size, size, key_of, 1)          \
	RACY(key##_racy_hash_##size, hash_##size, size, key_of)

#define VALUES_OF(size)                                                               \
	struct plain_##size {                                                         \
		__u64 words[size / 8];                                                \
	};                                                                            \
	struct locked_##size {                                                        \
		struct bpf_spin_lock lock;                                            \
		__u64 words[size / 8];                                                \
	};                                                                            \
	/* As long as a locked value, for the first value of a key. */                \
	struct long_##size {                                                          \
		__u64 words[size / 8 + 1];                                            \
	};                                                                            \
	MAP(array_##size, ARRAY, struct plain_##size, 16, 0);                          \
	MAP(hash_##size, HASH, struct plain_##size, 64, 0);                           \
	MAP(hash_np_##size, HASH, struct plain_##size, 64, BPF_F_NO_PREALLOC);        \
	MAP(locked_array_##size, ARRAY, struct locked_##size, 16, 0);                  \
	MAP(locked_hash_##size, HASH, struct locked_##size, 64, 0);                   \
	MAP(scratch_##size, PERCPU_ARRAY, struct plain_##size, 1, 0);                 \
	MAP(blank_##size, PERCPU_ARRAY, struct long_##size, 1, 0);                    \
	TECHNIQUES(same, size, 0)                                                     \
	TECHNIQUES(own, size, 8 * bpf_get_smp_processor_id())

VALUES_OF(8)
VALUES_OF(64)
VALUES_OF(256)
VALUES_OF(1024)
VALUES_OF(4096)
