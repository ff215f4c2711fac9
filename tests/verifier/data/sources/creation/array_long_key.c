#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, long); __type(value, int); __uint(max_entries, 4);  } m SEC(".maps");
SEC("xdp") int prog(void *ctx) { int key = 0; void *v = bpf_map_lookup_elem(&m, &key); return v ? 1 : 0; }
