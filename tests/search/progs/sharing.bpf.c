// Programs that share what they write, and programs that do not.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, long);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, long);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, long);
} single SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, long);
} by_key SEC(".maps");

volatile int total;
struct {
	volatile int a, b;
} pair;

SEC("raw_tp")
int add(void *ctx)
{
	total += 1;
	return 0;
}

SEC("raw_tp")
int look(void *ctx)
{
	return total;
}

SEC("raw_tp")
int idle(void *ctx)
{
	return 0;
}

SEC("raw_tp")
int left(void *ctx)
{
	pair.a += 1;
	return 0;
}

SEC("raw_tp")
int right(void *ctx)
{
	pair.b += 1;
	return 0;
}

SEC("raw_tp")
int per_cpu(void *ctx)
{
	int key = 0;
	long *count = bpf_map_lookup_elem(&counts, &key);

	if (count)
		*count += 1;
	return 0;
}

SEC("raw_tp")
int insert(void *ctx)
{
	int key = 1;
	long one = 1;

	bpf_map_update_elem(&flows, &key, &one, BPF_NOEXIST);
	return 0;
}

SEC("raw_tp")
int put_one(void *ctx)
{
	int key = 1;
	long one = 1;

	bpf_map_update_elem(&single, &key, &one, BPF_ANY);
	return 0;
}

/* Under the lock of the only bucket it looks at what is there, and changes nothing. */
SEC("raw_tp")
int drop_other(void *ctx)
{
	int key = 2;

	bpf_map_delete_elem(&single, &key);
	return 0;
}

SEC("raw_tp")
int by_context(void *ctx)
{
	if (*(int *)ctx == 7)
		total += 1;
	return 0;
}

/* Only who comes first writes. */
SEC("raw_tp")
int first(void *ctx)
{
	if (__sync_val_compare_and_swap(&pair.a, 0, 1) == 0)
		total = 7;
	return total;
}

SEC("raw_tp")
int twice(void *ctx)
{
	int old = total;

	if (old > 50) {
		total = 100;
		pair.a = old;
	}
	total = old + 1;
	return 0;
}

static int count_key(__u32 key)
{
	long *count = bpf_map_lookup_elem(&by_key, &key);

	if (count)
		*count += 1;
	return 0;
}

SEC("raw_tp")
int key_of_cpu(void *ctx)
{
	return count_key(bpf_get_smp_processor_id());
}

/* Its arguments are drawn. */
SEC("tp_btf/sched_process_exec")
int key_of_argument(__u64 *ctx)
{
	return count_key(ctx[1] & 63);
}

/* No argument is as large as that. */
SEC("tp_btf/sched_process_exec")
int only_huge(__u64 *ctx)
{
	if (ctx[1] > 1ULL << 40)
		total += 1;
	return 0;
}
