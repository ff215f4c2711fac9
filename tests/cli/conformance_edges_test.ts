/**
 * Programs of the plugin's contract at the edges of RFC 9669: what a conformance suite asks of every instruction group,
 * and what has to be refused. Each program is a list of instructions; the answers are worked out from the RFC's text.
 */
import { describe, expect, it } from "vitest";
import { runConformance } from "../../lib/cli/conformance.ts";
import { encode, type Insn } from "../../lib/isa/insn.ts";

/** One instruction: opcode, destination, source, offset, immediate. */
const op = (opcode: number, dst = 0, src = 0, off = 0, imm = 0): Insn => ({ opcode, dst, src, off, imm: imm | 0 });
const wide = (dst: number, value: bigint): Insn[] => [
  { ...op(0x18, dst, 0, 0, Number(BigInt.asIntN(32, value))), imm64: BigInt.asUintN(64, value) },
  op(0, 0, 0, 0, Number(BigInt.asIntN(32, value >> 32n))),
];
const run = (program: readonly Insn[], memory: readonly number[] = []) =>
  runConformance(encode(program), Uint8Array.from(memory));

const MIN32_IMM = -0x8000_0000;
const EXIT = op(0x95), ZERO = op(0xb7), BYTES = [0xf1, 0xf2, 0x03, 0x84, 5, 6, 7, 0x80];
const unsigned = (value: bigint) => BigInt.asUintN(64, value);
const SIZES = [[1, 0x10], [2, 0x08], [4, 0x00], [8, 0x18]] as const;

describe("loads and stores of every size in a conformance run", () => {
  const whole = BYTES.reduceRight((value, byte) => value << 8n | BigInt(byte), 0n);
  for (const [bytes, size] of SIZES) {
    const bits = 8 * bytes;
    it(`load-acquire of ${bytes} bytes extends with zeros`, () => {
      expect(run([op(0xc3 | size, 0, 1, 0, 0x100), EXIT], BYTES)).toBe(BigInt.asUintN(bits, whole));
    });
    it(`store-release of ${bytes} bytes leaves its neighbours alone`, () => {
      const program = [op(0xb7, 2, 0, 0, -2), op(0xc3 | size, 1, 2, 0, 0x110), op(0x79, 0, 1), EXIT];
      expect(run(program, BYTES)).toBe(whole >> BigInt(bits) << BigInt(bits) | BigInt.asUintN(bits, -2n));
    });
    if (bytes < 8) {
      it(`a sign-extending load of ${bytes} bytes fills 64 bits`, () => {
        expect(run([op(0x81 | size, 0, 1), EXIT], BYTES)).toBe(unsigned(BigInt.asIntN(bits, whole)));
      });
    }
  }
});

describe("atomic operations in a conformance run", () => {
  const FETCH = 1;
  const OPERATIONS: readonly (readonly [string, number, (old: bigint, source: bigint) => bigint])[] = [
    ["add", 0x00, (old, source) => old + source],
    ["or", 0x40, (old, source) => old | source],
    ["and", 0x50, (old, source) => old & source],
    ["xor", 0xa0, (old, source) => old ^ source],
    ["xchg", 0xe0, (_, source) => source],
  ];
  const OLD = 0xffff_fffe_ffff_ffffn, SOURCE = 0x1_0f0f_0f0fn, STACK = -8;
  const start = [...wide(1, OLD), op(0x7b, 10, 1, STACK), ...wide(2, SOURCE)];
  for (const [bits, opcode] of [[32, 0xc3], [64, 0xdb]] as const) {
    for (const [name, code, perform] of OPERATIONS) {
      for (const fetch of name === "xchg" ? [FETCH] : [0, FETCH]) {
        const atomic = op(opcode, 10, 2, STACK, code | fetch);
        const high = OLD >> BigInt(bits) << BigInt(bits);
        it(`${name} of ${bits} bits${fetch ? ", with fetch" : ""}`, () => {
          const stored = high | BigInt.asUintN(bits, perform(OLD, SOURCE));
          expect(run([...start, atomic, op(0x79, 0, 10, STACK), EXIT])).toBe(stored);
          expect(run([...start, atomic, op(0xbf, 0, 2), EXIT])).toBe(fetch ? BigInt.asUintN(bits, OLD) : SOURCE);
        });
      }
    }
    for (const matches of [true, false]) {
      it(`cmpxchg of ${bits} bits that ${matches ? "succeeds" : "fails"} returns what was there`, () => {
        const program = [...start, ...wide(0, matches ? OLD : 7n), op(opcode, 10, 2, STACK, 0xf1)];
        const stored = OLD >> BigInt(bits) << BigInt(bits) | BigInt.asUintN(bits, matches ? SOURCE : OLD);
        expect(run([...program, EXIT])).toBe(BigInt.asUintN(bits, OLD));
        expect(run([...program, op(0x79, 0, 10, STACK), EXIT])).toBe(stored);
      });
    }
  }
});

describe("division and jumps in a conformance run", () => {
  const by = (opcode: number, off: number, dividend: bigint, divisor: number) =>
    run([...wide(0, dividend), op(0xb7, 1, 0, 0, divisor), op(opcode, 0, 1, off), EXIT]);
  const DIV32 = 0x3c, MOD32 = 0x9c, DIV64 = 0x3f, MOD64 = 0x9f, MIN32 = -(1n << 31n), MIN64 = -(1n << 63n);

  it("the smallest number by -1 overflows to itself, with no remainder", () => {
    expect(by(DIV64, 1, MIN64, -1)).toBe(1n << 63n);
    expect(by(MOD64, 1, MIN64, -1)).toBe(0n);
    expect(by(DIV32, 1, MIN32, -1)).toBe(1n << 31n);
    expect(by(MOD32, 1, MIN32, -1)).toBe(0n);
  });
  it("by zero, a quotient is zero and a remainder the dividend", () => {
    for (const off of [0, 1]) {
      expect(by(DIV32, off, -9n, 0)).toBe(0n);
      expect(by(DIV64, off, -9n, 0)).toBe(0n);
      expect(by(MOD32, off, -9n, 0)).toBe(0xffff_fff7n);
      expect(by(MOD64, off, -9n, 0)).toBe(unsigned(-9n));
    }
  });

  /** Whether a jump on r1 is taken. */
  const taken = (opcode: number, r1: bigint, imm: number) =>
    run([...wide(1, r1), op(0xb7, 0, 0, 0, 1), op(opcode, 1, 0, 1, imm), ZERO, EXIT]) === 1n;
  it("a 64-bit comparison extends its immediate by sign, a 32-bit one does not look beyond 32 bits", () => {
    expect(taken(0x15, 0xffff_ffffn, -1)).toBe(false); // jeq
    expect(taken(0x16, 0xffff_ffffn, -1)).toBe(true); // jeq32
    expect(taken(0x45, 1n << 32n, MIN32_IMM)).toBe(true); // jset
    expect(taken(0x46, 1n << 32n, MIN32_IMM)).toBe(false); // jset32
    expect(taken(0x25, 0xffff_ffffn, -2)).toBe(false); // jgt, unsigned
    expect(taken(0x26, 0xffff_ffffn, -2)).toBe(true); // jgt32
    expect(taken(0x65, 0x8000_0000n, -1)).toBe(true); // jsgt
    expect(taken(0x66, 0x8000_0000n, -1)).toBe(false); // jsgt32
  });
  it("gotol reaches further than 16 bits, forwards and backwards", () => {
    const far = Array.from({ length: 40_000 }, () => ZERO);
    expect(run([op(0xb7, 0, 0, 0, 5), op(0x06, 0, 0, 0, far.length), ...far, EXIT])).toBe(5n);
    const back = [op(0x06, 0, 0, 0, far.length + 2), op(0xb7, 0, 0, 0, 4), EXIT, ...far];
    expect(run([...back, op(0x06, 0, 0, 0, -(far.length + 3))])).toBe(4n);
  });
});

describe("a conformance run refuses", () => {
  const REFUSED: readonly (readonly [string, readonly Insn[], string])[] = [
    ["a mov with an offset that is no width", [op(0xbf, 0, 1, 3)], "insn 1: BPF_MOV uses reserved fields"],
    ["a sign-extending mov of an immediate", [op(0xb7, 0, 0, 8, 3)], "BPF_MOV uses reserved fields"],
    ["a 32-bit mov that extends 32 bits", [op(0xbc, 0, 1, 32)], "BPF_MOV uses reserved fields"],
    ["an addition with an offset", [op(0x07, 0, 0, 1)], "BPF_ALU uses reserved fields"],
    ["a negation with an immediate", [op(0x87, 0, 0, 0, 1)], "BPF_NEG uses reserved fields"],
    ["a byte swap of 8 bits", [op(0xdc, 0, 0, 0, 8)], "BPF_END uses reserved fields"],
    ["an exit with an immediate", [op(0x95, 0, 0, 0, 1)], "BPF_EXIT uses reserved fields"],
    ["a load with an immediate", [op(0x61, 0, 10, -4, 1)], "BPF_LDX uses reserved fields"],
    ["a store of an immediate with a source", [op(0x62, 10, 1, -4, 1)], "BPF_ST uses reserved fields"],
    ["a sign-extending load of 8 bytes", [op(0x99, 0, 10, -8)], "unknown opcode 99"],
    ["an atomic addition of 2 bytes", [op(0xcb, 10, 0, -8, 1)], "takes 4 or 8 bytes"],
    ["an exchange that does not fetch", [op(0xdb, 10, 0, -8, 0xe0)], "invalid atomic opcode e0"],
    ["register 11", [op(0xb7, 11)], "R11 is invalid"],
    ["a write of r10", [op(0xb7, 10)], "frame pointer is read only"],
    ["gotol with an offset", [op(0x06, 0, 0, 1)], "BPF_JA uses reserved fields"],
    ["a jump past the end", [op(0x15, 0, 0, 1)], "jump out of range from insn 1 to 3"],
    ["a jump into a wide instruction", [op(0x05, 0, 0, 1), ...wide(1, 1n)], "second half of a wide insn"],
    ["a call into a wide instruction", [op(0x85, 0, 1, 0, 1), ...wide(1, 1n)], "insn 1: call to insn 3"],
    ["a legacy packet load", [op(0x30)], "legacy packet access"],
    ["may_goto", [op(0xe5)], "may_goto is not supported"],
  ];
  for (const [name, insns, message] of REFUSED) {
    it(name, () => expect(() => run([ZERO, ...insns, EXIT])).toThrow(message));
  }
  it("a program without an exit", () => expect(() => run([ZERO])).toThrow("control would fall off the end"));
});
