#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct v { struct bpf_spin_lock lock; int c; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct v); __uint(max_entries, 4); } m SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, __u64); __uint(max_entries, 64); } arr SEC(".maps");
__u64 total; int buf[64]; int n;
SEC("xdp") int sum_for(struct xdp_md *c) { int s = 0, i; bpf_for(i, 0, 100) s += i; return s & 1; }
SEC("xdp") int sum_for_unknown(struct xdp_md *c) { int s = 0, i; bpf_for(i, 0, n) s += i * 3; return s & 1; }
SEC("xdp") int sum_repeat(struct xdp_md *c) { int s = 1; bpf_repeat(100) s *= 3; return s & 1; }
SEC("xdp") int nested_for(struct xdp_md *c) { int s = 0, i, j; bpf_for(i, 0, 100) bpf_for(j, 0, 100) s += i * j; return s & 1; }
SEC("xdp") int for_break(struct xdp_md *c) { int s = 0, i; bpf_for(i, 0, 100) { s += i; if (s > 1000) break; } return s & 1; }
SEC("xdp") int for_index_sum(struct xdp_md *c) { int s = 0, i; bpf_for(i, 0, 10) { s += i; buf[s & 63] = 1; } return 0; }
SEC("xdp") int for_index_sum_bad(struct xdp_md *c) { int s = 0, i; bpf_for(i, 0, 10) { s += i; buf[s] = 1; } return 0; }
SEC("xdp") int for_lookup(struct xdp_md *c) { int i; __u64 s = 0; bpf_for(i, 0, 64) { __u64 *v = bpf_map_lookup_elem(&arr, &i); if (v) s += *v; } total = s; return 0; }
SEC("xdp") int for_max(struct xdp_md *c) { int i; __u64 s = 0; bpf_for(i, 0, 64) { __u64 *v = bpf_map_lookup_elem(&arr, &i); if (v && *v > s) s = *v; } total = s; return 0; }
SEC("xdp") int for_ptr(struct xdp_md *c) { int i; int *p = buf; bpf_for(i, 0, 64) { *p = i; p++; } return 0; }
SEC("xdp") int goto_ptr(struct xdp_md *c) { int *p = buf; for (int i = 0; i < 64 && can_loop; i++) { *p = i; p++; } return 0; }
SEC("xdp") int goto_sum(struct xdp_md *c) { int s = 0; for (int i = 0; i < 1000 && can_loop; i++) { s += i; } return s & 1; }
SEC("xdp") int goto_break(struct xdp_md *c) { int s = 0; for (;;) { cond_break; s += 3; if (s > 100) break; } return s & 1; }
SEC("xdp") int goto_spin(struct xdp_md *c) { while (*(volatile int *)&n && can_loop) ; return 0; }
SEC("xdp") int goto_nested(struct xdp_md *c) { int s = 0; for (int i = 0; i < 10 && can_loop; i++) for (int j = 0; j < 10 && can_loop; j++) s += i * j; return s & 1; }
SEC("xdp") int goto_cas(struct xdp_md *c) { __u64 old; do { old = *(volatile __u64 *)&total; if (!(can_loop)) return 1; } while (!__sync_bool_compare_and_swap(&total, old, old + 1)); return 0; }
SEC("xdp") int for_lock_each(struct xdp_md *c) { int i; bpf_for(i, 0, 4) { struct v *v = bpf_map_lookup_elem(&m, &i); if (!v) break; bpf_spin_lock(&v->lock); v->c += i; bpf_spin_unlock(&v->lock); } return 0; }
static int cb(__u32 i, int *s) { *s += i; return *s > 100; }
SEC("xdp") int loop_sum(struct xdp_md *c) { int s = 0; bpf_loop(1000, cb, &s, 0); return s & 1; }
static int cb2(__u32 i, int *s) { *s += i; buf[*s & 63] = i; return 0; }
SEC("xdp") int loop_nested(struct xdp_md *c) { int s = 0; bpf_loop(10, cb2, &s, 0); bpf_loop(s, cb2, &s, 0); return s & 1; }
static int cb3(__u32 i, int *s) { buf[*s] = i; *s += 1; return 0; }
SEC("xdp") int loop_ctx_index(struct xdp_md *c) { int s = 0; bpf_loop(10, cb3, &s, 0); return s & 1; }
static int cb4(__u32 i, int *s) { if (*s >= 64) return 1; buf[*s & 63] = i; *s += 1; return 0; }
SEC("xdp") int loop_ctx_index_ok(struct xdp_md *c) { int s = 0; bpf_loop(10, cb4, &s, 0); return s & 1; }
SEC("xdp") int sum_100(struct xdp_md *c) { int s = 0; for (int i = 0; i < 100; i++) s += buf[i & 63]; return s & 1; }
SEC("xdp") int find_first(struct xdp_md *c) { for (int i = 0; i < 64; i++) if (buf[i] == n) return i & 1; return 0; }
SEC("xdp") int bubble(struct xdp_md *c) { for (int i = 0; i < 8; i++) for (int j = 0; j < 7; j++) if (buf[j] > buf[j + 1]) { int t = buf[j]; buf[j] = buf[j + 1]; buf[j + 1] = t; } return 0; }
SEC("xdp") int branches(struct xdp_md *c) { int s = 0; for (int i = 0; i < 16; i++) { if (buf[i] & 1) s += 1; else s += 2; } return s & 1; }
SEC("xdp") int branches_idx(struct xdp_md *c) { int s = 0; for (int i = 0; i < 12; i++) { if (buf[i] & 1) s += 1; else s += 2; } if (s < 64) buf[s] = 1; return 0; }
