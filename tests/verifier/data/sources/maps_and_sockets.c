#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#define AS(T) struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 4); __type(key, __u32); __type(value, T); }
struct val { struct bpf_spin_lock l; __u64 a; __u64 b; };
AS(struct val) lm SEC(".maps");
AS(__u64[8]) m SEC(".maps");
struct tv { struct bpf_timer t; __u64 x; };
AS(struct tv) tm SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, __u64); __type(value, __u64); } h SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_LPM_TRIE); __uint(max_entries, 8); __uint(map_flags, 1); __type(key, __u64); __type(value, __u64); } lpm SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_QUEUE); __uint(max_entries, 8); __type(value, __u64); } q SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_STACK_TRACE); __uint(max_entries, 8); __uint(key_size, 4); __uint(value_size, 80); } st SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY); __uint(key_size, 4); __uint(value_size, 4); } pe SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_DEVMAP); __uint(max_entries, 8); __uint(key_size, 4); __uint(value_size, 4); } dm SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_CPUMAP); __uint(max_entries, 8); __uint(key_size, 4); __uint(value_size, 4); } cm SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u64[4]); } pc SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_CGROUP_STORAGE); __type(key, struct bpf_cgroup_storage_key); __type(value, __u64); } cgs SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_SK_STORAGE); __uint(map_flags, 1); __type(key, int); __type(value, __u64); } sks SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_TASK_STORAGE); __uint(map_flags, 1); __type(key, int); __type(value, __u64); } tks SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_XSKMAP); __uint(max_entries, 8); __uint(key_size, 4); __uint(value_size, 4); } xs SEC(".maps");
const volatile __u32 limit = 5;
__u32 zero;
SEC("xdp") int dev_redirect(struct xdp_md *c) { return bpf_redirect_map(&dm, c->rx_queue_index, 0); }
SEC("xdp") int cpu_redirect(struct xdp_md *c) { return bpf_redirect_map(&cm, c->rx_queue_index, 0); }
SEC("xdp") int xsk_lookup(struct xdp_md *c) { __u32 k = 0; struct bpf_xdp_sock *x = bpf_map_lookup_elem(&xs, &k); if (!x) return 0; return x->queue_id; }
SEC("xdp") int xsk_lookup_nocheck(struct xdp_md *c) { __u32 k = 0; struct bpf_xdp_sock *x = bpf_map_lookup_elem(&xs, &k); return x->queue_id; }
SEC("xdp") int dev_lookup(struct xdp_md *c) { __u32 k = 0; __u32 *x = bpf_map_lookup_elem(&dm, &k); if (!x) return 0; return *x; }
SEC("xdp") int redirect_array(struct xdp_md *c) { return bpf_redirect_map(&m, 0, 0); }
SEC("xdp") int queue_push(struct xdp_md *c) { __u64 v = 1; return bpf_map_push_elem(&q, &v, 0) ? 1 : 2; }
SEC("xdp") int queue_push_uninit(struct xdp_md *c) { __u64 v; return bpf_map_push_elem(&q, &v, 0) ? 1 : 2; }
SEC("xdp") int queue_pop(struct xdp_md *c) { __u64 v; if (bpf_map_pop_elem(&q, &v)) return 0; return v & 1; }
SEC("xdp") int queue_lookup(struct xdp_md *c) { __u64 v = 0; return bpf_map_lookup_elem(&q, &v) ? 1 : 2; }
SEC("xdp") int array_push(struct xdp_md *c) { __u64 v[8] = {}; return bpf_map_push_elem(&m, v, 0) ? 1 : 2; }
SEC("xdp") int array_delete(struct xdp_md *c) { __u32 k = 0; return bpf_map_delete_elem(&m, &k) ? 1 : 2; }
SEC("xdp") int lpm_lookup(struct xdp_md *c) { __u64 k = 0; __u64 *v = bpf_map_lookup_elem(&lpm, &k); return v ? 1 : 2; }
SEC("xdp") int percpu_lookup(struct xdp_md *c) { __u32 k = 0; __u64 *v = bpf_map_lookup_percpu_elem(&pc, &k, 0); return v ? v[3] & 1 : 2; }
SEC("xdp") int percpu_lookup_beyond(struct xdp_md *c) { __u32 k = 0; __u64 *v = bpf_map_lookup_percpu_elem(&pc, &k, 0); return v ? v[4] & 1 : 2; }
SEC("xdp") int percpu_lookup_array(struct xdp_md *c) { __u32 k = 0; __u64 *v = bpf_map_lookup_percpu_elem(&m, &k, 0); return v ? 1 : 2; }
SEC("xdp") int event_output(struct xdp_md *c) { __u64 v = 0; bpf_perf_event_output(c, &pe, 0xffffffffULL, &v, 8); return 2; }
SEC("xdp") int event_output_big(struct xdp_md *c) { __u64 v = 0; bpf_perf_event_output(c, &pe, 0xffffffffULL, &v, 16); return 2; }
SEC("xdp") int event_output_other(struct xdp_md *c) { __u64 v = 0; bpf_perf_event_output(c, &m, 0xffffffffULL, &v, 8); return 2; }
SEC("kprobe/x") int stackid(struct pt_regs *c) { return bpf_get_stackid(c, &st, 0) & 1; }
SEC("kprobe/x") int stackid_other(struct pt_regs *c) { return bpf_get_stackid(c, &m, 0) & 1; }
SEC("cgroup_skb/egress") int local_storage(struct __sk_buff *s) { __u64 *v = bpf_get_local_storage(&cgs, 0); __sync_fetch_and_add(v, 1); return 1; }
SEC("cgroup_skb/egress") int local_storage_flags(struct __sk_buff *s) { __u64 *v = bpf_get_local_storage(&cgs, 1); *v = 1; return 1; }
SEC("cgroup_skb/egress") int local_storage_beyond(struct __sk_buff *s) { __u64 *v = bpf_get_local_storage(&cgs, 0); return v[1] & 1; }
SEC("xdp") int local_storage_xdp(struct xdp_md *s) { __u64 *v = bpf_get_local_storage(&cgs, 0); *v = 1; return 1; }
SEC("tc") int skb_sk_storage(struct __sk_buff *s) { struct bpf_sock *sk = s->sk; if (!sk) return 0; __u64 *v = bpf_sk_storage_get(&sks, sk, 0, 1); if (!v) return 0; *v += 1; return 0; }
SEC("tc") int skb_sk_storage_full(struct __sk_buff *s) { struct bpf_sock *sk = s->sk; if (!sk) return 0; sk = bpf_sk_fullsock(sk); if (!sk) return 0; __u64 *v = bpf_sk_storage_get(&sks, sk, 0, 1); if (!v) return 0; *v += 1; return 0; }
SEC("tc") int skb_sk_nocheck(struct __sk_buff *s) { return s->sk->family; }
SEC("tc") int skb_sk_priority(struct __sk_buff *s) { struct bpf_sock *sk = s->sk; if (!sk) return 0; return sk->priority; }
SEC("tc") int skb_sk_storage_nocheck(struct __sk_buff *s) { __u64 *v = bpf_sk_storage_get(&sks, s->sk, 0, 1); if (!v) return 0; *v += 1; return 0; }
SEC("tc") int sk_lookup_leak(struct __sk_buff *s) { struct bpf_sock_tuple t = {}; struct bpf_sock *sk = bpf_sk_lookup_tcp(s, &t, sizeof(t.ipv4), -1, 0); return sk ? 1 : 0; }
SEC("tc") int sk_lookup_release(struct __sk_buff *s) { struct bpf_sock_tuple t = {}; struct bpf_sock *sk = bpf_sk_lookup_tcp(s, &t, sizeof(t.ipv4), -1, 0); if (sk) bpf_sk_release(sk); return 0; }
SEC("tc") int sk_lookup_use_after(struct __sk_buff *s) { struct bpf_sock_tuple t = {}; struct bpf_sock *sk = bpf_sk_lookup_tcp(s, &t, sizeof(t.ipv4), -1, 0); if (!sk) return 0; bpf_sk_release(sk); return sk->family; }
SEC("tc") int sk_lookup_twice(struct __sk_buff *s) { struct bpf_sock_tuple t = {}; struct bpf_sock *sk = bpf_sk_lookup_tcp(s, &t, sizeof(t.ipv4), -1, 0); if (!sk) return 0; bpf_sk_release(sk); bpf_sk_release(sk); return 0; }
SEC("tc") int sk_release_null(struct __sk_buff *s) { struct bpf_sock_tuple t = {}; struct bpf_sock *sk = bpf_sk_lookup_tcp(s, &t, sizeof(t.ipv4), -1, 0); bpf_sk_release(sk); return 0; }
SEC("tc") int sk_release_borrowed(struct __sk_buff *s) { struct bpf_sock *sk = s->sk; if (!sk) return 0; sk = bpf_sk_fullsock(sk); if (!sk) return 0; bpf_sk_release(sk); return 0; }
SEC("tc") int tcp_sock_read(struct __sk_buff *s) { struct bpf_sock *sk = s->sk; if (!sk) return 0; struct bpf_tcp_sock *t = bpf_tcp_sock(sk); if (!t) return 0; return t->snd_cwnd; }
SEC("tc") int tcp_sock_write(struct __sk_buff *s) { struct bpf_sock *sk = s->sk; if (!sk) return 0; struct bpf_tcp_sock *t = bpf_tcp_sock(sk); if (!t) return 0; t->snd_cwnd = 1; return 0; }
SEC("tp_btf/sched_switch") int task_storage(__u64 *c) { void *p = (void *)c[1]; __u64 *v = bpf_task_storage_get(&tks, p, 0, 1); if (v) *v += 1; return 0; }
SEC("tp_btf/sched_switch") int task_storage_current(__u64 *c) { void *p = bpf_get_current_task_btf(); __u64 *v = bpf_task_storage_get(&tks, p, 0, 1); if (v) *v += 1; return 0; }
SEC("tp_btf/sched_switch") int task_storage_raw(__u64 *c) { void *p = (void *)bpf_get_current_task(); __u64 *v = bpf_task_storage_get(&tks, p, 0, 1); if (v) *v += 1; return 0; }
SEC("tp_btf/sched_switch") int task_storage_nocheck(__u64 *c) { void *p = (void *)c[1]; __u64 *v = bpf_task_storage_get(&tks, p, 0, 1); *v += 1; return 0; }
SEC("tp_btf/sched_switch") int task_storage_init_rodata(__u64 *c) { void *p = (void *)c[1]; __u64 i = 4; __u64 *v = bpf_task_storage_get(&tks, p, &i, 1); if (v) *v += 1; return 0; }
SEC("tp_btf/sched_switch") int task_write(__u64 *c) { char *p = (void *)c[1]; p[8] = 1; return 0; }
SEC("tp_btf/sched_switch") int task_arg5(__u64 *c) { return c[5] & 1; }
SEC("raw_tp/sched_switch") int raw_deref(__u64 *c) { return *(int *)c[1]; }
SEC("raw_tp/sched_switch") int raw_probe(__u64 *c) { int x = 0; bpf_probe_read_kernel(&x, 4, (void *)c[1]); return x & 1; }
SEC("xdp") int rodata_ok(struct xdp_md *c) { return limit; }
SEC("xdp") int rodata_write(struct xdp_md *c) { *(volatile __u32 *)&limit = 6; return 0; }
SEC("xdp") int lock_then_helper(struct xdp_md *c) { __u32 k = 0; struct val *v = bpf_map_lookup_elem(&lm, &k); if (!v) return 0; bpf_spin_lock(&v->l); v->a = bpf_ktime_get_ns(); bpf_spin_unlock(&v->l); return 2; }
SEC("xdp") int lock_read(struct xdp_md *c) { __u32 k = 0; struct val *v = bpf_map_lookup_elem(&lm, &k); if (!v) return 0; return *(int *)&v->l; }
SEC("xdp") int lock_off(struct xdp_md *c) { __u32 k = 0; struct val *v = bpf_map_lookup_elem(&lm, &k); if (!v) return 0; bpf_spin_lock((void *)&v->a); bpf_spin_unlock((void *)&v->a); return 2; }
SEC("socket") int lock_socket(struct __sk_buff *c) { __u32 k = 0; struct val *v = bpf_map_lookup_elem(&lm, &k); if (!v) return 0; bpf_spin_lock(&v->l); bpf_spin_unlock(&v->l); return 2; }
SEC("kprobe/x") int lock_kprobe(void *c) { __u32 k = 0; struct val *v = bpf_map_lookup_elem(&lm, &k); if (!v) return 0; bpf_spin_lock(&v->l); bpf_spin_unlock(&v->l); return 2; }
SEC("raw_tp/sched_switch") int lock_raw(void *c) { __u32 k = 0; struct val *v = bpf_map_lookup_elem(&lm, &k); if (!v) return 0; bpf_spin_lock(&v->l); bpf_spin_unlock(&v->l); return 2; }
static int cb(void *map, int *k, struct tv *v) { return 0; }
static int cb1(void *map, int *k, struct tv *v) { return 1; }
SEC("tc") int timer_ok(struct __sk_buff *c) { __u32 k = 0; struct tv *v = bpf_map_lookup_elem(&tm, &k); if (!v) return 0; bpf_timer_init(&v->t, &tm, 1); bpf_timer_set_callback(&v->t, cb); bpf_timer_start(&v->t, 1000, 0); return 0; }
SEC("tc") int timer_wrong_map(struct __sk_buff *c) { __u32 k = 0; struct tv *v = bpf_map_lookup_elem(&tm, &k); if (!v) return 0; bpf_timer_init(&v->t, &m, 1); return 0; }
SEC("tc") int timer_cb_returns(struct __sk_buff *c) { __u32 k = 0; struct tv *v = bpf_map_lookup_elem(&tm, &k); if (!v) return 0; bpf_timer_init(&v->t, &tm, 1); bpf_timer_set_callback(&v->t, cb1); return 0; }
SEC("kprobe/x") int timer_kprobe(void *c) { __u32 k = 0; struct tv *v = bpf_map_lookup_elem(&tm, &k); if (!v) return 0; bpf_timer_init(&v->t, &tm, 1); return 0; }
SEC("tc") int timer_write(struct __sk_buff *c) { __u32 k = 0; struct tv *v = bpf_map_lookup_elem(&tm, &k); if (!v) return 0; *(__u64 *)&v->t = 1; return 0; }
static long over(void *map, __u64 *k, __u64 *v, __u64 *c) { *c += *v; return 0; }
static long over_key(void *map, __u64 *k, __u64 *v, __u64 *c) { *k = 1; return 0; }
static long over_two(void *map, __u64 *k, __u64 *v, __u64 *c) { return 2; }
SEC("xdp") int each_ok(struct xdp_md *c) { __u64 s = 0; bpf_for_each_map_elem(&h, over, &s, 0); return s & 1; }
SEC("xdp") int each_key_write(struct xdp_md *c) { __u64 s = 0; bpf_for_each_map_elem(&h, over_key, &s, 0); return s & 1; }
SEC("xdp") int each_returns_two(struct xdp_md *c) { __u64 s = 0; bpf_for_each_map_elem(&h, over_two, &s, 0); return s & 1; }
SEC("xdp") int each_lpm(struct xdp_md *c) { __u64 s = 0; bpf_for_each_map_elem(&lpm, over, &s, 0); return s & 1; }
SEC("xdp") int each_null(struct xdp_md *c) { bpf_for_each_map_elem(&h, over, 0, 0); return 1; }
char _license[] SEC("license") = "GPL";
