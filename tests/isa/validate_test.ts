import { describe, expect, it } from "vitest";
import type { Insn } from "../../lib/isa/insn.ts";
import { ByteCodeError, validate } from "../../lib/isa/validate.ts";

const insn = (opcode: number, dst = 0, src = 0, off = 0, imm = 0): Insn => ({ opcode, dst, src, off, imm });
const wide = (src = 0, dst = 1): Insn[] => [{ ...insn(0x18, dst, src), imm64: 5n }, insn(0)];
const EXIT = insn(0x95), ZERO = insn(0xb7);

function reasonFor(insns: readonly Insn[], functions?: readonly number[]): string {
  try {
    validate(insns, functions);
  } catch (error) {
    expect(error).toBeInstanceOf(ByteCodeError);
    return (error as Error).message;
  }
  return "";
}

/** Instructions that no program may contain, with the reason. */
const REFUSED: readonly (readonly [string, Insn | readonly Insn[], string])[] = [
  ["an opcode of zero", insn(0), "insn 0: unknown opcode 00"],
  ["absolute packet access", insn(0x20, 0, 0, 0, 12), "insn 0: legacy packet access"],
  ["indirect packet access", insn(0x50, 0, 1, 0, 12), "insn 0: legacy packet access"],
  ["a half of a wide instruction", insn(0x10), "insn 0: unknown opcode 10"],
  ["a wide instruction with an offset", [{ ...wide()[0], off: 1 }, wide()[1]], "insn 0: BPF_LD_IMM64 uses reserved"],
  ["a wide instruction without its second half", [EXIT, wide()[0]], "insn 1: invalid bpf_ld_imm64 insn"],
  ["a second half with a register", [wide()[0], insn(0, 1)], "insn 0: invalid bpf_ld_imm64 insn"],
  ["a pseudo source that does not exist", wide(7), "insn 0: unrecognized bpf_ld_imm64 insn"],
  ["a wide move to r10", wide(0, 10), "insn 0: frame pointer is read only"],
  ["a load with an immediate", insn(0x61, 1, 2, 0, 3), "insn 0: BPF_LDX uses reserved fields"],
  ["a load into r10", insn(0x61, 10, 2), "insn 0: frame pointer is read only"],
  ["a load through r11", insn(0x61, 1, 11), "insn 0: R11 is invalid"],
  ["a sign-extending load of 8 bytes", insn(0x99, 1, 2), "insn 0: unknown opcode 99"],
  ["an internal load mode", insn(0x21, 1, 2), "insn 0: unknown opcode 21"],
  ["a store of an immediate with a source", insn(0x62, 1, 2), "insn 0: BPF_ST uses reserved fields"],
  ["a store of a register with an immediate", insn(0x63, 1, 2, 0, 4), "insn 0: BPF_STX uses reserved fields"],
  ["a sign-extending store", insn(0x83, 1, 2), "insn 0: unknown opcode 83"],
  ["an atomic addition on one byte", insn(0xd3, 1, 2, 0, 0), "insn 0: invalid atomic operand size"],
  ["a compare-exchange on two bytes", insn(0xcb, 1, 2, 0, 0xf1), "insn 0: invalid atomic operand size"],
  ["an atomic subtraction", insn(0xdb, 1, 2, 0, 0x10), "insn 0: BPF_ATOMIC uses invalid atomic opcode 10"],
  ["an exchange without fetch", insn(0xdb, 1, 2, 0, 0xe0), "insn 0: BPF_ATOMIC uses invalid atomic opcode e0"],
  ["a fetch into r10", insn(0xdb, 1, 10, 0, 1), "insn 0: frame pointer is read only"],
  ["a load-acquire into r10", insn(0xdb, 10, 1, 0, 0x100), "insn 0: frame pointer is read only"],
  ["an atomic store of an immediate", insn(0xda, 1, 0, 0, 0), "insn 0: unknown opcode da"],
  ["an addition with an offset", insn(0x0f, 1, 2, 1), "insn 0: BPF_ALU uses reserved fields"],
  ["an addition of a register and an immediate", insn(0x0f, 1, 2, 0, 1), "insn 0: BPF_ALU uses reserved fields"],
  ["an addition of an immediate and a register", insn(0x07, 1, 2, 0, 1), "insn 0: BPF_ALU uses reserved fields"],
  ["a division with an offset of 2", insn(0x3f, 1, 2, 2), "insn 0: BPF_ALU uses reserved fields"],
  ["a 32-bit move that extends 32 bits", insn(0xbc, 1, 2, 32), "insn 0: BPF_MOV uses reserved fields"],
  ["a move that extends an immediate", insn(0xb7, 1, 0, 8, 1), "insn 0: BPF_MOV uses reserved fields"],
  ["a move to an address space", insn(0xbf, 1, 2, 1, 1), "insn 0: BPF_MOV uses reserved fields"],
  ["a negation with an immediate", insn(0x87, 1, 0, 0, 1), "insn 0: BPF_NEG uses reserved fields"],
  ["a negation of a source", insn(0x8f, 1, 2), "insn 0: unknown opcode 8f"],
  ["a swap of 24 bits", insn(0xd7, 1, 0, 0, 24), "insn 0: BPF_END uses reserved fields"],
  ["a 64-bit swap to big endian", insn(0xdf, 1, 0, 0, 64), "insn 0: unknown opcode df"],
  ["an arithmetic operation 0xe0", insn(0xe7, 1), "insn 0: unknown opcode e7"],
  ["arithmetic on r10", insn(0x07, 10, 0, 0, 8), "insn 0: frame pointer is read only"],
  ["arithmetic on r12", insn(0x07, 12, 0, 0, 8), "insn 0: R12 is invalid"],
  ["a goto with a register", insn(0x05, 1, 0, 0), "insn 0: BPF_JA uses reserved fields"],
  ["a goto with an immediate", insn(0x05, 0, 0, 0, 1), "insn 0: BPF_JA uses reserved fields"],
  ["a gotol with an offset", insn(0x06, 0, 0, 1, 0), "insn 0: BPF_JA uses reserved fields"],
  ["a jump with a register and an immediate", insn(0x1d, 1, 2, 0, 1), "insn 0: BPF_JMP uses reserved fields"],
  ["a jump with an immediate and a register", insn(0x15, 1, 2, 0, 1), "insn 0: BPF_JMP uses reserved fields"],
  ["may_goto", insn(0xe5, 0, 0, 1), "insn 0: may_goto is not supported"],
  ["a jump 0xf0", insn(0xf5, 0, 0, 1), "insn 0: unknown opcode f5"],
  ["a call through a register", insn(0x8d, 0, 0, 0, 2), "insn 0: a call through a register (callx)"],
  ["a 32-bit call", insn(0x86, 0, 0, 0, 2), "insn 0: unknown opcode 86"],
  ["a call with a source of 3", insn(0x85, 0, 3, 0, 2), "insn 0: BPF_CALL uses reserved fields"],
  ["a helper call with an offset", insn(0x85, 0, 0, 1, 2), "insn 0: BPF_CALL uses reserved fields"],
  ["a call of a function that is not there", insn(0x85, 0, 1, 0, 7), "insn 0: call to insn 8, which is not there"],
  ["an exit with an immediate", insn(0x95, 0, 0, 0, 1), "insn 0: BPF_EXIT uses reserved fields"],
  ["a 32-bit exit", insn(0x96), "insn 0: unknown opcode 96"],
  ["a jump behind the end", insn(0x05, 0, 0, 5), "insn 0: jump out of range from insn 0 to 6"],
  ["a jump before the beginning", insn(0x15, 0, 0, -2), "insn 0: jump out of range from insn 0 to -1"],
  ["a gotol behind the end", insn(0x06, 0, 0, 0, 0x7fff_ffff), "insn 0: jump out of range"],
  ["a jump into a wide instruction", [insn(0x15, 0, 0, 1), ...wide()], "insn 0: jump to insn 2, the second half"],
];

describe("validate refuses", () => {
  for (const [name, bad, reason] of REFUSED) {
    it(name, () => {
      const insns = Array.isArray(bad) ? bad as Insn[] : [bad as Insn];
      expect(reasonFor([...insns, ZERO, EXIT].slice(0, name.includes("without its") ? insns.length : undefined)))
        .toContain(reason);
    });
  }

  it("an empty program", () => expect(reasonFor([])).toContain("no instructions"));
  it("a program that falls off its end", () => {
    expect(reasonFor([ZERO])).toBe("insn 0: last insn is not an exit or jmp: control would fall off the end");
  });
  it("a function that falls into the next", () => {
    const insns = [insn(0x85, 0, 1, 0, 1), EXIT, ZERO, insn(0x85, 0, 1, 0, -4), EXIT];
    expect(reasonFor([insn(0x85, 0, 1, 0, 1), ZERO, ...insns.slice(2)])).toContain("insn 1: last insn");
  });
  it("a jump from one function into another", () => {
    const insns = [insn(0x85, 0, 1, 0, 2), insn(0x15, 0, 0, 1), EXIT, ZERO, EXIT];
    expect(reasonFor(insns)).toBe("insn 1: jump out of range from insn 1 to 3");
  });
  it("a callback that falls off its end", () => {
    expect(reasonFor([ZERO, EXIT, ZERO], [2])).toContain("insn 2: last insn");
  });
});

describe("validate accepts", () => {
  it("every kind of instruction", () => {
    const insns = [
      ...wide(),
      ...[0x61, 0x69, 0x71, 0x79, 0x81, 0x89, 0x91].map((opcode) => insn(opcode, 1, 10, -8)),
      ...[0x62, 0x6a, 0x72, 0x7a].map((opcode) => insn(opcode, 10, 0, -8, 1)),
      ...[0x63, 0x6b, 0x73, 0x7b].map((opcode) => insn(opcode, 10, 1, -8)),
      ...[0, 1, 0x40, 0x41, 0x50, 0x51, 0xa0, 0xa1, 0xe1, 0xf1].flatMap((imm) =>
        [0xc3, 0xdb].map((opcode) => insn(opcode, 10, 1, -8, imm))
      ),
      ...[0xc3, 0xcb, 0xd3, 0xdb].flatMap((opcode) => [insn(opcode, 1, 10, -8, 0x100), insn(opcode, 10, 1, -8, 0x110)]),
      insn(0x3f, 1, 2, 1),
      insn(0x94, 1, 0, 1, 3),
      insn(0xbf, 1, 2, 32),
      insn(0xbc, 1, 2, 16),
      insn(0xd7, 1, 0, 0, 32),
      insn(0xdc, 1, 0, 0, 64),
      insn(0x05, 0, 0, 0),
      insn(0x06, 0, 0, 0, 0),
      insn(0x85, 0, 0, 0, 1),
      insn(0x85, 0, 2, 0, 1),
      EXIT,
    ];
    expect(reasonFor(insns)).toBe("");
  });
  it("a program whose last instruction jumps back", () => {
    expect(reasonFor([insn(0x05, 0, 0, 1), EXIT, insn(0x05, 0, 0, -2)])).toBe("");
  });
});
