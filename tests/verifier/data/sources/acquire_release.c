// -mcpu=v4
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct val { __u64 a; __u32 b; __u16 s; __u8 c; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct val); __uint(max_entries, 4); } arr SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct val); __uint(max_entries, 4); __uint(map_flags, BPF_F_RDONLY_PROG); } ro SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct val); __uint(max_entries, 4); __uint(map_flags, BPF_F_WRONLY_PROG); } wo SEC(".maps");
__u64 g; __u32 g32; __u16 g16; __u8 g8; const volatile __u64 rodata = 4;
#define GET(m) int key = 0; struct val *v = bpf_map_lookup_elem(&m, &key); if (!v) return 0;
SEC("raw_tp") int la8(void *c) { return __atomic_load_n(&g8, __ATOMIC_ACQUIRE); }
SEC("raw_tp") int la64(void *c) { return __atomic_load_n(&g, __ATOMIC_ACQUIRE) > 3; }
SEC("raw_tp") int sr16(void *c) { __atomic_store_n(&g16, 3, __ATOMIC_RELEASE); return 0; }
SEC("raw_tp") int la_ro(void *c) { GET(ro) return __atomic_load_n(&v->b, __ATOMIC_ACQUIRE); }
SEC("raw_tp") int sr_ro(void *c) { GET(ro) __atomic_store_n(&v->b, 1, __ATOMIC_RELEASE); return 0; }
SEC("raw_tp") int la_wo(void *c) { GET(wo) return __atomic_load_n(&v->b, __ATOMIC_ACQUIRE); }
SEC("raw_tp") int sr_wo(void *c) { GET(wo) __atomic_store_n(&v->b, 1, __ATOMIC_RELEASE); return 0; }
SEC("raw_tp") int la_rodata(void *c) { return __atomic_load_n(&rodata, __ATOMIC_ACQUIRE); }
SEC("raw_tp") int la_mis(void *c) { GET(arr) return __atomic_load_n((__u32 *)((char *)v + 2), __ATOMIC_ACQUIRE); }
SEC("raw_tp") int sr_mis(void *c) { GET(arr) __atomic_store_n((__u16 *)((char *)v + 1), 3, __ATOMIC_RELEASE); return 0; }
SEC("tc") int la_ctx(struct __sk_buff *c) { return __atomic_load_n(&c->len, __ATOMIC_ACQUIRE); }
SEC("tc") int sr_ctx(struct __sk_buff *c) { __atomic_store_n(&c->mark, 3, __ATOMIC_RELEASE); return 0; }
SEC("tc") int la_pkt(struct __sk_buff *c) { void *d = (void *)(long)c->data, *e = (void *)(long)c->data_end; if (d + 8 > e) return 0; return __atomic_load_n((__u32 *)d, __ATOMIC_ACQUIRE) > 3; }
SEC("raw_tp") int la_stack(void *c) { volatile __u64 x = 1; return __atomic_load_n(&x, __ATOMIC_ACQUIRE); }
SEC("raw_tp") int la_stack_uninit(void *c) { __u64 x; __u64 *p = &x; asm volatile("" : "+r"(p)); return __atomic_load_n(p, __ATOMIC_ACQUIRE); }
SEC("raw_tp") int sr_stack_ptr(void *c) { GET(arr) struct val *s; struct val **p = &s; asm volatile("" : "+r"(p)); __atomic_store_n(p, v, __ATOMIC_RELEASE); return s->b; }
SEC("raw_tp") int la_stack_ptr(void *c) { GET(arr) struct val *s = v; struct val **p = &s; asm volatile("" : "+r"(p)); struct val *w = __atomic_load_n(p, __ATOMIC_ACQUIRE); return w->b; }
SEC("raw_tp") int sr_ptr_leak(void *c) { GET(arr) __atomic_store_n(&v->a, (__u64)v, __ATOMIC_RELEASE); return 0; }
SEC("raw_tp") int sdiv(void *c) { int a = g32, b = g16; return b ? a / b : 0; }
SEC("raw_tp") int smod(void *c) { long a = g, b = g16; return b ? a % b : 0; }
SEC("raw_tp") int seq_read(void *c) { for (int i = 0; i < 5; i++) { __u32 s = __atomic_load_n(&g32, __ATOMIC_ACQUIRE); if (s & 1) continue; __u64 x = g; if (__atomic_load_n(&g32, __ATOMIC_ACQUIRE) == s) return x > 2; } return 0; }
SEC("raw_tp") int relaxed_add(void *c) { __atomic_fetch_add(&g, 1, __ATOMIC_RELAXED); return 0; }
SEC("raw_tp") int exchange(void *c) { return __atomic_exchange_n(&g32, 1, __ATOMIC_ACQ_REL); }
SEC("raw_tp") int cmpx(void *c) { __u64 e = 3; return __atomic_compare_exchange_n(&g, &e, 4, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) + (int)e; }
SEC("raw_tp") int signext(void *c) { int *p = (int *)&g; signed char x = *(volatile signed char *)p; return x; }
