#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct bpf_spin_lock); __uint(max_entries, 4);  } m SEC(".maps");
SEC("xdp") int prog(void *ctx) { int key = 0; struct bpf_spin_lock *v = bpf_map_lookup_elem(&m, &key); if (!v) return 0; bpf_spin_lock(v); bpf_spin_unlock(v); return 0; }
