// What is taken must be given back: ring buffer records, sockets; timers, dynptrs.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
struct timed { struct bpf_timer t; int n; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, struct timed); __uint(max_entries, 4); } timers SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, __u64[4]); __uint(max_entries, 4); } a SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); __uint(key_size, 4); __uint(value_size, 4); __uint(max_entries, 2); } tails SEC(".maps");
#define PROG(name) SEC("tc") int name(struct __sk_buff *ctx)
PROG(reserve_submit) { __u64 *r = bpf_ringbuf_reserve(&rb, 16, 0); if (!r) return 0; r[0] = 1; r[1] = 2; bpf_ringbuf_submit(r, 0); return 0; }
PROG(reserve_discard) { __u64 *r = bpf_ringbuf_reserve(&rb, 16, 0); if (!r) return 0; bpf_ringbuf_discard(r, 0); return 0; }
PROG(reserve_leak) { __u64 *r = bpf_ringbuf_reserve(&rb, 16, 0); if (!r) return 0; r[0] = 1; return 0; }
PROG(reserve_unchecked) { __u64 *r = bpf_ringbuf_reserve(&rb, 16, 0); r[0] = 1; bpf_ringbuf_submit(r, 0); return 0; }
PROG(reserve_submit_unchecked) { __u64 *r = bpf_ringbuf_reserve(&rb, 16, 0); bpf_ringbuf_submit(r, 0); return 0; }
PROG(reserve_past_end) { __u64 *r = bpf_ringbuf_reserve(&rb, 16, 0); if (!r) return 0; r[2] = 1; bpf_ringbuf_submit(r, 0); return 0; }
PROG(reserve_used_after) { __u64 *r = bpf_ringbuf_reserve(&rb, 16, 0); if (!r) return 0; bpf_ringbuf_submit(r, 0); return r[0]; }
PROG(reserve_submit_twice) { __u64 *r = bpf_ringbuf_reserve(&rb, 16, 0); if (!r) return 0; bpf_ringbuf_submit(r, 0); bpf_ringbuf_submit(r, 0); return 0; }
PROG(reserve_submit_moved) { __u64 *r = bpf_ringbuf_reserve(&rb, 16, 0); if (!r) return 0; bpf_ringbuf_submit(r + 1, 0); return 0; }
PROG(reserve_size_unknown) { __u64 *r = bpf_ringbuf_reserve(&rb, ctx->len, 0); if (!r) return 0; bpf_ringbuf_submit(r, 0); return 0; }
PROG(reserve_one_path) { __u64 *r = bpf_ringbuf_reserve(&rb, 16, 0); if (!r) return 0; if (ctx->len > 5) return 1; bpf_ringbuf_submit(r, 0); return 0; }
PROG(submit_stack) { __u64 x = 0; bpf_ringbuf_submit(&x, 0); return 0; }
PROG(reserve_then_tail_call) { __u64 *r = bpf_ringbuf_reserve(&rb, 16, 0); if (!r) return 0; bpf_tail_call(ctx, &tails, 0); bpf_ringbuf_submit(r, 0); return 0; }
static __attribute__((noinline)) void finish(__u64 *r) { bpf_ringbuf_submit(r, 0); }
PROG(submit_in_function) { __u64 *r = bpf_ringbuf_reserve(&rb, 16, 0); if (!r) return 0; finish(r); return 0; }
PROG(query) { return bpf_ringbuf_query(&rb, 0) & 1; }
PROG(socket_released) { struct bpf_sock_tuple { __u32 a[9]; } t = {}; void *s = bpf_sk_lookup_tcp(ctx, (void *)&t, 36, -1, 0); if (!s) return 0; bpf_sk_release(s); return 0; }
PROG(socket_leaked) { struct bpf_sock_tuple { __u32 a[9]; } t = {}; void *s = bpf_sk_lookup_tcp(ctx, (void *)&t, 36, -1, 0); return s ? 1 : 0; }
PROG(socket_unchecked) { struct bpf_sock_tuple { __u32 a[9]; } t = {}; void *s = bpf_sk_lookup_tcp(ctx, (void *)&t, 36, -1, 0); bpf_sk_release(s); return 0; }
PROG(socket_used_after) { struct bpf_sock_tuple { __u32 a[9]; } t = {}; char *s = bpf_sk_lookup_tcp(ctx, (void *)&t, 36, -1, 0); if (!s) return 0; bpf_sk_release(s); return *(volatile int *)(s + 4); }
static int expired(void *map, int *key, struct timed *v) { v->n++; return 0; }
static int expired_returns_1(void *map, int *key, struct timed *v) { return 1; }
PROG(timer) { int k = 1; struct timed *v = bpf_map_lookup_elem(&timers, &k); if (!v) return 0; bpf_timer_init(&v->t, &timers, 1); bpf_timer_set_callback(&v->t, expired); bpf_timer_start(&v->t, 1000, 0); return 0; }
PROG(timer_returns_1) { int k = 1; struct timed *v = bpf_map_lookup_elem(&timers, &k); if (!v) return 0; bpf_timer_init(&v->t, &timers, 1); bpf_timer_set_callback(&v->t, expired_returns_1); return 0; }
PROG(timer_wrong_map) { int k = 1; struct timed *v = bpf_map_lookup_elem(&timers, &k); if (!v) return 0; bpf_timer_init(&v->t, &a, 1); return 0; }
PROG(timer_wrong_offset) { int k = 1; struct timed *v = bpf_map_lookup_elem(&timers, &k); if (!v) return 0; bpf_timer_init((void *)&v->n, &timers, 1); return 0; }
PROG(timer_no_field) { int k = 1; void *v = bpf_map_lookup_elem(&a, &k); if (!v) return 0; bpf_timer_init(v, &a, 1); return 0; }
PROG(timer_written) { int k = 1; struct timed *v = bpf_map_lookup_elem(&timers, &k); if (!v) return 0; *(volatile __u64 *)v = 1; return 0; }
SEC("raw_tp") int timer_in_raw_tp(void *ctx) { int k = 1; struct timed *v = bpf_map_lookup_elem(&timers, &k); if (!v) return 0; v->n++; return 0; }
PROG(dynptr_submit) { struct bpf_dynptr p; __u64 x = 1; bpf_ringbuf_reserve_dynptr(&rb, 16, 0, &p); bpf_dynptr_write(&p, 0, &x, 8, 0); bpf_ringbuf_submit_dynptr(&p, 0); return 0; }
PROG(dynptr_leak) { struct bpf_dynptr p; bpf_ringbuf_reserve_dynptr(&rb, 16, 0, &p); return 0; }
PROG(dynptr_data) { struct bpf_dynptr p; bpf_ringbuf_reserve_dynptr(&rb, 16, 0, &p); __u64 *d = bpf_dynptr_data(&p, 0, 8); if (d) *d = 3; bpf_ringbuf_submit_dynptr(&p, 0); return 0; }
PROG(dynptr_data_unchecked) { struct bpf_dynptr p; bpf_ringbuf_reserve_dynptr(&rb, 16, 0, &p); __u64 *d = bpf_dynptr_data(&p, 0, 8); *d = 3; bpf_ringbuf_submit_dynptr(&p, 0); return 0; }
PROG(dynptr_data_after) { struct bpf_dynptr p; bpf_ringbuf_reserve_dynptr(&rb, 16, 0, &p); __u64 *d = bpf_dynptr_data(&p, 0, 8); bpf_ringbuf_submit_dynptr(&p, 0); if (d) *d = 3; return 0; }
PROG(dynptr_uninit) { struct bpf_dynptr p; __u64 x; return bpf_dynptr_read(&x, 8, &p, 0, 0); }
PROG(dynptr_from_map) { int k = 1; struct bpf_dynptr p; __u64 x = 0; void *v = bpf_map_lookup_elem(&a, &k); if (!v) return 0; bpf_dynptr_from_mem(v, 32, 0, &p); bpf_dynptr_read(&x, 8, &p, 0, 0); return x; }
PROG(dynptr_from_stack) { struct bpf_dynptr p; __u64 x = 0; bpf_dynptr_from_mem(&x, 8, 0, &p); return 0; }
PROG(dynptr_overwritten) { struct bpf_dynptr p; bpf_ringbuf_reserve_dynptr(&rb, 16, 0, &p); *(volatile __u64 *)&p = 0; bpf_ringbuf_submit_dynptr(&p, 0); return 0; }
