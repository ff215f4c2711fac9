// Locks in global data, and in each program type.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct val { struct bpf_spin_lock lock; int cnt; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, struct val); __uint(max_entries, 16); } m SEC(".maps");
struct bpf_spin_lock global_lock SEC(".data.locked");
int guarded SEC(".data.locked");
#define BODY(result) { int k = 0; struct val *v = bpf_map_lookup_elem(&m, &k); if (!v) return result; bpf_spin_lock(&v->lock); v->cnt++; bpf_spin_unlock(&v->lock); return result; }
SEC("xdp") int in_global_data(void *ctx) { bpf_spin_lock(&global_lock); guarded++; bpf_spin_unlock(&global_lock); return 0; }
SEC("xdp") int global_data_kept(void *ctx) { bpf_spin_lock(&global_lock); guarded++; return 0; }
SEC("kprobe/do_nanosleep") int in_kprobe(void *ctx) BODY(0)
SEC("uprobe") int in_uprobe(void *ctx) BODY(0)
SEC("tracepoint/syscalls/sys_enter_write") int in_tracepoint(void *ctx) BODY(0)
SEC("raw_tp/sys_enter") int in_raw_tp(void *ctx) BODY(0)
SEC("raw_tracepoint.w/x") int in_raw_tp_writable(void *ctx) BODY(0)
SEC("perf_event") int in_perf_event(void *ctx) BODY(0)
SEC("socket") int in_socket(void *ctx) BODY(0)
SEC("tc") int in_tc(void *ctx) BODY(0)
SEC("action") int in_action(void *ctx) BODY(0)
SEC("tp_btf/sys_enter") int in_tp_btf(void *ctx) BODY(0)
SEC("tp_btf/sched_switch") int in_tp_btf_switch(void *ctx) BODY(0)
SEC("cgroup_skb/egress") int in_cgroup_skb(void *ctx) BODY(1)
SEC("cgroup/sock") int in_cgroup_sock(void *ctx) BODY(1)
SEC("cgroup/connect4") int in_connect4(void *ctx) BODY(1)
SEC("cgroup/dev") int in_cgroup_dev(void *ctx) BODY(1)
SEC("cgroup/sysctl") int in_cgroup_sysctl(void *ctx) BODY(1)
SEC("cgroup/getsockopt") int in_getsockopt(void *ctx) BODY(1)
SEC("sockops") int in_sockops(void *ctx) BODY(1)
SEC("sk_skb/stream_verdict") int in_sk_skb(void *ctx) BODY(1)
SEC("sk_msg") int in_sk_msg(void *ctx) BODY(1)
SEC("sk_reuseport") int in_sk_reuseport(void *ctx) BODY(1)
SEC("sk_lookup") int in_sk_lookup(void *ctx) BODY(1)
SEC("flow_dissector") int in_flow_dissector(void *ctx) BODY(0)
SEC("lwt_in") int in_lwt_in(void *ctx) BODY(0)
SEC("lwt_xmit") int in_lwt_xmit(void *ctx) BODY(0)
SEC("lwt_seg6local") int in_lwt_seg6local(void *ctx) BODY(0)
SEC("syscall") int in_syscall(void *ctx) BODY(0)
SEC("iter/task") int in_iter(void *ctx) BODY(0)
SEC("cgroup/bind4") int in_bind4(void *ctx) BODY(1)
