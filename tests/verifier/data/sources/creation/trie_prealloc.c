#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct { __uint(type, BPF_MAP_TYPE_LPM_TRIE); __uint(key_size, 8); __uint(value_size, 8); __uint(max_entries, 4);  } m SEC(".maps");
SEC("xdp") int prog(void *ctx) { long x = 0; return bpf_map_lookup_elem(&m, &x) ? 1 : 0; }
