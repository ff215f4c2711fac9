// An increment out of compare-and-swap: store only where nothing has changed since the load, else look again.
// The verifier wants every loop to end, so the tries are counted and what found no opening is counted as well.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#define TRIES 4

__u64 counter = 0;
__u64 gave_up = 0;

SEC("tp_btf/sys_enter")
int sys_enter_count(void *ctx)
{
	for (int i = 0; i < TRIES; i++) {
		__u64 seen = READ_ONCE(counter);

		if (__sync_val_compare_and_swap(&counter, seen, seen + 1) == seen)
			return 0;
	}
	__sync_fetch_and_add(&gave_up, 1);
	return 0;
}
