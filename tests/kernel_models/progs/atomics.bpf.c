// What the atomic builtins return, and a counter that nobody loses.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

__u64 a, b, returned;
__u64 counter;

#define PROGRAM(name, expression)                                                                                      \
	SEC("raw_tp") int name(void *ctx)                                                                              \
	{                                                                                                              \
		returned = expression;                                                                                 \
		return 0;                                                                                              \
	}

PROGRAM(fetch_and_add, __sync_fetch_and_add(&a, 5))
PROGRAM(fetch_and_sub, __sync_fetch_and_sub(&a, 5))
PROGRAM(fetch_and_or, __sync_fetch_and_or(&a, 5))
PROGRAM(fetch_and_and, __sync_fetch_and_and(&a, 6))
PROGRAM(fetch_and_xor, __sync_fetch_and_xor(&a, 6))
PROGRAM(add_and_fetch, __sync_add_and_fetch(&a, 5))
PROGRAM(cmpxchg, __sync_val_compare_and_swap(&a, b, 99))
PROGRAM(xchg, __sync_lock_test_and_set(&a, 77))

SEC("raw_tp")
int count_racy(void *ctx)
{
	counter += 1;
	return 0;
}

SEC("raw_tp")
int count_atomic(void *ctx)
{
	__sync_fetch_and_add(&counter, 1);
	return 0;
}
