// -mcpu=v4
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

// Message passing and store buffering, each plain, with release and acquire, and with a full barrier.
int data, flag, seen_flag, seen_data, x, y, saw_x, saw_y, barrier_0, barrier_1;
char LICENSE[] SEC("license") = "GPL";

#define LOAD(at) (*(volatile int *)&(at))
#define STORE(at, value) (*(volatile int *)&(at) = (value))

SEC("raw_tp")
int send_plain(void *ctx)
{
	STORE(data, 7);
	STORE(flag, 1);
	return 0;
}

SEC("raw_tp")
int receive_plain(void *ctx)
{
	seen_flag = LOAD(flag);
	seen_data = LOAD(data);
	return 0;
}

SEC("raw_tp")
int send_release(void *ctx)
{
	STORE(data, 7);
	__atomic_store_n(&flag, 1, __ATOMIC_RELEASE);
	return 0;
}

SEC("raw_tp")
int receive_acquire(void *ctx)
{
	seen_flag = __atomic_load_n(&flag, __ATOMIC_ACQUIRE);
	seen_data = LOAD(data);
	return 0;
}

SEC("raw_tp")
int send_barrier(void *ctx)
{
	STORE(data, 7);
	__sync_val_compare_and_swap(&barrier_0, 0, 0);
	STORE(flag, 1);
	return 0;
}

SEC("raw_tp")
int receive_barrier(void *ctx)
{
	seen_flag = LOAD(flag);
	__sync_val_compare_and_swap(&barrier_1, 0, 0);
	seen_data = LOAD(data);
	return 0;
}

SEC("raw_tp")
int left_plain(void *ctx)
{
	STORE(x, 1);
	saw_y = LOAD(y);
	return 0;
}

SEC("raw_tp")
int right_plain(void *ctx)
{
	STORE(y, 1);
	saw_x = LOAD(x);
	return 0;
}

SEC("raw_tp")
int left_release(void *ctx)
{
	__atomic_store_n(&x, 1, __ATOMIC_RELEASE);
	saw_y = __atomic_load_n(&y, __ATOMIC_ACQUIRE);
	return 0;
}

SEC("raw_tp")
int right_release(void *ctx)
{
	__atomic_store_n(&y, 1, __ATOMIC_RELEASE);
	saw_x = __atomic_load_n(&x, __ATOMIC_ACQUIRE);
	return 0;
}

SEC("raw_tp")
int left_barrier(void *ctx)
{
	STORE(x, 1);
	__sync_val_compare_and_swap(&barrier_0, 0, 0);
	saw_y = LOAD(y);
	return 0;
}

SEC("raw_tp")
int right_barrier(void *ctx)
{
	STORE(y, 1);
	__sync_val_compare_and_swap(&barrier_1, 0, 0);
	saw_x = LOAD(x);
	return 0;
}

int counter, tickets[4];

SEC("raw_tp")
int count_thrice(void *ctx)
{
	for (int i = 0; i < 3; i++)
		__sync_fetch_and_add(&counter, 1);
	return 0;
}

SEC("raw_tp")
int asks_the_time(void *ctx)
{
	counter = bpf_ktime_get_ns();
	return 0;
}
