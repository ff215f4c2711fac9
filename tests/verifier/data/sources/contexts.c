// Contexts: fields that exist, sizes, who may write, what a pointer to the context may be used for.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, __u64); __uint(max_entries, 4); } m SEC(".maps");
__u64 out;
#define OF(p, off) (*(volatile __u32 *)((char *)(p) + (off)))
#define AT(type, off) (*(volatile type *)((char *)ctx + (off)))
SEC("xdp") int xdp_field(struct xdp_md *ctx) { return ctx->rx_queue_index & 1; }
SEC("xdp") int xdp_egress(struct xdp_md *ctx) { return ctx->egress_ifindex & 1; }
SEC("xdp") int xdp_past_end(struct xdp_md *ctx) { return AT(__u32, 24); }
SEC("xdp") int xdp_byte(struct xdp_md *ctx) { return AT(__u8, 16); }
SEC("xdp") int xdp_wide(struct xdp_md *ctx) { return AT(__u64, 8); }
SEC("xdp") int xdp_write(struct xdp_md *ctx) { ctx->rx_queue_index = 1; return 0; }
SEC("xdp") int xdp_before(struct xdp_md *ctx) { return AT(__u32, -4); }
SEC("xdp") int xdp_variable(struct xdp_md *ctx) { __u32 i = bpf_get_prandom_u32() & 4; return AT(__u32, 12 + i); }
SEC("xdp") int xdp_moved_back(struct xdp_md *ctx) { char *p = (char *)ctx + 4; asm volatile("" : "+r"(p)); return *(volatile __u32 *)(p + 8); }
SEC("tc") int tc_mark(struct __sk_buff *ctx) { ctx->mark = 1; return ctx->len; }
SEC("tc") int tc_len_write(struct __sk_buff *ctx) { ctx->len = 1; return 0; }
SEC("tc") int tc_mark_byte(struct __sk_buff *ctx) { return AT(__u8, 9); }
SEC("tc") int tc_mark_byte_write(struct __sk_buff *ctx) { AT(__u8, 8) = 1; return 0; }
SEC("tc") int tc_cb(struct __sk_buff *ctx) { ctx->cb[4] = 1; AT(__u64, 48) = 2; return 0; }
SEC("tc") int tc_family(struct __sk_buff *ctx) { return ctx->family; }
SEC("tc") int tc_sock_unchecked(struct __sk_buff *ctx) { return OF(ctx->sk, 4); }
SEC("tc") int tc_sock(struct __sk_buff *ctx) { void *s = ctx->sk; if (!s) return 0; return OF(s, 4); }
SEC("tc") int tc_sock_type(struct __sk_buff *ctx) { void *s = ctx->sk; if (!s) return 0; return OF(s, 8); }
SEC("tc") int tc_fullsock(struct __sk_buff *ctx) { void *s = ctx->sk; if (!s) return 0; s = bpf_sk_fullsock(s); if (!s) return 0; return OF(s, 8); }
SEC("socket") int socket_mark_write(struct __sk_buff *ctx) { ctx->mark = 1; return 0; }
SEC("socket") int socket_cb_write(struct __sk_buff *ctx) { ctx->cb[0] = 1; return 0; }
SEC("kprobe") int kprobe_regs(void *ctx) { return AT(__u64, 112) & 1; }
SEC("kprobe") int kprobe_past(void *ctx) { return AT(__u64, 168); }
SEC("kprobe") int kprobe_write(void *ctx) { AT(__u64, 0) = 1; return 0; }
SEC("tracepoint/syscalls/sys_enter_write") int tp_args(void *ctx) { return AT(__u64, 16) & 1; }
SEC("tracepoint/syscalls/sys_enter_write") int tp_common(void *ctx) { return AT(__u64, 0) & 1; }
SEC("raw_tp/sys_enter") int raw_tp_args(void *ctx) { return AT(__u64, 8) & 1; }
SEC("raw_tp/sys_enter") int raw_tp_past(void *ctx) { return AT(__u64, 96) & 1; }
SEC("raw_tp/sys_enter") int raw_tp_write(void *ctx) { AT(__u64, 0) = 1; return 0; }
SEC("raw_tp/sys_enter") int raw_tp_pointer_arg(void *ctx) { __u64 *p = (void *)AT(__u64, 0); return *(volatile __u64 *)p; }
SEC("tp_btf/sys_enter") int tp_btf_id(void *ctx) { return AT(__u64, 8) & 1; }
SEC("tp_btf/sys_enter") int tp_btf_third(void *ctx) { return AT(__u64, 16) & 1; }
SEC("tp_btf/sys_enter") int tp_btf_half(void *ctx) { return AT(__u32, 12) & 1; }
SEC("tp_btf/sys_enter") int tp_btf_write(void *ctx) { AT(__u64, 8) = 1; return 0; }
SEC("tp_btf/sys_enter") int tp_btf_write_pointed(void *ctx) { __u64 *p = (void *)AT(__u64, 0); *(volatile __u64 *)p = 1; return 0; }
SEC("tp_btf/sys_enter") int tp_btf_pointed_past(void *ctx) { __u64 *p = (void *)AT(__u64, 0); return *(volatile __u64 *)((char *)p + 1000); }
SEC("tp_btf/sched_switch") int tp_btf_flag(void *ctx) { return AT(__u64, 0) & 1; }
SEC("perf_event") int perf_regs(void *ctx) { return AT(__u64, 168) & 1; }
SEC("perf_event") int perf_half(void *ctx) { return AT(__u32, 0) & 1; }
SEC("syscall") int syscall_ctx(void *ctx) { AT(__u32, 4) = 1; return AT(__u8, 100); }
SEC("cgroup/sock") int sock_field(void *ctx) { return OF(ctx, 16) & 1; }
SEC("cgroup/sock") int sock_ip(void *ctx) { return OF(ctx, 24) & 1; }
SEC("cgroup/connect4") int connect_ip(void *ctx) { OF(ctx, 4) = 1; return 1; }
SEC("cgroup/connect4") int connect_ip6(void *ctx) { return OF(ctx, 8) & 1; }
SEC("cgroup/dev") int dev_access(void *ctx) { return OF(ctx, 0) & 1; }
SEC("cgroup/dev") int dev_write(void *ctx) { OF(ctx, 4) = 1; return 1; }
SEC("cgroup/sysctl") int sysctl_write(void *ctx) { OF(ctx, 4) = 1; return OF(ctx, 0) & 1; }
SEC("sockops") int sockops_reply(void *ctx) { OF(ctx, 4) = 1; return 1; }
SEC("sockops") int sockops_op(void *ctx) { OF(ctx, 0) = 1; return 1; }
SEC("xdp") int ctx_stored(void *ctx) { out = (__u64)ctx; return 0; }
SEC("xdp") int ctx_compared(void *ctx) { return (__u64)ctx > 4; }
SEC("xdp") int ctx_multiplied(void *ctx) { return ((__u64)ctx * 3) & 1; }
SEC("xdp") int ctx_returned(void *ctx) { return (long)ctx; }
SEC("xdp") int ctx_as_key(void *ctx) { return bpf_map_lookup_elem(&m, ctx) ? 1 : 0; }
