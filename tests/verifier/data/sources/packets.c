// Packets: what must be compared with data_end, and when that is forgotten.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct eth { unsigned char d[6], s[6]; __u16 proto; };
#define DATA char *d = (void *)(long)ctx->data, *e = (void *)(long)ctx->data_end
#define PROG(name) SEC("xdp") int name(struct xdp_md *ctx)
PROG(compared) { DATA; if (d + 14 > e) return 1; return ((struct eth *)d)->proto == 8; }
PROG(not_compared) { DATA; return d[0]; }
PROG(compared_too_short) { DATA; if (d + 12 > e) return 1; return ((struct eth *)d)->proto == 8; }
PROG(compared_the_other_way) { DATA; if (e < d + 14) return 1; return d[13]; }
PROG(compared_not_equal) { DATA; if (d + 14 == e) return d[13]; return 1; }
PROG(compared_strictly) { DATA; if (d + 14 < e) return d[14]; return 1; }
PROG(wrong_branch) { DATA; if (d + 14 > e) return d[0]; return 1; }
PROG(variable_offset) { DATA; if (d + 1 > e) return 1; unsigned n = d[0] & 15; char *p = d + n; if (p + 2 > e) return 1; return p[1]; }
PROG(variable_offset_unchecked) { DATA; if (d + 16 > e) return 1; unsigned n = d[0] & 15; char *p = d + n; return p[1]; }
PROG(variable_offset_too_big) { DATA; if (d + 4 > e) return 1; unsigned n = *(volatile unsigned *)d; char *p = d + n; if (p + 2 > e) return 1; return p[1]; }
PROG(write) { DATA; if (d + 1 > e) return 1; d[0] = 0; return 0; }
PROG(end_dereferenced) { DATA; return e[-1] + d[0] * 0; }
PROG(end_arithmetic) { DATA; e += 8; if (d + 1 > e) return 1; return d[0]; }
PROG(adjusted_without_reload) { DATA; if (d + 14 > e) return 1; bpf_xdp_adjust_head(ctx, 4); return d[0]; }
PROG(adjusted_and_reloaded) { if (bpf_xdp_adjust_head(ctx, 4)) return 1; DATA; if (d + 14 > e) return 1; return d[0]; }
PROG(meta) { char *m = (void *)(long)ctx->data_meta, *d = (void *)(long)ctx->data; if (m + 4 > d) return 1; return m[3]; }
PROG(meta_too_far) { char *m = (void *)(long)ctx->data_meta, *d = (void *)(long)ctx->data; if (m + 4 > d) return 1; return m[4]; }
PROG(length_loop) { DATA; int s = 0; for (int i = 0; i < 8; i++) { if (d + i + 1 > e) break; s += d[i]; } return s & 1; }
PROG(packet_to_helper) { DATA; if (d + 4 > e) return 1; return bpf_csum_diff(0, 0, (void *)d, 4, 0) & 1; }
PROG(packet_to_helper_too_long) { DATA; if (d + 4 > e) return 1; return bpf_csum_diff(0, 0, (void *)d, 8, 0) & 1; }
PROG(negative) { DATA; if (d + 4 > e) return 1; return d[-1]; }
SEC("socket") int socket_data(struct __sk_buff *ctx) { DATA; if (d + 4 > e) return 1; return d[0]; }
SEC("tc") int tc_write(struct __sk_buff *ctx) { DATA; if (d + 4 > e) return 1; d[0] = 1; return 0; }
SEC("tc") int tc_pull(struct __sk_buff *ctx) { DATA; if (d + 4 > e) return 1; bpf_skb_pull_data(ctx, 0); return d[0]; }
SEC("cgroup_skb/ingress") int cgroup_write(struct __sk_buff *ctx) { DATA; if (d + 4 > e) return 1; d[0] = 1; return 1; }
SEC("cgroup_skb/ingress") int cgroup_read(struct __sk_buff *ctx) { DATA; if (d + 4 > e) return 1; return d[0] & 1; }
SEC("lwt_in") int lwt_in_write(struct __sk_buff *ctx) { DATA; if (d + 4 > e) return 1; d[0] = 1; return 0; }
SEC("lwt_xmit") int lwt_xmit_write(struct __sk_buff *ctx) { DATA; if (d + 4 > e) return 1; d[0] = 1; return 0; }
