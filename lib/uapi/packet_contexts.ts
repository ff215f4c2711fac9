/**
 * Where the contexts of packet programs say where the packet is: struct xdp_md and struct __sk_buff
 * (include/uapi/linux/bpf.h). Their `data`, `data_end` and `data_meta` are 32 bits wide; the kernel rewrites a load of
 * one into a load of a pointer (net/core/filter.c:xdp_convert_ctx_access, tc_cls_act_convert_ctx_access).
 */
import { BPF_PROG_TYPE as T } from "./prog_types.ts";

export interface PacketContext {
  readonly kind: "xdp" | "skb";
  /** Offsets of `data`, `data_end` and `data_meta`, in this order. */
  readonly pointers: readonly [data: number, dataEnd: number, dataMeta: number];
  /** Where `data` points when a run begins: to the Ethernet header, or to what follows it. */
  readonly layer: "link" | "network";
  /** Whether programs may write the packet (kernel/bpf/verifier.c:may_access_direct_pkt_data). */
  readonly isWritable: boolean;
}

const XDP: PacketContext = { kind: "xdp", pointers: [0, 4, 8], layer: "link", isWritable: true };
const skb = (layer: "link" | "network", isWritable = true): PacketContext => ({
  kind: "skb",
  pointers: [76, 80, 140],
  layer,
  isWritable,
});

/**
 * net/bpf/test_run.c:bpf_prog_test_run_skb says which begin at the Ethernet header (`is_l2`). Socket filters do so on
 * packet sockets (net/packet/af_packet.c:packet_rcv), which is what they are mostly for.
 */
const CONTEXTS: Readonly<Record<number, PacketContext>> = {
  [T.XDP]: XDP,
  [T.SCHED_CLS]: skb("link"),
  [T.SCHED_ACT]: skb("link"),
  [T.SOCKET_FILTER]: skb("link", false),
  [T.CGROUP_SKB]: skb("network", false),
  [T.SK_SKB]: skb("network"),
  [T.LWT_IN]: skb("network", false),
  [T.LWT_OUT]: skb("network", false),
  [T.LWT_XMIT]: skb("network"),
  [T.LWT_SEG6LOCAL]: skb("network", false),
};

/** The context of a program type whose programs are handed a packet; undefined for others. */
export const packetContext = (type: number): PacketContext | undefined => CONTEXTS[type];

/** Offsets of fields in struct xdp_md. */
export const XDP_MD = { ingressIfindex: 12, rxQueueIndex: 16 } as const;
/** Offsets of fields in struct __sk_buff. */
export const SK_BUFF = {
  len: 0,
  pktType: 4,
  mark: 8,
  queueMapping: 12,
  protocol: 16,
  vlanPresent: 20,
  vlanTci: 24,
  vlanProto: 28,
  priority: 32,
  ingressIfindex: 36,
  ifindex: 40,
  tcIndex: 44,
  cb: 48,
  hash: 68,
  tcClassid: 72,
  wireLen: 160,
} as const;
