// One program for each helper function that is no map operation of its own.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

__u64 result, count, sum;
char source[16] = "0123456789abcde";
char target[16];

struct pair {
	__u32 key;
	__u64 value;
};

#define MAP(name, map_type, flags)                                                                                     \
	struct {                                                                                                       \
		__uint(type, map_type);                                                                                \
		__uint(map_flags, flags);                                                                              \
		__uint(max_entries, 4);                                                                                \
		__type(key, __u32);                                                                                    \
		__type(value, __u64);                                                                                  \
	} name SEC(".maps");

MAP(array, BPF_MAP_TYPE_ARRAY, 0)
MAP(hash, BPF_MAP_TYPE_HASH, 0)
MAP(lru, BPF_MAP_TYPE_LRU_HASH, 0)
MAP(percpu_array, BPF_MAP_TYPE_PERCPU_ARRAY, 0)
MAP(percpu_hash, BPF_MAP_TYPE_PERCPU_HASH, 0)

static long add_up(void *map, __u32 *key, __u64 *value, void *ctx)
{
	count += 1;
	sum += *key * 100 + *value;
	return ctx && count == *(__u64 *)ctx; /* stop after so many */
}

#define EACH(map)                                                                                                      \
	SEC("raw_tp") int each_##map(void *ctx)                                                                        \
	{                                                                                                              \
		result = bpf_for_each_map_elem(&map, add_up, 0, 0);                                                    \
		return 0;                                                                                              \
	}

EACH(array)
EACH(hash)
EACH(lru)
EACH(percpu_array)
EACH(percpu_hash)

SEC("raw_tp")
int each_stops(void *ctx)
{
	__u64 after = 2;

	result = bpf_for_each_map_elem(&array, add_up, &after, 0);
	return 0;
}

static long count_up(__u32 index, void *ctx)
{
	count += 1;
	sum += index;
	return *(__u32 *)ctx == index;
}

SEC("raw_tp")
int loop(void *ctx)
{
	__u32 stop_at = 6;

	result = bpf_loop(10, count_up, &stop_at, 0);
	return 0;
}

SEC("raw_tp")
int loop_to_the_end(void *ctx)
{
	__u32 stop_at = 100;

	result = bpf_loop(10, count_up, &stop_at, 0);
	return 0;
}

SEC("raw_tp")
int loop_refused(void *ctx)
{
	__u32 stop_at = 100;

	result = bpf_loop((1 << 23) + 1, count_up, &stop_at, 0);
	count = bpf_loop(1, count_up, &stop_at, 1);
	return 0;
}

SEC("raw_tp")
int random(void *ctx)
{
	result = bpf_get_prandom_u32();
	count = bpf_get_prandom_u32();
	return 0;
}

SEC("raw_tp")
int time(void *ctx)
{
	result = bpf_ktime_get_ns();
	count = bpf_ktime_get_ns();
	return 0;
}

SEC("raw_tp")
int who(void *ctx)
{
	result = bpf_get_current_pid_tgid();
	count = bpf_get_smp_processor_id();
	return 0;
}

SEC("raw_tp")
int print(void *ctx)
{
	bpf_printk("%d of %u: %s%%", -3, 7, source);
	return 0;
}

SEC("raw_tp")
int print_many(void *ctx)
{
	bpf_printk("%d %d %d %d %5d|%-3d|%03d", 1, 2, 3, 4, 5, 6, 7);
	return 0;
}

SEC("raw_tp")
int probe_read(void *ctx)
{
	result = bpf_probe_read_kernel(target, 11, source);
	return 0;
}

SEC("raw_tp")
int probe_read_fault(void *ctx)
{
	target[0] = 'x';
	result = bpf_probe_read_kernel(target, 8, (void *)0xdead000000000000ULL);
	return 0;
}

SEC("raw_tp")
int past_the_end(void *ctx)
{
	__u32 key = 1;
	__u64 *value = bpf_map_lookup_elem(&array, &key);

	if (value)
		result = *(volatile __u64 *)(value + 1);
	return 0;
}

SEC("raw_tp")
int unknown(void *ctx)
{
	return bpf_task_pt_regs(bpf_get_current_task_btf()) != 0;
}
