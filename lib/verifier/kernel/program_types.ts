/**
 * From SEC() names to program types, as libbpf maps them (libbpf.c: section_defs), and what the verifier must know of
 * each type.
 */

export const PROG_TYPE = {
  UNSPEC: 0,
  SOCKET_FILTER: 1,
  KPROBE: 2,
  SCHED_CLS: 3,
  SCHED_ACT: 4,
  TRACEPOINT: 5,
  XDP: 6,
  PERF_EVENT: 7,
  CGROUP_SKB: 8,
  CGROUP_SOCK: 9,
  LWT_IN: 10,
  LWT_OUT: 11,
  LWT_XMIT: 12,
  SOCK_OPS: 13,
  SK_SKB: 14,
  CGROUP_DEVICE: 15,
  SK_MSG: 16,
  RAW_TRACEPOINT: 17,
  CGROUP_SOCK_ADDR: 18,
  LWT_SEG6LOCAL: 19,
  LIRC_MODE2: 20,
  SK_REUSEPORT: 21,
  FLOW_DISSECTOR: 22,
  CGROUP_SYSCTL: 23,
  RAW_TRACEPOINT_WRITABLE: 24,
  CGROUP_SOCKOPT: 25,
  TRACING: 26,
  STRUCT_OPS: 27,
  EXT: 28,
  LSM: 29,
  SK_LOOKUP: 30,
  SYSCALL: 31,
  NETFILTER: 32,
} as const;

/** Numbers of enum bpf_attach_type that decide a rule. */
export const ATTACH = {
  CGROUP_INET_INGRESS: 0,
  CGROUP_INET_EGRESS: 1,
  CGROUP_INET_SOCK_CREATE: 2,
  CGROUP_SOCK_OPS: 3,
  CGROUP_DEVICE: 6,
  SK_MSG_VERDICT: 7,
  CGROUP_INET4_BIND: 8,
  CGROUP_INET6_BIND: 9,
  CGROUP_INET4_CONNECT: 10,
  CGROUP_INET6_CONNECT: 11,
  CGROUP_INET4_POST_BIND: 12,
  CGROUP_INET6_POST_BIND: 13,
  CGROUP_UDP4_SENDMSG: 14,
  CGROUP_UDP6_SENDMSG: 15,
  LIRC_MODE2: 16,
  FLOW_DISSECTOR: 17,
  CGROUP_SYSCTL: 18,
  CGROUP_UDP4_RECVMSG: 19,
  CGROUP_UDP6_RECVMSG: 20,
  CGROUP_GETSOCKOPT: 21,
  CGROUP_SETSOCKOPT: 22,
  TRACE_RAW_TP: 23,
  TRACE_FENTRY: 24,
  TRACE_FEXIT: 25,
  MODIFY_RETURN: 26,
  LSM_MAC: 27,
  TRACE_ITER: 28,
  CGROUP_INET4_GETPEERNAME: 29,
  CGROUP_INET6_GETPEERNAME: 30,
  CGROUP_INET4_GETSOCKNAME: 31,
  CGROUP_INET6_GETSOCKNAME: 32,
  XDP_DEVMAP: 33,
  CGROUP_INET_SOCK_RELEASE: 34,
  XDP_CPUMAP: 35,
  SK_LOOKUP: 36,
  XDP: 37,
  LSM_CGROUP: 43,
  NETFILTER: 45,
  TRACE_KPROBE_SESSION: 56,
} as const;

export interface ProgramKind {
  readonly type: number;
  readonly attachType: number;
  readonly isSleepable: boolean;
  /** What the section names: a tracepoint, a kernel function, an iterator; the empty string when it names nothing. */
  readonly target: string;
  /** Key into the table of helpers that may be called. */
  readonly helpers: string;
  readonly takesSkb: boolean;
  /** kprobe, tracepoint, raw tracepoint, perf event: may run in any context (is_tracing_prog_type). */
  readonly isUnsafeTracing: boolean;
  /** Types whose helpers take kernel objects: BTF tracing, LSM, syscall. */
  readonly isTracing: boolean;
  readonly hasPrivateStack: boolean;
}

const T = PROG_TYPE, A = ATTACH;

interface Section {
  readonly name: string;
  readonly type: number;
  readonly attach: number;
  readonly helpers: string;
}

const section = (name: string, type: number, helpers: string, attach = 0): Section => ({ name, type, attach, helpers });

/** A name that ends in `+` may stand alone or be followed by `/` and anything; others must match exactly. */
const SECTIONS: readonly Section[] = [
  section("socket", T.SOCKET_FILTER, "socket"),
  section("sk_reuseport/migrate", T.SK_REUSEPORT, "sk_reuseport", 40),
  section("sk_reuseport", T.SK_REUSEPORT, "sk_reuseport", 39),
  ...["kprobe+", "uprobe+", "uprobe.s+", "kretprobe+", "uretprobe+", "uretprobe.s+", "ksyscall+", "kretsyscall+"]
    .map((name) => section(name, T.KPROBE, "kprobe")),
  section("usdt+", T.KPROBE, "kprobe"),
  section("usdt.s+", T.KPROBE, "kprobe"),
  section("kprobe.multi+", T.KPROBE, "kprobe", 42),
  section("kretprobe.multi+", T.KPROBE, "kprobe", 42),
  section("kprobe.session+", T.KPROBE, "kprobe_session", A.TRACE_KPROBE_SESSION),
  ...["uprobe.multi+", "uretprobe.multi+", "uprobe.multi.s+", "uretprobe.multi.s+"]
    .map((name) => section(name, T.KPROBE, "kprobe", 48)),
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
  section("cgroup/sysctl", T.CGROUP_SYSCTL, "cgroup_sysctl", A.CGROUP_SYSCTL),
  section("cgroup/getsockopt", T.CGROUP_SOCKOPT, "cgroup_getsockopt", A.CGROUP_GETSOCKOPT),
  section("cgroup/setsockopt", T.CGROUP_SOCKOPT, "cgroup_setsockopt", A.CGROUP_SETSOCKOPT),
  section("cgroup/dev", T.CGROUP_DEVICE, "cgroup_device", A.CGROUP_DEVICE),
  section("sk_lookup", T.SK_LOOKUP, "sk_lookup", A.SK_LOOKUP),
  section("netfilter", T.NETFILTER, "netfilter", A.NETFILTER),
];

const TAKES_SKB: readonly number[] = [
  T.SOCKET_FILTER,
  T.SCHED_CLS,
  T.SCHED_ACT,
  T.CGROUP_SKB,
  T.LWT_IN,
  T.LWT_OUT,
  T.LWT_XMIT,
  T.LWT_SEG6LOCAL,
  T.SK_SKB,
  T.FLOW_DISSECTOR,
];
const UNSAFE_TRACING: readonly number[] = [
  T.KPROBE,
  T.TRACEPOINT,
  T.PERF_EVENT,
  T.RAW_TRACEPOINT,
  T.RAW_TRACEPOINT_WRITABLE,
];
const PRIVATE_STACK: readonly number[] = [T.KPROBE, T.TRACEPOINT, T.PERF_EVENT, T.RAW_TRACEPOINT];

/** The program type behind a SEC() name; `undefined` where libbpf knows no such section. */
export function programKind(name: string): ProgramKind | undefined {
  // A leading `?` only tells libbpf not to load the program by itself.
  const sec = name.startsWith("?") ? name.slice(1) : name;
  const found = SECTIONS.find((entry) =>
    entry.name.endsWith("+")
      ? sec === entry.name.slice(0, -1) || sec.startsWith(entry.name.slice(0, -1) + "/")
      : sec === entry.name
  );
  if (!found) return undefined;
  const base = found.name.replace("+", "");
  const { type, attach } = found;
  return {
    type,
    attachType: attach,
    isSleepable: base.endsWith(".s") || type === T.SYSCALL,
    target: sec.slice(base.length + 1),
    helpers: found.helpers,
    takesSkb: TAKES_SKB.includes(type),
    isUnsafeTracing: UNSAFE_TRACING.includes(type),
    isTracing: type === T.TRACING || type === T.LSM || type === T.SYSCALL,
    hasPrivateStack: PRIVATE_STACK.includes(type) || type === T.TRACING && attach !== A.TRACE_ITER,
  };
}
