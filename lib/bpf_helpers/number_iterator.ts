/** The iterator over numbers, `bpf_for` and `bpf_repeat` (kernel/bpf/bpf_iter.c: struct bpf_iter_num_kern). */
import { addressOf, type Memory } from "../cpu/memory.ts";
import type { Model } from "../cpu/operation.ts";
import { errno } from "../maps/errno.ts";
import type { HelperModel } from "./kernel.ts";

/** Offsets of its two numbers, on the program's stack, which no other task sees. */
const CUR = 0, END = 4;
const BPF_MAX_LOOPS = 1n << 23n;

const int = (value: bigint): bigint => BigInt.asIntN(32, value);

function set(memory: Memory, at: number, cur: bigint, end: bigint): void {
  memory.write(at + CUR, 4, BigInt.asUintN(32, cur));
  memory.write(at + END, 4, BigInt.asUintN(32, end));
}

function* onStack(run: (memory: Memory) => bigint): Model {
  return yield { kind: "private", label: "bpf_iter_num", run };
}

/** bpf_iter_num_new(it, start, end). One that is refused is empty. */
export const bpf_iter_num_new: HelperModel = (_kernel, _ctx, [it, startArg, endArg]) => {
  const start = int(startArg), end = int(endArg), at = addressOf(it);
  const result = start > end ? errno("EINVAL") : end - start > BPF_MAX_LOOPS ? errno("E2BIG") : 0n;
  return onStack((memory) => {
    if (result === 0n) set(memory, at, start - 1n, end);
    else set(memory, at, 0n, 0n);
    return result;
  });
};

/** bpf_iter_num_next(it): a pointer to the number, NULL behind the last. */
export const bpf_iter_num_next: HelperModel = (_kernel, _ctx, [it]) => {
  const at = addressOf(it);
  return onStack((memory) => {
    // int is wide enough for every number between start - 1 and end, but start - 1 wraps at INT_MIN.
    const next = int(memory.read(at + CUR, 4) + 1n), end = int(memory.read(at + END, 4));
    if (next >= end) {
      set(memory, at, 0n, 0n);
      return 0n;
    }
    memory.write(at + CUR, 4, BigInt.asUintN(32, next));
    return it;
  });
};

/** bpf_iter_num_destroy(it). */
export const bpf_iter_num_destroy: HelperModel = (_kernel, _ctx, [it]) =>
  onStack((memory) => {
    set(memory, addressOf(it), 0n, 0n);
    return 0n;
  });
