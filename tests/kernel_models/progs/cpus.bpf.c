// Counters of one CPU, and what can come between their load and their store.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} hashed SEC(".maps");

__u64 counter, moved;

SEC("raw_tp")
int count(void *ctx)
{
	counter += 1;
	return 0;
}

/* A tracing program attached for real; it does not nest on itself on one CPU. */
SEC("tp_btf/sys_enter")
int count_guarded(void *ctx)
{
	counter += 1;
	return 0;
}

SEC("raw_tp")
int add(void *ctx)
{
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_elem(&counters, &key);

	if (count)
		*(volatile __u64 *)count += 1;
	return 0;
}

SEC("raw_tp")
int add_atomic(void *ctx)
{
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_elem(&counters, &key);

	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}

SEC("raw_tp")
int add_hashed(void *ctx)
{
	__u32 key = 0;
	__u64 zero = 0, *count = bpf_map_lookup_elem(&hashed, &key);

	if (!count) {
		bpf_map_update_elem(&hashed, &key, &zero, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&hashed, &key);
	}
	if (count)
		*(volatile __u64 *)count += 1;
	return 0;
}

SEC("syscall")
int add_in_syscall(void *ctx)
{
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_elem(&counters, &key);

	if (count)
		*(volatile __u64 *)count += 1;
	return 0;
}

/* Sleeps (a page of user memory that has to be fetched) between load and store. */
SEC("syscall")
int add_asleep(void *ctx)
{
	__u32 key = 0;
	__u64 before, page;
	__u64 *count = bpf_map_lookup_elem(&counters, &key);

	if (!count)
		return 0;
	before = READ_ONCE(*count);
	bpf_copy_from_user(&page, sizeof(page), (void *)4096);
	WRITE_ONCE(*count, before + 1);
	return 0;
}

/* Adds to the counter of CPU 0 from wherever it runs. */
SEC("raw_tp")
int add_to_cpu0(void *ctx)
{
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_percpu_elem(&counters, &key, 0);

	if (count)
		*(volatile __u64 *)count += 1;
	return 0;
}

SEC("raw_tp")
int stay(void *ctx)
{
	__u32 cpu = bpf_get_smp_processor_id();

	for (int i = 0; i < 3; i++) {
		counter += 1;
		if (bpf_get_smp_processor_id() != cpu)
			moved = 1;
	}
	return 0;
}
