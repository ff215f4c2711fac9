#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct i1 { int q; struct bpf_spin_lock l; }; struct i2 { int q; struct i1 i; }; struct i3 { struct i2 i; }; struct i4 { struct i3 i; }; struct i5 { struct i4 i; }; struct val { struct i5 i; int cnt; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct val); __uint(max_entries, 4);  } m SEC(".maps");
SEC("xdp") int prog(void *ctx) { int key = 0; struct val *v = bpf_map_lookup_elem(&m, &key); if (!v) return 0; *(volatile char *)((char *)v + sizeof(*v) - 1) = 1; return 0; }
