#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>
#define AS(T) struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 4); __type(key, __u32); __type(value, T); }
struct val { __u64 a; int n; char buf[64]; };
AS(struct val) m SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERCPU_HASH); __uint(max_entries, 16); __type(key, __u32); __type(value, struct val); } ph SEC(".maps");
struct inner { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 4); __type(key, __u32); __type(value, __u64); } in0 SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS); __uint(max_entries, 4); __type(key, __u32); __array(values, struct inner); } hom SEC(".maps") = { .values = { &in0 } };
__u64 counters[8]; __u32 g_idx; static volatile int sink; const char fmt_c[] = "x %d %s\n";
#define LOOK struct val *v; __u32 k = 0; v = bpf_map_lookup_elem(&m, &k); if (!v) return 0;
SEC("xdp") int idx_masked(struct xdp_md *c) { counters[g_idx & 7]++; return 2; }
SEC("xdp") int idx_off_by_one(struct xdp_md *c) { __u32 i = g_idx; if (i > 8) return 0; counters[i]++; return 2; }
SEC("xdp") int idx_signed(struct xdp_md *c) { int i = g_idx; asm volatile("":"+r"(i)); if (i > 7) return 0; counters[i]++; return 2; }
SEC("xdp") int idx_signed_ok(struct xdp_md *c) { int i = g_idx; if (i > 7 || i < 0) return 0; counters[i]++; return 2; }
SEC("xdp") int idx_loop(struct xdp_md *c) { for (int i = 0; i <= 8; i++) { counters[i]++; asm volatile("":::"memory"); } return 2; }
SEC("xdp") int idx_div(struct xdp_md *c) { __u32 i = g_idx; counters[i % 8]++; counters[(i >> 29)]++; return 2; }
SEC("xdp") int idx_helper(struct xdp_md *c) { counters[bpf_get_smp_processor_id()]++; return 2; }
SEC("xdp") int idx_prandom(struct xdp_md *c) { counters[bpf_get_prandom_u32() % 9]++; return 2; }
SEC("xdp") int str_read(struct xdp_md *c) { LOOK int n = v->n; if (n < 0 || n >= 64) return 0; return v->buf[n]; }
SEC("xdp") int str_read_64(struct xdp_md *c) { LOOK int n = v->n; if (n < 0 || n > 64) return 0; v->buf[n] = 0; return 0; }
SEC("xdp") int reread(struct xdp_md *c) { LOOK if (*(volatile int *)&v->n < 64) return v->buf[*(volatile int *)&v->n]; return 0; }
SEC("kprobe/x") int probe_len(void *c) { LOOK int n = v->n; if (n > 64) return 0; bpf_probe_read_kernel(v->buf, n, c); return 0; }
SEC("kprobe/x") int probe_len_u(void *c) { LOOK __u32 n = v->n; if (n > 64) return 0; bpf_probe_read_kernel(v->buf, n, c); return 0; }
SEC("kprobe/x") int probe_len_65(void *c) { LOOK __u32 n = v->n; if (n > 65) return 0; bpf_probe_read_kernel(v->buf, n, c); return 0; }
SEC("kprobe/x") int probe_zero(void *c) { LOOK bpf_probe_read_kernel(v->buf, 0, c); return 0; }
SEC("kprobe/x") int probe_null(void *c) { bpf_probe_read_kernel(0, 0, c); return 0; }
SEC("kprobe/x") int probe_stack_var(void *c) { char b[16]; LOOK __u32 n = v->n & 31; bpf_probe_read_kernel(b, n, c); return b[0]; }
SEC("kprobe/x") int probe_stack_ok(void *c) { char b[32]; LOOK __u32 n = v->n & 31; bpf_probe_read_kernel(b, n, c); return b[0]; }
SEC("xdp") int rb_ok(struct xdp_md *c) { __u64 *p = bpf_ringbuf_reserve(&rb, 16, 0); if (!p) return 0; p[0] = 1; p[1] = 2; bpf_ringbuf_submit(p, 0); return 0; }
SEC("xdp") int rb_beyond(struct xdp_md *c) { __u64 *p = bpf_ringbuf_reserve(&rb, 16, 0); if (!p) return 0; p[2] = 1; bpf_ringbuf_submit(p, 0); return 0; }
SEC("xdp") int rb_varsize(struct xdp_md *c) { __u64 *p = bpf_ringbuf_reserve(&rb, g_idx & 63, 0); if (!p) return 0; bpf_ringbuf_submit(p, 0); return 0; }
SEC("xdp") int rb_submit_moved(struct xdp_md *c) { __u64 *p = bpf_ringbuf_reserve(&rb, 16, 0); if (!p) return 0; bpf_ringbuf_submit(p + 1, 0); return 0; }
SEC("xdp") int rb_submit_null(struct xdp_md *c) { __u64 *p = bpf_ringbuf_reserve(&rb, 16, 0); bpf_ringbuf_submit(p, 0); return 0; }
SEC("xdp") int rb_leak_path(struct xdp_md *c) { __u64 *p = bpf_ringbuf_reserve(&rb, 16, 0); if (!p) return 0; if (g_idx == 3) return 1; bpf_ringbuf_discard(p, 0); return 0; }
SEC("xdp") int rb_after_submit(struct xdp_md *c) { __u64 *p = bpf_ringbuf_reserve(&rb, 16, 0); if (!p) return 0; bpf_ringbuf_submit(p, 0); return p[0]; }
SEC("xdp") int rb_submit_twice(struct xdp_md *c) { __u64 *p = bpf_ringbuf_reserve(&rb, 16, 0); if (!p) return 0; bpf_ringbuf_submit(p, 0); bpf_ringbuf_submit(p, 0); return 0; }
SEC("xdp") int rb_stash(struct xdp_md *c) { LOOK __u64 *p = bpf_ringbuf_reserve(&rb, 16, 0); if (!p) return 0; v->a = (long)p; bpf_ringbuf_discard(p, 0); return 0; }
SEC("xdp") int rb_as_value(struct xdp_md *c) { __u32 k = 0; struct val *p = bpf_ringbuf_reserve(&rb, sizeof(*p), 0); if (!p) return 0; __builtin_memset(p, 0, sizeof(*p)); bpf_map_update_elem(&m, &k, p, 0); bpf_ringbuf_discard(p, 0); return 0; }
SEC("xdp") int rb_as_value_small(struct xdp_md *c) { __u32 k = 0; struct val *p = bpf_ringbuf_reserve(&rb, 8, 0); if (!p) return 0; bpf_map_update_elem(&m, &k, p, 0); bpf_ringbuf_discard(p, 0); return 0; }
SEC("xdp") int rb_lookup(struct xdp_md *c) { __u32 k = 0; return bpf_map_lookup_elem(&rb, &k) ? 1 : 0; }
SEC("xdp") int rb_other(struct xdp_md *c) { void *p = bpf_ringbuf_reserve(&m, 16, 0); if (p) bpf_ringbuf_discard(p, 0); return 0; }
SEC("xdp") int rb_output(struct xdp_md *c) { LOOK bpf_ringbuf_output(&rb, v, sizeof(*v) + 1, 0); return 0; }
SEC("xdp") int inner_ok(struct xdp_md *c) { __u32 k = 0; void *i = bpf_map_lookup_elem(&hom, &k); if (!i) return 0; __u64 *v = bpf_map_lookup_elem(i, &k); return v ? *v & 1 : 0; }
SEC("xdp") int inner_nocheck(struct xdp_md *c) { __u32 k = 0; void *i = bpf_map_lookup_elem(&hom, &k); __u64 *v = bpf_map_lookup_elem(i, &k); return v ? *v & 1 : 0; }
SEC("xdp") int inner_deref(struct xdp_md *c) { __u32 k = 0; __u64 *i = bpf_map_lookup_elem(&hom, &k); if (!i) return 0; return *i & 1; }
SEC("xdp") int inner_write(struct xdp_md *c) { __u32 k = 0; __u64 *i = bpf_map_lookup_elem(&hom, &k); if (!i) return 0; *i = 1; return 0; }
SEC("xdp") int outer_update(struct xdp_md *c) { __u32 k = 0; __u32 f = 0; bpf_map_update_elem(&hom, &k, &f, 0); return 0; }
SEC("xdp") int inner_value_beyond(struct xdp_md *c) { __u32 k = 0; void *i = bpf_map_lookup_elem(&hom, &k); if (!i) return 0; __u64 *v = bpf_map_lookup_elem(i, &k); return v ? v[1] & 1 : 0; }
SEC("xdp") int pkt_ip(struct xdp_md *c) { void *d = (void *)(long)c->data, *e = (void *)(long)c->data_end; struct ethhdr *h = d; if ((void *)(h + 1) > e) return 2; struct iphdr *ip = (void *)(h + 1); if ((void *)(ip + 1) > e) return 2; char *p = (void *)ip + ip->ihl * 4; if (p + 8 > (char *)e) return 2; return p[7]; }
SEC("xdp") int pkt_ip_short(struct xdp_md *c) { void *d = (void *)(long)c->data, *e = (void *)(long)c->data_end; struct ethhdr *h = d; if ((void *)(h + 1) > e) return 2; struct iphdr *ip = (void *)(h + 1); return ip->protocol; }
SEC("xdp") int pkt_reverse(struct xdp_md *c) { char *d = (void *)(long)c->data, *e = (void *)(long)c->data_end; if (e < d + 14) return 2; return d[13]; }
SEC("xdp") int pkt_ge(struct xdp_md *c) { char *d = (void *)(long)c->data, *e = (void *)(long)c->data_end; if (d + 14 >= e) return 2; return d[14]; }
SEC("xdp") int pkt_eq(struct xdp_md *c) { char *d = (void *)(long)c->data, *e = (void *)(long)c->data_end; if (d + 14 != e) return 2; return d[13]; }
SEC("xdp") int pkt_loop(struct xdp_md *c) { unsigned char *d = (void *)(long)c->data, *e = (void *)(long)c->data_end; int s = 0; for (int i = 0; i < 100; i++) { if (d + i + 1 > e) break; s += d[i]; } return s & 1; }
SEC("xdp") int pkt_var(struct xdp_md *c) { unsigned char *d = (void *)(long)c->data, *e = (void *)(long)c->data_end; __u32 o = g_idx & 0xffff; d += o; if (d + 4 > e) return 2; return d[3]; }
SEC("xdp") int pkt_var_big(struct xdp_md *c) { unsigned char *d = (void *)(long)c->data, *e = (void *)(long)c->data_end; __u32 o = g_idx; d += o; if (d + 4 > e) return 2; return d[3]; }
SEC("xdp") int pkt_var_64k(struct xdp_md *c) { unsigned char *d = (void *)(long)c->data, *e = (void *)(long)c->data_end; __u32 o = g_idx & 0x1ffff; d += o; if (d + 4 > e) return 2; return d[3]; }
SEC("xdp") int pkt_meta(struct xdp_md *c) { unsigned char *d = (void *)(long)c->data, *e = (void *)(long)c->data_meta; if (e + 4 > d) return 2; return e[3]; }
SEC("xdp") int pkt_meta_mixed(struct xdp_md *c) { unsigned char *d = (void *)(long)c->data_end, *e = (void *)(long)c->data_meta; if (e + 4 > d) return 2; return e[3]; }
SEC("xdp") int pkt_adjust(struct xdp_md *c) { unsigned char *d = (void *)(long)c->data, *e = (void *)(long)c->data_end; if (d + 4 > e) return 2; bpf_xdp_adjust_head(c, 4); return d[3]; }
SEC("xdp") int pkt_end_write(struct xdp_md *c) { unsigned char *e = (void *)(long)c->data_end; return e[-1]; }
SEC("xdp") int pkt_diff(struct xdp_md *c) { unsigned char *d = (void *)(long)c->data, *e = (void *)(long)c->data_end; long l = e - d; if (l < 14) return 2; return d[13]; }
SEC("xdp") int pkt_map_key(struct xdp_md *c) { unsigned char *d = (void *)(long)c->data, *e = (void *)(long)c->data_end; if (d + 4 > e) return 2; return bpf_map_lookup_elem(&ph, d) ? 1 : 2; }
SEC("xdp") int pkt_map_key_short(struct xdp_md *c) { unsigned char *d = (void *)(long)c->data, *e = (void *)(long)c->data_end; if (d + 3 > e) return 2; return bpf_map_lookup_elem(&ph, d) ? 1 : 2; }
SEC("tc") int skb_data(struct __sk_buff *c) { unsigned char *d = (void *)(long)c->data, *e = (void *)(long)c->data_end; if (d + 4 > e) return 2; d[1] = 2; bpf_skb_pull_data(c, 4); return d[3]; }
SEC("tc") int skb_store(struct __sk_buff *c) { char b[4]; bpf_skb_store_bytes(c, 0, b, 4, 0); return 0; }
SEC("tc") int skb_load(struct __sk_buff *c) { char b[4]; if (bpf_skb_load_bytes(c, 0, b, 4)) return 0; return b[3]; }
SEC("tc") int skb_mark(struct __sk_buff *c) { c->mark = 3; c->tc_index = 1; c->cb[1] = 2; c->priority = 1; return 0; }
SEC("tc") int skb_len_write(struct __sk_buff *c) { c->len = 3; return 0; }
SEC("socket") int skb_data_socket(struct __sk_buff *c) { return c->data; }
SEC("socket") int skb_mark_socket(struct __sk_buff *c) { c->mark = 1; return 0; }
SEC("cgroup_skb/ingress") int cg_ret2(struct __sk_buff *c) { return 2; }
SEC("cgroup_skb/egress") int cg_egress_ret3(struct __sk_buff *c) { return 3; }
SEC("cgroup_skb/egress") int cg_egress_ret4(struct __sk_buff *c) { return 4; }
SEC("xdp") int ret_unknown(struct xdp_md *c) { return bpf_get_prandom_u32(); }
SEC("tc") int ret_ptr(struct __sk_buff *c) { return (long)c; }
SEC("xdp") int two_same(struct xdp_md *c) { struct val *v, *w; __u32 k = 0; v = bpf_map_lookup_elem(&m, &k); w = bpf_map_lookup_elem(&ph, &k); if (!v) return 0; return w->n; }
SEC("xdp") int trace(struct xdp_md *c) { bpf_trace_printk(fmt_c, sizeof(fmt_c), 1, c); return 0; }
SEC("xdp") int trace_unterminated(struct xdp_md *c) { char f[4] = "abcd"; bpf_trace_printk(f, 4); return 0; }
SEC("xdp") int snprintf_stack(struct xdp_md *c) { char f[8] = "%d", o[16]; __u64 a[1] = {1}; bpf_snprintf(o, 16, f, a, 8); return 0; }
SEC("xdp") int snprintf_ro(struct xdp_md *c) { static const char f[] = "%d"; char o[16]; __u64 a[1] = {1}; bpf_snprintf(o, 16, f, a, 8); return o[0]; }
SEC("xdp") int snprintf_bad(struct xdp_md *c) { static const char f[] = "%d %"; char o[16]; __u64 a[1] = {1}; bpf_snprintf(o, 16, f, a, 8); return o[0]; }
SEC("xdp") int strncmp_ro(struct xdp_md *c) { static const char f[] = "abc"; char o[4] = "abc"; return bpf_strncmp(o, 4, f); }
SEC("xdp") int strncmp_stack(struct xdp_md *c) { char f[4] = "abc"; char o[4] = "abc"; return bpf_strncmp(o, 4, f); }
SEC("xdp") int strtol_ok(struct xdp_md *c) { char o[4] = "12"; long r = 0; return bpf_strtol(o, 4, 0, &r); }
SEC("cgroup/sysctl") int sysctl_strtol(void *c) { char o[4] = "12"; long r; return bpf_strtol(o, 4, 0, &r) > 0; }
SEC("xdp") int uninit_stack(struct xdp_md *c) { __u64 x[2]; asm volatile("" : : "r"(x) : ); return ((volatile __u64 *)x)[1]; }
SEC("xdp") int key_uninit(struct xdp_md *c) { __u32 k; asm volatile("" : : "r"(&k)); return bpf_map_lookup_elem(&m, &k) ? 1 : 2; }
SEC("xdp") int store_fp_map(struct xdp_md *c) { LOOK v->a = (long)&k; return 0; }
SEC("xdp") int store_ctx_map(struct xdp_md *c) { LOOK v->a = (long)c; return 0; }
SEC("xdp") int big_stack(struct xdp_md *c) { volatile char b[520]; b[0] = 1; b[519] = 2; return b[0]; }
SEC("xdp") int loop_forever(struct xdp_md *c) { int i = 0; while (1) { i++; asm volatile("":::"memory"); } return i; }
SEC("xdp") int loop_unknown(struct xdp_md *c) { __u32 n = g_idx, s = 0; for (__u32 i = 0; i < n; i++) { s += i; asm volatile("":"+r"(s)); } return s & 1; }
char _license[] SEC("license") = "GPL";
