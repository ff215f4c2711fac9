// Every kind of instruction, for its text: clang -target bpf -O2 -g -mcpu=v4
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

__u64 shared_word;
__u32 shared_half;

#define INSN(text) asm volatile(text ::: "r0", "r1", "r2", "r3", "r4")

static __noinline int triple(int x)
{
	return x * 3;
}

SEC("raw_tp")
int every_insn(void *ctx)
{
	INSN("r0 = 1");
	INSN("r1 = 7");
	INSN("r2 = 9");
	INSN("r3 = r10");
	INSN("r3 += -8");
	INSN("r4 = -3");
	INSN("*(u64 *)(r10 - 8) = 3");
	INSN("*(u32 *)(r10 - 4) = -3");
	INSN("r1 = (s8)r2");
	INSN("w1 = (s16)w2");
	INSN("r1 = (s32)r2");
	INSN("r1 = *(s8 *)(r10 - 8)");
	INSN("r1 = *(s32 *)(r10 - 8)");
	INSN("r1 s/= r2");
	INSN("w1 s%%= 3");
	INSN("r1 s%%= r2");
	INSN("w1 /= w2");
	INSN("r1 %%= 5");
	INSN("r1 = -r1");
	INSN("w1 = -w1");
	INSN("r1 s>>= 3");
	INSN("w2 s>>= w1");
	INSN("r1 ^= r2");
	INSN("r1 |= -4");
	INSN("r1 &= 255");
	INSN("r1 = be16 r1");
	INSN("r1 = le32 r1");
	INSN("r1 = bswap64 r1");
	INSN("r1 = bswap16 r1");
	INSN("lock *(u32 *)(r10 - 8) += w2");
	INSN("lock *(u64 *)(r10 - 8) |= r2");
	INSN("lock *(u64 *)(r10 - 8) &= r2");
	INSN("lock *(u64 *)(r10 - 8) ^= r2");
	INSN("r1 = atomic_fetch_add((u64 *)(r10 - 8), r1)");
	INSN("w1 = atomic_fetch_xor((u32 *)(r10 - 8), w1)");
	INSN("r1 = xchg_64(r10 - 8, r1)");
	INSN("r0 = cmpxchg_64(r10 - 8, r0, r1)");
	INSN("w0 = cmpxchg32_32(r10 - 8, w0, w1)");
	INSN("w1 = xchg32_32(r10 - 8, w1)");
	INSN("r1 = load_acquire((u64 *)(r10 - 8))");
	INSN("w1 = load_acquire((u8 *)(r10 - 8))");
	INSN("store_release((u64 *)(r10 - 8), r1)");
	INSN("store_release((u16 *)(r10 - 8), w1)");
	INSN("if r1 s> -5 goto +1");
	INSN("r1 = 1");
	INSN("if w1 & 7 goto +1");
	INSN("r1 = 2");
	INSN("if r1 != r2 goto +1");
	INSN("r1 = 5");
	INSN("r1 = 6");
	INSN("r1 = 7");
	INSN("may_goto +1");
	INSN("r1 = 2");
	INSN("r1 = 123456789012345 ll");
	INSN("r1 = -1 ll");
	INSN("w0=0");
	shared_word += triple(5);
	shared_half++;
	bpf_ktime_get_ns();
	return 0;
}
