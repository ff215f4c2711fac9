// One value in a hash, of 8 to 4096 bytes, and two ways to add one to all of its words: under a lock, in place; or in a
// copy, which bpf_map_update_elem puts into its place. The copy is made in a value of this CPU: the stack has 512 bytes.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#define BOTH(bytes)                                                                     \
struct words_##bytes { __u64 words[bytes / 8]; };                                       \
struct locked_##bytes { struct bpf_spin_lock lock; __u32 pad; __u64 words[bytes / 8]; }; \
                                                                                        \
struct {                                                                                \
	__uint(type, BPF_MAP_TYPE_HASH);                                                \
	__uint(max_entries, 16);                                                        \
	__type(key, __u32);                                                             \
	__type(value, struct words_##bytes);                                            \
} copied_##bytes SEC(".maps");                                                          \
                                                                                        \
struct {                                                                                \
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);                                        \
	__uint(max_entries, 1);                                                         \
	__type(key, __u32);                                                             \
	__type(value, struct words_##bytes);                                            \
} scratch_##bytes SEC(".maps");                                                         \
                                                                                        \
struct {                                                                                \
	__uint(type, BPF_MAP_TYPE_HASH);                                                \
	__uint(max_entries, 16);                                                        \
	__type(key, __u32);                                                             \
	__type(value, struct locked_##bytes);                                           \
} locked_##bytes SEC(".maps");                                                          \
                                                                                        \
SEC("tc")                                                                               \
int copy_##bytes(void *ctx)                                                             \
{                                                                                       \
	__u32 key = 0;                                                                  \
	struct words_##bytes *value = bpf_map_lookup_elem(&copied_##bytes, &key);       \
	struct words_##bytes *copy = bpf_map_lookup_elem(&scratch_##bytes, &key);       \
                                                                                        \
	if (!value || !copy)                                                            \
		return 0;                                                               \
	for (int i = 0; i < bytes / 8; i++)                                             \
		copy->words[i] = value->words[i] + 1;                                   \
	bpf_map_update_elem(&copied_##bytes, &key, copy, BPF_EXIST);                    \
	return 0;                                                                       \
}                                                                                       \
                                                                                        \
SEC("tc")                                                                               \
int lock_##bytes(void *ctx)                                                             \
{                                                                                       \
	__u32 key = 0;                                                                  \
	struct locked_##bytes *value = bpf_map_lookup_elem(&locked_##bytes, &key);      \
                                                                                        \
	if (!value)                                                                     \
		return 0;                                                               \
	bpf_spin_lock(&value->lock);                                                    \
	for (int i = 0; i < bytes / 8; i++)                                             \
		value->words[i] += 1;                                                   \
	bpf_spin_unlock(&value->lock);                                                  \
	return 0;                                                                       \
}

BOTH(8)
BOTH(64)
BOTH(256)
BOTH(1024)
BOTH(4096)
