/** How far from its object a pointer may point: BPF_MAX_VAR_OFF, 2^29, to the byte (kernel/bpf/verifier.c). */
import { describe, expect, it } from "vitest";
import type { Insn } from "../../lib/isa/insn.ts";
import type { BpfObject, MapDef } from "../../lib/object/bpf_object.ts";
import { verify } from "../../lib/verifier/verify.ts";

const LIMIT = 2 ** 29;
const globals: MapDef = { name: "globals", type: 2, keySize: 4, valueSize: 64, maxEntries: 1, flags: 0 };

const insn = (opcode: number, dst = 0, src = 0, off = 0, imm = 0): Insn => ({ opcode, dst, src, off, imm });
const add = (dst: number, imm: number) => insn(0x07, dst, 0, 0, imm);
const addReg = (dst: number, src: number) => insn(0x0f, dst, src);
const move = (dst: number, src: number) => insn(0xbf, dst, src);
const and = (dst: number, imm: number) => insn(0x57, dst, 0, 0, imm);
const loadByte = (dst: number, src: number) => insn(0x71, dst, src);
const negate = (dst: number) => insn(0x87, dst);
/** r1 = a map value of 64 bytes; r2 = an unknown number of 32 bits. */
const BEGIN = [{ ...insn(0x18, 1), imm64: 0n }, insn(0), insn(0x61, 2, 1)];
const END = [insn(0xb7), insn(0x95)];

function verdictOn(...body: readonly Insn[]): string {
  const insns = [...BEGIN, ...body, ...END];
  const object: BpfObject = {
    name: "limits",
    bytes: new Uint8Array(),
    programs: [{
      name: "limits",
      section: "raw_tp",
      insns,
      relocations: [{ insn: 0, kind: "mapValue", map: 0, offset: 0 }],
      subprogs: [{ name: "limits", start: 0, end: insns.length, global: true }],
      lines: [],
    }],
    maps: [globals],
    license: "GPL",
  };
  const [{ verdict, message }] = verify(object);
  return verdict === "accept" ? verdict : message;
}

describe("check_reg_sane_offset", () => {
  it("takes constants below the limit, on both sides", () => {
    expect(verdictOn(add(1, LIMIT - 1))).toBe("accept");
    expect(verdictOn(add(1, 1 - LIMIT))).toBe("accept");
  });
  it("takes none at the limit", () => {
    expect(verdictOn(add(1, LIMIT))).toBe(`math between map_value pointer and ${LIMIT} is not allowed`);
    expect(verdictOn(add(1, -LIMIT))).toBe(`math between map_value pointer and -${LIMIT} is not allowed`);
  });
  it("nor what several constants come to", () => {
    expect(verdictOn(add(1, LIMIT - 1), add(1, 1))).toBe(`map_value pointer offset ${LIMIT} is not allowed`);
    expect(verdictOn(add(1, 1 - LIMIT), add(1, -1))).toBe(`map_value pointer offset -${LIMIT} is not allowed`);
  });
  it("nor a variable number that is not above the negative limit", () => {
    expect(verdictOn(and(2, LIMIT - 1), negate(2), addReg(1, 2))).toBe("accept");
    expect(verdictOn(and(2, LIMIT), negate(2), addReg(1, 2))).toBe(
      `value -${LIMIT} makes map_value pointer be out of bounds`,
    );
  });
});

it("check_mem_region_access: unbounded from the limit on, else outside of the value", () => {
  const outside = "R1 max value is outside of the allowed memory range";
  const unbounded = "R1 unbounded memory access, make sure to bounds check any such access";
  expect(verdictOn(and(2, LIMIT - 1), addReg(1, 2), loadByte(3, 1))).toBe(outside);
  expect(verdictOn(and(2, LIMIT), addReg(1, 2), loadByte(3, 1))).toBe(unbounded);
  expect(verdictOn(and(2, 63), addReg(1, 2), loadByte(3, 1))).toBe("accept");
});

it("check_stack_access_within_bounds: unbounded from the limit on, else outside of the frame", () => {
  const variable = (mask: number) => verdictOn(move(4, 10), add(4, -64), and(2, mask), addReg(4, 2), loadByte(3, 4));
  expect(variable(63)).toBe("accept");
  expect(variable(LIMIT - 1)).toMatch(/^invalid variable-offset read from stack R4 var_off=/);
  expect(variable(LIMIT)).toBe("invalid unbounded variable-offset read from stack R4");
  // the other side
  const below = (mask: number) => verdictOn(move(4, 10), and(2, mask), negate(2), addReg(4, 2), loadByte(3, 4));
  expect(below(LIMIT - 1)).toMatch(/^invalid variable-offset read from stack R4 var_off=/);
});
