#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct inn { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, long); __uint(max_entries, 4); } a SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, long); __uint(max_entries, 4); } b SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __type(key, int); __uint(value_size, 4); __uint(max_entries, 2); __array(values, struct inn); } m SEC(".maps") = { .values = { &b } };
SEC("xdp") int prog(void *ctx) { int k = 0; void *i = bpf_map_lookup_elem(&m, &k); if (!i) return 0; long *v = bpf_map_lookup_elem(i, &k); if (v) *v += 1; return 0; }
