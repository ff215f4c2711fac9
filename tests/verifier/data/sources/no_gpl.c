// A licence that is not GPL: some helpers are closed to it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "Proprietary";
SEC("raw_tp") int print_text(void *ctx) { return bpf_trace_printk("hi", 3); }
SEC("raw_tp") int probe(void *ctx) { long x; return bpf_probe_read_kernel(&x, 8, ctx); }
SEC("raw_tp") int time(void *ctx) { return bpf_ktime_get_ns() & 1; }
SEC("raw_tp") int random(void *ctx) { return bpf_get_prandom_u32() & 1; }
SEC("tp_btf/sys_enter") int pointed(void *ctx) { return *(volatile int *)*(void **)ctx; }
