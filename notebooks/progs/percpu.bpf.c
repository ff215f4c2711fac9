// A copy of the counter for each CPU: nothing is shared, so nothing can be lost. User space adds the copies up.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} counters SEC(".maps");

SEC("tp_btf/sys_enter")
int sys_enter_count(void *ctx)
{
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_elem(&counters, &key);

	if (!count)
		return 0;
	*count += 1;
	return 0;
}
