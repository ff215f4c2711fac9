// Stack: 512 bytes over all frames, slots, pointers kept on it; registers before they are written.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, __u64); __type(value, __u64); __uint(max_entries, 4); } h SEC(".maps");
int sink;
#define RAW(name, text) SEC("socket") __attribute__((naked)) int name(void) { asm volatile(text "exit;" ::: "memory"); }
RAW(uninit_r0, "")
RAW(uninit_r2, "r0 = r2;")
RAW(r1_after_call, "call 7; r0 = r1;")
RAW(write_fp, "r10 = 1; r0 = 0;")
RAW(add_fp, "r10 += 1; r0 = 0;")
RAW(read_uninit_stack, "r0 = *(u64 *)(r10 - 8); r0 &= 1;")
RAW(read_above, "r0 = *(u64 *)(r10 + 0);")
RAW(read_below, "r0 = *(u64 *)(r10 - 520);")
RAW(write_below, "*(u64 *)(r10 - 520) = r1; r0 = 0;")
RAW(write_lowest, "r2 = 1; *(u64 *)(r10 - 512) = r2; r0 = 0;")
RAW(write_across_end, "r2 = 1; *(u32 *)(r10 - 2) = r2; r0 = 0;")
RAW(misaligned, "r2 = 1; *(u64 *)(r10 - 12) = r2; r0 = 0;")
RAW(spill_pointer_half, "*(u32 *)(r10 - 8) = r1; r0 = 0;")
RAW(fill_pointer_half, "*(u64 *)(r10 - 8) = r1; r0 = *(u32 *)(r10 - 8);")
RAW(fill_pointer, "*(u64 *)(r10 - 8) = r1; r2 = *(u64 *)(r10 - 8); r0 = *(u32 *)(r2 + 0);")
RAW(pointer_overwritten, "*(u64 *)(r10 - 8) = r1; r3 = 0; *(u8 *)(r10 - 5) = r3; r2 = *(u64 *)(r10 - 8); r0 = *(u32 *)(r2 + 0);")
RAW(spilled_constant, "r2 = 8; *(u64 *)(r10 - 8) = r2; r3 = *(u64 *)(r10 - 8); r1 = r10; r1 += -32; r1 += r3; r4 = 1; *(u64 *)(r1 + 0) = r4; r0 = 0;")
RAW(return_fp, "r0 = r10;")
RAW(subtract_pointers, "r0 = r10; r0 -= r1; r0 &= 1;")
RAW(add_pointers, "r0 = r10; r0 += r1;")
RAW(and_pointer, "r0 = r10; r0 &= -8; r0 = 0;")
RAW(shift_pointer, "r0 = r10; r0 <<= 1; r0 = 0;")
RAW(pointer_32_bit, "r0 = r10; w0 += 4; r0 = 0;")
RAW(negate_pointer, "r0 = r10; r0 = -r0; r0 = 0;")
RAW(subtract_from_fp, "r2 = r10; r3 = 8; r2 -= r3; r0 = 0;")
RAW(no_exit_jump_out, "r0 = 0; goto +1;")
RAW(unreachable, "r0 = 0; exit; r0 = 1;")
RAW(unreachable_jumped_over, "r0 = 0; goto +1; r0 = 2;")
RAW(endless, "l0_%=: r0 = 0; goto l0_%=;")
RAW(endless_condition, "r2 = 1; l0_%=: if r2 == 1 goto l0_%=; r0 = 0;")
static __attribute__((noinline)) int deep(int x) { volatile char b[200]; b[x & 127] = x; return b[3]; }
static __attribute__((noinline)) int middle(int x) { volatile char b[200]; b[x & 127] = x; return deep(x) + b[3]; }
SEC("socket") int combined_too_deep(void *ctx) { volatile char b[200]; b[7] = 1; return middle(bpf_get_prandom_u32()) + b[7]; }
SEC("socket") int combined_fits(void *ctx) { volatile char b[40]; b[7] = 1; return middle(bpf_get_prandom_u32()) + b[7]; }
SEC("kprobe") int combined_private(void *ctx) { volatile char b[200]; b[7] = 1; return middle(bpf_get_prandom_u32()) + b[7]; }
static __attribute__((noinline)) void fill(__u64 *p) { *p = 5; }
SEC("socket") int stack_to_static(void *ctx) { __u64 x = 0; fill(&x); return x; }
static __attribute__((noinline)) __u64 *leak_own(void) { __u64 x = 1; __u64 *p = &x; asm volatile("" : "+r"(p)); return p; }
SEC("socket") int stack_returned(void *ctx) { return *leak_own(); }
static __attribute__((noinline)) void keep(__u64 **p) { __u64 x = 1; *p = &x; asm volatile("" ::: "memory"); }
SEC("socket") int stack_kept_in_caller(void *ctx) { __u64 *p = 0; keep(&p); return p ? 1 : 0; }
#define LEVEL(n, next) static __attribute__((noinline)) int f##n(int x) { volatile int y = x; return next(y) + 1; }
static __attribute__((noinline)) int f9(int x) { volatile int y = x; return y; }
LEVEL(8, f9) LEVEL(7, f8) LEVEL(6, f7) LEVEL(5, f6) LEVEL(4, f5) LEVEL(3, f4) LEVEL(2, f3) LEVEL(1, f2)
SEC("socket") int eight_frames(void *ctx) { return f3(1); }
SEC("socket") int too_many_frames(void *ctx) { return f1(1); }
SEC("socket") int uninit_key(void *ctx) { __u64 k; return bpf_map_lookup_elem(&h, &k) ? 1 : 0; }
