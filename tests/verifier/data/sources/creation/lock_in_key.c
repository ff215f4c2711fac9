#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct val { struct bpf_spin_lock lock; int cnt; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, struct val); __type(value, int); __uint(max_entries, 4);  } m SEC(".maps");
SEC("xdp") int prog(void *ctx) { struct val key = {}; int *v = bpf_map_lookup_elem(&m, &key); return v ? *v : 0; }
