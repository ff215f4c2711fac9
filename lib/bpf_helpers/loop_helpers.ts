/** Helper functions that call back, or leave, the program (kernel/bpf/bpf_iter.c, kernel/bpf/core.c). */
import { TASK } from "../cpu/layout.ts";
import { errno } from "../maps/errno.ts";
import { ProgArrayMap } from "../maps/prog_array.ts";
import { faultWith } from "../maps/source.ts";
import type { HelperModel } from "./kernel.ts";

const BPF_MAX_LOOPS = 1n << 23n;
const MAX_TAIL_CALL_CNT = 33n;

/** kernel/bpf/bpf_iter.c:bpf_loop(nr_loops, callback, callback_ctx, flags): runs callback(i, ctx) until it gives 1. */
export const bpf_loop: HelperModel = function* (_kernel, _ctx, [nrLoops, func, callbackCtx, flags]) {
  const count = BigInt.asUintN(32, nrLoops);
  if (flags !== 0n) return errno("EINVAL");
  if (count > BPF_MAX_LOOPS) return errno("E2BIG");
  for (let i = 0n; i < count; i++) {
    if ((yield { kind: "callback", func, args: [i, callbackCtx, 0n, 0n, 0n] }) !== 0n) return i + 1n;
  }
  return count;
};

/** bpf_tail_call(ctx, prog_array, index): no return when it works; the run goes on behind it when it does not. */
export const bpf_tail_call: HelperModel = function* (kernel, ctx, [, mapPointer, index]) {
  const map = kernel.mapAt(mapPointer);
  if (!(map instanceof ProgArrayMap)) return yield* faultWith("bpf_tail_call: the second argument is no PROG_ARRAY");
  const prog = yield* map.programAt(BigInt.asUintN(32, index));
  const counter = ctx.memory.layout.tasks + ctx.task * TASK.bytes + TASK.tailCalls;
  const count = yield {
    kind: "private",
    label: "tail_call_cnt",
    run: (memory) => {
      const before = memory.getU32(counter);
      if (prog >= 0 && before < MAX_TAIL_CALL_CNT) memory.setU32(counter, before + 1);
      return BigInt(before);
    },
  };
  if (prog < 0) return errno("ENOENT");
  if (count >= MAX_TAIL_CALL_CNT) return errno("E2BIG");
  yield { kind: "tail_call", prog };
  return 0n;
};
