// Functions of a program: static ones are followed, global ones stand on their own; callbacks; loops.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct pair { __u64 lo, hi; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, struct pair); __uint(max_entries, 16); } h SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_QUEUE); __uint(value_size, 8); __uint(max_entries, 4); } q SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); __uint(key_size, 4); __uint(value_size, 4); __uint(max_entries, 2); } tails SEC(".maps");
int total; __u64 slots[8];
#define NOINLINE __attribute__((noinline))
#define PROG(name) SEC("tc") int name(struct __sk_buff *ctx)
static struct pair *get(int key) { return bpf_map_lookup_elem(&h, &key); }
NOINLINE int g_scalar(int x) { return x + total; }
NOINLINE int g_index(__u32 i) { return slots[i]; }
NOINLINE int g_index_masked(__u32 i) { return slots[i & 7]; }
NOINLINE int g_pointer(struct pair *p) { return p->lo; }
NOINLINE int g_pointer_checked(struct pair *p) { if (!p) return 0; return p->lo; }
NOINLINE int g_void_pointer(void *p) { return p != 0; }
NOINLINE void g_void(int x) { total += x; }
NOINLINE struct pair *g_returns_pointer(int x) { return x ? get(x) : 0; }
NOINLINE int g_ctx(struct __sk_buff *c) { return c->len; }
NOINLINE int g_by_value(struct pair p) { return p.lo + p.hi; }
NOINLINE int g_pointer_pointer(int **p) { return p != 0; }
NOINLINE int g_recursive(int x) { if (x > 3) return 0; return g_recursive(x + 1) + 1; }
NOINLINE int g_trace(int x) { return bpf_trace_printk("x", 2) + x; }
static NOINLINE int s_checked(struct pair *p) { return p->lo; }
static NOINLINE int s_bound(__u32 i) { return slots[i]; }
PROG(global_scalar) { return g_scalar(3); }
PROG(global_index) { return g_index(3); }
PROG(global_index_masked) { return g_index_masked(300); }
PROG(global_pointer) { struct pair *p = get(1); if (!p) return 0; return g_pointer(p); }
PROG(global_pointer_checked) { struct pair *p = get(1); return g_pointer_checked(p); }
PROG(global_pointer_to_stack) { struct pair p = {}; return g_pointer_checked(&p); }
PROG(global_pointer_to_small_stack) { __u64 p = 0; return g_pointer_checked((void *)&p); }
PROG(global_pointer_is_number) { return g_pointer_checked((void *)(long)ctx->len); }
PROG(global_pointer_is_ctx) { return g_pointer_checked((void *)ctx); }
PROG(global_void_pointer) { return g_void_pointer(0); }
PROG(global_void) { g_void(3); return 0; }
PROG(global_returns_pointer) { return g_returns_pointer(3) ? 1 : 0; }
PROG(global_ctx) { return g_ctx(ctx); }
PROG(global_ctx_wrong) { struct pair p = {}; return g_ctx((void *)&p); }
PROG(global_scalar_is_pointer) { return g_scalar((int)(long)ctx); }
PROG(global_by_value) { struct pair p = { 1, 2 }; return g_by_value(p); }
PROG(global_pointer_pointer) { int *p = 0; return g_pointer_pointer(&p); }
PROG(global_recursive) { return g_recursive(1); }
PROG(global_helper) { return g_trace(1); }
PROG(static_checked) { struct pair *p = get(1); if (!p) return 0; return s_checked(p); }
PROG(static_unchecked) { struct pair *p = get(1); return s_checked(p); }
PROG(static_bound) { __u32 i = ctx->len; if (i > 7) return 0; return s_bound(i); }
PROG(static_unbound) { __u32 i = ctx->len; return s_bound(i); }
static long step(__u32 i, void *c) { total += i; return 0; }
static long step_ctx(__u32 i, struct pair *c) { c->lo += i; return 0; }
static long step_index(__u32 i, __u64 *c) { slots[i] += 1; return 0; }
static long step_index_checked(__u32 i, __u64 *c) { if (i < 8) slots[i] += 1; return 0; }
static long step_returns_2(__u32 i, void *c) { return 2; }
static long step_returns_any(__u32 i, void *c) { return bpf_get_prandom_u32(); }
PROG(loop_helper) { return bpf_loop(100, step, 0, 0); }
PROG(loop_context) { struct pair p = {}; bpf_loop(100, step_ctx, &p, 0); return p.lo; }
PROG(loop_context_null) { bpf_loop(100, step_ctx, 0, 0); return 0; }
PROG(loop_index) { bpf_loop(8, step_index, 0, 0); return 0; }
PROG(loop_index_checked) { bpf_loop(8, step_index_checked, 0, 0); return 0; }
PROG(loop_returns_2) { return bpf_loop(8, step_returns_2, 0, 0); }
PROG(loop_returns_any) { return bpf_loop(8, step_returns_any, 0, 0); }
PROG(loop_zero_times) { return bpf_loop(0, step_index, 0, 0); }
PROG(loop_flags) { return bpf_loop(8, step, 0, 1); }
PROG(loop_count_unknown) { return bpf_loop(ctx->len, step, 0, 0); }
NOINLINE long g_step(__u32 i, void *c) { return 0; }
PROG(loop_global_callback) { return bpf_loop(8, g_step, 0, 0); }
PROG(loop_null_callback) { return bpf_loop(8, 0, 0, 0); }
static long each(void *map, int *key, struct pair *v, void *c) { v->lo += *key; return 0; }
static long each_writes_key(void *map, int *key, struct pair *v, void *c) { *key = 1; return 0; }
static long each_past_key(void *map, long *key, struct pair *v, void *c) { return *key & 1; }
static long each_past_value(void *map, int *key, struct pair *v, void *c) { return v[1].lo & 1; }
static long each_deletes(void *map, int *key, struct pair *v, void *c) { bpf_map_delete_elem(map, key); return 0; }
PROG(for_each) { return bpf_for_each_map_elem(&h, each, 0, 0); }
PROG(for_each_writes_key) { return bpf_for_each_map_elem(&h, each_writes_key, 0, 0); }
PROG(for_each_past_key) { return bpf_for_each_map_elem(&h, each_past_key, 0, 0); }
PROG(for_each_past_value) { return bpf_for_each_map_elem(&h, each_past_value, 0, 0); }
PROG(for_each_deletes) { return bpf_for_each_map_elem(&h, each_deletes, 0, 0); }
PROG(for_each_queue) { return bpf_for_each_map_elem(&q, each, 0, 0); }
PROG(bounded_100) { int s = 0; for (int i = 0; i < 100; i++) s += bpf_get_prandom_u32() & 1; return s; }
PROG(bounded_by_input) { int s = 0; __u32 n = ctx->len & 63; for (__u32 i = 0; i < n; i++) s += bpf_get_prandom_u32() & 1; return s; }
PROG(unbounded_by_input) { int s = 0; for (__u32 i = 0; i < ctx->len; i++) s += bpf_get_prandom_u32() & 1; return s; }
PROG(while_random) { while (bpf_get_prandom_u32()) total++; return 0; }
PROG(while_true) { for (;;) total++; return 0; }
PROG(while_map_value) { struct pair *p = get(1); if (!p) return 0; while (*(volatile __u64 *)&p->lo) total++; return 0; }
PROG(nested_loops) { int s = 0; for (int i = 0; i < 20; i++) for (int j = 0; j < 20; j++) s += bpf_get_prandom_u32() & 1; return s; }
PROG(tail_call) { bpf_tail_call(ctx, &tails, 0); return 0; }
PROG(tail_call_wrong_map) { bpf_tail_call(ctx, &h, 0); return 0; }
PROG(tail_call_index_unknown) { bpf_tail_call(ctx, &tails, ctx->len); return 0; }
static NOINLINE int s_tail(struct __sk_buff *ctx) { bpf_tail_call(ctx, &tails, 0); return 0; }
PROG(tail_call_in_function) { return s_tail(ctx); }
static NOINLINE int s_deep_tail(struct __sk_buff *ctx) { volatile char b[64] = {}; bpf_tail_call(ctx, &tails, 0); return b[3]; }
PROG(tail_call_in_deep_function) { volatile char b[256] = {}; b[3] = 1; return s_deep_tail(ctx) + b[4]; }
