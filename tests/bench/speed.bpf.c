/* What the speed of the simulated CPUs is measured with: each program is one kind of work between visible operations. */
typedef unsigned int u32;
typedef unsigned long u64;
#define SEC(name) __attribute__((section(name), used))

volatile u64 counter;
volatile u64 atomic_counter;
volatile u64 table[64];

/* Nothing but shared memory: load, add, store. */
SEC("raw_tp/racy")
u64 racy(void *ctx)
{
	for (u32 i = 0; i < 100000; i++)
		counter += 1;
	return 0;
}

/* One atomic addition after the other. */
SEC("raw_tp/atomic")
u64 atomic(void *ctx)
{
	for (u32 i = 0; i < 100000; i++)
		__sync_fetch_and_add(&atomic_counter, 1);
	return 0;
}

/* One round of a 64-bit mixer: multiply, add, shift, rotate, subtract. */
#define MIX(k)                                                     \
	x = x * 6364136223846793005UL + (1442695040888963407UL + k); \
	y ^= x >> 29;                                                \
	y = (y << 13) | (y >> 51);                                   \
	x -= y;

/* About 50 private instructions, two of them divisions, between a load and a store. */
SEC("raw_tp/alu")
u64 alu(void *ctx)
{
	u64 x = 1, y = 88172645463325252UL;

	for (u32 i = 0; i < 10000; i++) {
		x += counter;
		MIX(1) MIX(3)
		y = y + x / (y | 1);
		MIX(5)
		x = x + y % ((x >> 7) | 3);
		MIX(7)
		counter = x ^ y;
	}
	return 0;
}

/* A hash, the stack, a table entry found by it, and now and then an atomic addition. */
SEC("raw_tp/mixed")
u64 mixed(void *ctx)
{
	u64 h = 0x9e3779b97f4a7c15UL;
	volatile u64 tmp[4];

	for (u32 i = 0; i < 20000; i++) {
		h ^= h << 13;
		h ^= h >> 7;
		h ^= h << 17;
		tmp[0] = h;
		tmp[1] = i;
		table[(tmp[0] + tmp[1]) & 63] += 1;
		if (h & 16)
			__sync_fetch_and_add(&atomic_counter, 1);
	}
	return 0;
}

char gpl[] SEC("license") = "GPL";
