// Two fields that belong together: `second` is always twice `first`. A writer changes a copy and hands it to
// bpf_map_update_elem; another writer changes the value in place; a reader looks whether the pair still fits.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct pair {
	__u64 first;
	__u64 second;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, struct pair);
	__uint(max_entries, 16);
} pairs SEC(".maps");

__u64 torn = 0; /* pairs that did not fit */

SEC("raw_tp")
int copy_modify_update(void *ctx)
{
	__u32 key = 0;
	struct pair copy = {};
	struct pair *value = bpf_map_lookup_elem(&pairs, &key);

	if (value)
		copy = *value;
	copy.first += 1;
	copy.second = 2 * copy.first;
	bpf_map_update_elem(&pairs, &key, &copy, BPF_ANY);
	return 0;
}

SEC("raw_tp")
int modify_in_place(void *ctx)
{
	__u32 key = 0;
	struct pair *value = bpf_map_lookup_elem(&pairs, &key);
	__u64 first;

	if (!value)
		return 0;
	first = READ_ONCE(value->first) + 1;
	WRITE_ONCE(value->first, first);
	WRITE_ONCE(value->second, 2 * first);
	return 0;
}

SEC("raw_tp")
int read_pair(void *ctx)
{
	__u32 key = 0;
	struct pair *value = bpf_map_lookup_elem(&pairs, &key);

	if (!value)
		return 0;
	if (READ_ONCE(value->second) != 2 * READ_ONCE(value->first))
		__sync_fetch_and_add(&torn, 1);
	return 0;
}
