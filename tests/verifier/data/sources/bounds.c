// Bounds: what an index, a length or an offset must prove before memory is touched.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct arr { __u64 slot[8]; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct arr); __uint(max_entries, 4); } m SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, struct arr); __uint(max_entries, 4); } h SEC(".maps");
const int table[4] = { 1, 2, 3, 4 };
int sink; char text[64]; int len;
static struct arr *get(int key) { return bpf_map_lookup_elem(&h, &key); }
#define PROG(name) SEC("socket") int name(struct __sk_buff *ctx)
PROG(masked) { struct arr *v = get(1); __u32 i = bpf_get_prandom_u32(); if (!v) return 0; return v->slot[i & 7]; }
PROG(masked_too_wide) { struct arr *v = get(1); __u32 i = bpf_get_prandom_u32(); if (!v) return 0; return v->slot[i & 15]; }
PROG(compared) { struct arr *v = get(1); __u32 i = bpf_get_prandom_u32(); if (!v || i >= 8) return 0; return v->slot[i]; }
PROG(compared_off_by_one) { struct arr *v = get(1); __u32 i = bpf_get_prandom_u32(); if (!v || i > 8) return 0; return v->slot[i]; }
PROG(unbounded) { struct arr *v = get(1); __u64 i = bpf_ktime_get_ns(); if (!v) return 0; return v->slot[i]; }
PROG(signed_below_only) { struct arr *v = get(1); int i = ctx->len; if (!v) return 0; if (i < 8) return v->slot[i]; return 0; }
PROG(signed_both_ends) { struct arr *v = get(1); int i = ctx->len; if (!v) return 0; if (i < 8 && i >= 0) return v->slot[i]; return 0; }
PROG(remainder) { struct arr *v = get(1); __u32 i = bpf_get_prandom_u32(); if (!v) return 0; return v->slot[i % 8]; }
PROG(remainder_odd) { struct arr *v = get(1); __u32 i = bpf_get_prandom_u32(); if (!v) return 0; return v->slot[i % 7]; }
PROG(shifted) { struct arr *v = get(1); __u32 i = bpf_get_prandom_u32(); if (!v) return 0; return v->slot[i >> 29]; }
PROG(loop_over) { struct arr *v = get(1); int s = 0; if (!v) return 0; for (int i = 0; i < 8; i++) s += *(volatile __u64 *)&v->slot[i]; return s; }
PROG(loop_over_too_far) { struct arr *v = get(1); int s = 0; if (!v) return 0; for (int i = 0; i <= 8; i++) s += *(volatile __u64 *)&v->slot[i]; return s; }
PROG(loop_variable_bound) { struct arr *v = get(1); int s = 0; __u32 n = bpf_get_prandom_u32() & 7; if (!v) return 0; for (__u32 i = 0; i < n; i++) s += *(volatile __u64 *)&v->slot[i]; return s; }
PROG(read_before_start) { struct arr *v = get(1); if (!v) return 0; return *((volatile __u64 *)v - 1); }
PROG(read_straddles_end) { struct arr *v = get(1); if (!v) return 0; return *(volatile __u64 *)((char *)v + 60); }
PROG(pointer_minus_number) { struct arr *v = get(1); __u32 i = bpf_get_prandom_u32() & 7; if (!v) return 0; __u64 *q = &v->slot[7]; q -= i; return *q; }
PROG(constant_table) { return table[bpf_get_prandom_u32() & 3]; }
PROG(constant_table_too_far) { return table[bpf_get_prandom_u32() & 7]; }
PROG(stack_variable_index) { volatile __u64 b[4] = {}; __u32 i = bpf_get_prandom_u32() & 3; b[i] = 5; return b[3]; }
PROG(stack_index_too_far) { volatile __u64 b[4] = {}; __u32 i = bpf_get_prandom_u32() & 127; b[i] = 5; return b[3]; }
PROG(helper_length_known) { char b[16]; return bpf_skb_load_bytes(ctx, 0, b, sizeof(b)); }
PROG(helper_length_masked) { char b[16]; __u32 n = (bpf_get_prandom_u32() & 15) + 1; return bpf_skb_load_bytes(ctx, 0, b, n); }
PROG(helper_length_maybe_zero) { char b[16]; __u32 n = bpf_get_prandom_u32() & 15; return bpf_skb_load_bytes(ctx, 0, b, n); }
PROG(helper_length_too_big) { char b[16]; __u32 n = (bpf_get_prandom_u32() & 31) + 1; return bpf_skb_load_bytes(ctx, 0, b, n); }
PROG(helper_length_unbounded) { __u64 n = bpf_ktime_get_ns(); return bpf_skb_load_bytes(ctx, 0, text, n); }
PROG(helper_length_negative) { int n = ctx->len; if (n > 64) return 0; return bpf_skb_load_bytes(ctx, 0, text, n); }
PROG(helper_length_from_global) { int n = len; if (n < 1 || n > 64) return 0; return bpf_skb_load_bytes(ctx, 0, text, n); }
PROG(helper_length_from_global_64) { __u32 n = len; if (n > 63) return 0; return bpf_skb_load_bytes(ctx, 0, text, n + 1); }
PROG(key_past_stack) { int k = 0; struct arr *v = bpf_map_lookup_elem(&h, (char *)&k + 2); return v ? 1 : 0; }
PROG(division_by_zero_const) { asm volatile("r0 = 4; r0 /= 0; exit"); return 0; }
PROG(division_by_variable) { return ctx->len / (ctx->mark & 3); }
PROG(shift_too_far) { asm volatile("r0 = 4; r0 <<= 64; exit"); return 0; }
PROG(checked_copy) { struct arr *v = get(1); __u32 i = bpf_get_prandom_u32(), j = i; if (!v || j >= 8) return 0; return v->slot[i]; }
PROG(checked_then_changed) { struct arr *v = get(1); __u32 i = bpf_get_prandom_u32(); if (!v || i >= 8) return 0; i += 1; return v->slot[i]; }
