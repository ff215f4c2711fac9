// How long is the door open? Both programs do the same private work; one of them does it between the load and the
// store of the counter, the other one after the store.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#define WORK 32 /* rounds of three private instructions each */

__u64 counter = 0;

/* Nothing that another CPU could see: it keeps a register busy. */
static __always_inline __u64 private_work(__u64 x)
{
	for (int i = 0; i < WORK; i++) {
		x = x * 6364136223846793005ULL + 1;
		barrier_var(x);
	}
	return x;
}

SEC("raw_tp")
int work_inside(void *ctx)
{
	__u64 seen = READ_ONCE(counter);
	__u64 x = private_work(seen);

	WRITE_ONCE(counter, seen + 1);
	return x & 1;
}

SEC("raw_tp")
int work_after(void *ctx)
{
	__u64 seen = READ_ONCE(counter);

	WRITE_ONCE(counter, seen + 1);
	return private_work(seen) & 1;
}
