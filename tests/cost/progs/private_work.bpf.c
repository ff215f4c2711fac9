// Private work around a racy counter: the programs of the ledger's table B2.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

volatile __u64 counter = 0;

/* Private instructions, four at a time independent of one another. */
#define WORK1 asm volatile("%0 += 1" : "+r"(a));
#define WORK10                                                                      \
	asm volatile("%0 += 1; %1 += 1; %2 += 1; %3 += 1; %0 ^= 3; %1 ^= 3; %2 ^= 3; %3 ^= 3; %0 += 5; %1 += 5" \
		     : "+r"(a), "+r"(b), "+r"(c), "+r"(d));
#define WORK0
#define TEN(x) x x x x x x x x x x
#define WORK100 TEN(WORK10)
#define WORK1000 TEN(WORK100)
#define LOCALS __u64 a = 1, b = 2, c = 3, d = 4;

#define AFTER(n)                                                                      \
	SEC("raw_tp") int after##n(void *ctx) { LOCALS counter += 1; WORK##n return 0; } \
	SEC("raw_tp") int between##n(void *ctx)                                       \
	{                                                                             \
		LOCALS                                                                \
		__u64 seen = counter;                                                 \
		WORK##n                                                               \
		counter = seen + 1;                                                   \
		return 0;                                                             \
	}                                                                             \
	SEC("raw_tp") int atomic##n(void *ctx) { LOCALS __sync_fetch_and_add(&counter, 1); WORK##n return 0; }

AFTER(0)
AFTER(1)
AFTER(10)
AFTER(100)
AFTER(1000)

/* 64 increments in a row in each run. */
#define FOUR(x) x x x x
#define SIXTY_FOUR(x) FOUR(FOUR(FOUR(x)))
#define STRAIGHT(n)                                       \
	SEC("raw_tp") int straight##n(void *ctx)          \
	{                                                 \
		LOCALS                                    \
		SIXTY_FOUR(counter += 1; WORK##n)         \
		return 0;                                 \
	}

STRAIGHT(0)
STRAIGHT(1)
STRAIGHT(10)

SEC("raw_tp") int atomic64(void *ctx)
{
	SIXTY_FOUR(__sync_fetch_and_add(&counter, 1);)
	return 0;
}
