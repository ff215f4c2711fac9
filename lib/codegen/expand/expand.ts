/**
 * First pass: what the machine has no instruction for becomes plain arithmetic, comparisons and choices, as in LLVM's
 * legalisation (llvm/lib/CodeGen/SelectionDAG/TargetLowering.cpp: expandCTPOP, expandFunnelShift, expandAddSubSat, ...).
 */
import type { Block, Function, Instruction, Type, Value } from "../../llvm/module.ts";
import { bitsOf, typeText } from "../data_layout.ts";
import { UnsupportedError } from "../unsupported.ts";
import { number, Rewriter } from "./rewriter.ts";

/** @throws UnsupportedError for intrinsics and instructions that are not known */
export function expand(fn: Function): Function {
  const insns = fn.blocks.flatMap((block) => block.instructions),
    pairs = new Map(insns.flatMap((insn) => pairOf(insn)));
  const blocks: Block[] = fn.blocks.map(({ name, instructions }) => {
    const expanded = instructions.flatMap((insn) => {
      try {
        return expandOne(insn, pairs);
      } catch (error) {
        if (!(error instanceof UnsupportedError)) throw error;
        throw new UnsupportedError(error.reason, insn.location, fn.name);
      }
    });
    return { name, instructions: expanded };
  });
  return { ...fn, blocks };
}

const isBit = (type: Type): boolean => type.kind === "int" && type.bits === 1;
const isNumber = (value: Value, wanted: bigint): boolean => value.kind === "integer" && value.value === wanted;

/** Instructions that make several values: compare-and-exchanges, sums with their overflow, assembly. */
function pairOf(insn: Instruction): [string, Instruction][] {
  const isCall = insn.opcode === "call", { name } = insn;
  const isSum = isCall && insn.callee.kind === "global" && WITH_OVERFLOW.test(insn.callee.name);
  const isAssembly = isCall && insn.callee.kind === "asm" && insn.type.kind === "struct";
  return name !== undefined && (insn.opcode === "cmpxchg" || isSum || isAssembly) ? [[name, insn]] : [];
}

/** @param pairs instructions that make several values, by the name of all of them */
function expandOne(insn: Instruction, pairs: ReadonlyMap<string, Instruction>): readonly Instruction[] {
  switch (insn.opcode) {
    case "unsupported":
      throw new UnsupportedError(`the instruction ${insn.what}`);
    case "insertvalue":
      throw new UnsupportedError(`a value of type ${typeText(insn.type)}`);
    case "cmpxchg":
      return [{ ...insn, type: insn.value.type as Type }];
    case "extractvalue":
      return expandExtract(insn, pairs);
    case "select":
      return expandChoiceOfBits(insn);
    case "call":
      return insn.callee.kind === "global" && insn.callee.name.startsWith("llvm.") ? expandIntrinsic(insn) : [insn];
    default:
      return [insn];
  }
}

/** `c ? true : x` is `c | x`: in machine code a value is never poison. */
function expandChoiceOfBits(insn: Instruction & { opcode: "select" }): readonly Instruction[] {
  const { test, whenTrue, whenFalse } = insn;
  if (!isBit(insn.type) || test.kind !== "local") return [insn];
  const { name, type, location } = insn;
  if (isNumber(whenTrue, 1n)) return [{ opcode: "or", left: test, right: whenFalse, name, type, location }];
  if (isNumber(whenFalse, 0n)) return [{ opcode: "and", left: test, right: whenTrue, name, type, location }];
  const rewriter = new Rewriter(insn), not = () => rewriter.binary("xor", test, number(type, 1));
  if (isNumber(whenTrue, 0n)) return rewriter.finish(rewriter.binary("and", not(), whenFalse));
  if (isNumber(whenFalse, 1n)) return rewriter.finish(rewriter.binary("or", not(), whenTrue));
  return [insn];
}

function expandExtract(
  insn: Instruction & { opcode: "extractvalue" },
  pairs: ReadonlyMap<string, Instruction>,
): readonly Instruction[] {
  const { aggregate, indices } = insn, pair = aggregate.kind === "local" ? pairs.get(aggregate.name) : undefined;
  const rewriter = new Rewriter(insn), [index] = indices;
  if (pair?.opcode === "cmpxchg") {
    const old: Value = { kind: "local", type: pair.value.type as Type, name: pair.name! };
    return rewriter.finish(index === 0 ? old : rewriter.compare("eq", old, pair.expected));
  }
  if (pair?.opcode === "call" && pair.callee.kind === "asm") {
    return rewriter.finish({ kind: "local", type: insn.type, name: resultName(pair.name!, index) });
  }
  if (pair?.opcode === "call" && pair.callee.kind === "global") {
    const [, sign, operation] = WITH_OVERFLOW.exec(pair.callee.name)!, [left, right] = pair.arguments;
    const opcode = operation as "add" | "sub" | "mul";
    if (index === 0) return rewriter.finish(rewriter.binary(opcode, left, right));
    return rewriter.finish(overflows(rewriter, sign, opcode, left, right));
  }
  throw new UnsupportedError(`a value of type ${typeText(aggregate.type)}`);
}

/** What one of several results of inline assembly is called. */
export const resultName = (name: string, index: number): string => `${name}.result.${index}`;

const WITH_OVERFLOW = /^llvm\.([us])(add|sub|mul)\.with\.overflow\./;

function overflows(r: Rewriter, sign: string, opcode: string, left: Value, right: Value): Value {
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

/** Intrinsics that say something to the optimiser only. */
const WITHOUT_CODE = [
  ...["llvm.assume", "llvm.dbg.", "llvm.experimental.noalias", "llvm.donothing", "llvm.sideeffect"],
  ...["llvm.var.annotation", "llvm.pseudoprobe", "llvm.invariant.", "llvm.fake.use"],
];
/** Intrinsics that instructions are chosen for directly (select/intrinsics.ts). */
const SELECTED = ["llvm.lifetime.", "llvm.mem", "llvm.preserve.", "llvm.bpf.", "llvm.bswap.", "llvm.ptr.annotation"];
/** Intrinsics whose value is that of their first argument. */
const TRANSPARENT = [
  "llvm.expect",
  "llvm.ssa.copy",
  "llvm.launder.",
  "llvm.strip.",
  "llvm.annotation",
  "llvm.threadlocal",
];

function expandIntrinsic(insn: Instruction & { opcode: "call" }): readonly Instruction[] {
  const name = insn.callee.kind === "global" ? insn.callee.name : "", starts = (one: string) => name.startsWith(one);
  if (WITHOUT_CODE.some(starts)) return [];
  if (SELECTED.some(starts)) return [insn];
  const r = new Rewriter(insn);
  if (TRANSPARENT.some(starts)) return r.finish(insn.arguments[0]);
  if (WITH_OVERFLOW.test(name)) return [];
  const [, operation] = /^llvm\.([\w.]*?)\.i\d+$/.exec(name) ?? [];
  const value = operation && insn.type.kind === "int" ? expandOperation(r, operation, insn.arguments) : undefined;
  if (value === undefined) throw new UnsupportedError(`the intrinsic ${name}`);
  return r.finish(value);
}

/** @returns `undefined` for an operation that is not known */
function expandOperation(r: Rewriter, operation: string, [a, b, c]: readonly Value[]): Value | undefined {
  const type = a.type as Type, bits = bitsOf(type), constant = (value: bigint | number) => number(type, value);
  const minimum = () => constant(-(1n << BigInt(bits - 1))), maximum = () => constant((1n << BigInt(bits - 1)) - 1n);
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
    case "ucmp":
    case "scmp": {
      return undefined;
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
    case "bitreverse": {
      return undefined;
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
