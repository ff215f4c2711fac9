/** A program of our own that calls a listing's function many times inside the kernel, by bpf_loop. */
import { BPF_PSEUDO, type Insn, isBpfCall, isWide } from "../../isa/insn.ts";

const BPF_FUNC_LOOP = 181;

/** Instructions of a program and where each of its BPF functions begins: the main program at 0. */
export interface LinkedProgram {
  readonly insns: readonly Insn[];
  readonly starts: readonly number[];
}

const insn = (opcode: number, dst: number, src: number, off: number, imm: number): Insn => ({
  opcode,
  dst,
  src,
  off,
  imm,
});
const wide = (dst: number, src: number, low: number): Insn[] => [insn(0x18, dst, src, 0, low), insn(0, 0, 0, 0, 0)];

/** Where the BPF functions of a linked program begin: its main one, and every target of a call or callback. */
export function functionStarts(insns: readonly Insn[]): number[] {
  const starts = new Set([0]);
  insns.forEach((one, index) => {
    if (isBpfCall(one) || (isWide(one) && one.src === BPF_PSEUDO.FUNC)) starts.add(index + one.imm + 1);
  });
  return [...starts].sort((a, b) => a - b);
}

/**
 * Puts a loop around a program:
 *
 * ```text
 * int harness(ctx) { bpf_loop(*rounds, turn, &ctx, 0); return 0; }
 * int turn(i, ctx) { listing(*ctx); return 0; }
 * ```
 *
 * The listing's instructions follow as they are; its calls and jumps are relative and stay right.
 *
 * @param listing instructions as libbpf relocated them, map fds filled in
 * @param roundsFd fd of an array map whose first u32 is the number of turns, so that it can change without a new load
 */
export function loopHarness(listing: readonly Insn[], roundsFd: number): LinkedProgram {
  const turnAt = 12, listingAt = 16;
  const main = [
    insn(0x7b, 10, 1, -8, 0), // *(u64 *)(r10 - 8) = ctx
    ...wide(1, BPF_PSEUDO.MAP_VALUE, roundsFd), // r1 = rounds
    insn(0x61, 1, 1, 0, 0), // r1 = *(u32 *)r1
    ...wide(2, BPF_PSEUDO.FUNC, turnAt - 4 - 1), // r2 = turn
    insn(0xbf, 3, 10, 0, 0), // r3 = r10
    insn(0x07, 3, 0, 0, -8), // r3 += -8
    insn(0xb7, 4, 0, 0, 0), // r4 = 0
    insn(0x85, 0, 0, 0, BPF_FUNC_LOOP),
    insn(0xb7, 0, 0, 0, 0),
    insn(0x95, 0, 0, 0, 0),
  ];
  const turn = [
    insn(0x79, 1, 2, 0, 0), // r1 = *(u64 *)(r2 + 0)
    insn(0x85, 0, BPF_PSEUDO.CALL, 0, 2), // listing(r1)
    insn(0xb7, 0, 0, 0, 0),
    insn(0x95, 0, 0, 0, 0),
  ];
  const starts = functionStarts(listing).map((start) => start + listingAt);
  return { insns: [...main, ...turn, ...listing], starts: [0, turnAt, ...starts] };
}
