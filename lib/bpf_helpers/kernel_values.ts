/** What fields of the kernel's objects may hold, where any small number would not do. */

/** Names of processes and files. */
export const TEXTS = [
  "bash",
  "nginx",
  "python3",
  "postgres",
  "/etc/hosts",
  "/usr/bin/curl",
  "/srv/scratch",
  "eth0",
] as const;

const AF_INET = 2, AF_INET6 = 10, IPPROTO_TCP = 6, IPPROTO_UDP = 17, SOCK_STREAM = 1, SOCK_DGRAM = 2;
const S_IFREG = 0o100644, S_IFDIR = 0o040755;

/** By the name of the field. */
export const NAMED_VALUES: Readonly<Record<string, readonly number[]>> = {
  skc_family: [AF_INET, AF_INET6],
  sa_family: [AF_INET, AF_INET6],
  sin_family: [AF_INET],
  family: [AF_INET, AF_INET6],
  sk_protocol: [IPPROTO_TCP, IPPROTO_UDP],
  protocol: [IPPROTO_TCP, IPPROTO_UDP],
  ip_protocol: [IPPROTO_TCP, IPPROTO_UDP],
  user_family: [AF_INET, AF_INET6],
  // enum bpf_sock_ops_op: BPF_SOCK_OPS_TIMEOUT_INIT to BPF_SOCK_OPS_WRITE_HDR_OPT_CB.
  "bpf_sock_ops.op": Array.from({ length: 15 }, (_, i) => i + 1),
  ...Object.fromEntries(
    ["bpf_sock_addr", "bpf_sock"].map((struct) => [`${struct}.type`, [SOCK_STREAM, SOCK_DGRAM]]),
  ),
  i_mode: [S_IFREG, S_IFDIR],
  ...Object.fromEntries(
    ["pid", "tgid", "prev_pid", "next_pid", "child_pid", "parent_pid"].map((name) => [name, [1, 1000, 1001, 1002]]),
  ),
  // The initial pid namespace: numbers[level] is the first element.
  level: [0],
};

/** Types all of whose bits are used: addresses and ports in network byte order. */
export const FULL_RANGE: ReadonlySet<string | undefined> = new Set(["__be16", "__be32", "dev_t", "__kernel_dev_t"]);
