#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct val { struct bpf_spin_lock lock; int cnt; };
struct { __uint(type, BPF_MAP_TYPE_LRU_HASH); __type(key, int); __type(value, struct val); __uint(max_entries, 4);  } m SEC(".maps");
SEC("xdp") int prog(void *ctx) { int key = 0; struct val *v = bpf_map_lookup_elem(&m, &key); if (!v) return 0; bpf_spin_lock(&v->lock); v->cnt++; bpf_spin_unlock(&v->lock); return 0; }
