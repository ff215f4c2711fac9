#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct val { struct bpf_spin_lock lock; int cnt; };
struct inner { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct val); __uint(max_entries, 4); } in SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __uint(max_entries, 2); __type(key, int); __array(values, struct inner); } m SEC(".maps") = { .values = { &in } };
SEC("xdp") int prog(void *ctx) { int k = 0, l = 1; void *i = bpf_map_lookup_elem(&m, &k), *j = bpf_map_lookup_elem(&m, &l); if (!i || !j) return 0; struct val *v = bpf_map_lookup_elem(i, &k), *w = bpf_map_lookup_elem(j, &k); if (!v || !w) return 0; bpf_spin_lock(&v->lock); v->cnt++; bpf_spin_unlock(&w->lock); return 0; }
