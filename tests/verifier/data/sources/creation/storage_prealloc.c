#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct { __uint(type, BPF_MAP_TYPE_TASK_STORAGE); __type(key, int); __type(value, int); } m SEC(".maps");
SEC("tp_btf/sys_enter") int prog(void *ctx) { int *v = bpf_task_storage_get(&m, (void *)bpf_get_current_task_btf(), 0, 1); return v ? *v : 0; }
