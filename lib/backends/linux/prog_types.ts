/** What BPF_PROG_RUN can do with programs of each type. */
import { BPF_PROG_TYPE } from "../../uapi/prog_types.ts";

const T = BPF_PROG_TYPE;

/** As SEC() calls them. */
const NAMES: Readonly<Record<number, string>> = {
  [T.SOCKET_FILTER]: "socket",
  [T.SCHED_CLS]: "tc",
  [T.SCHED_ACT]: "action",
  [T.XDP]: "xdp",
  [T.CGROUP_SKB]: "cgroup_skb",
  [T.LWT_IN]: "lwt_in",
  [T.LWT_OUT]: "lwt_out",
  [T.LWT_XMIT]: "lwt_xmit",
  [T.RAW_TRACEPOINT]: "raw_tp",
  [T.LWT_SEG6LOCAL]: "lwt_seg6local",
  [T.FLOW_DISSECTOR]: "flow_dissector",
  [T.RAW_TRACEPOINT_WRITABLE]: "raw_tp.w",
  [T.SYSCALL]: "syscall",
};

/** Types whose programs get a packet; BPF_PROG_RUN takes its bytes and may repeat the run. */
const PACKET_TYPES: readonly number[] = [
  T.SOCKET_FILTER,
  T.SCHED_CLS,
  T.SCHED_ACT,
  T.XDP,
  T.CGROUP_SKB,
  T.LWT_IN,
  T.LWT_OUT,
  T.LWT_XMIT,
  T.LWT_SEG6LOCAL,
];

export const progTypeName = (type: number): string => NAMES[type] ?? `type ${type}`;

export const takesPacket = (type: number): boolean => PACKET_TYPES.includes(type);

/** Types that BPF_PROG_RUN runs as they are (net/bpf/test_run.c; flow_dissector returns too early to be of use). */
export const canTestRun = (type: number): boolean =>
  takesPacket(type) || type === T.RAW_TRACEPOINT || type === T.RAW_TRACEPOINT_WRITABLE ||
  type === T.SYSCALL;

/**
 * Types to run a program as, the best first: its own when it can be test-run; else raw_tp, whose context is also an
 * array of u64; else xdp, which may take bpf_spin_lock.
 */
export function runnableTypes(own: number, sleepable: boolean): readonly number[] {
  if (canTestRun(own)) return [own];
  if (sleepable) return [T.SYSCALL];
  return [T.RAW_TRACEPOINT, T.XDP, T.SCHED_CLS];
}
