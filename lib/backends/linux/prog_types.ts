/** Numbers of the program types (include/uapi/linux/bpf.h: enum bpf_prog_type) and what BPF_PROG_RUN can do with them. */
export const BPF_PROG_TYPE = {
  SOCKET_FILTER: 1,
  SCHED_CLS: 3,
  SCHED_ACT: 4,
  XDP: 6,
  CGROUP_SKB: 8,
  LWT_IN: 10,
  LWT_OUT: 11,
  LWT_XMIT: 12,
  RAW_TRACEPOINT: 17,
  LWT_SEG6LOCAL: 19,
  FLOW_DISSECTOR: 22,
  RAW_TRACEPOINT_WRITABLE: 24,
  SYSCALL: 31,
} as const;

const NAMES: Readonly<Record<number, string>> = {
  1: "socket",
  3: "tc",
  4: "action",
  6: "xdp",
  8: "cgroup_skb",
  10: "lwt_in",
  11: "lwt_out",
  12: "lwt_xmit",
  17: "raw_tp",
  19: "lwt_seg6local",
  22: "flow_dissector",
  24: "raw_tp.w",
  31: "syscall",
};

/** Types whose programs get a packet; BPF_PROG_RUN takes its bytes and may repeat the run. */
const PACKET_TYPES: readonly number[] = [1, 3, 4, 6, 8, 10, 11, 12, 19];

export const progTypeName = (type: number): string => NAMES[type] ?? `type ${type}`;

export const takesPacket = (type: number): boolean => PACKET_TYPES.includes(type);

/** Types that BPF_PROG_RUN runs as they are (net/bpf/test_run.c; flow_dissector returns too early to be of use). */
export const canTestRun = (type: number): boolean =>
  takesPacket(type) || type === BPF_PROG_TYPE.RAW_TRACEPOINT || type === BPF_PROG_TYPE.RAW_TRACEPOINT_WRITABLE ||
  type === BPF_PROG_TYPE.SYSCALL;

/**
 * Types to run a program as, the best first: its own when it can be test-run; else raw_tp, whose context is also an
 * array of u64; else xdp, which may take bpf_spin_lock.
 */
export function runnableTypes(own: number, sleepable: boolean): readonly number[] {
  if (canTestRun(own)) return [own];
  if (sleepable) return [BPF_PROG_TYPE.SYSCALL];
  return [BPF_PROG_TYPE.RAW_TRACEPOINT, BPF_PROG_TYPE.XDP, BPF_PROG_TYPE.SCHED_CLS];
}
