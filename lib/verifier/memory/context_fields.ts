/** The context structs of network and cgroup programs, field by field (net/core/filter.c, kernel/bpf/cgroup.c). */
import type { ContextField } from "./context_access.ts";
import { BPF_ATTACH_TYPE, BPF_PROG_TYPE } from "../../uapi/prog_types.ts";
import type { ProgramKind } from "../kernel/program_types.ts";
import { FLAG, REG_TYPE } from "../state/register.ts";
import { isSockField } from "./sock_fields.ts";

const A = BPF_ATTACH_TYPE, T = BPF_PROG_TYPE;
const isIn = (off: number, from: number, to: number): boolean => off >= from && off < to;
/** A field of four bytes that may also be read by byte or by two (bpf_ctx_narrow_access_ok). */
const narrow = (size: number): ContextField => size <= 4 ? "scalar" : undefined;
const only = (isRight: boolean): ContextField => isRight ? "scalar" : undefined;
const packet = (type: number, isRight: boolean): ContextField => isRight ? { type } : undefined;

/** `undefined` refuses the access. */
export function contextFields(
  kind: ProgramKind,
  off: number,
  size: number,
  isWrite: boolean,
  isSigned: boolean,
): ContextField {
  if (off < 0 || off % size !== 0) return undefined;
  switch (kind.type) {
    case T.XDP:
      return xdp(kind, off, size, isWrite, isSigned);
    case T.SOCK_OPS:
      return sockOps(off, size, isWrite);
    case T.SK_MSG:
      return skMsg(off, size, isWrite);
    case T.CGROUP_SOCK:
      return cgroupSock(kind, off, size, isWrite);
    case T.CGROUP_SOCK_ADDR:
      return sockAddr(kind, off, size, isWrite);
    case T.CGROUP_SOCKOPT:
      return sockopt(kind, off, size, isWrite);
    case T.CGROUP_SYSCTL:
      if (off < 4) return isWrite ? undefined : narrow(size);
      return off < 8 ? (isWrite ? only(size === 4) : narrow(size)) : undefined;
    case T.CGROUP_DEVICE:
      if (isWrite || off + size > 12) return undefined;
      return off < 4 ? narrow(size) : only(size === 4);
    case T.SK_LOOKUP:
      return skLookup(off, size, isWrite);
    case T.SK_REUSEPORT:
      return skReuseport(off, size, isWrite);
    case T.FLOW_DISSECTOR:
      if (isWrite || isSigned) return undefined;
      if (off === SKB.data) return packet(REG_TYPE.PACKET, size === 4);
      if (off === SKB.dataEnd) return packet(REG_TYPE.PACKET_END, size === 4);
      return off === SKB.flowKeys ? packet(REG_TYPE.FLOW_KEYS, size === 8) : undefined;
    default:
      return skb(kind, off, size, isWrite, isSigned);
  }
}

/** struct xdp_md: data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex. */
function xdp(kind: ProgramKind, off: number, size: number, isWrite: boolean, isSigned: boolean): ContextField {
  if (isWrite || off >= 24 || size !== 4) return undefined;
  if (off === 20 && kind.attachType !== A.XDP_DEVMAP) return undefined;
  if (off <= 8 && isSigned) return undefined;
  if (off === 0) return { type: REG_TYPE.PACKET };
  if (off === 4) return { type: REG_TYPE.PACKET_END };
  return off === 8 ? { type: REG_TYPE.PACKET_META } : "scalar";
}

/** Offsets in struct __sk_buff. */
const SKB = {
  mark: 8,
  queueMapping: 12,
  priority: 32,
  tcIndex: 44,
  cb: 48,
  cbEnd: 68,
  tcClassid: 72,
  data: 76,
  dataEnd: 80,
  family: 88,
  remoteIp4: 92,
  remotePort: 132,
  dataMeta: 140,
  flowKeys: 144,
  tstamp: 152,
  wireLen: 160,
  sk: 168,
  tstampType: 180,
  hwtstamp: 184,
  end: 192,
} as const;

/** Fields that a type may not touch at all, and those that it may write. */
interface SkbRules {
  readonly hidden: readonly (readonly [number, number])[];
  readonly writable: readonly (readonly [number, number])[];
  readonly hasPacket: boolean;
  readonly hasMeta?: boolean;
}

const field = (from: number, bytes = 4): readonly [number, number] => [from, from + bytes];
const CB = [SKB.cb, SKB.cbEnd] as const, ADDRESSES = [SKB.family, SKB.dataMeta] as const;
const TIMES = [field(SKB.tstamp, 8), field(SKB.wireLen), field(SKB.hwtstamp, 8)];

const SKB_RULES: Readonly<Record<number, SkbRules>> = {
  [T.SOCKET_FILTER]: {
    hidden: [field(SKB.tcClassid), field(SKB.data, 8), field(SKB.dataMeta), ADDRESSES, ...TIMES],
    writable: [CB],
    hasPacket: false,
  },
  [T.SCHED_CLS]: {
    hidden: [ADDRESSES],
    writable: [
      field(SKB.mark),
      field(SKB.tcIndex),
      field(SKB.priority),
      field(SKB.tcClassid),
      CB,
      field(SKB.tstamp, 8),
      field(SKB.queueMapping),
    ],
    hasPacket: true,
    hasMeta: true,
  },
  [T.CGROUP_SKB]: {
    hidden: [field(SKB.tcClassid), field(SKB.dataMeta), field(SKB.wireLen)],
    writable: [field(SKB.mark), field(SKB.priority), CB, field(SKB.tstamp, 8)],
    hasPacket: true,
  },
  [T.LWT_IN]: {
    hidden: [field(SKB.tcClassid), ADDRESSES, field(SKB.dataMeta), ...TIMES],
    writable: [field(SKB.mark), field(SKB.priority), CB],
    hasPacket: true,
  },
  [T.SK_SKB]: {
    hidden: [field(SKB.tcClassid), field(SKB.dataMeta), field(SKB.mark), ...TIMES],
    writable: [field(SKB.tcIndex), field(SKB.priority)],
    hasPacket: true,
  },
};

function skbRules(type: number): SkbRules {
  if (type === T.SCHED_ACT) return SKB_RULES[T.SCHED_CLS];
  return SKB_RULES[type] ?? SKB_RULES[T.LWT_IN];
}

function skb(kind: ProgramKind, off: number, size: number, isWrite: boolean, isSigned: boolean): ContextField {
  const rules = skbRules(kind.type);
  if (off >= SKB.end || rules.hidden.some(([from, to]) => isIn(off, from, to))) return undefined;
  if (isWrite && !rules.writable.some(([from, to]) => isIn(off, from, to))) return undefined;
  if (isIn(off, SKB.cb, SKB.cbEnd)) return only(off + size <= SKB.cbEnd);
  if (isIn(off, SKB.data, SKB.dataEnd + 4) || isIn(off, SKB.dataMeta, SKB.dataMeta + 4)) {
    if (isSigned || size !== 4 || !rules.hasPacket) return undefined;
    if (off === SKB.data) return { type: REG_TYPE.PACKET };
    if (off === SKB.dataEnd) return { type: REG_TYPE.PACKET_END };
    return rules.hasMeta ? { type: REG_TYPE.PACKET_META } : undefined;
  }
  if (isIn(off, SKB.remoteIp4, SKB.remotePort)) return only(size === 4);
  if (isIn(off, SKB.flowKeys, SKB.flowKeys + 8)) return undefined;
  if (isIn(off, SKB.hwtstamp, SKB.end)) return only(!isWrite && size === 8);
  if (isIn(off, SKB.tstamp, SKB.tstamp + 8)) return only(size === 8);
  if (isIn(off, SKB.sk, SKB.sk + 8)) {
    return isWrite || size !== 8 ? undefined : { type: REG_TYPE.SOCK_COMMON | FLAG.MAYBE_NULL };
  }
  if (off === SKB.tstampType) return only(rules.hasMeta === true && size === 1);
  if (isIn(off, SKB.tstampType, SKB.hwtstamp)) return undefined;
  return isWrite ? only(size === 4) : narrow(size);
}

/** struct bpf_sock_ops. */
function sockOps(off: number, size: number, isWrite: boolean): ContextField {
  if (off >= 224) return undefined;
  if (isWrite) return only((off === 4 || off === 164) && size === 4);
  if (isIn(off, 168, 184)) return only(size === 8);
  if (isIn(off, 184, 192)) return packet(REG_TYPE.SOCKET | FLAG.MAYBE_NULL, size === 8);
  if (isIn(off, 192, 200)) return packet(REG_TYPE.PACKET, size === 8);
  if (isIn(off, 200, 208)) return packet(REG_TYPE.PACKET_END, size === 8);
  if (off === 212) return narrow(size);
  return isIn(off, 216, 224) ? only(size === 8) : only(size === 4);
}

/** struct sk_msg_md. */
function skMsg(off: number, size: number, isWrite: boolean): ContextField {
  if (isWrite || off >= 80) return undefined;
  if (off < 8) return packet(REG_TYPE.PACKET, size === 8);
  if (off < 16) return packet(REG_TYPE.PACKET_END, size === 8);
  return off >= 72 ? packet(REG_TYPE.SOCKET, size === 8) : only(size === 4);
}

/** struct bpf_sock, as far as the attach type goes (__sock_filter_check_attach_type). */
function cgroupSock(kind: ProgramKind, off: number, size: number, isWrite: boolean): ContextField {
  if (!isSockField(REG_TYPE.SOCKET, off, size)) return undefined;
  const { attachType } = kind;
  const isCreation = attachType === A.CGROUP_INET_SOCK_CREATE || attachType === A.CGROUP_INET_SOCK_RELEASE;
  if (off === 0 || off === 16 || off === 20) return only(isCreation);
  if (isIn(off, 24, 28)) return only(attachType === A.CGROUP_INET4_POST_BIND && !isWrite);
  if (isIn(off, 28, 44)) return only(attachType === A.CGROUP_INET6_POST_BIND && !isWrite);
  if (isIn(off, 44, 48)) {
    const isBind = attachType === A.CGROUP_INET4_POST_BIND || attachType === A.CGROUP_INET6_POST_BIND;
    return only(isBind && !isWrite);
  }
  return only(!isWrite);
}

const IPV4: readonly number[] = [
  A.CGROUP_INET4_BIND,
  A.CGROUP_INET4_CONNECT,
  A.CGROUP_INET4_GETPEERNAME,
  A.CGROUP_INET4_GETSOCKNAME,
  A.CGROUP_UDP4_SENDMSG,
  A.CGROUP_UDP4_RECVMSG,
];
const IPV6: readonly number[] = [
  A.CGROUP_INET6_BIND,
  A.CGROUP_INET6_CONNECT,
  A.CGROUP_INET6_GETPEERNAME,
  A.CGROUP_INET6_GETSOCKNAME,
  A.CGROUP_UDP6_SENDMSG,
  A.CGROUP_UDP6_RECVMSG,
];

/** struct bpf_sock_addr. */
function sockAddr(kind: ProgramKind, off: number, size: number, isWrite: boolean): ContextField {
  const { attachType } = kind;
  if (isIn(off, 64, 72)) return isWrite || size !== 8 ? undefined : { type: REG_TYPE.SOCKET };
  if (off >= 60) return undefined;
  if (isIn(off, 4, 8) && !IPV4.includes(attachType)) return undefined;
  if (isIn(off, 8, 24) && !IPV6.includes(attachType)) return undefined;
  if (isIn(off, 40, 44) && attachType !== A.CGROUP_UDP4_SENDMSG) return undefined;
  if (isIn(off, 44, 60) && attachType !== A.CGROUP_UDP6_SENDMSG) return undefined;
  if (isIn(off, 4, 28) || isIn(off, 40, 60)) {
    const isWide = size === 8 && (off === 8 || off === 16 || off === 44 || off === 52);
    return isWide ? "scalar" : isWrite ? only(size === 4) : narrow(size);
  }
  return only(!isWrite && size === 4);
}

/** struct bpf_sockopt. */
function sockopt(kind: ProgramKind, off: number, size: number, isWrite: boolean): ContextField {
  if (off >= 40) return undefined;
  const isGet = kind.attachType === A.CGROUP_GETSOCKOPT;
  if (isWrite) {
    if (size !== 4) return undefined;
    if (off === 36) return only(isGet);
    return off === 24 || off === 28 ? only(!isGet) : only(off === 32);
  }
  if (off < 8) return packet(REG_TYPE.SOCKET, size === 8);
  if (off < 16) return packet(REG_TYPE.PACKET, size === 8);
  if (off < 24) return packet(REG_TYPE.PACKET_END, size === 8);
  return only(size === 4 && (off < 36 || isGet));
}

/** struct bpf_sk_lookup. */
function skLookup(off: number, size: number, isWrite: boolean): ContextField {
  if (isWrite || off >= 68) return undefined;
  if (off < 8) return packet(REG_TYPE.SOCKET | FLAG.MAYBE_NULL, off === 0 && size === 8);
  if (isIn(off, 36, 38)) return only(size <= 2 || size === 4);
  return isIn(off, 38, 40) ? only(size <= 2) : narrow(size);
}

/** struct sk_reuseport_md. */
function skReuseport(off: number, size: number, isWrite: boolean): ContextField {
  if (isWrite || off >= 56) return undefined;
  if (off === 0) return packet(REG_TYPE.PACKET, size === 8);
  if (off === 8) return packet(REG_TYPE.PACKET_END, size === 8);
  if (off === 40) return packet(REG_TYPE.SOCKET, size === 8);
  if (off === 48) return packet(REG_TYPE.SOCK_COMMON | FLAG.MAYBE_NULL, size === 8);
  if (off === 32) return only(size === 4);
  if (isIn(off, 20, 24)) return only(size >= 2 && size <= 4);
  return isIn(off, 16, 32) ? narrow(size) : undefined;
}
