/**
 * The packet of a run, in its task's own memory behind the context: no other CPU reaches it. Loads of `data`, `data_end`
 * and `data_meta` from the context are loads of the pointers kept here (translate/translate_memory.ts).
 */
import { REGION_FLAG } from "./layout.ts";
import { addressOf, type Memory } from "./memory.ts";
import { SK_BUFF, XDP_MD } from "../uapi/packet_contexts.ts";
import type { PacketContext } from "../uapi/packet_contexts.ts";

/** Bytes of a program's context; all zero where the workload does not say. */
export const CTX_BYTES = 256;

/** What stands behind a context that comes with a packet; offsets from the context's beginning. */
export const PACKET = {
  /** Pointers of 8 bytes: `data`, `data_end`, `data_meta`. */
  pointers: CTX_BYTES,
  /** Number of the region that they are in. */
  region: CTX_BYTES + 24,
  /** One of {@link PACKET_KIND}. */
  kind: CTX_BYTES + 28,
  /** Address of the Ethernet header, and of what follows it, from the context's beginning. */
  macHeader: CTX_BYTES + 32,
  networkHeader: CTX_BYTES + 36,
  /** Whether dynptrs may not write it. */
  readOnly: CTX_BYTES + 40,
  /** The frame: headroom, packet, tailroom. */
  frame: CTX_BYTES + 64,
} as const;

export const PACKET_KIND = { none: 0, xdp: 1, skb: 2 } as const;

/** A frame is a page of the NIC's (net/bpf/test_run.c); drivers leave so much before a packet (XDP_PACKET_HEADROOM). */
const FRAME_BYTES = 4096, HEADROOM_BYTES = 256;
/** SKB_DATA_ALIGN(sizeof(struct skb_shared_info)), x86-64: what skbs keep at a frame's end. */
const SHARED_INFO_BYTES = 320;
/** Bytes of a packet without fragments, at most and at least (ETH_HLEN). */
export const MOST_PACKET_BYTES = FRAME_BYTES - HEADROOM_BYTES - SHARED_INFO_BYTES;
export const ETH_HLEN = 14;

/** What a context and its packet take. */
export const PACKET_CONTEXT_BYTES = PACKET.frame + FRAME_BYTES;

const PACKET_BROADCAST = 1, PACKET_MULTICAST = 2, PACKET_OTHERHOST = 3;

/** A packet as a helper sees it: `ctx` is the linear address of the context. */
export class Packet {
  constructor(readonly memory: Memory, readonly ctx: number) {}

  /** The packet that belongs to a context; undefined where the pointer is no such context's. */
  static of(memory: Memory, pointer: bigint): Packet | undefined {
    if ((memory.flagsAt(pointer) & REGION_FLAG.context) === 0) return undefined;
    const packet = new Packet(memory, addressOf(pointer));
    return packet.kind === PACKET_KIND.none ? undefined : packet;
  }

  /**
   * Puts a packet into a context, as the kernel hands it to a program: the frame around it, the fields about it.
   *
   * @param ctx the context, which holds what the workload says of it
   */
  static put(memory: Memory, ctx: number, region: number, context: PacketContext, bytes: Uint8Array): void {
    const packet = new Packet(memory, ctx), { view } = memory, frame = ctx + PACKET.frame;
    memory.bytes.fill(0, frame, frame + FRAME_BYTES);
    memory.bytes.set(bytes, frame + HEADROOM_BYTES);
    view.setUint32(ctx + PACKET.region, region, true);
    view.setUint32(ctx + PACKET.kind, PACKET_KIND[context.kind], true);
    view.setUint32(ctx + PACKET.readOnly, context.isWritable ? 0 : 1, true);
    view.setUint32(ctx + PACKET.macHeader, PACKET.frame + HEADROOM_BYTES, true);
    view.setUint32(ctx + PACKET.networkHeader, PACKET.frame + HEADROOM_BYTES + ETH_HLEN, true);
    const start = frame + HEADROOM_BYTES, skipped = context.layer === "network" ? ETH_HLEN : 0;
    packet.place(start + skipped, start + bytes.length);
    if (context.kind === "xdp") {
      // BPF_PROG_RUN's packets come in on the loopback device, on its first queue.
      packet.fill(XDP_MD.ingressIfindex, 1);
      return;
    }
    packet.describe();
    packet.fill(SK_BUFF.ifindex, 1);
    packet.fill(SK_BUFF.pktType, pktType(bytes));
  }

  get kind(): number {
    return this.memory.getU32(this.ctx + PACKET.kind);
  }
  get isReadOnly(): boolean {
    return this.memory.getU32(this.ctx + PACKET.readOnly) !== 0;
  }

  get data(): number {
    return this.memory.getU32(this.ctx + PACKET.pointers);
  }
  get dataEnd(): number {
    return this.memory.getU32(this.ctx + PACKET.pointers + 8);
  }
  get dataMeta(): number {
    return this.memory.getU32(this.ctx + PACKET.pointers + 16);
  }
  get length(): number {
    return this.dataEnd - this.data;
  }
  get bytes(): Uint8Array {
    return this.memory.bytes.subarray(this.data, this.dataEnd);
  }
  get frame(): number {
    return this.ctx + PACKET.frame;
  }
  /** Where a packet has to end, at the latest. */
  get hardEnd(): number {
    return this.frame + FRAME_BYTES - SHARED_INFO_BYTES;
  }
  get macHeader(): number {
    return this.ctx + this.memory.getU32(this.ctx + PACKET.macHeader);
  }
  set macHeader(addr: number) {
    this.memory.view.setUint32(this.ctx + PACKET.macHeader, addr - this.ctx, true);
  }
  get networkHeader(): number {
    return this.ctx + this.memory.getU32(this.ctx + PACKET.networkHeader);
  }
  set networkHeader(addr: number) {
    this.memory.view.setUint32(this.ctx + PACKET.networkHeader, addr - this.ctx, true);
  }

  /** Says where the packet, and what a driver may put before it, begin and end; pointers beyond are faults from now on. */
  place(data: number, dataEnd: number, dataMeta = data): void {
    const { memory, ctx } = this, region = memory.getU32(ctx + PACKET.region);
    memory.moveRegion(region, dataMeta, dataEnd - dataMeta);
    [data, dataEnd, dataMeta].forEach((addr, i) =>
      memory.view.setBigUint64(ctx + PACKET.pointers + 8 * i, memory.pointer(region, addr), true)
    );
  }

  /** A field of 4 bytes of the context. */
  field(offset: number): number {
    return this.memory.getU32(this.ctx + offset);
  }
  setField(offset: number, value: number): void {
    this.memory.view.setUint32(this.ctx + offset, value, true);
  }
  /** Sets a field that the workload has left zero. */
  fill(offset: number, value: number): void {
    if (this.field(offset) === 0) this.setField(offset, value);
  }

  describeLength(): void {
    this.setField(SK_BUFF.len, this.length);
    this.setField(SK_BUFF.wireLen, this.dataEnd - this.macHeader);
  }

  /** Brings the fields about the packet itself up to date: its length and its protocol. */
  describe(): void {
    const { memory: { view }, macHeader } = this;
    this.describeLength();
    // In network order: the two bytes as they stand.
    if (this.dataEnd - macHeader >= ETH_HLEN) this.setField(SK_BUFF.protocol, view.getUint16(macHeader + 12, true));
  }
}

/** net/ethernet/eth.c:eth_type_trans, for a device with the address 00:00:00:00:00:00, as the loopback device has it. */
function pktType(bytes: Uint8Array): number {
  const to = bytes.subarray(0, 6);
  if (to.every((byte) => byte === 0xff)) return PACKET_BROADCAST;
  if (to[0] & 1) return PACKET_MULTICAST;
  return to.some((byte) => byte !== 0) ? PACKET_OTHERHOST : 0;
}
