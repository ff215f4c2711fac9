// A map that libbpf takes from /sys/fs/bpf/hits when one is pinned there, and pins when none is.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(pinning, 1); // LIBBPF_PIN_BY_NAME
	__type(key, __u32);
	__type(value, __u64);
} hits SEC(".maps");

SEC("raw_tp")
int hit(void *ctx)
{
	__u32 key = 0;
	__u64 *value = bpf_map_lookup_elem(&hits, &key);

	if (value)
		__sync_fetch_and_add(value, 1);
	return 0;
}
