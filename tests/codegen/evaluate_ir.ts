/** The meaning of LLVM IR, instruction by instruction (LangRef), against which our machine code is checked. */
import type { Function, Instruction, Module, Type, Value } from "../../lib/llvm/module.ts";
import { alignOf, alignUp, fieldOffset, sizeOf } from "../../lib/codegen/data_layout.ts";

const MAX_STEPS = 100_000;

/** Memory of a run: globals at the bottom, the stack at the top. */
export class Memory {
  readonly bytes = new DataView(new ArrayBuffer(1 << 14));
  readonly globals = new Map<string, bigint>();

  constructor(module: Module) {
    let at = 64;
    for (const { name, type, align } of module.globals) {
      at = alignUp(at, Math.max(align ?? 1, alignOf(type)));
      this.globals.set(name, BigInt(at));
      // What globals begin with is of no account here, so long as it is the same in both runs.
      for (let i = 0; i < sizeOf(type); i++) this.bytes.setUint8(at + i, (at + i) * 37 & 0xff);
      at += sizeOf(type);
    }
  }

  read(address: bigint, size: number): bigint {
    let value = 0n;
    for (let i = size - 1; i >= 0; i--) value = value << 8n | BigInt(this.bytes.getUint8(Number(address) + i));
    return value;
  }

  write(address: bigint, size: number, value: bigint): void {
    for (let i = 0; i < size; i++) this.bytes.setUint8(Number(address) + i, Number(value >> BigInt(8 * i) & 0xffn));
  }

  /** What the globals hold, as text. */
  contents(module: Module): string {
    return module.globals.map(({ name, type }) => {
      const at = this.globals.get(name)!;
      return `${name}=${
        Array.from({ length: sizeOf(type) }, (_, i) => this.read(at + BigInt(i), 1).toString(16)).join(",")
      }`;
    }).join(" ");
  }
}

const widthOf = (type: Type): number => type.kind === "int" ? type.bits : 64;
const signed = (value: bigint, bits: number): bigint => BigInt.asIntN(bits, value);
const unsigned = (value: bigint, bits: number): bigint => BigInt.asUintN(bits, value);

/** Runs a function of a module on a memory. @returns its result, without what is above its type's bits */
export function evaluate(
  module: Module,
  name: string,
  args: readonly bigint[],
  memory: Memory,
  stack = 16_000,
): bigint {
  const fn = module.functions.find((one) => one.name === name)!;
  return new Evaluation(module, fn, memory, stack).run(args);
}

class Evaluation {
  readonly #values = new Map<string, bigint | bigint[]>();
  #stack: number;

  constructor(readonly module: Module, readonly fn: Function, readonly memory: Memory, stack: number) {
    this.#stack = stack;
  }

  run(args: readonly bigint[]): bigint {
    this.fn.parameters.forEach(({ name, type }, i) => this.#values.set(name, unsigned(args[i], widthOf(type))));
    let block = this.fn.blocks[0], before = "";
    for (let steps = 0;; steps++) {
      if (steps > MAX_STEPS) throw new Error("the program does not end");
      const phis = block.instructions.filter((insn) => insn.opcode === "phi");
      const values = phis.map((phi) => this.value(phi.incoming.find((one) => one.block === before)!.value));
      phis.forEach((phi, i) => this.#values.set(phi.name!, values[i]));
      let next: string | undefined;
      for (const insn of block.instructions.slice(phis.length)) {
        if (insn.opcode === "ret") return insn.value ? this.value(insn.value) : 0n;
        if (insn.opcode === "br") next = insn.targets[insn.test && this.value(insn.test) === 0n ? 1 : 0];
        else if (insn.opcode === "switch") {
          const value = this.value(insn.value);
          next = insn.cases.find((one) => one.value === value)?.target ?? insn.otherwise;
        } else this.execute(insn);
      }
      before = block.name;
      block = this.fn.blocks.find((one) => one.name === next)!;
    }
  }

  value(value: Value): bigint {
    switch (value.kind) {
      case "integer":
        return value.value;
      case "local":
        return this.#values.get(value.name) as bigint;
      case "global":
        return this.memory.globals.get(value.name)!;
      case "null":
      case "zero":
      case "undef":
      case "poison":
        return 0n;
      case "expression": {
        const [pointer, ...indices] = value.operands;
        if (value.opcode === "getelementptr") {
          return this.address({ elementType: value.elementType!, pointer, indices });
        }
      }
    }
    throw new Error(`a value that is not evaluated: ${value.kind}`);
  }

  execute(insn: Instruction): void {
    const result = this.result(insn);
    if (insn.name !== undefined && result !== undefined) this.#values.set(insn.name, result);
  }

  result(insn: Instruction): bigint | bigint[] | undefined {
    switch (insn.opcode) {
      case "alloca":
        this.#stack = (this.#stack - sizeOf(insn.allocated)) & -8;
        return BigInt(this.#stack);
      case "load":
        return this.memory.read(this.value(insn.pointer), sizeOf(insn.type));
      case "store":
        return void this.memory.write(
          this.value(insn.pointer),
          sizeOf(insn.value.type as Type),
          this.value(insn.value),
        );
      case "icmp":
        return this.compare(insn.condition, insn.left, insn.right) ? 1n : 0n;
      case "select":
        return this.value(this.value(insn.test) ? insn.whenTrue : insn.whenFalse);
      case "freeze":
      case "zext":
        return this.value(insn.operand);
      case "trunc":
        return unsigned(this.value(insn.operand), widthOf(insn.type));
      case "sext":
        return unsigned(signed(this.value(insn.operand), widthOf(insn.operand.type as Type)), widthOf(insn.type));
      case "getelementptr":
        return this.address(insn);
      case "atomicrmw": {
        const at = this.value(insn.pointer),
          size = sizeOf(insn.type),
          old = this.memory.read(at, size),
          by = this.value(insn.value);
        const now = {
          add: old + by,
          sub: old - by,
          and: old & by,
          or: old | by,
          xor: old ^ by,
          xchg: by,
        }[insn.operation]!;
        this.memory.write(at, size, unsigned(now, size * 8));
        return old;
      }
      case "cmpxchg": {
        const at = this.value(insn.pointer), size = sizeOf(insn.value.type as Type), old = this.memory.read(at, size);
        const isEqual = old === this.value(insn.expected);
        if (isEqual) this.memory.write(at, size, this.value(insn.value));
        return [old, isEqual ? 1n : 0n];
      }
      case "extractvalue":
        return (this.#values.get((insn.aggregate as { name: string }).name) as bigint[])[insn.indices[0]];
      case "call":
        return this.call(insn);
    }
    if ("left" in insn) {
      return this.arithmetic(insn.opcode, this.value(insn.left), this.value(insn.right), widthOf(insn.type));
    }
    throw new Error(`an instruction that is not evaluated: ${insn.opcode}`);
  }

  compare(condition: string, left: Value, right: Value): boolean {
    const bits = widthOf(left.type as Type), isSigned = condition[0] === "s";
    const [a, b] = [left, right].map((one) => isSigned ? signed(this.value(one), bits) : this.value(one));
    switch (condition.slice(-2)) {
      case "eq":
        return a === b;
      case "ne":
        return a !== b;
      case "gt":
        return a > b;
      case "ge":
        return a >= b;
      case "lt":
        return a < b;
      default:
        return a <= b;
    }
  }

  arithmetic(opcode: string, a: bigint, b: bigint, bits: number): bigint {
    switch (opcode) {
      case "add":
        return unsigned(a + b, bits);
      case "sub":
        return unsigned(a - b, bits);
      case "mul":
        return unsigned(a * b, bits);
      case "udiv":
        return a / b;
      case "urem":
        return a % b;
      case "sdiv":
        return unsigned(signed(a, bits) / signed(b, bits), bits);
      case "srem":
        return unsigned(signed(a, bits) % signed(b, bits), bits);
      case "shl":
        return unsigned(a << b, bits);
      case "lshr":
        return a >> b;
      case "ashr":
        return unsigned(signed(a, bits) >> b, bits);
      case "and":
        return a & b;
      case "or":
        return a | b;
      case "xor":
        return a ^ b;
    }
    throw new Error(`an operation that is not evaluated: ${opcode}`);
  }

  address(
    { elementType, pointer, indices }: Pick<
      Instruction & { opcode: "getelementptr" },
      "elementType" | "pointer" | "indices"
    >,
  ): bigint {
    let at = this.value(pointer), type = elementType;
    indices.forEach((index, i) => {
      const number = signed(this.value(index), widthOf(index.type as Type));
      if (i > 0 && type.kind === "struct") {
        at += BigInt(fieldOffset(type, Number(number)));
        type = type.fields![Number(number)];
        return;
      }
      if (i > 0) type = (type as Type & { kind: "array" }).element;
      at += number * BigInt(sizeOf(type));
    });
    return unsigned(at, 64);
  }

  call(insn: Instruction & { opcode: "call" }): bigint | undefined {
    if (insn.callee.kind === "asm") return this.value(insn.arguments[0]);
    const name = (insn.callee as { name: string }).name, args = insn.arguments.map((one) => this.value(one));
    if (name.startsWith("llvm.lifetime.")) return undefined;
    const bits = widthOf(insn.type), [a, b, c] = args;
    const intrinsic = /^llvm\.(\w+(?:\.sat)?)\./.exec(name)?.[1];
    switch (intrinsic) {
      case undefined:
        return evaluate(this.module, name, args, this.memory, this.#stack);
      case "umin":
        return a < b ? a : b;
      case "umax":
        return a > b ? a : b;
      case "smin":
        return signed(a, bits) < signed(b, bits) ? a : b;
      case "smax":
        return signed(a, bits) > signed(b, bits) ? a : b;
      case "ucmp":
        return a < b ? unsigned(-1n, bits) : a > b ? 1n : 0n;
      case "scmp": {
        const width = Number(/\d+$/.exec(name)![0]), [p, q] = [signed(a, width), signed(b, width)];
        return p < q ? unsigned(-1n, bits) : p > q ? 1n : 0n;
      }
      case "abs":
        return unsigned(signed(a, bits) < 0n ? -a : a, bits);
      case "fshl":
        return unsigned((a << BigInt(bits) | b) << c % BigInt(bits) >> BigInt(bits), bits);
      case "fshr":
        return unsigned((a << BigInt(bits) | b) >> c % BigInt(bits), bits);
      case "uadd.sat":
        return a + b >> BigInt(bits) ? unsigned(-1n, bits) : a + b;
      case "usub.sat":
        return a < b ? 0n : a - b;
      case "sadd.sat":
      case "ssub.sat": {
        const sum = intrinsic === "sadd.sat" ? signed(a, bits) + signed(b, bits) : signed(a, bits) - signed(b, bits);
        const limit = 1n << BigInt(bits - 1);
        return unsigned(sum >= limit ? limit - 1n : sum < -limit ? -limit : sum, bits);
      }
      case "ctpop":
        return BigInt(a.toString(2).replaceAll("0", "").length);
      case "ctlz":
        return BigInt(bits - (a === 0n ? 0 : a.toString(2).length));
      case "cttz":
        return a === 0n ? BigInt(bits) : BigInt(/0*$/.exec(a.toString(2))![0].length);
      case "bswap":
        return BigInt(`0x${a.toString(16).padStart(bits / 4, "0").match(/../g)!.reverse().join("")}`);
    }
    throw new Error(`an intrinsic that is not evaluated: ${name}`);
  }
}
