/** Internet checksums (net/core/filter.c, include/net/checksum.h, RFC 1071): one's complement sums, in either byte order. */
import { BPF_F_HDR_FIELD_MASK, BPF_F_MARK_ENFORCE, BPF_F_MARK_MANGLED_0, BPF_F_PSEUDO_HDR } from "../uapi/flags.ts";
import type { Packet } from "../cpu/packet.ts";
import { readSource, sourceAt } from "../maps/source.ts";
import type { Model, TaskContext } from "../cpu/operation.ts";
import type { HelperModel } from "./kernel.ts";
import { failed, packetHelper, u32 } from "./packet_access.ts";

const WORD = 0xffff_ffffn;
const folded32 = (sum: bigint): bigint => {
  while (sum > WORD) sum = (sum & WORD) + (sum >> 32n);
  return sum;
};
/** csum_add, csum_sub: with the carry brought round. */
const add = (a: bigint, b: bigint): bigint => folded32(a + b);
const sub = (a: bigint, b: bigint): bigint => add(a, ~b & WORD);
/** csum_from32to16. */
const from32to16 = (sum: bigint): bigint => {
  while (sum > 0xffffn) sum = (sum & 0xffffn) + (sum >> 16n);
  return sum;
};
/** csum_fold, csum_unfold. */
const fold = (sum: bigint): bigint => ~from32to16(sum) & 0xffffn;

/** csum_partial: words as memory has them. */
function partial(bytes: Uint8Array, sum: bigint): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; at += 4) sum += BigInt(view.getUint32(at, true));
  return folded32(sum);
}

function* operand(ctx: TaskContext, pointer: bigint, size: number, what: string): Model<Uint8Array> {
  if (size === 0) return new Uint8Array(0);
  return yield* readSource(yield* sourceAt(ctx.memory, pointer, size, `bpf_csum_diff: ${what}`), size, what);
}

/** bpf_csum_diff(from, from_size, to, to_size, seed). */
export const bpf_csum_diff: HelperModel = function* (_kernel, ctx, [from, fromSize, to, toSize, seed]) {
  yield { kind: "work", what: "helper" };
  const fromBytes = u32(fromSize), toBytes = u32(toSize), start = seed & WORD;
  if (fromBytes % 4 !== 0 || toBytes % 4 !== 0) return failed("EINVAL");
  const removed = yield* operand(ctx, from, fromBytes, "from"), added = yield* operand(ctx, to, toBytes, "to");
  if (fromBytes > 0 && toBytes > 0) return from32to16(sub(partial(added, start), partial(removed, 0n)));
  if (toBytes > 0) return from32to16(partial(added, start));
  return from32to16(fromBytes > 0 ? ~partial(removed, ~start & WORD) & WORD : start);
};

/** The checksum at `at` after a change of a field: `size` 0 takes a difference, 2 and 4 an old and a new value. */
function replaced(packet: Packet, at: number, size: bigint, from: bigint, to: bigint): bigint | undefined {
  const old = BigInt(packet.memory.view.getUint16(at, true));
  switch (size) {
    case 0n:
      return from === 0n ? fold(add(to & WORD, ~old & WORD)) : undefined;
    case 2n:
      return fold(add(sub(~old & WORD, from & 0xffffn), to & 0xffffn));
    case 4n:
      return fold(add(sub(~old & WORD, from & WORD), to & WORD));
  }
  return undefined;
}

/** bpf_l3_csum_replace(skb, offset, from, to, flags). */
export const bpf_l3_csum_replace: HelperModel = packetHelper(
  "bpf_l3_csum_replace",
  (packet, [, offsetArg, from, to, flags]) => {
    if (flags & ~BPF_F_HDR_FIELD_MASK) return failed("EINVAL");
    return replaceAt(packet, u32(offsetArg), flags, from, to);
  },
);

/** bpf_l4_csum_replace(skb, offset, from, to, flags). */
export const bpf_l4_csum_replace: HelperModel = packetHelper(
  "bpf_l4_csum_replace",
  (packet, [, offsetArg, from, to, flags]) => {
    const known = BPF_F_HDR_FIELD_MASK | BPF_F_PSEUDO_HDR | BPF_F_MARK_MANGLED_0 | BPF_F_MARK_ENFORCE;
    return flags & ~known ? failed("EINVAL") : replaceAt(packet, u32(offsetArg), flags, from, to);
  },
);

function replaceAt(packet: Packet, offset: number, flags: bigint, from: bigint, to: bigint): bigint {
  if (offset > 0xffff || offset % 2 !== 0 || offset + 2 > packet.length) return failed("EFAULT");
  const { view } = packet.memory, at = packet.data + offset, mayBeNone = (flags & BPF_F_MARK_MANGLED_0) !== 0n;
  // UDP over IPv4: zero says that there is no checksum.
  if (mayBeNone && !(flags & BPF_F_MARK_ENFORCE) && view.getUint16(at, true) === 0) return 0n;
  const sum = replaced(packet, at, flags & BPF_F_HDR_FIELD_MASK, from, to);
  if (sum === undefined) return failed("EINVAL");
  view.setUint16(at, Number(mayBeNone && sum === 0n ? 0xffffn : sum), true);
  return 0n;
}

/** bpf_csum_update(skb, csum): for packets whose whole checksum a device has computed, which these are not. */
export const bpf_csum_update: HelperModel = packetHelper("bpf_csum_update", () => failed("ENOTSUPP"));

const BPF_CSUM_LEVEL_QUERY = 0n, BPF_CSUM_LEVEL_RESET = 3n;
/** bpf_csum_level(skb, level): of checksums that a device has verified; there are none. */
export const bpf_csum_level: HelperModel = packetHelper("bpf_csum_level", (_packet, [, level]) => {
  if (level > BPF_CSUM_LEVEL_RESET) return failed("EINVAL");
  return level === BPF_CSUM_LEVEL_QUERY ? failed("EACCES") : 0n;
});
