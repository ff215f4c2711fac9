/**
 * Memory of an arena is reached by the kernel's addresses: before a load or store through a pointer of address space 1,
 * the pointer is moved to address space 0 (BPFCheckAndAdjustIR.cpp: insertASpaceCasts).
 */
import type { Block, Function, Instruction, Type, Value } from "../../llvm/module.ts";
import { POINTER } from "../../llvm/module.ts";

export function castArenaPointers(fn: Function): Function {
  const definitions = new Map(fn.blocks.flatMap((block) => block.instructions).map((insn) => [insn.name, insn]));
  let count = 0;
  const blocks: Block[] = fn.blocks.map((block) => {
    // What the block has moved already, by the name of the pointer.
    const moved = new Map<string, Value>(), insns: Instruction[] = [];
    const add = (insn: Record<string, unknown>, location: number | undefined): Value => {
      const name = `arena.${count++}`;
      insns.push({ ...insn, type: POINTER, name, location } as unknown as Instruction);
      return { kind: "local", type: POINTER, name };
    };
    const move = (pointer: Value, location: number | undefined): Value => {
      if (!isArenaPointer(pointer.type)) return pointer;
      const key = pointer.kind === "local"
        ? pointer.name
        : JSON.stringify(pointer, (_, part) => typeof part === "bigint" ? `${part}` : part);
      const known = moved.get(key), made = pointer.kind === "local" ? definitions.get(pointer.name) : undefined;
      if (known) return known;
      // Of an address that is computed, its beginning is moved.
      const now = made?.opcode === "getelementptr"
        ? add({ ...made, pointer: move(made.pointer, location) }, location)
        : add({ opcode: "addrspacecast", operand: pointer, exact: false }, location);
      moved.set(key, now);
      return now;
    };
    for (const insn of block.instructions) insns.push(withPointers(insn, (pointer) => move(pointer, insn.location)));
    return { ...block, instructions: insns };
  });
  return { ...fn, blocks };
}

const isArenaPointer = (type: Type): boolean => type.kind === "ptr" && type.addressSpace !== 0;

/** An instruction with the pointers that it reads or writes through replaced. */
function withPointers(insn: Instruction, replace: (pointer: Value) => Value): Instruction {
  switch (insn.opcode) {
    case "load":
    case "store":
    case "atomicrmw":
    case "cmpxchg":
      return isArenaPointer(insn.pointer.type) ? { ...insn, pointer: replace(insn.pointer) } : insn;
    case "call": {
      const isCopy = insn.callee.kind === "global" && insn.callee.name.startsWith("llvm.mem");
      return isCopy
        ? { ...insn, arguments: insn.arguments.map((one) => isArenaPointer(one.type) ? replace(one) : one) }
        : insn;
    }
    default:
      return insn;
  }
}
