#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/pkt_cls.h>
#include <linux/ptrace.h>
#include <linux/bpf_perf_event.h>
#include <linux/socket.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>
char LICENSE[] SEC("license") = "GPL";
_Static_assert(sizeof(struct bpf_sock_ops) == 224, "sock_ops");
_Static_assert(sizeof(struct bpf_sock) == 80, "sock");
_Static_assert(sizeof(struct bpf_tcp_sock) == 112 + 0, "tcp");
_Static_assert(sizeof(struct bpf_fib_lookup) == 64, "fib");
_Static_assert(sizeof(struct sk_msg_md) == 80, "msg");
_Static_assert(sizeof(struct bpf_sk_lookup) == 72, "lookup");
_Static_assert(sizeof(struct bpf_sock_addr) == 72, "addr");
_Static_assert(sizeof(struct iphdr) == 20 && sizeof(struct ipv6hdr) == 40 && sizeof(struct tcphdr) == 20 && sizeof(struct ethhdr) == 14, "hdr");
struct { __uint(type, BPF_MAP_TYPE_LRU_HASH); __type(key, __be32); __type(value, __u64); __uint(max_entries, 100); } c SEC(".maps");
SEC("xdp") int x(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	if ((void *)(eth + 1) > end) return XDP_PASS;
	if (eth->h_proto != bpf_htons(ETH_P_IP)) return XDP_PASS;
	struct iphdr *ip = (void *)(eth + 1);
	if ((void *)(ip + 1) > end) return XDP_PASS;
	__u64 one = 1, *n = bpf_map_lookup_elem(&c, &ip->saddr);
	if (n) __sync_fetch_and_add(n, 1); else bpf_map_update_elem(&c, &ip->saddr, &one, BPF_ANY);
	if (ip->protocol == IPPROTO_TCP) {
		struct tcphdr *t = (void *)ip + ip->ihl * 4;
		if ((void *)(t + 1) > end) return XDP_DROP;
		if (t->syn && bpf_ntohs(t->dest) == 80) return XDP_TX;
	}
	return XDP_PASS;
}
SEC("tc") int t(struct __sk_buff *skb) { return skb->len > 100 ? TC_ACT_SHOT : TC_ACT_OK; }
SEC("sockops") int so(struct bpf_sock_ops *o) { if (o->op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB) bpf_sock_ops_cb_flags_set(o, BPF_SOCK_OPS_RTT_CB_FLAG); return 1; }
SEC("sk_msg") int sm(struct sk_msg_md *m) { return m->size > 10 ? SK_PASS : SK_DROP; }
SEC("cgroup/connect4") int c4(struct bpf_sock_addr *a) { return a->user_port == bpf_htons(80); }
SEC("cgroup/sysctl") int sy(struct bpf_sysctl *a) { return a->write ? 0 : 1; }
SEC("cgroup/dev") int de(struct bpf_cgroup_dev_ctx *a) { return a->major == 1; }
SEC("sk_lookup") int sl(struct bpf_sk_lookup *a) { return a->local_port == 80 ? SK_PASS : SK_DROP; }
SEC("perf_event") int pe(struct bpf_perf_event_data *a) { return a->sample_period > 3 && PT_REGS_IP(&a->regs) > 4; }
SEC("kprobe/do_nanosleep") int BPF_KPROBE(kp, void *t, int mode) { return mode > 3; }
SEC("kretprobe/do_nanosleep") int BPF_KRETPROBE(kr, int ret) { return ret > 3; }
SEC("raw_tp/sys_enter") int BPF_PROG(rt, void *regs, long id) { return id == 3; }
SEC("tp_btf/sys_enter") int BPF_PROG(tb, struct pt_regs *regs, long id) { return id == 3 ? 0 : 0; }
SEC("syscall") int lp(void *ctx) { int i, s = 0; bpf_for(i, 0, 10) s += i; bpf_repeat(4) s++; for (i = 0; i < 1000 && can_loop; i++) s += i; return s > 3; }
SEC("tc") int sn(struct __sk_buff *skb) { char b[32]; BPF_SNPRINTF(b, sizeof b, "%d %d", 1, 2); BPF_SNPRINTF(b, sizeof b, "x"); bpf_printk("%s", b); return 0; }
