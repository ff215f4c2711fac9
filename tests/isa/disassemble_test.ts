import { describe, expect, it } from "vitest";
import { disassembleInsn } from "../../lib/isa/disassemble.ts";
import { decode } from "../../lib/isa/insn.ts";

/** Byte code as the assembler writes it, and its text in the notation of the verifier's log. */
const CASES: [string, string][] = [
  // Memory (RFC 9669 section 5).
  ["61 12 00 00 00 00 00 00", "r2 = *(u32 *)(r1 +0)"],
  ["71 12 ff ff 00 00 00 00", "r2 = *(u8 *)(r1 -1)"],
  ["69 12 02 00 00 00 00 00", "r2 = *(u16 *)(r1 +2)"],
  ["79 a2 f8 ff 00 00 00 00", "r2 = *(u64 *)(r10 -8)"],
  ["91 12 00 00 00 00 00 00", "r2 = *(s8 *)(r1 +0)"],
  ["89 12 00 00 00 00 00 00", "r2 = *(s16 *)(r1 +0)"],
  ["81 12 00 00 00 00 00 00", "r2 = *(s32 *)(r1 +0)"],
  ["63 21 04 00 00 00 00 00", "*(u32 *)(r1 +4) = r2"],
  ["7b 2a f0 ff 00 00 00 00", "*(u64 *)(r10 -16) = r2"],
  ["72 0a ff ff 05 00 00 00", "*(u8 *)(r10 -1) = 5"],
  ["7a 0a f8 ff fd ff ff ff", "*(u64 *)(r10 -8) = -3"],
  // Atomics (section 5.3).
  ["c3 21 00 00 00 00 00 00", "lock *(u32 *)(r1 +0) += r2"],
  ["db 21 08 00 40 00 00 00", "lock *(u64 *)(r1 +8) |= r2"],
  ["db 21 08 00 50 00 00 00", "lock *(u64 *)(r1 +8) &= r2"],
  ["c3 21 fc ff a0 00 00 00", "lock *(u32 *)(r1 -4) ^= r2"],
  ["db 12 00 00 01 00 00 00", "r1 = atomic_fetch_add((u64 *)(r2 +0), r1)"],
  ["c3 12 00 00 41 00 00 00", "r1 = atomic_fetch_or((u32 *)(r2 +0), r1)"],
  ["db 12 00 00 51 00 00 00", "r1 = atomic_fetch_and((u64 *)(r2 +0), r1)"],
  ["db 12 00 00 a1 00 00 00", "r1 = atomic_fetch_xor((u64 *)(r2 +0), r1)"],
  ["db 12 00 00 e1 00 00 00", "r1 = atomic_xchg((u64 *)(r2 +0), r1)"],
  ["c3 12 00 00 f1 00 00 00", "r0 = atomic_cmpxchg((u32 *)(r2 +0), r0, r1)"],
  ["db 21 00 00 00 01 00 00", "r1 = load_acquire((u64 *)(r2 +0))"],
  ["d3 21 00 00 10 01 00 00", "store_release((u8 *)(r1 +0), r2)"],
  ["db 21 00 00 99 00 00 00", "invalid insn db"],
  // Arithmetic (section 4.1), moves with sign extension, signed division, byte swaps.
  ["07 01 00 00 01 00 00 00", "r1 += 1"],
  ["1f 21 00 00 00 00 00 00", "r1 -= r2"],
  ["24 01 00 00 03 00 00 00", "w1 *= 3"],
  ["3f 21 00 00 00 00 00 00", "r1 /= r2"],
  ["3f 21 01 00 00 00 00 00", "r1 s/= r2"],
  ["94 01 01 00 03 00 00 00", "w1 s%= 3"],
  ["97 01 00 00 03 00 00 00", "r1 %= 3"],
  ["47 01 00 00 fc ff ff ff", "r1 |= -4"],
  ["57 01 00 00 ff 00 00 00", "r1 &= 255"],
  ["af 21 00 00 00 00 00 00", "r1 ^= r2"],
  ["67 01 00 00 20 00 00 00", "r1 <<= 32"],
  ["77 01 00 00 20 00 00 00", "r1 >>= 32"],
  ["cc 21 00 00 00 00 00 00", "w1 s>>= w2"],
  ["87 01 00 00 00 00 00 00", "r1 = -r1"],
  ["84 01 00 00 00 00 00 00", "w1 = -w1"],
  ["b7 01 00 00 fd ff ff ff", "r1 = -3"],
  ["b4 00 00 00 00 00 00 00", "w0 = 0"],
  ["bf 21 00 00 00 00 00 00", "r1 = r2"],
  ["bf 21 08 00 00 00 00 00", "r1 = (s8)r2"],
  ["bc 21 10 00 00 00 00 00", "w1 = (s16)w2"],
  ["bf 21 20 00 00 00 00 00", "r1 = (s32)r2"],
  ["bf 21 01 00 01 00 00 00", "r1 = addr_space_cast(r2, 0, 1)"],
  ["dc 01 00 00 10 00 00 00", "r1 = be16 r1"],
  ["d4 01 00 00 20 00 00 00", "r1 = le32 r1"],
  ["d7 01 00 00 40 00 00 00", "r1 = bswap64 r1"],
  // Jumps and calls (sections 4.3 and 4.4).
  ["65 01 02 00 01 00 00 00", "if r1 s> 0x1 goto pc+2"],
  ["c6 01 fe ff fb ff ff ff", "if w1 s< 0xfffffffb goto pc-2"],
  ["1d 21 01 00 00 00 00 00", "if r1 == r2 goto pc+1"],
  ["46 01 01 00 07 00 00 00", "if w1 & 0x7 goto pc+1"],
  ["bd 21 01 00 00 00 00 00", "if r1 <= r2 goto pc+1"],
  ["05 00 fc ff 00 00 00 00", "goto pc-4"],
  ["06 00 00 00 00 00 01 00", "gotol pc+65536"],
  ["e5 00 02 00 00 00 00 00", "may_goto pc+2"],
  ["85 00 00 00 01 00 00 00", "call bpf_map_lookup_elem#1"],
  ["85 00 00 00 d3 00 00 00", "call bpf_cgrp_storage_delete#211"],
  ["85 00 00 00 e7 03 00 00", "call unknown#999"],
  ["85 10 00 00 03 00 00 00", "call pc+3"],
  ["85 20 00 00 09 00 00 00", "call kernel-function#9"],
  ["95 00 00 00 00 00 00 00", "exit"],
  // Wide immediates and their pseudo sources (section 5.4).
  ["18 01 00 00 79 df 0d 86 00 00 00 00 48 70 00 00", "r1 = 0x7048860ddf79"],
  ["18 01 00 00 ff ff ff ff 00 00 00 00 ff ff ff ff", "r1 = 0xffffffffffffffff"],
  ["18 11 00 00 03 00 00 00 00 00 00 00 00 00 00 00", "r1 = map[fd:3]"],
  ["18 21 00 00 03 00 00 00 00 00 00 00 08 00 00 00", "r1 = map[fd:3][0]+8"],
  ["18 51 00 00 02 00 00 00 00 00 00 00 00 00 00 00", "r1 = map[idx:2]"],
  ["18 61 00 00 02 00 00 00 00 00 00 00 04 00 00 00", "r1 = map[idx:2][0]+4"],
  ["18 42 00 00 13 00 00 00 00 00 00 00 00 00 00 00", "r2 = subprog[+19]"],
  // Legacy packet access, and what does not exist.
  ["30 00 00 00 17 00 00 00", "r0 = *(u8 *)skb[23]"],
  ["48 10 00 00 02 00 00 00", "r0 = *(u16 *)skb[r1 + 2]"],
  ["f7 00 00 00 00 00 00 00", "invalid insn f7"],
  ["ff 00 00 00 00 00 00 00", "invalid insn ff"],
];

describe("disassembly", () => {
  for (const [bytes, text] of CASES) {
    it(text, () => {
      const insns = decode(Uint8Array.from(bytes.split(" "), (byte) => parseInt(byte, 16)));
      expect(disassembleInsn(insns[0])).toBe(text);
    });
  }

  it("has a text for every opcode there could be", () => {
    for (let opcode = 0; opcode < 256; opcode++) {
      const text = disassembleInsn({ opcode, dst: 1, src: 2, off: 3, imm: 4 });
      expect(text).toMatch(/^[^\n]+$/);
      expect(text).not.toContain("undefined");
    }
  });
});
