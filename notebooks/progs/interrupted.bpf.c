// One CPU's copy of a counter, and an interrupt on this CPU that raises the same copy. The more instructions stand
// between the load and the store, the more interrupts strike there.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} counters SEC(".maps");

#define COUNT __u32 key = 0; __u64 *count = bpf_map_lookup_elem(&counters, &key); if (!count) return 0

/* A round is a multiplication and an addition on a register. */
#define WINDOW(name, rounds)                                             \
SEC("raw_tp")                                                            \
int name(void *ctx)                                                      \
{                                                                        \
	COUNT;                                                           \
	__u64 seen = READ_ONCE(*count), x = seen;                        \
	_Pragma("unroll")                                                \
	for (int i = 0; i < (rounds); i++) {                             \
		x = x * 5 + 1;                                           \
		barrier_var(x);                                          \
	}                                                                \
	WRITE_ONCE(*count, seen + 1);                                    \
	return x & 1;                                                    \
}

WINDOW(window_0, 0)
WINDOW(window_10, 5)
WINDOW(window_100, 50)

SEC("raw_tp")
int add_atomic(void *ctx)
{
	COUNT;
	__sync_fetch_and_add(count, 1);
	return 0;
}

SEC("raw_tp")
int interrupt(void *ctx)
{
	COUNT;
	__sync_fetch_and_add(count, 1);
	return 0;
}
