/** What SEC() names say of a program (tools/lib/bpf/libbpf.c: section_defs). */
import { BPF_ATTACH_TYPE as A, BPF_PROG_TYPE as T } from "./prog_types.ts";

export interface Section {
  readonly name: string;
  readonly type: number;
  readonly attach: number;
  /** Its row of helper_availability.ts. */
  readonly helpers: string;
}

const section = (name: string, type: number, helpers: string, attach = 0): Section => ({ name, type, attach, helpers });

/** A name that ends in `+` may stand alone or be followed by `/` and anything; others must match exactly. */
export const SECTIONS: readonly Section[] = [
  section("socket", T.SOCKET_FILTER, "socket"),
  section("sk_reuseport/migrate", T.SK_REUSEPORT, "sk_reuseport", A.SK_REUSEPORT_SELECT_OR_MIGRATE),
  section("sk_reuseport", T.SK_REUSEPORT, "sk_reuseport", A.SK_REUSEPORT_SELECT),
  ...["kprobe+", "uprobe+", "uprobe.s+", "kretprobe+", "uretprobe+", "uretprobe.s+", "ksyscall+", "kretsyscall+"]
    .map((name) => section(name, T.KPROBE, "kprobe")),
  section("usdt+", T.KPROBE, "kprobe"),
  section("usdt.s+", T.KPROBE, "kprobe"),
  section("kprobe.multi+", T.KPROBE, "kprobe", A.TRACE_KPROBE_MULTI),
  section("kretprobe.multi+", T.KPROBE, "kprobe", A.TRACE_KPROBE_MULTI),
  section("kprobe.session+", T.KPROBE, "kprobe_session", A.TRACE_KPROBE_SESSION),
  section("uprobe.session+", T.KPROBE, "kprobe_session", A.TRACE_UPROBE_SESSION),
  section("uprobe.session.s+", T.KPROBE, "kprobe_session", A.TRACE_UPROBE_SESSION),
  ...["uprobe.multi+", "uretprobe.multi+", "uprobe.multi.s+", "uretprobe.multi.s+"]
    .map((name) => section(name, T.KPROBE, "kprobe", A.TRACE_UPROBE_MULTI)),
  ...["tc/ingress", "tc/egress", "tcx/ingress", "tcx/egress", "tc", "classifier", "netkit/primary", "netkit/peer"]
    .map((name) => section(name, T.SCHED_CLS, "sched_cls")),
  section("action", T.SCHED_ACT, "sched_act"),
  section("tracepoint+", T.TRACEPOINT, "tracepoint"),
  section("tp+", T.TRACEPOINT, "tracepoint"),
  section("raw_tracepoint+", T.RAW_TRACEPOINT, "raw_tracepoint"),
  section("raw_tp+", T.RAW_TRACEPOINT, "raw_tracepoint"),
  section("raw_tracepoint.w+", T.RAW_TRACEPOINT_WRITABLE, "raw_tracepoint_writable"),
  section("raw_tp.w+", T.RAW_TRACEPOINT_WRITABLE, "raw_tracepoint_writable"),
  section("tp_btf+", T.TRACING, "tracing_raw_tp", A.TRACE_RAW_TP),
  section("fentry+", T.TRACING, "tracing_raw_tp", A.TRACE_FENTRY),
  section("fentry.s+", T.TRACING, "tracing_raw_tp", A.TRACE_FENTRY),
  section("fexit+", T.TRACING, "tracing_raw_tp", A.TRACE_FEXIT),
  section("fexit.s+", T.TRACING, "tracing_raw_tp", A.TRACE_FEXIT),
  section("fmod_ret+", T.TRACING, "tracing_raw_tp", A.MODIFY_RETURN),
  section("fmod_ret.s+", T.TRACING, "tracing_raw_tp", A.MODIFY_RETURN),
  section("lsm+", T.LSM, "tracing_raw_tp", A.LSM_MAC),
  section("lsm.s+", T.LSM, "tracing_raw_tp", A.LSM_MAC),
  section("lsm_cgroup+", T.LSM, "tracing_raw_tp", A.LSM_CGROUP),
  section("iter+", T.TRACING, "tracing_iter", A.TRACE_ITER),
  section("iter.s+", T.TRACING, "tracing_iter", A.TRACE_ITER),
  section("syscall", T.SYSCALL, "syscall"),
  section("xdp.frags/devmap", T.XDP, "xdp", A.XDP_DEVMAP),
  section("xdp/devmap", T.XDP, "xdp", A.XDP_DEVMAP),
  section("xdp.frags/cpumap", T.XDP, "xdp", A.XDP_CPUMAP),
  section("xdp/cpumap", T.XDP, "xdp", A.XDP_CPUMAP),
  section("xdp.frags", T.XDP, "xdp", A.XDP),
  section("xdp", T.XDP, "xdp", A.XDP),
  section("perf_event", T.PERF_EVENT, "perf_event"),
  section("lwt_in", T.LWT_IN, "lwt_in"),
  section("lwt_out", T.LWT_OUT, "lwt_out"),
  section("lwt_xmit", T.LWT_XMIT, "lwt_xmit"),
  section("lwt_seg6local", T.LWT_SEG6LOCAL, "lwt_seg6local"),
  section("sockops", T.SOCK_OPS, "sock_ops", A.CGROUP_SOCK_OPS),
  ...["sk_skb/stream_parser", "sk_skb/stream_verdict", "sk_skb/verdict", "sk_skb"]
    .map((name) => section(name, T.SK_SKB, "sk_skb")),
  section("sk_msg", T.SK_MSG, "sk_msg", A.SK_MSG_VERDICT),
  section("flow_dissector", T.FLOW_DISSECTOR, "flow_dissector", A.FLOW_DISSECTOR),
  section("cgroup_skb/ingress", T.CGROUP_SKB, "cgroup_skb_ingress", A.CGROUP_INET_INGRESS),
  section("cgroup_skb/egress", T.CGROUP_SKB, "cgroup_skb_egress", A.CGROUP_INET_EGRESS),
  section("cgroup/skb", T.CGROUP_SKB, "cgroup_skb_ingress"),
  section("cgroup/sock_create", T.CGROUP_SOCK, "cgroup_sock", A.CGROUP_INET_SOCK_CREATE),
  section("cgroup/sock_release", T.CGROUP_SOCK, "cgroup_sock", A.CGROUP_INET_SOCK_RELEASE),
  section("cgroup/sock", T.CGROUP_SOCK, "cgroup_sock", A.CGROUP_INET_SOCK_CREATE),
  section("cgroup/post_bind4", T.CGROUP_SOCK, "cgroup_sock", A.CGROUP_INET4_POST_BIND),
  section("cgroup/post_bind6", T.CGROUP_SOCK, "cgroup_sock", A.CGROUP_INET6_POST_BIND),
  section("cgroup/bind4", T.CGROUP_SOCK_ADDR, "cgroup_sock_addr_bind4", A.CGROUP_INET4_BIND),
  section("cgroup/bind6", T.CGROUP_SOCK_ADDR, "cgroup_sock_addr_bind4", A.CGROUP_INET6_BIND),
  section("cgroup/connect4", T.CGROUP_SOCK_ADDR, "cgroup_sock_addr_connect4", A.CGROUP_INET4_CONNECT),
  section("cgroup/connect6", T.CGROUP_SOCK_ADDR, "cgroup_sock_addr_connect4", A.CGROUP_INET6_CONNECT),
  section("cgroup/sendmsg4", T.CGROUP_SOCK_ADDR, "cgroup_sock_addr_sendmsg4", A.CGROUP_UDP4_SENDMSG),
  section("cgroup/sendmsg6", T.CGROUP_SOCK_ADDR, "cgroup_sock_addr_sendmsg4", A.CGROUP_UDP6_SENDMSG),
  section("cgroup/recvmsg4", T.CGROUP_SOCK_ADDR, "cgroup_sock_addr_recvmsg4", A.CGROUP_UDP4_RECVMSG),
  section("cgroup/recvmsg6", T.CGROUP_SOCK_ADDR, "cgroup_sock_addr_recvmsg4", A.CGROUP_UDP6_RECVMSG),
  section("cgroup/getpeername4", T.CGROUP_SOCK_ADDR, "cgroup_sock_addr_recvmsg4", A.CGROUP_INET4_GETPEERNAME),
  section("cgroup/getpeername6", T.CGROUP_SOCK_ADDR, "cgroup_sock_addr_recvmsg4", A.CGROUP_INET6_GETPEERNAME),
  section("cgroup/getsockname4", T.CGROUP_SOCK_ADDR, "cgroup_sock_addr_recvmsg4", A.CGROUP_INET4_GETSOCKNAME),
  section("cgroup/getsockname6", T.CGROUP_SOCK_ADDR, "cgroup_sock_addr_recvmsg4", A.CGROUP_INET6_GETSOCKNAME),
  section("cgroup/connect_unix", T.CGROUP_SOCK_ADDR, "cgroup_sock_addr_sendmsg4", A.CGROUP_UNIX_CONNECT),
  section("cgroup/sendmsg_unix", T.CGROUP_SOCK_ADDR, "cgroup_sock_addr_sendmsg4", A.CGROUP_UNIX_SENDMSG),
  section("cgroup/recvmsg_unix", T.CGROUP_SOCK_ADDR, "cgroup_sock_addr_recvmsg4", A.CGROUP_UNIX_RECVMSG),
  section(
    "cgroup/getpeername_unix",
    T.CGROUP_SOCK_ADDR,
    "cgroup_sock_addr_getpeername_unix",
    A.CGROUP_UNIX_GETPEERNAME,
  ),
  section(
    "cgroup/getsockname_unix",
    T.CGROUP_SOCK_ADDR,
    "cgroup_sock_addr_getpeername_unix",
    A.CGROUP_UNIX_GETSOCKNAME,
  ),
  section("cgroup/sysctl", T.CGROUP_SYSCTL, "cgroup_sysctl", A.CGROUP_SYSCTL),
  section("cgroup/getsockopt", T.CGROUP_SOCKOPT, "cgroup_getsockopt", A.CGROUP_GETSOCKOPT),
  section("cgroup/setsockopt", T.CGROUP_SOCKOPT, "cgroup_setsockopt", A.CGROUP_SETSOCKOPT),
  section("cgroup/dev", T.CGROUP_DEVICE, "cgroup_device", A.CGROUP_DEVICE),
  section("sk_lookup", T.SK_LOOKUP, "sk_lookup", A.SK_LOOKUP),
  section("netfilter", T.NETFILTER, "netfilter", A.NETFILTER),
];

/** Sections that libbpf knows and Interleave does not follow: what they are. */
export const UNFOLLOWED: Readonly<Record<string, string>> = {
  struct_ops: "a member of a struct of operations (struct_ops)",
  "struct_ops.s": "a member of a struct of operations (struct_ops)",
  freplace: "a replacement of another program's function (freplace)",
};
