/**
 * Helpers of tc, socket and cgroup_skb programs on a packet without fragments and without a socket (net/core/filter.c), as
 * BPF_PROG_RUN hands it to them.
 */
import { ETH_HLEN, type Packet } from "../cpu/packet.ts";
import { SK_BUFF } from "../uapi/packet_contexts.ts";
import { BPF_F_INVALIDATE_HASH, BPF_F_RECOMPUTE_CSUM } from "../uapi/flags.ts";
import { readSource, sourceAt } from "../maps/source.ts";
import type { Model, TaskContext } from "../cpu/operation.ts";
import { copyTo } from "./copy_to.ts";
import type { HelperModel } from "./kernel.ts";
import { failed, packetBytes, packetHelper, packetOf, u32 } from "./packet_access.ts";

const INT_MAX = 0x7fff_ffff;
/** In network order, as the fields of the context hold them. */
const be16 = (value: number): number => ((value & 0xff) << 8) | (value >> 8);
const ETH_P_IP = be16(0x0800), ETH_P_IPV6 = be16(0x86dd), ETH_P_8021Q = be16(0x8100), ETH_P_8021AD = be16(0x88a8);
const VLAN_HLEN = 4;

/** Bytes of a packet for the program; where they are not there, zeroes and -EFAULT. */
function* loadBytes(
  ctx: TaskContext,
  packet: Packet,
  start: number | undefined,
  buf: bigint,
  length: number,
): Model {
  const isThere = start !== undefined && start + length <= packet.dataEnd;
  yield* copyTo(ctx, buf, length, {
    bytes: isThere ? yield* packetBytes(packet, start, length) : new Uint8Array(length),
  });
  return isThere ? 0n : failed("EFAULT");
}

/** bpf_skb_load_bytes(skb, offset, to, len). */
export const bpf_skb_load_bytes: HelperModel = function* (_kernel, ctx, [skb, offset, to, len]) {
  const packet = yield* packetOf("bpf_skb_load_bytes", ctx, skb), at = u32(offset);
  yield { kind: "work", what: "helper" };
  return yield* loadBytes(ctx, packet, at > INT_MAX ? undefined : packet.data + at, to, u32(len));
};

const BPF_HDR_START_MAC = 0, BPF_HDR_START_NET = 1;
/** bpf_skb_load_bytes_relative(skb, offset, to, len, start_header). */
export const bpf_skb_load_bytes_relative: HelperModel = function* (_kernel, ctx, [skb, offset, to, len, startHeader]) {
  const packet = yield* packetOf("bpf_skb_load_bytes_relative", ctx, skb), at = u32(offset), header = u32(startHeader);
  yield { kind: "work", what: "helper" };
  const start = header === BPF_HDR_START_MAC
    ? packet.macHeader
    : header === BPF_HDR_START_NET
    ? packet.networkHeader
    : undefined;
  return yield* loadBytes(ctx, packet, start === undefined || at > 0xffff ? undefined : start + at, to, u32(len));
};

/** bpf_skb_store_bytes(skb, offset, from, len, flags). */
export const bpf_skb_store_bytes: HelperModel = function* (_kernel, ctx, [skb, offsetArg, from, len, flags]) {
  const packet = yield* packetOf("bpf_skb_store_bytes", ctx, skb), offset = u32(offsetArg), length = u32(len);
  yield { kind: "work", what: "helper" };
  if (flags & ~(BPF_F_RECOMPUTE_CSUM | BPF_F_INVALIDATE_HASH)) return failed("EINVAL");
  if (offset > INT_MAX || offset + length > packet.length) return failed("EFAULT");
  const source = yield* sourceAt(ctx.memory, from, length, "bpf_skb_store_bytes: from");
  const bytes = yield* readSource(source, length, "from");
  return yield {
    kind: "private",
    label: "packet",
    run: () => {
      packet.bytes.set(bytes, offset);
      if (flags & BPF_F_INVALIDATE_HASH) packet.setField(SK_BUFF.hash, 0);
      return 0n;
    },
  };
};

/** bpf_skb_pull_data(skb, len): all of it is linear already. */
export const bpf_skb_pull_data: HelperModel = packetHelper(
  "bpf_skb_pull_data",
  (packet, [, len]) => u32(len) > packet.length ? failed("ENOMEM") : 0n,
);

/** Other ends for an skb's packet; its context says so. */
function resize(packet: Packet, data: number, dataEnd: number): void {
  packet.place(data, dataEnd);
  packet.describeLength();
}

/** Room between an skb's link header and what follows: the header moves to the front (bpf_skb_generic_push). */
function openGap(packet: Packet, headerBytes: number, gap: number): bigint {
  const { memory: { bytes }, data } = packet;
  if (data - gap < packet.frame) return failed("ENOMEM");
  bytes.copyWithin(data - gap, data, data + headerBytes);
  bytes.fill(0, data - gap + headerBytes, data + headerBytes);
  packet.macHeader = packet.macHeader - gap;
  resize(packet, data - gap, packet.dataEnd);
  return 0n;
}

/** The reverse (bpf_skb_generic_pop). */
function closeGap(packet: Packet, headerBytes: number, gap: number): bigint {
  const { memory: { bytes }, data } = packet;
  if (headerBytes + gap > packet.length) return failed("ENOMEM");
  bytes.copyWithin(data + gap, data, data + headerBytes);
  packet.macHeader = packet.macHeader + gap;
  resize(packet, data + gap, packet.dataEnd);
  return 0n;
}

/** bpf_skb_change_head(skb, head_room, flags): zeroes before the packet, which a link header begins at from then on. */
export const bpf_skb_change_head: HelperModel = packetHelper("bpf_skb_change_head", (packet, [, room, flags]) => {
  const { memory: { bytes }, data } = packet, by = u32(room);
  if (flags !== 0n || by > INT_MAX) return failed("EINVAL");
  if (data - by < packet.frame) return failed("ENOMEM");
  bytes.fill(0, data - by, data);
  packet.macHeader = data - by;
  resize(packet, data - by, packet.dataEnd);
  return 0n;
});

/** bpf_skb_change_tail(skb, new_len, flags): bytes that are added are zero. */
export const bpf_skb_change_tail: HelperModel = packetHelper("bpf_skb_change_tail", (packet, [, newLength, flags]) => {
  const { memory: { bytes }, data, networkHeader } = packet, length = u32(newLength), least = networkHeader - data;
  if (flags !== 0n || length < least) return failed("EINVAL");
  if (data + length > packet.hardEnd) return failed("ENOMEM");
  if (data + length > packet.dataEnd) bytes.fill(0, packet.dataEnd, data + length);
  resize(packet, data, data + length);
  return 0n;
});

const PACKET_OTHERHOST = 3;
/** bpf_skb_change_type(skb, type). */
export const bpf_skb_change_type: HelperModel = packetHelper("bpf_skb_change_type", (packet, [, type]) => {
  if (u32(type) > PACKET_OTHERHOST || packet.field(SK_BUFF.pktType) > PACKET_OTHERHOST) return failed("EINVAL");
  packet.setField(SK_BUFF.pktType, u32(type));
  return 0n;
});

/** sizeof(struct ipv6hdr) - sizeof(struct iphdr). */
const LONGER_BY = 20;
/** bpf_skb_change_proto(skb, proto, flags): IPv4 to IPv6 or back; what the new header says is the program's to write. */
export const bpf_skb_change_proto: HelperModel = packetHelper("bpf_skb_change_proto", (packet, [, proto, flags]) => {
  if (flags !== 0n) return failed("EINVAL");
  const to = u32(proto) & 0xffff, from = packet.field(SK_BUFF.protocol);
  const isLonger = from === ETH_P_IP && to === ETH_P_IPV6, isShorter = from === ETH_P_IPV6 && to === ETH_P_IP;
  if (!isLonger && !isShorter) return failed("ENOTSUPP");
  const headerBytes = Math.max(0, packet.networkHeader - packet.data);
  const error = isLonger ? openGap(packet, headerBytes, LONGER_BY) : closeGap(packet, headerBytes, LONGER_BY);
  if (error !== 0n) return error;
  packet.networkHeader = packet.networkHeader + (isLonger ? -LONGER_BY : LONGER_BY);
  packet.setField(SK_BUFF.protocol, to);
  packet.setField(SK_BUFF.hash, 0);
  return 0n;
});

const isVlan = (protocol: number): boolean => protocol === ETH_P_8021Q || protocol === ETH_P_8021AD;
const ADDRESSES_BYTES = 12;

function setTag(packet: Packet, present: number, proto: number, tci: number): void {
  packet.setField(SK_BUFF.vlanPresent, present);
  packet.setField(SK_BUFF.vlanProto, proto);
  packet.setField(SK_BUFF.vlanTci, tci);
}

/** bpf_skb_vlan_push(skb, vlan_proto, vlan_tci): the outermost tag stands beside the packet, others in it. */
export const bpf_skb_vlan_push: HelperModel = packetHelper("bpf_skb_vlan_push", (packet, [, protoArg, tciArg]) => {
  const given = u32(protoArg) & 0xffff, { view } = packet.memory;
  if (packet.field(SK_BUFF.vlanPresent) !== 0) {
    const error = openGap(packet, ADDRESSES_BYTES, VLAN_HLEN), tag = packet.data + ADDRESSES_BYTES;
    if (error !== 0n) return error;
    view.setUint16(tag, packet.field(SK_BUFF.vlanProto), true);
    view.setUint16(tag + 2, packet.field(SK_BUFF.vlanTci), false);
    packet.setField(SK_BUFF.protocol, packet.field(SK_BUFF.vlanProto));
    packet.networkHeader = packet.macHeader + ETH_HLEN;
  }
  setTag(packet, 1, isVlan(given) ? given : ETH_P_8021Q, u32(tciArg) & 0xffff);
  return 0n;
});

/** net/core/skbuff.c:__skb_vlan_pop: takes the tag out that stands in the packet; gives its protocol and its number. */
function popTag(packet: Packet): readonly [protocol: number, tci: number] | undefined {
  const { view } = packet.memory, tag = packet.data + ADDRESSES_BYTES;
  if (packet.length < ETH_HLEN + VLAN_HLEN) return undefined;
  const found = [view.getUint16(tag, true), view.getUint16(tag + 2, false)] as const;
  packet.setField(SK_BUFF.protocol, view.getUint16(tag + VLAN_HLEN, true));
  closeGap(packet, ADDRESSES_BYTES, VLAN_HLEN);
  packet.networkHeader = packet.macHeader + ETH_HLEN;
  return found;
}

/** bpf_skb_vlan_pop(skb): the next tag, if there is one, then stands beside the packet. */
export const bpf_skb_vlan_pop: HelperModel = packetHelper("bpf_skb_vlan_pop", (packet) => {
  const protocol = () => packet.field(SK_BUFF.protocol);
  if (packet.field(SK_BUFF.vlanPresent) !== 0) setTag(packet, 0, 0, 0);
  else if (!isVlan(protocol())) return 0n;
  else if (!popTag(packet)) return failed("ENOMEM");
  if (!isVlan(protocol())) return 0n;
  const next = popTag(packet);
  if (!next) return failed("ENOMEM");
  setTag(packet, 1, ...next);
  return 0n;
});

/** bpf_get_hash_recalc(skb): the kernel's key is random (net/core/flow_dissector.c:hashrnd), here it is the seed. */
export const bpf_get_hash_recalc: HelperModel = packetHelper("bpf_get_hash_recalc", (packet, _args, kernel) => {
  const known = packet.field(SK_BUFF.hash);
  if (known !== 0) return BigInt(known);
  const flow = packet.bytes.subarray(ETH_HLEN, ETH_HLEN + 60);
  let hash = Math.imul(kernel.options.seed + 1, 0x9e37_79b1);
  for (const byte of flow) hash = Math.imul(hash ^ byte, 0x0100_0193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b_3c6d) >>> 0 || 1;
  packet.setField(SK_BUFF.hash, hash);
  return BigInt(hash);
});

/** bpf_set_hash_invalid(skb). */
export const bpf_set_hash_invalid: HelperModel = packetHelper("bpf_set_hash_invalid", (packet) => {
  packet.setField(SK_BUFF.hash, 0);
  return 0n;
});

/** bpf_set_hash(skb, hash). */
export const bpf_set_hash: HelperModel = packetHelper("bpf_set_hash", (packet, [, hash]) => {
  packet.setField(SK_BUFF.hash, u32(hash));
  return 0n;
});

/** bpf_get_socket_cookie(skb): no socket, no cookie. */
export const bpf_get_socket_cookie: HelperModel = packetHelper("bpf_get_socket_cookie", () => 0n);

/** /proc/sys/kernel/overflowuid. */
const OVERFLOW_UID = 65_534n;
/** bpf_get_socket_uid(skb): of no socket. */
export const bpf_get_socket_uid: HelperModel = packetHelper("bpf_get_socket_uid", () => OVERFLOW_UID);

/** bpf_skb_cgroup_id(skb): of no socket. */
export const bpf_skb_cgroup_id: HelperModel = packetHelper("bpf_skb_cgroup_id", () => 0n);
