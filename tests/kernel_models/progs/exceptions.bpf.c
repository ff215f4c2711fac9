// Programs that end by bpf_throw, from functions that they call as well.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern void bpf_throw(__u64 cookie) __ksym;

long results[4];
int depth;

static __attribute__((noinline)) int inner(int x)
{
	if (x > 2)
		bpf_throw(40 + x);
	return x;
}

SEC("tc") int throws(void *ctx)
{
	results[0] += 1;
	results[1] = inner(results[0] > 0 ? 3 : 1);
	results[2] = 1;
	return 1;
}

SEC("tc") int returns(void *ctx)
{
	results[1] = inner(depth + 2);
	results[2] = 1;
	return 1;
}
