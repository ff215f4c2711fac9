// Everything that the object reader has to understand, in one listing.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual MIT/GPL";

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 8);
} first SEC(".maps"), second SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 3);
	__type(key, __u32);
	__array(values, struct inner);
} outer SEC(".maps") = { .values = { [2] = &first, [0] = &second } };

struct element {
	struct {
		__u16 kind;
		struct bpf_spin_lock lock;
	} head;
	int count;
	__u64 times[3];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 100);
	__uint(key_size, 4);
	__type(value, struct element);
} elements SEC(".maps");

SEC("xdp")
int tail(struct xdp_md *ctx)
{
	return XDP_DROP;
}

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size, 4);
	__array(values, int (struct xdp_md *));
} programs SEC(".maps") = { .values = { [1] = &tail } };

int counter;
static volatile __s64 hidden = -5;
const volatile __u32 limit = 7;
struct element global_element;

static __noinline int deepest(__u64 x)
{
	hidden += x;
	return hidden;
}

__noinline int global_subprog(int x)
{
	return deepest(x) + counter;
}

static long each(__u32 index, void *context)
{
	counter += limit;
	return 0;
}

SEC("raw_tp")
int main_program(void *ctx)
{
	__u32 key = 1;
	__u64 *value = bpf_map_lookup_elem(&first, &key);

	if (value)
		*value += 1;
	bpf_loop(3, each, 0, 0);
	return global_subprog(3);
}

SEC("raw_tp")
int neighbour(void *ctx)
{
	__u32 key = 0;
	struct element *found = bpf_map_lookup_elem(&elements, &key);

	if (found)
		found->count += global_element.count;
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	return deepest(1);
}

SEC("xdp")
int jumper(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &programs, 1);
	return bpf_map_lookup_elem(&outer, &(__u32){ 0 }) ? XDP_PASS : XDP_ABORTED;
}
