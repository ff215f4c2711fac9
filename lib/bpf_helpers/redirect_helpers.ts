/** Helpers that say where a packet goes (net/core/filter.c): they leave a note for the kernel, and return the action. */
import { RedirectMap } from "../maps/redirect_map.ts";
import { DevmapHashMap } from "../maps/devmap_hash.ts";
import { SockHashMap } from "../maps/sock_hash.ts";
import { UnsupportedMap } from "../maps/unmodelled_map.ts";
import { BPF_MAP_TYPE, mapTypeName } from "../uapi/map_types.ts";
import { BPF_F_BROADCAST, BPF_F_EXCLUDE_INGRESS, BPF_F_INGRESS } from "../uapi/flags.ts";
import type { Model, TaskContext } from "../cpu/operation.ts";
import { faultWith, readSource, sourceAt } from "../maps/source.ts";
import { copyTo } from "./copy_to.ts";
import { failed, isXdp, packetHelper, packetOf, u32 } from "./packet_access.ts";
import type { HelperModel, Kernel } from "./kernel.ts";

const XDP_ABORTED = 0n, XDP_REDIRECT = 4n, TC_ACT_SHOT = 2n, TC_ACT_REDIRECT = 7n, SK_DROP = 0n, SK_PASS = 1n;
/** XDP_ABORTED, XDP_DROP, XDP_PASS and XDP_TX. */
const ACTION_MASK = 3n;
/** Maps of devices, which can be sent to all at once. */
const DEVMAPS: readonly number[] = [BPF_MAP_TYPE.DEVMAP, BPF_MAP_TYPE.DEVMAP_HASH];

/** bpf_redirect(ifindex, flags): bpf_xdp_redirect for XDP. */
export const bpf_redirect: HelperModel = (_kernel, ctx, [, flags]) => {
  if (isXdp(ctx)) return flags === 0n ? XDP_REDIRECT : XDP_ABORTED;
  return flags & ~BPF_F_INGRESS ? TC_ACT_SHOT : TC_ACT_REDIRECT;
};

/** bpf_redirect_peer(ifindex, flags). */
export const bpf_redirect_peer: HelperModel = (_kernel, _ctx, [, flags]) =>
  flags === 0n ? TC_ACT_REDIRECT : TC_ACT_SHOT;

/** sizeof(struct bpf_redir_neigh). */
const REDIR_NEIGH_BYTES = 20n;
/** bpf_redirect_neigh(ifindex, params, plen, flags). */
export const bpf_redirect_neigh: HelperModel = (_kernel, _ctx, [, , plen, flags]) =>
  flags !== 0n || (plen !== 0n && plen < REDIR_NEIGH_BYTES) ? TC_ACT_SHOT : TC_ACT_REDIRECT;

/** bpf_clone_redirect(skb, ifindex, flags): a copy leaves, the packet stays. */
export const bpf_clone_redirect: HelperModel = packetHelper(
  "bpf_clone_redirect",
  (_packet, [, , flags]) => flags & ~BPF_F_INGRESS ? failed("EINVAL") : 0n,
);

/** A map's entry that packets are sent to: 0 where there is none. */
function* targetIn(name: string, kernel: Kernel, ctx: TaskContext, mapPointer: bigint, index: number): Model {
  const map = kernel.mapAt(mapPointer);
  if (!map) return yield* faultWith(`${name}: the argument is no map`);
  if (map instanceof RedirectMap) return yield* map.target(index);
  if (map instanceof DevmapHashMap) return yield* map.target(ctx, index);
  throw new UnsupportedMap(`map ${map.name} (${mapTypeName(map.def.type)})`);
}

/** include/linux/filter.h:__bpf_xdp_redirect_map(map, index, flags). */
export const bpf_redirect_map: HelperModel = function* (kernel, ctx, [mapPointer, index, flags]) {
  yield { kind: "work", what: "helper" };
  const isDevmap = DEVMAPS.includes(kernel.mapAt(mapPointer)?.def.type ?? 0);
  const known = ACTION_MASK | (isDevmap ? BPF_F_BROADCAST | BPF_F_EXCLUDE_INGRESS : 0n);
  if (flags & ~known) return XDP_ABORTED;
  const target = yield* targetIn("bpf_redirect_map", kernel, ctx, mapPointer, u32(index));
  return target === 0n && !(flags & BPF_F_BROADCAST) ? flags & ACTION_MASK : XDP_REDIRECT;
};

/** net/core/sock_map.c: to a socket of a SOCKMAP. */
const toSocket = (name: string): HelperModel =>
  function* (kernel, ctx, [, mapPointer, key, flags]) {
    yield { kind: "work", what: "helper" };
    if (flags & ~BPF_F_INGRESS) return SK_DROP;
    return (yield* targetIn(name, kernel, ctx, mapPointer, u32(key))) === 0n ? SK_DROP : SK_PASS;
  };
/** bpf_sk_redirect_map(skb, map, key, flags). */
export const bpf_sk_redirect_map: HelperModel = toSocket("bpf_sk_redirect_map");
/** bpf_msg_redirect_map(msg, map, key, flags). */
export const bpf_msg_redirect_map: HelperModel = toSocket("bpf_msg_redirect_map");

/** To a socket of a SOCKHASH. */
const toHashed = (name: string): HelperModel =>
  function* (kernel, ctx, [, mapPointer, key, flags]) {
    const map = kernel.mapAt(mapPointer);
    if (!(map instanceof SockHashMap)) return yield* faultWith(`${name}: the argument is no SOCKHASH`);
    yield { kind: "work", what: "helper" };
    if (flags & ~BPF_F_INGRESS) return SK_DROP;
    const source = yield* sourceAt(ctx.memory, key, map.def.keySize, `${name}(${map.name}): key`);
    return (yield* map.socketAt(ctx, source)) === 0n ? SK_DROP : SK_PASS;
  };
/** bpf_sk_redirect_hash(skb, map, key, flags). */
export const bpf_sk_redirect_hash: HelperModel = toHashed("bpf_sk_redirect_hash");
/** bpf_msg_redirect_hash(msg, map, key, flags). */
export const bpf_msg_redirect_hash: HelperModel = toHashed("bpf_msg_redirect_hash");

/** bpf_sock_map_update(skops, map, key, flags) and bpf_sock_hash_update: no socket is behind the context. */
export const bpf_sock_map_update: HelperModel = () => failed("EOPNOTSUPP");
export const bpf_sock_hash_update: HelperModel = () => failed("EOPNOTSUPP");

/** struct bpf_fib_lookup of include/uapi/linux/bpf.h. */
const FIB = { bytes: 64, family: 0, ifindex: 8, vlan: 48, smac: 52, dmac: 58 } as const;
const FIB_FLAGS = 0x3fn, AF_INET = 2, AF_INET6 = 10;
const EAFNOSUPPORT = 97;
/** What the routing table may say: BPF_FIB_LKUP_RET_SUCCESS, _NOT_FWDED, _NO_NEIGH. */
const FIB_ANSWERS = [
  [0n, "a route"],
  [4n, "not forwarded"],
  [7n, "no neighbour entry"],
] as const;
const EGRESS_IFINDEX = 2, SMAC = [2, 0, 0, 0, 0, 2], DMAC = [2, 0, 0, 0, 0, 1];

/** bpf_fib_lookup(ctx, params, plen, flags): what the routing table says is open. */
export const bpf_fib_lookup: HelperModel = function* (_kernel, ctx, [xdp, params, plen, flags]) {
  yield* packetOf("bpf_fib_lookup", ctx, xdp);
  yield { kind: "work", what: "helper" };
  if (u32(plen) < FIB.bytes || flags & ~FIB_FLAGS) return failed("EINVAL");
  const source = yield* sourceAt(ctx.memory, params, FIB.bytes, "bpf_fib_lookup: params");
  const bytes = (yield* readSource(source, FIB.bytes, "params")).slice();
  if (bytes[FIB.family] !== AF_INET && bytes[FIB.family] !== AF_INET6) return -BigInt(EAFNOSUPPORT);
  const chosen = yield {
    kind: "choose",
    label: "fib_lookup",
    alternatives: FIB_ANSWERS.length,
    alone: true,
    describe: (alternative) => FIB_ANSWERS[alternative - 1][1],
  };
  const [answer] = FIB_ANSWERS[Number(chosen) - 1];
  if (answer !== 0n) return answer;
  bytes.fill(0, FIB.vlan, FIB.vlan + 4);
  bytes.set([EGRESS_IFINDEX, 0, 0, 0], FIB.ifindex);
  bytes.set(SMAC, FIB.smac);
  bytes.set(DMAC, FIB.dmac);
  yield* copyTo(ctx, params, FIB.bytes, { bytes });
  return answer;
};
