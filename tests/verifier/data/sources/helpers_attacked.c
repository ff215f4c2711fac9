#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/in.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
char LICENSE[] SEC("license") = "GPL";
struct tv { struct bpf_timer t; int c; };
struct tl { struct bpf_timer t; struct bpf_spin_lock lock; int c; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct tv); __uint(max_entries, 4); } tm SEC(".maps"), tm2 SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, struct tl); __uint(max_entries, 4); } tlm SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, __u64); __uint(max_entries, 4); } arr SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, __u64); __uint(max_entries, 4); } h SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_QUEUE); __type(value, int); __uint(max_entries, 4); } q SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_STACK); __type(value, int); __uint(max_entries, 4); } st SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_BLOOM_FILTER); __type(value, int); __uint(max_entries, 4); } bl SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY); __uint(key_size, 4); __uint(value_size, 4); } pe SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_STACK_TRACE); __uint(key_size, 4); __uint(value_size, 80); __uint(max_entries, 4); } stk SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); __type(key, int); __type(value, int); __uint(max_entries, 4); } jmp SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __type(key, int); __type(value, char[256]); __uint(max_entries, 1); } scratch SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_LPM_TRIE); __uint(key_size, 8); __uint(value_size, 8); __uint(max_entries, 4); __uint(map_flags, BPF_F_NO_PREALLOC); } lpm SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_USER_RINGBUF); __uint(max_entries, 4096); } urb SEC(".maps");
__u64 total; int gi; char buf[64]; const volatile int lim = 8;
static int tcb(void *m, int *k, struct tv *v) { v->c++; return 0; }
static int tcb1(void *m, int *k, struct tv *v) { v->c++; return 1; }
static int tcbl(void *m, int *k, struct tl *v) { bpf_spin_lock(&v->lock); v->c++; bpf_spin_unlock(&v->lock); return 0; }
static int tcblk(void *m, int *k, struct tl *v) { bpf_spin_lock(&v->lock); v->c++; return 0; }
#define TV int k = 0; struct tv *v = bpf_map_lookup_elem(&tm, &k); if (!v) return 0;
SEC("tc") int timer_ok(void *c) { TV bpf_timer_init(&v->t, &tm, 1); bpf_timer_set_callback(&v->t, tcb); return bpf_timer_start(&v->t, 1000, 0); }
SEC("tc") int timer_cb1(void *c) { TV bpf_timer_init(&v->t, &tm, 1); bpf_timer_set_callback(&v->t, tcb1); return 0; }
SEC("tc") int timer_wrong_map(void *c) { TV bpf_timer_init(&v->t, &tm2, 1); return 0; }
SEC("tc") int timer_direct(void *c) { TV return *(int *)&v->t; }
SEC("tc") int timer_off(void *c) { TV bpf_timer_init((void *)&v->c, &tm, 1); return 0; }
SEC("tc") int timer_stack(void *c) { struct bpf_timer t = {}; bpf_timer_init(&t, &tm, 1); return 0; }
SEC("tc") int timer_lock(void *c) { int k = 0; struct tl *v = bpf_map_lookup_elem(&tlm, &k); if (!v) return 0; bpf_timer_init(&v->t, &tlm, 1); bpf_timer_set_callback(&v->t, tcbl); return 0; }
SEC("tc") int timer_lock_kept(void *c) { int k = 0; struct tl *v = bpf_map_lookup_elem(&tlm, &k); if (!v) return 0; bpf_timer_init(&v->t, &tlm, 1); bpf_timer_set_callback(&v->t, tcblk); return 0; }
SEC("tc") int timer_start_under(void *c) { int k = 0; struct tl *v = bpf_map_lookup_elem(&tlm, &k); if (!v) return 0; bpf_spin_lock(&v->lock); bpf_timer_start(&v->t, 1, 0); bpf_spin_unlock(&v->lock); return 0; }
SEC("kprobe/do_nanosleep") int timer_kprobe(void *c) { TV return bpf_timer_start(&v->t, 1, 0); }
SEC("raw_tp/sys_enter") int timer_rawtp(void *c) { TV return bpf_timer_start(&v->t, 1, 0); }
SEC("syscall") int timer_sys(void *c) { TV return bpf_timer_init(&v->t, &tm, 1); }
SEC("xdp") int rb_two(void *c) { int *a = bpf_ringbuf_reserve(&rb, 8, 0), *b = bpf_ringbuf_reserve(&rb, 8, 0); if (!a) { if (b) bpf_ringbuf_discard(b, 0); return 0; } if (!b) { bpf_ringbuf_discard(a, 0); return 0; } *a = *b = 1; bpf_ringbuf_submit(b, 0); bpf_ringbuf_submit(a, 0); return 0; }
SEC("xdp") int rb_two_leak(void *c) { int *a = bpf_ringbuf_reserve(&rb, 8, 0), *b = bpf_ringbuf_reserve(&rb, 8, 0); if (!a || !b) return 0; bpf_ringbuf_submit(b, 0); bpf_ringbuf_submit(a, 0); return 0; }
SEC("xdp") int rb_var(struct xdp_md *c) { int *a = bpf_ringbuf_reserve(&rb, c->ingress_ifindex, 0); if (a) bpf_ringbuf_discard(a, 0); return 0; }
SEC("xdp") int rb_submit_off(struct xdp_md *c) { int *a = bpf_ringbuf_reserve(&rb, 16, 0); if (a) bpf_ringbuf_submit(a + 1, 0); return 0; }
SEC("xdp") int rb_submit_twice(struct xdp_md *c) { int *a = bpf_ringbuf_reserve(&rb, 16, 0); if (a) { bpf_ringbuf_submit(a, 0); bpf_ringbuf_submit(a, 0); } return 0; }
SEC("xdp") int rb_output_uninit(struct xdp_md *c) { int x[4]; x[0] = 1; asm volatile("" :: "r"(&x)); bpf_ringbuf_output(&rb, x, sizeof x, 0); return 0; }
SEC("xdp") int rb_lookup(struct xdp_md *c) { int k = 0; return bpf_map_lookup_elem(&rb, &k) ? 1 : 0; }
SEC("xdp") int rb_update(struct xdp_md *c) { int k = 0; return bpf_map_update_elem(&rb, &k, &k, 0); }
SEC("xdp") int rb_dynptr(struct xdp_md *c) { struct bpf_dynptr p; if (bpf_ringbuf_reserve_dynptr(&rb, 16, 0, &p)) { bpf_ringbuf_discard_dynptr(&p, 0); return 0; } int *d = bpf_dynptr_data(&p, 0, 4); if (d) *d = 3; bpf_ringbuf_submit_dynptr(&p, 0); return 0; }
SEC("xdp") int rb_dynptr_leak(struct xdp_md *c) { struct bpf_dynptr p; if (bpf_ringbuf_reserve_dynptr(&rb, 16, 0, &p)) return 0; bpf_ringbuf_submit_dynptr(&p, 0); return 0; }
SEC("xdp") int rb_dynptr_after(struct xdp_md *c) { struct bpf_dynptr p; bpf_ringbuf_reserve_dynptr(&rb, 16, 0, &p); int *d = bpf_dynptr_data(&p, 0, 4); bpf_ringbuf_submit_dynptr(&p, 0); if (d) *d = 3; return 0; }
SEC("xdp") int dyn_mem(struct xdp_md *c) { int k = 0; __u64 *v = bpf_map_lookup_elem(&arr, &k); if (!v) return 0; struct bpf_dynptr p; bpf_dynptr_from_mem(v, 8, 0, &p); int x = 1; return bpf_dynptr_write(&p, 0, &x, 4, 0); }
SEC("xdp") int dyn_stackmem(struct xdp_md *c) { char b[16] = {}; struct bpf_dynptr p; bpf_dynptr_from_mem(b, 16, 0, &p); return 0; }
SEC("xdp") int dyn_overwrite(struct xdp_md *c) { struct bpf_dynptr p; bpf_ringbuf_reserve_dynptr(&rb, 16, 0, &p); *(long *)&p = 0; bpf_ringbuf_submit_dynptr(&p, 0); return 0; }
SEC("xdp") int dyn_uninit(struct xdp_md *c) { struct bpf_dynptr p; int x; return bpf_dynptr_read(&x, 4, &p, 0, 0); }
SEC("xdp") int q_ops(struct xdp_md *c) { int x = 3; bpf_map_push_elem(&q, &x, 0); bpf_map_pop_elem(&st, &x); return bpf_map_peek_elem(&q, &x); }
SEC("xdp") int q_lookup(struct xdp_md *c) { int x = 3; return bpf_map_lookup_elem(&q, &x) ? 1 : 0; }
SEC("xdp") int bloom(struct xdp_md *c) { int x = 3; bpf_map_push_elem(&bl, &x, 0); return bpf_map_peek_elem(&bl, &x); }
SEC("xdp") int bloom_pop(struct xdp_md *c) { int x = 3; return bpf_map_pop_elem(&bl, &x); }
SEC("xdp") int perf_out(struct xdp_md *c) { int x = 3; return bpf_perf_event_output(c, &pe, BPF_F_CURRENT_CPU, &x, 4); }
SEC("xdp") int perf_wrong(struct xdp_md *c) { int x = 3; return bpf_perf_event_output(c, &arr, BPF_F_CURRENT_CPU, &x, 4); }
SEC("kprobe/do_nanosleep") int stackid(void *c) { return bpf_get_stackid(c, &stk, 0); }
SEC("kprobe/do_nanosleep") int stackid_wrong(void *c) { return bpf_get_stackid(c, &arr, 0); }
SEC("xdp") int pa_lookup(struct xdp_md *c) { int k = 0; return bpf_map_lookup_elem(&jmp, &k) ? 1 : 0; }
SEC("xdp") int percpu_big(struct xdp_md *c) { int k = 0; char *b = bpf_map_lookup_elem(&scratch, &k); if (!b) return 0; for (int i = 0; i < 256; i++) b[i] = i; return 0; }
SEC("xdp") int percpu_over(struct xdp_md *c) { int k = 0; char *b = bpf_map_lookup_elem(&scratch, &k); if (!b) return 0; for (int i = 0; i <= 256; i++) *(volatile char *)(b + i) = i; return 0; }
SEC("xdp") int arr_delete(struct xdp_md *c) { int k = 0; return bpf_map_delete_elem(&arr, &k); }
SEC("xdp") int update_in_place(struct xdp_md *c) { int k = 0; __u64 *v = bpf_map_lookup_elem(&h, &k); if (!v) return 0; __u64 n = *v + 1; bpf_map_update_elem(&h, &k, &n, BPF_EXIST); *v = n; return 0; }
SEC("xdp") int use_after_delete(struct xdp_md *c) { int k = 0; __u64 *v = bpf_map_lookup_elem(&h, &k); if (!v) return 0; bpf_map_delete_elem(&h, &k); *v = 3; return 0; }
SEC("xdp") int value_too_small(struct xdp_md *c) { int k = 0; char v = 0; return bpf_map_update_elem(&h, &k, &v, 0); }
SEC("xdp") int key_too_small(struct xdp_md *c) { char k = 0; return bpf_map_lookup_elem(&h, &k) ? 1 : 0; }
SEC("xdp") int key_null(struct xdp_md *c) { return bpf_map_lookup_elem(&h, 0) ? 1 : 0; }
SEC("xdp") int map_null(struct xdp_md *c) { int k = 0; return bpf_map_lookup_elem(0, &k) ? 1 : 0; }
SEC("xdp") int map_is_value(struct xdp_md *c) { int k = 0; __u64 *v = bpf_map_lookup_elem(&h, &k); if (!v) return 0; return bpf_map_lookup_elem(v, &k) ? 1 : 0; }
SEC("xdp") int map_ptr_stored(struct xdp_md *c) { int k = 0; __u64 *v = bpf_map_lookup_elem(&h, &k); if (!v) return 0; *v = (__u64)&arr; return 0; }
SEC("xdp") int pkt_var(struct xdp_md *c) { void *d = (void *)(long)c->data, *e = (void *)(long)c->data_end; struct ethhdr *eth = d; if ((void *)(eth + 1) > e) return 0; struct iphdr *ip = (void *)(eth + 1); if ((void *)(ip + 1) > e) return 0; struct tcphdr *t = (void *)ip + ip->ihl * 4; if ((void *)(t + 1) > e) return 0; return t->syn; }
SEC("xdp") int pkt_var_nocheck(struct xdp_md *c) { void *d = (void *)(long)c->data, *e = (void *)(long)c->data_end; struct ethhdr *eth = d; if ((void *)(eth + 1) > e) return 0; struct iphdr *ip = (void *)(eth + 1); if ((void *)(ip + 1) > e) return 0; struct tcphdr *t = (void *)ip + ip->ihl * 4; return t->syn; }
SEC("xdp") int pkt_wrong_way(struct xdp_md *c) { void *d = (void *)(long)c->data, *e = (void *)(long)c->data_end; if (d + 14 < e) return 0; return *(char *)d; }
SEC("xdp") int pkt_eq(struct xdp_md *c) { void *d = (void *)(long)c->data, *e = (void *)(long)c->data_end; if (d + 14 >= e) return 0; return ((char *)d)[14]; }
SEC("xdp") int pkt_adjust(struct xdp_md *c) { void *d = (void *)(long)c->data, *e = (void *)(long)c->data_end; if (d + 14 > e) return 0; bpf_xdp_adjust_head(c, 4); return *(char *)d; }
SEC("xdp") int pkt_loop(struct xdp_md *c) { unsigned char *d = (void *)(long)c->data, *e = (void *)(long)c->data_end; int s = 0; for (int i = 0; i < 64; i++) { if (d + i + 1 > e) break; s += d[i]; } return s & 1; }
SEC("xdp") int pkt_loop_off(struct xdp_md *c) { unsigned char *d = (void *)(long)c->data, *e = (void *)(long)c->data_end; int s = 0; for (int i = 0; i < 64; i++) { if (d + i > e) break; s += d[i]; } return s & 1; }
SEC("xdp") int pkt_to_map(struct xdp_md *c) { void *d = (void *)(long)c->data, *e = (void *)(long)c->data_end; if (d + 8 > e) return 0; int k = 0; return bpf_map_update_elem(&h, &k, d, 0); }
SEC("xdp") int pkt_key(struct xdp_md *c) { void *d = (void *)(long)c->data, *e = (void *)(long)c->data_end; if (d + 4 > e) return 0; __u64 *v = bpf_map_lookup_elem(&h, d); if (v) __sync_fetch_and_add(v, 1); return 0; }
SEC("xdp") int pkt_store_ptr(struct xdp_md *c) { void *d = (void *)(long)c->data; int k = 0; __u64 *v = bpf_map_lookup_elem(&h, &k); if (v) *v = (long)d; return 0; }
SEC("tc") int pkt_write_tc(struct __sk_buff *c) { void *d = (void *)(long)c->data, *e = (void *)(long)c->data_end; if (d + 4 > e) return 0; *(int *)d = 3; return 0; }
SEC("tc") int skb_load(struct __sk_buff *c) { char b[16]; return bpf_skb_load_bytes(c, 0, b, 16); }
SEC("tc") int skb_load_big(struct __sk_buff *c) { char b[16]; return bpf_skb_load_bytes(c, 0, b, 17); }
SEC("tc") int skb_load_var(struct __sk_buff *c) { char b[16]; __u32 n = c->len; if (n > 16) return 0; return bpf_skb_load_bytes(c, 0, b, n); }
SEC("tc") int skb_load_var1(struct __sk_buff *c) { char b[16]; __u32 n = c->len; if (n > 16 || n < 1) return 0; return bpf_skb_load_bytes(c, 0, b, n); }
SEC("tc") int skb_cb(struct __sk_buff *c) { c->cb[0] = 3; c->mark++; return c->cb[4]; }
SEC("tc") int skb_ro(struct __sk_buff *c) { c->len = 3; return 0; }
SEC("socket") int sock_data(struct __sk_buff *c) { return *(char *)(long)c->data; }
SEC("cgroup_skb/ingress") int cg_ret(struct __sk_buff *c) { return 4; }
SEC("cgroup/sock_create") int cgs_ret(struct bpf_sock *c) { return 2; }
SEC("cgroup/connect4") int c4_write(struct bpf_sock_addr *c) { c->user_ip4 = bpf_htonl(0x7f000001); c->user_port = bpf_htons(80); return 1; }
SEC("cgroup/connect4") int c4_write_bad(struct bpf_sock_addr *c) { c->user_family = 2; return 1; }
SEC("sk_reuseport") int skr(struct sk_reuseport_md *c) { return c->len > 3 ? SK_PASS : SK_DROP; }
SEC("xdp") int stack_var_read(struct xdp_md *c) { char b[8] = "abcdefg"; __u32 i = c->ingress_ifindex & 7; return b[i]; }
SEC("xdp") int stack_var_over(struct xdp_md *c) { volatile char b[8] = "abcdefg"; __u32 i = c->ingress_ifindex & 15; return b[i]; }
SEC("xdp") int stack_var_write(struct xdp_md *c) { char b[8] = {}; b[c->ingress_ifindex & 7] = 1; return b[3]; }
SEC("xdp") int stack_var_write_uninit(struct xdp_md *c) { volatile char b[8]; b[c->ingress_ifindex & 7] = 1; return b[3]; }
SEC("xdp") int big_stack(struct xdp_md *c) { volatile char b[500]; b[0] = 1; b[499] = 2; return b[0]; }
static __noinline int deep3(int x) { volatile char b[200]; b[x & 127] = 1; return b[3 & x]; }
static __noinline int deep2(int x) { volatile char b[200]; b[x & 127] = deep3(x); b[3] = 1; return b[3]; }
SEC("xdp") int deep(struct xdp_md *c) { volatile char b[200]; b[0] = deep2(c->ingress_ifindex); return b[0]; }
static __noinline int rec(int x) { if (x <= 0) return 0; return rec(x - 1) + x; }
SEC("xdp") int recursion(struct xdp_md *c) { return rec(c->ingress_ifindex); }
SEC("xdp") int div_zero(struct xdp_md *c) { return 10 / c->ingress_ifindex; }
SEC("xdp") int shift_big(struct xdp_md *c) { return 1 << c->ingress_ifindex; }
SEC("xdp") int ptr_cmp(struct xdp_md *c) { void *d = (void *)(long)c->data; return d == (void *)c; }
SEC("xdp") int ptr_mul(struct xdp_md *c) { long x = (long)c; x *= 3; return x; }
SEC("xdp") int ptr_or(struct xdp_md *c) { long x = (long)c; x |= 1; return *(int *)x; }
SEC("xdp") int ctx_var(struct xdp_md *c) { __u32 i = c->ingress_ifindex & 1; return ((__u32 *)c)[i]; }
SEC("xdp") int ctx_passed_off(struct xdp_md *c) { return bpf_xdp_adjust_head((void *)c + 4, 3); }
SEC("xdp") int ret_ptr(struct xdp_md *c) { return (long)c; }
SEC("raw_tp") int ret_any(void *c) { return 77; }
SEC("tp_btf/sys_enter") int ret_one(void *c) { return 1; }
SEC("tp_btf/no_such_tp") int no_tp(void *c) { return 0; }
SEC("xdp") int lim_loop(struct xdp_md *c) { int s = 0; for (int i = 0; i < lim; i++) s += i; return s & 1; }
SEC("xdp") int may_goto1(struct xdp_md *c) { int s = 0; for (int i = 0; can_loop; i++) s += i; return s & 1; }
SEC("xdp") int may_goto_idx(struct xdp_md *c) { for (int i = 0; i < 64 && can_loop; i++) buf[i] = i; return 0; }
SEC("xdp") int may_goto_idx_bad(struct xdp_md *c) { for (int i = 0; can_loop; i++) buf[i] = i; return 0; }
SEC("xdp") int may_goto_lock(struct xdp_md *c) { int k = 0; struct tl *v = bpf_map_lookup_elem(&tlm, &k); if (!v) return 0; bpf_spin_lock(&v->lock); for (int i = 0; can_loop; i++) v->c++; bpf_spin_unlock(&v->lock); return 0; }
SEC("xdp") int for_lock(struct xdp_md *c) { int k = 0; struct tl *v = bpf_map_lookup_elem(&tlm, &k); if (!v) return 0; bpf_spin_lock(&v->lock); int i; bpf_for(i, 0, 100) v->c++; bpf_spin_unlock(&v->lock); return 0; }
SEC("xdp") int for_lock_inside(struct xdp_md *c) { int i; bpf_for(i, 0, 4) { struct tl *v = bpf_map_lookup_elem(&tlm, &i); if (!v) continue; bpf_spin_lock(&v->lock); v->c++; bpf_spin_unlock(&v->lock); } return 0; }
SEC("xdp") int for_lock_kept(struct xdp_md *c) { int i; int k = 0; struct tl *v = bpf_map_lookup_elem(&tlm, &k); if (!v) return 0; bpf_for(i, 0, 4) { bpf_spin_lock(&v->lock); v->c++; if (v->c > 5) break; bpf_spin_unlock(&v->lock); } return 0; }
SEC("xdp") int for_arr(struct xdp_md *c) { int i; bpf_for(i, 0, 64) buf[i] = i; return 0; }
SEC("xdp") int for_arr_over(struct xdp_md *c) { int i; bpf_for(i, 0, 65) buf[i] = i; return 0; }
SEC("xdp") int iter_leak(struct xdp_md *c) { struct bpf_iter_num it; bpf_iter_num_new(&it, 0, 3); bpf_iter_num_next(&it); return 0; }
SEC("xdp") int iter_uninit(struct xdp_md *c) { struct bpf_iter_num it; bpf_iter_num_next(&it); return 0; }
SEC("xdp") int iter_twice(struct xdp_md *c) { struct bpf_iter_num it; bpf_iter_num_new(&it, 0, 3); bpf_iter_num_new(&it, 0, 3); bpf_iter_num_destroy(&it); return 0; }
SEC("xdp") int iter_nonull(struct xdp_md *c) { struct bpf_iter_num it; bpf_iter_num_new(&it, 0, 3); int *p = bpf_iter_num_next(&it); gi = *p; bpf_iter_num_destroy(&it); return 0; }
SEC("xdp") int printk_s(struct xdp_md *c) { char b[4] = "abc"; bpf_printk("%s %d %llu", b, 1, 2ULL); return 0; }
SEC("xdp") int printk_bad(struct xdp_md *c) { bpf_printk("%q", 1); return 0; }
SEC("xdp") int printk_many(struct xdp_md *c) { bpf_printk("%d %d %d %d %d", 1, 2, 3, 4, 5); return 0; }
SEC("xdp") int comm(struct xdp_md *c) { char b[16]; bpf_get_current_comm(b, 16); return b[0]; }
SEC("kprobe/do_nanosleep") int probe_zero(void *c) { char b[8]; bpf_probe_read_kernel(b, 0, 0); return 0; }
SEC("kprobe/do_nanosleep") int probe_var(void *c) { char b[8]; __u32 n = bpf_get_prandom_u32(); bpf_probe_read_kernel(b, n, 0); return 0; }
SEC("kprobe/do_nanosleep") int probe_masked(void *c) { char b[8]; __u32 n = bpf_get_prandom_u32() & 7; bpf_probe_read_kernel(b, n, 0); return 0; }
SEC("kprobe/do_nanosleep") int probe_ro(void *c) { bpf_probe_read_kernel((void *)&lim, 4, 0); return 0; }
static long urcb(struct bpf_dynptr *d, void *c) { int x; bpf_dynptr_read(&x, 4, d, 0, 0); return 0; }
SEC("syscall") int drain(void *c) { return bpf_user_ringbuf_drain(&urb, urcb, 0, 0); }
static int loopcb(__u32 i, int *s) { *s += i; return 0; }
static int loopcb2(__u32 i, int *s) { *s += i; return 2; }
static int loopcb_idx(__u32 i, void *s) { buf[i] = 1; return 0; }
static int loopcb_idx_ok(__u32 i, void *s) { if (i < 64) buf[i] = 1; return 0; }
SEC("xdp") int loop_ok(struct xdp_md *c) { int s = 0; bpf_loop(100, loopcb, &s, 0); return s > 3; }
SEC("xdp") int loop_ret2(struct xdp_md *c) { int s = 0; bpf_loop(100, loopcb2, &s, 0); return s > 3; }
SEC("xdp") int loop_idx(struct xdp_md *c) { bpf_loop(64, loopcb_idx, 0, 0); return 0; }
SEC("xdp") int loop_idx_ok(struct xdp_md *c) { bpf_loop(64, loopcb_idx_ok, 0, 0); return 0; }
SEC("xdp") int loop_flags(struct xdp_md *c) { int s = 0; return bpf_loop(100, loopcb, &s, 1); }
SEC("xdp") int loop_notfunc(struct xdp_md *c) { int s = 0; return bpf_loop(100, &s, &s, 0); }
SEC("xdp") int loop_null(struct xdp_md *c) { return bpf_loop(100, 0, 0, 0); }
SEC("xdp") int loop_million(struct xdp_md *c) { int s = 0; for (int i = 0; i < 1000000; i++) s += bpf_get_prandom_u32(); return s & 1; }
SEC("xdp") int loop_10000(struct xdp_md *c) { int s = 0; for (int i = 0; i < 10000; i++) s ^= bpf_get_prandom_u32(); return s & 1; }
SEC("xdp") int loop_1000(struct xdp_md *c) { for (int i = 0; i < 1000; i++) __sync_fetch_and_add(&total, 1); return 0; }
SEC("xdp") int loop_volatile(struct xdp_md *c) { volatile int n = 100; for (volatile int i = 0; i < n; i++) total++; return 0; }
SEC("xdp") int loop_rodata_idx(struct xdp_md *c) { for (int i = 0; i < lim; i++) buf[i]++; return 0; }
SEC("xdp") int loop_while1(struct xdp_md *c) { while (1) { if (bpf_get_prandom_u32() == 3) break; } return 0; }
SEC("xdp") int loop_spin_global(struct xdp_md *c) { while (*(volatile int *)&gi) ; return 0; }
