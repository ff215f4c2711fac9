/** Helper functions of perf events (kernel/trace/bpf_trace.c). */
import { addressOf } from "../cpu/memory.ts";
import { load } from "../cpu/operation.ts";
import { errno } from "../maps/errno.ts";
import { PerfEventArrayMap } from "../maps/perf_event_array.ts";
import { faultWith, sourceAt } from "../maps/source.ts";
import { setWord, wordsOf } from "../maps/words.ts";
import type { HelperModel } from "./kernel.ts";

/** Flags below: which CPU's event; above them: how many bytes of the packet follow, for programs that have one. */
const BPF_F_INDEX_MASK = 0xffff_ffffn, BPF_F_CTXLEN_MASK = 0xf_ffff_0000_0000n;

/** bpf_perf_event_output(ctx, map, flags, data, size). */
export const bpf_perf_event_output: HelperModel = function* (kernel, ctx, [, pointer, flags, data, sizeArg]) {
  const map = kernel.mapAt(pointer), size = Number(sizeArg);
  if (!(map instanceof PerfEventArrayMap)) {
    return yield* faultWith("bpf_perf_event_output: the second argument is no PERF_EVENT_ARRAY");
  }
  yield { kind: "work", what: "helper" };
  if (flags & BPF_F_CTXLEN_MASK) {
    return yield* faultWith("bpf_perf_event_output: a part of the packet (BPF_F_CTXLEN_MASK) is not modelled");
  }
  if (flags & ~BPF_F_INDEX_MASK) return errno("EINVAL");
  const source = yield* sourceAt(ctx.memory, data, size, `bpf_perf_event_output(${map.name}): data`);
  if ("bytes" in source) return yield* map.output(ctx, flags, source.bytes);
  const bytes = new Uint8Array(size), addr = addressOf(data);
  for (const word of wordsOf(size)) setWord(bytes, word, yield load(addr + word.offset, word.size, "data"));
  return yield* map.output(ctx, flags, bytes);
};
