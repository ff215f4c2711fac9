/**
 * First pass: what the machine has no instruction for becomes plain arithmetic, comparisons and choices, as in LLVM's
 * legalisation (llvm/lib/CodeGen/SelectionDAG/TargetLowering.cpp: expandCTPOP, expandFunnelShift, expandAddSubSat, ...).
 */
import type { Block, Function, Instruction, Type, Value } from "../../llvm/module.ts";
import { typeText } from "../data_layout.ts";
import { UnsupportedError } from "../unsupported.ts";
import { expandOperation, overflows } from "./operations.ts";
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

/** Intrinsics that say something to the optimiser only. */
const WITHOUT_CODE = [
  ...["llvm.assume", "llvm.dbg.", "llvm.experimental.noalias", "llvm.donothing", "llvm.sideeffect"],
  ...["llvm.var.annotation", "llvm.pseudoprobe", "llvm.invariant.", "llvm.fake.use"],
];
/** Intrinsics that instructions are chosen for directly (select/intrinsics.ts). */
const SELECTED = ["llvm.lifetime.", "llvm.mem", "llvm.preserve.", "llvm.bpf.", "llvm.bswap."];
/** Intrinsics whose value is that of their first argument. */
const TRANSPARENT = [
  "llvm.expect",
  "llvm.ssa.copy",
  "llvm.launder.",
  "llvm.strip.",
  "llvm.annotation",
  "llvm.ptr.annotation",
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
