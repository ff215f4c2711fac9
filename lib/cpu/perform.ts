/** What one visible operation does to memory. */
import type { Memory } from "./memory.ts";
import type { Operation, RmwOp } from "./operation.ts";

/**
 * Performs the pending operation of a kernel model and gives what its yield returns: the value loaded, the old value
 * of a read-modify-write, the value that an await saw; 0n where there is none.
 */
export function perform(memory: Memory, op: Operation): bigint {
  switch (op.kind) {
    case "load":
      return memory.read(op.addr, op.size);
    case "store":
      memory.write(op.addr, op.size, op.value);
      return 0n;
    case "rmw": {
      const old = memory.read(op.addr, op.size), value = readModifyWrite(op, old);
      if (value !== undefined) memory.write(op.addr, op.size, value);
      return old;
    }
    case "await": {
      const seen = memory.read(op.addr, op.size);
      if (op.thenStore !== undefined) memory.write(op.addr, op.size, op.thenStore);
      return seen;
    }
    case "atomic":
      return op.run(memory);
    default:
      return 0n;
  }
}

/** The value that a read-modify-write stores, or undefined where a compare-and-exchange does not store. */
export function readModifyWrite(
  op: Pick<RmwOp, "op" | "value" | "expected" | "size">,
  old: bigint,
): bigint | undefined {
  const bits = 8 * op.size;
  switch (op.op) {
    case "add":
      return BigInt.asUintN(bits, old + op.value);
    case "or":
      return old | BigInt.asUintN(bits, op.value);
    case "and":
      return old & BigInt.asUintN(bits, op.value);
    case "xor":
      return old ^ BigInt.asUintN(bits, op.value);
    case "xchg":
      return BigInt.asUintN(bits, op.value);
    case "cmpxchg":
      return old === BigInt.asUintN(bits, op.expected ?? 0n) ? BigInt.asUintN(bits, op.value) : undefined;
  }
}
