// What the published curves were measured with: a compare-and-swap loop that keeps the value it found, and a counter
// under a lock.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct locked {
	struct bpf_spin_lock lock;
	__u64 count;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, struct locked);
	__uint(max_entries, 1);
} counter SEC(".maps");

volatile __u64 total = 0;

/* One for each CPU, far enough apart. */
struct slot {
	__u64 count;
	__u64 apart[15];
} slots[512];

/* Travis Downs, "A Concurrency Cost Hierarchy": after a failure the value that was found is the next guess. */
static __always_inline void add_by_cas(void)
{
	__u64 seen = total;

	for (int i = 0; i < 200; i++) {
		__u64 found = __sync_val_compare_and_swap(&total, seen, seen + 1);

		if (found == seen)
			return;
		seen = found;
	}
}

#define FOUR(x) x x x x

SEC("raw_tp") int cas64(void *ctx)
{
	FOUR(FOUR(FOUR(add_by_cas();)))
	return 0;
}

SEC("raw_tp") int own_slot(void *ctx)
{
	volatile struct slot *own = &slots[bpf_get_smp_processor_id() & 511];

	FOUR(FOUR(FOUR(own->count += 1;)))
	return 0;
}

SEC("tc") int locked_count(void *ctx)
{
	__u32 key = 0;
	struct locked *value = bpf_map_lookup_elem(&counter, &key);

	if (!value)
		return 0;
	bpf_spin_lock(&value->lock);
	value->count += 1;
	bpf_spin_unlock(&value->lock);
	return 0;
}
