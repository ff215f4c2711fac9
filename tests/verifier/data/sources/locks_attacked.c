#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
char LICENSE[] SEC("license") = "GPL";
struct inner { int a; struct bpf_spin_lock lock; int b; };
struct nested { __u64 pad[3]; struct inner in; __u64 tail; };
struct val { struct bpf_spin_lock lock; int cnt; __u64 big[4]; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct nested); __uint(max_entries, 4); } nest SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, struct val); __uint(max_entries, 4); } h SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct val); __uint(max_entries, 4); } arr SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, __u64); __uint(max_entries, 4); } plain SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); __type(key, int); __type(value, int); __uint(max_entries, 4); } jmp SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
static struct bpf_spin_lock glock SEC(".data.lock");
static int gcnt SEC(".data.lock");
__u64 total;
#define GET(m) int key = 0; struct val *v = bpf_map_lookup_elem(&m, &key); if (!v) return 0;

SEC("tc") int nested_ok(void *ctx) { int k = 1; struct nested *v = bpf_map_lookup_elem(&nest, &k); if (!v) return 0; bpf_spin_lock(&v->in.lock); v->in.a++; v->in.b--; v->tail = v->pad[0]; bpf_spin_unlock(&v->in.lock); return 0; }
SEC("tc") int global_lock(void *ctx) { bpf_spin_lock(&glock); gcnt++; bpf_spin_unlock(&glock); return 0; }
SEC("tc") int global_lock_then_map(void *ctx) { GET(h) bpf_spin_lock(&glock); bpf_spin_lock(&v->lock); bpf_spin_unlock(&v->lock); bpf_spin_unlock(&glock); return 0; }
SEC("tc") int global_unlock_other(void *ctx) { GET(h) bpf_spin_lock(&glock); gcnt++; bpf_spin_unlock(&v->lock); return 0; }
SEC("tc") int global_lock_read(void *ctx) { return *(volatile int *)&glock; }
SEC("xdp") int loop_under(void *ctx) { GET(h) bpf_spin_lock(&v->lock); for (int i = 0; i < 4; i++) v->big[i] += i; bpf_spin_unlock(&v->lock); return 0; }
SEC("xdp") int loop_takes_each(void *ctx) { for (int i = 0; i < 4; i++) { int key = i; struct val *v = bpf_map_lookup_elem(&arr, &key); if (!v) return 0; bpf_spin_lock(&v->lock); v->cnt++; bpf_spin_unlock(&v->lock); } return 0; }
SEC("xdp") int loop_keeps(void *ctx) { GET(arr) for (int i = 0; i < 4; i++) { bpf_spin_lock(&v->lock); v->cnt++; if (v->cnt == 7) break; bpf_spin_unlock(&v->lock); } return 0; }
SEC("xdp") int unlock_in_branch(void *ctx) { GET(arr) bpf_spin_lock(&v->lock); if (v->cnt > 5) { v->cnt = 0; bpf_spin_unlock(&v->lock); return 1; } v->cnt++; bpf_spin_unlock(&v->lock); return 2; }
SEC("xdp") int maybe_locked(void *ctx) { GET(arr) int c = v->cnt; if (c > 5) bpf_spin_lock(&v->lock); v->cnt++; if (c > 5) bpf_spin_unlock(&v->lock); return 2; }
SEC("xdp") int maybe_locked2(void *ctx) { GET(arr) if (v->cnt > 5) bpf_spin_lock(&v->lock); v->cnt++; if (*(volatile int *)&v->cnt > 5) bpf_spin_unlock(&v->lock); return 2; }
SEC("xdp") int update_with_flag(void *ctx) { int key = 1; struct val s = { .cnt = 3 }; return bpf_map_update_elem(&arr, &key, &s, BPF_F_LOCK); }
SEC("xdp") int update_noflag(void *ctx) { int key = 1; struct val s = { .cnt = 3 }; return bpf_map_update_elem(&arr, &key, &s, 0); }
SEC("xdp") int update_from_value(void *ctx) { GET(arr) int k2 = 2; return bpf_map_update_elem(&arr, &k2, v, 0); }
SEC("xdp") int plain_as_lock(void *ctx) { int key = 0; __u64 *p = bpf_map_lookup_elem(&plain, &key); if (!p) return 0; bpf_spin_lock((void *)p); bpf_spin_unlock((void *)p); return 0; }
SEC("xdp") int tail_under(struct xdp_md *ctx) { GET(arr) bpf_spin_lock(&v->lock); bpf_tail_call(ctx, &jmp, 0); bpf_spin_unlock(&v->lock); return 0; }
SEC("xdp") int printk_under(struct xdp_md *ctx) { GET(arr) bpf_spin_lock(&v->lock); bpf_printk("x %d", v->cnt); bpf_spin_unlock(&v->lock); return 0; }
SEC("xdp") int rb_under(struct xdp_md *ctx) { GET(arr) bpf_spin_lock(&v->lock); int x = v->cnt; bpf_ringbuf_output(&rb, &x, 4, 0); bpf_spin_unlock(&v->lock); return 0; }
SEC("xdp") int rb_reserved_across(struct xdp_md *ctx) { GET(arr) int *p = bpf_ringbuf_reserve(&rb, 8, 0); if (!p) return 0; bpf_spin_lock(&v->lock); *p = v->cnt; bpf_spin_unlock(&v->lock); bpf_ringbuf_submit(p, 0); return 0; }
SEC("xdp") int delete_after(struct xdp_md *ctx) { GET(h) bpf_spin_lock(&v->lock); v->cnt = 0; bpf_spin_unlock(&v->lock); bpf_map_delete_elem(&h, &key); return 0; }
SEC("xdp") int delete_under(struct xdp_md *ctx) { GET(h) bpf_spin_lock(&v->lock); bpf_map_delete_elem(&h, &key); bpf_spin_unlock(&v->lock); return 0; }
SEC("xdp") int smp_id_under(struct xdp_md *ctx) { GET(h) bpf_spin_lock(&v->lock); v->cnt = bpf_get_smp_processor_id(); bpf_spin_unlock(&v->lock); return 0; }
static __noinline int add_to(struct val *v, int n) { if (!v) return 0; v->cnt += n; return v->cnt; }
SEC("xdp") int sub_under(struct xdp_md *ctx) { GET(h) bpf_spin_lock(&v->lock); int r = add_to(v, 3); bpf_spin_unlock(&v->lock); return r > 4; }
static __noinline int lock_it(struct val *v) { bpf_spin_lock(&v->lock); return 0; }
static __noinline int unlock_it(struct val *v) { bpf_spin_unlock(&v->lock); return 0; }
SEC("xdp") int locked_in_sub(struct xdp_md *ctx) { GET(h) lock_it(v); v->cnt++; unlock_it(v); return 0; }
SEC("xdp") int locked_in_sub_kept(struct xdp_md *ctx) { GET(h) lock_it(v); v->cnt++; return 0; }
__noinline int gadd(int *p) { if (!p) return 0; *p += 1; return *p; }
SEC("xdp") int global_under(struct xdp_md *ctx) { GET(h) bpf_spin_lock(&v->lock); int r = gadd(&v->cnt); bpf_spin_unlock(&v->lock); return r > 4; }
__noinline int glocks(int k) { int key = k; struct val *v = bpf_map_lookup_elem(&h, &key); if (!v) return 0; bpf_spin_lock(&v->lock); v->cnt++; bpf_spin_unlock(&v->lock); return 1; }
SEC("xdp") int global_that_locks(struct xdp_md *ctx) { return glocks(3) + glocks(4); }
SEC("xdp") int global_that_locks_under(struct xdp_md *ctx) { GET(h) bpf_spin_lock(&v->lock); int r = glocks(4); bpf_spin_unlock(&v->lock); return r; }
static int cb(__u32 i, struct val **pv) { struct val *v = *pv; v->cnt++; return 0; }
SEC("xdp") int bpf_loop_under(struct xdp_md *ctx) { GET(h) bpf_spin_lock(&v->lock); bpf_loop(4, cb, &v, 0); bpf_spin_unlock(&v->lock); return 0; }
static int cb_locks(__u32 i, void *c) { int key = i; struct val *v = bpf_map_lookup_elem(&h, &key); if (!v) return 1; bpf_spin_lock(&v->lock); v->cnt++; bpf_spin_unlock(&v->lock); return 0; }
SEC("xdp") int bpf_loop_locks(struct xdp_md *ctx) { bpf_loop(4, cb_locks, 0, 0); return 0; }
static int cb_keeps(__u32 i, void *c) { int key = i; struct val *v = bpf_map_lookup_elem(&h, &key); if (!v) return 1; bpf_spin_lock(&v->lock); v->cnt++; return 0; }
SEC("xdp") int bpf_loop_keeps(struct xdp_md *ctx) { bpf_loop(4, cb_keeps, 0, 0); return 0; }
static int each(void *map, int *key, struct val *v, void *c) { bpf_spin_lock(&v->lock); v->cnt++; bpf_spin_unlock(&v->lock); return 0; }
SEC("xdp") int for_each_locks(struct xdp_md *ctx) { bpf_for_each_map_elem(&h, each, 0, 0); return 0; }
static int each2(void *map, int *key, struct val *v, void *c) { struct val *o = *(struct val **)c; o->cnt += v->cnt; return 0; }
SEC("xdp") int for_each_under(struct xdp_md *ctx) { GET(arr) bpf_spin_lock(&v->lock); bpf_for_each_map_elem(&h, each2, &v, 0); bpf_spin_unlock(&v->lock); return 0; }
SEC("xdp") int copy_assign(struct xdp_md *ctx) { GET(arr) int k = 1; struct val *w = bpf_map_lookup_elem(&arr, &k); if (!w) return 0; *w = *v; return 0; }
SEC("xdp") int memset_value(struct xdp_md *ctx) { GET(arr) __builtin_memset(v, 0, sizeof(*v)); return 0; }
SEC("xdp") int lock_atomic(struct xdp_md *ctx) { GET(arr) __sync_fetch_and_add(&v->lock.val, 1); return 0; }
SEC("xdp") int read_lock_probe(struct xdp_md *ctx) { GET(arr) int x = 0; bpf_probe_read_kernel(&x, 4, &v->lock); return x; }
SEC("xdp") int printk_value(struct xdp_md *ctx) { GET(arr) bpf_trace_printk((char *)v, 4); return 0; }
SEC("xdp") int value_to_ringbuf(struct xdp_md *ctx) { GET(arr) bpf_ringbuf_output(&rb, v, sizeof(*v), 0); return 0; }
SEC("xdp") int value_tail_to_ringbuf(struct xdp_md *ctx) { GET(arr) bpf_ringbuf_output(&rb, &v->cnt, sizeof(*v) - 4, 0); return 0; }
SEC("xdp") int var_index_over(struct xdp_md *ctx) { GET(arr) __u32 i = v->cnt & 7; return ((char *)v)[i]; }
SEC("xdp") int var_index_behind(struct xdp_md *ctx) { GET(arr) __u32 i = v->cnt & 7; return ((char *)v)[i + 4]; }
SEC("xdp") int var_lock_ptr(struct xdp_md *ctx) { GET(arr) __u32 i = v->cnt & 1; bpf_spin_lock((void *)v + i * 4); bpf_spin_unlock((void *)v + i * 4); return 0; }
SEC("xdp") int lock_after_null_other(struct xdp_md *ctx) { int key = 0; struct val *v = bpf_map_lookup_elem(&arr, &key); bpf_spin_lock(&v->lock); if (v) v->cnt++; bpf_spin_unlock(&v->lock); return 0; }
SEC("xdp") int two_lookups_same(struct xdp_md *ctx) { GET(arr) struct val *w = bpf_map_lookup_elem(&arr, &key); if (!w) return 0; bpf_spin_lock(&v->lock); w->cnt++; bpf_spin_unlock(&w->lock); return 0; }
SEC("xdp") int lookup_phi(struct xdp_md *ctx) { int key = ctx->ingress_ifindex; struct val *v; if (key & 1) v = bpf_map_lookup_elem(&arr, &key); else v = bpf_map_lookup_elem(&h, &key); if (!v) return 0; bpf_spin_lock(&v->lock); v->cnt++; bpf_spin_unlock(&v->lock); return 0; }
SEC("xdp") int spilled(struct xdp_md *ctx) { GET(arr) struct val *volatile s = v; bpf_spin_lock(&v->lock); struct val *w = s; w->cnt++; bpf_spin_unlock(&w->lock); return 0; }
SEC("xdp") int packet_under(struct xdp_md *ctx) { void *d = (void *)(long)ctx->data, *e = (void *)(long)ctx->data_end; GET(arr) if (d + 4 > e) return 0; bpf_spin_lock(&v->lock); v->cnt += *(int *)d; bpf_spin_unlock(&v->lock); return 0; }
SEC("tc") int ld_abs_under(struct __sk_buff *ctx) { GET(arr) bpf_spin_lock(&v->lock); asm volatile("r6 = %0; r0 = *(u8 *)skb[3]" :: "r"(ctx) : "r0", "r6", "r1","r2","r3","r4","r5"); bpf_spin_unlock(&v->lock); return 0; }
SEC("xdp") int two_maps_order(struct xdp_md *ctx) { GET(arr) struct val *w = bpf_map_lookup_elem(&h, &key); if (!w) return 0; bpf_spin_lock(&v->lock); v->cnt++; bpf_spin_unlock(&v->lock); bpf_spin_lock(&w->lock); w->cnt++; bpf_spin_unlock(&w->lock); return 0; }
SEC("xdp") int double_unlock(struct xdp_md *ctx) { GET(arr) bpf_spin_lock(&v->lock); bpf_spin_unlock(&v->lock); bpf_spin_unlock(&v->lock); return 0; }
SEC("xdp") int relock(struct xdp_md *ctx) { GET(arr) bpf_spin_lock(&v->lock); bpf_spin_unlock(&v->lock); bpf_spin_lock(&v->lock); v->cnt++; bpf_spin_unlock(&v->lock); return 0; }
SEC("xdp") int early_return_under(struct xdp_md *ctx) { GET(arr) bpf_spin_lock(&v->lock); if (v->cnt == 3) return XDP_DROP; bpf_spin_unlock(&v->lock); return XDP_PASS; }
SEC("xdp") int unlock_no_lock_branch(struct xdp_md *ctx) { GET(arr) if (v->cnt == 3) bpf_spin_lock(&v->lock); bpf_spin_unlock(&v->lock); return XDP_PASS; }
SEC("xdp") int lock_null(struct xdp_md *ctx) { bpf_spin_lock(0); return 0; }
SEC("xdp") int lock_ctx(struct xdp_md *ctx) { bpf_spin_lock((void *)ctx); return 0; }
SEC("xdp") int lock_packet(struct xdp_md *ctx) { void *d = (void *)(long)ctx->data, *e = (void *)(long)ctx->data_end; if (d + 4 > e) return 0; bpf_spin_lock(d); bpf_spin_unlock(d); return 0; }
SEC("xdp") int lock_rb(struct xdp_md *ctx) { void *p = bpf_ringbuf_reserve(&rb, 16, 0); if (!p) return 0; bpf_spin_lock(p); bpf_spin_unlock(p); bpf_ringbuf_discard(p, 0); return 0; }
SEC("xdp") int lock_global_plain(struct xdp_md *ctx) { bpf_spin_lock((void *)&total); bpf_spin_unlock((void *)&total); return 0; }
SEC("xdp") int store_under_global(struct xdp_md *ctx) { GET(arr) bpf_spin_lock(&v->lock); total++; __sync_fetch_and_add(&total, 2); bpf_spin_unlock(&v->lock); return 0; }
