/**
 * What is known of a function's values before instructions are chosen: who uses them, and how many low bits of the
 * register that holds a value can be set.
 *
 * A value of `i8` sits in a register of 64 bits whose upper part may be anything, unless the instruction that made it
 * clears it, as loads and 32-bit arithmetic do. Where the upper part is known to be clear, `zext` costs nothing.
 */
import type { Function, Instruction, Parameter, Value } from "../llvm/module.ts";
import { bitsOf } from "./data_layout.ts";
import type { Features } from "./features.ts";

export interface Facts {
  readonly definitions: ReadonlyMap<string, Instruction>;
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** Instructions that read a value, once per operand. */
  readonly users: ReadonlyMap<string, readonly Instruction[]>;
  /** An upper bound of the number of low bits that can be set in the value's register, 0 to 64. */
  registerBits(value: Value): number;
}

/** Every operand of an instruction. */
export function operandsOf(insn: Instruction): Value[] {
  switch (insn.opcode) {
    case "icmp":
      return [insn.left, insn.right];
    case "select":
      return [insn.test, insn.whenTrue, insn.whenFalse];
    case "phi":
      return insn.incoming.map(({ value }) => value);
    case "alloca":
      return [insn.count];
    case "load":
      return [insn.pointer];
    case "store":
    case "atomicrmw":
      return [insn.pointer, insn.value];
    case "cmpxchg":
      return [insn.pointer, insn.expected, insn.value];
    case "getelementptr":
      return [insn.pointer, ...insn.indices];
    case "extractvalue":
      return [insn.aggregate];
    case "insertvalue":
      return [insn.aggregate, insn.value];
    case "call":
    case "callbr":
      return [insn.callee, ...insn.arguments];
    case "br":
      return insn.test ? [insn.test] : [];
    case "switch":
      return [insn.value];
    case "ret":
      return insn.value ? [insn.value] : [];
    case "fence":
    case "unreachable":
    case "unsupported":
      return [];
    default:
      return "left" in insn ? [insn.left, insn.right] : [insn.operand];
  }
}

export function collectFacts(fn: Function, features: Features): Facts {
  const definitions = new Map<string, Instruction>(), users = new Map<string, Instruction[]>();
  const parameters = new Map(fn.parameters.map((parameter) => [parameter.name, parameter]));
  const insns = fn.blocks.flatMap((block) => block.instructions);
  for (const insn of insns) {
    if (insn.name !== undefined) definitions.set(insn.name, insn);
    for (const value of operandsOf(insn)) {
      if (value.kind !== "local") continue;
      const found = users.get(value.name);
      if (found) found.push(insn);
      else users.set(value.name, [insn]);
    }
  }
  const bits = new Map<string, number>();
  const registerBits = (value: Value): number => {
    switch (value.kind) {
      case "integer":
        return constantBits(value.value, bitsOf(value.type), features);
      case "null":
      case "zero":
      case "undef":
      case "poison":
        return 0;
      case "local": {
        const parameter = parameters.get(value.name);
        if (parameter) return parameterBits(parameter);
        return definitions.has(value.name) ? bits.get(value.name) ?? 0 : 64;
      }
      default:
        return 64;
    }
  };
  // The least solution: from 0 upward, until no instruction can set more bits than is thought.
  for (let changed = true; changed;) {
    changed = false;
    for (const insn of insns) {
      if (insn.name === undefined || insn.type.kind !== "int" && insn.type.kind !== "ptr") continue;
      const before = bits.get(insn.name) ?? 0, now = Math.max(before, resultBits(insn, registerBits, features));
      if (now > before) changed = true;
      bits.set(insn.name, now);
    }
  }
  return { definitions, parameters, users, registerBits };
}

/** Constants are made with their upper bits clear where that takes one instruction. */
function constantBits(value: bigint, width: number, features: Features): number {
  const length = value === 0n ? 0 : value.toString(2).length;
  return width <= 32 && length === 32 && !features.alu32 ? 64 : length;
}

function parameterBits({ type, attributes }: Parameter): number {
  return type.kind === "int" && (attributes.includes("zeroext") || type.bits === 1) ? type.bits : 64;
}

function resultBits(insn: Instruction, registerBits: (value: Value) => number, features: Features): number {
  const width = bitsOf(insn.type), isLow = width <= 32 && features.alu32;
  switch (insn.opcode) {
    case "icmp":
      return 1;
    case "load":
      return Math.min(64, Math.ceil(width / 8) * 8);
    case "and":
      return Math.min(registerBits(insn.left), registerBits(insn.right));
    case "or":
    case "xor": {
      const both = Math.max(registerBits(insn.left), registerBits(insn.right));
      return isLow ? Math.min(32, both) : both;
    }
    case "lshr": {
      const left = Math.min(registerBits(insn.left), width);
      return insn.right.kind === "integer" ? Math.max(0, left - Number(insn.right.value)) : left;
    }
    case "udiv":
    case "urem":
      return Math.min(registerBits(insn.left), width);
    case "zext":
      return Math.min(registerBits(insn.operand), bitsOf(insn.operand.type));
    case "trunc":
      return width === 1 ? 1 : registerBits(insn.operand);
    case "ptrtoint":
    case "ptrtoaddr":
    case "bitcast":
    case "freeze":
      return registerBits(insn.operand);
    case "inttoptr":
      return Math.min(registerBits(insn.operand), bitsOf(insn.operand.type));
    case "select":
      return Math.max(registerBits(insn.whenTrue), registerBits(insn.whenFalse));
    case "phi":
      return Math.max(0, ...insn.incoming.map(({ value }) => registerBits(value)));
    case "atomicrmw":
    case "cmpxchg":
      return isLow ? 32 : 64;
    case "call": {
      if (insn.callee.kind !== "global") return 64;
      const isExtended = insn.attributes.includes("zeroext") || insn.callee.name.startsWith("llvm.bswap.");
      return width === 1 || isExtended ? width : 64;
    }
    case "add":
    case "sub":
    case "mul":
    case "shl":
    case "ashr":
    case "sdiv":
    case "srem":
      return width === 1 ? 1 : isLow ? 32 : 64;
    default:
      return 64;
  }
}
