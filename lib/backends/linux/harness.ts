/** A program of our own that runs a listing's function many times inside the kernel, by bpf_loop. */
import { BPF_PSEUDO, type Insn, isBpfCall, isExit, isWide } from "../../isa/insn.ts";
import { BPF_FUNC } from "../../uapi/helpers.ts";

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
 * Makes a program the body of a loop:
 *
 * ```text
 * int harness(ctx) { bpf_loop(*rounds, turn, &ctx, 0); return 0; }
 * int turn(i, ctx) { ctx = *ctx; <the listing's instructions>; return 0; }
 * ```
 *
 * The listing's instructions stay as they are, but for the `exit`s of its main function, which become jumps to the
 * end of the turn: so the loop costs what a callback costs at least, and takes no more
 * of the eight frames.
 *
 * @param listing instructions as libbpf relocated them, map fds filled in
 * @param roundsFd fd of an array map whose first u32 is the number of turns, so that it can change without a new load
 */
export function loopHarness(listing: readonly Insn[], roundsFd: number): LinkedProgram {
  const turnAt = 12, endAt = turnAt + 1, listingAt = turnAt + 4;
  const main = [
    insn(0x7b, 10, 1, -8, 0), // *(u64 *)(r10 - 8) = ctx
    ...wide(1, BPF_PSEUDO.MAP_VALUE, roundsFd), // r1 = rounds
    insn(0x61, 1, 1, 0, 0), // r1 = *(u32 *)r1
    ...wide(2, BPF_PSEUDO.FUNC, turnAt - 4 - 1), // r2 = turn
    insn(0xbf, 3, 10, 0, 0), // r3 = r10
    insn(0x07, 3, 0, 0, -8), // r3 += -8
    insn(0xb7, 4, 0, 0, 0), // r4 = 0
    insn(0x85, 0, 0, 0, BPF_FUNC.loop),
    insn(0xb7, 0, 0, 0, 0),
    insn(0x95, 0, 0, 0, 0),
  ];
  const turn = [
    insn(0x05, 0, 0, 2, 0), // goto the listing
    insn(0xb7, 0, 0, 0, 0), // the end of a turn
    insn(0x95, 0, 0, 0, 0),
    insn(0x79, 1, 2, 0, 0), // r1 = *(u64 *)(r2 + 0)
  ];
  const starts = functionStarts(listing), mainEnd = starts[1] ?? listing.length;
  const body = listing.map((one, index) =>
    isExit(one) && index < mainEnd ? insn(0x06, 0, 0, 0, endAt - (listingAt + index) - 1) : one
  );
  const others = starts.slice(1).map((start) => start + listingAt);
  return { insns: [...main, ...turn, ...body], starts: [0, turnAt, ...others] };
}
