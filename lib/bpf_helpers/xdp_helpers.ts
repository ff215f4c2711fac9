/** Helpers of XDP programs that move a packet's ends and copy its bytes (net/core/filter.c), without fragments. */
import { ETH_HLEN, type Packet } from "../cpu/packet.ts";
import type { HelperModel } from "./kernel.ts";
import { copyTo } from "./copy_to.ts";
import { failed, packetBytes, packetHelper, packetOf, s32, u32 } from "./packet_access.ts";
import { readSource, sourceAt } from "../maps/source.ts";

/** sizeof(struct xdp_frame), x86-64: it is put into the headroom when a packet is redirected. */
const XDP_FRAME_BYTES = 40;
/** Room for metadata that fits into `meta_len` of struct skb_shared_info. */
const MOST_META_BYTES = 255;
const MOST_OFFSET = 0xffff;

/** bpf_xdp_adjust_head(xdp, offset): metadata moves along. */
export const bpf_xdp_adjust_head: HelperModel = packetHelper("bpf_xdp_adjust_head", (packet, [, offset]) => {
  const { memory: { bytes }, frame, dataEnd, dataMeta } = packet, by = s32(offset);
  const metaBytes = packet.data - dataMeta, data = packet.data + by;
  if (data < frame + XDP_FRAME_BYTES + metaBytes || data > dataEnd - ETH_HLEN) return failed("EINVAL");
  bytes.copyWithin(dataMeta + by, dataMeta, packet.data);
  packet.place(data, dataEnd, dataMeta + by);
  return 0n;
});

/** bpf_xdp_adjust_meta(xdp, offset). */
export const bpf_xdp_adjust_meta: HelperModel = packetHelper("bpf_xdp_adjust_meta", (packet, [, offset]) => {
  const { data, dataEnd, frame } = packet, meta = packet.dataMeta + s32(offset), metaBytes = data - meta;
  if (meta < frame + XDP_FRAME_BYTES || meta > data) return failed("EINVAL");
  if (metaBytes % 4 !== 0 || metaBytes > MOST_META_BYTES) return failed("EACCES");
  packet.place(data, dataEnd, meta);
  return 0n;
});

/** bpf_xdp_adjust_tail(xdp, offset): bytes that are added are zero. */
export const bpf_xdp_adjust_tail: HelperModel = packetHelper("bpf_xdp_adjust_tail", (packet, [, offset]) => {
  const { memory: { bytes }, data, dataMeta } = packet, dataEnd = packet.dataEnd + s32(offset);
  if (dataEnd > packet.hardEnd || dataEnd < data + ETH_HLEN) return failed("EINVAL");
  if (dataEnd > packet.dataEnd) bytes.fill(0, packet.dataEnd, dataEnd);
  packet.place(data, dataEnd, dataMeta);
  return 0n;
});

/** bpf_xdp_get_buff_len(xdp). */
export const bpf_xdp_get_buff_len: HelperModel = packetHelper(
  "bpf_xdp_get_buff_len",
  (packet) => BigInt(packet.length),
);

/** net/core/filter.c:bpf_xdp_pointer. */
function beyond(packet: Packet, offset: number, length: number): bigint | undefined {
  if (offset > MOST_OFFSET || length > MOST_OFFSET) return failed("EFAULT");
  return offset + length > packet.length ? failed("EINVAL") : undefined;
}

/** bpf_xdp_load_bytes(xdp, offset, buf, len). */
export const bpf_xdp_load_bytes: HelperModel = function* (_kernel, ctx, [xdp, offsetArg, buf, len]) {
  const packet = yield* packetOf("bpf_xdp_load_bytes", ctx, xdp), offset = u32(offsetArg), length = u32(len);
  yield { kind: "work", what: "helper" };
  const error = beyond(packet, offset, length);
  if (error !== undefined) return error;
  yield* copyTo(ctx, buf, length, { bytes: yield* packetBytes(packet, packet.data + offset, length) });
  return 0n;
};

/** bpf_xdp_store_bytes(xdp, offset, buf, len). */
export const bpf_xdp_store_bytes: HelperModel = function* (_kernel, ctx, [xdp, offsetArg, buf, len]) {
  const packet = yield* packetOf("bpf_xdp_store_bytes", ctx, xdp), offset = u32(offsetArg), length = u32(len);
  yield { kind: "work", what: "helper" };
  const error = beyond(packet, offset, length);
  if (error !== undefined) return error;
  const source = yield* sourceAt(ctx.memory, buf, length, "bpf_xdp_store_bytes: buf");
  const bytes = yield* readSource(source, length, "buf");
  yield { kind: "private", label: "packet", run: () => (packet.bytes.set(bytes, offset), 0n) };
  return 0n;
};
