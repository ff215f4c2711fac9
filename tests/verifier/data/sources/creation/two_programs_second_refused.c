#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, long); __uint(max_entries, 4);  } m SEC(".maps");
SEC("xdp") int first(void *ctx) { return 0; }
SEC("xdp") int second(void *ctx) { int k = 0; long *v = bpf_map_lookup_elem(&m, &k); return *v; }
