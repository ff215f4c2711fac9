#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tp_btf/no_such_tracepoint") int prog(void *ctx) { return 0; }
