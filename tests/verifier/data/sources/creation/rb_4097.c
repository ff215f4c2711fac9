#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4097); } m SEC(".maps");
SEC("xdp") int prog(void *ctx) { return bpf_ringbuf_query(&m, 0); }
