/** Operations that take several instructions (TargetLowering.cpp: expandCTPOP, expandFunnelShift, expandAddSubSat, ...). */
import type { Type, Value } from "../../llvm/module.ts";
import { bitsOf } from "../data_layout.ts";
import { UnsupportedError } from "../unsupported.ts";
import { number, type Rewriter } from "./rewriter.ts";

/** @returns `undefined` for an operation that is not known */
export function expandOperation(r: Rewriter, operation: string, [a, b, c]: readonly Value[]): Value | undefined {
  const type = a.type as Type, bits = bitsOf(type), constant = (value: bigint | number) => number(type, value);
  const minimum = () => constant(-(1n << BigInt(bits - 1))), maximum = () => constant((1n << BigInt(bits - 1)) - 1n);
  // `ucmp.i8`: its result has another type than what is compared.
  const [, sign, width] = /^([us])cmp\.i(\d+)$/.exec(operation) ?? [];
  if (sign) return threeWay(r, sign, a, b, { kind: "int", bits: Number(width) });
  switch (operation) {
    case "umin":
      return r.select(r.compare("ult", a, b), a, b);
    case "umax":
      return r.select(r.compare("ugt", a, b), a, b);
    case "smin":
      return r.select(r.compare("slt", a, b), a, b);
    case "smax":
      return r.select(r.compare("sgt", a, b), a, b);
    case "abs": {
      const sign = r.binary("ashr", a, constant(bits - 1));
      return r.binary("sub", r.binary("xor", a, sign), sign);
    }
    case "fshl":
    case "fshr":
      return funnelShift(r, operation === "fshl", a, b, c);
    case "uadd.sat": {
      const sum = r.binary("add", a, b);
      return r.select(r.compare("ult", sum, a), constant(-1), sum);
    }
    case "usub.sat":
      return r.select(r.compare("ugt", a, b), r.binary("sub", a, b), constant(0));
    case "sadd.sat":
    case "ssub.sat": {
      const opcode = operation === "sadd.sat" ? "add" : "sub", result = r.binary(opcode, a, b);
      const limit = r.select(r.compare("slt", result, constant(0)), maximum(), minimum());
      return r.select(overflows(r, "s", opcode, a, b), limit, result);
    }
    case "ctpop":
      return countBits(r, a);
    case "cttz":
      return countBits(r, r.binary("and", r.binary("xor", a, constant(-1)), r.binary("sub", a, constant(1))));
    case "ctlz": {
      let smeared = a;
      for (let shift = 1; shift < bits; shift *= 2) {
        smeared = r.binary("or", smeared, r.binary("lshr", smeared, constant(shift)));
      }
      return countBits(r, r.binary("xor", smeared, constant(-1)));
    }
    case "is.constant":
      return number({ kind: "int", bits: 1 }, 0);
    default:
      return undefined;
  }
}

/** The high bits of `a:b` after a shift by `c`, or the low ones. */
function funnelShift(r: Rewriter, isLeft: boolean, a: Value, b: Value, c: Value): Value {
  const type = a.type as Type, bits = bitsOf(type), constant = (value: bigint | number) => number(type, value);
  if (c.kind === "integer") {
    const by = Number(c.value % BigInt(bits)), left = isLeft ? by : (bits - by) % bits;
    if (by === 0) return isLeft ? a : b;
    return r.binary("or", r.binary("shl", a, constant(left)), r.binary("lshr", b, constant(bits - left)));
  }
  if (!Number.isInteger(Math.log2(bits))) throw new UnsupportedError(`a rotation of ${bits} bits`);
  // Two shifts on the other side, so that neither is by the whole width.
  const mask = constant(bits - 1), by = r.binary("and", c, mask);
  const rest = r.binary("and", r.binary("xor", c, constant(-1)), mask);
  if (isLeft) {
    return r.binary("or", r.binary("shl", a, by), r.binary("lshr", r.binary("lshr", b, constant(1)), rest));
  }
  return r.binary("or", r.binary("shl", r.binary("shl", a, constant(1)), rest), r.binary("lshr", b, by));
}

/** Sums of neighbouring bits, of pairs, of fours; then of bytes by a product. */
function countBits(r: Rewriter, value: Value): Value {
  const type = value.type as Type, bits = bitsOf(type);
  if (bits % 8 !== 0 || bits > 64) throw new UnsupportedError(`a count of the bits of i${bits}`);
  const each = (byte: bigint) => number(type, 0x0101010101010101n * byte), by = (shift: number) => number(type, shift);
  const pairs = r.binary("sub", value, r.binary("and", r.binary("lshr", value, by(1)), each(0x55n)));
  const fours = r.binary(
    "add",
    r.binary("and", pairs, each(0x33n)),
    r.binary("and", r.binary("lshr", pairs, by(2)), each(0x33n)),
  );
  const bytes = r.binary("and", r.binary("add", fours, r.binary("lshr", fours, by(4))), each(0x0fn));
  return bits === 8 ? bytes : r.binary("lshr", r.binary("mul", bytes, each(1n)), by(bits - 8));
}

/** -1, 0 or 1. */
function threeWay(r: Rewriter, sign: string, a: Value, b: Value, type: Type): Value {
  const isLess = r.compare(sign === "u" ? "ult" : "slt", a, b), isMore = r.compare(sign === "u" ? "ugt" : "sgt", a, b);
  return r.select(isLess, number(type, -1), r.select(isMore, number(type, 1), number(type, 0)));
}

/** Whether a sum, difference or product leaves its type. */
export function overflows(r: Rewriter, sign: string, opcode: string, left: Value, right: Value): Value {
  const type = left.type as Type, bits = bitsOf(type);
  if (opcode === "mul") {
    if (bits > 32) throw new UnsupportedError(`the overflow of a product of ${bits} bits`);
    const wide: Type = { kind: "int", bits: 64 }, extend = sign === "u" ? "zext" : "sext";
    const product = r.binary("mul", r.cast(extend, left, wide), r.cast(extend, right, wide));
    return r.compare("ne", product, r.cast(extend, r.cast("trunc", product, type), wide));
  }
  if (sign === "u") {
    if (opcode === "sub") return r.compare("ult", left, right);
    return r.compare("ult", r.binary("add", left, right), left);
  }
  // Signed: the result is on the wrong side of the left operand.
  const result = r.binary(opcode as "add" | "sub", left, right), none = number(type, 0);
  const isLess = r.compare("slt", result, left);
  const moves = opcode === "add" ? r.compare("slt", right, none) : r.compare("sgt", right, none);
  return r.binary("xor", isLess, moves);
}
