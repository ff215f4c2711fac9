/** Writes plain instructions in place of one that the machine does not have. */
import {
  type BinaryOpcode,
  type CastOpcode,
  type Condition,
  type Constant,
  type Instruction,
  integerType,
  type Type,
  type Value,
} from "../../llvm/module.ts";

/** The instructions that take the place of one, each of which names the value it makes. */
export class Rewriter {
  readonly insns: Instruction[] = [];
  static #count = 0;

  constructor(readonly original: Instruction) {}

  #add(parts: Record<string, unknown> & { type: Type }): Value {
    const name = `${this.original.name ?? "x"}.expanded.${Rewriter.#count++}`;
    this.insns.push({ ...parts, name, location: this.original.location } as unknown as Instruction);
    return { kind: "local", type: parts.type, name };
  }

  binary(opcode: BinaryOpcode, left: Value, right: Value): Value {
    return this.#add({ opcode, left, right, type: left.type as Type });
  }

  cast(opcode: CastOpcode, operand: Value, type: Type): Value {
    return this.#add({ opcode, operand, type, exact: false });
  }

  compare(condition: Condition, left: Value, right: Value): Value {
    return this.#add({ opcode: "icmp", condition, left, right, type: integerType(1) });
  }

  select(test: Value, whenTrue: Value, whenFalse: Value): Value {
    return this.#add({ opcode: "select", test, whenTrue, whenFalse, type: whenTrue.type as Type });
  }

  /** The last value made gets the name that the rest of the function knows. */
  finish(value: Value): Instruction[] {
    const last = this.insns.at(-1);
    if (value.kind === "local" && last?.name === value.name) {
      this.insns[this.insns.length - 1] = { ...last, name: this.original.name };
    } else {
      const { location, name } = this.original;
      this.insns.push({ opcode: "freeze", operand: value, type: value.type as Type, name, location });
    }
    return this.insns;
  }
}

export const number = (type: Type, value: bigint | number): Constant => ({
  kind: "integer",
  type,
  value: BigInt.asUintN(type.kind === "int" ? type.bits : 64, BigInt(value)),
});
