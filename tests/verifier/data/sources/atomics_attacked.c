#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct val { __u64 a; __u32 b; __u16 s; __u8 c; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct val); __uint(max_entries, 4); } arr SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct val); __uint(max_entries, 4); __uint(map_flags, BPF_F_RDONLY_PROG); } ro SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct val); __uint(max_entries, 4); __uint(map_flags, BPF_F_WRONLY_PROG); } wo SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct val); __uint(max_entries, 4); __uint(map_flags, BPF_F_MMAPABLE); } mm SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __type(key, int); __type(value, struct val); __uint(max_entries, 4); } pa SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERCPU_HASH); __type(key, int); __type(value, struct val); __uint(max_entries, 4); } ph SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_LRU_HASH); __type(key, int); __type(value, struct val); __uint(max_entries, 4); } lru SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
const volatile __u64 rodata = 5; __u64 g; __u32 g32; __u16 g16; __u8 g8; __u64 garr[8];
static __u64 hidden;
#define GET(m) int key = 0; struct val *v = bpf_map_lookup_elem(&m, &key); if (!v) return 0;
SEC("raw_tp") int wo_add(void *c) { GET(wo) __sync_fetch_and_add(&v->a, 1); return 0; }
SEC("raw_tp") int wo_store(void *c) { GET(wo) v->a = 1; return 0; }
SEC("raw_tp") int wo_load(void *c) { GET(wo) return v->b; }
SEC("raw_tp") int ro_add(void *c) { GET(ro) __sync_fetch_and_add(&v->a, 1); return 0; }
SEC("raw_tp") int ro_load(void *c) { GET(ro) return v->b; }
SEC("raw_tp") int ro_update(void *c) { struct val x = {}; int k = 0; return bpf_map_update_elem(&ro, &k, &x, 0); }
SEC("raw_tp") int wo_lookup_to_helper(void *c) { GET(wo) return bpf_map_update_elem(&arr, &key, v, 0); }
SEC("raw_tp") int wo_as_key(void *c) { GET(wo) struct val *w = bpf_map_lookup_elem(&arr, &v->b); return w ? 1 : 0; }
SEC("raw_tp") int mm_add(void *c) { GET(mm) __sync_fetch_and_add(&v->a, 1); return 0; }
SEC("raw_tp") int pa_add(void *c) { GET(pa) __sync_fetch_and_add(&v->a, 1); v->b++; return 0; }
SEC("raw_tp") int ph_add(void *c) { GET(ph) __sync_fetch_and_add(&v->b, 1); return 0; }
SEC("raw_tp") int lru_add(void *c) { GET(lru) __sync_fetch_and_add(&v->b, 1); return 0; }
SEC("raw_tp") int pa_other_cpu(void *c) { int key = 0; struct val *v = bpf_map_lookup_percpu_elem(&pa, &key, 1); if (!v) return 0; __sync_fetch_and_add(&v->a, 1); return 0; }
SEC("raw_tp") int pa_other_cpu_nonull(void *c) { int key = 0; struct val *v = bpf_map_lookup_percpu_elem(&pa, &key, 1); v->a++; return 0; }
SEC("raw_tp") int arr_other_cpu(void *c) { int key = 0; struct val *v = bpf_map_lookup_percpu_elem(&arr, &key, 1); if (!v) return 0; v->a++; return 0; }
SEC("raw_tp") int rodata_add(void *c) { __sync_fetch_and_add((__u64 *)&rodata, 1); return 0; }
SEC("raw_tp") int rodata_cmpxchg(void *c) { return __sync_val_compare_and_swap((__u64 *)&rodata, 1, 2); }
SEC("raw_tp") int g16_add(void *c) { asm volatile("r1 = %0 ll; r2 = 1; .8byte 0x0000000100000021; " :: "i"(&g16) : "r1","r2"); return 0; }
SEC("raw_tp") int garr_masked(void *c) { __u32 i = bpf_get_prandom_u32(); __sync_fetch_and_add(&garr[i & 7], 1); return 0; }
SEC("raw_tp") int garr_masked_over(void *c) { __u32 i = bpf_get_prandom_u32(); __sync_fetch_and_add(&garr[i & 15], 1); return 0; }
SEC("raw_tp") int garr_cpu(void *c) { __u32 i = bpf_get_smp_processor_id(); if (i >= 8) return 0; __sync_fetch_and_add(&garr[i], 1); return 0; }
SEC("raw_tp") int garr_cpu_nobound(void *c) { __u32 i = bpf_get_smp_processor_id(); garr[i]++; return 0; }
SEC("raw_tp") int unaligned_var(void *c) { __u32 i = bpf_get_prandom_u32() & 31; __sync_fetch_and_add((__u64 *)((char *)garr + i), 1); return 0; }
SEC("raw_tp") int unaligned4(void *c) { GET(arr) __sync_fetch_and_add((__u32 *)((char *)v + 2), 1); return 0; }
SEC("raw_tp") int u64_at4(void *c) { GET(arr) __sync_fetch_and_add((__u64 *)((char *)v + 4), 1); return 0; }
SEC("raw_tp") int stack_add(void *c) { volatile __u64 x = 3; __sync_fetch_and_add(&x, 1); return x; }
SEC("raw_tp") int stack_uninit_add(void *c) { __u64 x; asm volatile("" : "=m"(*(char(*)[1])0)); __u64 *p = &x; asm volatile("" : "+r"(p)); __sync_fetch_and_add(p, 1); return 0; }
SEC("raw_tp") int stack_fetch_ptr(void *c) { GET(arr) struct val *slot = v; __u64 *p = (__u64 *)&slot; asm volatile("" : "+r"(p)); __u64 old = __sync_fetch_and_add(p, 8); return old > 3; }
SEC("raw_tp") int xchg_ptr_leak(void *c) { GET(arr) __sync_lock_test_and_set(&v->a, (__u64)v); return 0; }
SEC("raw_tp") int add_ptr_leak(void *c) { GET(arr) __sync_fetch_and_add(&v->a, (__u64)v); return 0; }
SEC("raw_tp") int cmpxchg_ptr_new(void *c) { GET(arr) __sync_val_compare_and_swap(&v->a, 0, (__u64)v); return 0; }
SEC("raw_tp") int cmpxchg_ptr_old(void *c) { GET(arr) return __sync_val_compare_and_swap(&v->a, (__u64)v, 1); }
SEC("raw_tp") int ptr_store_map(void *c) { GET(arr) v->a = (__u64)v; return 0; }
SEC("raw_tp") int ctx_add(void *c) { __sync_fetch_and_add((__u64 *)c, 1); return 0; }
SEC("tc") int skb_mark_add(struct __sk_buff *s) { __sync_fetch_and_add(&s->mark, 1); return 0; }
SEC("tc") int pkt_add(struct __sk_buff *s) { void *d = (void *)(long)s->data, *e = (void *)(long)s->data_end; if (d + 8 > e) return 0; __sync_fetch_and_add((__u64 *)d, 1); return 0; }
SEC("xdp") int pkt_end_add(struct xdp_md *s) { void *e = (void *)(long)s->data_end; __sync_fetch_and_add((__u64 *)e, 1); return 0; }
SEC("xdp") int map_ptr_add(struct xdp_md *s) { __sync_fetch_and_add((__u64 *)&arr, 1); return 0; }
SEC("xdp") int scalar_add(struct xdp_md *s) { __sync_fetch_and_add((__u64 *)(long)bpf_get_prandom_u32(), 1); return 0; }
SEC("xdp") int rb_add(struct xdp_md *s) { __u64 *p = bpf_ringbuf_reserve(&rb, 8, 0); if (!p) return 0; *p = 0; __sync_fetch_and_add(p, 1); bpf_ringbuf_submit(p, 0); return 0; }
SEC("xdp") int rb_add_after(struct xdp_md *s) { __u64 *p = bpf_ringbuf_reserve(&rb, 8, 0); if (!p) return 0; bpf_ringbuf_submit(p, 0); __sync_fetch_and_add(p, 1); return 0; }
SEC("xdp") int rb_over(struct xdp_md *s) { __u64 *p = bpf_ringbuf_reserve(&rb, 8, 0); if (!p) return 0; p[1] = 0; bpf_ringbuf_submit(p, 0); return 0; }
SEC("xdp") int rb_leak(struct xdp_md *s) { __u64 *p = bpf_ringbuf_reserve(&rb, 8, 0); if (!p) return 0; *p = 1; if (g == 3) return 1; bpf_ringbuf_submit(p, 0); return 0; }
SEC("xdp") int past_value(struct xdp_md *s) { GET(arr) __sync_fetch_and_add(&v->a + 2, 1); return 0; }
SEC("xdp") int before_value(struct xdp_md *s) { GET(arr) __sync_fetch_and_add(&v->a - 1, 1); return 0; }
SEC("xdp") int ops(struct xdp_md *s) { GET(arr) __u64 r = __sync_fetch_and_or(&v->a, 2); r += __sync_fetch_and_and(&v->a, 2); r += __sync_fetch_and_xor(&v->a, 2); r += __sync_fetch_and_sub(&v->b, 2); r += __sync_lock_test_and_set(&v->b, 2); r += __sync_val_compare_and_swap(&v->b, 1, 2); return r > 3; }
SEC("xdp") int fetch_as_index(struct xdp_md *s) { __u64 i = __sync_fetch_and_add(&g, 1); garr[i & 7] = 1; return 0; }
SEC("xdp") int fetch_as_index_bad(struct xdp_md *s) { __u64 i = __sync_fetch_and_add(&g, 1); garr[i] = 1; return 0; }
SEC("xdp") int fetch_and7(struct xdp_md *s) { __u64 i = __sync_fetch_and_and(&g, 7); garr[i] = 1; return 0; }
SEC("xdp") int cas_loop(struct xdp_md *s) { for (int i = 0; i < 10; i++) { __u64 old = *(volatile __u64 *)&g; if (__sync_bool_compare_and_swap(&g, old, old + 1)) return 1; } return 0; }
SEC("xdp") int cas_loop_endless(struct xdp_md *s) { for (;;) { __u64 old = *(volatile __u64 *)&g; if (__sync_bool_compare_and_swap(&g, old, old + 1)) return 1; } return 0; }
SEC("xdp") int spin_flag(struct xdp_md *s) { while (__sync_lock_test_and_set(&g32, 1)) ; g++; __sync_lock_test_and_set(&g32, 0); return 0; }
SEC("xdp") int ticket(struct xdp_md *s) { __u32 me = __sync_fetch_and_add(&g32, 1); for (int i = 0; i < 100; i++) if (*(volatile __u16 *)&g16 == me) break; return 0; }
SEC("xdp") int null_add(struct xdp_md *s) { int k = s->ingress_ifindex; struct val *v = bpf_map_lookup_elem(&arr, &k); __sync_fetch_and_add(&v->a, 1); return 0; }
SEC("xdp") int const_key_in(struct xdp_md *s) { int k = 3; struct val *v = bpf_map_lookup_elem(&arr, &k); __sync_fetch_and_add(&v->a, 1); return 0; }
SEC("xdp") int const_key_pa(struct xdp_md *s) { int k = 3; struct val *v = bpf_map_lookup_elem(&pa, &k); __sync_fetch_and_add(&v->a, 1); return 0; }
SEC("xdp") int const_key_lru(struct xdp_md *s) { int k = 3; struct val *v = bpf_map_lookup_elem(&lru, &k); __sync_fetch_and_add(&v->a, 1); return 0; }
SEC("xdp") int const_key_out(struct xdp_md *s) { int k = 4; struct val *v = bpf_map_lookup_elem(&arr, &k); __sync_fetch_and_add(&v->a, 1); return 0; }
SEC("xdp") int key_uninit(struct xdp_md *s) { int k; asm volatile("" :: "r"(&k)); struct val *v = bpf_map_lookup_elem(&arr, &k); return !!v; }
SEC("xdp") int key_masked(struct xdp_md *s) { int k = s->ingress_ifindex & 3; struct val *v = bpf_map_lookup_elem(&arr, &k); v->a++; return 0; }
SEC("xdp") int key_from_global(struct xdp_md *s) { struct val *v = bpf_map_lookup_elem(&arr, &g32); v->a++; return 0; }
SEC("xdp") int key_const_in_ro(struct xdp_md *s) { static const int k = 2; struct val *v = bpf_map_lookup_elem(&arr, &k); v->a++; return 0; }
