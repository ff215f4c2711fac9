// Counters that user space can take away all at once: it puts an empty inner map into the slot and reads the old one
// in peace, as soon as every run that had found it is over.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct counters {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 2);
} front SEC(".maps"), back SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__type(key, __u32);
	__uint(max_entries, 1);
	__array(values, struct counters);
} active SEC(".maps") = {
	.values = { [0] = &front },
};

/* Counts an event twice, in both elements: a snapshot in which they differ was taken in the middle of a run. */
SEC("tp_btf/sys_enter")
int sys_enter_count(void *ctx)
{
	__u32 slot = 0, one = 0, other = 1;
	__u64 *count;
	void *inner = bpf_map_lookup_elem(&active, &slot);

	if (!inner)
		return 0;
	count = bpf_map_lookup_elem(inner, &one);
	if (count)
		__sync_fetch_and_add(count, 1);
	count = bpf_map_lookup_elem(inner, &other);
	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}
