#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct val { union { struct bpf_spin_lock a; int z; }; int cnt; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct val); __uint(max_entries, 4);  } m SEC(".maps");
SEC("xdp") int prog(void *ctx) { int key = 0; struct val *v = bpf_map_lookup_elem(&m, &key); if (!v) return 0; *(volatile char *)((char *)v + sizeof(*v) - 1) = 1; return 0; }
