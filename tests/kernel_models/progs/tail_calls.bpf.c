// Programs that leave for another program.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

__u64 result, count;

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__array(values, int(void *));
} jumps SEC(".maps");

SEC("raw_tp")
int jump(void *ctx)
{
	count = 1;
	bpf_tail_call(ctx, &jumps, 1);
	count = 2;
	return 0;
}

SEC("raw_tp")
int landing(void *ctx)
{
	result = 7;
	return 0;
}

/* Jumps to itself until the kernel says no. */
SEC("raw_tp")
int jump_around(void *ctx)
{
	count += 1;
	bpf_tail_call(ctx, &jumps, 2);
	result = 9;
	return 0;
}
