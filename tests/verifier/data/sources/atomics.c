// Atomics: operations, operand sizes, alignment, which memory.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, __u64); __uint(max_entries, 16); } h SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, __u64); __uint(max_entries, 16); } a SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(map_flags, BPF_F_RDONLY_PROG); __type(key, int); __type(value, __u64); __uint(max_entries, 16); } ro SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(map_flags, BPF_F_WRONLY_PROG); __type(key, int); __type(value, __u64); __uint(max_entries, 16); } wo SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __type(key, int); __type(value, __u64); __uint(max_entries, 16); } pa SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
__u64 g64; __u32 g32; __u16 g16; __u8 g8;
const volatile __u64 fixed = 7;
static __u64 *get(void *map, int key) { return bpf_map_lookup_elem(map, &key); }
#define PROG(name) SEC("xdp") int name(struct xdp_md *ctx)
PROG(add_returns) { return __sync_fetch_and_add(&g64, 2) & 1; }
PROG(add_and_fetch) { return __sync_add_and_fetch(&g32, 2) & 1; }
PROG(compare_and_swap) { return __sync_val_compare_and_swap(&g64, 1, 2) & 1; }
PROG(compare_and_swap_32) { return __sync_val_compare_and_swap(&g32, 1, 2) & 1; }
PROG(exchange) { return __sync_lock_test_and_set(&g64, 3) & 1; }
PROG(and_or_xor) { __sync_fetch_and_and(&g64, 3); __sync_fetch_and_or(&g32, 4); __sync_fetch_and_xor(&g64, 5); return 0; }
PROG(hash_value) { __u64 *v = get(&h, 1); if (v) __sync_fetch_and_add(v, 1); return 0; }
PROG(hash_no_check) { __u64 *v = get(&h, 1); __sync_fetch_and_add(v, 1); return 0; }
PROG(array_key_in_range_unaligned) { __u64 *v = get(&a, 3); __sync_fetch_and_add(v, 1); return 0; }
PROG(array_key_zero) { __u64 *v = get(&a, 0); __sync_fetch_and_add(v, 1); return 0; }
PROG(percpu_value) { __u64 *v = get(&pa, 1); if (v) __sync_fetch_and_add(v, 1); return 0; }
PROG(read_only_map) { __u64 *v = get(&ro, 1); if (v) __sync_fetch_and_add(v, 1); return 0; }
PROG(write_only_map) { __u64 *v = get(&wo, 1); if (v) __sync_fetch_and_add(v, 1); return 0; }
PROG(rodata) { __sync_fetch_and_add((__u64 *)&fixed, 1); return 0; }
PROG(half_of_u64) { __u64 *v = get(&h, 1); if (v) __sync_fetch_and_add((__u32 *)v + 1, 1); return 0; }
PROG(misaligned_32) { __u64 *v = get(&h, 1); if (v) __sync_fetch_and_add((__u32 *)((char *)v + 2), 1); return 0; }
PROG(past_end) { __u64 *v = get(&h, 1); if (v) __sync_fetch_and_add(v + 1, 1); return 0; }
PROG(before_start) { __u64 *v = get(&h, 1); if (v) __sync_fetch_and_add(v - 1, 1); return 0; }
PROG(misaligned_stack) { volatile char b[16] = {}; __sync_fetch_and_add((__u64 *)(b + 4), 1); return 0; }
PROG(packet) { char *d = (void *)(long)ctx->data, *e = (void *)(long)ctx->data_end; if (d + 8 > e) return 0; __sync_fetch_and_or((__u64 *)d, 1); return 0; }
PROG(context) { __sync_fetch_and_add(&ctx->rx_queue_index, 1); return 0; }
PROG(ringbuf_memory) { __u64 *r = bpf_ringbuf_reserve(&rb, 16, 0); if (!r) return 0; r[0] = 0; __sync_fetch_and_add(r, 1); bpf_ringbuf_submit(r, 0); return 0; }
PROG(map_itself) { __sync_fetch_and_add((__u64 *)&h, 1); return 0; }
PROG(number_as_pointer) { __sync_fetch_and_add((__u64 *)0x1000, 1); return 0; }
PROG(index_masked) { static __u64 slots[8]; __sync_fetch_and_add(&slots[bpf_get_prandom_u32() & 7], 1); return 0; }
PROG(index_unchecked) { static __u64 tiny[8]; __sync_fetch_and_add(&tiny[bpf_get_prandom_u32() & 15], 1); return 0; }
PROG(index_signed) { static __u64 some[8]; int i = bpf_get_prandom_u32(); if (i < 8) __sync_fetch_and_add(&some[i], 1); return 0; }
#define ATOMIC(size, op) asm volatile(".byte " #size ", 0x21, 0, 0; .long " #op)
PROG(bytes_add) { asm volatile("r1 = %[g] ll; r2 = 1; .byte 0xd3, 0x21, 0, 0; .long 0x0" :: [g] "i"(&g8) : "r1", "r2"); return 0; }
PROG(halves_exchange) { asm volatile("r1 = %[g] ll; r2 = 1; .byte 0xcb, 0x21, 0, 0; .long 0xe1" :: [g] "i"(&g16) : "r1", "r2"); return 0; }
PROG(bytes_compare) { asm volatile("r0 = 0; r1 = %[g] ll; r2 = 1; .byte 0xd3, 0x21, 0, 0; .long 0xf1" :: [g] "i"(&g8) : "r0", "r1", "r2"); return 0; }
PROG(unknown_operation) { asm volatile("r1 = %[g] ll; r2 = 1; .byte 0xdb, 0x21, 0, 0; .long 0x20" :: [g] "i"(&g64) : "r1", "r2"); return 0; }
PROG(load_acquire_byte) { int r; asm volatile("r1 = %[g] ll; .byte 0xd3, 0x12, 0, 0; .long 0x100; %[r] = r2" : [r] "=r"(r) : [g] "i"(&g8) : "r1", "r2"); return r & 1; }
PROG(store_release_half) { asm volatile("r1 = %[g] ll; r2 = 1; .byte 0xcb, 0x21, 0, 0; .long 0x110" :: [g] "i"(&g16) : "r1", "r2"); return 0; }
PROG(load_acquire_context) { asm volatile("r1 = %[c]; .byte 0xc3, 0x12, 0, 0; .long 0x100" :: [c] "r"(ctx) : "r1", "r2"); return 0; }
PROG(store_release_misaligned) { asm volatile("r1 = %[g] ll; r1 += 1; r2 = 1; .byte 0xc3, 0x21, 0, 0; .long 0x110" :: [g] "i"(&g64) : "r1", "r2"); return 0; }
PROG(compare_r0_uninit) { asm volatile("call 7; r1 = %[g] ll; r2 = 1; .byte 0xdb, 0x31, 0, 0; .long 0xf1" :: [g] "i"(&g64) : "r0", "r1", "r2", "r3", "r4", "r5"); return 0; }
