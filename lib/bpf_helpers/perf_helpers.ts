/** Helper functions of perf events (kernel/trace/bpf_trace.c). */
import { addressOf } from "../cpu/memory.ts";
import { load } from "../cpu/operation.ts";
import { Packet } from "../cpu/packet.ts";
import { errno } from "../maps/errno.ts";
import { PerfEventArrayMap } from "../maps/perf_event_array.ts";
import { faultWith, sourceAt } from "../maps/source.ts";
import { setWord, wordsOf } from "../maps/words.ts";
import type { HelperModel } from "./kernel.ts";
import { packetBytes } from "./packet_access.ts";

/** Flags below: which CPU's event; above them: how many bytes of the packet follow, for programs that have one. */
const BPF_F_INDEX_MASK = 0xffff_ffffn, BPF_F_CTXLEN_MASK = 0xf_ffff_0000_0000n, CTXLEN_SHIFT = 32n;

/** bpf_perf_event_output(ctx, map, flags, data, size). */
export const bpf_perf_event_output: HelperModel = function* (kernel, ctx, [context, pointer, flags, data, sizeArg]) {
  const map = kernel.mapAt(pointer), size = Number(sizeArg);
  if (!(map instanceof PerfEventArrayMap)) {
    return yield* faultWith("bpf_perf_event_output: the second argument is no PERF_EVENT_ARRAY");
  }
  yield { kind: "work", what: "helper" };
  // net/core/filter.c:bpf_skb_event_output, bpf_xdp_event_output: data, then as much of the packet as the flags say.
  const packet = Packet.of(ctx.memory, context), copied = Number((flags & BPF_F_CTXLEN_MASK) >> CTXLEN_SHIFT);
  if (flags & ~(BPF_F_INDEX_MASK | (packet ? BPF_F_CTXLEN_MASK : 0n))) return errno("EINVAL");
  if (packet && copied > packet.length) return errno("EFAULT");
  const source = yield* sourceAt(ctx.memory, data, size, `bpf_perf_event_output(${map.name}): data`);
  const bytes = new Uint8Array(size + copied), addr = addressOf(data);
  if ("bytes" in source) bytes.set(source.bytes);
  else for (const word of wordsOf(size)) setWord(bytes, word, yield load(addr + word.offset, word.size, "data"));
  if (packet && copied > 0) bytes.set(yield* packetBytes(packet, packet.data, copied), size);
  return yield* map.output(ctx, flags, bytes);
};
