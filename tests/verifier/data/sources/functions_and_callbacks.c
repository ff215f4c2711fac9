#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#define AS(T) struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 4); __type(key, __u32); __type(value, T); }
struct val { __u64 a; int n; char buf[64]; };
AS(struct val) m SEC(".maps");
struct lv { struct bpf_spin_lock l; __u64 a; };
AS(struct lv) lm SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_USER_RINGBUF); __uint(max_entries, 4096); } urb SEC(".maps");
__u64 g[8]; __u32 gi;
#define LOOK struct val *v; __u32 k = 0; v = bpf_map_lookup_elem(&m, &k); if (!v) return 0;
#define LLOOK struct lv *v; __u32 k = 0; v = bpf_map_lookup_elem(&lm, &k); if (!v) return 0;
/* global functions */
__noinline int gf_scalar(int x) { return g[x & 7]; }
__noinline int gf_unchecked(int x) { return g[x]; }
__noinline int gf_mem(struct val *p) { if (!p) return 0; return p->n; }
__noinline int gf_mem_nocheck(struct val *p) { return p->n; }
__noinline int gf_mem_beyond(int *p) { if (!p) return 0; return p[1]; }
__noinline int gf_ctx(struct xdp_md *c) { return c->rx_queue_index; }
__noinline long *gf_ptr(int x) { return (long *)&g[x & 7]; }
__noinline void gf_void(struct val *p) { if (p) p->n = 1; }
__noinline int gf_lock(struct lv *p) { if (!p) return 0; bpf_spin_lock(&p->l); p->a++; bpf_spin_unlock(&p->l); return 0; }
__noinline int gf_recursive(int x) { if (x > 10) return 0; return gf_recursive(x + 1) + 1; }
__noinline int gf_six(int a) { return a; }
SEC("xdp") int call_scalar(struct xdp_md *c) { return gf_scalar(gi); }
SEC("xdp") int call_unchecked(struct xdp_md *c) { return gf_unchecked(3); }
SEC("xdp") int call_scalar_ptr(struct xdp_md *c) { return gf_scalar((long)c); }
SEC("xdp") int call_mem(struct xdp_md *c) { LOOK return gf_mem(v); }
SEC("xdp") int call_mem_null(struct xdp_md *c) { __u32 k = 0; return gf_mem(bpf_map_lookup_elem(&m, &k)); }
SEC("xdp") int call_mem_nocheck(struct xdp_md *c) { LOOK return gf_mem_nocheck(v); }
SEC("xdp") int call_mem_beyond(struct xdp_md *c) { LOOK return gf_mem_beyond(&v->n); }
SEC("xdp") int call_mem_stack(struct xdp_md *c) { struct val x = {}; return gf_mem(&x); }
SEC("xdp") int call_mem_small(struct xdp_md *c) { int x = 0; return gf_mem((void *)&x); }
SEC("xdp") int call_mem_uninit(struct xdp_md *c) { struct val x; asm volatile("" :: "r"(&x)); return gf_mem(&x); }
SEC("xdp") int call_ctx(struct xdp_md *c) { return gf_ctx(c); }
SEC("xdp") int call_ctx_mem(struct xdp_md *c) { LOOK return gf_ctx((void *)v); }
SEC("tc") int call_ctx_other(struct __sk_buff *c) { return gf_ctx((void *)c); }
SEC("xdp") int call_ptr(struct xdp_md *c) { long *p = gf_ptr(gi); return *p; }
SEC("xdp") int call_void(struct xdp_md *c) { LOOK gf_void(v); return 0; }
SEC("xdp") int call_lock(struct xdp_md *c) { LLOOK gf_lock(v); return 0; }
SEC("xdp") int call_in_lock(struct xdp_md *c) { LLOOK bpf_spin_lock(&v->l); gf_six(1); bpf_spin_unlock(&v->l); return 0; }
SEC("xdp") int call_recursive(struct xdp_md *c) { return gf_recursive(0); }
SEC("xdp") int call_result(struct xdp_md *c) { return g[gf_six(3)]; }
SEC("xdp") int call_result_checked(struct xdp_md *c) { unsigned r = gf_six(3); if (r > 7) return 0; return g[r]; }
/* static */
static __noinline void st_lock(struct lv *p) { bpf_spin_lock(&p->l); }
static __noinline void st_unlock(struct lv *p) { bpf_spin_unlock(&p->l); }
SEC("xdp") int static_lock_split(struct xdp_md *c) { LLOOK st_lock(v); v->a++; st_unlock(v); return 0; }
SEC("xdp") int static_lock_left(struct xdp_md *c) { LLOOK st_lock(v); return 0; }
SEC("xdp") int static_unlock_only(struct xdp_md *c) { LLOOK st_unlock(v); return 0; }
static __noinline void *st_look(void) { __u32 k = 0; return bpf_map_lookup_elem(&m, &k); }
SEC("xdp") int static_null(struct xdp_md *c) { struct val *v = st_look(); return v->n; }
SEC("xdp") int static_null_ok(struct xdp_md *c) { struct val *v = st_look(); return v ? v->n : 0; }
static __noinline void *st_reserve(void) { return bpf_ringbuf_reserve(&rb, 8, 0); }
static __noinline void st_submit(void *p) { bpf_ringbuf_submit(p, 0); }
SEC("xdp") int static_ref(struct xdp_md *c) { void *p = st_reserve(); if (!p) return 0; st_submit(p); return 0; }
SEC("xdp") int static_ref_leak(struct xdp_md *c) { void *p = st_reserve(); return p ? 1 : 0; }
static __noinline int deep8(int x) { volatile char b[64]; b[x & 63] = x; return b[0]; }
static __noinline int deep7(int x) { volatile char b[64]; b[x & 63] = x; return deep8(x) + b[1]; }
static __noinline int deep6(int x) { volatile char b[64]; b[x & 63] = x; return deep7(x) + b[1]; }
static __noinline int deep5(int x) { volatile char b[64]; b[x & 63] = x; return deep6(x) + b[1]; }
static __noinline int deep4(int x) { volatile char b[64]; b[x & 63] = x; return deep5(x) + b[1]; }
static __noinline int deep3(int x) { volatile char b[64]; b[x & 63] = x; return deep4(x) + b[1]; }
static __noinline int deep2(int x) { volatile char b[64]; b[x & 63] = x; return deep3(x) + b[1]; }
static __noinline int deep1(int x) { volatile char b[64]; b[x & 63] = x; return deep2(x) + b[1]; }
SEC("xdp") int deep_eight(struct xdp_md *c) { return deep1(gi); }
SEC("xdp") int deep_seven(struct xdp_md *c) { return deep2(gi); }
SEC("xdp") int deep_six(struct xdp_md *c) { return deep3(gi); }
/* callbacks */
static long cb_ok(__u32 i, __u64 *c) { *c += i; return 0; }
static long cb_idx(__u32 i, __u64 *c) { g[i]++; return 0; }
static long cb_idx_ok(__u32 i, __u64 *c) { if (i < 8) g[i]++; return 0; }
static long cb_two(__u32 i, __u64 *c) { return 2; }
static long cb_lock(__u32 i, struct lv **c) { bpf_spin_lock(&(*c)->l); bpf_spin_unlock(&(*c)->l); return 0; }
static long cb_leak(__u32 i, void *c) { __u64 *p = bpf_ringbuf_reserve(&rb, 8, 0); return 0; }
static long cb_release(__u32 i, void **c) { bpf_ringbuf_discard(*c, 0); return 0; }
static long cb_nested(__u32 i, __u64 *c) { bpf_loop(4, cb_ok, c, 0); return 0; }
static long cb_uninit(__u32 i, __u64 *c) { return c[1] > 0; }
SEC("xdp") int loop_ok(struct xdp_md *c) { __u64 s = 0; bpf_loop(100, cb_ok, &s, 0); return s & 1; }
SEC("xdp") int loop_big(struct xdp_md *c) { __u64 s = 0; bpf_loop(1 << 24, cb_ok, &s, 0); return s & 1; }
SEC("xdp") int loop_flags(struct xdp_md *c) { __u64 s = 0; bpf_loop(100, cb_ok, &s, 1); return s & 1; }
SEC("xdp") int loop_idx(struct xdp_md *c) { __u64 s = 0; bpf_loop(8, cb_idx, &s, 0); return s & 1; }
SEC("xdp") int loop_idx_ok(struct xdp_md *c) { __u64 s = 0; bpf_loop(8, cb_idx_ok, &s, 0); return s & 1; }
SEC("xdp") int loop_two(struct xdp_md *c) { __u64 s = 0; bpf_loop(8, cb_two, &s, 0); return s & 1; }
SEC("xdp") int loop_lock(struct xdp_md *c) { LLOOK bpf_loop(8, cb_lock, &v, 0); return 0; }
SEC("xdp") int loop_leak(struct xdp_md *c) { bpf_loop(8, cb_leak, 0, 0); return 0; }
SEC("xdp") int loop_release(struct xdp_md *c) { void *p = bpf_ringbuf_reserve(&rb, 8, 0); if (!p) return 0; bpf_loop(1, cb_release, &p, 0); return 0; }
SEC("xdp") int loop_nested(struct xdp_md *c) { __u64 s = 0; bpf_loop(8, cb_nested, &s, 0); return s & 1; }
SEC("xdp") int loop_uninit(struct xdp_md *c) { __u64 s = 0; bpf_loop(8, cb_uninit, &s, 0); return s & 1; }
SEC("xdp") int loop_var(struct xdp_md *c) { __u64 s = 0; bpf_loop(gi, cb_ok, &s, 0); return s & 1; }
SEC("xdp") int loop_in_lock(struct xdp_md *c) { __u64 s = 0; LLOOK bpf_spin_lock(&v->l); bpf_loop(2, cb_ok, &s, 0); bpf_spin_unlock(&v->l); return s & 1; }
SEC("xdp") int loop_result_idx(struct xdp_md *c) { __u64 s = 0; bpf_loop(8, cb_ok, &s, 0); return g[s]; }
static long drain(struct bpf_dynptr *d, void *c) { __u64 *p = bpf_dynptr_data(d, 0, 8); return p ? *p & 1 : 0; }
static long drain_nocheck(struct bpf_dynptr *d, void *c) { __u64 *p = bpf_dynptr_data(d, 0, 8); return *p & 1; }
SEC("xdp") int drain_ok(struct xdp_md *c) { return bpf_user_ringbuf_drain(&urb, drain, 0, 0) > 0; }
SEC("xdp") int drain_null(struct xdp_md *c) { return bpf_user_ringbuf_drain(&urb, drain_nocheck, 0, 0) > 0; }
/* dynptr */
SEC("xdp") int dyn_ok(struct xdp_md *c) { struct bpf_dynptr d; __u64 x = 1; bpf_ringbuf_reserve_dynptr(&rb, 16, 0, &d); bpf_dynptr_write(&d, 0, &x, 8, 0); bpf_ringbuf_submit_dynptr(&d, 0); return 0; }
SEC("xdp") int dyn_leak(struct xdp_md *c) { struct bpf_dynptr d; bpf_ringbuf_reserve_dynptr(&rb, 16, 0, &d); return 0; }
SEC("xdp") int dyn_uninit(struct xdp_md *c) { struct bpf_dynptr d; __u64 x = 1; bpf_dynptr_write(&d, 0, &x, 8, 0); return 0; }
SEC("xdp") int dyn_data(struct xdp_md *c) { struct bpf_dynptr d; bpf_ringbuf_reserve_dynptr(&rb, 16, 0, &d); __u64 *p = bpf_dynptr_data(&d, 0, 16); if (p) p[1] = 1; bpf_ringbuf_submit_dynptr(&d, 0); return 0; }
SEC("xdp") int dyn_data_after(struct xdp_md *c) { struct bpf_dynptr d; bpf_ringbuf_reserve_dynptr(&rb, 16, 0, &d); __u64 *p = bpf_dynptr_data(&d, 0, 16); bpf_ringbuf_submit_dynptr(&d, 0); if (p) p[1] = 1; return 0; }
SEC("xdp") int dyn_data_beyond(struct xdp_md *c) { struct bpf_dynptr d; bpf_ringbuf_reserve_dynptr(&rb, 16, 0, &d); __u64 *p = bpf_dynptr_data(&d, 0, 16); if (p) p[2] = 1; bpf_ringbuf_submit_dynptr(&d, 0); return 0; }
SEC("xdp") int dyn_mem(struct xdp_md *c) { struct bpf_dynptr d; LOOK bpf_dynptr_from_mem(v->buf, 64, 0, &d); char b[4]; bpf_dynptr_read(b, 4, &d, 0, 0); return b[0]; }
SEC("xdp") int dyn_mem_big(struct xdp_md *c) { struct bpf_dynptr d; LOOK bpf_dynptr_from_mem(v->buf, 65, 0, &d); return 0; }
SEC("xdp") int dyn_mem_stack(struct xdp_md *c) { struct bpf_dynptr d; char b[8] = {}; bpf_dynptr_from_mem(b, 8, 0, &d); return 0; }
SEC("xdp") int dyn_submit_mem(struct xdp_md *c) { struct bpf_dynptr d; LOOK bpf_dynptr_from_mem(v->buf, 64, 0, &d); bpf_ringbuf_submit_dynptr(&d, 0); return 0; }
SEC("xdp") int dyn_overwrite(struct xdp_md *c) { struct bpf_dynptr d; LOOK bpf_dynptr_from_mem(v->buf, 64, 0, &d); *(volatile __u64 *)&d = 0; char b[4]; bpf_dynptr_read(b, 4, &d, 0, 0); return 0; }
/* atomics */
SEC("xdp") int at_stack(struct xdp_md *c) { __u64 x = 0; __sync_fetch_and_add(&x, 1); return x; }
SEC("xdp") int at_ctx(struct xdp_md *c) { __sync_fetch_and_add((__u32 *)&c->data, 1); return 0; }
SEC("xdp") int at_pkt(struct xdp_md *c) { __u32 *d = (void *)(long)c->data, *e = (void *)(long)c->data_end; if (d + 1 > e) return 0; __sync_fetch_and_add(d, 1); return 0; }
SEC("xdp") int at_misaligned(struct xdp_md *c) { LOOK __sync_fetch_and_add((__u64 *)(v->buf + 1), 1); return 0; }
SEC("xdp") int at_ptr_xchg(struct xdp_md *c) { LOOK return __sync_lock_test_and_set(&v->a, (long)v) > 0; }
SEC("xdp") int at_beyond(struct xdp_md *c) { LOOK __sync_fetch_and_add((__u64 *)(v + 1), 1); return 0; }
SEC("xdp") int at_cmpxchg(struct xdp_md *c) { LOOK return __sync_val_compare_and_swap(&v->a, 1, 2); }
SEC("xdp") int at_idx(struct xdp_md *c) { LOOK return g[__sync_fetch_and_and(&v->a, 7)]; }
SEC("xdp") int at_idx_masked(struct xdp_md *c) { LOOK return g[__sync_fetch_and_add(&v->a, 7) & 7]; }
char _license[] SEC("license") = "GPL";
