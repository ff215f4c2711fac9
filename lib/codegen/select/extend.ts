/** Values whose upper bits matter: with zeros, or with copies of the sign, above the bits of their type. */
import { ALU } from "../../isa/insn.ts";
import type { Value } from "../../llvm/module.ts";
import { bitsOf } from "../data_layout.ts";
import type { Register } from "../machine.ts";
import type { Width } from "./builder.ts";
import type { Selection } from "./selection.ts";
import { moveInto, once, registerOf } from "./values.ts";

/** The register of a value, with zeros above the value. */
export function zeroExtended(s: Selection, value: Value): Register {
  const bits = bitsOf(value.type);
  if (s.facts.registerBits(value) <= bits) return registerOf(s, value);
  const key = value.kind === "local" ? `zero-extended ${value.name}` : `zero-extended ${registerOf(s, value)}`;
  return once(s, key, (dst) => zeroExtendInto(s, dst, value));
}

export function zeroExtendInto(s: Selection, dst: Register, value: Value): void {
  const bits = bitsOf(value.type), { builder, features } = s;
  if (s.facts.registerBits(value) <= bits) return moveInto(s, dst, value);
  if (bits === 32 && features.alu32) return builder.copyLow(dst, registerOf(s, value));
  moveInto(s, dst, value);
  if (bits < 32) {
    builder.alu(ALU.AND, features.alu32 ? 32 : 64, dst, { imm: 2 ** bits - 1 });
    return;
  }
  builder.alu(ALU.LSH, 64, dst, { imm: 64 - bits });
  builder.alu(ALU.RSH, 64, dst, { imm: 64 - bits });
}

/** The register of a value, with its sign up to bit `width`. */
export function signExtended(s: Selection, value: Value, width: Width): Register {
  if (bitsOf(value.type) === width || bitsOf(value.type) === 64) return registerOf(s, value);
  const key = `sign-extended to ${width} ${value.kind === "local" ? value.name : registerOf(s, value)}`;
  return once(s, key, (dst) => signExtendInto(s, dst, value, width));
}

export function signExtendInto(s: Selection, dst: Register, value: Value, width: Width): void {
  const bits = bitsOf(value.type), { builder, features } = s;
  // A value whose sign bit cannot be set is as good with zeros.
  if (s.facts.registerBits(value) < bits) return moveInto(s, dst, value);
  if (features.v4 && (bits === 8 || bits === 16 || bits === 32)) {
    return builder.copySigned(dst, registerOf(s, value), bits, width);
  }
  moveInto(s, dst, value);
  builder.alu(ALU.LSH, width, dst, { imm: width - bits });
  builder.alu(ALU.ARSH, width, dst, { imm: width - bits });
}
